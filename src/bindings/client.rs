//! The client's exports. The TypeScript facade in `pkg-template/src` turns them into the public surface.

use super::values;
use crate::core::{build, Config, Error, Request};
use crate::endpoint::{Operation, ALL, RECORD_PAYMENT};
use crate::transport::{record_once, run, step, Event, FetchTransport, RateLimiter, TokenSource};
use js_sys::{Array, Function};
use std::future::Future;
use std::pin::Pin;
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
        let once = name == ONCE;
        let operation =
            if once { Some(&RECORD_PAYMENT) } else { ALL.iter().copied().find(|operation| operation.name == name) };
        let prepared = self.prepare(operation, id.as_deref(), params.as_deref(), options);
        let once = once.then(|| (id.unwrap_or_default(), params.unwrap_or_default()));
        let limiter = self.limiter.clone();
        Call(Box::pin(async move {
            let began = js_sys::Date::now();
            let limiter = limiter.as_ref();
            let outcome = match (prepared, &once) {
                (Err(error), _) => Err(error),
                (Ok((_, _, config)), Some((order, body))) => {
                    record_once(&transport, order, body, &config, limiter).await
                }
                (Ok((operation, request, config)), None) => {
                    run(&transport, operation, &request, &config, limiter).await
                }
            };
            let result = Array::new();
            match outcome {
                Ok(done) => {
                    result.push(&JsValue::UNDEFINED);
                    result.push(&parse(&done.answer.body));
                    result.push(&transport.last_response());
                    result.push(&done.attempts.into());
                    result.push(&(js_sys::Date::now() - began).into());
                    if let Some(limit) = done.rate_limit {
                        result.push(&values::rate_limit(limit).into());
                    }
                }
                Err(error) => {
                    result.push(&values::error(&error).into());
                    result.push(&transport.last_cause());
                }
            }
            result.into()
        }))
    }
}

/// An operation under way.
#[wasm_bindgen]
pub struct Call(Pin<Box<dyn Future<Output = JsValue>>>);

#[wasm_bindgen]
impl Call {
    /// Goes on with what the promise that the last step gave came to.
    ///
    /// Gives the next promise to wait for; at the end `[undefined, data, response, attempts, durationMs, rateLimit?]` or
    /// `[error, cause]`. Error and limits are JSON text.
    pub fn step(&mut self, value: JsValue) -> JsValue {
        step(self.0.as_mut(), value)
    }
}

impl Core {
    fn prepare(
        &self,
        operation: Option<&'static Operation>,
        id: Option<&str>,
        params: Option<&str>,
        options: Option<String>,
    ) -> Result<(&'static Operation, Request, Rc<Config>), Error> {
        let operation = operation.ok_or_else(|| Error::validation(None, Vec::new()))?;
        let prepared = || {
            let mut config = self.config.clone();
            if let Some(json) = &options {
                values::apply(Rc::make_mut(&mut config), json, false)?;
            }
            Ok((operation, build(operation, id, params, &config)?, config))
        };
        prepared().map_err(|issues| Error::validation(Some(operation), issues))
    }
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
