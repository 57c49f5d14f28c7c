//! A call of a caller: one [`Run`], or the several that record a payment once.

use super::once::RecordOnce;
use super::run::{Ask, Done, Run, Told};
use super::{RateLimiter, Shared, Transport};
use crate::core::{build, Config, Error};
use crate::endpoint::Operation;

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
    /// is to be looked for before it would be sent again.
    pub fn new(
        operation: &'static Operation,
        once: bool,
        id: Option<&str>,
        params: Option<&str>,
        config: &Shared<Config>,
        limiter: Option<RateLimiter>,
        now: f64,
    ) -> Result<Self, Error> {
        let request =
            build(operation, id, params, config).map_err(|issues| Error::validation(Some(operation), issues))?;
        let deadline = config.deadline_ms.map_or(f64::INFINITY, |ms| now + f64::from(ms));
        let run = Run::new(operation, request, config.clone(), limiter, deadline);
        let (id, params) = (id.unwrap_or_default(), params.unwrap_or_default());
        let steps = once.then(|| Box::new(RecordOnce::new(id, params, config)));
        Ok(Self { run, once: steps, step_due: once })
    }

    /// Goes on with what came of what it asked for.
    pub fn next<T: Transport>(&mut self, transport: &T, mut told: Told) -> Ask {
        loop {
            if let (Some(once), true) = (&self.once, std::mem::take(&mut self.step_due)) {
                if matches!(told, Told::Awake(false)) {
                    return Ask::Done(Err(once.given_up(true)));
                }
                match once.run(&self.run) {
                    Ok(run) => self.run = run,
                    Err(error) => return Ask::Done(Err(error)),
                }
                told = Told::Nothing;
            }
            let ask = self.run.next(transport, told);
            let Some(once) = &mut self.once else { return ask };
            let Ask::Done(result) = ask else { return ask };
            if let Some(result) = once.ended(result) {
                return Ask::Done(result);
            }
            self.step_due = true;
            let wait = f64::from(once.wait());
            if wait > 0.0 && transport.now_ms() + wait >= self.run.deadline {
                return Ask::Done(Err(once.given_up(false)));
            }
            if wait > 0.0 {
                return Ask::Wait(wait);
            }
            told = Told::Nothing;
        }
    }
}

/// Carries out a call.
pub(crate) async fn drive<T: Transport>(transport: &T, call: Call) -> Result<Done, Error> {
    let mut driven = Driven { transport, call };
    let mut told = Told::Nothing;
    loop {
        let ask = driven.call.next(transport, told);
        let run = &driven.call.run;
        told = match ask {
            Ask::Token => Told::Token(transport.token(run.rejected()).await),
            Ask::Wait(ms) => Told::Awake(transport.sleep(ms).await),
            Ask::Send(ms) => Told::Answer(transport.send(&run.request, run.token.as_deref(), ms).await),
            Ask::Done(result) => return result.map(|done| *done),
        };
    }
}

/// What a call holds of the limiter is given back also where its future is dropped.
struct Driven<'a, T: Transport> {
    transport: &'a T,
    call: Call,
}

impl<T: Transport> Drop for Driven<'_, T> {
    fn drop(&mut self) {
        self.call.run.leave(self.transport.now_ms());
    }
}
