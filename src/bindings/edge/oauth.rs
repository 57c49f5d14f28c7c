//! The export for OAuth. `pkg-template/src/edge/oauth.ts` carries out what it says.

use crate::bindings::values;
use crate::core::{Error, Response};
use crate::json::{field, joined, json_text, rounded_up, text_field, Object};
use crate::oauth::{
    step, App, BadState, Event, Failure, FailureCode, Owner, Pace, Progress, SignedState, State, Status, Step, Then,
    USER_AGENT,
};
use wasm_bindgen::prelude::*;

/// Decides one thing. A function of text: what is under way is kept by the caller, so that neither a request that ends nor a
/// trap leaves anything behind in the module. One for all tasks, as each export costs what a task does.
///
/// - `check`: the `options`, JSON text. Gives what is wrong with them, an error as JSON text; otherwise `insecure` or `secure`,
///   by how the app's own page is served.
/// - `url`: the address at which users allow the app its scopes, with the state `text`.
/// - `state`: the payload of a state with the nonce `row`, for the browser `text`, and with `data` of the `event` if it has
///   some; nothing where that is too long.
/// - `read`: reads a payload (`text`) whose signature was right, from the browser `row`: `{ nonce, expiresAt, data? }` as JSON
///   text, or `{ code }`.
/// - `turn`: takes a company's next turn from the row `text`: `{ row, ms }` as JSON text.
/// - `limits`: what an answer says of the turns in the row `text`: the row to store, if anything changes.
/// - `step`: the next step of the token state machine for the row with the id `row`, which holds `text`.
///
/// An `event` is JSON text, `body` that of an answer.
#[wasm_bindgen]
#[allow(clippy::too_many_arguments, reason = "an object of them would be built field by field")]
pub fn oauth(
    task: &str,
    options: &str,
    row: &str,
    text: &str,
    progress: &str,
    event: &str,
    body: Vec<u8>,
    now: f64,
    chance: f64,
) -> String {
    let app = App::read(options);
    match task {
        "check" => match App::check(options) {
            Ok(app) => String::from(if app.is_insecure() { "insecure" } else { "secure" }),
            Err(issues) => values::error(&Error::validation(None, issues)),
        },
        "url" => app.authorize_url(text),
        "state" => {
            let data = json_text(field(event.as_bytes(), "data"));
            SignedState::new(row, text, data, now).map(|state| state.payload()).unwrap_or_default()
        }
        "read" => read_state(text, row, now),
        "turn" => {
            let mut pace = Pace::read(text);
            let ms = pace.take(now);
            let mut out = Object::new();
            out.text("row", &pace.text());
            out.number("ms", Some(ms.ceil()));
            out.finish()
        }
        "limits" => {
            let response = response(event.as_bytes(), body);
            let refused = (response.status == 429).then(|| response.retry_after.map_or(0.0, |after| after.ms(now)));
            let mut pace = Pace::read(text);
            if pace.learn(now, response.rate_limit.as_ref(), refused) {
                pace.text()
            } else {
                String::new()
            }
        }
        _ => next_step(&app, row, text, progress, event, body, now, chance),
    }
}

fn read_state(payload: &str, browser: &str, now: f64) -> String {
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

#[allow(clippy::too_many_arguments, reason = "as above")]
fn next_step(
    app: &App,
    row: &str,
    state: &str,
    progress: &str,
    event: &str,
    body: Vec<u8>,
    now: f64,
    chance: f64,
) -> String {
    let json = event.as_bytes();
    let (kind, token) = (text_field(json, "type"), text_field(json, "token"));
    // What cannot be read is as good as nothing for who replaces or deletes it.
    let replaces = matches!(kind.as_str(), "reconnect" | "uninstalled");
    let Ok(state) = State::read(state).or_else(|bad| if replaces { Ok(State::default()) } else { Err(bad) }) else {
        let message = "what is stored of the account was written by a later version, or by somebody else; reconnect() or forget() it";
        let then = Then::Fail(Failure::new(FailureCode::RowUnreadable, message));
        return written(Step { state: State::default(), write: false, progress: Progress::default(), then });
    };
    let (refused, company_id) = (text_field(json, "refused"), text_field(json, "companyId"));
    let at = rounded_up(field(json, "at")) as f64;
    let response = response(json, body);
    let event = match kind.as_str() {
        "ask" => Event::Ask { refused: &refused, company_id: &company_id },
        "reconnect" => Event::Reconnect,
        "code" => Event::Code(&token),
        "installed" => Event::Installed(&company_id, at),
        "uninstalled" => Event::Uninstalled(at),
        "look" => Event::Look,
        "company" => Event::CompanyToken(&token),
        "answer" => Event::Answer(&response),
        "late" => Event::Late(&token, &response),
        "awake" => Event::Awake,
        _ => Event::Lost,
    };
    written(step(app, Owner::of_row(row).as_ref(), state, Progress::read(progress), event, now, chance))
}

/// An answer, of which the event names `status` and those `headers` that count.
fn response(event: &[u8], body: Vec<u8>) -> Response {
    let headers = field(event, "headers");
    Response::read(rounded_up(field(event, "status")) as u16, &|name| json_text(field(headers, name)), body)
}

fn written(Step { state, write, progress, then }: Step) -> String {
    let mut out = Object::new();
    if write {
        // An empty row is none.
        out.text("write", &if state.status == Status::None { String::new() } else { state.text() });
    }
    out.text("status", state.status.name());
    out.text("companyId", &state.company_id);
    if state.status == Status::UnderCompany {
        out.number("since", Some(state.since));
    }
    out.text("progress", &progress.text());
    let kind = match then {
        Then::Post(post) => {
            out.text("url", &post.url);
            out.open("headers", '{');
            out.text("Accept", "application/json");
            out.text("Content-Type", post.content_type);
            out.text("Version", &post.version);
            out.text("User-Agent", USER_AGENT);
            let token = post.token.expose();
            if !token.is_empty() {
                out.text("Authorization", &joined(&["Bearer ", token]));
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
        Then::CompanyToken(refused) => {
            out.text("refused", refused.expose());
            "company"
        }
        Then::Give => {
            out.text("token", state.access.expose());
            out.number("until", Some(state.refresh_at));
            "give"
        }
        Then::Installed(about) => {
            out.text("row", &about.owner().row_id());
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
