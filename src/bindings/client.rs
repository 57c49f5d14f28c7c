//! The client's exports. The TypeScript facade in `pkg-template/src` turns them into the public surface.

use super::{options, pages::Pages, values};
use crate::call::{self, cursor_scope, Ask, RateLimiter, Told};
use crate::core::{build_after, Config, Error};
use crate::endpoint::{ALL, RECORD_PAYMENT};
use crate::json::{json_text, to_ascii};
use crate::shape::Issue;
use crate::transport::{FetchTransport, Listener, TokenSource, Transport, Wiring};
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
    fn succeeded(body: &[u8], response: &JsValue, info: &str) -> JsValue;
    fn failed(error: &str, cause: &JsValue) -> JsValue;
    fn tell(listener: &Function, event: &str);
}

/// Behind the ledger: a payment that is looked for before it would be sent again.
const ONCE: &str = "orders.recordPaymentOnce";

/// A configured client.
#[wasm_bindgen]
pub struct Core {
    config: Config,
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

    /// Starts an operation. `input` has five lines: the name that it has in the ledger, or [`ONCE`], its options, its
    /// parameters, the id for its path and the options that only [`ONCE`] has. Each but the first is JSON text, which holds
    /// no line break, or empty.
    pub fn call(&self, input: &str, signal: Option<AbortSignal>) -> Call {
        let transport = FetchTransport::with(self.wiring.clone(), signal);
        let began = transport.now_ms();
        Call { prepared: self.prepare(input, began), transport, began, asked: Asked::Nothing }
    }

    /// What is wrong with the `input` of a call, which is not made: an error as JSON text, whose list may be empty.
    pub fn check(&self, input: &str) -> String {
        let issues = match self.prepare(input, 0.0) {
            Ok(call) => Error::validation(Some(call.run.operation), Vec::new()),
            Err(error) => error,
        };
        values::error(&issues)
    }

    /// The list that `input`, as for [`Self::call`], names, to be read on behind a cursor. Throws an error as JSON text.
    pub fn resume(&self, input: &str, cursor: &JsValue) -> Result<Pages, JsValue> {
        let pages = self.prepare(input, js_sys::Date::now()).and_then(|call| {
            let mut params = input;
            line(&mut params);
            line(&mut params);
            let pages = Pages::resume(cursor_scope(&call.run.request), line(&mut params), cursor);
            pages.map_err(|issue| Error::validation(Some(call.run.operation), vec![issue]))
        });
        pages.map_err(|error| values::error(&error).into())
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
        Ok(Self { config, wiring: Rc::new(Wiring { fetch, token, listener }), limiter })
    }

    fn prepare(&self, mut input: &str, now: f64) -> Result<call::Call, Error> {
        let name = line(&mut input);
        let options = line(&mut input);
        let params = line(&mut input);
        let params = (!params.is_empty()).then_some(params);
        let id = json_text(line(&mut input).as_bytes());
        let id = id.as_deref();
        let mut issues = Vec::new();
        let once = (name == ONCE).then(|| options::once(input, &mut issues));
        let name = if once.is_some() { RECORD_PAYMENT.name } else { name };
        let operation = ALL.iter().copied().find(|operation| operation.name == name);
        let operation = operation.ok_or_else(|| Error::validation(None, Vec::new()))?;
        let mut config = self.config.clone();
        let options = if options.is_empty() { "{}" } else { options };
        issues.append(&mut options::read(&mut config, options, &options::OF_CALL));
        if !issues.is_empty() {
            // What else is wrong with the call is said in the same breath.
            let issues = build_after(issues, operation, id, params, &config).err().unwrap_or_default();
            return Err(Error::validation(Some(operation), issues));
        }
        let limiter = self.limiter.borrow().clone();
        call::Call::new(operation, once, id, params, &Rc::new(config), limiter, now)
    }
}

/// Takes the first line off a text.
fn line<'a>(text: &mut &'a str) -> &'a str {
    let end = text.as_bytes().iter().position(|byte| *byte == b'\n').unwrap_or(text.len());
    let line = text.get(..end).unwrap_or_default();
    *text = text.get(end + 1..).unwrap_or_default();
    line
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
    transport: FetchTransport,
    began: f64,
    asked: Asked,
}

#[wasm_bindgen]
impl Call {
    /// Goes on with what the promise that the last step gave came to.
    ///
    /// Gives the next promise to wait for; at the end `[undefined, data, response, info]` or `[error, cause]`. `info`, with
    /// attempts, duration and limits, and the error are JSON text.
    pub fn step(&mut self, value: JsValue) -> JsValue {
        let transport = &self.transport;
        let call = match &mut self.prepared {
            Ok(call) => call,
            Err(error) => return failure(error, transport),
        };
        let mut told = match self.asked {
            Asked::Nothing => Told::Nothing,
            Asked::Token => Told::Token(transport.end_token(value, call.run.request.location_id.as_deref())),
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
                Ask::Turn => Told::Turn(run.turn(transport.now_ms())),
                Ask::Wait(ms) => break (Asked::Wait, transport.begin_sleep(ms)),
                Ask::Send(ms) => {
                    break (Asked::Send, transport.begin_send(&run.request, run.token.as_deref(), ms));
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
