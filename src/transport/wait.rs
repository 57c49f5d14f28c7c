//! Waiting for promises.

use js_sys::Promise;
use wasm_bindgen::JsValue;

/// What a promise comes to.
#[cfg(not(feature = "npm"))]
pub(super) async fn settled(promise: Promise) -> JsValue {
    wasm_bindgen_futures::JsFuture::from(promise).await.unwrap_or_else(|thrown| thrown)
}

#[cfg(feature = "npm")]
pub(super) use stepwise::settled;
#[cfg(feature = "npm")]
pub(crate) use stepwise::step;

/// In the npm package JavaScript carries a call from wait to wait: a trap then rejects the call instead of leaving it
/// pending for ever, and no wait needs a queue, a waker and two closures, which were 4 KB.
#[cfg(feature = "npm")]
mod stepwise {
    use super::{JsValue, Promise};
    use std::cell::Cell;
    use std::future::Future;
    use std::pin::Pin;
    use std::task::{Context, Poll, Waker};

    thread_local! {
        /// What a step hands over: inwards what the last promise came to, outwards the next one.
        static HANDED: Cell<JsValue> = const { Cell::new(JsValue::UNDEFINED) };
    }

    struct Settled(Option<Promise>);

    impl Future for Settled {
        type Output = JsValue;

        fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<JsValue> {
            match self.0.take() {
                Some(promise) => {
                    HANDED.set(promise.into());
                    Poll::Pending
                }
                None => Poll::Ready(HANDED.take()),
            }
        }
    }

    /// What a promise comes to.
    pub fn settled(promise: Promise) -> impl Future<Output = JsValue> {
        Settled(Some(promise))
    }

    /// Carries a call on with what its last promise came to: to the next promise, or to its result.
    pub fn step(call: Pin<&mut dyn Future<Output = JsValue>>, value: JsValue) -> JsValue {
        HANDED.set(value);
        match call.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(result) => result,
            Poll::Pending => HANDED.take(),
        }
    }
}
