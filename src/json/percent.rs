//! Percent-encoding.

use super::write::put;

/// Whether a byte may stand unencoded in a path segment or a query value (RFC 3986, unreserved).
fn unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// Appends `text`, percent-encoded for a path segment or a query value.
pub fn encode_component(text: &str, out: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let mut from = 0;
    for (at, byte) in text.bytes().enumerate() {
        if unreserved(byte) {
            continue;
        }
        put(out, text.get(from..at).unwrap_or_default());
        from = at + 1;
        out.push('%');
        out.push(DIGITS[usize::from(byte >> 4)] as char);
        out.push(DIGITS[usize::from(byte & 15)] as char);
    }
    put(out, text.get(from..).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_but_unreserved_characters_is_encoded() {
        let mut out = String::new();
        encode_component("a/b?c=d&e %2e\u{e9}~", &mut out);
        assert_eq!(out, "a%2Fb%3Fc%3Dd%26e%20%252e%C3%A9~");
    }
}
