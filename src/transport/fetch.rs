//! The fetch transport: browsers, Workers, Node.

use super::{Event, Interrupted, Interruption, TokenRequest, Transport};
use crate::core::{http_date, Error, ErrorKind, Outcome, Request, Response};
use crate::endpoint::Operation;
use crate::json::{joined, put, quote};
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
        headers: &str,
        body: Option<&str>,
        ms: f64,
        signal: Option<&AbortSignal>,
        max: f64,
    ) -> Promise;
    fn pause(ms: f64, signal: Option<&AbortSignal>) -> Promise;
    pub(crate) fn steady() -> f64;
    fn shared(
        function: &Function,
        location_id: Option<&str>,
        refused: Option<&str>,
        signal: Option<&AbortSignal>,
        ms: f64,
    ) -> Promise;
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
    /// Those of the response, each as text or `null`.
    #[wasm_bindgen(method, getter)]
    fn headers(this: &End) -> web_sys::Headers;
    #[wasm_bindgen(method, getter)]
    fn body(this: &End) -> Vec<u8>;
    #[wasm_bindgen(method, getter)]
    fn cut(this: &End) -> bool;
    #[wasm_bindgen(method, getter)]
    fn token(this: &End) -> String;
    #[wasm_bindgen(method, getter)]
    fn flight(this: &End) -> f64;
}

#[cfg(feature = "npm")]
#[wasm_bindgen]
extern "C" {
    /// A signal as the caller made it: one of somebody's own making may throw.
    type Signal;
    #[wasm_bindgen(method, getter, catch)]
    fn aborted(this: &Signal) -> Result<bool, JsValue>;
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
const REFUSED: u8 = 4;
const NO_FETCH: u8 = 5;
const NO_RESPONSE: u8 = 6;
const ERROR_RESPONSE: u8 = 7;
const OPAQUE_RESPONSE: u8 = 8;

/// For how many locations tokens are kept.
const MAX_TOKENS: usize = 1000;

/// Where the token comes from.
pub struct TokenSource {
    source: Source,
    known: RefCell<Vec<Known>>,
}

enum Source {
    Nowhere,
    Text(String),
    Function(Function),
}

/// The token that a function gave for a location.
struct Known {
    location_id: Option<String>,
    token: String,
    /// When the function was asked for it, as a number of `shared`: an earlier answer that comes later is not kept.
    flight: f64,
}

impl std::fmt::Debug for TokenSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenSource").finish_non_exhaustive()
    }
}

impl TokenSource {
    /// No token: a proxy behind the base URL adds it.
    pub fn none() -> Self {
        Self::new(Source::Nowhere)
    }

    /// Always this token.
    pub fn text(token: String) -> Result<Self, Error> {
        let problem = token_problem(&token);
        if !problem.is_empty() {
            return Err(Error::invalid("token", problem));
        }
        Ok(Self::new(Source::Text(token)))
    }

    /// A JavaScript function that gives the token or a promise of it. It gets `{ refused?, locationId? }` and is called once
    /// for each location, and once more with the token in `refused` when that is answered with 401. Calls that wait
    /// meanwhile share one answer.
    pub fn function(function: Function) -> Self {
        Self::new(Source::Function(function))
    }

    fn new(source: Source) -> Self {
        Self { source, known: RefCell::default() }
    }

    /// The token, or a promise of it for [`Self::came`].
    fn ask(&self, wanted: TokenRequest<'_>, signal: Option<&AbortSignal>) -> Result<Option<String>, Promise> {
        let TokenRequest { refused, location_id, timeout_ms } = wanted;
        let known = self.known.borrow();
        let token = match &self.source {
            Source::Nowhere => None,
            Source::Text(token) => Some(token),
            Source::Function(function) => {
                let known = known.iter().find(|known| known.location_id.as_deref() == location_id);
                let token = known.map(|known| &known.token).filter(|token| Some(token.as_str()) != refused);
                let Some(token) = token else {
                    return Err(shared(function, location_id, refused, signal, timeout_ms));
                };
                Some(token)
            }
        };
        Ok(token.filter(|token| Some(token.as_str()) != refused).cloned())
    }

    fn came(&self, end: &End, location_id: Option<&str>) -> Result<Option<String>, Error> {
        let (kind, message) = match end.how() {
            DONE => {
                let (token, flight) = (end.token(), end.flight());
                let problem = token_problem(&token);
                if problem.is_empty() {
                    self.keep(Known { location_id: location_id.map(String::from), token: token.clone(), flight });
                    return Ok(Some(token));
                }
                (ErrorKind::Authentication, joined(&["what the function in the option token gave ", problem]))
            }
            ABORTED => (ErrorKind::Aborted, "aborted while the token was fetched".into()),
            TIMEOUT => (ErrorKind::Timeout, "the token function gave no token in time (timeoutMs, deadlineMs)".into()),
            _ => (ErrorKind::Authentication, "the token function failed; see cause".into()),
        };
        Err(Error::new(kind, None, Outcome::NotSent, message))
    }

    /// Keeps a token in place of an earlier one of its location, or of the one that was asked for the longest ago.
    fn keep(&self, new: Known) {
        let mut known = self.known.borrow_mut();
        if let Some(old) = known.iter_mut().find(|old| old.location_id == new.location_id) {
            if old.flight <= new.flight {
                *old = new;
            }
        } else if known.len() < MAX_TOKENS {
            known.push(new);
        } else if let Some(oldest) = known.iter_mut().min_by(|one, other| one.flight.total_cmp(&other.flight)) {
            *oldest = new;
        }
    }
}

/// Why a token cannot travel in a header, without quoting it; empty if it can.
fn token_problem(token: &str) -> &'static str {
    if token.is_empty() {
        "must be text that is not empty"
    } else if !token.bytes().all(|b| b.is_ascii_graphic() && b != b'"' && b != b'\\') {
        "must not hold spaces, quotes, line breaks or other characters that no token has"
    } else {
        ""
    }
}

/// Who is told what happens: a function, and how it is told.
pub(crate) struct Listener {
    pub function: Function,
    pub tell: fn(&Function, &'static Operation, Event<'_>),
}

/// What the calls of a client share.
pub(crate) struct Wiring {
    /// Instead of the global `fetch`; called as `fetch(url, init)`.
    pub fetch: Option<Function>,
    pub token: TokenSource,
    pub listener: Option<Listener>,
}

/// Sends requests with the runtime's `fetch`, or with a function like it.
pub struct FetchTransport {
    wiring: Rc<Wiring>,
    signal: Option<AbortSignal>,
    last_response: Cell<JsValue>,
    last_headers: RefCell<Option<gloo_net::http::Headers>>,
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
        Self {
            wiring,
            signal,
            last_response: Cell::default(),
            last_headers: RefCell::default(),
            last_cause: Cell::default(),
        }
    }

    /// The last `Response`, as fetch gave it; once.
    #[cfg(feature = "npm")]
    pub(crate) fn last_response(&self) -> JsValue {
        self.last_response.take()
    }

    /// What the last failure was caused by; once.
    #[cfg(feature = "npm")]
    pub(crate) fn last_cause(&self) -> JsValue {
        self.last_cause.take()
    }

    fn ended(&self, end: JsValue) -> End {
        let end: End = end.unchecked_into();
        self.last_cause.set(end.cause());
        end
    }
}

/// Adds a member to a JSON object that is still open.
fn push_header(headers: &mut String, name: &str, value: &str) {
    put(headers, if headers.is_empty() { "{" } else { "," });
    quote(headers, name);
    put(headers, ":");
    quote(headers, value);
}

/// What happens before a wait, and what is made of how it ended.
impl FetchTransport {
    pub(crate) fn begin_send(&self, request: &Request, token: Option<&str>, timeout_ms: u32) -> Promise {
        let mut headers = String::new();
        for (name, value) in &request.headers {
            push_header(&mut headers, name, value);
        }
        if let Some(token) = token {
            push_header(&mut headers, "Authorization", &joined(&["Bearer ", token]));
        }
        put(&mut headers, "}");
        exchange(
            self.wiring.fetch.as_ref(),
            request.method.as_str(),
            &request.url,
            &headers,
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
                let headers = gloo_net::http::Headers::from_raw(end.headers());
                let mut answer = Response::read(response.status(), &|name| headers.get(name), end.body());
                answer.cut = end.cut();
                *self.last_headers.borrow_mut() = Some(headers);
                self.last_response.set(web_sys::Response::from(response).into());
                return Ok(answer);
            }
            (TIMEOUT, _) => Interruption::Timeout,
            (ABORTED, _) => Interruption::Aborted,
            (REFUSED | NO_FETCH, _) => Interruption::Refused,
            _ => Interruption::Network,
        };
        let message = match (end.how(), sent) {
            (REFUSED, _) => "the function fetch failed before it sent anything; see cause",
            (NO_FETCH, _) => "this runtime has no fetch: pass one as the option fetch",
            (NO_RESPONSE, _) => {
                "fetch gave something that is no Response, so nobody knows what became of the request; see cause"
            }
            (ERROR_RESPONSE, _) => "fetch gave Response.error(), which stands for a connection that failed",
            (OPAQUE_RESPONSE, _) => {
                "fetch gave an opaque Response, which nobody can read: it must not make requests of the mode no-cors"
            }
            (TIMEOUT, _) => "no whole answer came in time (timeoutMs, deadlineMs)",
            (ABORTED, false) => "aborted before it was sent",
            (ABORTED, true) => "aborted while it was under way",
            (_, false) => "the server could not be reached",
            (_, true) => {
                "the connection or the function fetch failed before the whole answer came; in a browser also when CORS forbids the answer"
            }
        };
        Err(Interrupted { how, sent, status, message })
    }

    /// Whether the caller's signal has aborted; one that cannot be asked has not.
    #[cfg(feature = "npm")]
    pub(crate) fn is_aborted(&self) -> bool {
        let signal = self.signal.as_ref().map(JsCast::unchecked_ref::<Signal>);
        signal.is_some_and(|signal| signal.aborted().unwrap_or(false))
    }

    pub(crate) fn begin_sleep(&self, ms: f64) -> Promise {
        pause(ms, self.signal.as_ref())
    }

    #[inline(always)]
    pub(crate) fn end_sleep(&self, end: JsValue) -> bool {
        self.ended(end).how() != ABORTED
    }

    pub(crate) fn begin_token(&self, wanted: TokenRequest<'_>) -> Result<Option<String>, Promise> {
        self.wiring.token.ask(wanted, self.signal.as_ref())
    }

    pub(crate) fn end_token(&self, end: JsValue, location_id: Option<&str>) -> Result<Option<String>, Error> {
        self.wiring.token.came(&self.ended(end), location_id)
    }
}

impl Transport for FetchTransport {
    async fn send(&self, request: &Request, token: Option<&str>, timeout_ms: u32) -> Result<Response, Interrupted> {
        self.end_send(settled(self.begin_send(request, token, timeout_ms)).await)
    }

    async fn sleep(&self, ms: f64) -> bool {
        self.end_sleep(settled(self.begin_sleep(ms)).await)
    }

    async fn token(&self, wanted: TokenRequest<'_>) -> Result<Option<String>, Error> {
        match self.begin_token(wanted) {
            Ok(token) => Ok(token),
            Err(promise) => self.end_token(settled(promise).await, wanted.location_id),
        }
    }

    fn now_ms(&self) -> f64 {
        js_sys::Date::now()
    }

    fn steady_ms(&self) -> f64 {
        steady()
    }

    fn server_time_ms(&self) -> Option<f64> {
        let headers = self.last_headers.borrow();
        headers.as_ref().and_then(|headers| headers.get("date")).and_then(|date| http_date(&date))
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

#[cfg(feature = "npm-edge")]
impl FetchTransport {
    /// Forgets the tokens that a function gave, so that the next call asks it again.
    pub(crate) fn forget_tokens(&self) {
        self.wiring.token.known.borrow_mut().clear();
    }
}
