//! Fills a location: orders of the last 13 months with the payments, subscriptions and deliveries that belong to them.
//!
//! Only whole numbers and products of fractions are used, because they are the same on every machine.

use crate::json::joined;
use crate::model::FulfillmentTracking;
use crate::sandbox::account::catalog::{
    Span, AFTER_TRIAL, COUPONS, CURRENCIES, ONE_TIME, ORDER_SOURCES, PRICES, PRODUCTS, RECURRING, SOURCES,
    SUBSCRIPTION_SOURCES, TRIAL,
};
use crate::sandbox::account::rows::{
    CouponRow, FulfillmentRow, Keys, Line, OrderRow, Owner, Paid, Provider, ProviderRow, SubscriptionRow,
    TransactionRow, WhitelabelRow,
};
use crate::sandbox::account::state::{in_order, renew, Account};
use crate::sandbox::amount::major;
use crate::sandbox::calendar::{DAY, HOUR, MINUTE};
use crate::sandbox::rng::Rng;
use crate::sandbox::text::digits;

/// How many orders a location has unless told.
pub const ORDERS: usize = 300;
/// Over how many days they are spread.
const SPAN: i64 = 395;
/// One order of so many begins a subscription.
const SUBSCRIBED: usize = 6;
/// Nothing is younger than this when a location opens.
const YOUNGEST: i64 = 3 * MINUTE;

/// A location with `size` orders, as it stands at `now`.
pub fn account(seed: u64, location: &str, size: usize, now: i64) -> Account {
    let mut account = Account::new(seed, location, now - (SPAN + 5) * DAY);
    account.fill_contacts((size / 3).clamp(40, 5000));
    coupons(&mut account, now);
    let slots = Slots::new(&account);
    account.orders.reserve(size);
    for index in 0..size {
        let order = order(&mut account, &slots, index, size, now);
        account.orders.push(order);
    }
    invoices(&mut account, size / 10, now);
    in_order(&mut account.transactions, |row| row.created);
    in_order(&mut account.fulfillments, |row| row.created);
    use_coupons(&mut account);
    account.next_due = account.subscriptions.iter().filter_map(|row| row.next).min();
    provider(&mut account);
    whitelabel(&mut account);
    account
}

/// How a location deals out the fates of its orders: in each 100 orders every fate has its share.
struct Slots {
    shift: usize,
    subscribed: usize,
}

impl Slots {
    fn new(account: &Account) -> Self {
        let mut rng = account.rng("slots", 0);
        Self { shift: rng.below(100), subscribed: rng.below(SUBSCRIBED) }
    }

    fn fate(&self, index: usize) -> usize {
        (index * 61 + self.shift) % 100
    }
}

/// When the `index`th of `size` orders was made: more of them lie close to now.
fn moment(rng: &mut Rng, index: usize, size: usize, now: i64) -> i64 {
    let jitter = rng.below(1 << 20) as f64 / f64::from(1 << 20);
    let left = 1.0 - (index as f64 + jitter) / size as f64;
    now - YOUNGEST - ((SPAN * DAY) as f64 * left * (0.7 + 0.3 * left)) as i64
}

fn order(account: &mut Account, slots: &Slots, index: usize, size: usize, now: i64) -> OrderRow {
    let mut rng = account.rng("orders", index);
    let created = moment(&mut rng, index, size, now);
    let subscribed = index % SUBSCRIBED == slots.subscribed;
    let source = if subscribed { rng.pick(&SUBSCRIPTION_SOURCES) } else { rng.pick(&ORDER_SOURCES) };
    let mut row = OrderRow {
        created,
        updated: created,
        contact: rng.below(account.contacts.len()) as u32,
        source,
        currency: if rng.chance(86) { 0 } else { 1 + rng.below(CURRENCIES.len() - 1) as u8 },
        live: rng.chance(90),
        lines: [Line::default(); 3],
        subtotal: 0,
        discount: 0,
        tax: 0,
        shipping: 0,
        coupon: None,
        paid: 0,
        refunded: 0,
    };
    if subscribed {
        subscribe(account, &mut row, &mut rng, index, now);
    } else {
        let count = rng.pick(&[1, 1, 1, 2, 2, 3]);
        let first = rng.below(ONE_TIME);
        for i in 0..count {
            // 5 and 12 have no common divisor, so no price comes twice.
            let price = (first + i * 5) % ONE_TIME;
            let physical = PRODUCTS[PRICES[price].product].kind == "PHYSICAL";
            let qty = if physical { 1 + rng.below(4) as u8 } else { 1 };
            row.lines[i] = Line { price: price as u8, qty, fulfilled: 0 };
        }
        total(account, &mut row, &mut rng);
        pay(account, &mut row, &mut rng, index, slots.fate(index), now);
    }
    deliver(account, &mut row, &mut rng, index, now);
    row
}

/// Works out the amounts of an order from its lines.
fn total(account: &Account, row: &mut OrderRow, rng: &mut Rng) {
    row.subtotal = row.lines.iter().map(|line| PRICES[usize::from(line.price)].minor * u32::from(line.qty)).sum();
    if rng.chance(18) {
        let first = rng.below(COUPONS.len());
        let valid = (0..COUPONS.len()).map(|i| (first + i) % COUPONS.len()).find(|i| {
            let coupon = &account.coupons[*i];
            coupon.start <= row.created && coupon.end.is_none_or(|end| row.created <= end)
        });
        if let Some(coupon) = valid {
            let (_, _, percentage, value, _) = COUPONS[coupon];
            row.discount = if percentage { row.subtotal * value / 100 } else { value.min(row.subtotal / 2) };
            row.coupon = Some(coupon as u8);
        }
    }
    if rng.chance(25) {
        row.tax = (row.subtotal - row.discount) * 8 / 100;
    }
    let physical = |line: &Line| line.qty > 0 && PRODUCTS[PRICES[usize::from(line.price)].product].kind == "PHYSICAL";
    if row.lines.iter().any(physical) {
        row.shipping = 495;
    }
}

fn pay(account: &mut Account, row: &mut OrderRow, rng: &mut Rng, index: usize, fate: usize, now: i64) {
    let manual = SOURCES[usize::from(row.source)].manual;
    let provider = if manual { Provider::Manual(rng.below(5) as u8) } else { online(rng) };
    let owner = Owner::Order(index as u32);
    // A person may enter a payment days later; nothing lies after now.
    let wait = if manual { rng.between(MINUTE, 2 * DAY) } else { rng.between(5000, 90_000) };
    let at = (row.created + wait).min(now - MINUTE).max(row.created + 1000);
    let mut add = |created: i64, amount: u32, refunded: u32, state: Paid| {
        account.transactions.push(TransactionRow { created, amount, refunded, owner, state, provider, recorded: None });
    };
    let total = row.total();
    row.updated = at;
    match fate {
        0..=69 => {
            if !manual && fate < 5 {
                add(row.created + 500, total, 0, Paid::Failed);
            }
            if fate > 65 && total > 2000 {
                let part = total / 2;
                add(at, part, 0, Paid::Succeeded);
                row.updated = (at + rng.between(HOUR, 3 * DAY)).min(now - MINUTE).max(at);
                add(row.updated, total - part, 0, Paid::Succeeded);
            } else {
                add(at, total, 0, Paid::Succeeded);
            }
            row.paid = total;
        }
        70..=73 => {
            add(at, total, total, Paid::Refunded);
            row.paid = total;
            row.refunded = total;
        }
        74..=76 => {
            add(at, total, total / 4, Paid::Succeeded);
            row.paid = total;
            row.refunded = total / 4;
        }
        77..=82 => {
            let part = total * rng.between(20, 70) as u32 / 100 / 100 * 100;
            add(at, part, 0, Paid::Succeeded);
            row.paid = part;
        }
        83..=91 => row.updated = row.created,
        _ => {
            if manual {
                row.updated = row.created;
            } else {
                add(at, total, 0, Paid::Failed);
            }
        }
    }
}

fn online(rng: &mut Rng) -> Provider {
    match rng.below(20) {
        0..=14 => Provider::Stripe,
        15..=18 => Provider::Paypal,
        _ => Provider::AuthorizeNet,
    }
}

/// Makes an order begin a subscription and pays what has been due since.
fn subscribe(account: &mut Account, row: &mut OrderRow, rng: &mut Rng, index: usize, now: i64) {
    let number = account.subscriptions.len();
    let age = now - row.created;
    let trial = age < 14 * DAY && (age < 5 * DAY || number.is_multiple_of(2));
    let price = if trial { AFTER_TRIAL } else { rng.pick(&RECURRING) };
    row.lines[0] = Line { price: if trial { TRIAL } else { price } as u8, qty: 1, fulfilled: 0 };
    total(account, row, rng);
    let provider = if rng.chance(80) { Provider::Stripe } else { Provider::Paypal };
    let first = row.created + rng.between(5000, 60_000);
    let fate = if trial { 0 } else { (number * 7 + 3) % 20 };
    let begun = !matches!(fate, 18 | 19);
    account.transactions.push(TransactionRow {
        created: first,
        amount: row.total(),
        refunded: 0,
        owner: Owner::Order(index as u32),
        state: if begun { Paid::Succeeded } else { Paid::Failed },
        provider,
        recorded: None,
    });
    row.updated = first;
    row.paid = if begun { row.total() } else { 0 };
    let mut subscription = SubscriptionRow {
        created: first,
        updated: first,
        order: index as u32,
        price: price as u8,
        status: match fate {
            18 => "incomplete",
            19 => "incomplete_expired",
            _ if trial => "trialing",
            _ => "active",
        },
        renewals: 0,
        next: None,
        canceled: None,
        trial,
        provider,
    };
    if begun {
        subscription.next = Some(subscription.payment(1));
        let end = if matches!(fate, 12..=14) { first + (now - first) * rng.between(20, 90) / 100 } else { now };
        let before = account.transactions.len();
        renew(&mut subscription, number as u32, end, &mut account.transactions);
        match fate {
            12..=14 => {
                subscription.status = "canceled";
                subscription.canceled = Some(end);
                subscription.updated = end;
                subscription.next = None;
            }
            15 | 16 if account.transactions.len() > before => {
                if let Some(last) = account.transactions.last_mut() {
                    last.state = Paid::Failed;
                }
                subscription.status = if fate == 15 { "past_due" } else { "unpaid" };
                subscription.next = None;
            }
            _ => {}
        }
    }
    account.subscriptions.push(subscription);
}

fn deliver(account: &mut Account, row: &mut OrderRow, rng: &mut Rng, index: usize, now: i64) {
    const CARRIERS: [&str; 3] = ["FedEx", "UPS", "DHL"];
    let fate = rng.below(10);
    let created = row.updated + rng.between(DAY / 2, 4 * DAY);
    if row.paid < row.total() || row.refunded > 0 || fate > 8 || created > now - MINUTE {
        return;
    }
    let physical = |line: &Line| line.qty > 0 && PRODUCTS[PRICES[usize::from(line.price)].product].kind == "PHYSICAL";
    if !row.lines.iter().any(physical) {
        return;
    }
    let mut pieces = [0; 3];
    for (line, piece) in row.lines.iter_mut().zip(&mut pieces) {
        // A service needs no parcel, but an order is only fulfilled when nothing is left.
        *piece = if fate > 6 { line.qty / 2 } else { line.qty };
        line.fulfilled = *piece;
    }
    if pieces == [0; 3] {
        return;
    }
    let carrier = rng.pick(&CARRIERS);
    let number = digits(40_000_000_000 + rng.below(1_000_000_000) as u64, 11);
    row.updated = created;
    account.fulfillments.push(FulfillmentRow {
        created,
        order: index as u32,
        pieces,
        trackings: vec![FulfillmentTracking {
            tracking_url: Some(joined(&[
                "https://track.example.com/",
                &carrier.to_ascii_lowercase(),
                "?number=",
                &number,
            ])),
            tracking_number: Some(number),
            shipping_carrier: Some(carrier.into()),
        }],
    });
}

/// Payments of invoices that belong to no order.
fn invoices(account: &mut Account, count: usize, now: i64) {
    for index in 0..count {
        let mut rng = account.rng("invoice payments", index);
        let created = moment(&mut rng, index, count, now);
        let provider = if rng.chance(40) { Provider::Manual(3) } else { Provider::Stripe };
        account.transactions.push(TransactionRow {
            created,
            amount: rng.between(40, 2400) as u32 * 50,
            refunded: 0,
            owner: Owner::Invoice(index as u32),
            state: Paid::Succeeded,
            provider,
            recorded: None,
        });
    }
}

fn coupons(account: &mut Account, now: i64) {
    for (index, (name, code, percentage, value, span)) in COUPONS.iter().enumerate() {
        let mut rng = account.rng("coupons", index);
        let midnight = now - now.rem_euclid(DAY);
        let (start, end) = match *span {
            Span::Evergreen => (account.opened, None),
            Span::Past(ago, days) => (midnight - ago * DAY, Some(midnight - (ago - days) * DAY - 1)),
            Span::Running(ago, days) => (midnight - ago * DAY, Some(midnight + (days + 1) * DAY - 1)),
            Span::Ahead(in_days, days) => (midnight + in_days * DAY, Some(midnight + (in_days + days) * DAY - 1)),
        };
        let created = (start - 3 * DAY).min(now - (25 - index as i64) * HOUR);
        let fixed = rng.chance(30);
        account.coupons.push(CouponRow {
            id: account.ids().coupons.id(created, index),
            name: (*name).into(),
            code: (*code).into(),
            percentage: *percentage,
            value: if *percentage { f64::from(*value) } else { major(*value) },
            used: 0,
            once: rng.chance(40),
            future: rng.chance(50),
            months: fixed.then_some(3.0),
            only: [None, None, None],
            created,
            updated: created,
            start,
            end,
        });
    }
    account.coupon_ids = account.coupons.iter().map(|row| row.id.clone()).collect();
    account.made = COUPONS.len();
}

/// Counts what the orders have redeemed and puts the coupons in the order of their creation.
fn use_coupons(account: &mut Account) {
    for order in &account.orders {
        if let Some(used) = order.coupon {
            account.coupons[usize::from(used)].used += 1;
        }
    }
    in_order(&mut account.coupons, |row| row.created);
}

fn provider(account: &mut Account) {
    let mut rng = account.rng("custom provider", 0);
    let mut keys = |mode: &str| Keys {
        api_key: joined(&[mode, "_api_", &rng.hex(32)]),
        publishable_key: joined(&["pk_", mode, "_", &rng.hex(24)]),
        given: false,
    };
    let (live, test) = (keys("live"), keys("test"));
    account.provider = Some(ProviderRow {
        id: account.ids().others.id(account.opened, 0),
        texts: [
            "Example Pay",
            "Cards and wallets, settled the next day",
            "https://pay.example.com/checkout",
            "https://pay.example.com/query",
            "https://pay.example.com/logo.png",
        ]
        .map(str::to_owned),
        created: account.opened,
        updated: account.opened,
        live: Some(live),
        test: Some(test),
        schedules: false,
    });
}

fn whitelabel(account: &mut Account) {
    for (i, (title, route, provider)) in
        [("Northwind Payments", "northwind-pay", "nmi"), ("Contoso Checkout", "contoso-checkout", "authorize-net")]
            .into_iter()
            .enumerate()
    {
        let created = account.opened + (i as i64 + 1) * 30 * DAY;
        let number = account.next_made();
        account.whitelabel.push(WhitelabelRow {
            id: account.ids().others.id(created, number),
            created,
            texts: [
                route.into(),
                title.into(),
                provider.into(),
                joined(&["Card payments of ", title]),
                joined(&["https://assets.example.com/logos/", route, ".png"]),
            ],
        });
    }
}
