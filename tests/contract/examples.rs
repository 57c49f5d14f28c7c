//! Arguments that fit for each operation: the examples of the contract, which the suites in JavaScript read as well
//! (`tests/js/support/operations.mjs`).
#![allow(dead_code, reason = "each suite asks for some of it")]

use serde_json::Value;
use std::sync::LazyLock;

static CONTRACT: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("payments.openapi.json")).expect("the contract is JSON"));

/// An operation as the contract describes it.
#[derive(Clone, Copy)]
pub struct Described {
    /// The method of the client, such as `orders.get`.
    pub name: &'static str,
    /// In capitals.
    pub method: &'static str,
    pub path: &'static str,
    spec: &'static Value,
}

/// What a text such as `{orders paymentStatus=unpaid: _id}` stands for.
pub struct Reference<'a> {
    pub list: &'a str,
    /// A field of the record, and what it holds.
    pub wanted: Option<(&'a str, &'a str)>,
    pub field: &'a str,
}

/// Every operation, in the order of the contract.
pub fn described() -> Vec<Described> {
    let mut all = Vec::new();
    for (path, item) in CONTRACT["paths"].as_object().expect("paths") {
        for (key, method) in [("get", "GET"), ("post", "POST"), ("put", "PUT"), ("delete", "DELETE")] {
            let Some(spec) = item.get(key) else { continue };
            all.push(Described { name: spec["x-js-method"].as_str().expect("a name"), method, path, spec });
        }
    }
    all
}

impl Described {
    /// The names of its query parameters.
    pub fn query(&self) -> Vec<&'static str> {
        let parameters = self.spec["parameters"].as_array().into_iter().flatten().map(resolved);
        parameters.filter(|one| one["in"] == "query").map(|one| one["name"].as_str().expect("a name")).collect()
    }

    /// The names of the fields of its body.
    pub fn body(&self) -> Option<Vec<&'static str>> {
        let schema = resolved(self.spec.pointer("/requestBody/content/application~1json/schema")?);
        Some(schema["properties"].as_object().expect("fields").keys().map(String::as_str).collect())
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

fn resolved(value: &'static Value) -> &'static Value {
    match value["$ref"].as_str() {
        Some(pointer) => CONTRACT.pointer(&pointer[1..]).unwrap_or_else(|| panic!("{pointer} leads nowhere")),
        None => value,
    }
}
