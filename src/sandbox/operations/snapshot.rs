//! Everything that the locations hold, in one value.

use crate::sandbox::account::state::Account;
use crate::sandbox::json::{text_of, Members};
use crate::sandbox::operations::records::{self, STREAMS};
use crate::sandbox::operations::{fulfillments, provider, whitelabel};

/// The state of a sandbox at a time, as JSON text.
pub fn json(accounts: &[Account], now: i64, app: &str) -> String {
    text_of(&|out| {
        out.time("now", now);
        out.list("locations", accounts.len(), &|at, out| location(&accounts[at], now, app, out));
    })
}

fn location(account: &Account, now: i64, app: &str, out: &mut Members<'_>) {
    out.text("locationId", &account.location);
    for (name, stream) in STREAMS {
        records::add(account, name, stream, now, out);
    }
    let mut newest = |name: &str, count: usize, write: &dyn Fn(usize, &mut Members<'_>)| {
        out.list(name, count, &|at, out| write(count - 1 - at, out));
    };
    newest("fulfillments", account.fulfillments.len(), &|row, out| {
        let order = account.fulfillments[row].order as usize;
        out.text("orderId", &account.ids().orders.id(account.orders[order].created, order));
        let mut inner = out.object("fulfillment");
        fulfillments::fulfillment(account, row, &mut inner);
        inner.end();
    });
    newest("whitelabel", account.whitelabel.len(), &|row, out| {
        whitelabel::record(account, &account.whitelabel[row], out);
    });
    match &account.provider {
        Some(row) => {
            let mut inner = out.object("customProvider");
            provider::record(account, row, app, &mut inner);
            inner.end();
        }
        None => out.raw("customProvider", "null"),
    }
}
