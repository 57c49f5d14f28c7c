//! The rows of a location: what a record holds that does not follow from the account's key.

use crate::model::{FulfillmentTracking, JsonObject};
use crate::sandbox::account::catalog::{PRICES, SOURCES};
use crate::sandbox::calendar::{add_months, DAY};
use crate::sandbox::echo::Echo;
use serde_json::{Map, Value};
use std::fmt;

/// One line of an order.
#[derive(Debug, Clone, Copy, Default)]
pub struct Line {
    /// Index of its price.
    pub price: u8,
    /// Pieces ordered; 0 is no line.
    pub qty: u8,
    /// Pieces delivered.
    pub fulfilled: u8,
}

/// An order. Amounts are minor units.
#[derive(Debug, Clone)]
pub struct OrderRow {
    /// When it was created.
    pub created: i64,
    /// When it was last changed.
    pub updated: i64,
    /// Index of its contact.
    pub contact: u32,
    /// Index of its source.
    pub source: u8,
    /// Index of its currency.
    pub currency: u8,
    /// Live money.
    pub live: bool,
    /// Its lines.
    pub lines: [Line; 3],
    /// Before discount, tax and shipping.
    pub subtotal: u32,
    /// Discount.
    pub discount: u32,
    /// Tax.
    pub tax: u32,
    /// Shipping.
    pub shipping: u32,
    /// Index of the seeded coupon.
    pub coupon: Option<u8>,
    /// What was paid.
    pub paid: u32,
    /// What was paid back.
    pub refunded: u32,
}

impl OrderRow {
    /// The amount of the order.
    pub fn total(&self) -> u32 {
        self.subtotal + self.tax + self.shipping - self.discount
    }

    /// What is still to be paid.
    pub fn due(&self) -> u32 {
        self.total().saturating_sub(self.paid)
    }

    /// `paymentStatus`
    pub fn payment_status(&self) -> &'static str {
        match (self.paid, self.refunded) {
            (0, _) if self.total() > 0 => "unpaid",
            (paid, refunded) if refunded > 0 && refunded >= paid => "refunded",
            (paid, _) if paid >= self.total() => "paid",
            _ => "partially_paid",
        }
    }

    /// `status`
    pub fn status(&self) -> &'static str {
        match self.payment_status() {
            "unpaid" => "pending",
            // A booking is complete although a part of it is paid at the appointment.
            "partially_paid" if SOURCES[usize::from(self.source)].kind != "calendar" => "pending",
            _ => "completed",
        }
    }

    /// `fulfillmentStatus`
    pub fn fulfillment_status(&self) -> &'static str {
        if self.lines.iter().all(|line| line.fulfilled == 0) {
            "unfulfilled"
        } else if self.lines.iter().all(|line| line.fulfilled == line.qty) {
            "fulfilled"
        } else {
            "partially_fulfilled"
        }
    }
}

/// What a transaction is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// An order.
    Order(u32),
    /// A later payment of a subscription: its index and the payment's number.
    Renewal(u32, u16),
    /// An invoice without an order.
    Invoice(u32),
}

/// The state of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paid {
    /// The money is there.
    Succeeded,
    /// It was refused.
    Failed,
    /// It went back.
    Refunded,
    /// Nobody knows yet.
    Pending,
}

/// Who took the money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provider {
    /// Stripe.
    Stripe,
    /// PayPal.
    Paypal,
    /// Authorize.net.
    AuthorizeNet,
    /// A person, in this way: an index of [`MODES`].
    Manual(u8),
    /// The custom provider of the location.
    Custom,
}

/// Ways to pay a person.
pub const MODES: [&str; 5] = ["cash", "card", "cheque", "bank_transfer", "other"];

impl Provider {
    /// `paymentProviderType`
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stripe => "stripe",
            Self::Paypal => "paypal",
            Self::AuthorizeNet => "authorize-net",
            Self::Manual(_) => "manual",
            Self::Custom => "custom-provider",
        }
    }
}

/// What was said when a payment was recorded by hand.
#[derive(Debug, Clone, Default)]
pub struct Recorded {
    /// Number of the cheque.
    pub cheque: String,
    /// Brand and last digits of the card.
    pub card: Option<Value>,
    /// The note.
    pub notes: String,
    /// The caller's own data.
    pub meta: Option<JsonObject>,
    /// Where the note and that data can be read.
    pub echo: Echo,
}

/// A transaction. Amounts are minor units.
#[derive(Debug, Clone)]
pub struct TransactionRow {
    /// When it was created.
    pub created: i64,
    /// The amount.
    pub amount: u32,
    /// What was paid back.
    pub refunded: u32,
    /// What it is for.
    pub owner: Owner,
    /// Its state.
    pub state: Paid,
    /// Who took the money.
    pub provider: Provider,
    /// What was said when it was recorded.
    pub recorded: Option<Box<Recorded>>,
}

/// A subscription.
#[derive(Debug, Clone)]
pub struct SubscriptionRow {
    /// When it was created.
    pub created: i64,
    /// When it was last changed.
    pub updated: i64,
    /// Index of the order that it began with.
    pub order: u32,
    /// Index of the price of each payment.
    pub price: u8,
    /// Its state.
    pub status: &'static str,
    /// How many payments followed the first one.
    pub renewals: u16,
    /// When the next payment is due; `None` when there will be none.
    pub next: Option<i64>,
    /// When it was canceled.
    pub canceled: Option<i64>,
    /// Whether it began with a trial of 14 days.
    pub trial: bool,
    /// Who charges it.
    pub provider: Provider,
}

impl SubscriptionRow {
    /// When the `number`th payment after the first one is due.
    pub fn payment(&self, number: u16) -> i64 {
        let count = i64::from(number) - i64::from(self.trial);
        self.later(self.created + if self.trial { 14 * DAY } else { 0 }, count)
    }

    /// So many of its intervals after a time.
    pub fn later(&self, start: i64, count: i64) -> i64 {
        match PRICES[usize::from(self.price)].interval {
            Some("week") => start + count * 7 * DAY,
            Some("year") => add_months(start, count * 12),
            _ => add_months(start, count),
        }
    }
}

/// What a custom provider has said of a transaction, and when something changed about it.
#[derive(Debug, Clone, Default)]
pub struct ChargeRow {
    /// Index of the transaction.
    pub transaction: u32,
    /// The provider's id, where one is known.
    pub id: Option<String>,
    /// The charge as the provider has shown it last.
    pub snapshot: Option<Map<String, Value>>,
    /// When it was last changed.
    pub updated: i64,
    /// The provider's ids of its refunds.
    pub refunds: Vec<String>,
}

/// What a custom provider has said of a subscription.
#[derive(Debug, Clone, Default)]
pub struct PlanRow {
    /// Index of the subscription.
    pub subscription: u32,
    /// The subscription as the provider has shown it last.
    pub snapshot: Option<Map<String, Value>>,
    /// When the provider is to charge next, as its snapshot says.
    pub next: Option<i64>,
    /// When it said so.
    pub heard: i64,
    /// The payments of which it was told that they are due, and of which it has not said that a later one is next.
    pub told: Vec<Told>,
    /// Until when nothing is charged: the end of a trial, or a start in the future.
    pub free_until: Option<i64>,
    /// After how many payments it ends; 0 for never.
    pub cycles: u32,
}

/// A payment of which a provider was told that it is due.
#[derive(Debug, Clone, Copy)]
pub struct Told {
    /// When it was due.
    pub at: i64,
    /// When it was told.
    pub since: i64,
    /// Whether something was pushed about it.
    pub answered: bool,
    /// Whether it was said that nothing was.
    pub missed: bool,
}

/// A coupon.
#[derive(Debug, Clone)]
pub struct CouponRow {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What the payer enters.
    pub code: String,
    /// Percent of the order, otherwise an amount.
    pub percentage: bool,
    /// Percent, or major units.
    pub value: f64,
    /// How often it was redeemed.
    pub used: u32,
    /// Whether each customer may redeem it once only.
    pub once: bool,
    /// Whether it counts for later payments of a subscription.
    pub future: bool,
    /// For how many months it does; `None` is forever.
    pub months: Option<f64>,
    /// `productIds`, `priceIds` and `variantIds`, where they were given.
    pub only: [Option<Value>; 3],
    /// When it was created.
    pub created: i64,
    /// When it was last changed.
    pub updated: i64,
    /// When it begins to count.
    pub start: i64,
    /// When it ceases to count.
    pub end: Option<i64>,
}

impl CouponRow {
    /// `status`
    pub fn status(&self, now: i64) -> &'static str {
        if now < self.start {
            "scheduled"
        } else if self.end.is_some_and(|end| end < now) {
            "expired"
        } else {
            "active"
        }
    }
}

/// A delivery.
#[derive(Debug, Clone)]
pub struct FulfillmentRow {
    /// When it was reported.
    pub created: i64,
    /// Index of its order.
    pub order: u32,
    /// Pieces of each line of the order.
    pub pieces: [u8; 3],
    /// How it can be followed.
    pub trackings: Vec<FulfillmentTracking>,
}

/// The keys of one mode of a custom provider.
#[derive(Clone)]
pub struct Keys {
    /// The secret.
    pub api_key: String,
    /// The public key.
    pub publishable_key: String,
    /// Whether they were connected, and are not those with which the sandbox begins.
    pub given: bool,
}

impl fmt::Debug for Keys {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Keys").field("publishable_key", &self.publishable_key).finish_non_exhaustive()
    }
}

/// A custom payment provider.
#[derive(Debug, Clone)]
pub struct ProviderRow {
    /// Its id.
    pub id: String,
    /// What the app says of it: the texts of [`crate::sandbox::operations::provider::TEXTS`].
    pub texts: [String; 5],
    /// When it was created.
    pub created: i64,
    /// When it was last changed.
    pub updated: i64,
    /// Keys for live money.
    pub live: Option<Keys>,
    /// Keys for the test mode.
    pub test: Option<Keys>,
    /// Whether it can charge on a schedule.
    pub schedules: bool,
}

impl ProviderRow {
    /// The keys of a mode.
    pub fn keys(&self, live: bool) -> Option<&Keys> {
        if live { &self.live } else { &self.test }.as_ref()
    }
}

/// A white-label integration.
#[derive(Debug, Clone)]
pub struct WhitelabelRow {
    /// Its id.
    pub id: String,
    /// When it was created.
    pub created: i64,
    /// What it is called: the texts of [`crate::sandbox::operations::whitelabel::TEXTS`].
    pub texts: [String; 5],
}
