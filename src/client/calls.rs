//! The client, and its calls that give one answer.

use super::drive::drive;
use crate::call::{Call, OnceQueue, RateLimiter, Shared};
use crate::core::{CallOptions, Config, Error, ErrorKind, Outcome, RateLimit, MAX_ID_LENGTH};
use crate::endpoint::{Endpoint, Input, Operation};
use crate::shape::Drift;
use crate::transport::Transport;

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
    pub(super) transport: T,
    pub(super) config: Config,
    pub(super) limiter: Option<RateLimiter>,
    pub(super) once: OnceQueue,
}

impl<T: Transport> Client<T> {
    /// A client with this configuration; an [`ErrorKind::Validation`] error lists everything that is wrong with it.
    pub fn new(transport: T, config: Config) -> Result<Self, Error> {
        let config = config.check(false).map_err(|issues| Error::validation(None, issues))?;
        Ok(Self { transport, config, limiter: Some(RateLimiter::new()), once: OnceQueue::default() })
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
        self.reply(endpoint, options).await.map_err(|error| about(endpoint, error))
    }

    async fn reply<E: Endpoint>(&self, endpoint: &E, options: &CallOptions) -> Result<Reply<E::Answer>, Error> {
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
    pub(super) fn call<E: Endpoint>(&self, endpoint: &E, options: &CallOptions) -> Result<Call, Error> {
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

/// An error with the id of the record that its call names: in the path, or among the parameters.
pub(super) fn about<E: Endpoint>(endpoint: &E, mut error: Error) -> Error {
    let Input { id, params } = endpoint.input();
    let params = params.and_then(|params| serde_json::to_value(params).ok());
    let named = || params.as_ref()?.get("id")?.as_str();
    // What is no id names no record.
    let is_one = |id: &&str| !id.is_empty() && id.len() <= MAX_ID_LENGTH;
    error.record_id = id.or_else(named).filter(is_one).map(String::from);
    error
}

/// The error for what serde could not write or read.
pub(super) fn unreadable(
    operation: &'static Operation,
    kind: ErrorKind,
    outcome: Outcome,
    error: &serde_json::Error,
) -> Error {
    Error::new(kind, Some(operation), outcome, [operation.name, ": ", &error.to_string()].concat())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::{DeleteCoupon, GetOrder, ListOrders, ListOrdersParams};
    use crate::model::DeleteCouponBody;

    #[test]
    fn an_error_has_the_id_of_the_record_that_its_call_names() {
        fn named<E: Endpoint>(endpoint: &E) -> Option<String> {
            about(endpoint, Error::validation(Some(E::OPERATION), Vec::new())).record_id.clone()
        }
        let body = DeleteCouponBody { alt_id: None, alt_type: None, id: "coupon-1".into() };
        let order = |id: &str| named(&GetOrder { order_id: id.into() });
        assert_eq!(order("order-1").as_deref(), Some("order-1"));
        assert_eq!([order(""), order(&"a".repeat(257))], [None, None], "what is no id");
        assert!(order(&"a".repeat(256)).is_some());
        assert_eq!(named(&DeleteCoupon { body }).as_deref(), Some("coupon-1"));
        assert_eq!(named(&ListOrders { params: ListOrdersParams::default() }), None);
    }
}
