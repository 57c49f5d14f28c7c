//! The fetch transport: browsers, Workers, Node.

use super::{Event, Interrupted, Interruption, Transport};
use crate::core::{Error, ErrorKind, Outcome, RateLimit, Request, Response};
use crate::endpoint::Operation;
use crate::shape::joined;
use gloo_net::http::Headers;
use js_sys::{Function, Promise};
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, AbortSignal, RequestInit, RequestRedirect};

#[wasm_bindgen(module = "/src/transport/exchange.js")]
extern "C" {
    fn exchange(
        fetch: Option<&Function>,
        request: &web_sys::Request,
        controller: &AbortController,
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
    fn token(this: &End) -> JsValue;
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
        Ok(Self { current: RefCell::new(Some(usable(token)?)), ..Self::none() })
    }

    /// A JavaScript function that gives the token or a promise of it. It is called once, and once more when its token is
    /// answered with 401; calls that wait meanwhile share one answer.
    pub fn function(function: Function) -> Self {
        Self { function: Some(function), ..Self::none() }
    }

    /// The token, or a promise of it for [`Self::came`].
    fn ask(
        &self,
        rejected: Option<&str>,
        signal: Option<&AbortSignal>,
        timeout_ms: f64,
    ) -> Result<Option<String>, Promise> {
        let current = self.current.borrow().clone();
        let Some(function) = &self.function else {
            return Ok(if rejected.is_some() { None } else { current });
        };
        if current.is_some() && current.as_deref() != rejected {
            return Ok(current);
        }
        Err(shared(function, signal, timeout_ms))
    }

    fn came(&self, end: &End) -> Result<Option<String>, Error> {
        let (kind, message) = match end.how() {
            DONE => {
                let token = usable(end.token().as_string().unwrap_or_default())?;
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

/// A token that can travel in a header; an error that does not quote it otherwise.
fn usable(token: String) -> Result<String, Error> {
    let message = if token.is_empty() {
        "must be text that is not empty, or a function that gives it"
    } else if !token.bytes().all(|b| b.is_ascii_graphic() && b != b'"' && b != b'\\') {
        "must not hold spaces, quotes, line breaks or other characters that no token has"
    } else {
        return Ok(token);
    };
    Err(Error::invalid("token", message))
}

type Listener = dyn Fn(&'static Operation, Event<'_>);

/// Sends requests with the runtime's `fetch`, or with a function like it.
pub struct FetchTransport {
    fetch: Option<Function>,
    token: Rc<TokenSource>,
    signal: Option<AbortSignal>,
    listener: Option<Rc<Listener>>,
    last_response: RefCell<JsValue>,
    last_cause: RefCell<JsValue>,
}

impl std::fmt::Debug for FetchTransport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FetchTransport").finish_non_exhaustive()
    }
}

impl FetchTransport {
    /// A transport with the global `fetch`.
    pub fn new(token: TokenSource) -> Self {
        Self::with(None, Rc::new(token), None, None)
    }

    /// A transport for one call: `fetch` instead of the global one, the caller's `signal`, and who is told what happens.
    pub(crate) fn with(
        fetch: Option<Function>,
        token: Rc<TokenSource>,
        signal: Option<AbortSignal>,
        listener: Option<Rc<Listener>>,
    ) -> Self {
        Self {
            fetch,
            token,
            signal,
            listener,
            last_response: RefCell::new(JsValue::UNDEFINED),
            last_cause: RefCell::new(JsValue::UNDEFINED),
        }
    }

    /// The last `Response`, as fetch gave it.
    pub(crate) fn last_response(&self) -> JsValue {
        self.last_response.borrow().clone()
    }

    /// What the last failure was caused by.
    pub(crate) fn last_cause(&self) -> JsValue {
        self.last_cause.borrow().clone()
    }

    fn request(request: &Request, token: Option<&str>, signal: &AbortSignal) -> Result<web_sys::Request, JsValue> {
        let headers = Headers::new();
        for (name, value) in &request.headers {
            headers.set(name, value);
        }
        if let Some(token) = token {
            headers.set("Authorization", &joined(&["Bearer ", token]));
        }
        let init = RequestInit::new();
        init.set_method(request.method.as_str());
        init.set_headers(&headers.into_raw());
        if let Some(body) = &request.body {
            init.set_body(&body.as_str().into());
        }
        // Not "follow": the token must not travel to where a redirect points.
        init.set_redirect(RequestRedirect::Manual);
        init.set_signal(Some(signal));
        // gloo-net's builder would parse the URL three times and bring its error formatting.
        web_sys::Request::new_with_str_and_init(&request.url, &init)
    }

    fn interrupted(&self, how: Interruption, sent: bool, status: Option<u16>, cause: JsValue) -> Interrupted {
        *self.last_cause.borrow_mut() = cause;
        let message = match (how, sent) {
            (Interruption::Network, false) => "the server could not be reached",
            (Interruption::Network, true) => {
                "the connection failed before the whole answer came; in a browser also when CORS forbids the answer"
            }
            (Interruption::Timeout, _) => "no whole answer came in time (timeoutMs, deadlineMs)",
            (Interruption::Aborted, false) => "aborted before it was sent",
            (Interruption::Aborted, true) => "aborted while it was under way",
        };
        Interrupted { how, sent, status, message }
    }
}

/// What happens before a wait, and what is made of how it ended.
impl FetchTransport {
    pub(crate) fn begin_send(
        &self,
        request: &Request,
        token: Option<&str>,
        timeout_ms: u32,
    ) -> Result<Promise, Interrupted> {
        let unsent = |cause| self.interrupted(Interruption::Network, false, None, cause);
        let controller = AbortController::new().map_err(unsent)?;
        let built = Self::request(request, token, &controller.signal()).map_err(unsent)?;
        let (ms, max) = (f64::from(timeout_ms), f64::from(request.max_response_bytes));
        Ok(exchange(self.fetch.as_ref(), &built, &controller, ms, self.signal.as_ref(), max))
    }

    pub(crate) fn end_send(&self, end: JsValue) -> Result<Response, Interrupted> {
        let answer: End = end.unchecked_into();
        let raw = answer.response();
        let status = raw.as_ref().map(web_sys::Response::status);
        let how = match (answer.how(), raw) {
            (DONE, Some(raw)) => {
                let response = gloo_net::http::Response::from(Clone::clone(&raw));
                *self.last_response.borrow_mut() = raw.into();
                let headers = response.headers();
                return Ok(Response {
                    status: response.status(),
                    retry_after: headers.get("retry-after"),
                    rate_limit: RateLimit::read(&|name| headers.get(name)),
                    body: answer.body(),
                    cut: answer.cut(),
                });
            }
            (TIMEOUT, _) => Interruption::Timeout,
            (ABORTED, _) => Interruption::Aborted,
            _ => Interruption::Network,
        };
        Err(self.interrupted(how, answer.sent(), status, answer.cause()))
    }

    pub(crate) fn begin_sleep(&self, ms: f64) -> Promise {
        pause(ms, self.signal.as_ref())
    }

    pub(crate) fn end_sleep(&self, end: JsValue) -> bool {
        let end: End = end.unchecked_into();
        *self.last_cause.borrow_mut() = end.cause();
        end.how() != ABORTED
    }

    pub(crate) fn begin_token(&self, rejected: Option<&str>, timeout_ms: f64) -> Result<Option<String>, Promise> {
        self.token.ask(rejected, self.signal.as_ref(), timeout_ms)
    }

    pub(crate) fn end_token(&self, end: JsValue) -> Result<Option<String>, Error> {
        let end: End = end.unchecked_into();
        *self.last_cause.borrow_mut() = end.cause();
        self.token.came(&end)
    }
}

impl Transport for FetchTransport {
    async fn send(&self, request: &Request, token: Option<&str>, timeout_ms: u32) -> Result<Response, Interrupted> {
        let promise = self.begin_send(request, token, timeout_ms)?;
        self.end_send(settled(promise).await)
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
        if let Some(listener) = &self.listener {
            listener(operation, event);
        }
    }
}
