//! What happens around one request and one answer: attempts, token refresh, retries, turns, pages, payments made once.
//!
//! Nothing here does I/O. A `Call` asks for one thing after the other and is told what came of it (`Ask`, `Told`), so
//! that JavaScript can carry it from wait to wait, and a future of Rust's likewise.

mod limiter;
mod once;
mod pager;
mod pages;
mod retry;
mod run;
mod shared;

pub use limiter::{Limiter, Ticket, Turn};
pub use once::OnceOptions;
pub use pager::{hash, Pager};
pub use pages::{cursor_scope, PageLoop, Place, Taken};
pub use retry::{asked_ms, decide};
pub(crate) use run::{Ask, Done, Run, Told};
pub use shared::RateLimiter;
pub(crate) use shared::Shared;

use crate::core::{build, Config, Error, RateLimit};
use crate::endpoint::Operation;
use crate::shape::Drift;
use once::RecordOnce;

/// How an attempt can fail without a whole answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interruption {
    /// The connection failed or was dropped.
    Network,
    /// The time was over.
    Timeout,
    /// The caller aborted.
    Aborted,
    /// The transport refused before it sent anything, as it would again: there is none, or it cannot take the request.
    Refused,
}

/// An attempt that ended without a whole answer.
#[derive(Debug, Clone)]
pub struct Interrupted {
    /// How it ended.
    pub how: Interruption,
    /// Whether the request may have left this process.
    pub sent: bool,
    /// The status, if the head of an answer came.
    pub status: Option<u16>,
    /// What happened, for people; without secrets.
    pub message: &'static str,
}

/// Something that happened during a call, for logs and metrics. It never holds a token.
#[derive(Debug, Clone, Copy)]
pub enum Event<'a> {
    /// An attempt begins.
    Request {
        /// How many were made with this one.
        attempt: u32,
    },
    /// An answer came.
    Response {
        /// How many attempts were made.
        attempt: u32,
        /// Its status.
        status: u16,
        /// Milliseconds since the attempt began.
        duration_ms: f64,
    },
    /// An answer named the limits.
    RateLimit(RateLimit),
    /// The call will be sent again.
    Retry {
        /// How many attempts were made.
        attempt: u32,
        /// Milliseconds until then.
        delay_ms: f64,
        /// Why.
        reason: &'a Error,
    },
    /// An answer differed from its shape.
    Drift(&'a Drift),
}

/// Which token a call needs.
#[derive(Clone, Copy)]
pub struct TokenRequest<'a> {
    /// The one that was answered with 401: another one is wanted. It must not be logged.
    pub refused: Option<&'a str>,
    /// The location that the call is about, if it is about one.
    pub location_id: Option<&'a str>,
    /// For how many milliseconds it is waited for; may be infinite.
    pub timeout_ms: f64,
}

impl std::fmt::Debug for TokenRequest<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { location_id, timeout_ms, .. } = self;
        let mut shown = f.debug_struct("TokenRequest");
        shown.field("location_id", location_id).field("timeout_ms", timeout_ms).finish_non_exhaustive()
    }
}

/// What a call sees of the outside without waiting for it.
pub(crate) trait Surroundings {
    /// The wall clock, in milliseconds since 1970.
    fn now_ms(&self) -> f64;

    /// A random number from 0 to below 1.
    fn random(&self) -> f64;

    /// Is told what happens.
    fn event(&self, operation: &'static Operation, event: Event<'_>);
}

/// A call on its way.
pub(crate) struct Call {
    /// The request that is at present carried out.
    pub run: Run,
    once: Option<Box<RecordOnce>>,
    /// What comes next is a step of `once`.
    step_due: bool,
}

impl Call {
    /// A call of an operation; an error lists everything that is wrong with it. `once`: it is `orders.recordPayment`, which
    /// is to be looked for before it would be sent again, and how it is to be known.
    pub fn new(
        operation: &'static Operation,
        once: Option<OnceOptions>,
        id: Option<&str>,
        params: Option<&str>,
        config: &Shared<Config>,
        limiter: Option<RateLimiter>,
        now: f64,
    ) -> Result<Self, Error> {
        let mut issues = once.as_ref().map(|once| once.check(params.unwrap_or_default())).unwrap_or_default();
        let request = match build(operation, id, params, config) {
            Ok(request) if issues.is_empty() => request,
            built => {
                issues.extend(built.err().unwrap_or_default());
                return Err(Error::validation(Some(operation), issues));
            }
        };
        let deadline = config.deadline_ms.map_or(f64::INFINITY, |ms| now + f64::from(ms));
        let run = Run::new(operation, request, config.clone(), limiter, deadline);
        let (id, params) = (id.unwrap_or_default(), params.unwrap_or_default());
        let step_due = once.is_some();
        let once = once.map(|options| Box::new(RecordOnce::new(id, params, options, config)));
        Ok(Self { run, once, step_due })
    }

    /// Goes on with what came of what it asked for.
    pub fn next<S: Surroundings>(&mut self, around: &S, mut told: Told) -> Ask {
        loop {
            if let (Some(once), true) = (&mut self.once, std::mem::take(&mut self.step_due)) {
                if matches!(told, Told::Awake(false)) {
                    return Ask::Done(Err(once.given_up(true)));
                }
                match once.run(&self.run, around) {
                    Ok(run) => self.run = run,
                    Err(error) => return Ask::Done(Err(error)),
                }
                told = Told::Nothing;
            }
            let ask = self.run.next(around, told);
            let Some(once) = &mut self.once else { return ask };
            let Ask::Done(result) = ask else { return ask };
            if let Some(result) = once.ended(result) {
                return Ask::Done(result);
            }
            self.step_due = true;
            let wait = f64::from(once.wait());
            if wait > 0.0 && around.now_ms() + wait >= self.run.deadline {
                return Ask::Done(Err(once.given_up(false)));
            }
            if wait > 0.0 {
                return Ask::Wait(wait);
            }
            told = Told::Nothing;
        }
    }
}
