//! Everything that the locations hold, in one value.

use super::account::Account;
use super::calendar::iso;
use super::json::{Json, Members, Text};
use super::{coupons, fulfillments, orders, provider, subscriptions, transactions};

/// The state of a sandbox at a time, as JSON text.
pub fn json(accounts: &[Account], now: i64, app: &str) -> String {
    let mut out = Text::default();
    let mut state = Members::new(&mut out);
    state.add("now", &iso(now));
    let location = |at: usize, out: &mut Text| location(&accounts[at], now, app, out);
    state.add("locations", &Items { count: accounts.len(), write: &location });
    state.end();
    String::from_utf8(out.into_bytes()).unwrap_or_default()
}

fn location(account: &Account, now: i64, app: &str, out: &mut Text) {
    let mut members = Members::new(out);
    members.add("locationId", &account.location);
    let mut newest = |name: &str, count: usize, write: &dyn Fn(usize, &mut Text)| {
        members.add(name, &Items { count, write: &|at, out| write(count - 1 - at, out) });
    };
    newest("orders", account.orders.len(), &|row, out| orders::summary(account, row).write(out));
    newest("transactions", account.transactions.len(), &|row, out| transactions::summary(account, row).write(out));
    newest("subscriptions", account.subscriptions.len(), &|row, out| subscriptions::summary(account, row).write(out));
    newest("coupons", account.coupons.len(), &|row, out| coupons::record(&account.coupons[row], now).write(out));
    newest("fulfillments", account.fulfillments.len(), &|row, out| {
        let order = account.fulfillments[row].order as usize;
        let mut members = Members::new(out);
        members.add("orderId", &account.ids().orders.id(account.orders[order].created, order));
        members.add("fulfillment", &fulfillments::fulfillment(account, row));
        members.end();
    });
    newest("whitelabel", account.whitelabel.len(), &|row, out| account.whitelabel[row].write(out));
    members.add("customProvider", &account.provider.as_ref().map(|row| provider::record(row, app)));
    members.end();
}

/// A list whose items are written one by one.
struct Items<'a> {
    count: usize,
    write: &'a dyn Fn(usize, &mut Text),
}

impl Json for Items<'_> {
    fn write(&self, out: &mut Text) {
        out.put("[");
        for at in 0..self.count {
            if at > 0 {
                out.put(",");
            }
            (self.write)(at, out);
        }
        out.put("]");
    }
}
