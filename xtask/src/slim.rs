//! What wasm-opt cannot know about the modules.
//!
//! - A panic ends the instance and its message goes nowhere, so the functions that only write messages are cut to a
//!   trap. wasm-opt then drops what nobody calls any more.
//! - Those messages are blanked, and what they say about places in source files, with the paths of the building machine;
//!   wasm-opt leaves longer runs of zeros out.
//! - The JavaScript libraries bring the calls of closures and the wakers of promises with them, in the table of what is
//!   called by index, where wasm-opt has to keep them. The modules make no closures and wait for no promise: JavaScript
//!   carries their calls. So these are cut as well.
//! - The names of imports and exports are an agreement between the module and its glue alone, so they may be short.
//! - The glue comes without what the facade never uses.

use anyhow::{bail, ensure, Context, Result};
use std::collections::{BTreeMap, BTreeSet};
use wasm_encoder::reencode::{self, Reencode};
use wasm_encoder::{CustomSection, Encode, RawSection};
use wasmparser::{
    BinaryReader, BinaryReaderError, DataKind, FunctionBody, KnownCustom, Name, Operator, Parser, Payload,
};

/// Functions that end in a panic, by parts of their names.
const PANICS: [&str; 6] = [
    "core::panicking::",
    "std::panicking::",
    "std::alloc::rust_oom",
    "core::cell::panic_already",
    "::unwrap_failed",
    "wasm_bindgen::throw_str",
];

/// Functions that nobody calls although they stand in the table; [`slim`] sees to it that the glue makes no closures.
const UNCALLED: [&str; 3] = ["wasm_bindgen::convert::closures::", "js_sys::futures::", "any::Any>::type_id"];

/// What the glue makes closures with, if it makes any.
const CLOSURES: [&str; 3] = ["makeClosure", "makeMutClosure", "var state0 = {a: "];

/// Functions that write text for panics. Nothing else may need them: both modules write their texts without them.
const FORMATTING: [&str; 2] = ["core::fmt::", "core::str::count::"];

/// Cuts the panics and what is never called out of a module and shortens the names of its imports, in the module and in its
/// glue. `lacks` are the patterns for which it is known to have no function.
pub fn slim(wasm: &[u8], glue: &str, lacks: &[&str]) -> Result<(Vec<u8>, String)> {
    for closure in CLOSURES {
        ensure!(
            !glue.contains(closure),
            "the glue makes closures (`{closure}`), whose calls are cut out: see `UNCALLED`"
        );
    }
    let contents = Contents::read(wasm)?;
    let cut = contents.to_cut(lacks)?;
    let mut glue = glue.to_owned();
    let mut short = BTreeMap::new();
    for import in &contents.imports {
        let (module, name) = import;
        let new = if let Some((_, script)) = module.rsplit_once('/').filter(|_| module.contains("/snippets/")) {
            (script.to_owned(), name.clone())
        } else {
            let new = short_name(short.len());
            replace_once(&mut glue, &format!("{name}: function"), &format!("{new}: function"))?;
            (GLUE.to_owned(), new)
        };
        glue = glue.replace(&format!("\"{module}\": "), &format!("\"{}\": ", new.0));
        short.insert(import.clone(), new);
    }
    let mut exports = contents.exports.clone();
    // The longest first: one name may start with another.
    exports.sort_by_key(|name| std::cmp::Reverse(name.len()));
    for (index, name) in exports.iter().enumerate() {
        glue = glue.replace(&format!("wasm.{name}"), &format!("wasm.{}", short_name(index)));
    }
    let exports = exports.into_iter().enumerate().map(|(index, name)| (name, short_name(index))).collect();
    let mut module = wasm_encoder::Module::new();
    let mut data = contents.data;
    ensure!(
        blank_locations(&mut data) > 0,
        "the data holds no source locations any more: mend or delete `blank_locations`"
    );
    ensure!(
        blank_messages(&mut data, &contents.constants, &cut, contents.imports.len()) > 0,
        "the data holds no messages of panics any more: mend or delete `blank_messages`"
    );
    let cuts: Vec<_> = (u32::try_from(contents.imports.len())?..).zip(&cut).filter(|(_, cut)| **cut).collect();
    let stand_ins = cuts.iter().map(|(function, _)| (*function, cuts[0].0)).collect();
    let mut slimmer = Slimmer { short, exports, cut: cut.into_iter(), stand_ins, data: data.into_iter() };
    slimmer.parse_core_module(&mut module, Parser::new(0), wasm).context("the module cannot be written again")?;
    Ok((module.finish(), trimmed(&glue)?))
}

/// The feature of references to JavaScript's values as a type of their own.
const REFERENCE_TYPES: &str = "reference-types";

/// Has the crate compiled without it.
pub const WITHOUT_REFERENCE_TYPES: &str =
    "target.wasm32-unknown-unknown.rustflags = [\"-Ctarget-feature=-reference-types\"]";

/// The module without the feature in its list of those that were used, where the standard library's precompiled code puts
/// it. wasm-bindgen then keeps JavaScript's values in an array of its glue and not in a table of the module: 1.2 KB less
/// wasm in the client, 0.8 KB less in the sandbox, for 0.2 KB more glue.
pub fn without_reference_types(wasm: &[u8]) -> Result<Vec<u8>> {
    let mut module = wasm_encoder::Module::new();
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload?;
        match &payload {
            Payload::CustomSection(section) if section.name() == "target_features" => {
                let mut reader = BinaryReader::new(section.data(), section.data_offset());
                let mut features = Vec::new();
                for _ in 0..reader.read_var_u32()? {
                    features.push((reader.read_u8()?, reader.read_string()?));
                }
                features.retain(|(_, name)| *name != REFERENCE_TYPES);
                let mut data = Vec::new();
                features.len().encode(&mut data);
                for (prefix, name) in features {
                    data.push(prefix);
                    name.encode(&mut data);
                }
                module.section(&CustomSection { name: section.name().into(), data: data.into() });
            }
            _ => {
                if let Some((id, range)) = payload.as_section() {
                    module.section(&RawSection { id, data: &wasm[range] });
                }
            }
        }
    }
    Ok(module.finish())
}

/// The glue without what the facade never uses: it starts the module with `initSync` and one object, replaces an instance
/// itself, and its runtimes have `encodeInto`.
fn trimmed(glue: &str) -> Result<String> {
    let mut glue = glue.to_owned();
    for (start, end, new) in UNUSED {
        let from = glue.find(start).with_context(|| changed(start))?;
        let length = glue[from..].find(end).with_context(|| changed(end))? + end.len();
        glue.replace_range(from..from + length, new);
    }
    replace_once(&mut glue, ", __wbg_init as default }", " }")?;
    ensure!(glue.contains(GUARD), changed(GUARD));
    ensure!(!glue.contains("wasm.__"), "the glue calls an export that the module does not have");
    Ok(glue.replace(GUARD, ""))
}

fn changed(text: &str) -> String {
    format!("the glue does not hold `{text}`; did wasm-bindgen change its output?")
}

/// The starts and the ends of what [`trimmed`] leaves out, and what comes in its place.
const UNUSED: [(&str, &str, &str); 9] = [
    // There is no such export: wasm-bindgen fills only tables in it.
    ("    wasm.__wbindgen_start();", "\n", ""),
    ("    __wbg_reinit_scheduled = false;", "\n", ""),
    ("function __wbg_call_guard() {", "\n}\n", ""),
    ("let __wbg_reinit_scheduled = false;", "\n", ""),
    ("    if (module !== undefined) {", "\n    }\n", "    ({module} = module);\n"),
    ("    if (realloc === undefined) {", "\n    }\n", ""),
    ("if (!('encodeInto' in cachedTextEncoder)) {", "\n}\n", ""),
    ("async function __wbg_load(", "\n}\n", ""),
    ("let __wbg_init_promise;", "\nexport {", "export {"),
];

/// Stands in front of each call, for an instance that replaces itself.
const GUARD: &str = "        __wbg_call_guard();\n";

/// The glue's name in the module.
const GLUE: &str = "g";

/// `a` to `z`, then `aa` and so on.
fn short_name(index: usize) -> String {
    let letter = char::from(b'a' + u8::try_from(index % 26).unwrap_or(0));
    if index < 26 {
        letter.to_string()
    } else {
        short_name(index / 26 - 1) + &letter.to_string()
    }
}

fn replace_once(text: &mut String, from: &str, to: &str) -> Result<()> {
    let count = text.matches(from).count();
    ensure!(count == 1, "the glue holds `{from}` {count} times instead of once; did wasm-bindgen change its output?");
    *text = text.replacen(from, to, 1);
    Ok(())
}

/// What has to be known about a module.
#[derive(Default)]
struct Contents {
    imports: Vec<(String, String)>,
    exports: Vec<String>,
    /// By index, imports included.
    names: BTreeMap<u32, String>,
    /// For each function that is not imported, which ones it calls.
    calls: Vec<Vec<u32>>,
    /// For each function that is not imported, the constants in it.
    constants: Vec<Vec<Constant>>,
    data: Vec<Data>,
}

/// A number in the code, which may be an address.
struct Constant {
    value: usize,
    /// The number behind it, which may be the length of what is at the address.
    next: Option<usize>,
    /// The function that is called with it.
    callee: Option<u32>,
}

/// A segment of the data and its address.
struct Data {
    start: usize,
    bytes: Vec<u8>,
}

impl Contents {
    fn read(wasm: &[u8]) -> Result<Self> {
        let mut contents = Self::default();
        for payload in Parser::new(0).parse_all(wasm) {
            match payload? {
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        let import = import?;
                        contents.imports.push((import.module.into(), import.name.into()));
                    }
                }
                Payload::ExportSection(section) => {
                    for export in section {
                        contents.exports.push(export?.name.into());
                    }
                }
                Payload::DataSection(section) => {
                    for data in section {
                        let data = data?;
                        contents.data.push(Data { start: address(&data)?, bytes: data.data.to_vec() });
                    }
                }
                Payload::CodeSectionEntry(body) => {
                    contents.calls.push(calls(&body)?);
                    contents.constants.push(constants(&body)?);
                }
                Payload::CustomSection(section) => {
                    if let KnownCustom::Name(names) = section.as_known() {
                        for name in names {
                            if let Name::Function(names) = name? {
                                for naming in names {
                                    let naming = naming?;
                                    contents.names.insert(naming.index, without_hashes(naming.name));
                                }
                            }
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(contents)
    }

    /// For each function that is not imported, whether it is cut.
    fn to_cut(&self, lacks: &[&str]) -> Result<Vec<bool>> {
        let unmatched =
            |pattern: &&&str| !lacks.contains(*pattern) && !self.names.values().any(|name| name.contains(**pattern));
        let unmatched: Vec<_> = PANICS.iter().chain(&UNCALLED).chain(&FORMATTING).filter(unmatched).collect();
        ensure!(
            unmatched.is_empty(),
            "no function's name holds {unmatched:?} any more: delete or mend these in slim.rs"
        );
        let first = u32::try_from(self.imports.len())?;
        let name = |index: u32| self.names.get(&index).map_or("", String::as_str);
        let is = |index: u32, patterns: &[&str]| patterns.iter().any(|pattern| name(index).contains(pattern));
        let is_cut = |index: u32| is(index, &PANICS) || is(index, &UNCALLED) || is(index, &FORMATTING);
        let cut: Vec<_> = (first..).zip(&self.calls).map(|(index, _)| is_cut(index)).collect();
        for ((caller, calls), cut) in (first..).zip(&self.calls).zip(&cut) {
            let formatter = calls.iter().find(|callee| is(**callee, &FORMATTING));
            if let (false, Some(callee)) = (cut, formatter) {
                bail!("{} calls {}, which is cut out: write the text another way", name(caller), name(*callee));
            }
        }
        Ok(cut)
    }
}

fn calls(body: &FunctionBody<'_>) -> Result<Vec<u32>, BinaryReaderError> {
    let mut calls = Vec::new();
    for operator in body.get_operators_reader()? {
        if let Operator::Call { function_index } | Operator::ReturnCall { function_index } = operator? {
            calls.push(function_index);
        }
    }
    Ok(calls)
}

fn constants(body: &FunctionBody<'_>) -> Result<Vec<Constant>, BinaryReaderError> {
    let mut constants = Vec::new();
    // Those that nothing but further ones stand behind so far.
    let mut run = Vec::new();
    for operator in body.get_operators_reader()? {
        let operator = operator?;
        if let Operator::I32Const { value } = operator {
            run.push(value as u32 as usize);
            continue;
        }
        let callee = match operator {
            Operator::Call { function_index } => Some(function_index),
            _ => None,
        };
        let nexts = run.iter().copied().skip(1).map(Some).chain([None]);
        constants.extend(run.iter().zip(nexts).map(|(&value, next)| Constant { value, next, callee }));
        run.clear();
        if let Some(value) = offset(&operator) {
            constants.push(Constant { value, next: None, callee: None });
        }
    }
    Ok(constants)
}

/// What a load adds to its operand: the address of a table that is read by index.
fn offset(operator: &Operator<'_>) -> Option<usize> {
    use Operator::{
        F32Load, F64Load, I32Load, I32Load16S, I32Load16U, I32Load8S, I32Load8U, I64Load, I64Load16S, I64Load16U,
        I64Load32S, I64Load32U, I64Load8S, I64Load8U,
    };
    match operator {
        I32Load { memarg } | I32Load8S { memarg } | I32Load8U { memarg } | I32Load16S { memarg } => Some(memarg),
        I32Load16U { memarg } | I64Load { memarg } | I64Load8S { memarg } | I64Load8U { memarg } => Some(memarg),
        I64Load16S { memarg } | I64Load16U { memarg } | I64Load32S { memarg } | I64Load32U { memarg } => Some(memarg),
        F32Load { memarg } | F64Load { memarg } => Some(memarg),
        _ => None,
    }
    .map(|memarg| memarg.offset as usize)
}

fn address(data: &wasmparser::Data<'_>) -> Result<usize> {
    if let DataKind::Active { memory_index: 0, offset_expr } = &data.kind {
        if let Operator::I32Const { value } = offset_expr.get_operators_reader().read()? {
            return Ok(usize::try_from(value)?);
        }
    }
    bail!("a data segment has no fixed address")
}

/// Blanks every `core::panic::Location`, which is address and length of a path that ends in `.rs`, line and column, and
/// the paths themselves. Gives how many there were.
fn blank_locations(data: &mut [Data]) -> usize {
    let mut blank = Vec::new();
    for segment in &*data {
        for (at, location) in segment.bytes.windows(16).enumerate().filter(|(at, _)| (segment.start + at) % 4 == 0) {
            let word = |i: usize| location[4 * i..].iter().take(4).rev().fold(0, |n, b| n << 8 | usize::from(*b));
            let (path, length, line, column) = (word(0), word(1), word(2), word(3));
            let text = data.iter().find_map(|s| s.bytes.get(path.checked_sub(s.start)?..)?.get(..length));
            let is_path = text.is_some_and(|t| t.strip_suffix(b"\0").unwrap_or(t).ends_with(b".rs") && t.len() < 256);
            if is_path && (1..1 << 16).contains(&line) && (1..1 << 10).contains(&column) {
                blank.extend([(segment.start + at, 16), (path, length)]);
            }
        }
    }
    fill(data, &blank);
    blank.len() / 2
}

/// Blanks every text to which only panics point: address and length are constants in a function that is cut or in a
/// call of one. Gives how many there were.
fn blank_messages(data: &mut [Data], constants: &[Vec<Constant>], cut: &[bool], imports: usize) -> usize {
    let is_cut = |function: usize| function.checked_sub(imports).and_then(|i| cut.get(i)) == Some(&true);
    let (mut messages, mut used) = (BTreeSet::new(), BTreeSet::new());
    for (constants, cut) in constants.iter().zip(cut) {
        for Constant { value, next, callee } in constants {
            if !cut && !callee.is_some_and(|callee| is_cut(callee as usize)) {
                used.insert(*value);
            } else if let Some(length @ 1..256) = *next {
                // Text that is to be formatted and has no gaps comes as twice its length and one.
                messages.extend([(*value, length), (*value, length / 2)]);
            }
        }
    }
    for segment in &*data {
        let words = segment.bytes.get(segment.start.wrapping_neg() % 4..).unwrap_or_default().chunks_exact(4);
        used.extend(words.map(|word| word.iter().rev().fold(0, |n, b| n << 8 | usize::from(*b))));
    }
    let is_text = |start: usize, length: usize| {
        let bytes = data.iter().find_map(|s| s.bytes.get(start.checked_sub(s.start)?..)?.get(..length));
        bytes.is_some_and(|bytes| bytes.iter().all(|b| (b' '..=b'~').contains(b)))
    };
    messages.retain(|&(start, length)| {
        length > 0 && used.range(start..start + length).next().is_none() && is_text(start, length)
    });
    let messages: Vec<_> = messages.into_iter().collect();
    fill(data, &messages);
    messages.len()
}

/// Writes zeros over pieces of the data: address and length.
fn fill(data: &mut [Data], pieces: &[(usize, usize)]) {
    for (start, length) in pieces {
        for segment in &mut *data {
            let bytes = start.checked_sub(segment.start).and_then(|at| segment.bytes.get_mut(at..at + length));
            if let Some(bytes) = bytes {
                bytes.fill(0);
            }
        }
    }
}

/// `core[1f2e]::fmt` is `core::fmt`.
fn without_hashes(name: &str) -> String {
    let mut parts = name.split('[');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.split_once(']') {
            Some((hash, rest)) if hash.len() > 9 && hash.bytes().all(|b| b.is_ascii_hexdigit()) => out.push_str(rest),
            _ => out.extend(["[", part]),
        }
    }
    out
}

struct Slimmer {
    short: BTreeMap<(String, String), (String, String)>,
    exports: BTreeMap<String, String>,
    cut: std::vec::IntoIter<bool>,
    /// For each function that is cut, the first one of them.
    stand_ins: BTreeMap<u32, u32>,
    data: std::vec::IntoIter<Data>,
}

impl Reencode for Slimmer {
    type Error = std::convert::Infallible;

    fn parse_imports(
        &mut self,
        section: &mut wasm_encoder::ImportSection,
        imports: wasmparser::Imports<'_>,
    ) -> Result<(), reencode::Error> {
        let wasmparser::Imports::Single(_, import) = imports else {
            return reencode::utils::parse_imports(self, section, imports);
        };
        let key = (import.module.to_owned(), import.name.to_owned());
        let ty = self.entity_type(import.ty)?;
        match self.short.get(&key) {
            Some((module, name)) => section.import(module, name, ty),
            None => section.import(import.module, import.name, ty),
        };
        Ok(())
    }

    fn parse_export(
        &mut self,
        section: &mut wasm_encoder::ExportSection,
        export: wasmparser::Export<'_>,
    ) -> Result<(), reencode::Error> {
        let name = self.exports.get(export.name).cloned().unwrap_or_default();
        reencode::utils::parse_export(self, section, wasmparser::Export { name: &name, ..export })
    }

    fn parse_data(
        &mut self,
        section: &mut wasm_encoder::DataSection,
        data: wasmparser::Data<'_>,
    ) -> Result<(), reencode::Error> {
        let blanked = self.data.next().map_or(Vec::new(), |data| data.bytes);
        reencode::utils::parse_data(self, section, wasmparser::Data { data: &blanked, ..data })
    }

    /// In the table one that is cut stands for all: whoever calls it by index ends in a trap, whatever its type.
    fn element_items<'a>(
        &mut self,
        items: wasmparser::ElementItems<'a>,
    ) -> Result<wasm_encoder::Elements<'a>, reencode::Error> {
        let wasmparser::ElementItems::Functions(functions) = items else {
            return reencode::utils::element_items(self, items);
        };
        let functions: Result<Vec<_>, _> = functions.into_iter().collect();
        let functions =
            functions?.into_iter().map(|function| self.stand_ins.get(&function).copied().unwrap_or(function));
        Ok(wasm_encoder::Elements::Functions(functions.collect()))
    }

    fn parse_function_body(
        &mut self,
        code: &mut wasm_encoder::CodeSection,
        body: FunctionBody<'_>,
    ) -> Result<(), reencode::Error> {
        if self.cut.next() == Some(true) {
            let mut trap = wasm_encoder::Function::new([]);
            trap.instructions().unreachable().end();
            code.function(&trap);
            return Ok(());
        }
        reencode::utils::parse_function_body(self, code, body)
    }
}

#[cfg(test)]
mod tests {
    use super::{blank_locations, replace_once, short_name, slim, without_hashes, Data};

    #[test]
    fn short_names_are_distinct() {
        assert_eq!([0, 25, 26, 27, 52].map(short_name), ["a", "z", "aa", "ab", "ba"]);
    }

    #[test]
    fn locations_and_their_paths_are_blanked_and_nothing_else() {
        let words = |words: [u32; 4]| words.into_iter().flat_map(u32::to_le_bytes);
        let location = words([1000, 9, 12, 5]);
        let other = words([1000, 4, 12, 5]);
        let texts = Data { start: 1000, bytes: b"src/a.rs\0some text".to_vec() };
        let mut data = [texts, Data { start: 2000, bytes: location.chain(other.clone()).collect() }];
        assert_eq!(blank_locations(&mut data), 1);
        assert_eq!(data[0].bytes, b"\0\0\0\0\0\0\0\0\0some text");
        assert!(data[1].bytes.iter().copied().eq([0; 16].into_iter().chain(other)));
    }

    #[test]
    fn hashes_of_crates_are_no_part_of_a_name() {
        assert_eq!(
            without_hashes("<str as core[c5930c85a12de822]::fmt::Debug>::fmt"),
            "<str as core::fmt::Debug>::fmt"
        );
        assert_eq!(without_hashes("<[u8]>::starts_with"), "<[u8]>::starts_with");
    }

    #[test]
    fn glue_that_makes_closures_is_an_error() {
        for glue in ["const ret = makeMutClosure(arg0, arg1, f);", "var state0 = {a: arg0, b: arg1};"] {
            let error = slim(b"", glue, &[]).expect_err("their calls are cut out");
            assert!(error.to_string().contains("UNCALLED"), "{error}");
        }
    }

    #[test]
    fn a_name_that_the_glue_does_not_hold_is_an_error() {
        let mut glue = String::from("a: function() {}");
        assert!(replace_once(&mut glue, "b: function", "c: function").is_err());
        assert!(replace_once(&mut glue, "a: function", "c: function").is_ok());
        assert_eq!(glue, "c: function() {}");
    }
}
