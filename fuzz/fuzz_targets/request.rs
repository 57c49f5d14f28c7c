//! Any text as id and parameters of all operations: refused, or one well-formed request to the configured address.
#![no_main]

use ghl_payments::core::{build, Config};
use ghl_payments::endpoint::ALL;
use ghl_payments::shape::validate;
use libfuzzer_sys::fuzz_target;
use serde::de::IgnoredAny;

fuzz_target!(|input: (u8, Option<&str>, Option<&str>, Option<&str>)| {
    let (choice, id, params, location) = input;
    let operation = ALL[usize::from(choice) % ALL.len()];
    if let (Some(record), Some(params)) = (operation.body.or(operation.query), params) {
        if let Err(issues) = validate(params, record, true) {
            assert!(!issues.is_empty());
        }
    }
    let config = Config { location_id: location.map(Into::into), ..Config::default() };
    match build(operation, id, params, &config) {
        Ok(request) => {
            let target = request.url.strip_prefix(&config.base_url).expect("the configured address");
            let (path, query) = target.split_once('?').unwrap_or((target, ""));
            assert_eq!(path.split('/').count(), operation.path.split('/').count(), "{path}");
            assert!(path.split('/').all(|segment| segment != "." && segment != ".."), "{path}");
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%/&=".contains(&byte);
            assert!(path.bytes().chain(query.bytes()).all(plain), "{target}");
            let body = request.body.as_deref();
            assert_eq!(body.is_some(), operation.body.is_some());
            assert!(body.is_none_or(|body| serde_json::from_str::<IgnoredAny>(body).is_ok()), "{body:?}");
        }
        Err(issues) => assert!(issues.iter().all(|issue| !issue.message.is_empty()) && !issues.is_empty()),
    }
});
