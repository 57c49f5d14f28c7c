//! One call: attempts, token refresh, retries. The only loop of the crate, for Rust and JavaScript callers alike.

use super::limits::{Turns, Waited};
use super::{Event, Interrupted, Interruption, RateLimiter, Transport};
use crate::core::{
    decide, outcome, read, retry_after_ms, retryable, Answer, Attempt, Config, Decision, End, Error, ErrorKind,
    Failure, Outcome, RateLimit, Request,
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
    limiter: Option<&RateLimiter>,
) -> Result<Done, Error> {
    let deadline = config.deadline_ms.map_or(f64::INFINITY, |ms| transport.now_ms() + f64::from(ms));
    let mut turns = Turns::new(transport, limiter, config);
    let mut attempts = 0;
    let mut refreshed = false;
    // An earlier attempt may have been carried out: a later refusal does not undo it.
    let mut doubt = false;
    let mut token = transport.token(None).await.map_err(|mut error| {
        error.operation = Some(operation);
        error
    })?;
    // What the last attempt failed with.
    let mut failed: Option<Error> = None;
    loop {
        let waited = turns.next(deadline).await;
        let began = transport.now_ms();
        if waited != Waited::Turn || began >= deadline {
            let how = if waited == Waited::Aborted { Interruption::Aborted } else { Interruption::Timeout };
            return Err(given_up(operation, how, failed));
        }
        attempts += 1;
        transport.event(operation, Event::Request { attempt: attempts });
        let timeout_ms = f64::from(config.timeout_ms).min((deadline - began).ceil()) as u32;
        let (mut error, failure) = match transport.send(request, token.as_deref(), timeout_ms).await {
            Ok(response) => {
                let now = transport.now_ms();
                let (status, rate_limit) = (response.status, response.rate_limit);
                transport.event(operation, Event::Response { attempt: attempts, status, duration_ms: now - began });
                let asked = || response.retry_after.as_deref().and_then(|text| retry_after_ms(text, now));
                let interval = || rate_limit.and_then(|limit| limit.interval_ms);
                // A 429 that names no time closes nothing: this call backs off, others find out for themselves.
                let refused = (status == 429).then(|| asked().or_else(interval).unwrap_or(0.0) as u64);
                turns.done(End::Answered { named: rate_limit, refused });
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
            Err(interrupted) => {
                turns.done(End::Lost);
                interruption(operation, &interrupted)
            }
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
        if transport.now_ms() + delay_ms >= deadline {
            return Err(error);
        }
        transport.event(operation, Event::Retry { attempt: attempts, delay_ms, reason: &error });
        if !transport.sleep(delay_ms).await {
            return Err(given_up(operation, Interruption::Aborted, Some(error)));
        }
        failed = Some(error);
    }
}

/// The error of a call that ends while it waits, before its first attempt or after one that failed.
fn given_up(operation: &'static Operation, how: Interruption, failed: Option<Error>) -> Error {
    let aborted = how == Interruption::Aborted;
    let kind = if aborted { ErrorKind::Aborted } else { ErrorKind::Timeout };
    let Some(mut error) = failed else {
        let why = if aborted { " was aborted before it was sent" } else { " could not be sent in time (deadlineMs)" };
        let mut error = Error::new(kind, Some(operation), Outcome::NotSent, joined(&[operation.name, why]));
        error.retryable = !aborted;
        return error;
    };
    if aborted {
        let after = " was aborted while it waited to be sent again after: ";
        error.message = joined(&[operation.name, after, &error.message]);
        error.kind = kind;
        error.retryable = false;
    }
    error
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
