//! A million requests that were changed at random, each held against the oracle: nothing that must not leave leaves, and what
//! leaves is what was asked for, for the location that was granted.

use crate::chance::Chance;
use crate::oracle::{compare, names, read, Incoming, Outgoing, Row, World, TABLE};
use ghl_payments::core::{build, Config};
use ghl_payments::edge::proxy::{enter, rebuild, Grant, Head, Settings};
use serde_json::{json, Map, Value};
use std::collections::BTreeMap;

const LOCATION: &str = "ve9EPM428h8vShlRW1KT";
const OTHER: &str = "XX9EPM428h8vShlRW1XX";
const ID: &str = "653f6ba4d84bcc7b3d5bb8a1";
const OWN: &str = "https://app.example";
const LISTED: &[&str] = &["https://shop.example"];

/// The same requests every time.
struct Dice(Chance);

impl Dice {
    fn below(&mut self, count: usize) -> usize {
        self.0.below(count.max(1) as u64) as usize
    }

    fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    fn of<'t, T: ?Sized>(&mut self, list: &[&'t T]) -> &'t T {
        list[self.below(list.len())]
    }
}

/// For each operation a request that is right.
fn right() -> Vec<Incoming> {
    TABLE.iter().map(request).collect()
}

fn request(Row { operation, query: names, body }: &Row) -> Incoming {
    let (id, params) = operation.arguments(&|_| ID.into());
    let given = match params {
        Some(Value::Object(given)) => given,
        _ => Map::new(),
    };
    let (mut query, mut sent) = if body.is_some() { (Map::new(), given) } else { (given, Map::new()) };
    // What calls the proxy is a client, which names the account.
    let own = |name: &&&str| ["altId", "altType", "locationId"].contains(*name);
    let value = |name: &str| Value::from(if name == "altType" { "location" } else { LOCATION });
    query.extend(names.iter().filter(own).map(|name| ((*name).to_owned(), value(name))));
    let alt = body.iter().flatten().filter(own).filter(|name| **name != "locationId");
    sent.extend(alt.map(|name| ((*name).to_owned(), value(name))));
    let pairs: Vec<String> =
        query.iter().map(|(name, value)| format!("{}={}", encoded(name), query_value(value))).collect();
    let mut headers = vec![("origin".to_owned(), OWN.to_owned()), ("sec-fetch-site".into(), "same-origin".into())];
    if body.is_some() {
        headers.push(("content-type".into(), "application/json".into()));
    }
    let segment = |one: &str| if one.starts_with('{') { id.clone().expect("an id") } else { one.to_owned() };
    Incoming {
        method: operation.method.clone(),
        path: format!("/api{}", operation.path.split('/').map(segment).collect::<Vec<_>>().join("/")),
        query: pairs.join("&"),
        headers,
        body: if body.is_some() { Value::Object(sent).to_string().into_bytes() } else { Vec::new() },
    }
}

/// A value of an example as a query holds it: a list goes with commas between its items.
fn query_value(value: &Value) -> String {
    match value {
        Value::String(text) => encoded(text),
        Value::Number(_) | Value::Bool(_) => encoded(&value.to_string()),
        Value::Array(items) => items.iter().map(query_value).collect::<Vec<_>>().join(","),
        Value::Null | Value::Object(_) => panic!("no value of a query: {value}"),
    }
}

/// Percent-encoded, but for what no URL has to encode.
fn encoded(text: &str) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~".contains(byte);
    text.bytes().map(|byte| if plain(&byte) { char::from(byte).into() } else { format!("%{byte:02X}") }).collect()
}

#[test]
fn an_example_is_written_into_a_query_whatever_it_holds() {
    for (value, written) in [
        (json!("a b&c=d+\u{e9}%/\"#"), "a%20b%26c%3Dd%2B%C3%A9%25%2F%22%23"),
        (json!(100), "100"),
        (json!(true), "true"),
        (json!(["a,b", "c"]), "a%2Cb,c"),
    ] {
        assert_eq!(query_value(&value), written);
    }
}

const VALUES: &[&str] = &[
    OTHER,
    LOCATION,
    "",
    "null",
    "0",
    "-1",
    "1e9",
    "a%00b",
    "%ff",
    "%4",
    "a;b",
    "a%3Bb",
    "%0d%0aX:y",
    "location",
    "company",
    "%2e%2e",
    "a%20b",
    "\u{e9}",
];
const NAMES: &[&str] = &[
    "altId",
    "altId[]",
    "ALTID",
    "a%6CtId",
    "altid",
    "locationId",
    "locationId[]",
    "altType",
    "companyId",
    "limit",
    "offset",
    "search",
    "id",
    "_method",
    "__proto__",
    "constructor",
    "altId%00",
    "%61ltId",
    " altId",
    "alt_id",
    "mode",
    "x",
];
const SEGMENTS: &[&str] = &[
    "..",
    "%2e%2e",
    ".",
    "",
    "a%2fb",
    "a%00",
    "%0d%0a",
    "%252e",
    "a;b",
    "orders",
    "coupon",
    "@evil.example",
    "//evil.example",
    "\\",
    "record-payment",
    "notes",
    "payments",
    "api",
    "~",
    "a.b",
    "list",
    ID,
];
const HEADERS: &[(&str, &[&str])] = &[
    (
        "origin",
        &[
            "null",
            "https://evil.example",
            "https://shop.example",
            OWN,
            "http://app.example",
            "https://app.example.evil.example",
        ],
    ),
    ("sec-fetch-site", &["cross-site", "same-site", "none", "same-origin", ""]),
    (
        "content-type",
        &[
            "text/plain",
            "application/x-www-form-urlencoded",
            "application/json; charset=utf-8",
            "application/json, text/plain",
            "",
        ],
    ),
    ("content-encoding", &["gzip", "identity"]),
    ("x-http-method-override", &["DELETE"]),
    ("x-method-override", &["GET"]),
    ("upgrade", &["websocket"]),
    ("host", &["evil.example"]),
    ("x-forwarded-host", &["evil.example"]),
    ("authorization", &["Bearer stolen"]),
    ("version", &["v3"]),
    ("cookie", &["a=b"]),
];
const MEMBERS: &[&str] = &[
    "\"altId\":\"XX9EPM428h8vShlRW1XX\"",
    "\"altId\":\"ve9EPM428h8vShlRW1KT\"",
    "\"alt\\u0049d\":\"XX9EPM428h8vShlRW1XX\"",
    "\"altId\":[\"ve9EPM428h8vShlRW1KT\"]",
    "\"altId\":null",
    "\"altType\":\"company\"",
    "\"altType\":\"location\"",
    "\"locationId\":\"XX9EPM428h8vShlRW1XX\"",
    "\"companyId\":\"c\"",
    "\"__proto__\":{\"altId\":\"x\"}",
    "\"constructor\":1",
    "\"mode\":\"cash\"",
    "\"notes\":\"\\u0000\"",
    "\"notes\":\"\\ud800\"",
    "\"notes\":\"\\u00e9\u{e9}\"",
    "\"meta\":{\"a\":1,\"a\":2}",
    "\"meta\":{\"\\u0061\":1}",
    "\"meta\":{\"a\":{\"__proto__\":1}}",
    "\"amount\":[1]",
    "\"amount\":1e400",
    "\"amount\":0.30000000000000004",
    "\"id\":\"c1\"",
    "\"id\":[\"c1\"]",
    "\"x\":1",
];
const METHODS: &[&str] = &["GET", "POST", "PUT", "DELETE", "HEAD", "TRACE", "OPTIONS", "PATCH", "get"];
const BYTES: &[u8] = b"\"\\{}[],:;&=%+/.\x00\x01 \xff\xc0\x80aA0-e\n";

/// Changes one thing.
fn change(request: &mut Incoming, dice: &mut Dice) {
    match dice.below(14) {
        0 => {
            let mut segments: Vec<&str> = request.path.split('/').collect();
            let (at, segment) = (dice.below(segments.len()), dice.of(SEGMENTS));
            match dice.below(3) {
                0 => segments[at] = segment,
                1 => segments.insert(at, segment),
                _ => drop(segments.remove(at)),
            }
            request.path = segments.join("/");
        }
        1 => request.method = dice.of(METHODS).into(),
        2 | 3 => {
            let pair = format!("{}={}", dice.of(NAMES), dice.of(VALUES));
            request.query = if request.query.is_empty() {
                pair
            } else if dice.one_in(2) {
                format!("{}&{pair}", request.query)
            } else {
                format!("{pair}&{}", request.query)
            };
        }
        4 => {
            let mut pairs: Vec<String> = request.query.split('&').map(String::from).collect();
            let at = dice.below(pairs.len());
            match dice.below(4) {
                0 => pairs[at] = format!("{}={}", pairs[at].split('=').next().unwrap_or_default(), dice.of(VALUES)),
                1 => pairs.insert(at, pairs[at].clone()),
                2 => drop(pairs.remove(at)),
                _ => pairs[at] = pairs[at].to_uppercase(),
            }
            request.query = pairs.join("&");
        }
        5 => {
            let (name, values) = HEADERS[dice.below(HEADERS.len())];
            let value = dice.of(values);
            request.headers.retain(|(known, _)| known != name);
            request.headers.push((name.into(), value.into()));
        }
        6 => {
            let at = dice.below(request.headers.len());
            if at < request.headers.len() {
                request.headers.remove(at);
            }
        }
        7..=9 if !request.body.is_empty() => {
            let member = dice.of(MEMBERS);
            let text = String::from_utf8_lossy(&request.body).into_owned();
            let text = match dice.below(3) {
                0 => text.replacen('{', &format!("{{{member},"), 1),
                1 => {
                    text.trim_end_matches('}').to_owned()
                        + ","
                        + member
                        + &"}".repeat(text.len() - text.trim_end_matches('}').len())
                }
                // Somewhere inside.
                _ => text.replace(":{", &format!(":{{{member},")),
            };
            request.body = text.into_bytes();
        }
        10 => {
            let insert = [&b"\xef\xbb\xbf"[..], b" ", b"{}", b"[]", b"\xff\xfe", b"null"];
            let at = if dice.one_in(2) { 0 } else { request.body.len() };
            let bytes = dice.of(&insert);
            request.body.splice(at..at, bytes.iter().copied());
        }
        kind => {
            // A byte anywhere.
            let byte = BYTES[dice.below(BYTES.len())];
            let into = |bytes: &mut Vec<u8>, dice: &mut Dice| {
                let at = dice.below(bytes.len());
                match dice.below(3) {
                    0 if at < bytes.len() => bytes[at] = byte,
                    1 if at < bytes.len() => drop(bytes.remove(at)),
                    _ => bytes.insert(at, byte),
                }
            };
            if kind == 13 {
                let mut bytes = request.query.clone().into_bytes();
                into(&mut bytes, dice);
                request.query = String::from_utf8_lossy(&bytes).into_owned();
            } else if kind == 12 {
                let mut bytes = request.path.clone().into_bytes();
                into(&mut bytes, dice);
                request.path = String::from_utf8_lossy(&bytes).into_owned();
            } else {
                into(&mut request.body, dice);
            }
        }
    }
}

/// What the proxy does with a request: what leaves, or the status that it answers with.
fn through(request: &Incoming, settings: &Settings, grant: &Grant, config: &Config) -> Result<Outgoing, u16> {
    let header = |name: &str| {
        let values: Vec<&str> =
            request.headers.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str()).collect();
        (!values.is_empty()).then(|| values.join(", "))
    };
    let head = Head { method: &request.method, origin: OWN, path: &request.path, header: &header };
    let route = enter(settings, &head).route.map_err(|answer| answer.status)?;
    let rebuilt =
        rebuild(&route, &request.query, &request.body, grant, true).map_err(|refusal| refusal.answer().status)?;
    let built = build(rebuilt.operation, rebuilt.id.as_deref(), Some(&rebuilt.params), config).expect("it was checked");
    Ok(Outgoing { method: built.method.as_str().into(), url: built.url, headers: built.headers, body: built.body })
}

fn config() -> Config {
    Config { location_id: Some(LOCATION.into()), ..Config::default() }
}

fn settings() -> Settings {
    let origins = LISTED.iter().map(|origin| (*origin).into()).collect();
    Settings { base_path: "/api".into(), origins }.check().expect("settings")
}

#[test]
fn what_is_right_leaves_as_it_was_meant() {
    let names = names();
    let world = World { base: "/api", own: OWN, listed: LISTED, location: LOCATION, granted: Some(&names) };
    let grant = Grant::read(&format!("{{\"locationId\":\"{LOCATION}\",\"operations\":{names:?}}}")).expect("a grant");
    for request in right() {
        let outgoing =
            through(&request, &settings(), &grant, &config()).unwrap_or_else(|status| panic!("{status}: {request:?}"));
        let reading = read(&request, &world).unwrap_or_else(|why| panic!("{why}: {request:?}"));
        compare(&reading, &outgoing, &world).unwrap_or_else(|how| panic!("{how}: {request:?}"));
    }
}

#[derive(Default)]
struct Tally {
    left: usize,
    refused: BTreeMap<u16, usize>,
    escapes: Vec<String>,
}

fn attack(seed: u64, count: usize) -> Tally {
    let mut dice = Dice(Chance(seed));
    let names = names();
    let (settings, config, right) = (settings(), config(), right());
    let mut tally = Tally::default();
    for _ in 0..count {
        let mut request = right[dice.below(right.len())].clone();
        for _ in 0..=dice.below(3) {
            change(&mut request, &mut dice);
        }
        let granted: Option<Vec<&str>> = match dice.below(8) {
            0 => None,
            1 => Some(names.iter().copied().filter(|_| dice.one_in(2)).collect()),
            _ => Some(names.clone()),
        };
        let operations = granted.as_ref().map_or("\"read\"".into(), |names| format!("{names:?}"));
        let grant =
            Grant::read(&format!("{{\"locationId\":\"{LOCATION}\",\"operations\":{operations}}}")).expect("a grant");
        let world = World { base: "/api", own: OWN, listed: LISTED, location: LOCATION, granted: granted.as_deref() };
        match through(&request, &settings, &grant, &config) {
            Err(status) => *tally.refused.entry(status).or_default() += 1,
            Ok(outgoing) => {
                tally.left += 1;
                let checked = match read(&request, &world) {
                    Ok(reading) => compare(&reading, &outgoing, &world),
                    Err(why) => Err(why.to_owned()),
                };
                if let Err(how) = checked {
                    tally.escapes.push(format!("{how}: {request:?}"));
                }
            }
        }
    }
    tally
}

#[test]
fn of_a_million_changed_requests_none_escapes() {
    const COUNT: usize = 1_000_000;
    const LANES: usize = 4;
    let lanes: Vec<_> =
        (0..LANES).map(|lane| std::thread::spawn(move || attack(0x9e1d + lane as u64, COUNT / LANES))).collect();
    let mut all = Tally::default();
    for lane in lanes {
        let Tally { left, refused, mut escapes } = lane.join().expect("a lane");
        all.left += left;
        refused.iter().for_each(|(status, count)| *all.refused.entry(*status).or_default() += count);
        all.escapes.append(&mut escapes);
    }
    let Tally { left, refused, escapes } = all;
    println!("figure: proxy: {COUNT} changed requests, {left} left, refused {refused:?}, {} escapes", escapes.len());
    assert!(escapes.is_empty(), "{:#?}", escapes.iter().take(10).collect::<Vec<_>>());
    // Else nothing would have been tried.
    assert!(left > COUNT / 50 && refused.len() >= 5, "{left} left, {refused:?}");
}
