//! The client's exports. The TypeScript facade in `pkg-template/src` turns them into the public surface.

use super::values::{self, Options};
use crate::core::{build, Config, Error, Pager};
use crate::endpoint::ALL;
use crate::shape::Issue;
use crate::transport::{run, Call, FetchTransport, TokenSource};
use js_sys::{Array, Function, Promise};
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use web_sys::AbortSignal;

#[wasm_bindgen(typescript_custom_section)]
const JSON_TYPES: &str = r#"
/** Any JSON value: HighLevel publishes no schema for it. */
export type JsonValue = string | number | boolean | null | JsonValue[] | JsonObject;

/** A JSON object for whose fields HighLevel publishes no schema. */
export interface JsonObject {
    [field: string]: JsonValue | undefined;
}
"#;

/// A configured client.
#[wasm_bindgen]
pub struct Core {
    config: Config,
    token: Rc<TokenSource>,
    fetch: Option<Function>,
    on_event: Option<Function>,
}

#[wasm_bindgen]
impl Core {
    /// `options` is JSON text. Throws an error as a plain object.
    #[wasm_bindgen(constructor)]
    pub fn new(
        options: &str,
        token: JsValue,
        fetch: Option<Function>,
        on_event: Option<Function>,
        same_origin: bool,
    ) -> Result<Core, JsValue> {
        let options = Options::read(options).map_err(|e| values::error(&e))?;
        let proxied = options.has_base_url();
        let config = options.config(same_origin).map_err(|e| values::error(&e))?;
        let token = token_source(token, proxied).map_err(|e| values::error(&e))?;
        Ok(Self { config, token: Rc::new(token), fetch, on_event })
    }

    /// Carries out the operation at this index of the ledger.
    ///
    /// Resolves to `[data, response, attempts, durationMs, rateLimit?]`; rejects with `[error, cause]`.
    pub fn call(
        &self,
        operation: usize,
        id: Option<String>,
        params: Option<String>,
        options: Option<String>,
        signal: Option<AbortSignal>,
    ) -> Promise {
        let listener = self.on_event.clone().map(|function| -> Rc<dyn Fn(_, crate::transport::Event<'_>)> {
            Rc::new(move |operation, event| {
                // A listener that throws must not break the call.
                let _ = function.call1(&JsValue::UNDEFINED, &values::event(operation, event));
            })
        });
        let transport = FetchTransport::with(self.fetch.clone(), self.token.clone(), signal, listener);
        let call = self.prepare(operation, id, params, options);
        wasm_bindgen_futures::future_to_promise(async move {
            let began = js_sys::Date::now();
            let outcome = match call {
                Ok(call) => run(&transport, &call).await,
                Err(error) => Err(error),
            };
            let done = outcome.map_err(|error| Array::of2(&values::error(&error), &transport.last_cause()))?;
            let text = String::from_utf8(done.answer.body).map_err(|_| JsValue::from("not UTF-8"))?;
            let result = Array::of4(
                &js_sys::JSON::parse(&text)?,
                &transport.last_response(),
                &done.attempts.into(),
                &(js_sys::Date::now() - began).into(),
            );
            if let Some(limit) = done.rate_limit {
                result.push(&values::rate_limit(limit));
            }
            Ok(result.into())
        })
    }
}

impl Core {
    fn prepare(
        &self,
        operation: usize,
        id: Option<String>,
        params: Option<String>,
        options: Option<String>,
    ) -> Result<Call, Error> {
        let operation = ALL.get(operation).copied().ok_or_else(|| Error::validation(None, Vec::new()))?;
        let options = options.as_deref().map(Options::read).transpose()?.unwrap_or_default().call();
        let request = build(operation, id.as_deref(), params.as_deref(), &self.config, &options)
            .map_err(|issues| Error::validation(Some(operation), issues))?;
        Ok(Call {
            operation,
            request,
            timeout_ms: options.timeout_ms.unwrap_or(self.config.timeout_ms),
            max_retries: options.max_retries.unwrap_or(self.config.max_retries),
            retry_delay_ms: self.config.retry_delay_ms,
            strict: options.strict.unwrap_or(self.config.strict),
        })
    }
}

fn token_source(token: JsValue, proxied: bool) -> Result<TokenSource, Error> {
    if token.is_undefined() && proxied {
        return Ok(TokenSource::none());
    }
    if let Some(text) = token.as_string() {
        return TokenSource::text(text);
    }
    token.dyn_into().map(TokenSource::function).map_err(|_| {
        let message = "is missing: pass the access token or a function that gives it; \
                       only a client whose baseUrl is your own proxy works without";
        Error::validation(None, vec![Issue { path: "token".into(), message: message.into() }])
    })
}

/// The state of one iteration over a list.
#[wasm_bindgen]
pub struct Pages(Pager);

#[wasm_bindgen]
impl Pages {
    /// Starts at `offset` with pages of `limit` records.
    #[wasm_bindgen(constructor)]
    pub fn new(offset: u32, limit: Option<u32>) -> Self {
        Self(Pager::new(offset, limit))
    }

    /// Takes a page: the ids of its records, a line each, and the total. Gives the next offset (-1 after the last page)
    /// and then the indices of the records that were not delivered before.
    pub fn accept(&mut self, ids: &str, total: Option<f64>) -> Vec<f64> {
        let ids: Vec<&str> = if ids.is_empty() { Vec::new() } else { ids.split('\n').collect() };
        let step = self.0.accept(ids.iter().map(|id| id.trim_end()), total);
        let next = step.next_offset.map_or(-1.0, f64::from);
        std::iter::once(next).chain(step.fresh.into_iter().map(f64::from)).collect()
    }
}
