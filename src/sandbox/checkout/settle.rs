//! The state rules: what an answer or a push of a provider does to orders, transactions and subscriptions.
//!
//! Money that is there stays: no later word of the provider makes a paid transaction pending or failed. A subscription that
//! has ended stays so.

use crate::sandbox::account::rows::{ChargeRow, Owner, Paid, PlanRow, Told};
use crate::sandbox::account::state::Account;
use crate::sandbox::calendar::DAY;
use serde_json::{Map, Value};

/// The statuses of subscriptions that HighLevel knows.
pub const STATUSES: [&str; 9] =
    ["active", "trialing", "scheduled", "incomplete", "expired", "canceled", "unpaid", "past_due", "pending"];

/// What is said of a charge that pays a second transaction.
pub const TWICE: &str = "is the charge of another transaction that is paid: the same money is counted twice";

/// The object in a field.
pub fn inner<'a>(fields: &'a Map<String, Value>, name: &str) -> Option<&'a Map<String, Value>> {
    fields.get(name).and_then(Value::as_object)
}

/// The text in a field, unless it is empty.
pub fn text<'a>(fields: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    fields.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
}

impl Account {
    fn charge_row(&mut self, transaction: usize) -> Option<&mut ChargeRow> {
        let at = self.charges.binary_search_by_key(&(transaction as u32), |row| row.transaction).ok()?;
        self.charges.get_mut(at)
    }

    /// Notes down what is known of a charge.
    pub fn note_charge(
        &mut self,
        transaction: usize,
        id: Option<&str>,
        snapshot: Option<&Map<String, Value>>,
        now: i64,
    ) {
        let Some(row) = self.charge_row(transaction) else { return };
        row.updated = now;
        if let Some(id) = id {
            row.id = Some(id.into());
        }
        if let Some(snapshot) = snapshot {
            row.snapshot = Some(snapshot.clone());
        }
    }

    /// A transaction is paid; false if it was before.
    pub fn pay(&mut self, transaction: usize, now: i64) -> bool {
        let row = &mut self.transactions[transaction];
        if matches!(row.state, Paid::Succeeded | Paid::Refunded) {
            return false;
        }
        row.state = Paid::Succeeded;
        let (owner, amount) = (row.owner, row.amount);
        if let Owner::Order(order) = owner {
            let order = &mut self.orders[order as usize];
            order.paid += amount;
            order.updated = now;
        }
        self.note_charge(transaction, None, None, now);
        true
    }

    /// A transaction has failed, unless it is paid.
    pub fn fail(&mut self, transaction: usize, now: i64) {
        let row = &mut self.transactions[transaction];
        if row.state == Paid::Pending {
            row.state = Paid::Failed;
            self.note_charge(transaction, None, None, now);
        }
    }

    /// A part of a transaction, or what is left of it, was paid back.
    pub fn pay_back(&mut self, transaction: usize, minor: u32, refund: Option<&str>, now: i64) {
        let row = &mut self.transactions[transaction];
        let back = minor.min(row.amount - row.refunded);
        row.refunded += back;
        if row.refunded >= row.amount {
            row.state = Paid::Refunded;
        }
        if let Owner::Order(order) = row.owner {
            let order = &mut self.orders[order as usize];
            order.refunded += back;
            order.updated = now;
        }
        if let Some(row) = self.charge_row(transaction) {
            row.updated = now;
            row.refunds.extend(refund.map(str::to_owned));
        }
    }

    fn plan_row(&mut self, subscription: usize) -> Option<&mut PlanRow> {
        let at = self.plans.binary_search_by_key(&(subscription as u32), |row| row.subscription).ok()?;
        self.plans.get_mut(at)
    }

    /// Sets what is known of a subscription; false if it has ended before.
    pub fn follow(
        &mut self,
        subscription: usize,
        status: Option<&str>,
        snapshot: Option<&Map<String, Value>>,
        now: i64,
    ) -> bool {
        let row = &mut self.subscriptions[subscription];
        if matches!(row.status, "canceled" | "expired") && status != Some(row.status) {
            return false;
        }
        if let Some(status) = STATUSES.into_iter().find(|own| status == Some(own)) {
            row.status = status;
            if status == "canceled" && row.canceled.is_none() {
                row.canceled = Some(now);
            }
        }
        row.updated = now;
        let ended = matches!(row.status, "canceled" | "expired");
        let span = self.span(subscription);
        if let Some(plan) = self.plan_row(subscription) {
            if let Some(snapshot) = snapshot {
                let next = seconds(snapshot, "nextCharge");
                if next != plan.next {
                    plan.move_on(next, now, span);
                }
                plan.snapshot = Some(snapshot.clone());
            }
            if ended {
                plan.next = None;
                plan.told.clear();
            }
        }
        true
    }

    /// Something was pushed about a payment of a subscription: about the one that comes next.
    pub fn answer_due(&mut self, subscription: usize) {
        let span = self.span(subscription);
        let Some(plan) = self.plan_row(subscription) else { return };
        let Some(next) = plan.next else { return };
        if let Some(told) = plan.told.iter_mut().find(|told| is_same(told.at, next, span)) {
            told.answered = true;
        }
    }

    /// How far the payments of a subscription lie apart, in milliseconds.
    fn span(&self, subscription: usize) -> i64 {
        self.subscriptions[subscription].later(0, 1)
    }

    /// The payments of a subscription that have come due and were not told yet, and how many older ones wait for a word of the
    /// provider since a day or more; also those of the latter that were not noticed before.
    pub fn come_due(&mut self, plan: usize, now: i64) -> (Vec<i64>, u32, Vec<i64>) {
        let subscription = self.plans[plan].subscription as usize;
        let span = self.span(subscription);
        let row = &self.subscriptions[subscription];
        let (mut due, mut overdue, mut missed) = (Vec::new(), 0, Vec::new());
        let first = self.transactions.iter().any(|paid| paid.owner == Owner::Order(row.order) && paid.amount > 0);
        let made = u32::from(row.renewals) + u32::from(first);
        let plan = &mut self.plans[plan];
        let Some(next) = plan.next else { return (due, overdue, missed) };
        for told in plan.told.iter_mut().filter(|told| !told.answered && now - told.since >= DAY) {
            overdue += 1;
            if !told.missed {
                told.missed = true;
                missed.push(told.at);
            }
        }
        let mut count = 0;
        loop {
            let at = row.later(next, i64::from(count));
            // What lay in the past when the provider named it is one payment, however far back it lies.
            if at > now || plan.cycles > 0 && made + count >= plan.cycles {
                break;
            }
            count += 1;
            if (at == next || at > plan.heard) && !plan.told.iter().any(|told| is_same(told.at, at, span)) {
                plan.told.push(Told { at, since: now, answered: false, missed: false });
                due.push(at);
            }
        }
        (due, overdue, missed)
    }

    /// The transaction with which a subscription is to begin, if it has not been paid.
    pub fn unpaid_of(&self, subscription: usize) -> Option<usize> {
        let first = Owner::Order(self.subscriptions[subscription].order);
        let mut unpaid = None;
        for (index, row) in self.transactions.iter().enumerate().filter(|(_, row)| row.owner == first) {
            if matches!(row.state, Paid::Succeeded | Paid::Refunded) {
                return None;
            }
            unpaid = Some(index);
        }
        unpaid
    }

    /// Whether money of a subscription was charged.
    pub fn has_charged(&self, subscription: usize) -> bool {
        let first = Owner::Order(self.subscriptions[subscription].order);
        let of = |owner: Owner| match owner {
            Owner::Renewal(other, _) => other as usize == subscription,
            owner => owner == first,
        };
        let paid = |state: Paid| matches!(state, Paid::Succeeded | Paid::Refunded);
        self.transactions.iter().any(|row| row.amount > 0 && of(row.owner) && paid(row.state))
    }

    /// Whether a charge is that of another transaction that is paid.
    pub fn has_paid_another(&self, transaction: usize, charge: Option<&str>) -> bool {
        let paid = |row: &ChargeRow| {
            let state = self.transactions[row.transaction as usize].state;
            row.transaction as usize != transaction && matches!(state, Paid::Succeeded | Paid::Refunded)
        };
        charge.is_some() && self.charges.iter().any(|row| row.id.as_deref() == charge && paid(row))
    }

    /// The transaction of a subscription with this charge of the provider's.
    pub fn charged(&self, subscription: usize, charge: &str) -> Option<usize> {
        let first = Owner::Order(self.subscriptions[subscription].order);
        let of = |owner: Owner| match owner {
            Owner::Renewal(other, _) => other as usize == subscription,
            owner => owner == first,
        };
        let found = self
            .charges
            .iter()
            .find(|row| row.id.as_deref() == Some(charge) && of(self.transactions[row.transaction as usize].owner));
        found.map(|row| row.transaction as usize)
    }
}

impl PlanRow {
    /// Another payment is the next one. The payments behind it that were told stay told; if nothing was pushed about the one
    /// that was next, it is another date for that one.
    fn move_on(&mut self, next: Option<i64>, now: i64, span: i64) {
        let old = std::mem::replace(&mut self.next, next);
        self.heard = now;
        let done = old.and_then(|old| self.told.iter().position(|told| is_same(told.at, old, span) && told.answered));
        match (done, next) {
            (Some(at), Some(next)) => {
                self.told.remove(at);
                self.told.retain(|told| told.at > next || is_same(told.at, next, span));
            }
            _ => self.told.clear(),
        }
    }
}

/// Whether two times mean the same payment: a provider counts its months otherwise than HighLevel, and some seconds later.
fn is_same(one: i64, other: i64, span: i64) -> bool {
    (one - other).abs() < span / 2
}

/// A time in unix seconds as milliseconds; 0 is none.
fn seconds(fields: &Map<String, Value>, name: &str) -> Option<i64> {
    fields.get(name).and_then(Value::as_f64).filter(|at| *at > 0.0 && *at < 1e11).map(|at| (at * 1000.0) as i64)
}
