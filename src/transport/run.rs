//! One call: attempts, token refresh, retries. The only loop of the crate, for Rust and JavaScript callers alike.

use super::{Event, Interrupted, Interruption, Transport};
use crate::core::{
    decide, outcome, read, retryable, Answer, Attempt, Config, Decision, Error, ErrorKind, Failure, Outcome, RateLimit,
    Request,
};
use crate::endpoint::Operation;
use crate::shape::joined;

/// A call that succeeded.
pub(crate) struct Done {
    pub answer: Answer,
    pub attempts: u32,
    pub rate_limit: Option<RateLimit>,
}

/// Carries out a call.
pub(crate) async fn run<T: Transport>(
    transport: &T,
    operation: &'static Operation,
    request: &Request,
    config: &Config,
) -> Result<Done, Error> {
    let mut attempts = 0;
    let mut refreshed = false;
    // An earlier attempt may have been carried out: a later refusal does not undo it.
    let mut doubt = false;
    let mut token = transport.token(None).await.map_err(|mut error| {
        error.operation = Some(operation);
        error
    })?;
    loop {
        attempts += 1;
        transport.event(operation, Event::Request { attempt: attempts });
        let began = transport.now_ms();
        let (mut error, failure) = match transport.send(request, token.as_deref(), config.timeout_ms).await {
            Ok(response) => {
                let now = transport.now_ms();
                let (status, rate_limit) = (response.status, response.rate_limit);
                transport.event(operation, Event::Response { attempt: attempts, status, duration_ms: now - began });
                if let Some(limits) = rate_limit {
                    transport.event(operation, Event::RateLimit(limits));
                }
                match read(operation, response, config.strict, &[token.as_deref().unwrap_or("")], now) {
                    Ok(answer) => {
                        for drift in &answer.checked.drifts {
                            transport.event(operation, Event::Drift(drift));
                        }
                        return Ok(Done { answer, attempts, rate_limit });
                    }
                    Err(error) if error.kind == ErrorKind::Decode => (error, Failure::Undecodable),
                    Err(error) => (error, Failure::Status(status)),
                }
            }
            Err(interrupted) => interruption(operation, &interrupted),
        };
        error.attempts = attempts;
        doubt |= error.outcome == Outcome::Unknown;

        if error.kind == ErrorKind::Authentication && !refreshed {
            refreshed = true;
            if let Some(fresh) = transport.token(Some(token.as_deref().unwrap_or(""))).await.ok().flatten() {
                token = Some(fresh);
                continue;
            }
        }
        let decision = decide(&Attempt {
            safety: operation.safety,
            failure,
            attempts,
            max_retries: config.max_retries,
            delay_ms: config.retry_delay_ms,
            retry_after_ms: error.retry_after_ms,
            interval_ms: error.rate_limit.and_then(|limit| limit.interval_ms),
            random: transport.random(),
        });
        if doubt && error.outcome != Outcome::Applied {
            error.outcome = Outcome::Unknown;
        }
        let Decision::RetryAfter(delay_ms) = decision else {
            return Err(error);
        };
        transport.event(operation, Event::Retry { attempt: attempts, delay_ms, reason: &error });
        if !transport.sleep(delay_ms).await {
            error.message =
                joined(&[operation.name, " was aborted while it waited to be sent again after: ", &error.message]);
            error.kind = ErrorKind::Aborted;
            error.retryable = false;
            return Err(error);
        }
    }
}

/// The error for an attempt that ended without a whole answer.
fn interruption(operation: &'static Operation, interrupted: &Interrupted) -> (Error, Failure) {
    let (kind, failed) = match interrupted.how {
        Interruption::Network => (ErrorKind::Network, Failure::Network),
        Interruption::Timeout => (ErrorKind::Timeout, Failure::Timeout),
        Interruption::Aborted => (ErrorKind::Aborted, Failure::Aborted),
    };
    // The head of the answer says whether the server acted, whatever happened to its body.
    let failure = match interrupted.status {
        Some(200..=299) => Failure::BodyLost,
        Some(status) => Failure::Status(status),
        None if !interrupted.sent => Failure::NotSent,
        None => failed,
    };
    let message = joined(&[operation.name, ": ", interrupted.message]);
    // A call that its caller gave up is not sent again, whatever the server said.
    let decided_by = if interrupted.how == Interruption::Aborted { Failure::Aborted } else { failure };
    let mut error = Error::new(kind, Some(operation), outcome(operation.safety, failure), message);
    error.status = interrupted.status;
    error.retryable = retryable(operation.safety, decided_by);
    (error, decided_by)
}
