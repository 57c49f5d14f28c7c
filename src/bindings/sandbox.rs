//! The sandbox's exports. The TypeScript in `pkg-template/src/sandbox-api.ts` turns them into the public surface.

use crate::sandbox::{Limits, Options, Request, Sandbox, TokenOptions};
use serde_json::Value;
use wasm_bindgen::prelude::*;

/// A simulated payments backend. Structured values cross as JSON text, bodies as bytes.
#[wasm_bindgen]
pub struct SandboxCore {
    sandbox: Sandbox,
    body: Vec<u8>,
}

// Values are read by hand, and as bytes like all bodies: derived readers and a second parser would make the module a
// tenth larger.
fn read(text: &str) -> Value {
    serde_json::from_slice(text.as_bytes()).unwrap_or_default()
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn texts(value: &Value) -> Option<Vec<String>> {
    value.as_array().map(|list| list.iter().filter_map(text).collect())
}

fn count(value: &Value) -> Option<u32> {
    value.as_f64().map(|number| number as u32)
}

#[wasm_bindgen]
impl SandboxCore {
    /// A sandbox with its data: `{ seed, now, steady, size?, locations?, max?, daily? }` as JSON text.
    #[wasm_bindgen(constructor)]
    pub fn new(options: &str) -> SandboxCore {
        let given = read(options);
        let limits = Limits::default();
        let number = |name: &str| given[name].as_f64().unwrap_or_default();
        let options = Options {
            size: count(&given["size"]).map(|size| size as usize),
            locations: texts(&given["locations"]).unwrap_or_default(),
            limits: Limits {
                max: count(&given["max"]).unwrap_or(limits.max),
                daily: count(&given["daily"]).unwrap_or(limits.daily),
                ..limits
            },
            steady: given["steady"].as_bool().unwrap_or_default(),
            ..Options::new(number("seed") as u64, number("now"))
        };
        Self { sandbox: Sandbox::new(options), body: Vec::new() }
    }

    /// Answers a request whose head is `{ method, url, headers }` as JSON text. Gives the head of the answer,
    /// `{ status, headers, delayMs, end }`, as JSON text; its body is fetched with `takeBody`.
    pub fn handle(&mut self, head: &str, body: Vec<u8>, now: f64) -> String {
        let head = read(head);
        let headers = head["headers"].as_array().into_iter().flatten();
        let request = Request {
            method: text(&head["method"]).unwrap_or_default(),
            url: text(&head["url"]).unwrap_or_default(),
            headers: headers.filter_map(|pair| Some((text(&pair[0])?, text(&pair[1])?))).collect(),
            body,
        };
        let response = self.sandbox.handle(&request, now);
        let head = response.head_json();
        self.body = response.body;
        head
    }

    /// The body of the latest answer.
    #[wasm_bindgen(js_name = takeBody)]
    pub fn take_body(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.body)
    }

    /// A ready token for `{ location?, scopes? }` as JSON text.
    pub fn token(&mut self, options: &str) -> Result<String, JsError> {
        let given = read(options);
        let options = TokenOptions { location: text(&given["location"]), scopes: texts(&given["scopes"]) };
        self.sandbox.token(&options).map_err(|error| JsError::new(&error))
    }

    /// The first location.
    #[wasm_bindgen(getter, js_name = locationId)]
    pub fn location_id(&self) -> String {
        self.sandbox.location().into()
    }

    /// The company that the locations belong to.
    #[wasm_bindgen(getter, js_name = companyId)]
    pub fn company_id(&self) -> String {
        self.sandbox.company().into()
    }

    /// Everything that the locations hold, as JSON text.
    pub fn state(&self) -> String {
        self.sandbox.state_json()
    }

    /// The requests so far, as JSON text.
    pub fn requests(&self) -> String {
        self.sandbox.requests_json()
    }

    /// Puts everything back as it was at the beginning.
    pub fn reset(&mut self) {
        self.sandbox.reset();
        self.body = Vec::new();
    }

    /// Moves the clock forward.
    pub fn advance(&mut self, ms: f64) {
        self.sandbox.advance(ms);
    }

    /// Lays out a fault for requests to come.
    #[wasm_bindgen(js_name = planFault)]
    pub fn plan_fault(&mut self, fault: &str, operation: Option<String>, times: u32) -> Result<(), JsError> {
        self.sandbox.plan_fault(fault, operation, times).map_err(|error| JsError::new(&error))
    }

    /// Forgets the faults that were laid out.
    #[wasm_bindgen(js_name = clearFaults)]
    pub fn clear_faults(&mut self) {
        self.sandbox.clear_faults();
    }
}
