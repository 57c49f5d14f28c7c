//! The exports for OAuth. `pkg-template/src/edge/oauth.ts` carries out what they say.
//!
//! All of them are functions of text: what is under way is kept by the caller, so that neither a request that ends nor a
//! trap leaves anything behind in the module.

use crate::bindings::values;
use crate::core::{Error, RateLimit, Response, RetryAfter};
use crate::json::{field, json_text, rounded_up, text_field, Object};
use crate::oauth::{
    step, App, BadState, Event, Failure, FailureCode, InstallEvent, Owner, Pace, Progress, SignedState, State, Step,
    Then,
};
use wasm_bindgen::prelude::*;

fn invalid(issues: Vec<crate::shape::Issue>) -> JsValue {
    values::error(&Error::validation(None, issues)).into()
}

/// Checks the options, JSON text; gives whether the app's own page is served without TLS. Throws an error as JSON text.
#[wasm_bindgen(js_name = oauthCheck)]
pub fn oauth_check(options: &str) -> Result<bool, JsValue> {
    App::check(options).map(|app| app.is_insecure()).map_err(invalid)
}

/// The address at which users allow the app its scopes.
#[wasm_bindgen(js_name = oauthUrl)]
pub fn oauth_url(options: &str, state: &str) -> String {
    App::read(options).authorize_url(state)
}

/// The payload of a state; nothing where `data` is too long.
#[wasm_bindgen(js_name = oauthState)]
pub fn oauth_state(nonce: &str, browser: &str, data: Option<String>, now: f64) -> Option<String> {
    SignedState::new(nonce, browser, data.as_deref(), now).map(|state| state.payload())
}

/// Reads a payload whose signature was right: `{ nonce, expiresAt, data? }` as JSON text, or `{ code }`.
#[wasm_bindgen(js_name = oauthReadState)]
pub fn oauth_read_state(payload: &str, browser: &str, now: f64) -> String {
    let mut out = Object::new();
    match SignedState::read(payload, browser, now) {
        Ok(state) => {
            out.text("nonce", &state.nonce);
            out.number("expiresAt", Some(state.expires_at));
            out.optional_text("data", state.data.as_deref());
        }
        Err(bad) => out.text("code", BadState::code(bad)),
    }
    out.finish()
}

/// What a webhook INSTALL or UNINSTALL means: `{ locationId, companyId? }`, `{ removed: ROW }` or `{}` as JSON text. Throws an
/// error as JSON text.
#[wasm_bindgen(js_name = oauthInstall)]
pub fn oauth_install(event: &str) -> Result<String, JsValue> {
    let mut out = Object::new();
    match InstallEvent::read(event).map_err(|issue| invalid(vec![issue]))? {
        InstallEvent::Location { location_id, company_id } => {
            out.text("locationId", &location_id);
            out.optional_text("companyId", company_id.as_deref());
        }
        InstallEvent::Company => {}
        InstallEvent::Removed(owner) => out.text("removed", &owner.row_id()),
    }
    Ok(out.finish())
}

/// The next step of the token state machine. `row` is the id of the row (empty where a code is exchanged), `state` what it
/// holds; `event` and what is given are JSON text, `body` is that of an answer.
#[wasm_bindgen(js_name = oauthStep)]
#[allow(clippy::too_many_arguments, reason = "an object of them would be built field by field")]
pub fn oauth_step(
    options: &str,
    row: &str,
    state: &str,
    progress: &str,
    event: &str,
    body: Vec<u8>,
    now: f64,
    chance: f64,
) -> String {
    let Ok(state) = State::read(state) else {
        let message = "what is stored of the account was written by a later version, or by somebody else";
        return written(Step {
            write: None,
            progress: Progress::default(),
            then: Then::Fail(Box::new(Failure::new(FailureCode::RowUnreadable, message))),
        });
    };
    let json = event.as_bytes();
    let text = |name: &str| json_text(field(json, name)).filter(|text| !text.is_empty());
    let (refused, company_id, token) = (text("refused"), text("companyId"), text_field(json, "token"));
    let response = response(json, body);
    let event = match text_field(json, "type").as_str() {
        "ask" => Event::Ask { refused: refused.as_deref(), company_id: company_id.as_deref() },
        "reconnect" => Event::Reconnect,
        "code" => Event::Code(&token),
        "installed" => Event::Installed(company_id.as_deref().unwrap_or_default()),
        "company" => Event::CompanyToken(&token),
        "answer" => Event::Answer(&response),
        "late" => Event::Late(&token, &response),
        "awake" => Event::Awake,
        _ => Event::Lost,
    };
    let (app, owner) = (App::read(options), Owner::of_row(row));
    written(step(&app, owner.as_ref(), &state, Progress::read(progress), event, now, chance))
}

/// An answer, of which the event names `status` and those `headers` that count.
fn response(event: &[u8], body: Vec<u8>) -> Response {
    let headers = field(event, "headers");
    Response::read(rounded_up(field(event, "status")) as u16, &|name| json_text(field(headers, name)), body)
}

fn written(Step { write, progress, then }: Step) -> String {
    let mut out = Object::new();
    if let Some(state) = write {
        out.text("write", &state.json());
    }
    out.text("progress", &progress.json());
    let kind = match then {
        Then::Post(post) => {
            out.text("url", &post.url);
            out.open("headers", '{');
            for (name, value) in &post.headers {
                out.text(name, value);
            }
            out.close('}');
            out.text("body", &post.body);
            out.number("ms", Some(f64::from(post.timeout_ms)));
            "post"
        }
        Then::Wait(ms) => {
            out.number("ms", Some(ms));
            "wait"
        }
        Then::CompanyToken { company_id, refused } => {
            out.text("companyId", &company_id);
            out.optional_text("refused", refused.as_ref().map(AsRef::as_ref));
            "company"
        }
        Then::Give(token, until) => {
            out.text("token", token.expose());
            out.number("until", Some(until));
            "give"
        }
        Then::Installed(about) => {
            out.optional_text("row", about.owner.as_ref().map(Owner::row_id).as_deref());
            out.text("about", &about.json());
            "installed"
        }
        Then::Done => "done",
        Then::Fail(failure) => {
            out.text("failure", &failure.json());
            "fail"
        }
    };
    out.text("then", kind);
    out.finish()
}

/// Takes a company's next turn: `{ row, ms }` as JSON text.
#[wasm_bindgen(js_name = oauthTurn)]
pub fn oauth_turn(row: &str, now: f64) -> String {
    let mut pace = Pace::read(row);
    let ms = pace.take(now);
    let mut out = Object::new();
    out.text("row", &pace.json());
    out.number("ms", Some(ms.ceil()));
    out.finish()
}

/// Reads from an answer (an event, as for `oauthStep`) what it says of the turns: the row to store, if anything changes.
#[wasm_bindgen(js_name = oauthLimits)]
pub fn oauth_limits(row: &str, event: &str, now: f64) -> Option<String> {
    let response = response(event.as_bytes(), Vec::new());
    let refused = (response.status == 429).then(|| response.retry_after.map_or(0.0, |after: RetryAfter| after.ms(now)));
    let named: Option<&RateLimit> = response.rate_limit.as_ref();
    let mut pace = Pace::read(row);
    pace.learn(now, named, refused).then(|| pace.json())
}
