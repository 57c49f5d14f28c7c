//! Writing JSON text.

/// Appends text. `push_str` would be inlined at each of some hundred places.
#[inline(never)]
pub(crate) fn put(out: &mut String, text: &str) {
    out.push_str(text);
}

/// The parts as one text; `concat` would bring a second, generic writer.
pub(crate) fn joined(parts: &[&str]) -> String {
    let mut out = String::new();
    parts.iter().for_each(|part| put(&mut out, part));
    out
}

/// Appends a whole number; `format!` would bring the formatting machinery into the wasm.
pub(crate) fn push_decimal(out: &mut String, mut number: u64) {
    if number >= 10 {
        push_decimal(out, number / 10);
        number %= 10;
    }
    out.push(char::from(b'0' + number as u8));
}

/// Appends `text` as JSON text, with its quotes.
pub(crate) fn quote(out: &mut String, text: &str) {
    out.push('"');
    let mut from = 0;
    for (at, byte) in text.bytes().enumerate() {
        if byte >= b' ' && !matches!(byte, b'"' | b'\\') {
            continue;
        }
        put(out, text.get(from..at).unwrap_or_default());
        from = at + 1;
        out.push('\\');
        if byte >= b' ' {
            out.push(char::from(byte));
        } else {
            put(out, if byte < 16 { "u000" } else { "u001" });
            out.push(char::from(b"0123456789abcdef"[usize::from(byte & 15)]));
        }
    }
    put(out, text.get(from..).unwrap_or_default());
    out.push('"');
}
