//! The options of a client and of a call. They cross the boundary as JSON text; what is a function or an object of the
//! runtime crosses on its own.

use super::values::{read_count, read_text};
use crate::call::OnceOptions;
use crate::core::Config;
use crate::json::{field, items, json_text, members};
use crate::shape::{validate, Issue, Kind, Record, Shape};
use ghl_payments_derive::Options;
use serde_json::Value;

/// Declares the options, each once: its documentation and its field in TypeScript, what its value has to be, and where that
/// goes. What is no plain data is declared in `pkg-template/src/client`, and named here as one of the facade.
macro_rules! options {
    (
        once { $($(#[$o:meta])* $once:ident: $once_type:ty => $of_once:expr,)* }
        call { $($(#[$a:meta])* $call:ident: $call_type:ty => $of_call:expr,)* }
        both { $($(#[$b:meta])* $both:ident: $both_type:ty => $of_both:expr,)* }
        client { $($(#[$c:meta])* $client:ident: $client_type:ty => $of_client:expr,)* }
    ) => {
        #[derive(Shape, Options)]
        #[allow(dead_code, reason = "only its shape is used")]
        struct Options {
            $($(#[$o])* #[option(once)] $once: Option<$once_type>,)*
            $($(#[$a])* #[option(call)] $call: Option<$call_type>,)*
            $($(#[$b])* #[option(both)] $both: Option<$both_type>,)*
            $($(#[$c])* #[option(client)] $client: Option<$client_type>,)*
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
        /// The payment's name, such as the id of the job that records it: 1 to 128 printable ASCII characters without quotes,
        /// brackets, `&` and backslashes. It is sent as `meta.reference`. With a name of yours the call can be made again after
        /// the process died: a payment of that name is not recorded on this order a second time. Random when left out;
        /// `undefined` is refused.
        reference: String => ELSEWHERE,
        /// Whether the reference also stands at the end of the payment's notes, as `[ref ...]`: of the notes it is known that
        /// HighLevel shows them, of `meta` it is not. Default false.
        reference_in_notes: bool => ELSEWHERE,
        /// When the job first began that the reference names, by HighLevel's clock. Where references are not shown, a payment of
        /// the same amount and mode that was made since then may be the job's own, and none is sent. A `Date`, or text in ISO
        /// 8601: a day, or a time with its offset from UTC. Default: any such payment.
        #[shape(ts("string | Date"))]
        since: String => ELSEWHERE,
    }
    call {
        #[option(facade)]
        signal: Value => ELSEWHERE,
    }
    both {
        /// The default for `altId`, for `locationId` and, together with `"location"`, for `altType`.
        #[option(call = "The default for `altId`, for `locationId` and, together with `\"location\"`, for `altType`, instead of the client's.")]
        location_id: String => |config, value| config.location_id = Some(read_text(value)),
        /// Milliseconds that one attempt may take; default 30000.
        #[option(call = "Milliseconds that one attempt may take. Default: the client's `timeoutMs`, which is 30000 unless set.")]
        #[shape(positive)]
        timeout_ms: f64 => |config, value| config.timeout_ms = read_count(value),
        /// How often a failed call is sent again at the most, where that is safe; default 2.
        #[option(call = "How often this call is sent again at the most, where that is safe. Default: the client's `maxRetries`, which is 2 \
            unless set.")]
        #[shape(whole)]
        max_retries: u32 => |config, value| config.max_retries = read_count(value),
        /// Whether an answer that differs from its promised shape, in a way that cannot be repaired, is a DecodeError; default
        /// false: it is reported as drift.
        #[option(call = "Whether an answer that differs from its promised shape, in a way that cannot be repaired, is a DecodeError. Default: \
            the client's `strict`, which is false unless set.")]
        strict: bool => |config, value| config.strict = value == b"true",
        #[option(facade)]
        headers: Vec<String> => headers,
        /// Milliseconds that a call may take with all its attempts and waits. Without it there is no limit but one: a call that
        /// has waited ten minutes for the rate limit is a TimeoutError.
        #[option(call = "Milliseconds that this call may take with all its attempts and waits. Default: the client's `deadlineMs`, which is \
            no limit unless set.")]
        #[shape(positive)]
        deadline_ms: f64 => |config, value| config.deadline_ms = Some(read_count(value)),
        /// Whether other calls go first where the rate limit makes them wait; default false.
        #[option(call = "Whether other calls go first where the rate limit makes them wait. Default: the client's `background`, which is \
            false unless set; true for the pages of an iteration after its first.")]
        background: bool => |config, value| config.background = value == b"true",
    }
    client {
        /// Where the API is; default `https://services.leadconnectorhq.com`. https only, but for loopback hosts; in browsers
        /// also a path such as `/api`.
        base_url: String => |config, value| config.base_url = read_text(value),
        /// The `Version` header; default `2021-07-28`.
        #[shape(known("2021-07-28", "v3"))]
        api_version: String => |config, value| config.api_version = read_text(value),
        /// Milliseconds of the first backoff; each further one doubles, up to 8 s; default 500.
        #[shape(whole)]
        retry_delay_ms: u32 => |config, value| config.retry_delay_ms = read_count(value),
        /// The `User-Agent`; browsers ignore it. Default `ghl-payments/<version>`.
        user_agent: String => |config, value| config.user_agent = read_text(value),
        /// The longest answer that is read, in bytes after decompression (16 MiB unless set; a page of 100 orders has 80 kB). A
        /// longer one is a DecodeError; of a longer error page only the start is kept.
        #[shape(whole)]
        max_response_bytes: u32 => |config, value| config.max_response_bytes = read_count(value),
        #[option(facade)]
        token: Value => ELSEWHERE,
        #[option(facade)]
        fetch: Value => ELSEWHERE,
        #[option(facade)]
        on_event: Value => ELSEWHERE,
        #[option(facade)]
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
