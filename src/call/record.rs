//! Records a payment once: the steps of [`Once`], each of them a [`Run`].

use super::once::{Once, Step};
use super::pager::hash;
use super::run::{Done, Run};
use crate::core::{build, Config, Error, ErrorKind, Outcome};
use crate::endpoint::{GET_ORDER, LIST_TRANSACTIONS, RECORD_PAYMENT};
use crate::json::{field, items, joined, push_decimal, put, quote};

/// Records a payment and, where nobody knows whether it was recorded, finds it out before it is sent again. The answer is
/// `{"recorded":…,"transaction":…,"attempts":…}`.
pub(crate) struct RecordOnce {
    order: String,
    body: String,
    once: Once,
    /// The transactions are known that were there before: from then on the payment may have been made.
    begun: bool,
    step: Step,
    attempts: u32,
    failed: Option<Error>,
}

impl RecordOnce {
    pub fn new(order: &str, body: &str, config: &Config) -> Self {
        Self {
            order: order.into(),
            body: body.into(),
            once: Once::new(Vec::new(), config.max_retries, config.retry_delay_ms),
            begun: false,
            step: Step::Look(0),
            attempts: 0,
            failed: None,
        }
    }

    /// Milliseconds to wait before the present step.
    pub fn wait(&self) -> u32 {
        if let Step::Look(ms) = self.step {
            ms
        } else {
            0
        }
    }

    /// The present step, behind the one before: the transactions of the order, the order or the payment.
    pub fn run(&self, before: &Run) -> Result<Run, Error> {
        let mut params = String::from("{");
        // The account that the body names is also that of the reads.
        let account = field(self.body.as_bytes(), "altId");
        if !account.is_empty() {
            put(&mut params, "\"altId\":");
            put(&mut params, std::str::from_utf8(account).unwrap_or_default());
        }
        let (operation, id) = match self.step {
            Step::Look(_) => {
                put(&mut params, if account.is_empty() { "" } else { "," });
                put(&mut params, "\"limit\":100,\"entityId\":");
                quote(&mut params, &self.order);
                (&LIST_TRANSACTIONS, None)
            }
            Step::Ask => (&GET_ORDER, Some(&*self.order)),
            _ => (&RECORD_PAYMENT, Some(&*self.order)),
        };
        put(&mut params, "}");
        let params = if matches!(self.step, Step::Record) { &self.body } else { &params };
        let request = build(operation, id, Some(params), &before.config);
        let request = request.map_err(|issues| Error::validation(Some(&RECORD_PAYMENT), issues))?;
        Ok(Run::new(operation, request, before.config.clone(), before.limiter.clone(), before.deadline))
    }

    /// The error of a call that ends while it waits: aborted, or because its time is over.
    pub fn given_up(&self, aborted: bool) -> Error {
        let (kind, how) = if aborted {
            (ErrorKind::Aborted, "was aborted")
        } else {
            (ErrorKind::Timeout, "ran out of time (deadlineMs)")
        };
        let message =
            joined(&["orders.recordPaymentOnce ", how, " while it was not known whether the payment was recorded"]);
        let mut error = Error::new(kind, Some(&RECORD_PAYMENT), Outcome::Unknown, message);
        error.attempts = self.attempts;
        error
    }

    /// Takes what the present step came to; gives the result, unless another step follows.
    pub fn ended(&mut self, result: Result<Box<Done>, Error>) -> Option<Result<Box<Done>, Error>> {
        match result {
            Ok(done) => self.succeeded(done),
            Err(error) => self.refused(error).map(Err),
        }
    }

    fn refused(&mut self, mut error: Error) -> Option<Error> {
        if matches!(self.step, Step::Record) {
            self.attempts += error.attempts;
            self.step = self.once.sent(Some(error.outcome));
            if !matches!(self.step, Step::Failed) {
                self.failed = Some(error);
                return None;
            }
        } else if self.begun {
            // A later call would take a payment that was made now for one that was there before.
            (error.outcome, error.retryable) = (Outcome::Unknown, false);
        } else {
            error.outcome = Outcome::NotSent;
        }
        error.attempts = self.attempts;
        Some(error)
    }

    fn succeeded(&mut self, mut done: Box<Done>) -> Option<Result<Box<Done>, Error>> {
        let body = &done.answer.body;
        let mut transaction: &[u8] = b"";
        self.step = match self.step {
            Step::Look(_) => {
                let records = field(body, "data");
                let mut ids = Vec::new();
                for (_, record) in items(records) {
                    ids.push(hash(field(record, "_id")));
                }
                if std::mem::replace(&mut self.begun, true) {
                    let (found, step) = self.once.looked(&ids);
                    if let Some(index) = found {
                        let mut upto = items(records).map(|(_, record)| record);
                        for _ in 0..=index {
                            transaction = upto.next().unwrap_or_default();
                        }
                    }
                    step
                } else {
                    self.once.begin(ids)
                }
            }
            Step::Ask => self.once.asked(field(body, "paymentStatus") != b"\"paid\""),
            _ => {
                self.attempts += done.attempts;
                // Whatever else it says: only this says that the payment was recorded.
                self.once.sent((field(body, "success") != b"true").then_some(Outcome::Unknown))
            }
        };
        match self.step {
            Step::Recorded | Step::NotRecorded => {
                done.answer.body = self.answer(transaction).into_bytes();
                done.attempts = self.attempts;
                Some(Ok(done))
            }
            Step::Failed => {
                let message = "orders.recordPaymentOnce: the order is paid, but not by a payment that can be found";
                let unknown = || Error::new(ErrorKind::Other, Some(&RECORD_PAYMENT), Outcome::Unknown, message.into());
                let mut error = self.failed.take().unwrap_or_else(unknown);
                // Somebody paid: what failed or was refused may be it.
                (error.outcome, error.retryable) = (Outcome::Unknown, false);
                error.attempts = self.attempts;
                Some(Err(error))
            }
            _ => None,
        }
    }

    fn answer(&self, transaction: &[u8]) -> String {
        let recorded = matches!(self.step, Step::Recorded);
        let mut out = String::from(if recorded { "{\"recorded\":true" } else { "{\"recorded\":false" });
        if !transaction.is_empty() {
            put(&mut out, ",\"transaction\":");
            put(&mut out, std::str::from_utf8(transaction).unwrap_or_default());
        }
        put(&mut out, ",\"attempts\":");
        push_decimal(&mut out, self.attempts.into());
        put(&mut out, "}");
        out
    }
}
