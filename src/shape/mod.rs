//! Shape tables and the byte checker.
//!
//! A [`Record`] is the constant table of one record of the API: it names each field, its [`Kind`] and whether it must
//! be there. [`macro@Shape`] builds it from the model struct, so a field is declared once. One small interpreter,
//! [`check`], walks it over the bytes of an answer or of a request.

mod check;
mod decode;
mod id;
mod record;

pub use crate::json::Fault;
pub use check::{check, validate, Accepted, Checked, Drift, Issue};
pub use decode::decode;
pub use ghl_payments_derive::Shape;
pub(crate) use id::{are_shown, is_blank, is_id, NO_ID};
#[doc(hidden)]
pub use record::{kind_count, names, names_length, pack_kinds, pack_names, pack_rows, required_count, text};
pub use record::{Field, Fields, Record};

/// A type with a shape table.
pub trait Shape {
    /// The shape of a value of this type.
    const KIND: Kind;
}

/// What a value has to be.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// Any text.
    Text,
    /// Text that shows something, without control characters and broken Unicode (requests).
    Id,
    /// A number.
    Number,
    /// An amount of money in major units: above 0, up to 1e12, with at most four decimals (requests). Binary noise is taken
    /// off: `0.1 + 0.2` goes out as `0.3`.
    Amount,
    /// What an [`Amount`](Self::Amount) is where [`Rule::Percent`] says so: its decimals are not limited.
    Percent,
    /// A number above 0, whatever its size (options).
    Positive,
    /// A whole number from 0 that fits 32 bits (requests).
    Count,
    /// A whole number from 0, whatever its size (options).
    Whole,
    /// `true` or `false`.
    Boolean,
    /// An ISO 8601 time.
    Timestamp,
    /// A date, `YYYY-MM-DD`, or an ISO 8601 time (requests).
    Date,
    /// An https URL (requests).
    Https,
    /// Lower-case letters and hyphens that starts and ends with a letter (requests).
    Slug,
    /// Text or a list of texts, neither of them empty; the text may hold several, separated by commas (requests).
    TextOrList,
    /// One of these texts (requests; answers keep their lists of texts open). A reference to the list, so that a
    /// [`Kind`] is two words.
    Choice(&'static &'static [&'static str]),
    /// Anything: HighLevel promises nothing.
    Json,
    /// An object with any fields.
    Map,
    /// A record.
    Object(&'static Record),
    /// A list.
    List(&'static Kind),
    /// A list with at least one item (requests).
    Filled(&'static Kind),
    /// A list that HighLevel also sends as a single object.
    OneOrList(&'static Kind),
}

/// A condition between fields of a request, which are named by their index.
#[derive(Debug)]
pub enum Rule {
    /// At least one of these must be there.
    OneOf(&'static [u16]),
    /// `field` is allowed only where the text `when` is `is`.
    Only {
        /// The field in question.
        field: u16,
        /// The field that decides.
        when: u16,
        /// The value at which `field` is allowed.
        is: &'static str,
    },
    /// `field` is required where the text `when` is `is`.
    Needs {
        /// The field in question.
        field: u16,
        /// The field that decides.
        when: u16,
        /// The value at which `field` is required.
        is: &'static str,
    },
    /// The amount `field` is percent, not money, where the text `when` is `is`.
    Percent {
        /// The field in question.
        field: u16,
        /// The field that decides.
        when: u16,
        /// The value at which `field` is percent.
        is: &'static str,
    },
}

impl Shape for String {
    const KIND: Kind = Kind::Text;
}

impl Shape for f64 {
    const KIND: Kind = Kind::Number;
}

impl Shape for u32 {
    const KIND: Kind = Kind::Count;
}

impl Shape for bool {
    const KIND: Kind = Kind::Boolean;
}

impl Shape for serde_json::Value {
    const KIND: Kind = Kind::Json;
}

impl Shape for serde_json::Map<String, serde_json::Value> {
    const KIND: Kind = Kind::Map;
}

impl<T: Shape> Shape for Vec<T> {
    const KIND: Kind = Kind::List(&T::KIND);
}

impl<T: Shape> Shape for Option<T> {
    const KIND: Kind = T::KIND;
}
