//! A wasm module as text inside a script, which `pkg-template/src/entries/unpack.ts` reads.
//!
//! Each of the 87 most frequent bytes is one symbol and every other one is two, so that a repetition in the bytes is also
//! one in the text. Measured on the client in November 2026; the time is that of the import in the quickest of 25 fresh
//! processes of Node 20, and the suite `apps-tarball` prints the sizes of today:
//!
//! | form                                           |  bytes |   gzip | brotli | import |
//! |------------------------------------------------|-------:|-------:|-------:|-------:|
//! | the module itself                              | 72,931 | 36,207 | 32,118 |        |
//! | this                                           | 79,092 | 36,930 | 33,632 |   6 ms |
//! | base64, `Uint8Array.fromBase64` or else `atob` | 97,286 | 45,777 | 41,098 |  17 ms |
//!
//! Base64 puts a byte at one of four positions, which hides most repetitions; gzip within it is only unpacked by
//! `DecompressionStream`, which answers with a promise, and the constructor of the client cannot wait. Instructions in
//! columns by opcode, put together at the import, were 6 % smaller and took 17 ms and 200 lines.

/// Printable ASCII without what a JavaScript string or an inline script would have to escape. As in `unpack.ts`.
const SYMBOLS: &[u8; 89] = b" !#%&()*+,-./0123456789:;=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_abcdefghijklmnopqrstuvwxyz{|}~";
/// Symbols that stand for a byte; the last two shift the next symbol.
const PLAIN: usize = 87;

/// The source of a script whose default export decodes the bytes of the module.
pub fn javascript(module: &[u8]) -> String {
    let order = order(module);
    format!(
        "import {{ unpack }} from \"./unpack.js\";\nexport default () => unpack({}, 0x{}n, \"{}\");\n",
        module.len(),
        bitmap(&order[..PLAIN]),
        encode(module, &order),
    )
}

pub const TYPESCRIPT: &str = "/** Decodes the module. */\nexport default function (): Uint8Array<ArrayBuffer>;\n";

/// All byte values: first the [`PLAIN`] most frequent ones.
fn order(bytes: &[u8]) -> Vec<u8> {
    let mut counts = [0; 256];
    bytes.iter().for_each(|byte| counts[usize::from(*byte)] += 1);
    let mut order: Vec<_> = (0..=u8::MAX).collect();
    order.sort_by_key(|byte| std::cmp::Reverse(counts[usize::from(*byte)]));
    let (frequent, rare) = order.split_at_mut(PLAIN);
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
    order.iter().enumerate().for_each(|(place, byte)| places[usize::from(*byte)] = place);
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let place = places[usize::from(*byte)];
        let shift = place / PLAIN;
        if shift > 0 {
            text.push(char::from(SYMBOLS[PLAIN + shift - 1]));
        }
        text.push(char::from(SYMBOLS[place % PLAIN]));
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
        assert_eq!(encode(&[0, 86, 87, 174, u8::MAX], &natural), " |} ~ ~w");
    }

    #[test]
    fn frequent_bytes_come_first() {
        let order = order(&[200, 200, 7]);
        assert_eq!((&order[..3], order[PLAIN - 1], order[PLAIN], order[255]), (&[0, 1, 2][..], 200, 86, 255));
        assert_eq!(order.iter().collect::<BTreeSet<_>>().len(), 256);
        assert_eq!(bitmap(&[0, 5, 255]), format!("8{}21", "0".repeat(61)));
    }
}
