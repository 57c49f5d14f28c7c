//! From the body of a request to what is asked.

use super::refusal::{Refusal, RefusalCode};
use super::Action;
use crate::json::{json_text, last_field, members, push_amount, put, quote, unescape};
use crate::provider::money::{ten_thousandths, Amount, Currency, MoneyError};
use crate::shape::{check, is_blank, is_id, text_fits, Checked, Drift, Field, Issue, Kind, NO_ID};

/// How long an id may be: it becomes a part of the name under which answers are remembered.
const MAX_ID_LENGTH: usize = 255;

/// A request to the queryUrl.
#[derive(Clone, PartialEq)]
pub struct Query {
    /// Its `type`, known or not.
    pub name: String,
    /// What it asks for; nothing where its type is not known.
    pub action: Option<Action>,
    /// The secret that it proves itself with.
    pub api_key: Option<String>,
    /// The location that it names; most name none.
    pub location_id: Option<String>,
    /// What is asked, as JSON text without the apiKey: amounts as `{major, minor, currency}`, of a refund `{major}`; what is
    /// optional and empty is left out, what this crate does not know stands as it came. Or what is wrong with it.
    pub asked: Result<String, Refusal>,
    /// How the request differs from its shape.
    pub checked: Checked,
}

impl std::fmt::Debug for Query {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Query").field("name", &self.name).field("action", &self.action).finish_non_exhaustive()
    }
}

impl Query {
    /// Reads the body of a request. Whether the fields are right stands in [`Query::asked`], for only who has proved himself
    /// is told.
    ///
    /// # Errors
    /// [`RefusalCode::Malformed`] where it is no JSON object.
    pub fn read(body: &[u8]) -> Result<Self, Refusal> {
        let mut json = body.to_vec();
        let refused = |_| Refusal::from(RefusalCode::Malformed);
        let mut checked = check(&mut json, &Kind::Map).map_err(refused)?;
        if json.trim_ascii_start().first() != Some(&b'{') {
            return Err(RefusalCode::Malformed.into());
        }
        let name = json_text(last_field(&json, "type")).unwrap_or_default();
        let action = Action::of(&name);
        if let Some(action) = action {
            checked = check(&mut json, action.request()).map_err(refused)?;
        }
        let text = |name: &str| json_text(last_field(&json, name));
        let (api_key, location_id) = (text("apiKey"), text("locationId"));
        let asked = self::asked(action, &json, &checked);
        Ok(Self { name, action, api_key, location_id, asked, checked })
    }
}

/// What is asked, for who answers it.
fn asked(action: Option<Action>, json: &[u8], checked: &Checked) -> Result<String, Refusal> {
    let currency = json_text(last_field(json, "currency")).map(|text| Currency::read(&text));
    // No edition names that of a refund; one that would is believed.
    let currency = currency.filter(|currency| currency.is_ok() || action != Some(Action::Refund));
    let mut issues = Vec::new();
    let mut kind = "payment";
    let mut out = String::from("{");
    for (key, value) in members(json) {
        let name = unescape(key);
        if name == "apiKey" {
            continue;
        }
        let mut amount = String::new();
        let field = action.and_then(|action| field(action, &name));
        if let (Some(field), Some(action)) = (field, action) {
            let text = json_text(value);
            if !field.required && (value == b"null" || text.as_deref().is_some_and(is_blank)) {
                continue;
            }
            let wrong = match (field.kind, &text) {
                (Kind::Text, Some(_)) if name == "currency" => match currency {
                    Some(Ok(currency)) => {
                        quote(&mut amount, currency.as_str());
                        None
                    }
                    _ => Some(MoneyError::Currency.message()),
                },
                (Kind::Text, Some(text)) => {
                    if name == "subscriptionId" {
                        kind = "subscription";
                    }
                    let named = is_id(text) && text.len() <= MAX_ID_LENGTH;
                    (!named && name != "chargeDescription").then_some(NO_ID)
                }
                (Kind::Date, Some(text)) => {
                    (text_fits(&Kind::Date, text) == Some(false)).then_some("must be a date such as 2024-02-01")
                }
                (Kind::Number, None) => {
                    let number = core::str::from_utf8(value).unwrap_or_default();
                    match read_amount(number, currency, action != Action::CreateSubscription) {
                        Ok(text) => {
                            amount = text;
                            None
                        }
                        Err(message) => Some(message),
                    }
                }
                _ => None,
            };
            // Of another kind than it must be it is said below.
            issues.extend(wrong.map(|message| Issue::new(&name, message)));
        }
        let key = core::str::from_utf8(key).unwrap_or_default();
        let value = if amount.is_empty() { core::str::from_utf8(value).unwrap_or_default() } else { &amount };
        for part in [if out.len() > 1 { ",\"" } else { "\"" }, key, "\":", value] {
            put(&mut out, part);
        }
    }
    for Drift { path, expected, repaired, .. } in &checked.drifts {
        // What is inside of products decides nothing, and comes in many forms; an apiKey is judged by who knows them.
        let inside = path.bytes().any(|b| matches!(b, b'.' | b'['));
        let value = last_field(json, path);
        let left_out = json_text(value).is_some_and(|text| is_blank(&text))
            && action.and_then(|action| field(action, path)).is_some_and(|field| !field.required);
        if !repaired && !inside && !left_out && path != "productDetails" && path != "apiKey" {
            let wrong = if value.is_empty() { "is required" } else { must_be(expected) };
            issues.retain(|issue| issue.path != *path);
            issues.push(Issue::new(path, wrong));
        }
    }
    if checked.duplicates && action.is_some() {
        // Two readers could take two different amounts out of it.
        issues.push(Issue::new("", "must not have the same field twice"));
    }
    if !issues.is_empty() {
        return Err(Refusal { code: RefusalCode::InvalidQuery, issues });
    }
    if action == Some(Action::Verify) {
        for part in [",\"kind\":\"", kind, "\""] {
            put(&mut out, part);
        }
    }
    out.push('}');
    Ok(out)
}

/// The field of a request that has this name.
fn field(action: Action, name: &str) -> Option<Field> {
    let Kind::Object(record) = action.request() else { return None };
    record.fields().find(|field| field.name == name)
}

/// An amount of a request as its handler gets it, or what is wrong with it.
fn read_amount(
    number: &str,
    currency: Option<Result<Currency, MoneyError>>,
    above_zero: bool,
) -> Result<String, &'static str> {
    let of_currency = |error: MoneyError| if let Some(Ok(currency)) = currency { error.of(currency) } else { error };
    let parts = ten_thousandths(number).map_err(|error| of_currency(error).message())?;
    if above_zero && parts == 0 {
        return Err("must be above 0");
    }
    match currency {
        Some(Ok(currency)) => {
            Amount::of_major(number, currency).map(|amount| amount.json()).map_err(MoneyError::message)
        }
        // Of the currency it is said elsewhere.
        Some(Err(_)) => Ok(String::from("0")),
        None => {
            let mut out = String::from("{\"major\":");
            push_amount(&mut out, parts);
            out.push('}');
            Ok(out)
        }
    }
}

fn must_be(expected: &str) -> &'static str {
    match expected {
        "number" => "must be a number",
        "boolean" => "must be true or false",
        "ISO 8601 text" => "must be a date such as 2024-02-01",
        _ => "must be text",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_with_too_many_digits_is_told_those_of_its_currency() {
        for (number, currency, words) in [
            ("1e-7", "USD", "two digits"),
            ("10.505", "USD", "two digits"),
            ("1e-7", "JPY", "whole number"),
            ("10.5", "JPY", "whole number"),
            ("0.00001", "KWD", "three digits"),
            ("1e-7", "CLF", "four digits"),
        ] {
            let message = read_amount(number, Some(Currency::read(currency)), true).expect_err(number);
            assert!(message.contains(words), "{number} {currency}: {message}");
        }
        assert_eq!(read_amount("0", Some(Currency::read("USD")), true), Err("must be above 0"));
    }
}
