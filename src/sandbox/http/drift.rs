//! Bends an answer in the ways in which HighLevel's answers have been seen to leave their documentation.

use crate::sandbox::json::{json, parse};
use crate::sandbox::object::{object, put};
use serde_json::{Map, Value};

/// A way to leave the documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drift {
    /// Numbers and booleans come as text.
    Quoted,
    /// Integers come where ids are promised.
    Numeric,
    /// Every field but the id is null.
    Null,
    /// Every field but the id is missing.
    Missing,
    /// Fields that nobody has heard of.
    Unknown,
    /// One object where a list within a record is promised.
    Single,
    /// States and kinds have other names.
    Enum,
    /// An object where a number is promised: nothing can repair it.
    Wrong,
    /// `data` is not a list: nothing can repair it.
    Top,
}

impl Drift {
    /// The names that the fault `drift=` takes.
    pub const ALL: [(&'static str, Self); 9] = [
        ("quoted", Self::Quoted),
        ("numeric", Self::Numeric),
        ("null", Self::Null),
        ("missing", Self::Missing),
        ("unknown", Self::Unknown),
        ("single", Self::Single),
        ("enum", Self::Enum),
        ("wrong", Self::Wrong),
        ("top", Self::Top),
    ];

    /// The drift of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(own, _)| *own == name).map(|(_, drift)| *drift)
    }

    /// The body, bent.
    pub fn bend(self, body: Vec<u8>) -> Vec<u8> {
        let Some(mut value) = parse(&body) else { return body };
        match self {
            Self::Quoted => quote(&mut value),
            Self::Top => {
                if let Some(data) = value.get_mut("data") {
                    *data = Value::from("drift");
                } else {
                    value = Value::from(vec![value]);
                }
            }
            _ => records(&mut value, self),
        }
        json(&value)
    }
}

/// Bends every record of an answer: the items of its list, or the answer itself.
fn records(value: &mut Value, drift: Drift) {
    let Value::Object(answer) = value else { return };
    for name in ["data", "providers"] {
        match answer.get_mut(name) {
            Some(Value::Array(list)) => {
                for item in list.iter_mut() {
                    if let Value::Object(fields) = item {
                        bend(fields, drift);
                    }
                }
                if name == "providers" && drift == Drift::Single && !list.is_empty() {
                    let first = list.swap_remove(0);
                    put(answer, name, first);
                }
                return;
            }
            Some(Value::Object(fields)) => return bend(fields, drift),
            _ => {}
        }
    }
    bend(answer, drift);
}

fn bend(fields: &mut Map<String, Value>, drift: Drift) {
    match drift {
        Drift::Null => fields.iter_mut().filter(|(name, _)| *name != "_id").for_each(|(_, value)| *value = Value::Null),
        Drift::Missing => {
            // Not `retain`: nothing else here takes entries out of maps, and that is 4 KB of wasm.
            let id = fields.get("_id").cloned();
            *fields = Map::new();
            if let Some(id) = id {
                put(fields, "_id", id);
            }
        }
        Drift::Unknown => {
            put(fields, "sandboxDrift", object! { "list": vec![Value::from(1), Value::Null], "flag": true });
        }
        Drift::Single => {
            for value in fields.values_mut() {
                if let Value::Array(list) = value {
                    if list.first().is_some_and(Value::is_object) {
                        *value = list.swap_remove(0);
                    }
                }
            }
        }
        Drift::Numeric => {
            for name in ["contactId", "sourceId", "entitySourceId", "userId", "marketplaceAppId", "route"] {
                if let Some(value) = fields.get_mut(name) {
                    *value = Value::from(12_345);
                }
            }
        }
        Drift::Enum => {
            for (name, value) in fields.iter_mut() {
                let lower = name.to_ascii_lowercase();
                if lower.ends_with("status") || lower.ends_with("type") || lower == "provider" {
                    if let Value::String(text) = value {
                        text.push_str("_2");
                    }
                }
            }
        }
        Drift::Wrong => {
            for value in fields.values_mut().filter(|value| value.is_number()) {
                *value = object! { "value": 1 };
            }
        }
        Drift::Quoted | Drift::Top => {}
    }
}

fn quote(value: &mut Value) {
    match value {
        Value::Number(_) | Value::Bool(_) => {
            *value = Value::from(String::from_utf8(json(value)).unwrap_or_default());
        }
        Value::Array(list) => list.iter_mut().for_each(quote),
        Value::Object(fields) => fields.values_mut().for_each(quote),
        Value::Null | Value::String(_) => {}
    }
}
