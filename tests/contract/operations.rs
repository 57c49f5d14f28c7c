//! The operations as the contract describes them, with arguments that fit for each. The suites in JavaScript read the same
//! from `operations.mjs`.
#![allow(dead_code, reason = "each suite asks for some of it")]

use serde_json::Value;
use std::sync::LazyLock;

pub const TEXT: &str = include_str!("payments.openapi.json");

/// The contract.
pub static DOCUMENT: LazyLock<Value> = LazyLock::new(|| serde_json::from_str(TEXT).expect("the contract is JSON"));

/// Every operation.
pub static OPERATIONS: LazyLock<Vec<Described>> = LazyLock::new(|| {
    let members = |object: &'static Value| object.as_object().into_iter().flatten();
    let mut all = Vec::new();
    for (path, item) in members(&DOCUMENT["paths"]) {
        for (verb, spec) in members(item).filter(|(key, _)| *key != SHARED) {
            let text = |key: &str| spec[key].as_str().unwrap_or_else(|| panic!("{verb} {path} has no {key}"));
            let (id, name, method) = (text("operationId"), text("x-js-method"), verb.to_uppercase());
            all.push(Described { id, name, method, path: path.clone(), shared: &item[SHARED], spec });
        }
    }
    all
});

/// The one member of a path that is no operation: parameters of all its operations.
const SHARED: &str = "parameters";

/// An operation as the contract describes it.
pub struct Described {
    pub id: &'static str,
    /// The method of the client, such as `orders.get`.
    pub name: &'static str,
    /// In capitals.
    pub method: String,
    pub path: String,
    /// The parameters of all operations of the path.
    shared: &'static Value,
    pub spec: &'static Value,
}

/// What a text such as `{orders paymentStatus=unpaid: _id}` stands for.
pub struct Reference<'a> {
    pub list: &'a str,
    /// A field of the record, and what it holds.
    pub wanted: Option<(&'a str, &'a str)>,
    pub field: &'a str,
}

impl Described {
    /// Its parameters in the `query`, the `path` or the `header`.
    pub fn parameters(&self, place: &str) -> Vec<&'static Value> {
        let all = [self.shared, &self.spec["parameters"]].into_iter().filter_map(Value::as_array).flatten();
        all.map(resolved).filter(|parameter| parameter["in"] == place).collect()
    }

    /// The schema of its body; null without one.
    pub fn body(&self) -> &'static Value {
        resolved(&self.spec["requestBody"]["content"]["application/json"]["schema"])
    }

    /// The id in the path and the parameters; `held` gives the field of a record that the account holds.
    pub fn arguments(&self, held: &dyn Fn(Reference<'_>) -> Value) -> (Option<String>, Option<Value>) {
        let mut example = self.spec["x-example"].clone();
        fill(&mut example, held);
        let id = example["id"].as_str().map(str::to_owned);
        let mut params = example.get_mut("params").map(Value::take);
        match id {
            // What the path has no place for is a field of the body.
            Some(id) if !self.path.contains('{') => {
                params.get_or_insert_default()["id"] = id.into();
                (None, params)
            }
            id => (id, params),
        }
    }
}

fn fill(value: &mut Value, held: &dyn Fn(Reference<'_>) -> Value) {
    match value {
        Value::String(text) => {
            if let Some(reference) = reference(text) {
                *value = held(reference);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| fill(item, held)),
        Value::Object(fields) => fields.values_mut().for_each(|field| fill(field, held)),
        _ => {}
    }
}

fn reference(text: &str) -> Option<Reference<'_>> {
    let (record, field) = text.strip_prefix('{')?.strip_suffix('}')?.split_once(": ")?;
    let (list, wanted) = match record.split_once(' ') {
        Some((list, wanted)) => (list, wanted.split_once('=')),
        None => (record, None),
    };
    Some(Reference { list, wanted, field })
}

/// What a `$ref` leads to.
pub fn resolved(value: &'static Value) -> &'static Value {
    match value["$ref"].as_str() {
        Some(pointer) => resolved(DOCUMENT.pointer(&pointer[1..]).unwrap_or_else(|| panic!("{pointer} leads nowhere"))),
        None => value,
    }
}
