//! What happens around one request and one answer: attempts, token refresh, retries, turns, pages, payments made once.
//!
//! Nothing here does I/O. A `Call` asks for one thing after the other and is told what came of it (`Ask`, `Told`), so
//! that JavaScript can carry it from wait to wait, and a future of Rust's likewise.

#[cfg(test)]
pub(crate) mod counting_server;
mod limiter;
mod once;
mod pager;
mod pages;
mod recent;
mod retry;
mod run;
mod shared;
mod surroundings;

pub use limiter::{Limiter, Ticket, Turn};
pub use once::{OnceOptions, OnceQueue};
pub use pager::{hash, Pager};
pub(crate) use pages::ended_early;
pub use pages::{cursor_scope, PageLoop, Place, Taken};
pub use retry::{asked_ms, decide};
pub(crate) use run::{Ask, Done, Run, Told};
pub use shared::RateLimiter;
pub(crate) use shared::Shared;
pub(crate) use surroundings::Surroundings;
pub use surroundings::{Event, Interrupted, Interruption, TokenRequest};

use crate::core::{build, Config, Error};
use crate::endpoint::Operation;
use once::RecordOnce;
use run::MAX_DELAY_MS;

/// A call on its way.
pub(crate) struct Call {
    /// The request that is at present carried out.
    pub run: Run,
    once: Option<Box<RecordOnce>>,
    /// What comes next is a step of `once`.
    step_due: bool,
    /// The clock at the last step.
    seen: f64,
    /// What it asked for then: for how many milliseconds to wait, and how many that may take at the most.
    waits: (f64, f64),
    /// How many milliseconds less than it waited have passed by the clock.
    behind: f64,
}

impl Call {
    /// A call of an operation; an error lists everything that is wrong with it. `once`: it is `orders.recordPayment`, which
    /// is to be looked for before it would be sent again, how it is to be known, and behind which others it queues.
    pub fn new(
        operation: &'static Operation,
        once: Option<(OnceOptions, OnceQueue)>,
        id: Option<&str>,
        params: Option<&str>,
        config: &Shared<Config>,
        limiter: Option<RateLimiter>,
        now: f64,
    ) -> Result<Self, Error> {
        let mut issues = Vec::new();
        if let Some((once, _)) = &once {
            once.check(params.unwrap_or_default(), &mut issues);
        }
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
        let once = once.map(|(options, queue)| Box::new(RecordOnce::new(id, params, options, queue, config)));
        Ok(Self { run, once, step_due, seen: now, waits: (0.0, 0.0), behind: 0.0 })
    }

    /// A call whose request was made elsewhere. No error quotes `secret`, which its body holds.
    #[cfg(any(test, all(feature = "npm-edge", target_arch = "wasm32")))]
    pub fn of(
        operation: &'static Operation,
        request: crate::core::Request,
        secret: String,
        config: &Shared<Config>,
        limiter: Option<RateLimiter>,
        now: f64,
    ) -> Self {
        let deadline = config.deadline_ms.map_or(f64::INFINITY, |ms| now + f64::from(ms));
        let mut run = Run::new(operation, request, config.clone(), limiter, deadline);
        run.hide(secret);
        Self { run, once: None, step_due: false, seen: now, waits: (0.0, 0.0), behind: 0.0 }
    }

    /// Goes on with what came of what it asked for.
    pub fn next<S: Surroundings>(&mut self, around: &S, told: Told) -> Ask {
        let now = around.now_ms();
        self.keep_deadline(now);
        if let (Some(once), Told::Answer(_)) = (&mut self.once, &told) {
            once.hears(around.steady_ms());
        }
        let ask = self.go_on(around, told);
        self.waits = match ask {
            Ask::Token => (0.0, f64::from(self.run.config.timeout_ms)),
            Ask::Wait(ms) => (ms, ms),
            Ask::Send(ms) => (0.0, f64::from(ms)),
            Ask::Turn | Ask::Done(_) => (0.0, 0.0),
        };
        if let Some(once) = &mut self.once {
            let (now, most) = (around.steady_ms(), self.waits.1);
            match ask {
                Ask::Send(_) => once.sends(now, most),
                Ask::Done(_) => once.ends(),
                _ => once.waits(now, most),
            }
        }
        ask
    }

    /// Ends before it has come to an end: whoever carries it goes no further.
    pub fn leave<S: Surroundings>(&mut self, around: &S) {
        self.run.leave(around.now_ms());
        if let Some(once) = &mut self.once {
            once.hears(around.steady_ms());
            once.ends();
        }
    }

    /// A clock that was set during a wait, in either direction, takes the deadline along: of that time only what was to be
    /// waited counts. A machine that slept looks the same. Where the clock stands still, what was waited counts.
    ///
    /// `performance.now`, which nobody can set, is no way out: tools that let a test's time pass faster move `Date` and the timers,
    /// and not all of them move that.
    fn keep_deadline(&mut self, now: f64) {
        let (passed, (wait, most)) = (now - self.seen, self.waits);
        self.seen = now;
        if passed < 0.0 || passed > most + MAX_DELAY_MS {
            self.run.deadline += passed - wait;
            return;
        }
        let before = self.behind;
        self.behind = (before + wait - passed).max(0.0);
        self.run.deadline -= self.behind - before;
    }

    fn go_on<S: Surroundings>(&mut self, around: &S, mut told: Told) -> Ask {
        loop {
            if let (Some(once), true) = (&mut self.once, self.step_due) {
                if matches!(told, Told::Awake(false)) {
                    return Ask::Done(Err(once.given_up(true)));
                }
                if let Some(ms) = once.queue(around.steady_ms()) {
                    if around.now_ms() + ms >= self.run.deadline {
                        return Ask::Done(Err(once.given_up(false)));
                    }
                    return Ask::Wait(ms);
                }
                self.step_due = false;
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

#[cfg(test)]
mod tests;
