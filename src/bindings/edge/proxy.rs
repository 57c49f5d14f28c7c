//! The exports for the proxy.

use crate::call::{Done, Run};
use crate::core::{parted, put_operation, Error, ErrorKind};
use crate::edge::proxy::{
    enter, failed, failed_check, is_own, named_so, rebuild, succeeded, without_token, Answer, Came, Grant, Head,
    Reason, Refusal, Route, Settings, TOKEN_FAILED,
};
use crate::endpoint::{Operation, Safety};
use crate::json::{field, items, json_text, text_field, Object};
use crate::shape::{put_issues, Issue};
use crate::transport::{FetchTransport, Transport};
use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/src/bindings/edge/answered.js")]
extern "C" {
    fn answered(head: &str, body: &[u8], cause: JsValue) -> JsValue;
    #[wasm_bindgen(js_name = codeOf)]
    fn code_of(error: &JsValue) -> Option<String>;
    fn lasts(error: &JsValue) -> bool;
}

/// One step of the proxy; `given` and what comes of it are JSON text. Nothing is kept between the steps, so that none of it is
/// lost with an instance.
///
/// - `settings`: `{basePath, origins}`. Gives them in their form, or `{issues}`.
/// - `enter`: these, `method`, and `origin` and `path` of the URL; `headers` has a `get` that gives text or null. Gives `{cors,
///   operation, id?, takesBody}`, or an answer with `cors`.
/// - `grant`: `{operation, grant}`. Gives `{}`, or an answer, with `issues` where the grant is none.
/// - `rebuild`: `{operation, id?, query, grant, trustIds}` and the body. Gives `{name, id?, params, check?}`, where `check` has
///   the first three too, or an answer with `issues`.
/// - the code of a [`Reason`]: `{operation?}`. Gives its answer.
#[wasm_bindgen]
pub fn proxy(step: &str, given: &str, headers: web_sys::Headers, body: &[u8]) -> String {
    let given = given.as_bytes();
    let mut out = Object::new();
    match step {
        "settings" => match read_settings(given).check() {
            Ok(settings) => {
                out.text("basePath", &settings.base_path);
                out.texts("origins", &settings.origins);
            }
            Err(issues) => put_issues(&mut out, &issues),
        },
        "enter" => {
            let headers = gloo_net::http::Headers::from_raw(headers);
            let method = &text_field(given, "method");
            let (origin, path) = (&text_field(given, "origin"), &text_field(given, "path"));
            let entry = enter(&read_settings(given), &Head { method, origin, path, header: &|name| headers.get(name) });
            put_headers(&mut out, "cors", &entry.cors());
            match entry.route {
                Ok(route) => {
                    put_operation(&mut out, route.operation);
                    out.truth("takesBody", route.takes_body());
                    out.optional_text("id", route.id.as_deref());
                }
                Err(answer) => put_answer(&mut out, &answer),
            }
        }
        "grant" | "rebuild" => {
            if let Err((mut refusal, issues)) = granted(given, (step == "rebuild").then_some(body), &mut out) {
                refusal.before_write = is_write(given);
                put_answer(&mut out, &refusal.answer());
                put_issues(&mut out, issues.as_ref().unwrap_or(&refusal.issues));
            }
        }
        code => {
            let mut reason = Reason::Internal;
            for one in Reason::ALL {
                if one.code() == code {
                    reason = one;
                }
            }
            let refusal = Refusal { before_write: is_write(given), ..reason.into() };
            put_answer(&mut out, &refusal.answer());
        }
    }
    out.finish()
}

/// Whether the operation that is named would change something.
fn is_write(given: &[u8]) -> bool {
    named_so(&text_field(given, "operation")).is_some_and(|operation| operation.safety != Safety::Read)
}

fn read_settings(given: &[u8]) -> Settings {
    let mut origins = Vec::new();
    for (_, origin) in items(field(given, "origins")) {
        origins.push(json_text(origin).unwrap_or_default());
    }
    Settings { base_path: text_field(given, "basePath"), origins }
}

/// Whether the grant holds the operation and, with a body, what becomes of it. What is wrong with the grant itself the page
/// is not told.
fn granted(given: &[u8], body: Option<&[u8]>, out: &mut Object) -> Result<(), (Refusal, Option<Vec<Issue>>)> {
    let grant = core::str::from_utf8(field(given, "grant")).unwrap_or_default();
    let grant = Grant::read(grant).map_err(|issues| (Reason::InvalidGrant.into(), Some(issues)))?;
    let operation = named_so(&text_field(given, "operation")).ok_or_else(|| (Reason::NoRoute.into(), None))?;
    let Some(body) = body else { return grant.permits(operation).map_err(|refusal| (refusal, None)) };
    let route = Route { operation, id: json_text(field(given, "id")) };
    let trust_ids = field(given, "trustIds") == b"true";
    let rebuilt = rebuild(&route, &text_field(given, "query"), body, &grant, trust_ids);
    let rebuilt = rebuilt.map_err(|refusal| (refusal, None))?;
    put_call(out, rebuilt.operation, rebuilt.id.as_deref(), &rebuilt.params);
    if let Some(check) = &rebuilt.check {
        out.open("check", '{');
        put_call(out, check.operation, check.id.as_deref(), &check.params);
        out.text("manner", if check.before_write { "check" } else { "look" });
        out.text("record", &check.record);
        out.close('}');
    }
    Ok(())
}

#[inline(never)]
fn put_call(out: &mut Object, operation: &Operation, id: Option<&str>, params: &str) {
    out.text("name", operation.name);
    out.optional_text("id", id);
    out.text("params", params);
}

fn put_headers(out: &mut Object, name: &str, headers: &[(&'static str, String)]) {
    out.open(name, '{');
    for (name, value) in headers {
        out.text(name, value);
    }
    out.close('}');
}

/// An answer of the proxy's own, whose body is text.
#[inline(never)]
fn put_answer(out: &mut Object, answer: &Answer) {
    put_head(out, answer);
    out.text("body", core::str::from_utf8(&answer.body).unwrap_or_default());
}

#[inline(never)]
fn put_head(out: &mut Object, answer: &Answer) {
    out.number("status", Some(f64::from(answer.status)));
    out.text("code", answer.code);
    put_headers(out, "headers", &answer.headers);
}

/// A call of the client that ends with the answer of a proxy.
pub(in crate::bindings) enum Proxied {
    /// For a grant of all reads.
    Read,
    /// For any other.
    Named,
    /// The read before a call: nothing is wanted of it but whether this record is the grant's.
    Check {
        /// The id of the record.
        record: String,
        /// Whether a write follows.
        before_write: bool,
    },
}

impl Proxied {
    /// Reads the manner of a call, which stands in front of its operation's name; of a check, the record stands in between.
    pub fn read(name: &str) -> (Option<Self>, &str) {
        let (manner, rest) = parted(name, b' ');
        let (record, checked) = parted(rest, b' ');
        match manner {
            "read" => (Some(Self::Read), rest),
            "named" => (Some(Self::Named), rest),
            "check" | "look" => (Some(Self::Check { record: record.into(), before_write: manner == "check" }), checked),
            _ => (None, name),
        }
    }

    /// What the call ends with: `[undefined, head, body, cause]`. The head of an answer is `{status, code, headers, date?,
    /// reason?}`; that of a check that found nothing wrong has the status 0. Where the function for the token threw, `cause` is
    /// what, and `reason` the code of that.
    #[inline(never)]
    pub fn end(&self, run: &Run, ended: Result<Box<Done>, Error>, transport: &FetchTransport) -> JsValue {
        let location_id = run.config.location_id.as_deref().unwrap_or_default();
        // With this kind nothing else throws: a refusal is an answer, and has no cause.
        let tokenless = matches!(&ended, Err(error) if error.kind == ErrorKind::Authentication);
        let cause = if tokenless { transport.last_cause() } else { JsValue::UNDEFINED };
        let reason = code_of(&cause);
        let mut answer = match (ended, self) {
            (Err(_), _) if lasts(&cause) && reason.is_some() => without_token(reason.as_deref().unwrap_or_default()),
            (Ok(done), Self::Check { record, .. }) => {
                if is_own(&done.answer.body, record, location_id) {
                    return answered("{\"status\":0}", b"", cause);
                }
                Refusal::from(Reason::ForeignRecord).answer()
            }
            (Err(error), Self::Check { before_write, .. }) => failed_check(run.operation, *before_write, &error),
            (Ok(done), _) => {
                let status = transport.last_response().unchecked_into::<web_sys::Response>().status();
                let Done { answer, rate_limit, .. } = *done;
                let (body, rate_limit, keys) = (answer.body, rate_limit.as_ref(), matches!(self, Self::Named));
                succeeded(run.operation, Came { status, body, rate_limit, tokens: run.tokens(), location_id, keys })
            }
            (Err(error), _) => failed(run.operation, &error),
        };
        if answer.code.is_empty() && !cause.is_undefined() {
            // It is HighLevel's refusal of the token before that the page hears of.
            answer.code = TOKEN_FAILED;
        }
        let mut out = Object::new();
        put_head(&mut out, &answer);
        out.optional_text("reason", reason.as_deref());
        out.number("date", transport.server_time_ms());
        answered(&out.finish(), &answer.body, cause)
    }
}
