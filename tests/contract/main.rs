//! Holds the ledger of operations and the shape tables against `payments.openapi.json`, a description of the API that
//! was written from HighLevel's publications and real answers, not from the models.
//!
//! Both sides are flattened to rows such as `data[].amount: number` and compared in both directions.
#![cfg(not(target_arch = "wasm32"))]

mod operations;

use ghl_payments::endpoint::{Method, Operation, Safety, ALL};
use ghl_payments::shape::{Kind, Record, Rule};
use operations::{resolved, Described, DOCUMENT, OPERATIONS};
use serde_json::Value;
use std::collections::BTreeSet;

type Rows = BTreeSet<String>;

/// Filled from the client's `locationId`, hence required on the wire and not of the caller.
const ACCOUNT: [&str; 3] = ["altId", "altType", "locationId"];

#[test]
fn the_ledger_holds_the_operations_of_the_contract_once_each() {
    let ledger: Rows = ALL.iter().map(|o| o.id.to_string()).collect();
    let ids: Rows = OPERATIONS.iter().map(|o| o.id.to_string()).collect();
    assert_same(&ledger, &ids, "operations");
    assert_eq!([ALL.len(), ids.len()], [OPERATIONS.len(); 2]);
}

#[test]
fn an_operation_has_the_method_path_scope_safety_and_js_name_of_the_contract() {
    let facts = |o: &Operation| {
        let safety = match o.safety {
            Safety::Read => "read",
            Safety::IdempotentWrite => "idempotent_write",
            Safety::NonIdempotentWrite => "non_idempotent_write",
        };
        let scope = o.scope.unwrap_or("no scope");
        format!("{}: {} {}, {scope}, {safety}, {}", o.id, o.method.as_str(), o.path, o.name)
    };
    let ledger: Rows = ALL.iter().map(|o| facts(o)).collect();
    let wanted: Rows = OPERATIONS
        .iter()
        .map(|Described { id, name, method, path, spec, .. }| {
            let (scope, safety) = (spec["x-scope"].as_str().unwrap_or("no scope"), text(&spec["x-safety"]));
            format!("{id}: {method} {path}, {scope}, {safety}, {name}")
        })
        .collect();
    assert_same(&ledger, &wanted, "facts");
}

#[test]
fn a_js_name_belongs_to_one_operation() {
    let names: Rows = ALL.iter().map(|o| o.name.to_string()).collect();
    assert_eq!(names.len(), ALL.len());
}

#[test]
fn only_a_get_is_a_read() {
    for operation in ALL {
        assert_eq!(operation.safety == Safety::Read, operation.method == Method::Get, "{}", operation.id);
    }
}

#[test]
fn the_documentation_of_an_operation_is_highlevels_page_about_it() {
    for operation in ALL {
        assert_eq!(operation.docs(), text(&described(operation).spec["externalDocs"]["url"]));
    }
}

#[test]
fn the_placeholder_of_a_path_is_its_only_path_parameter() {
    for operation in ALL {
        let wanted: Vec<String> =
            described(operation).parameters("path").iter().map(|p| format!("{{{}}}", text(&p["name"]))).collect();
        let found: Vec<&str> = operation.path.split('/').filter(|part| part.starts_with('{')).collect();
        assert_eq!(found, wanted, "{}", operation.id);
        assert!(found.len() <= 1, "{}", operation.id);
    }
}

#[test]
fn the_query_of_an_operation_is_the_one_of_the_contract() {
    for operation in ALL {
        let mut wanted = Rows::new();
        for parameter in described(operation).parameters("query") {
            let name = text(&parameter["name"]);
            let required = parameter["required"] == true && !ACCOUNT.contains(&name.as_str());
            rows_of(&parameter["schema"], &name, required, &mut wanted);
            if parameter["explode"] == false {
                wanted.retain(|row| !row.starts_with(&format!("{name}[]")) && *row != format!("{name}: list"));
                wanted.insert(format!("{name}: text, or a list of texts"));
            }
        }
        if let Some(list) = described(operation).spec["x-one-of"].as_array() {
            wanted.insert(one_of("", list.iter().map(text)));
        }
        assert_same(&ledger_rows(operation.query), &wanted, &format!("query of {}", operation.id));
    }
}

#[test]
fn the_body_of_an_operation_is_the_one_of_the_contract() {
    for operation in ALL {
        let mut wanted = Rows::new();
        let body = described(operation).body();
        assert_eq!(operation.body.is_some(), !body.is_null(), "{}", operation.id);
        if operation.body.is_some() {
            record_of(body, "", &ACCOUNT, &mut wanted);
        }
        assert_same(&ledger_rows(operation.body), &wanted, &format!("body of {}", operation.id));
    }
}

#[test]
fn the_answer_of_an_operation_is_the_one_of_the_contract() {
    for operation in ALL {
        let (mut ledger, mut wanted) = (Rows::new(), Rows::new());
        flatten(&operation.answer, "", true, &mut ledger);
        rows_of(answer(operation), "", true, &mut wanted);
        assert_same(&ledger, &wanted, &format!("answer of {}", operation.id));
    }
}

#[test]
fn the_contract_closes_bodies_and_opens_answers() {
    for operation in ALL {
        records_below(described(operation).body(), &mut |record| {
            let data_of_the_caller = record["properties"].is_null();
            assert_eq!(record["additionalProperties"], data_of_the_caller, "body of {}: {record}", operation.id);
        });
        records_below(answer(operation), &mut |record| {
            assert_eq!(record["additionalProperties"], true, "answer of {}: {record}", operation.id);
        });
    }
}

#[test]
fn an_operation_of_the_contract_fails_in_one_of_the_five_shapes() {
    let shapes = DOCUMENT["components"]["schemas"]["AnyError"]["anyOf"].as_array().expect("the shapes of errors");
    assert_eq!(shapes.len(), 5);
    for Described { id, spec, .. } in OPERATIONS.iter() {
        for status in ["429", "default"] {
            let response = resolved(&spec["responses"][status]);
            let schema = resolved(&response["content"]["application/json"]["schema"]);
            assert_eq!(schema["anyOf"].as_array(), Some(shapes), "{id} {status}");
        }
    }
}

#[test]
fn a_component_of_the_contract_is_there_and_used() {
    let (mut used, mut there) = (Rows::new(), Rows::new());
    references(&DOCUMENT, &mut used);
    for group in ["parameters", "responses", "schemas"] {
        for name in DOCUMENT["components"][group].as_object().expect("components").keys() {
            there.insert(format!("#/components/{group}/{name}"));
        }
    }
    assert_same(&there, &used, "components");
}

/// What the contract says of an operation of the ledger.
fn described(operation: &Operation) -> &'static Described {
    OPERATIONS.iter().find(|one| one.id == operation.id).expect("an operation of the contract")
}

/// The schema of the answer with a 2xx status.
fn answer(operation: &Operation) -> &'static Value {
    let responses = described(operation).spec["responses"].as_object().expect("responses");
    let (_, response) = responses.iter().find(|(status, _)| status.starts_with('2')).expect("a 2xx answer");
    &response["content"]["application/json"]["schema"]
}

/// Flattens a schema at `path`.
fn rows_of(schema: &'static Value, path: &str, required: bool, rows: &mut Rows) {
    let schema = resolved(schema);
    if let Some(shapes) = schema["anyOf"].as_array() {
        let [shape, null] = shapes.as_slice() else { panic!("{path}: {schema}") };
        assert_eq!(null["type"], "null", "{path}");
        return rows_of(shape, path, required, rows);
    }
    if let Some(shapes) = schema["oneOf"].as_array() {
        let [one, list] = shapes.as_slice() else { panic!("{path}: {schema}") };
        assert_eq!(resolved(one), resolved(&list["items"]), "{path}");
        push(rows, path, "one or a list", required);
        return rows_of(one, &format!("{path}[]"), false, rows);
    }
    let kind = match &schema["type"] {
        Value::Array(kinds) => {
            assert_eq!(kinds[1..], [Value::from("null")], "{path}");
            text(&kinds[0])
        }
        Value::Null => "json".into(),
        kind => text(kind),
    };
    match kind.as_str() {
        "object" if schema["properties"].is_null() => push(rows, path, "map", required),
        "object" => {
            push(rows, path, "object", required);
            record_of(schema, path, &[], rows);
        }
        "array" => {
            push(rows, path, if schema["minItems"] == 1 { "list, not empty" } else { "list" }, required);
            rows_of(&schema["items"], &format!("{path}[]"), false, rows);
        }
        _ => push(rows, path, &leaf(&kind, schema), required),
    }
}

/// Flattens the fields of a record and the conditions between them; those in `filled` are not required.
fn record_of(schema: &'static Value, path: &str, filled: &[&str], rows: &mut Rows) {
    let required = |name: &str| schema["required"].as_array().is_some_and(|r| r.iter().any(|f| f == name));
    for (name, field) in schema["properties"].as_object().expect("fields") {
        rows_of(field, &join(path, name), required(name) && !filled.contains(&name.as_str()), rows);
    }
    if let Some(alternatives) = schema["anyOf"].as_array() {
        rows.insert(one_of(path, alternatives.iter().map(|a| text(&a["required"][0]))));
    }
    let alone = std::slice::from_ref(schema);
    for condition in alone.iter().chain(schema["allOf"].as_array().into_iter().flatten()) {
        let Some((when, test)) = condition["if"]["properties"].as_object().and_then(|p| p.iter().next()) else {
            continue;
        };
        for field in condition["then"]["required"].as_array().into_iter().flatten() {
            rows.insert(format!("{}: needed where {when} is {}", join(path, &text(field)), text(&test["const"])));
        }
        for field in condition["then"]["properties"].as_object().into_iter().flatten() {
            // Another number of decimals, or not there at all.
            let how = if field.1["x-decimals"] == 4 { "percent" } else { "only" };
            assert!(how == "percent" || field.1 == false);
            rows.insert(format!("{}: {how} where {when} is {}", join(path, field.0), text(&test["not"]["const"])));
        }
    }
}

/// Visits every object of a schema.
fn records_below(schema: &'static Value, visit: &mut dyn FnMut(&Value)) {
    let schema = resolved(schema);
    let kind = &schema["type"];
    if kind == "object" {
        visit(schema);
    }
    let fields = schema["properties"].as_object().into_iter().flatten().map(|(_, field)| field);
    let alternatives = ["anyOf", "oneOf"].into_iter().filter_map(|key| schema[key].as_array()).flatten();
    for below in fields.chain(alternatives).chain(schema.get("items")) {
        records_below(below, visit);
    }
}
/// What a schema says about a single value, in the words of [`name`].
fn leaf(kind: &str, schema: &Value) -> String {
    if let Some(texts) = schema["enum"].as_array() {
        return choice(texts.iter().map(text));
    }
    let word = match (kind, schema["format"].as_str(), schema["pattern"].as_str()) {
        ("string", Some("date-time"), None) => "timestamp",
        ("string", Some("date"), None) => "date",
        ("string", Some("uri"), Some("^https://")) => "https",
        ("string", None, Some("^[a-z]([a-z-]*[a-z])?$")) => "slug",
        ("string", None, None) if schema["minLength"] == 1 => "id",
        ("string", None, None) => "text",
        ("number", None, None) if schema["exclusiveMinimum"] == 0 && schema["maximum"] == 1e12 => "amount",
        ("number", None, None) => "number",
        ("integer", None, None) if schema["minimum"] == 0 => "count",
        ("boolean", None, None) => "boolean",
        ("json", None, None) => "json",
        _ => panic!("no kind for {schema}"),
    };
    word.into()
}

fn ledger_rows(record: Option<&'static Record>) -> Rows {
    let mut rows = Rows::new();
    if let Some(record) = record {
        flatten_record(record, "", &mut rows);
    }
    rows
}

/// Flattens a kind at `path`.
fn flatten(kind: &Kind, path: &str, required: bool, rows: &mut Rows) {
    push(rows, path, &name(kind), required);
    match kind {
        Kind::Object(record) => flatten_record(record, path, rows),
        Kind::List(item) | Kind::Filled(item) | Kind::OneOrList(item) => {
            flatten(item, &format!("{path}[]"), false, rows);
        }
        _ => {}
    }
}

fn flatten_record(record: &Record, path: &str, rows: &mut Rows) {
    for field in record.fields() {
        flatten(field.kind, &join(path, field.name), field.required, rows);
    }
    let field = |index: u16| record.name(index);
    for rule in record.rules {
        rows.insert(match rule {
            Rule::OneOf(list) => one_of(path, list.iter().map(|i| field(*i).to_string())),
            Rule::Only { field: f, when, is } => {
                format!("{}: only where {} is {is}", join(path, field(*f)), field(*when))
            }
            Rule::Needs { field: f, when, is } => {
                format!("{}: needed where {} is {is}", join(path, field(*f)), field(*when))
            }
            Rule::Percent { field: f, when, is } => {
                format!("{}: percent where {} is {is}", join(path, field(*f)), field(*when))
            }
        });
    }
}

fn name(kind: &Kind) -> String {
    let word = match kind {
        Kind::Choice(texts) => return choice(texts.iter().map(ToString::to_string)),
        Kind::Text => "text",
        Kind::Id => "id",
        Kind::Number => "number",
        Kind::Amount => "amount",
        Kind::Percent | Kind::Positive | Kind::Whole => panic!("in no table of an operation"),
        Kind::Count => "count",
        Kind::Boolean => "boolean",
        Kind::Timestamp => "timestamp",
        Kind::Date => "date",
        Kind::Https => "https",
        Kind::Slug => "slug",
        Kind::TextOrList => "text, or a list of texts",
        Kind::Json => "json",
        Kind::Map => "map",
        Kind::Object(_) => "object",
        Kind::List(_) => "list",
        Kind::Filled(_) => "list, not empty",
        Kind::OneOrList(_) => "one or a list",
    };
    word.into()
}

fn push(rows: &mut Rows, path: &str, kind: &str, required: bool) {
    let required = if required { ", required" } else { "" };
    rows.insert(format!("{path}: {kind}{required}"));
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.into()
    } else {
        format!("{path}.{name}")
    }
}

fn choice(texts: impl Iterator<Item = String>) -> String {
    let sorted: Vec<String> = texts.collect::<Rows>().into_iter().collect();
    format!("one of the texts {}", sorted.join(", "))
}

fn one_of(path: &str, fields: impl Iterator<Item = String>) -> String {
    let sorted: Vec<String> = fields.collect::<Rows>().into_iter().collect();
    format!("{path}: at least one of {}", sorted.join(", "))
}

fn references(value: &Value, found: &mut Rows) {
    match value {
        Value::Object(map) => {
            found.extend(map.get("$ref").map(text));
            map.values().for_each(|v| references(v, found));
        }
        Value::Array(list) => list.iter().for_each(|v| references(v, found)),
        _ => {}
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("expected text, found {value}")).into()
}

fn assert_same(ledger: &Rows, contract: &Rows, what: &str) {
    let only_ledger: Vec<_> = ledger.difference(contract).collect();
    let only_contract: Vec<_> = contract.difference(ledger).collect();
    assert!(
        only_ledger.is_empty() && only_contract.is_empty(),
        "{what}\nonly in the ledger: {only_ledger:#?}\nonly in the contract: {only_contract:#?}"
    );
}
