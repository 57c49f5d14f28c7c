//! Carries a call out: each thing that it asks for is awaited of the transport.

use crate::call::{Ask, Call, Done, Told};
use crate::core::Error;
use crate::transport::Transport;

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
