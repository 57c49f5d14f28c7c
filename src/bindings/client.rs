//! The client's exports. The TypeScript facade in `pkg-template/src` turns them into the public surface.

#[cfg(feature = "npm-edge")]
use super::edge::{Proxied, Pushed};
use super::{options, pages::Pages, values};
use crate::call::{self, cursor_scope, ended_early, Ask, Event, OnceQueue, RateLimiter, Told};
use crate::core::{build_after, Config, Error};
use crate::endpoint::{Operation, ALL, RECORD_PAYMENT};
use crate::json::{json_text, to_ascii};
use crate::shape::Issue;
use crate::transport::{steady, FetchTransport, Listener, TokenSource, Transport, Wiring};
use js_sys::Function;
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use web_sys::AbortSignal;

#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

#[wasm_bindgen(typescript_custom_section)]
const JSON_TYPES: &str = r#"
/** Any JSON value: HighLevel publishes no schema for it. */
export type JsonValue = string | number | boolean | null | JsonValue[] | JsonObject;

/** A JSON object for whose fields HighLevel publishes no schema. */
export interface JsonObject {
    /** Whatever HighLevel sends. */
    [field: string]: JsonValue | undefined;
}
"#;

#[wasm_bindgen(module = "/src/bindings/parse.js")]
extern "C" {
    /// The body is JSON text that the check has seen: as `&str`, with a check of its encoding, it would be seen twice.
    pub(super) fn succeeded(body: &[u8], response: &JsValue, info: &str) -> JsValue;
    fn failed(error: &str, cause: &JsValue) -> JsValue;
    fn tell(listener: &Function, event: &str);
}

/// Behind the ledger: a payment that is looked for before it would be sent again.
const ONCE: &str = "orders.recordPaymentOnce";

thread_local! {
    /// Of all clients of this module instance: a server or a Worker may make one for each request, and the same payment may come
    /// in two of them.
    static PAYMENTS: OnceQueue = OnceQueue::default();
}

/// A configured client.
#[wasm_bindgen]
pub struct Core {
    config: Rc<Config>,
    wiring: Rc<Wiring>,
    limiter: RefCell<Option<RateLimiter>>,
}

#[wasm_bindgen]
impl Core {
    /// `options` is JSON text; with a `limiter` among them it sends at once, whatever the rate limits are. Throws an error
    /// as JSON text.
    #[wasm_bindgen(constructor)]
    pub fn new(
        options: &str,
        token: JsValue,
        fetch: Option<Function>,
        on_event: Option<Function>,
        same_origin: bool,
    ) -> Result<Core, JsValue> {
        let core = Self::configured(options, token, fetch, on_event, same_origin);
        core.map_err(|error| values::error(&error).into())
    }

    /// Keeps to the rate limits together with another client.
    pub fn share(&self, other: &Core) {
        let limiter = other.limiter.borrow().clone();
        *self.limiter.borrow_mut() = limiter;
    }

    /// Whether its limits hold nothing back, at a time in milliseconds since 1970, and never were others than documented.
    pub fn rests(&self, now: f64) -> bool {
        self.limiter.borrow().as_ref().is_none_or(|limiter| limiter.rests(now))
    }

    /// Whether no payment has to be waited for, whichever client sent it, and whether or not that is still there.
    pub fn payments_rest() -> bool {
        PAYMENTS.with(|queue| queue.rests(steady()))
    }

    /// Tells that the list of this name ended before the records that HighLevel counts.
    pub fn ended_early(&self, name: &str) {
        if let Some(operation) = operation(name) {
            FetchTransport::with(self.wiring.clone(), None).event(operation, Event::Drift(&ended_early()));
        }
    }

    /// Starts an operation: that of a name in the ledger, or [`ONCE`]. The id for its path, its parameters and its options are
    /// JSON text.
    pub fn call(
        &self,
        name: &str,
        id: Option<String>,
        params: Option<String>,
        options: Option<String>,
        signal: Option<AbortSignal>,
    ) -> Call {
        let transport = FetchTransport::with(self.wiring.clone(), signal);
        let began = transport.now_ms();
        #[cfg(feature = "npm-edge")]
        let (proxied, name) = Proxied::read(name);
        #[cfg(feature = "npm-edge")]
        let prepared = if Pushed::is(name) {
            self.prepare_push(id.unwrap_or_default(), params.as_deref(), options.as_deref(), began)
        } else {
            self.prepare(name, id, params.as_deref(), options.as_deref(), began)
        };
        #[cfg(not(feature = "npm-edge"))]
        let prepared = self.prepare(name, id, params.as_deref(), options.as_deref(), began);
        Call {
            prepared,
            params,
            transport,
            began,
            asked: Asked::Nothing,
            #[cfg(feature = "npm-edge")]
            proxied,
        }
    }
}

impl Core {
    fn configured(
        options: &str,
        token: JsValue,
        fetch: Option<Function>,
        on_event: Option<Function>,
        same_origin: bool,
    ) -> Result<Self, Error> {
        let mut config = Config::default();
        let mut issues = options::read(&mut config, options, &options::OF_CLIENT);
        config.settle(same_origin, &mut issues);
        let token = token_source(token, options::gives(options, "baseUrl"), &mut issues);
        let (Some(token), true) = (token, issues.is_empty()) else {
            return Err(Error::validation(None, issues));
        };
        let listener = on_event.map(|function| Listener {
            function,
            tell: |function, operation, event| tell(function, &values::event(operation, event)),
        });
        let limiter = RefCell::new((!options::gives(options, "limiter")).then(RateLimiter::new));
        let wiring = Rc::new(Wiring { fetch, token, listener });
        Ok(Self { config: Rc::new(config), wiring, limiter })
    }

    fn prepare(
        &self,
        name: &str,
        id: Option<String>,
        params: Option<&str>,
        options: Option<&str>,
        now: f64,
    ) -> Result<call::Call, Error> {
        let mut issues = Vec::new();
        let once = (name == ONCE).then(|| options::once(options.unwrap_or_default()));
        let name = if once.is_some() { RECORD_PAYMENT.name } else { name };
        let operation = operation(name).ok_or_else(|| Error::validation(None, Vec::new()))?;
        let id = id.and_then(|id| json_text(id.as_bytes()));
        let id = id.as_deref();
        let mut config = self.config.clone();
        if let Some(options) = options {
            let record = if once.is_some() { &options::OF_ONCE } else { &options::OF_CALL };
            issues.append(&mut options::read(Rc::make_mut(&mut config), options, record));
        }
        if !issues.is_empty() {
            // What else is wrong with the call is said in the same breath.
            if let Some(once) = &once {
                once.check(params.unwrap_or_default(), &mut issues);
            }
            let issues = build_after(issues, operation, id, params, &config).err().unwrap_or_default();
            return Err(Error::validation(Some(operation), issues));
        }
        let limiter = self.limiter.borrow().clone();
        let once = once.map(|options| (options, PAYMENTS.with(OnceQueue::clone)));
        call::Call::new(operation, once, id, params, &config, limiter, now)
    }
}

#[cfg(feature = "npm-edge")]
impl Core {
    /// A push of a payment provider: `id` is who pushes, as JSON text.
    fn prepare_push(
        &self,
        sender: String,
        params: Option<&str>,
        options: Option<&str>,
        now: f64,
    ) -> Result<call::Call, Error> {
        let mut config = self.config.clone();
        let mut issues =
            options.map(|given| options::read(Rc::make_mut(&mut config), given, &options::OF_CALL)).unwrap_or_default();
        let pushed = Pushed::read(&sender, params.unwrap_or_default(), &config).map_err(|found| issues.extend(found));
        let (Ok(pushed), true) = (pushed, issues.is_empty()) else {
            return Err(Error::validation(Some(Pushed::OPERATION), issues));
        };
        let limiter = self.limiter.borrow().clone();
        let Pushed { request, secret } = pushed;
        Ok(call::Call::of(Pushed::OPERATION, request, secret, &config, limiter, now))
    }
}

/// The operation of a name in the ledger.
fn operation(name: &str) -> Option<&'static Operation> {
    ALL.iter().copied().find(|operation| operation.name == name)
}

/// What a call waits for.
#[derive(Clone, Copy)]
enum Asked {
    Nothing,
    Token,
    Wait,
    Send,
}

/// An operation under way.
///
/// JavaScript carries it from wait to wait: a trap then rejects it instead of leaving it pending for ever, and no wait
/// needs a queue, a waker and two closures.
#[wasm_bindgen]
pub struct Call {
    prepared: Result<call::Call, Error>,
    params: Option<String>,
    transport: FetchTransport,
    began: f64,
    asked: Asked,
    /// It ends with the answer that a proxy gives.
    #[cfg(feature = "npm-edge")]
    proxied: Option<Proxied>,
}

#[wasm_bindgen]
impl Call {
    /// What is wrong with the call, which need not be made: an error as JSON text, whose list may be empty.
    pub fn refusal(&self) -> String {
        match &self.prepared {
            Ok(call) => values::error(&Error::validation(Some(call.run.operation), Vec::new())),
            Err(error) => values::error(error),
        }
    }

    /// The list that the call would begin, to be read on behind a cursor instead. Throws an error as JSON text.
    pub fn resume(&self, cursor: &JsValue) -> Result<Pages, JsValue> {
        let call = self.prepared.as_ref().map_err(values::error)?;
        let params = self.params.as_deref().unwrap_or_default();
        Pages::resume(cursor_scope(&call.run.request), params, cursor)
            .map_err(|issue| values::error(&Error::validation(Some(call.run.operation), vec![issue])).into())
    }

    /// Goes on with what the promise that the last step gave came to.
    ///
    /// Gives the next promise to wait for; at the end `[undefined, data, response, info, memory]` or `[error, cause]`. `info`,
    /// with attempts, duration and limits, and the error are JSON text; `memory` is the size of the module's memory in bytes.
    pub fn step(&mut self, value: JsValue) -> JsValue {
        let transport = &self.transport;
        let call = match &mut self.prepared {
            Ok(call) => call,
            Err(error) => return failure(error, transport),
        };
        let mut told = match self.asked {
            Asked::Nothing => Told::Nothing,
            Asked::Token => {
                let token = transport.end_token(value, call.run.request.location_id.as_deref());
                // For whom there is a token somebody else may decide at any time: a proxy asks for each call.
                #[cfg(feature = "npm-edge")]
                if self.proxied.is_some() {
                    transport.forget_tokens();
                }
                Told::Token(token)
            }
            Asked::Wait => Told::Awake(transport.end_sleep(value)),
            Asked::Send => Told::Answer(transport.end_send(value)),
        };
        let (asked, promise) = loop {
            let ask = call.next(transport, told);
            let run = &mut call.run;
            told = match ask {
                Ask::Token => match transport.begin_token(run.token_wanted(transport.now_ms())) {
                    Ok(token) => Told::Token(Ok(token)),
                    Err(promise) => break (Asked::Token, promise),
                },
                // A wait that has ended before it began tells it so, and why: it takes no turn, and no event says that it was sent.
                Ask::Turn if transport.is_aborted() => break (Asked::Wait, transport.begin_sleep(0.0)),
                Ask::Turn => Told::Turn(run.turn(transport.now_ms())),
                Ask::Wait(ms) => break (Asked::Wait, transport.begin_sleep(ms)),
                Ask::Send(ms) => {
                    break (Asked::Send, transport.begin_send(&run.request, run.token.as_deref(), ms));
                }
                #[cfg(feature = "npm-edge")]
                Ask::Done(ended) if self.proxied.is_some() => {
                    return self
                        .proxied
                        .as_ref()
                        .map_or(JsValue::UNDEFINED, |proxied| proxied.end(run, ended, transport));
                }
                Ask::Done(Ok(done)) => {
                    let scope = run.operation.is_list().then(|| cursor_scope(&run.request));
                    let info = values::success(&done, transport.now_ms() - self.began, scope.as_deref());
                    let ascii = done.answer.checked.foreign.then(|| to_ascii(&done.answer.body));
                    let body = ascii.as_deref().unwrap_or(&done.answer.body);
                    return succeeded(body, &transport.last_response(), &info);
                }
                Ask::Done(Err(error)) => return failure(&error, transport),
            };
        };
        self.asked = asked;
        promise.into()
    }
}

fn failure(error: &Error, transport: &FetchTransport) -> JsValue {
    failed(&values::error(error), &transport.last_cause())
}

fn token_source(token: JsValue, proxied: bool, issues: &mut Vec<Issue>) -> Option<TokenSource> {
    if token.is_undefined() && proxied {
        return Some(TokenSource::none());
    }
    if let Some(text) = token.as_string() {
        return TokenSource::text(text).map_err(|mut error| issues.append(&mut error.issues)).ok();
    }
    let function = token.dyn_into().ok();
    if function.is_none() {
        issues.push(Issue::new(
            "token",
            "is missing: pass the access token or a function that gives it; \
             only a client whose baseUrl is your own proxy works without",
        ));
    }
    function.map(TokenSource::function)
}
