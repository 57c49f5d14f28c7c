//! What a provider tells of its own accord: `POST /payments/custom-provider/webhook`.

use crate::json::joined;
use crate::sandbox::account::catalog::{CURRENCIES, PRICES};
use crate::sandbox::account::rows::{Owner, Paid, Provider};
use crate::sandbox::checkout::judge::{self, Known};
use crate::sandbox::checkout::query::unix;
use crate::sandbox::checkout::settle::{inner, text, TWICE};
use crate::sandbox::checkout::timeline::{Issue, Issues, FROM_PROVIDER};
use crate::sandbox::checkout::world::{Note, World};
use crate::sandbox::http::check;
use crate::sandbox::http::message::Request;
use crate::sandbox::http::refusal::{Outcome, Refusal, Reply};
use crate::sandbox::operations::{subscriptions, transactions};
use serde_json::{Map, Value};

/// Where pushes go.
pub const PATH: &str = "/payments/custom-provider/webhook";
/// The name by which faults and the log know it.
pub const NAME: &str = "customProvider.push";

/// What a push is about.
struct Target {
    location: usize,
    transaction: Option<usize>,
    subscription: Option<usize>,
}

impl World<'_> {
    /// Takes a push: notes it down, and does what it says. A success means only that it was received.
    pub fn push(&mut self, request: &Request) -> Outcome {
        let body = match check::body(request) {
            Ok(body) => body,
            Err(refusal) => return self.refuse(&Map::new(), refusal, Vec::new()),
        };
        let form = judge::push(&body, Known::default());
        if form.0.iter().any(|issue| issue.error) {
            let messages = form.0.iter().filter(|issue| issue.error);
            let messages = messages.map(|issue| joined(&[&issue.path, " ", &issue.message])).collect();
            return self.refuse(&body, Refusal::parameters(messages), form.0);
        }
        let target = match self.target(&body) {
            Ok(target) => target,
            Err(refusal) => {
                let mut issues = Issues::default();
                issues.error("", refusal.messages.first().map_or("", String::as_str));
                return self.refuse(&body, refusal, issues.0);
            }
        };
        let issues = self.happen(&body, &target);
        self.note_push(target.location, &body, 200, issues);
        Ok(Reply::object(&|out| {
            out.flag("success", true);
            out.text("message", "received");
        }))
    }

    fn refuse(&mut self, body: &Map<String, Value>, refusal: Refusal, issues: Vec<Issue>) -> Outcome {
        let location = text(body, "locationId").unwrap_or_default();
        let at = self.accounts.iter().position(|account| account.location == location).unwrap_or(0);
        self.note_push(at, body, refusal.status, issues);
        Err(refusal)
    }

    fn note_push(&mut self, location: usize, body: &Map<String, Value>, status: u16, issues: Vec<Issue>) {
        let event = text(body, "event").unwrap_or_default().to_owned();
        let session = text(body, "ghlTransactionId").and_then(|id| self.checkout_of(location, id));
        let body = Value::Object(body.clone());
        let note =
            Note { checkout: session, status: Some(status), issues, ..Note::new("push", FROM_PROVIDER, &event, body) };
        self.note(location, note);
    }

    /// Who pushes, and about what.
    fn target(&self, body: &Map<String, Value>) -> Result<Target, Refusal> {
        let field = |name: &str| text(body, name).unwrap_or_default();
        let at = self.accounts.iter().position(|account| account.location == field("locationId"));
        let refused = || Refusal::new(401, "Invalid apiKey for this locationId");
        let location = at.ok_or_else(refused)?;
        let account = &self.accounts[location];
        let provider = account.provider.as_ref().ok_or_else(refused)?;
        let is = |live: bool| provider.keys(live).is_some_and(|keys| keys.api_key == field("apiKey"));
        let live = is(true);
        if !live && !is(false) {
            return Err(refused());
        }
        if text(body, "marketplaceAppId").is_some_and(|id| id != self.app) {
            return Err(Refusal::new(401, "marketplaceAppId is not the app of this provider"));
        }
        let transaction = match text(body, "ghlTransactionId") {
            Some(id) => {
                let found = transactions::find(account, id).ok_or_else(|| Refusal::not_found("Transaction"))?;
                let row = &account.transactions[found];
                if row.provider != Provider::Custom {
                    return Err(Refusal::parameter("ghlTransactionId is not a transaction of the custom provider"));
                }
                if transactions::Facts::of(account, row).live != live {
                    return Err(Refusal::new(401, "the apiKey is that of the other mode than the transaction's"));
                }
                Some(found)
            }
            None => None,
        };
        let subscription = match text(body, "ghlSubscriptionId") {
            Some(id) => {
                let found = subscriptions::find(account, id).ok_or_else(|| Refusal::not_found("Subscription"))?;
                let row = &account.subscriptions[found];
                if row.provider != Provider::Custom {
                    return Err(Refusal::parameter("ghlSubscriptionId is not a subscription of the custom provider"));
                }
                if account.orders[row.order as usize].live != live {
                    return Err(Refusal::new(401, "the apiKey is that of the other mode than the subscription's"));
                }
                Some(found)
            }
            None => None,
        };
        if let (Some(transaction), Some(subscription)) = (transaction, subscription) {
            let order = account.subscriptions[subscription].order;
            let own = match account.transactions[transaction].owner {
                Owner::Order(other) => other == order,
                Owner::Renewal(other, _) => other as usize == subscription,
                Owner::Invoice(_) => false,
            };
            if !own {
                return Err(Refusal::parameter("ghlTransactionId does not belong to ghlSubscriptionId"));
            }
        }
        Ok(Target { location, transaction, subscription })
    }

    /// Does what a push says; gives what is odd about it.
    fn happen(&mut self, body: &Map<String, Value>, target: &Target) -> Vec<Issue> {
        let now = self.now;
        let location = target.location;
        let account = &self.accounts[location];
        let amount = match (text(body, "event"), target.transaction, target.subscription) {
            (Some("subscription.charged"), _, Some(at)) => {
                let first = account.unpaid_of(at).map(|at| account.transactions[at].amount);
                Some(first.unwrap_or(PRICES[usize::from(account.subscriptions[at].price)].minor))
            }
            (_, Some(at), _) => Some(account.transactions[at].amount),
            _ => None,
        };
        let order = target.subscription.map(|at| &account.orders[account.subscriptions[at].order as usize]);
        let transaction = target.transaction.map(|at| &account.transactions[at]);
        let created = order.map(|order| order.created).or(transaction.map(|row| row.created));
        let currency = order.map(|order| order.currency);
        let currency = currency.or(transaction.map(|row| transactions::Facts::of(account, row).currency));
        let free_until = target.subscription.filter(|at| !account.has_charged(*at));
        let free_until = free_until.and_then(|at| account.plan_of(at)).and_then(|plan| plan.free_until);
        let known = Known {
            amount,
            currency: currency.map(|at| CURRENCIES[usize::from(at)].0),
            now: Some(unix(now)),
            since: created.map(unix),
            // A charge that has come ends the trial, whenever that is.
            free_until: free_until.filter(|_| inner(body, "chargeSnapshot").is_none()).map(unix),
        };
        let mut issues = judge::push(body, known);
        let charge_id = text(body, "chargeId");
        let (charge, plan) = (inner(body, "chargeSnapshot"), inner(body, "subscriptionSnapshot"));
        let status =
            |fields: Option<&Map<String, Value>>| fields.and_then(|fields| text(fields, "status")).map(str::to_owned);
        match (text(body, "event").unwrap_or_default(), target.transaction, target.subscription) {
            ("payment.captured", Some(transaction), _) => {
                self.capture(location, transaction, charge_id, charge, &mut issues);
            }
            ("subscription.trialing", Some(transaction), Some(subscription)) => {
                if self.accounts[location].transactions[transaction].amount == 0 {
                    self.capture(location, transaction, charge_id, None, &mut issues);
                }
                self.follow_push(location, subscription, Some("trialing"), plan, &mut issues);
            }
            ("subscription.active", Some(transaction), Some(subscription)) => {
                self.capture(location, transaction, charge_id, None, &mut issues);
                self.follow_push(location, subscription, Some("active"), plan, &mut issues);
            }
            ("subscription.updated", _, Some(subscription)) => {
                self.follow_push(location, subscription, status(plan).as_deref(), plan, &mut issues);
            }
            ("subscription.charged", _, Some(subscription)) => {
                if self.renewed(location, subscription, charge_id.unwrap_or_default(), charge) {
                    self.accounts[location].answer_due(subscription);
                }
                self.follow_push(location, subscription, status(plan).as_deref(), plan, &mut issues);
            }
            _ => {}
        }
        issues.0
    }

    /// A payment that was left pending is decided.
    fn capture(
        &mut self,
        location: usize,
        transaction: usize,
        id: Option<&str>,
        snapshot: Option<&Map<String, Value>>,
        issues: &mut Issues,
    ) {
        let now = self.now;
        let account = &mut self.accounts[location];
        let paid = matches!(account.transactions[transaction].state, Paid::Succeeded | Paid::Refunded);
        let known = account.charge_of(transaction).and_then(|row| row.id.clone());
        let other = known.is_some() && id.is_some() && known.as_deref() != id;
        if paid && other {
            issues.error("chargeId", "is another charge than the one with which the transaction was paid");
            return;
        }
        account.note_charge(transaction, id, snapshot, now);
        match snapshot.and_then(|fields| text(fields, "status")).unwrap_or("succeeded") {
            "succeeded" => {
                if self.accounts[location].has_paid_another(transaction, id) {
                    issues.warning("chargeId", TWICE);
                }
                self.pay(location, transaction);
                self.settle_sessions(location, transaction, true);
            }
            "failed" if paid => issues.error("chargeSnapshot.status", "is failed, and the transaction is paid"),
            "failed" => {
                self.accounts[location].fail(transaction, now);
                self.settle_sessions(location, transaction, false);
            }
            _ => {}
        }
    }

    fn follow_push(
        &mut self,
        location: usize,
        subscription: usize,
        status: Option<&str>,
        plan: Option<&Map<String, Value>>,
        issues: &mut Issues,
    ) {
        if !self.accounts[location].follow(subscription, status, plan, self.now) {
            issues.warning("", "the subscription has ended before: its status stays");
        }
        self.note_plan(location, subscription);
    }

    /// A payment of a subscription: the first one, or a later one. The same charge again is the same payment. True of a
    /// charge that was not known before.
    fn renewed(
        &mut self,
        location: usize,
        subscription: usize,
        id: &str,
        snapshot: Option<&Map<String, Value>>,
    ) -> bool {
        let now = self.now;
        let account = &mut self.accounts[location];
        let known = account.charged(subscription, id);
        let index = match known.or_else(|| account.unpaid_of(subscription)) {
            Some(index) => index,
            None => {
                let row = &mut account.subscriptions[subscription];
                row.renewals += 1;
                let (owner, amount) =
                    (Owner::Renewal(subscription as u32, row.renewals), PRICES[usize::from(row.price)].minor);
                account.begin_charge(owner, amount, now)
            }
        };
        account.note_charge(index, Some(id), snapshot, now);
        match snapshot.and_then(|fields| text(fields, "status")).unwrap_or("succeeded") {
            "succeeded" => {
                self.pay(location, index);
                self.settle_sessions(location, index, true);
            }
            "failed" => self.accounts[location].fail(index, now),
            _ => {}
        }
        known.is_none()
    }
}
