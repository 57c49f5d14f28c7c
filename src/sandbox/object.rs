//! Objects for whose fields the models have no schema.

use serde_json::{Map, Value};

/// Builds an object from names and values. `json!` does the same with several times the code, because it serializes
/// every value where it stands.
macro_rules! object {
    ($($name:literal: $value:expr),* $(,)?) => {{
        #[allow(unused_mut, reason = "an object may be empty")]
        let mut map = serde_json::Map::new();
        $($crate::sandbox::object::put(&mut map, $name, serde_json::Value::from($value));)*
        serde_json::Value::Object(map)
    }};
}
pub(crate) use object;

/// Sets a field.
#[inline(never)]
pub fn put(map: &mut Map<String, Value>, name: &str, value: Value) {
    map.insert(name.into(), value);
}
