//! Payments that are recorded once.

use super::calls::{about, unreadable, Client};
use super::drive::drive;
use crate::call::{Call, OnceOptions, Shared};
use crate::core::{CallOptions, Error, ErrorKind, Outcome};
use crate::endpoint::{RecordPayment, RECORD_PAYMENT};
use crate::model::TransactionSummary;
use crate::transport::Transport;
use serde::Deserialize;

impl<T: Transport> Client<T> {
    /// Records a payment and, where the outcome is unknown (a timeout, a dropped connection, a 5xx), looks for it among the
    /// order's transactions before it would be sent again, at most [`Config::max_retries`](crate::core::Config::max_retries) times.
    ///
    /// It is sent with a reference in `meta` and, if wanted, in the notes. A transaction that shows the reference is the
    /// payment. Where none shows it, a single new one of the same amount and mode is taken for it ([`MatchedBy::Amount`]);
    /// where there are several, or their amount, mode, status or notes leave doubts, the error has [`Outcome::Unknown`] and
    /// names them in `candidates`. With a reference of the caller's the call may be made again after the process died: it
    /// looks for the reference before it sends anything. A server that carries a lost request out later than three looks
    /// (3.5 s by default) may still record the payment twice, unless `max_retries` is 0.
    ///
    /// Of calls with one reference a client and its clones make one after the other. Another client, made by [`Self::new`], may
    /// have another clock and knows nothing of them: in one process, clone the client where payments are recorded. Where the
    /// future of one is dropped, the next one waits until its payment can be seen.
    ///
    /// Errors are otherwise those of [`Self::send`].
    pub async fn record_payment_once(
        &self,
        payment: &RecordPayment,
        once: &OnceOptions,
        options: &CallOptions,
    ) -> Result<PaymentRecorded, Error> {
        self.record(payment, once, options).await.map_err(|error| about(payment, error))
    }

    async fn record(
        &self,
        payment: &RecordPayment,
        once: &OnceOptions,
        options: &CallOptions,
    ) -> Result<PaymentRecorded, Error> {
        let body = serde_json::to_string(&payment.body)
            .map_err(|error| unreadable(&RECORD_PAYMENT, ErrorKind::Validation, Outcome::NotSent, &error))?;
        let config = Shared::new(self.config.with(options));
        let (limiter, now) = (self.limiter.clone(), self.transport.now_ms());
        let once = Some((once.clone(), self.once.clone()));
        let order = Some(&*payment.order_id);
        let call = Call::new(&RECORD_PAYMENT, once, order, Some(&body), &config, limiter, now)?;
        let done = drive(&self.transport, call).await?;
        serde_json::from_slice(&done.answer.body)
            .map_err(|error| unreadable(&RECORD_PAYMENT, ErrorKind::Decode, Outcome::Applied, &error))
    }
}

/// Whether a payment is recorded.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentRecorded {
    /// `false`: the attempts are used up, and no transaction of the order can be the payment.
    pub recorded: bool,
    /// Its transaction, where it had to be looked for.
    #[serde(default)]
    pub transaction: Option<TransactionSummary>,
    /// How often the payment was sent; 0 where an earlier call with the same reference had recorded it.
    pub attempts: u32,
    /// How it is known that it is recorded.
    #[serde(default)]
    pub matched_by: Option<MatchedBy>,
    /// The reference that it was sent with.
    pub reference: String,
    /// Why it is not recorded: what the last attempt ended with.
    #[serde(default)]
    pub reason: Option<Reason>,
}

/// What the last attempt to record a payment ended with.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reason {
    /// The code that its error would have, in snake case.
    pub code: String,
    /// What happened.
    pub message: String,
    /// HighLevel's trace id, where its answer had one.
    #[serde(default)]
    pub trace_id: Option<String>,
}

/// How it is known that a payment is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MatchedBy {
    /// The server said so.
    Answer,
    /// A transaction shows its reference.
    Reference,
    /// No transaction shows its reference; a single new one has its amount and mode. It may be somebody else's.
    Amount,
}
