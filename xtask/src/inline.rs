//! A wasm module inside a JavaScript file.
//!
//! Base64 puts every byte at one of four positions, so that a repetition in the bytes is seldom one in the text: after
//! gzip it costs 27 % more than the bytes. Here each of the 87 most frequent bytes is one symbol and any other two,
//! repetitions stay repetitions, and gzip ends less than 1 % above the bytes.
//!
//! Gzip within base64 would be about as small under gzip and larger under brotli. Only `DecompressionStream` could unpack
//! it, which answers with a promise: the constructor of the client would have to wait. So the present form stays;
//! `cargo xtask test apps-tarball` prints the figures of all three.

/// Printable ASCII without what a JavaScript string or an inline script would have to escape.
const SYMBOLS: &[u8; 89] = b" !#%&()*+,-./0123456789:;=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_abcdefghijklmnopqrstuvwxyz{|}~";
/// Symbols that stand for a byte; the last two shift the next symbol.
const PLAIN: u8 = 87;

/// The source of a module whose default export is the bytes.
pub fn javascript(bytes: &[u8]) -> String {
    let symbols = String::from_utf8_lossy(SYMBOLS);
    let order = order(bytes);
    let text = encode(bytes, &order);
    let frequent = bitmap(&order[..usize::from(PLAIN)]);
    let length = bytes.len();
    format!(
        "// Generated: the wasm module as text that compresses nearly as well as its bytes.\n\
         const text = \"{text}\";\n\
         // Bit n: the byte n is one symbol.\n\
         const frequent = 0x{frequent}n;\n\
         const order = [];\n\
         const rare = [];\n\
         for (let n = 0; n < 256; n++) (frequent >> BigInt(n) & 1n ? order : rare).push(n);\n\
         order.push(...rare);\n\
         const symbols = \"{symbols}\";\n\
         const values = new Uint8Array(128);\n\
         for (let i = 0; i < {count}; i++) values[symbols.charCodeAt(i)] = i;\n\
         const bytes = new Uint8Array({length});\n\
         for (let i = 0, at = 0, shift = 0; i < text.length; i++) {{\n  \
           const value = values[text.charCodeAt(i)];\n  \
           if (value < {PLAIN}) {{\n    \
             bytes[at++] = order[shift + value];\n    \
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

/// All byte values: first the [`PLAIN`] most frequent ones.
fn order(bytes: &[u8]) -> Vec<u8> {
    let mut counts = [0; 256];
    bytes.iter().for_each(|byte| counts[usize::from(*byte)] += 1);
    let mut order: Vec<_> = (0..=u8::MAX).collect();
    order.sort_by_key(|byte| std::cmp::Reverse(counts[usize::from(*byte)]));
    let (frequent, rare) = order.split_at_mut(usize::from(PLAIN));
    frequent.sort_unstable();
    rare.sort_unstable();
    order
}

/// The set as 256 bits, in hexadecimal.
fn bitmap(set: &[u8]) -> String {
    let digit = |digit: u8| (0..4).map(|bit| u32::from(set.contains(&(4 * digit + bit))) << bit).sum();
    (0..64).rev().filter_map(|n| char::from_digit(digit(n), 16)).collect()
}

fn encode(bytes: &[u8], order: &[u8]) -> String {
    let mut places = [0; 256];
    (0..=u8::MAX).zip(order).for_each(|(place, byte)| places[usize::from(*byte)] = place);
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let place = places[usize::from(*byte)];
        let shift = place / PLAIN;
        if shift > 0 {
            text.push(char::from(SYMBOLS[usize::from(PLAIN + shift - 1)]));
        }
        text.push(char::from(SYMBOLS[usize::from(place % PLAIN)]));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{bitmap, encode, order, PLAIN, SYMBOLS};
    use std::collections::BTreeSet;

    #[test]
    fn symbols_are_distinct_and_need_no_escape() {
        let distinct: BTreeSet<_> = SYMBOLS.iter().collect();
        assert_eq!(distinct.len(), SYMBOLS.len());
        assert!(SYMBOLS.iter().all(|symbol| (b' '..=b'~').contains(symbol) && !b"\"$'<\\`".contains(symbol)));
    }

    #[test]
    fn every_byte_has_its_own_text() {
        let natural: Vec<_> = (0..=u8::MAX).collect();
        let texts: BTreeSet<_> = (0..=u8::MAX).map(|byte| encode(&[byte], &natural)).collect();
        assert_eq!(texts.len(), 256);
        assert_eq!(encode(&[0, PLAIN - 1, PLAIN, 2 * PLAIN, u8::MAX], &natural), " |} ~ ~w");
    }

    #[test]
    fn frequent_bytes_come_first() {
        let order = order(&[200, 200, 7]);
        assert_eq!((&order[..3], order[86], order[87], order[255]), (&[0, 1, 2][..], 200, 86, 255));
        assert_eq!(order.iter().collect::<BTreeSet<_>>().len(), 256);
        assert_eq!(bitmap(&[0, 5, 255]), format!("8{}21", "0".repeat(61)));
    }
}
