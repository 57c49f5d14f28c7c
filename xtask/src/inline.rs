//! A wasm module inside a JavaScript file.
//!
//! Three things make the text small after gzip, which is what a visitor of a page downloads:
//!
//! - The code is written in columns: all opcodes, then for each opcode the first operands of all its instructions, the
//!   second ones, and so on. What belongs together stands together, and gzip gives 8 % less for the client than for the
//!   module itself. `unpack.ts` puts it together again, in a few milliseconds.
//! - Each of the 87 most frequent bytes is one symbol and any other two. Base64 would put every byte at one of four
//!   positions, so that a repetition in the bytes is seldom one in the text: it costs 27 % more than the bytes; this
//!   less than 1 %.
//! - Nothing is compressed already. Gzip within base64 would be about as small under gzip and larger under brotli, and
//!   only `DecompressionStream` could unpack it, which answers with a promise: the constructor of the client would have to
//!   wait.
//!
//! `cargo xtask test apps-tarball` prints the figures.

use anyhow::{ensure, Context, Result};
use std::collections::BTreeMap;
use wasmparser::{FunctionBody, Parser, Payload};

/// Printable ASCII without what a JavaScript string or an inline script would have to escape. As in `unpack.ts`.
const SYMBOLS: &[u8; 89] = b" !#%&()*+,-./0123456789:;=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_abcdefghijklmnopqrstuvwxyz{|}~";
/// Symbols that stand for a byte; the last two shift the next symbol.
const PLAIN: u8 = 87;
/// In place of a number of operands: their length in two bytes, then so many bytes.
const ANY: usize = 255;

/// The source of a script whose default export is the bytes of the module.
pub fn javascript(module: &[u8]) -> Result<String> {
    let Columns { head, tail, instructions, operands, bytes } = Columns::of(module)?;
    let order = order(&bytes);
    let operands: Vec<_> = operands.iter().map(|(opcode, places)| format!("{opcode}:{places}")).collect();
    Ok(format!(
        "import {{ unpack }} from \"./unpack.js\";\n\
         export default unpack({{\n  \
           sizes: [{size}, {head}, {tail}, {instructions}],\n  \
           operands: {{{operands}}},\n  \
           frequent: 0x{frequent}n,\n  \
           text: \"{text}\",\n\
         }});\n",
        size = module.len(),
        operands = operands.join(","),
        frequent = bitmap(&order[..usize::from(PLAIN)]),
        text = encode(&bytes, &order),
    ))
}

pub const TYPESCRIPT: &str = "declare const bytes: Uint8Array<ArrayBuffer>;\nexport default bytes;\n";

/// A module with its code in columns.
#[derive(Debug, PartialEq)]
struct Columns {
    /// How many bytes stand in front of the functions, and how many behind them.
    head: usize,
    tail: usize,
    instructions: usize,
    /// For each opcode with operands how many numbers those are, or [`ANY`].
    operands: BTreeMap<u8, usize>,
    /// Head, tail, opcodes, the columns of the operands, and for each function its local variables.
    bytes: Vec<u8>,
}

impl Columns {
    fn of(module: &[u8]) -> Result<Self> {
        let (mut code, mut locals, mut opcodes) = (None, Vec::new(), Vec::new());
        let mut operands: BTreeMap<u8, Vec<&[u8]>> = BTreeMap::new();
        for payload in Parser::new(0).parse_all(module) {
            match payload? {
                Payload::CodeSectionStart { count, range, .. } => {
                    let mut digits = 1;
                    while count >> (7 * digits) > 0 {
                        digits += 1;
                    }
                    code = Some(range.start + digits..range.end);
                }
                Payload::CodeSectionEntry(body) => {
                    locals.extend_from_slice(declared(module, &body)?);
                    for instruction in instructions(module, &body)? {
                        let (opcode, rest) = instruction.split_first().context("an instruction without an opcode")?;
                        opcodes.push(*opcode);
                        operands.entry(*opcode).or_default().push(rest);
                    }
                }
                _ => {}
            }
        }
        let code = code.context("the module has no functions")?;
        let mut out = Self {
            head: code.start,
            tail: module.len() - code.end,
            instructions: opcodes.len(),
            operands: BTreeMap::new(),
            bytes: [&module[..code.start], &module[code.end..], &opcodes].concat(),
        };
        for (opcode, instances) in operands {
            out.add(opcode, &instances)?;
        }
        out.bytes.extend(locals);
        Ok(out)
    }

    /// Adds the columns of an opcode.
    fn add(&mut self, opcode: u8, instances: &[&[u8]]) -> Result<()> {
        let split: Option<Vec<_>> = instances.iter().map(|operands| numbers(operands)).collect();
        let places = |split: &Vec<Vec<&[u8]>>| split.first().map_or(0, Vec::len);
        match split.filter(|split| split.iter().all(|numbers| numbers.len() == places(split))) {
            Some(split) if places(&split) == 0 => {}
            Some(split) => {
                for place in 0..places(&split) {
                    self.bytes.extend(split.iter().flat_map(|numbers| numbers[place]));
                }
                self.operands.insert(opcode, places(&split));
            }
            None => {
                for operands in instances {
                    let length = u16::try_from(operands.len()).context("an instruction of more than 65535 bytes")?;
                    self.bytes.extend(length.to_le_bytes());
                    self.bytes.extend_from_slice(operands);
                }
                self.operands.insert(opcode, ANY);
            }
        }
        Ok(())
    }
}

/// The numbers of LEB128 that the bytes are, if that is what they are.
fn numbers(bytes: &[u8]) -> Option<Vec<&[u8]>> {
    let numbers: Vec<_> = bytes.split_inclusive(|byte| *byte < 128).collect();
    bytes.last().is_none_or(|byte| *byte < 128).then_some(numbers)
}

/// What a function says of its local variables: a count, then for each type how many and which.
fn declared<'a>(module: &'a [u8], body: &FunctionBody<'_>) -> Result<&'a [u8]> {
    let end = body.get_operators_reader()?.original_position();
    let locals = &module[body.range().start..end];
    let count = numbers(locals).map_or(0, |numbers| numbers.len());
    ensure!(locals.first().is_some_and(|groups| count == 1 + 2 * usize::from(*groups)), "locals of an unknown form");
    Ok(locals)
}

/// The instructions of a function, each with its operands.
fn instructions<'a>(module: &'a [u8], body: &FunctionBody<'_>) -> Result<Vec<&'a [u8]>> {
    let mut starts = Vec::new();
    for operator in body.get_operators_reader()?.into_iter_with_offsets() {
        starts.push(operator?.1);
    }
    let ends = starts.iter().copied().skip(1).chain([body.range().end]);
    Ok(starts.iter().zip(ends).map(|(start, end)| &module[*start..end]).collect())
}

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
    use super::{bitmap, encode, numbers, order, Columns, ANY, PLAIN, SYMBOLS};
    use std::collections::BTreeSet;
    use wasm_encoder::{CodeSection, Function, FunctionSection, Module, TypeSection, ValType};

    #[test]
    fn the_code_is_written_in_columns() {
        let mut module = Module::new();
        let mut types = TypeSection::new();
        types.ty().function([], []);
        module.section(&types);
        let mut functions = FunctionSection::new();
        functions.function(0).function(0);
        module.section(&functions);
        let mut code = CodeSection::new();
        let mut first = Function::new([(2, ValType::I32)]);
        first.instructions().i32_const(5).local_set(1).f64_const((-1.5).into()).drop().end();
        code.function(&first);
        let mut second = Function::new([]);
        second.instructions().i32_const(300).drop().end();
        code.function(&second);
        module.section(&code);
        let module = module.finish();
        let columns = Columns::of(&module).unwrap();
        let behind = &columns.bytes[columns.head..];
        let opcodes = [0x41, 0x21, 0x44, 0x1a, 0x0b, 0x41, 0x1a, 0x0b];
        let constant = [&[8, 0][..], &(-1.5f64).to_le_bytes()].concat();
        let expected = [&opcodes[..], &[1], &[5, 0xac, 2], &constant, &[1, 2, 0x7f, 0]].concat();
        assert_eq!((behind, columns.tail, columns.instructions), (&expected[..], 0, 8));
        assert_eq!(columns.operands.into_iter().collect::<Vec<_>>(), [(0x21, 1), (0x41, 1), (0x44, ANY)]);
        assert_eq!(columns.bytes[..columns.head], module[..columns.head]);
    }

    #[test]
    fn numbers_end_with_a_byte_below_128() {
        assert_eq!(numbers(&[1, 0x80, 2]), Some(vec![&[1][..], &[0x80, 2]]));
        assert_eq!(numbers(&[]), Some(vec![]));
        assert_eq!(numbers(&[1, 0x80]), None);
    }

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
