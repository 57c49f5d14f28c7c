//! One call as a state machine: attempts, token refresh, retries, turns. It asks for one thing after the other and is told
//! what came of it, so that JavaScript can carry a call from wait to wait, and a future of Rust's likewise.

use super::limiter::{Ticket, Turn};
use super::pager::hash;
use super::retry::{asked_ms, decide};
use super::{Event, Interrupted, Interruption, RateLimiter, Shared, Surroundings};
use crate::core::{
    outcome, read_masked, retryable, Answer, Config, Error, ErrorKind, Failure, Outcome, RateLimit, Request, Response,
};
use crate::endpoint::Operation;
use crate::json::{field, joined, json_text};

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
    Done(Result<Box<Done>, Error>),
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
    pub config: Shared<Config>,
    /// In milliseconds since 1970, or infinite.
    pub deadline: f64,
    pub limiter: Option<RateLimiter>,
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
    failed: Option<Error>,
}

impl Run {
    pub fn new(
        operation: &'static Operation,
        request: Request,
        config: Shared<Config>,
        limiter: Option<RateLimiter>,
        deadline: f64,
    ) -> Self {
        let location = hash(request.location_id.as_deref().unwrap_or_default().as_bytes());
        Self {
            operation,
            secrets: keys(request.body.as_deref().unwrap_or_default()),
            request,
            token: None,
            deadline,
            limiter,
            ticket: Ticket::new(location, config.background),
            config,
            flying: false,
            attempts: 0,
            began: 0.0,
            refreshed: false,
            doubt: false,
            failed: None,
        }
    }

    /// The token that was answered with 401.
    #[inline(always)]
    pub fn rejected(&self) -> Option<&str> {
        self.refreshed.then(|| self.token.as_deref().unwrap_or_default())
    }

    /// How many milliseconds it may wait for a token.
    #[cfg(all(feature = "npm", target_arch = "wasm32"))]
    pub fn patience(&self, now: f64) -> f64 {
        f64::from(self.config.timeout_ms).min(self.deadline - now)
    }

    pub fn next<S: Surroundings>(&mut self, around: &S, told: Told) -> Ask {
        let now = around.now_ms();
        let ask = self.told(around, now, told);
        if matches!(ask, Ask::Done(_)) {
            self.leave(now);
        }
        ask
    }

    fn told<S: Surroundings>(&mut self, around: &S, now: f64, told: Told) -> Ask {
        match told {
            Told::Nothing => return Ask::Token,
            Told::Token(Ok(token)) if token.is_some() || !self.refreshed => {
                if let Some(token) = &token {
                    self.secrets.push(token.clone());
                }
                self.token = token;
            }
            Told::Token(Err(mut error)) if !self.refreshed => {
                error.operation = Some(self.operation);
                return Ask::Done(Err(error));
            }
            Told::Token(Err(error)) if matches!(error.kind, ErrorKind::Aborted | ErrorKind::Timeout) => {
                return self.given_up(error.kind == ErrorKind::Aborted);
            }
            // There is no other token: what failed has failed.
            Told::Token(_) => {
                return match self.failed.take() {
                    Some(error) => self.decide(around, now, error),
                    None => self.given_up(false),
                };
            }
            Told::Awake(true) => {}
            Told::Awake(false) => return self.given_up(true),
            Told::Answer(answer) => return self.answered(around, now, answer),
        }
        let turn = match &self.limiter {
            Some(limiter) => limiter.lock().ask(&mut self.ticket, now as u64),
            None => Turn::Go,
        };
        self.flying = turn == Turn::Go;
        match turn {
            Turn::Wait(ms) if now + f64::from(ms) < self.deadline => Ask::Wait(f64::from(ms)),
            Turn::Go if now < self.deadline => {
                self.attempts += 1;
                self.began = now;
                around.event(self.operation, Event::Request { attempt: self.attempts });
                Ask::Send(f64::from(self.config.timeout_ms).min((self.deadline - now).ceil()) as u32)
            }
            _ => self.given_up(false),
        }
    }

    /// An attempt has ended.
    fn answered<S: Surroundings>(&mut self, around: &S, now: f64, answer: Result<Response, Interrupted>) -> Ask {
        let (operation, attempt) = (self.operation, self.attempts);
        let mut error = match answer {
            Ok(response) => {
                let (status, rate_limit) = (response.status, response.rate_limit);
                around.event(operation, Event::Response { attempt, status, duration_ms: now - self.began });
                let answer = read_masked(operation, response, self.config.strict, &self.secrets, now);
                let limits = rate_limit.as_ref();
                let refused = match &answer {
                    // A 429 that names no time closes nothing: this call backs off, others find out for themselves.
                    Err(error) if status == 429 => Some(asked_ms(error) as u64),
                    _ => None,
                };
                // Only an answer of the API itself says that there is no limit: an error may come from in front of it.
                let none = (200..300).contains(&status).then_some(&NO_LIMITS);
                self.landed(now, limits.or(none), refused);
                if let Some(limits) = rate_limit {
                    around.event(operation, Event::RateLimit(limits));
                }
                match answer {
                    Ok(answer) => {
                        for drift in &answer.checked.drifts {
                            around.event(operation, Event::Drift(drift));
                        }
                        return Ask::Done(Ok(Box::new(Done { answer, attempts: attempt, rate_limit })));
                    }
                    Err(error) => error,
                }
            }
            Err(interrupted) => {
                self.landed(now, None, None);
                interruption(operation, &interrupted)
            }
        };
        error.attempts = attempt;
        self.doubt |= error.outcome == Outcome::Unknown;
        if self.doubt && error.outcome != Outcome::Applied {
            error.outcome = Outcome::Unknown;
        }
        if error.kind == ErrorKind::Authentication && !self.refreshed {
            self.failed = Some(error);
            self.refreshed = true;
            return Ask::Token;
        }
        self.decide(around, now, error)
    }

    /// Whether what failed is sent again.
    fn decide<S: Surroundings>(&mut self, around: &S, now: f64, error: Error) -> Ask {
        let wait = decide(&error, self.config.max_retries, self.config.retry_delay_ms, around.random());
        if let Some(delay_ms) = wait.filter(|delay_ms| now + delay_ms < self.deadline) {
            let event = Event::Retry { attempt: self.attempts, delay_ms, reason: &error };
            around.event(self.operation, event);
            self.failed = Some(error);
            return Ask::Wait(delay_ms);
        }
        Ask::Done(Err(error))
    }

    /// Ends before its first attempt, or after one that failed: the caller aborted, or else the time is over.
    fn given_up(&mut self, aborted: bool) -> Ask {
        let operation = self.operation;
        let kind = if aborted { ErrorKind::Aborted } else { ErrorKind::Timeout };
        let Some(mut error) = self.failed.take() else {
            let why =
                if aborted { " was aborted before it was sent" } else { " could not be sent in time (deadlineMs)" };
            let mut error = Error::new(kind, Some(operation), Outcome::NotSent, joined(&[operation.name, why]));
            error.retryable = !aborted;
            return Ask::Done(Err(error));
        };
        // With a fresh token it would have been sent again: the refusal of the old one says nothing.
        if aborted || error.kind == ErrorKind::Authentication {
            let why = if aborted { "was aborted while it waited to be" } else { "could not in time (deadlineMs) be" };
            error.message = joined(&[operation.name, " ", why, " sent again after: ", &error.message]);
            error.kind = kind;
            error.retryable = !aborted && error.outcome != Outcome::Unknown;
        }
        Ask::Done(Err(error))
    }

    /// Gives back what it holds of the limiter.
    pub fn leave(&mut self, now: f64) {
        self.landed(now, None, None);
        if let Some(limiter) = &self.limiter {
            limiter.lock().leave(&self.ticket, now as u64);
        }
    }

    fn landed(&mut self, now: f64, named: Option<&RateLimit>, refused: Option<u64>) {
        if let (Some(limiter), true) = (&self.limiter, std::mem::take(&mut self.flying)) {
            limiter.lock().done(&self.ticket, now as u64, named, refused);
        }
    }
}

/// What an answer without the headers says.
static NO_LIMITS: RateLimit =
    RateLimit { limit: None, remaining: None, interval_ms: None, daily_limit: None, daily_remaining: None };

/// The keys of a payment provider in a body: those of its two modes.
fn keys(body: &str) -> Vec<String> {
    let mut found = Vec::new();
    for mode in &["live", "test"] {
        for name in &["apiKey", "publishableKey"] {
            if let Some(key) = json_text(field(field(body.as_bytes(), mode), name)) {
                // What is shorter stands in any text by chance.
                if key.len() >= 8 {
                    found.extend(Some(key));
                }
            }
        }
    }
    found
}

/// The error for an attempt that ended without a whole answer.
#[inline(always)]
fn interruption(operation: &'static Operation, interrupted: &Interrupted) -> Error {
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
    error
}
