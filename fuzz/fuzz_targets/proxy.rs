//! Any text as path, query and body of a request to the proxy: refused, or one request of the granted operation for the granted
//! location, whose body says each thing once.
#![no_main]

use ghl_payments::core::{build, Config};
use ghl_payments::edge::proxy::{enter, rebuild, Grant, Granted, Head, Settings};
use ghl_payments::endpoint::ALL;
use libfuzzer_sys::fuzz_target;

const LOCATION: &str = "ve9EPM428h8vShlRW1KT";

fuzz_target!(|input: (u8, &str, &str, &[u8])| {
    let (choice, tail, query, body) = input;
    let operation = ALL[usize::from(choice) % ALL.len()];
    let settings = Settings { base_path: "/api".into(), origins: Vec::new() };
    let path = ["/api", &operation.path.replace("{orderId}", "a"), tail].concat();
    let header = |name: &str| (name == "content-type").then(|| "application/json".to_owned());
    let head = Head { method: operation.method.as_str(), origin: "https://app.example", path: &path, header: &header };
    let Ok(route) = enter(&settings, &head).route else { return };
    let grant = Grant { location_id: LOCATION.into(), operations: Granted::Named(ALL.to_vec()) };
    let rebuilt = match rebuild(&route, query, body, &grant, false) {
        Ok(rebuilt) => rebuilt,
        Err(refusal) => {
            assert!((400..500).contains(&refusal.answer().status) && !refusal.issues.is_empty());
            return;
        }
    };
    let config = Config { location_id: Some(LOCATION.into()), ..Config::default() };
    let request = build(rebuilt.operation, rebuilt.id.as_deref(), Some(&rebuilt.params), &config).expect("it was checked");
    let (_, sent) = request.url.split_once('?').unwrap_or_default();
    for pair in sent.split('&') {
        let (name, value) = pair.split_once('=').unwrap_or_default();
        assert!(!matches!(name, "altId" | "locationId") || value == LOCATION, "{sent}");
    }
    if let Some(body) = &request.body {
        let body: serde_json::Value = serde_json::from_str(body).expect("JSON");
        for name in ["altId", "locationId"] {
            assert!(body.get(name).is_none_or(|value| value == LOCATION), "{body}");
        }
        assert!(body.get("companyId").is_none(), "{body}");
    }
    if let Some(check) = &rebuilt.check {
        assert!(build(check.operation, check.id.as_deref(), Some(&check.params), &config).is_ok());
    }
});
