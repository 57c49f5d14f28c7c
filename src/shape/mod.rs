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
#[cfg(feature = "provider")]
pub(crate) use check::{is_unquoted, put_issues, text_fits};
#[cfg(feature = "edge")]
pub(crate) use check::{Path, Segment};
pub use decode::decode;
pub use ghl_payments_derive::Shape;
pub(crate) use id::{is_blank, is_id, NO_ID};
#[doc(hidden)]
pub use record::{as_text, kind_count, names, names_length, pack_kinds, pack_names, pack_rows, required_count};
pub use record::{Field, Fields, Kind, Record, Rule};

/// A type with a shape table.
pub trait Shape {
    /// The shape of a value of this type.
    const KIND: Kind;
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
