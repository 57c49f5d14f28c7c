//! The export for the queryUrl. `pkg-template/src/edge/query.ts` carries out what it says.

use super::webhook::put_drift;
use crate::json::{field, rounded_up, text_field, Object};
use crate::provider::money::Unit;
use crate::provider::query::{
    begin, end, find, not_supported, pointer, row_id, set, transaction_row, unit_of, Action, After, Answer, Begin,
    Ended, Found, Query, RefusalCode,
};
use crate::shape::put_issues;
use wasm_bindgen::prelude::*;

/// What an amount may be given as.
#[wasm_bindgen(typescript_custom_section)]
const AMOUNTS: &str = r#"
/** An amount of money, exact in both units. */
export interface Amount {
    /** In major units: `10.5` is 10.50. */
    major: number;
    /** In minor units, by the currency's own decimals: `1050` cents, whole yen. */
    minor: number;
    /** Three letters, upper case. */
    currency: string;
}
/** An amount in minor units. */
export interface MinorAmount {
    /** In minor units, whole: `1050` cents. */
    minor: number;
    /** In major units; left out, or the same amount. */
    major?: number | string | undefined;
    /** Three letters, in any case. */
    currency: string;
}
/** An amount in major units. */
export interface MajorAmount {
    /** In major units: `10.5`, or the same as text, with no more decimals than the currency has. */
    major: number | string;
    /** In minor units; left out, or the same amount. */
    minor?: number | undefined;
    /** Three letters, in any case. */
    currency: string;
}
/** An amount as a provider's code gives it, in the unit that its gateway counts in; or an {@link Amount} as it was given. */
export type AmountInput = MinorAmount | MajorAmount;
"#;

/// One step of the queryUrl. What it is given and what comes of it are JSON text; nothing is kept between the steps.
///
/// - `read`: the body. Gives `{name, action?, apiKey?, locationId?, asked?, answer?, drift}`.
/// - `row`: `{action, asked}`. Gives `{id?, from?, after}`, see [`row_id`], [`transaction_row`] and [`pointer`].
/// - `find`: `{asked}` of a refund, and a row. Gives `{id, asked, point?, facts?, from?}` or `{answer}`, see [`find`].
/// - `begin`: `{action, asked, key, known?}` and a row. Gives `{row?, asked?, answer?, issues?, after}`.
/// - `end`: `{action, asked, outcome, unit?, now}` and a row. Gives `{answer, issues?, row?, unheard?, after}`.
/// - `set`: facts, and a row. Gives `{row?}` or `{answer}`.
/// - `unsupported`: `{action}`. Gives `{answer}`.
/// - the code of a refusal: its `{answer}`, with the path `path` and the `message` of an issue, if there are any.
#[wasm_bindgen(js_name = queryStep)]
pub fn query_step(step: &str, given: &str, row: &str, body: &[u8]) -> String {
    let json = given.as_bytes();
    let action = Action::of(&text_field(json, "action")).unwrap_or(Action::Verify);
    let asked = text_field(json, "asked");
    let mut out = Object::new();
    match step {
        "read" => read(&mut out, body),
        "row" => {
            out.optional_text("id", row_id(action, &asked).as_deref());
            out.optional_text("from", transaction_row(action, &asked).as_deref());
            put_after(&mut out, pointer(action, &asked).as_slice());
        }
        "find" => match find(&asked, row) {
            Ok(Found { asked, id, point, facts, from }) => {
                out.text("id", &id);
                out.text("asked", &asked);
                out.optional_text("point", point.as_deref());
                out.optional_text("facts", facts.as_deref());
                out.optional_text("from", from.as_deref());
            }
            Err(code) => put_answer(&mut out, &code.into()),
        },
        "begin" => {
            let known = core::str::from_utf8(field(json, "known")).unwrap_or_default();
            let Begin { row, then, after } =
                begin(action, &asked, row, &text_field(json, "key"), Some(known).filter(|known| !known.is_empty()));
            out.optional_text("row", row.as_deref());
            match then {
                Ok(asked) => out.text("asked", &asked),
                Err(answer) => put_answer(&mut out, &answer),
            }
            put_after(&mut out, &after);
        }
        "end" => {
            let unit = match &*text_field(json, "unit") {
                "major" => Unit::Major,
                "minor" => Unit::Minor,
                _ => unit_of(action),
            };
            let outcome = core::str::from_utf8(field(json, "outcome")).unwrap_or_default();
            let now = rounded_up(field(json, "now")) as f64;
            let end = end(action, &asked, row, outcome, unit, now);
            match end.answer {
                Ok(answer) => put_answer(&mut out, &answer),
                Err(issues) => {
                    put_answer(&mut out, &RefusalCode::InvalidAnswer.into());
                    put_issues(&mut out, &issues);
                }
            }
            out.optional_text("row", end.row.as_deref());
            out.optional_text("unheard", end.unheard.as_deref());
            put_after(&mut out, &end.after);
        }
        "set" => match set(row, given) {
            Ok(row) => out.optional_text("row", row.as_deref()),
            Err(code) => put_answer(&mut out, &code.into()),
        },
        "unsupported" => put_answer(&mut out, &not_supported(action)),
        code => {
            let mut found = RefusalCode::Internal;
            for one in RefusalCode::ALL {
                if one.as_str() == code {
                    found = one;
                }
            }
            put_answer(&mut out, &found.into());
        }
    }
    out.finish()
}

fn read(out: &mut Object, body: &[u8]) {
    let query = match Query::read(body) {
        Ok(query) => query,
        Err(refusal) => {
            put_answer(out, &refusal.into());
            return;
        }
    };
    out.text("name", &query.name);
    out.optional_text("action", query.action.map(Action::name));
    out.optional_text("apiKey", query.api_key.as_deref());
    out.optional_text("locationId", query.location_id.as_deref());
    put_drift(out, &query.checked);
    match &query.asked {
        Ok(asked) => out.text("asked", asked),
        Err(refusal) => put_answer(out, &refusal.clone().into()),
    }
}

fn put_after(out: &mut Object, after: &[After]) {
    out.open("after", '[');
    for After { row_id, facts } in after {
        out.item();
        out.text("id", row_id);
        out.text("facts", facts);
        out.close('}');
    }
    out.close(']');
}

/// `answer: {status, body, result, code?}`, and `issues` if there are any.
fn put_answer(out: &mut Object, answer: &Answer) {
    out.open("answer", '{');
    out.number("status", Some(f64::from(answer.status)));
    out.text("body", &answer.body);
    out.text(
        "result",
        match answer.ended {
            Ended::Succeeded => "succeeded",
            Ended::Failed => "failed",
            Ended::Pending => "pending",
        },
    );
    out.optional_text("code", answer.code.map(RefusalCode::as_str));
    out.close('}');
    if !answer.issues.is_empty() {
        put_issues(out, &answer.issues);
    }
}
