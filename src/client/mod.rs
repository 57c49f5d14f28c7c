//! The Rust-facing client.

mod drive;
mod pages;

pub use pages::{Page, Paged, Pages, Records};

use crate::call::{Call, OnceOptions, RateLimiter, Shared};
use crate::core::{CallOptions, Config, Error, ErrorKind, Outcome, RateLimit};
use crate::endpoint::{Endpoint, Operation, RecordPayment, RECORD_PAYMENT};
use crate::model::TransactionSummary;
use crate::shape::Drift;
use crate::transport::Transport;
use drive::drive;
use serde::Deserialize;

/// A client for Rust callers, over any [`Transport`].
///
/// ```
/// use ghl_payments::{core::Config, endpoint::ListOrders, Client};
/// # use ghl_payments::{core::{Error, Request, Response}, transport::{Interrupted, TokenRequest, Transport}};
/// # struct Canned;
/// # impl Transport for Canned {
/// #     async fn send(&self, _: &Request, _: Option<&str>, _: u32) -> Result<Response, Interrupted> {
/// #         Ok(Response { status: 200, body: br#"{"data":[{"_id":"1"}],"totalCount":1}"#.to_vec(), ..Default::default() })
/// #     }
/// #     async fn sleep(&self, _: f64) -> bool { true }
/// #     fn now_ms(&self) -> f64 { 0.0 }
/// #     fn random(&self) -> f64 { 0.0 }
/// #     async fn token(&self, _: TokenRequest<'_>) -> Result<Option<String>, Error> { Ok(None) }
/// # }
/// # async fn example(transport: Canned) -> Result<(), Error> {
/// let client = Client::new(transport, Config { location_id: Some("3SwdhCu3svxI8AKsPJt6".into()), ..Config::default() })?;
/// let page = client.send(&ListOrders { params: Default::default() }).await?;
/// println!("{} of {}", page.data.len(), page.total_count);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Client<T> {
    transport: T,
    config: Config,
    limiter: Option<RateLimiter>,
}

impl<T: Transport> Client<T> {
    /// A client with this configuration; an [`ErrorKind::Validation`] error lists everything that is wrong with it.
    pub fn new(transport: T, config: Config) -> Result<Self, Error> {
        let config = config.check(false).map_err(|issues| Error::validation(None, issues))?;
        Ok(Self { transport, config, limiter: Some(RateLimiter::new()) })
    }

    /// Instead of the client's own limiter: that of another client of the same app, or none, to send at once and take 429
    /// for an answer.
    pub fn with_limiter(mut self, limiter: Option<RateLimiter>) -> Self {
        self.limiter = limiter;
        self
    }

    /// What spaces the calls, to share it with another client.
    pub fn limiter(&self) -> Option<&RateLimiter> {
        self.limiter.as_ref()
    }

    /// The transport.
    pub fn transport(&self) -> &T {
        &self.transport
    }

    /// Sends a call and gives its typed answer.
    pub async fn send<E: Endpoint>(&self, endpoint: &E) -> Result<E::Answer, Error> {
        self.send_with(endpoint, &CallOptions::default()).await.map(|reply| reply.data)
    }

    /// Like [`Self::send`], with options for this call and with what is known about the answer.
    pub async fn send_with<E: Endpoint>(&self, endpoint: &E, options: &CallOptions) -> Result<Reply<E::Answer>, Error> {
        let done = drive(&self.transport, self.call(endpoint, options)?).await?;
        let answer = done.answer;
        let data = crate::shape::decode(&answer.body, &answer.checked).map_err(|error| {
            let mut error = unreadable(E::OPERATION, ErrorKind::Decode, Outcome::Applied, &error);
            error.attempts = done.attempts;
            error
        })?;
        Ok(Reply { data, drifts: answer.checked.drifts, attempts: done.attempts, rate_limit: done.rate_limit })
    }

    /// The call that [`Self::send_with`] carries out.
    fn call<E: Endpoint>(&self, endpoint: &E, options: &CallOptions) -> Result<Call, Error> {
        let input = endpoint.input();
        let params = input.params.map(serde_json::to_string).transpose();
        let params =
            params.map_err(|error| unreadable(E::OPERATION, ErrorKind::Validation, Outcome::NotSent, &error))?;
        let mut config = self.config.with(options);
        // A typed answer cannot hold what differs from its shape.
        config.strict = true;
        let (limiter, now) = (self.limiter.clone(), self.transport.now_ms());
        Call::new(E::OPERATION, None, input.id, params.as_deref(), &Shared::new(config), limiter, now)
    }
}

impl<T: Transport> Client<T> {
    /// Records a payment and, where the outcome is unknown (a timeout, a dropped connection, a 5xx), looks for it among the
    /// order's transactions before it would be sent again, at most [`Config::max_retries`] times.
    ///
    /// It is sent with a reference in `meta` and, if wanted, in the notes. A transaction that shows the reference is the
    /// payment. Where none shows it, a single new one of the same amount and mode is taken for it ([`MatchedBy::Amount`]);
    /// where there are several, or their amount, mode, status or notes leave doubts, the error has [`Outcome::Unknown`] and
    /// names them in `candidates`. With a reference of the caller's the call may be made again after the process died: it
    /// looks for the reference before it sends anything. A server that carries a lost request out later than three looks
    /// (3.5 s by default) may still record the payment twice, unless `max_retries` is 0.
    ///
    /// Errors are otherwise those of [`Self::send`].
    pub async fn record_payment_once(
        &self,
        payment: &RecordPayment,
        once: &OnceOptions,
        options: &CallOptions,
    ) -> Result<PaymentRecorded, Error> {
        let body = serde_json::to_string(&payment.body)
            .map_err(|error| unreadable(&RECORD_PAYMENT, ErrorKind::Validation, Outcome::NotSent, &error))?;
        let config = Shared::new(self.config.with(options));
        let (limiter, now) = (self.limiter.clone(), self.transport.now_ms());
        let (once, order) = (Some(once.clone()), Some(&*payment.order_id));
        let call = Call::new(&RECORD_PAYMENT, once, order, Some(&body), &config, limiter, now)?;
        let done = drive(&self.transport, call).await?;
        serde_json::from_slice(&done.answer.body)
            .map_err(|error| unreadable(&RECORD_PAYMENT, ErrorKind::Decode, Outcome::Applied, &error))
    }
}

/// The error for what serde could not write or read.
fn unreadable(operation: &'static Operation, kind: ErrorKind, outcome: Outcome, error: &serde_json::Error) -> Error {
    Error::new(kind, Some(operation), outcome, [operation.name, ": ", &error.to_string()].concat())
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

/// An answer with what is known about it.
#[derive(Debug, Clone)]
pub struct Reply<T> {
    /// The answer.
    pub data: T,
    /// Where it differed from the promised shape.
    pub drifts: Vec<Drift>,
    /// How often the call was sent.
    pub attempts: u32,
    /// The limits, if the server named them.
    pub rate_limit: Option<RateLimit>,
}
