//! A wasm module inside a JavaScript file.
//!
//! Base64 puts every byte at one of four positions, so that a repetition in the bytes is seldom one in the text: after
//! gzip it costs 27 % more than the bytes. Here a byte below 87 is one symbol and any other two, repetitions stay
//! repetitions, and gzip ends 2 % above the bytes.
//!
//! Gzip within base64 would be 2 % smaller than this under gzip and 9 % larger under brotli. Only `DecompressionStream`
//! could unpack it, which answers with a promise: the constructor of the client would have to wait. So the present form
//! stays; `cargo xtask test apps-tarball` prints the figures of all three.

/// Printable ASCII without what a JavaScript string or an inline script would have to escape.
const SYMBOLS: &[u8; 89] = b" !#%&()*+,-./0123456789:;=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_abcdefghijklmnopqrstuvwxyz{|}~";
/// Symbols that stand for a byte; the last two shift the next symbol.
const PLAIN: u8 = 87;

/// The source of a module whose default export is the bytes.
pub fn javascript(bytes: &[u8]) -> String {
    let symbols = String::from_utf8_lossy(SYMBOLS);
    let text = encode(bytes);
    let length = bytes.len();
    format!(
        "// Generated: the wasm module as text that compresses nearly as well as its bytes.\n\
         const text = \"{text}\";\n\
         const symbols = \"{symbols}\";\n\
         const values = new Uint8Array(128);\n\
         for (let i = 0; i < {count}; i++) values[symbols.charCodeAt(i)] = i;\n\
         const bytes = new Uint8Array({length});\n\
         for (let i = 0, at = 0, shift = 0; i < text.length; i++) {{\n  \
           const value = values[text.charCodeAt(i)];\n  \
           if (value < {PLAIN}) {{\n    \
             bytes[at++] = shift + value;\n    \
             shift = 0;\n  \
           }} else {{\n    \
             shift = (value - {PLAIN} + 1) * {PLAIN};\n  \
           }}\n\
         }}\n\
         export default bytes;\n",
        count = SYMBOLS.len(),
    )
}

pub const TYPESCRIPT: &str = "declare const bytes: Uint8Array<ArrayBuffer>;\nexport default bytes;\n";

fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let shift = byte / PLAIN;
        if shift > 0 {
            text.push(char::from(SYMBOLS[usize::from(PLAIN + shift - 1)]));
        }
        text.push(char::from(SYMBOLS[usize::from(byte % PLAIN)]));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{encode, PLAIN, SYMBOLS};
    use std::collections::BTreeSet;

    #[test]
    fn symbols_are_distinct_and_need_no_escape() {
        let distinct: BTreeSet<_> = SYMBOLS.iter().collect();
        assert_eq!(distinct.len(), SYMBOLS.len());
        assert!(SYMBOLS.iter().all(|symbol| (b' '..=b'~').contains(symbol) && !b"\"$'<\\`".contains(symbol)));
    }

    #[test]
    fn every_byte_has_its_own_text() {
        let texts: BTreeSet<_> = (0..=u8::MAX).map(|byte| encode(&[byte])).collect();
        assert_eq!(texts.len(), 256);
        assert_eq!(encode(&[0, PLAIN - 1, PLAIN, 2 * PLAIN, u8::MAX]), " |} ~ ~w");
    }
}
