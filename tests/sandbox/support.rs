//! A sandbox with a token, and short ways to call it.

use ghl_payments::sandbox::{End, Options, Request, Response, Sandbox, TokenOptions};
use serde_json::{json, Value};
use std::fs::File;
use std::io::Write;
use std::ops::{Deref, DerefMut};
use std::path::Path;
use std::sync::OnceLock;

/// 2026-11-01T12:00:00.000Z
pub const NOW: f64 = 1_793_534_400_000.0;

pub struct Api {
    pub sandbox: Recorded,
    pub token: String,
    pub location: String,
    pub headers: Vec<(String, String)>,
    pub now: f64,
}

impl Api {
    pub fn new() -> Self {
        Self::with(Options::new(7, NOW))
    }

    /// Without the limit of ten seconds, because most tests make more calls.
    pub fn with(mut options: Options) -> Self {
        options.limits.max = u32::MAX;
        Self::exactly(options)
    }

    pub fn exactly(options: Options) -> Self {
        let mut sandbox = Sandbox::new(options);
        let token = sandbox.token(&TokenOptions::default()).expect("token");
        let location = sandbox.location().to_owned();
        Self { sandbox: Recorded(sandbox), token, location, headers: Vec::new(), now: NOW }
    }

    /// The request that a correct client sends.
    pub fn request(&self, method: &str, url: &str, body: Option<&Value>) -> Request {
        let mut headers = vec![
            ("Authorization".to_owned(), format!("Bearer {}", self.token)),
            ("Version".to_owned(), "2021-07-28".to_owned()),
        ];
        if body.is_some() {
            headers.push(("Content-Type".into(), "application/json".into()));
        }
        headers.extend(self.headers.iter().cloned());
        let body = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
        Request { method: method.into(), url: url.into(), headers, body }
    }

    pub fn raw(&mut self, method: &str, url: &str, body: Option<&Value>) -> Response {
        let request = self.request(method, url, body);
        self.sandbox.handle(&request, self.now)
    }

    pub fn call(&mut self, method: &str, url: &str, body: Option<&Value>) -> (u16, Value) {
        read(&self.raw(method, url, body))
    }

    /// GET with `altId` and `altType`; `query` is what comes after them.
    pub fn get(&mut self, path: &str, query: &str) -> (u16, Value) {
        let url = format!("{path}?altId={}&altType=location&{query}", self.location);
        self.call("GET", &url, None)
    }

    /// GET that must succeed.
    pub fn ok(&mut self, path: &str, query: &str) -> Value {
        let (status, body) = self.get(path, query);
        assert_eq!(status, 200, "{path}?{query}: {body}");
        body
    }

    /// A write with `altId` and `altType` in its body.
    pub fn send(&mut self, method: &str, path: &str, mut body: Value) -> (u16, Value) {
        body["altId"] = Value::from(self.location.clone());
        body["altType"] = Value::from("location");
        self.call(method, path, Some(&body))
    }

    /// All records of a list.
    pub fn all(&mut self, path: &str) -> Vec<Value> {
        let body = self.ok(path, "limit=100000");
        let data = body["data"].as_array().expect("data").clone();
        assert_eq!(body["totalCount"], data.len());
        data
    }

    /// The first order with this payment status.
    pub fn order(&mut self, status: &str) -> Value {
        self.ok("/payments/orders", &format!("paymentStatus={status}&limit=1"))["data"][0].clone()
    }

    /// One call with a fault.
    pub fn faulty(&mut self, fault: &str, method: &str, url: &str, body: Option<&Value>) -> Response {
        let mut request = self.request(method, url, body);
        request.headers.push(("x-sandbox-fault".into(), fault.into()));
        self.sandbox.handle(&request, self.now)
    }
}

/// A sandbox of which every exchange is written down, for tests/contract to judge, where a folder for it is named.
pub struct Recorded(Sandbox);

impl Recorded {
    pub fn handle(&mut self, request: &Request, now: f64) -> Response {
        static FILE: OnceLock<Option<File>> = OnceLock::new();
        let response = self.0.handle(request, now);
        let file = FILE.get_or_init(|| {
            let folder = std::env::var_os("GHL_EXCHANGES")?;
            let path = Path::new(&folder).join(format!("sandbox-{}.ndjson", std::process::id()));
            Some(File::options().create(true).append(true).open(path).expect("the folder of GHL_EXCHANGES"))
        });
        if let Some(mut file) = file.as_ref() {
            // One write for the whole line: the tests share the file.
            file.write_all(line(request, &response).as_bytes()).expect("room for a line");
        }
        response
    }
}

impl Deref for Recorded {
    type Target = Sandbox;

    fn deref(&self) -> &Sandbox {
        &self.0
    }
}

impl DerefMut for Recorded {
    fn deref_mut(&mut self) -> &mut Sandbox {
        &mut self.0
    }
}

fn line(request: &Request, response: &Response) -> String {
    let origin = if request.url.starts_with('/') { "https://services.leadconnectorhq.com" } else { "" };
    let headers: Vec<_> =
        request.headers.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("authorization")).collect();
    let mut entry = json!({
        "side": "sandbox",
        "request": {
            "method": request.method,
            "url": format!("{origin}{}", request.url),
            "headers": headers,
            "body": String::from_utf8_lossy(&request.body),
        },
    });
    if response.end == End::Normal {
        entry["answer"] = json!({
            "status": response.status,
            "headers": response.headers,
            "body": String::from_utf8_lossy(&response.body),
        });
    }
    format!("{entry}\n")
}

pub fn read(response: &Response) -> (u16, Value) {
    (response.status, serde_json::from_slice(&response.body).unwrap_or_default())
}

pub fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("{name} in {value}"))
}

pub fn id(value: &Value) -> String {
    text(value, "_id").to_owned()
}

pub fn cents(value: &Value) -> i64 {
    let amount = value.as_f64().unwrap_or_else(|| panic!("{value} is no amount"));
    let cents = (amount * 100.0).round();
    assert!((amount * 100.0 - cents).abs() < 1e-6, "{amount} has more than two decimals");
    cents as i64
}
