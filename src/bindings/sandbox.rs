//! The sandbox's exports. The TypeScript in `pkg-template/src/sandbox-api.ts` turns them into the public surface.

use crate::sandbox::{
    parse, separated, AppOptions, Echo, InstallOptions, Limits, Options, Request, Rotation, Sandbox, TokenOptions,
};
use serde_json::{Map, Value};
use wasm_bindgen::prelude::*;

// The client's module brings its own.
#[cfg(not(feature = "npm"))]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

/// A simulated payments backend. Structured values cross as JSON text, bodies as bytes.
#[wasm_bindgen]
pub struct SandboxCore {
    sandbox: Sandbox,
    body: Vec<u8>,
}

fn read(text: &str) -> Value {
    parse(text.as_bytes()).unwrap_or_default()
}

fn text_of(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn texts(value: &Value) -> Option<Vec<String>> {
    value.as_array().map(|list| list.iter().filter_map(text_of).collect())
}

fn count(value: &Value) -> Option<u32> {
    value.as_f64().map(|number| number as u32)
}

#[wasm_bindgen]
impl SandboxCore {
    /// A sandbox with its data: `{ seed, now, steady, size?, locations?, echo?, max?, daily?, clientId?, clientSecret?,
    /// redirectUris?, graceMs? }` as JSON text.
    #[wasm_bindgen(constructor)]
    pub fn new(options: &str) -> SandboxCore {
        let given = read(options);
        let limits = Limits::default();
        let field = |name: &str| given.get(name).unwrap_or(&Value::Null);
        let number = |name: &str| field(name).as_f64().unwrap_or_default();
        let options = Options {
            size: count(field("size")).map(|size| size as usize),
            locations: texts(field("locations")).unwrap_or_default(),
            limits: Limits {
                max: count(field("max")).unwrap_or(limits.max),
                daily: count(field("daily")).unwrap_or(limits.daily),
                ..limits
            },
            steady: field("steady").as_bool().unwrap_or_default(),
            echo: field("echo").as_str().and_then(Echo::parse).unwrap_or_default(),
            app: AppOptions {
                client_id: text_of(field("clientId")),
                client_secret: text_of(field("clientSecret")),
                redirect_uris: texts(field("redirectUris")).unwrap_or_default(),
            },
            rotation: match count(field("graceMs")) {
                Some(0) => Rotation::Strict,
                Some(ms) => Rotation::Grace(ms),
                None => Rotation::default(),
            },
            ..Options::new(number("seed") as u64, number("now"))
        };
        Self { sandbox: Sandbox::new(options), body: Vec::new() }
    }

    /// Answers a request; names and values of its headers stand on lines of their own. Gives status, delay and end of
    /// the answer, then name and value of each header, on lines as well; its body is fetched with `takeBody`.
    pub fn handle(&mut self, method: &str, url: &str, headers: &str, body: Vec<u8>, now: f64) -> String {
        let mut lines = headers.split('\n').map(str::to_owned);
        let headers = std::iter::from_fn(|| Some((lines.next()?, lines.next()?))).collect();
        let request = Request { method: method.into(), url: url.into(), headers, body };
        let response = self.sandbox.handle(&request, now);
        let head = response.head();
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
        let options = TokenOptions {
            location: text_of(given.get("location").unwrap_or(&Value::Null)),
            scopes: texts(given.get("scopes").unwrap_or(&Value::Null)),
        };
        self.sandbox.token(&options).map_err(|error| JsError::new(&error))
    }

    /// What is asked for besides requests, with its options as JSON text; the answer is text. One function for all of
    /// it, because each costs glue of its own.
    pub fn ask(&mut self, what: &str, options: &str, now: f64) -> Result<String, JsError> {
        self.sandbox.tick(now);
        let given = read(options);
        let field = |name: &str| given.get(name).unwrap_or(&Value::Null);
        let text = |name: &str| field(name).as_str();
        let flag = |name: &str| field(name).as_bool().unwrap_or_default();
        let sandbox = &mut self.sandbox;
        let lines = |texts: &[&str]| Ok(separated(&mut texts.iter().copied(), "\n"));
        let answer = match what {
            // `{ company, locations?, scopes? }`
            "install" => {
                let locations = texts(field("locations")).unwrap_or_default();
                let options = InstallOptions { company: flag("company"), locations, scopes: texts(field("scopes")) };
                sandbox.install(&options).map(|()| String::new())
            }
            // `{ location? }`
            "uninstall" => sandbox.uninstall(text("location")).map(|()| String::new()),
            // `{ location?, paid }`: the order as lists have it.
            "createOrder" => sandbox.create_order(text("location"), flag("paid")),
            // `{ stream, location? }`: all its records.
            "records" => sandbox.records(text("stream").unwrap_or_default(), text("location")),
            // `{ stream, location?, id? }`: the record as it is then.
            "changeRecord" => sandbox.change_record(text("stream").unwrap_or_default(), text("location"), text("id")),
            // `{ stream, location?, id? }`: the record as it was.
            "deleteRecord" => sandbox.delete_record(text("stream").unwrap_or_default(), text("location"), text("id")),
            // `{ type, location?, id? }`: the body.
            "webhook" => sandbox.webhook(text("type").unwrap_or_default(), text("location"), text("id")),
            // `{ salt }`
            "webhookId" => Ok(sandbox.webhook_id(field("salt").as_f64().unwrap_or_default() as u64)),
            // `{ wanted }`: whether what happens is kept for `events`.
            "listen" => {
                sandbox.listen(flag("wanted"));
                Ok(String::new())
            }
            // A body in each line.
            "events" => {
                let events = sandbox.take_events();
                Ok(separated(&mut events.iter().map(String::as_str), "\n"))
            }
            // `{ what, options }`: HighLevel's side of the custom provider protocol.
            "highlevel" => sandbox
                .high_level(text("what").unwrap_or_default(), field("options").as_object().unwrap_or(&Map::new())),
            // `{ what, options }`: what is wrong with what a provider says.
            "check" => Ok(Sandbox::check_provider(
                text("what").unwrap_or_default(),
                field("options").as_object().unwrap_or(&Map::new()),
            )),
            // Its id, its client id and its client secret.
            _ => {
                let app = sandbox.app();
                lines(&[&app.id, &app.client_id, app.client_secret()])
            }
        };
        answer.map_err(|error| JsError::new(&error))
    }

    /// The time of the last request by the sandbox's clock, in milliseconds since 1970.
    #[wasm_bindgen(getter)]
    pub fn now(&self) -> f64 {
        self.sandbox.now_ms()
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
    pub fn plan_fault(
        &mut self,
        fault: &str,
        operation: Option<String>,
        location: Option<String>,
        times: u32,
    ) -> Result<(), JsError> {
        self.sandbox.plan_fault_in(location, fault, operation, times).map_err(|error| JsError::new(&error))
    }

    /// Forgets the faults that were laid out.
    #[wasm_bindgen(js_name = clearFaults)]
    pub fn clear_faults(&mut self) {
        self.sandbox.clear_faults();
    }
}
