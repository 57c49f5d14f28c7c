//! Carries a call out: each thing that it asks for is awaited of the transport.

use crate::call::{Ask, Call, Done, TokenRequest, Told};
use crate::core::{Error, ErrorKind, Outcome};
use crate::transport::Transport;
use std::future::{poll_fn, Future};
use std::pin::pin;
use std::task::Poll;

/// Carries out a call.
pub(crate) async fn drive<T: Transport>(transport: &T, call: Call) -> Result<Done, Error> {
    let mut driven = Driven { transport, call };
    let mut told = Told::Nothing;
    loop {
        let ask = driven.call.next(transport, told);
        let run = &mut driven.call.run;
        let now = transport.now_ms();
        told = match ask {
            Ask::Token => Told::Token(token(transport, run.token_wanted(now)).await),
            Ask::Turn => Told::Turn(run.turn(now)),
            Ask::Wait(ms) => Told::Awake(transport.sleep(ms).await),
            Ask::Send(ms) => Told::Answer(transport.send(&run.request, run.token.as_deref(), ms).await),
            Ask::Done(result) => return result.map(|done| *done),
        };
    }
}

/// Waits for a token, but no longer than it may take: whatever the transport does, the call ends in time.
async fn token<T: Transport>(transport: &T, wanted: TokenRequest<'_>) -> Result<Option<String>, Error> {
    let mut token = pin!(transport.token(wanted));
    // It begins with its first poll, which a token that is at hand makes unnecessary.
    let mut late = pin!(async {
        if wanted.timeout_ms.is_infinite() {
            std::future::pending::<()>().await;
        }
        transport.sleep(wanted.timeout_ms).await
    });
    poll_fn(|context| {
        if let Poll::Ready(token) = token.as_mut().poll(context) {
            return Poll::Ready(token);
        }
        late.as_mut().poll(context).map(|over| Err(no_token(over)))
    })
    .await
}

/// The error for a token that did not come: the time is over, or else the caller aborted.
fn no_token(over: bool) -> Error {
    let (kind, message) = if over {
        (ErrorKind::Timeout, "no token came in time (timeout_ms, deadline_ms)")
    } else {
        (ErrorKind::Aborted, "aborted while the token was fetched")
    };
    Error::new(kind, None, Outcome::NotSent, message.into())
}

/// What a call holds of the limiter is given back also where its future is dropped, and the turn of its payment.
struct Driven<'a, T: Transport> {
    transport: &'a T,
    call: Call,
}

impl<T: Transport> Drop for Driven<'_, T> {
    fn drop(&mut self) {
        self.call.leave(self.transport);
    }
}
