//! The fetch transport: browsers, Workers, Node.

use super::{Event, Interrupted, Interruption, Transport};
use crate::core::{Error, ErrorKind, Outcome, RateLimit, Request, Response};
use crate::endpoint::Operation;
use crate::json::joined;
use gloo_net::http::Headers;
use js_sys::{Function, Promise};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::AbortSignal;

#[wasm_bindgen(module = "/src/transport/exchange.js")]
#[allow(
    clippy::too_many_arguments,
    reason = "each is a word on the stack; an object of them would be built field by field"
)]
extern "C" {
    fn exchange(
        fetch: Option<&Function>,
        method: &str,
        url: &str,
        headers: &web_sys::Headers,
        body: Option<&str>,
        ms: f64,
        signal: Option<&AbortSignal>,
        max: f64,
    ) -> Promise;
    fn pause(ms: f64, signal: Option<&AbortSignal>) -> Promise;
    fn shared(function: &Function, signal: Option<&AbortSignal>, ms: f64) -> Promise;
}

#[wasm_bindgen]
extern "C" {
    /// What each of the three resolves to; none of them rejects.
    type End;
    #[wasm_bindgen(method, getter)]
    fn how(this: &End) -> u8;
    #[wasm_bindgen(method, getter)]
    fn cause(this: &End) -> JsValue;
    #[wasm_bindgen(method, getter)]
    fn sent(this: &End) -> bool;
    #[wasm_bindgen(method, getter)]
    fn response(this: &End) -> Option<web_sys::Response>;
    #[wasm_bindgen(method, getter)]
    fn body(this: &End) -> Vec<u8>;
    #[wasm_bindgen(method, getter)]
    fn cut(this: &End) -> bool;
    #[wasm_bindgen(method, getter)]
    fn token(this: &End) -> String;
}

/// What a promise of [`exchange`], [`pause`] or [`shared`] comes to, for Rust callers; the npm package carries it here
/// itself.
async fn settled(promise: Promise) -> JsValue {
    JsFuture::from(promise).await.unwrap_or_else(|thrown| thrown)
}

// What `how` can be; anything else is a failure.
const TIMEOUT: u8 = 1;
const ABORTED: u8 = 2;
const DONE: u8 = 3;

/// Where the token comes from.
#[derive(Debug)]
pub struct TokenSource {
    function: Option<Function>,
    current: RefCell<Option<String>>,
}

impl TokenSource {
    /// No token: a proxy behind the base URL adds it.
    pub fn none() -> Self {
        Self { function: None, current: RefCell::default() }
    }

    /// Always this token.
    pub fn text(token: String) -> Result<Self, Error> {
        check(&token)?;
        Ok(Self { function: None, current: RefCell::new(Some(token)) })
    }

    /// A JavaScript function that gives the token or a promise of it. It is called once, and once more when its token is
    /// answered with 401; calls that wait meanwhile share one answer.
    pub fn function(function: Function) -> Self {
        Self { function: Some(function), current: RefCell::default() }
    }

    /// The token, or a promise of it for [`Self::came`].
    #[inline(always)]
    fn ask(
        &self,
        rejected: Option<&str>,
        signal: Option<&AbortSignal>,
        timeout_ms: f64,
    ) -> Result<Option<String>, Promise> {
        let current = self.current.borrow();
        let current = current.as_deref().filter(|token| Some(*token) != rejected);
        match &self.function {
            Some(function) if current.is_none() => Err(shared(function, signal, timeout_ms)),
            _ => Ok(current.map(String::from)),
        }
    }

    #[inline(always)]
    fn came(&self, end: &End) -> Result<Option<String>, Error> {
        let (kind, message) = match end.how() {
            DONE => {
                let token = end.token();
                check(&token)?;
                *self.current.borrow_mut() = Some(token.clone());
                return Ok(Some(token));
            }
            ABORTED => (ErrorKind::Aborted, "aborted while the token was fetched"),
            TIMEOUT => (ErrorKind::Timeout, "the token function gave no token in time (timeoutMs, deadlineMs)"),
            _ => (ErrorKind::Authentication, "the token function failed; see cause"),
        };
        Err(Error::new(kind, None, Outcome::NotSent, message.into()))
    }
}

/// Whether a token can travel in a header; an error that does not quote it otherwise.
fn check(token: &str) -> Result<(), Error> {
    let message = if token.is_empty() {
        "must be text that is not empty, or a function that gives it"
    } else if !token.bytes().all(|b| b.is_ascii_graphic() && b != b'"' && b != b'\\') {
        "must not hold spaces, quotes, line breaks or other characters that no token has"
    } else {
        return Ok(());
    };
    Err(Error::invalid("token", message))
}

/// Who is told what happens: a function, and how it is told.
pub(crate) struct Listener {
    pub function: Function,
    pub tell: fn(&Function, &'static Operation, Event<'_>),
}

/// What the calls of a client share.
pub(crate) struct Wiring {
    /// Instead of the global `fetch`.
    pub fetch: Option<Function>,
    pub token: TokenSource,
    pub listener: Option<Listener>,
}

/// Sends requests with the runtime's `fetch`, or with a function like it.
pub struct FetchTransport {
    wiring: Rc<Wiring>,
    signal: Option<AbortSignal>,
    last_response: Cell<JsValue>,
    last_cause: Cell<JsValue>,
}

impl std::fmt::Debug for FetchTransport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FetchTransport").finish_non_exhaustive()
    }
}

impl FetchTransport {
    /// A transport with the global `fetch`.
    pub fn new(token: TokenSource) -> Self {
        Self::with(Rc::new(Wiring { fetch: None, token, listener: None }), None)
    }

    /// A transport for one call, with its caller's `signal`.
    pub(crate) fn with(wiring: Rc<Wiring>, signal: Option<AbortSignal>) -> Self {
        Self { wiring, signal, last_response: Cell::default(), last_cause: Cell::default() }
    }

    /// The last `Response`, as fetch gave it; once.
    pub(crate) fn last_response(&self) -> JsValue {
        self.last_response.take()
    }

    /// What the last failure was caused by; once.
    pub(crate) fn last_cause(&self) -> JsValue {
        self.last_cause.take()
    }

    fn ended(&self, end: JsValue) -> End {
        let end: End = end.unchecked_into();
        self.last_cause.set(end.cause());
        end
    }
}

/// What happens before a wait, and what is made of how it ended.
impl FetchTransport {
    pub(crate) fn begin_send(&self, request: &Request, token: Option<&str>, timeout_ms: u32) -> Promise {
        let headers = Headers::new();
        for (name, value) in &request.headers {
            headers.set(name, value);
        }
        if let Some(token) = token {
            headers.set("Authorization", &joined(&["Bearer ", token]));
        }
        exchange(
            self.wiring.fetch.as_ref(),
            request.method.as_str(),
            &request.url,
            &headers.into_raw(),
            request.body.as_deref(),
            f64::from(timeout_ms),
            self.signal.as_ref(),
            f64::from(request.max_response_bytes),
        )
    }

    pub(crate) fn end_send(&self, end: JsValue) -> Result<Response, Interrupted> {
        let end = self.ended(end);
        let (sent, response) = (end.sent(), end.response().map(gloo_net::http::Response::from));
        let status = response.as_ref().map(gloo_net::http::Response::status);
        let how = match (end.how(), response) {
            (DONE, Some(response)) => {
                let headers = response.headers();
                let answer = Response {
                    status: response.status(),
                    retry_after: headers.get("retry-after"),
                    rate_limit: RateLimit::read(&|name| headers.get(name)),
                    body: end.body(),
                    cut: end.cut(),
                };
                self.last_response.set(web_sys::Response::from(response).into());
                return Ok(answer);
            }
            (TIMEOUT, _) => Interruption::Timeout,
            (ABORTED, _) => Interruption::Aborted,
            _ => Interruption::Network,
        };
        let message = match (how, sent) {
            (Interruption::Network, false) => "the server could not be reached",
            (Interruption::Network, true) => {
                "the connection failed before the whole answer came; in a browser also when CORS forbids the answer"
            }
            (Interruption::Timeout, _) => "no whole answer came in time (timeoutMs, deadlineMs)",
            (Interruption::Aborted, false) => "aborted before it was sent",
            (Interruption::Aborted, true) => "aborted while it was under way",
        };
        Err(Interrupted { how, sent, status, message })
    }

    pub(crate) fn begin_sleep(&self, ms: f64) -> Promise {
        pause(ms, self.signal.as_ref())
    }

    #[inline(always)]
    pub(crate) fn end_sleep(&self, end: JsValue) -> bool {
        self.ended(end).how() != ABORTED
    }

    pub(crate) fn begin_token(&self, rejected: Option<&str>, timeout_ms: f64) -> Result<Option<String>, Promise> {
        self.wiring.token.ask(rejected, self.signal.as_ref(), timeout_ms)
    }

    #[inline(always)]
    pub(crate) fn end_token(&self, end: JsValue) -> Result<Option<String>, Error> {
        self.wiring.token.came(&self.ended(end))
    }
}

impl Transport for FetchTransport {
    async fn send(&self, request: &Request, token: Option<&str>, timeout_ms: u32) -> Result<Response, Interrupted> {
        self.end_send(settled(self.begin_send(request, token, timeout_ms)).await)
    }

    async fn sleep(&self, ms: f64) -> bool {
        self.end_sleep(settled(self.begin_sleep(ms)).await)
    }

    async fn token(&self, rejected: Option<&str>) -> Result<Option<String>, Error> {
        match self.begin_token(rejected, f64::INFINITY) {
            Ok(token) => Ok(token),
            Err(promise) => self.end_token(settled(promise).await),
        }
    }

    fn now_ms(&self) -> f64 {
        js_sys::Date::now()
    }

    fn random(&self) -> f64 {
        js_sys::Math::random()
    }

    fn event(&self, operation: &'static Operation, event: Event<'_>) {
        if let Some(listener) = &self.wiring.listener {
            (listener.tell)(&listener.function, operation, event);
        }
    }
}
