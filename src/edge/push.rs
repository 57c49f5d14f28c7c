//! A push as an operation: the client carries it like its own, with attempts, limits and an outcome.

use crate::core::{build, Config, Request};
use crate::endpoint::{Method, Operation, Safety};
use crate::provider::push::{Prepared, PATH};
use crate::shape::{Issue, Kind};

/// `POST /payments/custom-provider/webhook`
///
/// Behind the ledger: it goes to another host, and what makes up its body is [`crate::provider::push`]. HighLevel knows a charge
/// and a subscription by their ids, so that a push may be sent again.
pub static PUSH: Operation = Operation {
    id: "custom-provider-webhook",
    name: "provider.push",
    method: Method::Post,
    path: PATH,
    scope: None,
    safety: Safety::IdempotentWrite,
    query: None,
    body: None,
    answer: Kind::Json,
};

/// The request of a push, without a token: its body says whose it is.
pub fn request(push: Prepared, config: &Config) -> Result<Request, Vec<Issue>> {
    let mut request = build(&PUSH, None, None, config)?;
    request.headers.push(("Content-Type".into(), "application/json".into()));
    request.body = Some(push.body);
    request.location_id = Some(push.location_id);
    Ok(request)
}
