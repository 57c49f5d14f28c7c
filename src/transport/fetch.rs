//! The fetch transport: browsers, Workers, Node.

use super::{Event, Interrupted, Interruption, Transport};
use crate::core::{Error, ErrorKind, Outcome, RateLimit, Request, Response};
use crate::endpoint::Operation;
use gloo_net::http::Headers;
use js_sys::{Array, Function, Promise, Reflect, Uint8Array};
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, AbortSignal, RequestInit, RequestRedirect};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(callback: &Function, ms: f64) -> JsValue;
    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(handle: &JsValue);
}

/// What a guard resolves to when its time is over.
const TIME_OVER: f64 = 1.0;
/// What a guard resolves to when the caller aborts.
const ABORTED: f64 = 2.0;

/// A promise that resolves when a time is over or a signal aborts, and leaves neither timer nor listener behind.
struct Guard<'s> {
    promise: Promise,
    timer: JsValue,
    abort: Option<(&'s AbortSignal, Function)>,
}

impl<'s> Guard<'s> {
    fn new(ms: f64, signal: Option<&'s AbortSignal>) -> Self {
        let mut timer = JsValue::UNDEFINED;
        let mut abort = None;
        let promise = Promise::new(&mut |resolve, _| {
            // Timers take at most 31 bits.
            let over: Function = resolve.bind1(&JsValue::UNDEFINED, &TIME_OVER.into()).unchecked_into();
            timer = set_timeout(&over, ms.min(2_147_483_647.0));
            if let Some(signal) = signal {
                let listener: Function = resolve.bind1(&JsValue::UNDEFINED, &ABORTED.into()).unchecked_into();
                if signal.aborted() {
                    let _ = listener.call0(&JsValue::UNDEFINED);
                }
                let _ = signal.add_event_listener_with_callback("abort", &listener);
                abort = Some((signal, listener));
            }
        });
        Self { promise, timer, abort }
    }

    /// Waits for `promise` or for the guard, whichever is first.
    async fn watch(&self, promise: &Promise) -> Result<Result<JsValue, Interruption>, JsValue> {
        let race = Promise::race(&Array::of2(&self.promise, promise));
        let value = JsFuture::from(race).await?;
        Ok(match value.as_f64() {
            Some(ABORTED) => Err(Interruption::Aborted),
            Some(_) => Err(Interruption::Timeout),
            None => Ok(value),
        })
    }
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        clear_timeout(&self.timer);
        if let Some((signal, listener)) = &self.abort {
            let _ = signal.remove_event_listener_with_callback("abort", listener);
        }
    }
}

/// Where the token comes from.
#[derive(Debug)]
pub struct TokenSource {
    function: Option<Function>,
    current: RefCell<Option<String>>,
    pending: RefCell<Option<Promise>>,
}

impl TokenSource {
    /// No token: a proxy behind the base URL adds it.
    pub fn none() -> Self {
        Self { function: None, current: RefCell::default(), pending: RefCell::default() }
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

    async fn get(&self, rejected: Option<&str>) -> Result<Option<String>, (Error, JsValue)> {
        let current = self.current.borrow().clone();
        let Some(function) = &self.function else {
            return Ok(if rejected.is_some() { None } else { current });
        };
        if current.is_some() && current.as_deref() != rejected {
            return Ok(current);
        }
        let failed = |cause: JsValue| {
            let message = "the token function failed; see cause".into();
            (Error::new(ErrorKind::Authentication, None, Outcome::NotSent, message), cause)
        };
        let waiting = self.pending.borrow().clone();
        let promise = match waiting {
            Some(promise) => promise,
            None => {
                let value = function.call0(&JsValue::UNDEFINED).map_err(failed)?;
                let promise = Promise::resolve(&value);
                *self.pending.borrow_mut() = Some(promise.clone());
                promise
            }
        };
        let value = JsFuture::from(promise).await;
        *self.pending.borrow_mut() = None;
        let token = value.map_err(failed)?.as_string().unwrap_or_default();
        let token = usable(token).map_err(|error| (error, JsValue::UNDEFINED))?;
        *self.current.borrow_mut() = Some(token.clone());
        Ok(Some(token))
    }
}

/// A token that can travel in a header; an error that does not quote it otherwise.
fn usable(token: String) -> Result<String, Error> {
    let message = if token.is_empty() {
        "must be text that is not empty, or a function that gives it"
    } else if !token.bytes().all(|b| b.is_ascii_graphic()) {
        "must not hold spaces, line breaks or other characters that no token has"
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
            headers.set("Authorization", &["Bearer ", token].concat());
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

    /// Reads the answer's head; `None` if it is no `Response`.
    fn head(value: &JsValue) -> Option<(Response, web_sys::Response)> {
        let has = |name: &str| Reflect::get(value, &name.into()).ok();
        let behaves = value.is_object()
            && has("status")?.as_f64().is_some()
            && has("headers")?.is_object()
            && has("arrayBuffer")?.is_function();
        if !behaves {
            return None;
        }
        let raw: web_sys::Response = value.clone().unchecked_into();
        let response = gloo_net::http::Response::from(Clone::clone(&raw));
        let headers = response.headers();
        let head = Response {
            status: response.status(),
            retry_after: headers.get("retry-after"),
            rate_limit: RateLimit::read(&|name| headers.get(name)),
            body: Vec::new(),
        };
        Some((head, raw))
    }

    fn interrupted(&self, how: Interruption, sent: bool, status: Option<u16>, cause: JsValue) -> Interrupted {
        *self.last_cause.borrow_mut() = cause;
        let message = match (how, sent) {
            (Interruption::Network, false) => "the server could not be reached",
            (Interruption::Network, true) => {
                "the connection failed before the whole answer came; in a browser also when CORS forbids the answer"
            }
            (Interruption::Timeout, _) => "no whole answer came in time (timeoutMs)",
            (Interruption::Aborted, false) => "aborted before it was sent",
            (Interruption::Aborted, true) => "aborted while it was under way",
        };
        Interrupted { how, sent, status, message }
    }
}

impl Transport for FetchTransport {
    async fn send(&self, request: &Request, token: Option<&str>, timeout_ms: u32) -> Result<Response, Interrupted> {
        let signal = self.signal.as_ref();
        if signal.is_some_and(AbortSignal::aborted) {
            let reason = signal.map_or(JsValue::UNDEFINED, AbortSignal::reason);
            return Err(self.interrupted(Interruption::Aborted, false, None, reason));
        }
        let unsent = |cause| self.interrupted(Interruption::Network, false, None, cause);
        let controller = AbortController::new().map_err(unsent)?;
        let built = Self::request(request, token, &controller.signal()).map_err(unsent)?;
        let global = js_sys::global();
        let fetch = match &self.fetch {
            Some(fetch) => fetch.clone(),
            None => Reflect::get(&global, &"fetch".into())
                .ok()
                .and_then(|f| f.dyn_into().ok())
                .ok_or_else(|| unsent(JsValue::from("this runtime has no fetch: pass one as the option fetch")))?,
        };
        let guard = Guard::new(f64::from(timeout_ms), signal);
        let stop = |how: Interruption, status| {
            controller.abort();
            let reason = match how {
                Interruption::Aborted => signal.map_or(JsValue::UNDEFINED, AbortSignal::reason),
                _ => JsValue::UNDEFINED,
            };
            self.interrupted(how, true, status, reason)
        };
        let failed = |cause: JsValue| {
            let sent = !surely_unsent(&cause);
            self.interrupted(Interruption::Network, sent, None, cause)
        };
        let answer = fetch.call1(&global, &built).map_err(failed)?;
        let answer = guard.watch(&Promise::resolve(&answer)).await.map_err(failed)?;
        let answer = answer.map_err(|how| stop(how, None))?;
        let Some((mut head, response)) = Self::head(&answer) else {
            let cause = JsValue::from("fetch gave something that is no Response");
            return Err(self.interrupted(Interruption::Network, true, None, cause));
        };
        let status = Some(head.status);
        let lost = |cause| self.interrupted(Interruption::Network, true, status, cause);
        let body = response.array_buffer().map_err(lost)?;
        let body = guard.watch(&body).await.map_err(lost)?.map_err(|how| stop(how, status))?;
        head.body = Uint8Array::new(&body).to_vec();
        *self.last_response.borrow_mut() = answer;
        Ok(head)
    }

    async fn sleep(&self, ms: f64) -> bool {
        let guard = Guard::new(ms, self.signal.as_ref());
        let value = JsFuture::from(guard.promise.clone()).await;
        let aborted = value.ok().and_then(|v| v.as_f64()) == Some(ABORTED);
        if let (true, Some(signal)) = (aborted, &self.signal) {
            *self.last_cause.borrow_mut() = signal.reason();
        }
        !aborted
    }

    fn now_ms(&self) -> f64 {
        js_sys::Date::now()
    }

    fn random(&self) -> f64 {
        js_sys::Math::random()
    }

    async fn token(&self, rejected: Option<&str>) -> Result<Option<String>, Error> {
        self.token.get(rejected).await.map_err(|(error, cause)| {
            *self.last_cause.borrow_mut() = cause;
            error
        })
    }

    fn event(&self, operation: &'static Operation, event: Event<'_>) {
        if let Some(listener) = &self.listener {
            listener(operation, event);
        }
    }
}

/// Whether a failure of Node's fetch says that no connection was made.
fn surely_unsent(error: &JsValue) -> bool {
    let code = Reflect::get(error, &"cause".into()).and_then(|cause| Reflect::get(&cause, &"code".into()));
    let code = code.ok().and_then(|code| code.as_string()).unwrap_or_default();
    matches!(code.as_str(), "ECONNREFUSED" | "ENOTFOUND" | "EAI_AGAIN" | "UND_ERR_CONNECT_TIMEOUT")
}
