//! The options of a client and of a call. They cross the boundary as JSON text; what is a function or an object of the
//! runtime crosses on its own.

use super::values::{read_count, read_text};
use crate::call::OnceOptions;
use crate::core::Config;
use crate::json::{field, items, json_text, members};
use crate::shape::{validate, Issue, Kind, Record, Shape};
use serde_json::Value;

/// Declares the options, each once: its name, what its value has to be, and where that goes.
macro_rules! options {
    (
        once { $($(#[$o:meta])* $once:ident: $once_type:ty => $of_once:expr,)* }
        call { $($(#[$a:meta])* $call:ident: $call_type:ty => $of_call:expr,)* }
        both { $($(#[$b:meta])* $both:ident: $both_type:ty => $of_both:expr,)* }
        client { $($(#[$c:meta])* $client:ident: $client_type:ty => $of_client:expr,)* }
    ) => {
        #[derive(Shape)]
        #[allow(dead_code, reason = "only its shape is used")]
        struct Options {
            $($(#[$o])* $once: Option<$once_type>,)*
            $($(#[$a])* $call: Option<$call_type>,)*
            $($(#[$b])* $both: Option<$both_type>,)*
            $($(#[$c])* $client: Option<$client_type>,)*
        }

        /// Puts an option where it belongs, in the order of the fields of [`Options`].
        static PUT: &[fn(&mut Config, &[u8])] = &[$($of_once,)* $($of_call,)* $($of_both,)* $($of_client,)*];

        /// How many options only `orders.recordPaymentOnce` has.
        const OF_ONCE_ALONE: usize = [$(stringify!($once)),*].len();
        /// How many options only a call has, and how many others a call has as well.
        const OF_CALL_ALONE: usize = [$(stringify!($call)),*].len();
        const OF_BOTH: usize = [$(stringify!($both)),*].len();
    };
}

options! {
    once {
        reference: String => ELSEWHERE,
        reference_in_notes: bool => ELSEWHERE,
        since: String => ELSEWHERE,
    }
    call {
        signal: Value => ELSEWHERE,
    }
    both {
        location_id: String => |config, value| config.location_id = Some(read_text(value)),
        #[shape(positive)]
        timeout_ms: f64 => |config, value| config.timeout_ms = read_count(value),
        #[shape(whole)]
        max_retries: u32 => |config, value| config.max_retries = read_count(value),
        strict: bool => |config, value| config.strict = value == b"true",
        headers: Vec<String> => headers,
        #[shape(positive)]
        deadline_ms: f64 => |config, value| config.deadline_ms = Some(read_count(value)),
        background: bool => |config, value| config.background = value == b"true",
    }
    client {
        base_url: String => |config, value| config.base_url = read_text(value),
        api_version: String => |config, value| config.api_version = read_text(value),
        #[shape(whole)]
        retry_delay_ms: u32 => |config, value| config.retry_delay_ms = read_count(value),
        user_agent: String => |config, value| config.user_agent = read_text(value),
        #[shape(whole)]
        max_response_bytes: u32 => |config, value| config.max_response_bytes = read_count(value),
        token: Value => ELSEWHERE,
        fetch: Value => ELSEWHERE,
        on_event: Value => ELSEWHERE,
        limiter: Value => ELSEWHERE,
    }
}

/// What crosses on its own, or is read by [`once`], is here only so that a message lists it among the options there are.
const ELSEWHERE: fn(&mut Config, &[u8]) = |_, _| ();

const ALL: &Record = match Options::KIND {
    Kind::Object(record) => record,
    _ => panic!("a struct is an object"),
};
pub static OF_ONCE: Record = ALL.part(0, OF_ONCE_ALONE + OF_CALL_ALONE + OF_BOTH);
pub static OF_CALL: Record = ALL.part(OF_ONCE_ALONE, OF_ONCE_ALONE + OF_CALL_ALONE + OF_BOTH);
pub static OF_CLIENT: Record = ALL.part(OF_ONCE_ALONE + OF_CALL_ALONE, usize::MAX);

/// Reads options of `record`, which is [`OF_ONCE`], [`OF_CALL`] or [`OF_CLIENT`], into a configuration; those that are wrong are listed
/// and left out.
pub fn read(config: &mut Config, json: &str, record: &'static Record) -> Vec<Issue> {
    let issues = validate(json, record, false).err().unwrap_or_default();
    for (key, value) in members(json.as_bytes()) {
        let wrong = |issue: &Issue| issue.path.as_bytes().starts_with(key);
        let put = ALL.index(key).and_then(|index| PUT.get(index));
        if let (Some(put), false) = (put, issues.iter().any(wrong)) {
            put(config, value);
        }
    }
    issues
}

/// The options that only `orders.recordPaymentOnce` has.
pub fn once(json: &str) -> OnceOptions {
    let json = json.as_bytes();
    OnceOptions {
        reference: json_text(field(json, "reference")),
        reference_in_notes: field(json, "referenceInNotes") == b"true",
        since: json_text(field(json, "since")),
    }
}

/// Whether an option is given.
pub fn gives(json: &str, name: &str) -> bool {
    !field(json.as_bytes(), name).is_empty()
}

/// `[name, value, name, value, ...]`
fn headers(config: &mut Config, value: &[u8]) {
    let mut items = items(value);
    while let (Some((_, name)), Some((_, value))) = (items.next(), items.next()) {
        config.set_header(read_text(name), read_text(value));
    }
}
