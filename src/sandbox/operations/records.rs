//! What happens to records without a request: the people of a location change and delete them while somebody reads its lists.

use crate::json::joined;
use crate::sandbox::account::deleted::Stream;
use crate::sandbox::account::rows::{Owner, Paid, TransactionRow};
use crate::sandbox::account::state::Account;
use crate::sandbox::json::{text_of, Members};
use crate::sandbox::operations::{coupons, orders, subscriptions, transactions};

/// Each of them by its name.
pub const STREAMS: [(&str, Stream); 4] = [
    ("orders", Stream::Orders),
    ("transactions", Stream::Transactions),
    ("subscriptions", Stream::Subscriptions),
    ("coupons", Stream::Coupons),
];

impl Stream {
    /// The stream of this name.
    pub fn parse(name: &str) -> Result<Self, String> {
        let found = STREAMS.iter().find(|(own, _)| *own == name).map(|(_, stream)| *stream);
        let known = "\": it is orders, transactions, subscriptions or coupons";
        found.ok_or_else(|| joined(&["the sandbox has no stream \"", name, known]))
    }

    /// How many rows it has, those that were deleted among them.
    pub fn len(self, account: &Account) -> usize {
        match self {
            Self::Orders => account.orders.len(),
            Self::Transactions => account.transactions.len(),
            Self::Subscriptions => account.subscriptions.len(),
            Self::Coupons => account.coupons.len(),
        }
    }

    /// The indexes of its records, newest first.
    fn rows(self, account: &Account) -> impl Iterator<Item = usize> + '_ {
        (0..self.len(account)).rev().filter(move |index| !account.deleted.has(self, *index))
    }

    /// The index of the record with this id, or of the latest one.
    pub fn find(self, account: &Account, id: Option<&str>) -> Result<usize, String> {
        let found = match (id, self) {
            (None, _) => self.rows(account).next(),
            (Some(id), Self::Orders) => orders::find(account, id).ok(),
            (Some(id), Self::Transactions) => transactions::find(account, id),
            (Some(id), Self::Subscriptions) => subscriptions::find(account, id),
            (Some(id), Self::Coupons) => account.coupons.iter().position(|row| row.id == id),
        };
        found.ok_or_else(|| joined(&["the location has no such record ", id.unwrap_or_default()]))
    }

    /// Adds a record as lists have it.
    fn summary(self, account: &Account, index: usize, now: i64, out: &mut Members<'_>) {
        match self {
            Self::Orders => orders::summary(account, index, out),
            Self::Transactions => transactions::summary(account, index, out),
            Self::Subscriptions => subscriptions::summary(account, index, out),
            Self::Coupons => coupons::record(account, &account.coupons[index], now, out),
        }
    }

    /// A record as lists have it, as JSON text.
    pub fn text(self, account: &Account, index: usize, now: i64) -> String {
        text_of(&|out| self.summary(account, index, now, out))
    }
}

/// All records of a stream as lists have them, newest first, as `{ data }` in JSON text.
pub fn list(account: &Account, stream: Stream, now: i64) -> String {
    text_of(&|out| add(account, "data", stream, now, out))
}

/// Adds them as a member.
pub fn add(account: &Account, name: &str, stream: Stream, now: i64, out: &mut Members<'_>) {
    let rows: Vec<usize> = stream.rows(account).collect();
    out.list(name, rows.len(), &|at, out| stream.summary(account, rows[at], now, out));
}

/// Something becomes of a record: an order is paid, one that is paid is refunded; a transaction is refunded; a subscription is
/// canceled; a coupon is redeemed.
pub fn change(account: &mut Account, stream: Stream, index: usize, now: i64) {
    match stream {
        Stream::Orders if account.orders[index].due() > 0 => orders::pay(account, index, now),
        Stream::Orders => {
            let own = |row: &TransactionRow| row.owner == Owner::Order(index as u32) && row.state == Paid::Succeeded;
            let paid = account.transactions.iter().enumerate().filter(|(_, row)| own(row)).map(|(at, _)| at);
            for transaction in paid.collect::<Vec<_>>() {
                account.pay_back(transaction, u32::MAX, None, now);
            }
            account.orders[index].updated = now;
        }
        Stream::Transactions if account.transactions[index].state == Paid::Succeeded => {
            account.pay_back(index, u32::MAX, None, now);
        }
        // Of a payment that has failed nothing becomes any more.
        Stream::Transactions => {}
        Stream::Subscriptions => {
            let row = &mut account.subscriptions[index];
            row.status = "canceled";
            row.next = None;
            row.canceled = Some(now);
            row.updated = now;
        }
        Stream::Coupons => {
            let row = &mut account.coupons[index];
            row.used += 1;
            row.updated = now;
        }
    }
}

/// Somebody deletes a record.
pub fn delete(account: &mut Account, stream: Stream, index: usize) {
    if stream == Stream::Coupons {
        account.coupons.remove(index);
    } else {
        account.deleted.add(stream, index);
    }
}
