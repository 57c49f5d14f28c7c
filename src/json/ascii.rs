//! JSON text in ASCII alone.

/// The same JSON text with every character outside ASCII as `\uXXXX`, or as two of them.
///
/// An engine decodes and parses text that is ASCII alone in a fraction of the time: each of its characters stays one byte.
/// A single accent in a page makes all of its text two bytes wide.
pub(crate) fn to_ascii(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + text.len() / 8);
    let mut rest = text;
    loop {
        let (plain, behind) = rest.split_at(ascii_length(rest));
        out.extend_from_slice(plain);
        if behind.is_empty() {
            return out;
        }
        let foreign = behind.iter().position(u8::is_ascii).unwrap_or(behind.len());
        let (foreign, behind) = behind.split_at(foreign);
        // The text was checked: what is no UTF-8 does not come here.
        for unit in core::str::from_utf8(foreign).unwrap_or_default().encode_utf16() {
            out.extend_from_slice(b"\\u");
            for shift in [12, 8, 4, 0] {
                out.push(b"0123456789abcdef"[usize::from(unit >> shift & 15)]);
            }
        }
        rest = behind;
    }
}

/// How many bytes at the start of a text are ASCII.
fn ascii_length(text: &[u8]) -> usize {
    const HIGH_BITS: u64 = 0x8080_8080_8080_8080;
    let mut rest = text;
    while let Some((word, behind)) = rest.split_first_chunk() {
        let high = u64::from_le_bytes(*word) & HIGH_BITS;
        if high != 0 {
            return text.len() - rest.len() + (high.trailing_zeros() / 8) as usize;
        }
        rest = behind;
    }
    text.len() - rest.len() + rest.iter().take_while(|byte| byte.is_ascii()).count()
}

#[cfg(test)]
mod tests {
    use super::to_ascii;

    fn ascii(text: &str) -> String {
        let bytes = to_ascii(text.as_bytes());
        assert!(bytes.is_ascii());
        String::from_utf8(bytes).expect("ASCII")
    }

    #[test]
    fn what_is_ascii_stays_where_it_is() {
        for text in ["", "{}", "{\"a\":\"b c\\u00e9\"}", "1234567", "12345678", "123456789"] {
            assert_eq!(ascii(text), text);
        }
    }

    #[test]
    fn every_other_character_is_escaped_wherever_it_stands() {
        assert_eq!(ascii("é"), "\\u00e9");
        assert_eq!(ascii("\"\u{7f}\u{80}\u{7ff}\u{800}\u{ffff}\""), "\"\u{7f}\\u0080\\u07ff\\u0800\\uffff\"");
        assert_eq!(ascii("😀"), "\\ud83d\\ude00");
        assert_eq!(ascii("\u{10ffff}"), "\\udbff\\udfff");
        for before in 0..20 {
            for behind in 0..20 {
                let text = ["a".repeat(before), "ключ—ß".into(), "b".repeat(behind)].concat();
                let expected =
                    ["a".repeat(before), "\\u043a\\u043b\\u044e\\u0447\\u2014\\u00df".into(), "b".repeat(behind)];
                assert_eq!(ascii(&text), expected.concat());
            }
        }
    }

    #[test]
    fn keys_and_values_mean_the_same() {
        let text = "{\"größe\":[\"Zoë—\",\"日本語\",\"\\\\é\",\"\\né😀\"],\"a\":1}";
        let before: serde_json::Value = serde_json::from_str(text).expect("JSON");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&ascii(text)).expect("JSON"), before);
    }
}
