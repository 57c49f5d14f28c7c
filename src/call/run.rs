//! One call as a state machine: attempts, token refresh, retries, turns. It asks for one thing after the other and is told
//! what came of it, so that JavaScript can carry a call from wait to wait, and a future of Rust's likewise.

use super::limiter::{Ticket, Turn};
use super::pager::hash;
use super::retry::{asked_ms, decide};
use super::{Event, Interrupted, Interruption, RateLimiter, Shared, Surroundings, TokenRequest};
use crate::core::{
    lacks_scope, outcome, read_masked, retryable, Answer, Config, Error, ErrorKind, Failure, Outcome, RateLimit,
    Request, Response,
};
use crate::endpoint::Operation;
use crate::json::{field, joined, json_text};

/// A call that succeeded.
pub(crate) struct Done {
    pub answer: Answer,
    pub attempts: u32,
    pub rate_limit: Option<RateLimit>,
}

/// The longest time in milliseconds that a call without a deadline waits for its turns.
const MAX_QUEUED_MS: f64 = 600_000.0;

/// A wait that took so much longer than it should was not one: the machine slept, or its clock was set.
pub(super) const MAX_DELAY_MS: f64 = 60_000.0;

/// What a call needs next.
pub(crate) enum Ask {
    /// A token; [`Run::token_wanted`] says which.
    Token,
    /// A turn; [`Run::turn`] gives one.
    Turn,
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
    Turn(Turn),
    /// `false`: the caller aborted.
    Awake(bool),
    Answer(Result<Response, Interrupted>),
}

/// One request with all its attempts.
pub(crate) struct Run {
    pub operation: &'static Operation,
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
    /// How many milliseconds it has waited for its turns.
    queued: f64,
    /// How many it may wait for them, as of the first one.
    most_queued: Option<f64>,
    /// When it was told to wait for its turn, and for how many milliseconds; until it goes on.
    queuing: Option<(f64, f64)>,
    attempts: u32,
    /// How many of the attempts were made because one before had failed; one with a fresh token is not among them.
    retries: u32,
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
            queued: 0.0,
            most_queued: None,
            queuing: None,
            attempts: 0,
            retries: 0,
            began: 0.0,
            refreshed: false,
            doubt: false,
            failed: None,
        }
    }

    /// The next request of the same call, which has what is left of the call's time.
    pub fn followed_by(&self, operation: &'static Operation, request: Request) -> Self {
        let next = Self::new(operation, request, self.config.clone(), self.limiter.clone(), self.deadline);
        Self { queued: self.queued, most_queued: self.most_queued, ..next }
    }

    /// The token that it needs.
    pub fn token_wanted(&self, now: f64) -> TokenRequest<'_> {
        TokenRequest {
            refused: self.refreshed.then(|| self.token.as_deref().unwrap_or_default()),
            location_id: self.request.location_id.as_deref(),
            timeout_ms: f64::from(self.config.timeout_ms).min(self.deadline - now),
        }
    }

    /// Notes what no error may quote.
    #[cfg(any(test, all(feature = "npm-edge", target_arch = "wasm32")))]
    pub fn hide(&mut self, secret: String) {
        self.secrets.push(secret);
    }

    /// The tokens that were sent: what stands in front of them are the keys in the body.
    #[cfg(any(test, all(feature = "npm-edge", target_arch = "wasm32")))]
    pub fn tokens(&self) -> &[String] {
        let keys = keys(self.request.body.as_deref().unwrap_or_default());
        self.secrets.get(keys.len()..).unwrap_or_default()
    }

    /// Asks the limiter for a turn.
    pub fn turn(&mut self, now: f64) -> Turn {
        let Some(limiter) = &self.limiter else { return Turn::Go };
        let turn = limiter.lock().ask(&mut self.ticket, now as u64, u64::from(self.config.timeout_ms));
        self.flying = turn == Turn::Go;
        turn
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
            Told::Turn(turn) => return self.queue(around, now, turn),
            Told::Awake(false) => return self.given_up(true),
            Told::Answer(answer) => return self.answered(around, now, answer),
        }
        Ask::Turn
    }

    /// It may send, or has to wait for that.
    fn queue<S: Surroundings>(&mut self, around: &S, now: f64, turn: Turn) -> Ask {
        if let Some((since, ms)) = self.queuing.take() {
            self.queued += (now - since).min(ms + MAX_DELAY_MS).max(ms);
        }
        // By what was waited, too: a clock that stands still, as under fake timers, would never reach the deadline.
        let most = *self.most_queued.get_or_insert(if self.deadline.is_finite() {
            self.deadline - now
        } else {
            MAX_QUEUED_MS
        });
        if now >= self.deadline || self.queued >= most {
            return self.given_up(false);
        }
        match turn {
            Turn::Wait(ms) => {
                let ms = f64::from(ms).min((self.deadline - now).ceil());
                self.queuing = Some((now, ms));
                Ask::Wait(ms)
            }
            Turn::Go => {
                self.attempts += 1;
                self.began = now;
                around.event(self.operation, Event::Request { attempt: self.attempts });
                Ask::Send(f64::from(self.config.timeout_ms).min((self.deadline - now).ceil()) as u32)
            }
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
                let refused = match &answer {
                    // A 429 that names no time closes nothing: this call backs off, others find out for themselves.
                    Err(error) if status == 429 => Some(asked_ms(error) as u64),
                    _ => None,
                };
                self.landed(now, rate_limit.as_ref(), refused);
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
        // Where the scope is missing another token would lack it as well, and getting one may use up a refresh token.
        if error.kind == ErrorKind::Authentication && !self.refreshed && !lacks_scope(&error.messages) {
            self.failed = Some(error);
            self.refreshed = true;
            return Ask::Token;
        }
        self.decide(around, now, error)
    }

    /// Whether what failed is sent again.
    fn decide<S: Surroundings>(&mut self, around: &S, now: f64, error: Error) -> Ask {
        let config = &self.config;
        let wait = decide(&error, self.retries, config.max_retries, config.retry_delay_ms, around.random());
        if let Some(delay_ms) = wait.filter(|delay_ms| now + delay_ms < self.deadline) {
            let event = Event::Retry { attempt: self.attempts, delay_ms, reason: &error };
            around.event(self.operation, event);
            self.failed = Some(error);
            self.retries += 1;
            return Ask::Wait(delay_ms);
        }
        Ask::Done(Err(error))
    }

    /// Ends before its first attempt, or after one that failed: the caller aborted, or else the time is over.
    fn given_up(&mut self, aborted: bool) -> Ask {
        let operation = self.operation;
        let kind = if aborted { ErrorKind::Aborted } else { ErrorKind::Timeout };
        let why = match aborted {
            true => " was aborted while it waited to be sent",
            false if self.deadline.is_finite() => " could not be sent in time (deadlineMs)",
            false => " could not be sent in ten minutes of waiting for the rate limit; set deadlineMs for another time",
        };
        let Some(mut error) = self.failed.take() else {
            let mut error = Error::new(kind, Some(operation), Outcome::NotSent, joined(&[operation.name, why]));
            error.retryable = !aborted;
            return Ask::Done(Err(error));
        };
        error.message = joined(&[operation.name, why, " again after: ", &error.message]);
        // With a fresh token it would have been sent again: the refusal of the old one says nothing.
        let refused = error.kind == ErrorKind::Authentication && error.outcome != Outcome::Unknown;
        error.retryable = !aborted && (error.retryable || refused);
        error.kind = kind;
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
        Interruption::Refused => (ErrorKind::Network, Failure::NotSent),
    };
    // The head of the answer says whether the server acted, whatever happened to its body.
    let failure = match interrupted.status {
        Some(200..=299) => Failure::BodyLost,
        Some(status) => Failure::Status(status),
        None if !interrupted.sent => Failure::NotSent,
        None => failed,
    };
    let message = joined(&[operation.name, ": ", interrupted.message]);
    // A call that its caller gave up is not sent again, whatever the server said, nor one that cannot be sent at all.
    let again = !matches!(interrupted.how, Interruption::Aborted | Interruption::Refused);
    let mut error = Error::new(kind, Some(operation), outcome(operation.safety, failure), message);
    error.status = interrupted.status;
    error.retryable = again && retryable(operation.safety, failure);
    error
}

#[cfg(test)]
pub(super) mod tests;
