//! Records a payment once: sends it with a reference and, where nobody knows whether it was recorded, looks for it among
//! the transactions of the order before it would be sent again.

mod money;
mod payment;
mod queue;
mod sight;
mod steps;

pub use payment::OnceOptions;
pub use queue::OnceQueue;

use super::run::{Done, Run};
use super::Surroundings;
use crate::core::{build, Config, Error, ErrorKind, Outcome};
use crate::endpoint::{Operation, GET_ORDER, GET_TRANSACTION, LIST_TRANSACTIONS, RECORD_PAYMENT};
use crate::json::{field, items, joined, json_text, push_decimal, put, quote, rounded_up, text_field};
use crate::shape::Issue;
use money::{amount_of, number};
use payment::{Payment, Shown};
use queue::Turn;
use sight::{Amounts, Look, Sight, Standing};
use steps::{Found, Once, Step};

/// How many pages of transactions are read in one look.
const MAX_PAGES: u32 = 10;
const PAGE: usize = 100;

/// How many transactions are read on their own before the payment is sent, and how many afterwards; how many of these only to
/// find out whether references are shown.
const MAX_SINGLES: usize = 30;
const MAX_PROOFS: usize = 5;

/// How many were read when those that were made before the job began are no longer: they would only count if they showed its
/// reference.
const MAX_OLD: usize = 10;

/// What is being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Task {
    /// A page of the order's transactions is read.
    List,
    /// The transaction of this index among those that were seen is read on its own.
    Single(usize),
    /// The order is read, for what is due on it.
    Due,
    /// The order is read, for whether the payment may be sent again.
    Ask,
    /// The payment is sent.
    Record,
}

/// A payment on its way. The answer is `{"recorded":…,"transaction":…,"attempts":…,"matchedBy":…,"reference":…}`.
pub(crate) struct RecordOnce {
    payment: Payment,
    /// Where the caller gave the reference.
    turn: Option<Turn>,
    once: Once,
    task: Task,
    /// Milliseconds to wait before it.
    wait: u32,
    /// From here on the payment may have been made.
    begun: bool,
    attempts: u32,
    /// What the last attempt to send it failed with.
    failed: Option<Error>,
    /// The [`Sight::hash`]es of the transactions that were there before it was sent.
    known: Vec<u64>,
    /// What was paid on the order before it was sent, in ten-thousandths, where that can be told.
    paid: Option<u64>,
    /// How many transactions the server counted and did not show before it was sent.
    hidden: u64,
    /// The time of the job was held against the server's clock.
    checked_clock: bool,
    /// The order was read for what is due.
    due_read: bool,
    look: Look,
    pages: u32,
    /// How many stand in the list up to the end of the last page, and the last id of that.
    offset: usize,
    last: String,
    /// How many different ones it was in this look.
    seen: usize,
    /// What transactions showed that were read on their own; nothing where that was refused.
    singles: Vec<(u64, Option<Shown>)>,
    proofs: usize,
    /// Ids of the transactions that may be the payment, as of the last look.
    candidates: Vec<String>,
    /// The last answer of all.
    done: Option<Box<Done>>,
}

impl RecordOnce {
    pub fn new(order: &str, body: &str, options: OnceOptions, queue: OnceQueue, config: &Config) -> Self {
        let payment = Payment::new(order, body, options);
        let once = Once::new(config.max_retries, config.retry_delay_ms);
        let turn = payment.own.then(|| Turn::new(queue, order, &payment.reference, once.looks_ms()));
        let amounts = Amounts { given: payment.amount, due: None };
        Self {
            payment,
            turn,
            once,
            task: Task::List,
            wait: 0,
            begun: false,
            attempts: 0,
            failed: None,
            known: Vec::new(),
            paid: None,
            hidden: 0,
            checked_clock: false,
            due_read: false,
            look: Look { amounts, ..Look::default() },
            pages: 0,
            offset: 0,
            last: String::new(),
            seen: 0,
            singles: Vec::new(),
            proofs: 0,
            candidates: Vec::new(),
            done: None,
        }
    }

    /// How many transactions were there before the payment was sent.
    #[cfg(test)]
    pub fn seen_before(&self) -> usize {
        self.known.len()
    }

    /// Milliseconds to wait before the present task.
    pub fn wait(&self) -> u32 {
        self.wait
    }

    /// Milliseconds to wait before asking again, while another call records the payment of this reference.
    pub fn queue(&mut self, now: f64) -> Option<f64> {
        self.turn.as_mut()?.wait(now)
    }

    /// The call waits for something that is over in so many milliseconds.
    pub fn waits(&mut self, now: f64, ms: f64) {
        if let Some(turn) = &mut self.turn {
            turn.waits(now, ms);
        }
    }

    /// The call sends the request of the present task, which is over in so many milliseconds.
    pub fn sends(&mut self, now: f64, ms: f64) {
        match &mut self.turn {
            Some(turn) if self.task == Task::Record => turn.sends(now, ms),
            _ => self.waits(now, ms),
        }
    }

    /// What was sent has ended, or will never be heard of.
    pub fn hears(&mut self, now: f64) {
        if let (Some(turn), Task::Record) = (&mut self.turn, self.task) {
            turn.hears(now);
        }
    }

    /// The call has ended.
    pub fn ends(&mut self) {
        if let Some(turn) = &mut self.turn {
            turn.ends();
        }
    }

    /// The request of the present task, behind the one before.
    pub fn run<S: Surroundings>(&mut self, before: &Run, around: &S) -> Result<Run, Error> {
        self.payment.name(|| around.random());
        if self.task == Task::Record && !self.checked_clock {
            self.checked_clock = true;
            if around.server_time_ms().is_some_and(|now| self.payment.begins_after(now)) {
                let issue =
                    Issue::new("since", "is later than it is by HighLevel's clock: this machine's is ahead of it, or a sandbox's stands still (its option now)");
                return Err(Error::validation(Some(&RECORD_PAYMENT), vec![issue]));
            }
        }
        let order = self.payment.order.as_str();
        let (operation, id): (&'static Operation, _) = match self.task {
            Task::List => (&LIST_TRANSACTIONS, None),
            Task::Single(index) => (&GET_TRANSACTION, self.look.sights.get(index).map(|sight| sight.id.as_str())),
            Task::Due | Task::Ask => (&GET_ORDER, Some(order)),
            Task::Record => (&RECORD_PAYMENT, Some(order)),
        };
        let params = if self.task == Task::Record { self.payment.marked() } else { self.query() };
        let request = build(operation, id, Some(&params), &before.config);
        let request = request.map_err(|issues| Error::validation(Some(&RECORD_PAYMENT), issues))?;
        Ok(before.followed_by(operation, request))
    }

    /// The parameters of what is read.
    fn query(&self) -> String {
        let mut params = String::from("{");
        // The account that the body names is also that of the reads.
        let account = field(self.payment.body.as_bytes(), "altId");
        if !account.is_empty() {
            put(&mut params, "\"altId\":");
            put(&mut params, std::str::from_utf8(account).unwrap_or_default());
        }
        if self.task == Task::List {
            put(&mut params, if account.is_empty() { "" } else { "," });
            put(&mut params, "\"limit\":");
            push_decimal(&mut params, PAGE as u64);
            if self.start() > 0 {
                put(&mut params, ",\"offset\":");
                push_decimal(&mut params, self.start() as u64);
            }
            put(&mut params, ",\"entityId\":");
            quote(&mut params, &self.payment.order);
        }
        put(&mut params, "}");
        params
    }

    /// The error of a call that ends while it waits: aborted, or because its time is over.
    pub fn given_up(&mut self, aborted: bool) -> Error {
        let (kind, how) = if aborted {
            (ErrorKind::Aborted, "was aborted")
        } else {
            (ErrorKind::Timeout, "ran out of time (deadlineMs)")
        };
        let message =
            joined(&["orders.recordPaymentOnce ", how, " while it was not known whether the payment was recorded"]);
        self.unknown(Error::new(kind, Some(&RECORD_PAYMENT), Outcome::Unknown, message))
    }

    /// Takes what the present task came to; gives the result, unless another task follows.
    pub fn ended(&mut self, result: Result<Box<Done>, Error>) -> Option<Result<Box<Done>, Error>> {
        self.wait = 0;
        let step = match result {
            Ok(done) => self.succeeded(done),
            Err(error) => match self.refused(error) {
                Ok(step) => step,
                Err(error) => return Some(Err(error)),
            },
        };
        step.and_then(|step| self.take(step))
    }

    fn succeeded(&mut self, mut done: Box<Done>) -> Option<Step> {
        let body = std::mem::take(&mut done.answer.body);
        let attempts = done.attempts;
        self.done = Some(done);
        match self.task {
            Task::List => {
                if self.listed(&body) {
                    return None;
                }
                self.consider()
            }
            Task::Single(index) => {
                let manual = self.look.sights.get(index).is_some_and(|sight| sight.manual);
                self.showed(index, Some(self.payment.shown(&body, manual)));
                self.consider()
            }
            Task::Due => {
                self.owed(&body);
                self.consider()
            }
            Task::Ask => Some(self.once.asked(field(&body, "paymentStatus") != b"\"paid\"")),
            Task::Record => {
                self.attempts += attempts;
                // Whatever else it says: only this says that the payment was recorded.
                let failed = field(&body, "success") != b"true";
                self.failed = failed.then(|| {
                    let mut error = ambiguous("HighLevel's answer did not say that the payment was recorded");
                    error.trace_id = json_text(field(&body, "traceId"));
                    error
                });
                Some(self.once.sent(failed.then_some(Outcome::Unknown)))
            }
        }
    }

    fn refused(&mut self, mut error: Error) -> Result<Option<Step>, Error> {
        match self.task {
            Task::Record => {
                self.attempts += error.attempts;
                let step = self.once.sent(Some(error.outcome));
                if step == Step::Failed {
                    self.settled();
                    error.attempts = self.attempts;
                    return Err(error);
                }
                self.failed = Some(error);
                Ok(Some(step))
            }
            // The list is what counts; it has shown this transaction.
            Task::Single(index) if error.kind == ErrorKind::NotFound => {
                self.showed(index, None);
                Ok(self.consider())
            }
            // A later call with another reference would take a payment that was made now for one of its own.
            _ if self.begun => {
                if self.attempts > 0 {
                    let before =
                        "orders.recordPaymentOnce: the payment was sent, and then it could not be looked for: ";
                    error.message = joined(&[before, &error.message]);
                }
                Err(self.unknown(error))
            }
            // Nothing was sent now. What an earlier process with this reference did, this look was to tell.
            _ if self.payment.own => {
                let retryable = error.retryable;
                let mut error = self.unknown(error);
                // The same call looks again, and sends nothing that was sent.
                error.retryable = retryable;
                Err(error)
            }
            _ => {
                error.outcome = Outcome::NotSent;
                error.attempts = self.attempts;
                Err(error)
            }
        }
    }

    /// It is known what became of the payment: the next call with its reference need not wait.
    fn settled(&mut self) {
        if let Some(turn) = &mut self.turn {
            turn.knows();
        }
    }

    /// Nobody knows whether the payment was recorded.
    fn unknown(&mut self, mut error: Error) -> Error {
        (error.outcome, error.retryable) = (Outcome::Unknown, false);
        error.attempts = self.attempts;
        error.candidates = std::mem::take(&mut self.candidates);
        error
    }

    /// Where the next page of transactions starts: with the last one of the page before. Where that is gone from there others were
    /// deleted meanwhile, and what was to come next stands further in front.
    fn start(&self) -> usize {
        self.offset.saturating_sub(usize::from(!self.last.is_empty()))
    }

    /// Takes a page of transactions; gives whether another one follows.
    fn listed(&mut self, body: &[u8]) -> bool {
        let (mut count, mut fresh) = (self.start(), false);
        let before = std::mem::take(&mut self.last);
        let mut joined = before.is_empty();
        for (_, record) in items(field(body, "data")) {
            count += 1;
            self.last = text_field(record, "_id");
            let repeated = !before.is_empty() && self.last == before;
            joined |= repeated;
            let Some(mut sight) = Sight::of(&self.payment, record) else {
                // A server that takes no notice of the filter has the order's own further on.
                fresh |= !repeated;
                self.seen += usize::from(!repeated);
                continue;
            };
            // A transaction that comes in while the pages are read moves others to the next one.
            if !sight.id.is_empty() && self.look.sights.iter().any(|seen| seen.id == sight.id) {
                continue;
            }
            fresh = true;
            self.seen += 1;
            let id = sight.hash();
            sight.new = if self.begun {
                sight.id.is_empty() || !self.known.contains(&id)
            } else {
                !self.payment.precedes(record)
            };
            if let Some((_, shown)) = self.singles.iter().find(|(known, _)| *known == id) {
                sight.show(*shown);
            }
            self.look.sights.push(sight);
        }
        self.pages += 1;
        self.offset = count;
        if !joined {
            fresh = true;
            if self.pages < MAX_PAGES {
                // From the start again, as often as there are pages to read.
                self.look.sights.clear();
                self.last.clear();
                (self.offset, self.seen) = (0, 0);
            }
        }
        // One that is smaller than what came is none, nor is that of a page which is read again.
        let is_total = |total: &u64| joined && *total >= self.seen as u64;
        let total = number(field(body, "totalCount")).map(rounded_up).filter(is_total);
        // Without a total only a page that brings nothing new is the last one: the server may give fewer than are asked for.
        let more = fresh && total.is_none_or(|total| (self.offset as u64) < total);
        self.look.cut = more && self.pages >= MAX_PAGES;
        // Not by where the pages end: what came in meanwhile has moved the others there, and was not seen itself.
        self.look.hidden = total.map_or(0, |total| total.saturating_sub(self.seen as u64));
        more && !self.look.cut
    }

    /// A transaction was read on its own.
    fn showed(&mut self, index: usize, shown: Option<Shown>) {
        if let Some(sight) = self.look.sights.get_mut(index) {
            self.singles.push((sight.hash(), shown));
            sight.show(shown);
        }
    }

    /// The order was read for what is due: a payment that names no amount is of that.
    fn owed(&mut self, order: &[u8]) {
        self.due_read = true;
        if self.begun {
            let total = amount_of(field(order, "amount"));
            self.look.amounts.due = total.zip(self.paid).and_then(|(total, paid)| total.checked_sub(paid));
        } else if matches!(field(order, "paymentStatus"), b"\"unpaid\"" | b"\"partially_paid\"") {
            self.look.owing = true;
        }
    }

    /// What is to be done now that transactions were seen.
    fn consider(&mut self) -> Option<Step> {
        // Nobody but this call knows its reference: what is there is not the payment.
        if !self.begun && !self.payment.own {
            return Some(Step::Record);
        }
        let candidates = self.look.sights.iter().any(|sight| sight.new && sight.standing != Standing::Failed);
        if self.payment.amount.is_none() && !self.due_read && candidates {
            self.task = Task::Due;
            return None;
        }
        if let Some(index) = self.open() {
            self.task = Task::Single(index);
            return None;
        }
        self.candidates.clear();
        for (sight, _) in self.look.candidates() {
            self.candidates.push(sight.id.clone());
        }
        let found = self.look.found();
        Some(match found {
            // The payment may be what the server counts and does not show.
            Found::Nothing if self.begun && self.look.hides(self.hidden) => self.once.looked(Found::Unsure),
            _ if self.begun => self.once.looked(found),
            Found::Nothing if self.look.is_incomplete() => Step::Ambiguous,
            _ => Once::before(found),
        })
    }

    /// The next transaction that has to be read on its own.
    fn open(&mut self) -> Option<usize> {
        let (read, before) = (self.singles.len(), !self.begun);
        // What is read before the payment is sent takes nothing from what may have to be read afterwards.
        if read >= if before { MAX_SINGLES } else { 2 * MAX_SINGLES } {
            return None;
        }
        let Look { sights, amounts, .. } = &self.look;
        let found = self.look.found();
        // Before anything is sent what is like the payment comes first, and the rest where that decides nothing.
        let all = self.begun || found == Found::Nothing;
        let open = |new: bool| {
            let is = |sight: &Sight| sight.new == new && sight.is_open(before) && (all || sight.is_like(amounts));
            sights.iter().position(is)
        };
        if let Some(index) = open(true).or_else(|| open(false).filter(|_| read < MAX_OLD)) {
            return Some(index);
        }
        // Does any transaction prove that references are shown? Then what shows none is somebody else's.
        let unsure = matches!(found, Found::Alike | Found::Unsure);
        if !unsure || self.look.echo() || self.proofs >= MAX_PROOFS {
            return None;
        }
        self.proofs += 1;
        sights.iter().position(|sight| sight.manual && !sight.asked && !sight.id.is_empty())
    }

    /// Goes to the next task, or gives the result.
    fn take(&mut self, step: Step) -> Option<Result<Box<Done>, Error>> {
        match step {
            Step::Record => {
                if !self.begun {
                    self.begun = true;
                    self.due_read = false;
                    for sight in &self.look.sights {
                        self.known.push(sight.hash());
                    }
                    self.paid = self.look.paid();
                    self.hidden = self.look.hidden;
                }
                self.task = Task::Record;
            }
            Step::Look(ms) => {
                let amounts = self.look.amounts;
                self.look = Look { amounts, begun: true, ..Look::default() };
                (self.pages, self.offset, self.seen) = (0, 0, 0);
                self.last.clear();
                (self.task, self.wait) = (Task::List, ms);
            }
            Step::Ask => self.task = Task::Ask,
            Step::Recorded | Step::NotRecorded => {
                // What an answer said was recorded the list may show only later.
                if step == Step::Recorded && self.task != Task::Record {
                    self.settled();
                }
                return self.answer(step).map(Ok);
            }
            Step::Ambiguous => return Some(Err(self.undecided())),
            Step::Failed => return Some(Err(self.lost())),
        }
        None
    }

    /// The order is paid, or the server said that it had acted, and no transaction can be the payment.
    fn lost(&mut self) -> Error {
        let why = "the payment may be recorded, but no transaction that can be it is to be found";
        let error = self.failed.take().unwrap_or_else(|| ambiguous(why));
        self.unknown(error)
    }

    /// Transactions may be the payment, and nothing tells whether one is.
    fn undecided(&mut self) -> Error {
        let mut error = ambiguous(match self.look.found() {
            Found::Refunded => {
                "the payment of this reference was recorded, and refunded or canceled since; another payment needs another reference"
            }
            Found::Reused => {
                "a transaction shows the reference, but has another amount or mode; another payment needs another reference"
            }
            Found::Nothing if self.look.hides(0) && !self.look.cut => "HighLevel counts more transactions of the order than it shows",
            Found::Nothing => {
                "not all transactions of the order could be looked through; since says how far back to look: when the job first began, and never later"
            },
            _ => "transactions of the order may be the payment, and nothing proves it of one; see candidates",
        });
        if let Some(failed) = self.failed.take() {
            put(&mut error.message, "; it was sent, and then: ");
            put(&mut error.message, &failed.message);
        }
        self.unknown(error)
    }

    fn answer(&mut self, step: Step) -> Option<Box<Done>> {
        let recorded = step == Step::Recorded;
        let mut out = String::from(if recorded { "{\"recorded\":true" } else { "{\"recorded\":false" });
        if recorded {
            let (matched_by, transaction) = match (self.task, self.look.ours()) {
                (Task::Record, _) => (",\"matchedBy\":\"answer\"", None),
                (_, Some(ours)) => (",\"matchedBy\":\"reference\"", Some(ours)),
                _ => (",\"matchedBy\":\"amount\"", self.look.candidates().map(|(sight, _)| sight).next()),
            };
            if let Some(sight) = transaction {
                put(&mut out, ",\"transaction\":");
                put(&mut out, &sight.record);
            }
            put(&mut out, matched_by);
        } else if let Some(failed) = &self.failed {
            put(&mut out, ",\"reason\":{\"code\":");
            quote(&mut out, failed.code());
            put(&mut out, ",\"message\":");
            quote(&mut out, &failed.message);
            if let Some(trace_id) = &failed.trace_id {
                put(&mut out, ",\"traceId\":");
                quote(&mut out, trace_id);
            }
            put(&mut out, "}");
        }
        put(&mut out, ",\"attempts\":");
        push_decimal(&mut out, self.attempts.into());
        put(&mut out, ",\"reference\":");
        quote(&mut out, &self.payment.reference);
        put(&mut out, "}");
        let mut done = self.done.take()?;
        // The transaction may come from another answer than the last one.
        done.answer.checked.foreign = !out.is_ascii();
        done.answer.body = out.into_bytes();
        done.attempts = self.attempts;
        Some(done)
    }
}

fn ambiguous(why: &str) -> Error {
    let message = joined(&["orders.recordPaymentOnce: ", why]);
    Error::new(ErrorKind::Ambiguous, Some(&RECORD_PAYMENT), Outcome::Unknown, message)
}
