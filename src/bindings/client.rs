//! The client's exports. The TypeScript facade in `pkg-template/src` turns them into the public surface.

use super::values;
use crate::core::{Config, Error};
use crate::endpoint::{ALL, RECORD_PAYMENT};
use crate::transport::{self, Ask, Done, Event, FetchTransport, RateLimiter, TokenSource, Told, Transport};
use js_sys::{Array, Function};
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
    /// The value of JSON text, which the check has seen: with a check of its encoding it would be seen twice.
    fn parse(text: &[u8]) -> JsValue;
}

/// Behind the ledger: a payment that is looked for before it would be sent again.
const ONCE: &str = "orders.recordPaymentOnce";

/// A configured client.
#[wasm_bindgen]
pub struct Core {
    config: Rc<Config>,
    token: Rc<TokenSource>,
    fetch: Option<Function>,
    on_event: Option<Function>,
    limiter: Option<RateLimiter>,
}

#[wasm_bindgen]
impl Core {
    /// `options` is JSON text. Throws an error as JSON text.
    #[wasm_bindgen(constructor)]
    pub fn new(
        options: &str,
        token: JsValue,
        fetch: Option<Function>,
        on_event: Option<Function>,
        same_origin: bool,
    ) -> Result<Core, JsValue> {
        let mut config = Rc::new(Config::default());
        let token = configure(Rc::make_mut(&mut config), options, token, same_origin);
        let token = token.map_err(|error| JsValue::from(values::error(&error)))?;
        Ok(Self { config, token: Rc::new(token), fetch, on_event, limiter: Some(RateLimiter::new()) })
    }

    /// Keeps to the rate limits together with another client.
    pub fn share(&mut self, other: &Core) {
        self.limiter.clone_from(&other.limiter);
    }

    /// Sends at once, whatever the rate limits are.
    pub fn hurry(&mut self) {
        self.limiter = None;
    }

    /// Starts the operation that has this name in the ledger, or [`ONCE`].
    pub fn call(
        &self,
        name: &str,
        id: Option<String>,
        params: Option<String>,
        options: Option<String>,
        signal: Option<AbortSignal>,
    ) -> Call {
        let listener = self.on_event.clone().map(|function| -> Rc<dyn Fn(_, Event<'_>)> {
            Rc::new(move |operation, event| {
                // A listener that throws must not break the call.
                let _ = function.call1(&JsValue::UNDEFINED, &values::event(operation, event).into());
            })
        });
        let transport = FetchTransport::with(self.fetch.clone(), self.token.clone(), signal, listener);
        let began = transport.now_ms();
        let prepared = self.prepare(name, id.as_deref(), params.as_deref(), options, began);
        Call { prepared, transport, began, asked: Asked::Nothing }
    }
}

impl Core {
    fn prepare(
        &self,
        name: &str,
        id: Option<&str>,
        params: Option<&str>,
        options: Option<String>,
        now: f64,
    ) -> Result<transport::Call, Error> {
        let once = name == ONCE;
        let operation =
            if once { Some(&RECORD_PAYMENT) } else { ALL.iter().copied().find(|operation| operation.name == name) };
        let operation = operation.ok_or_else(|| Error::validation(None, Vec::new()))?;
        let mut config = self.config.clone();
        if let Some(json) = &options {
            let applied = values::apply(Rc::make_mut(&mut config), json, false);
            applied.map_err(|issues| Error::validation(Some(operation), issues))?;
        }
        let limiter = self.limiter.clone();
        if once {
            transport::Call::record_once(id, params, &config, limiter, now)
        } else {
            transport::Call::new(operation, id, params, &config, limiter, now)
        }
    }
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
    prepared: Result<transport::Call, Error>,
    transport: FetchTransport,
    began: f64,
    asked: Asked,
}

#[wasm_bindgen]
impl Call {
    /// Goes on with what the promise that the last step gave came to.
    ///
    /// Gives the next promise to wait for; at the end `[undefined, data, response, attempts, durationMs, rateLimit?]` or
    /// `[error, cause]`. Error and limits are JSON text.
    pub fn step(&mut self, value: JsValue) -> JsValue {
        let transport = &self.transport;
        let call = match &mut self.prepared {
            Ok(call) => call,
            Err(error) => return failed(error, transport),
        };
        let mut told = match self.asked {
            Asked::Nothing => Told::Nothing,
            Asked::Token => Told::Token(transport.end_token(value)),
            Asked::Wait => Told::Awake(transport.end_sleep(value)),
            Asked::Send => Told::Answer(transport.end_send(value)),
        };
        let (asked, promise) = loop {
            let ask = call.next(transport, told);
            let run = &call.run;
            told = match ask {
                Ask::Token => match transport.begin_token(run.rejected(), run.patience(transport.now_ms())) {
                    Ok(token) => Told::Token(Ok(token)),
                    Err(promise) => break (Asked::Token, promise),
                },
                Ask::Wait(ms) => break (Asked::Wait, transport.begin_sleep(ms)),
                Ask::Send(ms) => {
                    break (Asked::Send, transport.begin_send(&run.request, run.token.as_deref(), ms));
                }
                Ask::Done(Ok(done)) => return succeeded(&done, transport, self.began),
                Ask::Done(Err(error)) => return failed(&error, transport),
            };
        };
        self.asked = asked;
        promise.into()
    }
}

fn succeeded(done: &Done, transport: &FetchTransport, began: f64) -> JsValue {
    let result = Array::new();
    result.push(&JsValue::UNDEFINED);
    result.push(&parse(&done.answer.body));
    result.push(&transport.last_response());
    result.push(&done.attempts.into());
    result.push(&(transport.now_ms() - began).into());
    if let Some(limit) = done.rate_limit {
        result.push(&values::rate_limit(limit).into());
    }
    result.into()
}

fn failed(error: &Error, transport: &FetchTransport) -> JsValue {
    let result = Array::new();
    result.push(&values::error(error).into());
    result.push(&transport.last_cause());
    result.into()
}

fn configure(config: &mut Config, options: &str, token: JsValue, same_origin: bool) -> Result<TokenSource, Error> {
    let invalid = |issues| Error::validation(None, issues);
    let based = values::apply(config, options, true).map_err(invalid)?;
    config.settle(same_origin).map_err(invalid)?;
    token_source(token, based)
}

fn token_source(token: JsValue, proxied: bool) -> Result<TokenSource, Error> {
    if token.is_undefined() && proxied {
        return Ok(TokenSource::none());
    }
    if let Some(text) = token.as_string() {
        return TokenSource::text(text);
    }
    token.dyn_into().map(TokenSource::function).map_err(|_| {
        Error::invalid(
            "token",
            "is missing: pass the access token or a function that gives it; \
             only a client whose baseUrl is your own proxy works without",
        )
    })
}
