//! One call as a state machine: attempts, token refresh, retries, turns. It asks for one thing after the other and is told
//! what came of it, so that JavaScript can carry a call from wait to wait, and a future of Rust's likewise.

use super::{Event, Interrupted, Interruption, RateLimiter, Transport};
use crate::core::{
    decide, hash, outcome, read, retry_after_ms, retryable, Answer, Attempt, Config, Decision, End, Error, ErrorKind,
    Failure, Outcome, RateLimit, Request, Response, Ticket, Turn,
};
use crate::endpoint::Operation;
use crate::shape::{joined, json_text, members};

/// A call that succeeded.
pub(crate) struct Done {
    pub answer: Answer,
    pub attempts: u32,
    pub rate_limit: Option<RateLimit>,
}

/// What a call needs next.
pub(crate) enum Ask {
    /// A token; see [`Run::rejected`].
    Token,
    /// To wait so many milliseconds.
    Wait(f64),
    /// To send [`Run::request`] and to wait for the answer so many milliseconds.
    Send(u32),
    /// Nothing: it has ended.
    Done(Result<Done, Error>),
}

/// What came of it.
pub(crate) enum Told {
    /// It begins.
    Nothing,
    Token(Result<Option<String>, Error>),
    /// `false`: the caller aborted.
    Awake(bool),
    Answer(Result<Response, Interrupted>),
}

/// One request with all its attempts.
pub(crate) struct Run {
    operation: &'static Operation,
    pub request: Request,
    pub token: Option<String>,
    /// What no error may quote: every token that was sent, and the keys in the body.
    secrets: Vec<String>,
    strict: bool,
    timeout_ms: u32,
    max_retries: u32,
    retry_delay_ms: u32,
    /// In milliseconds since 1970, or infinite.
    pub deadline: f64,
    limiter: Option<RateLimiter>,
    ticket: Ticket,
    /// An attempt holds a turn of the limiter.
    flying: bool,
    attempts: u32,
    /// When the last attempt began.
    began: f64,
    /// The token was refused, and another one was asked for.
    refreshed: bool,
    /// An earlier attempt may have been carried out: a later refusal does not undo it.
    doubt: bool,
    /// What the last attempt failed with.
    failed: Option<(Error, Failure)>,
}

impl Run {
    pub fn new(
        operation: &'static Operation,
        request: Request,
        config: &Config,
        limiter: Option<RateLimiter>,
        deadline: f64,
    ) -> Self {
        let location = hash(request.location_id.as_deref().unwrap_or_default().as_bytes());
        Self {
            operation,
            secrets: keys(request.body.as_deref().unwrap_or_default()),
            request,
            token: None,
            strict: config.strict,
            timeout_ms: config.timeout_ms,
            max_retries: config.max_retries,
            retry_delay_ms: config.retry_delay_ms,
            deadline,
            limiter,
            ticket: Ticket::new(location, config.background),
            flying: false,
            attempts: 0,
            began: 0.0,
            refreshed: false,
            doubt: false,
            failed: None,
        }
    }

    /// The token that was answered with 401.
    pub fn rejected(&self) -> Option<&str> {
        self.refreshed.then(|| self.token.as_deref().unwrap_or_default())
    }

    /// How many milliseconds it may wait for a token.
    #[cfg(all(feature = "npm", target_arch = "wasm32"))]
    pub fn patience(&self, now: f64) -> f64 {
        f64::from(self.timeout_ms).min(self.deadline - now)
    }

    pub fn next<T: Transport>(&mut self, transport: &T, told: Told) -> Ask {
        let now = transport.now_ms();
        match told {
            Told::Nothing => return Ask::Token,
            Told::Token(Ok(token)) if token.is_some() || !self.refreshed => {
                self.secrets.extend(token.clone());
                self.token = token;
            }
            Told::Token(Err(mut error)) if !self.refreshed => {
                error.operation = Some(self.operation);
                return self.ended(now, Err(error));
            }
            Told::Token(Err(error)) if matches!(error.kind, ErrorKind::Aborted | ErrorKind::Timeout) => {
                let aborted = error.kind == ErrorKind::Aborted;
                let error = self.given_up(if aborted { Interruption::Aborted } else { Interruption::Timeout });
                return self.ended(now, Err(error));
            }
            // There is no other token: what failed has failed.
            Told::Token(_) => return self.decide(transport, now),
            Told::Awake(true) => {}
            Told::Awake(false) => {
                let error = self.given_up(Interruption::Aborted);
                return self.ended(now, Err(error));
            }
            Told::Answer(answer) => return self.answered(transport, now, answer),
        }
        let turn = self
            .limiter
            .as_ref()
            .map_or(Turn::Go, |limiter| limiter.with(|limiter| limiter.ask(&mut self.ticket, now as u64)));
        self.flying = turn == Turn::Go;
        match turn {
            Turn::Wait(ms) if now + f64::from(ms) < self.deadline => Ask::Wait(f64::from(ms)),
            Turn::Go if now < self.deadline => {
                self.attempts += 1;
                self.began = now;
                transport.event(self.operation, Event::Request { attempt: self.attempts });
                Ask::Send(f64::from(self.timeout_ms).min((self.deadline - now).ceil()) as u32)
            }
            _ => {
                let error = self.given_up(Interruption::Timeout);
                self.ended(now, Err(error))
            }
        }
    }

    /// An attempt has ended.
    fn answered<T: Transport>(&mut self, transport: &T, now: f64, answer: Result<Response, Interrupted>) -> Ask {
        let (operation, attempt) = (self.operation, self.attempts);
        let (mut error, failure) = match answer {
            Ok(response) => {
                let (status, rate_limit) = (response.status, response.rate_limit);
                transport.event(operation, Event::Response { attempt, status, duration_ms: now - self.began });
                let asked = || response.retry_after.as_deref().and_then(|text| retry_after_ms(text, now));
                let interval = || rate_limit.and_then(|limit| limit.interval_ms);
                // A 429 that names no time closes nothing: this call backs off, others find out for themselves.
                let refused = (status == 429).then(|| asked().or_else(interval).unwrap_or(0.0) as u64);
                // Only an answer of the API itself says that there is no limit: an error may come from in front of it.
                let named = rate_limit.or_else(|| (200..300).contains(&status).then(RateLimit::default));
                self.landed(now, End::Answered { named, refused });
                if let Some(limits) = rate_limit {
                    transport.event(operation, Event::RateLimit(limits));
                }
                let secrets: Vec<&str> = self.secrets.iter().map(String::as_str).collect();
                match read(operation, response, self.strict, &secrets, now) {
                    Ok(answer) => {
                        for drift in &answer.checked.drifts {
                            transport.event(operation, Event::Drift(drift));
                        }
                        return self.ended(now, Ok(Done { answer, attempts: attempt, rate_limit }));
                    }
                    Err(error) if error.kind == ErrorKind::Decode => (error, Failure::Undecodable),
                    Err(error) => (error, Failure::Status(status)),
                }
            }
            Err(interrupted) => {
                self.landed(now, End::Lost);
                interruption(operation, &interrupted)
            }
        };
        error.attempts = attempt;
        self.doubt |= error.outcome == Outcome::Unknown;
        if self.doubt && error.outcome != Outcome::Applied {
            error.outcome = Outcome::Unknown;
        }
        let refused = error.kind == ErrorKind::Authentication;
        self.failed = Some((error, failure));
        if refused && !self.refreshed {
            self.refreshed = true;
            return Ask::Token;
        }
        self.decide(transport, now)
    }

    /// Whether what failed is sent again.
    fn decide<T: Transport>(&mut self, transport: &T, now: f64) -> Ask {
        if let Some((error, failure)) = self.failed.take() {
            let decision = decide(&Attempt {
                safety: self.operation.safety,
                failure,
                attempts: self.attempts,
                max_retries: self.max_retries,
                delay_ms: self.retry_delay_ms,
                retry_after_ms: error.retry_after_ms,
                interval_ms: error.rate_limit.and_then(|limit| limit.interval_ms),
                random: transport.random(),
            });
            if let Decision::RetryAfter(delay_ms) = decision {
                if now + delay_ms < self.deadline {
                    let event = Event::Retry { attempt: self.attempts, delay_ms, reason: &error };
                    transport.event(self.operation, event);
                    self.failed = Some((error, failure));
                    return Ask::Wait(delay_ms);
                }
            }
            return self.ended(now, Err(error));
        }
        let error = self.given_up(Interruption::Timeout);
        self.ended(now, Err(error))
    }

    /// The error of a call that ends before its first attempt, or after one that failed.
    fn given_up(&mut self, how: Interruption) -> Error {
        let operation = self.operation;
        let aborted = how == Interruption::Aborted;
        let kind = if aborted { ErrorKind::Aborted } else { ErrorKind::Timeout };
        let Some((mut error, _)) = self.failed.take() else {
            let why =
                if aborted { " was aborted before it was sent" } else { " could not be sent in time (deadlineMs)" };
            let mut error = Error::new(kind, Some(operation), Outcome::NotSent, joined(&[operation.name, why]));
            error.retryable = !aborted;
            return error;
        };
        // With a fresh token it would have been sent again: the refusal of the old one says nothing.
        if aborted || error.kind == ErrorKind::Authentication {
            let why = if aborted { "was aborted while it waited to be" } else { "could not in time (deadlineMs) be" };
            error.message = joined(&[operation.name, " ", why, " sent again after: ", &error.message]);
            error.kind = kind;
            error.retryable = !aborted && error.outcome != Outcome::Unknown;
        }
        error
    }

    fn ended(&mut self, now: f64, result: Result<Done, Error>) -> Ask {
        self.leave(now);
        Ask::Done(result)
    }

    /// Gives back what it holds of the limiter.
    pub fn leave(&mut self, now: f64) {
        self.landed(now, End::Lost);
        if let Some(limiter) = &self.limiter {
            limiter.with(|limiter| limiter.leave(&self.ticket, now as u64));
        }
    }

    fn landed(&mut self, now: f64, end: End) {
        if let (Some(limiter), true) = (&self.limiter, std::mem::take(&mut self.flying)) {
            limiter.with(|limiter| limiter.done(&self.ticket, now as u64, end));
        }
    }
}

/// The keys of a payment provider in a body: `apiKey` and `publishableKey` of its modes.
fn keys(body: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (_, mode) in members(body) {
        for (name, value) in members(std::str::from_utf8(mode).unwrap_or_default()) {
            if name.ends_with(b"Key") {
                found.extend(json_text(value).filter(|key| key.len() >= MIN_KEY));
            }
        }
    }
    found
}

/// What is shorter stands in any text by chance.
const MIN_KEY: usize = 8;

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
