//! What is taken out of a module that wasm-bindgen has bound to JavaScript. Each check reads the module or the glue that it
//! changes, and an upgrade that makes it pointless fails the build.

use anyhow::{bail, ensure, Result};
use walrus::{ExportItem, FunctionId, FunctionKind, Module};

/// Part of the name of each function that does nothing else than to make a panic's message. The message would go nowhere,
/// and a trap ends the instance just as well: 3.8 KB, 1.7 KB after gzip.
const PANICKING: &str = "::panicking::";

/// Parts of the names of functions that such messages are made with, or that end in one. Both modules write their texts
/// without them: 5 KB, 2 KB after gzip.
const MESSAGES: [&str; 4] = ["::fmt::", "::unwrap_failed", "::str::count::", "slice_error_fail"];

/// Part of the name of each function by which JavaScript would run a closure of Rust. The JavaScript libraries bring them
/// along, and wasm-opt has to keep what stands in the table of functions: 0.5 KB, 0.2 KB after gzip.
const CLOSURES: &str = "wasm_bindgen::convert::closures::";

/// Cuts these functions down to a trap; wasm-opt then drops what nobody calls any more.
pub fn cut(module: &mut Module) -> Result<()> {
    let panicking: Vec<_> = named(module, PANICKING).collect();
    ensure!(!panicking.is_empty(), "no function's name holds `{PANICKING}` any more: see xtask/src/slim.rs");
    let others: Vec<_> = MESSAGES.into_iter().chain([CLOSURES]).flat_map(|part| named(module, part)).collect();
    for id in panicking.into_iter().chain(others) {
        let mut exports = module.exports.iter();
        if let Some(export) = exports.find(|it| matches!(it.item, ExportItem::Function(function) if function == id)) {
            bail!("JavaScript calls `{}`, which was to be cut: see xtask/src/slim.rs", export.name);
        }
        if let FunctionKind::Local(function) = &mut module.funcs.get_mut(id).kind {
            let start = function.entry_block();
            let mut body = function.builder_mut().instr_seq(start);
            body.instrs_mut().clear();
            body.unreachable();
        }
    }
    Ok(())
}

/// The functions of the module itself whose name holds a text.
fn named<'a>(module: &'a Module, part: &'a str) -> impl Iterator<Item = FunctionId> + 'a {
    let functions = module.funcs.iter_local().map(|(id, _)| id);
    functions.filter(move |id| module.funcs.get(*id).name.as_ref().is_some_and(|name| name.contains(part)))
}

/// Numbers what the module and its glue share, in both: those of imports end in sixteen digits of a hash, which no
/// compression makes smaller. 1.1 KB after gzip. Gives the glue.
pub fn number_names(module: &mut Module, glue: &str) -> Result<String> {
    let mut glue = glue.to_owned();
    for (number, import) in module.imports.iter_mut().filter(|import| import.module.ends_with("_bg.js")).enumerate() {
        let (old, new) = (format!("{}: function", import.name), format!("i{number}: function"));
        let count = glue.matches(&old).count();
        ensure!(
            count == 1,
            "the glue holds `{old}` {count} times instead of once: did wasm-bindgen change its output?"
        );
        glue = glue.replacen(&old, &new, 1);
        import.name = format!("i{number}");
    }
    for (number, export) in module.exports.iter_mut().enumerate() {
        glue = with_word(&glue, &format!("wasm.{}", export.name), &format!("wasm.e{number}"));
        export.name = format!("e{number}");
    }
    ensure!(!glue.contains("wasm.__"), "the glue calls an export that the module does not have");
    Ok(glue)
}

/// The text with another word in the place of each that is not the beginning of a longer one.
fn with_word(text: &str, old: &str, new: &str) -> String {
    let mut parts = text.split(old);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out.push_str(if part.starts_with(|c: char| c.is_alphanumeric() || c == '_') { old } else { new });
        out.push_str(part);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{cut, named, number_names, PANICKING};
    use walrus::{FunctionBuilder, FunctionKind, Module, ModuleConfig};

    /// A module with a function of each name; each calls the one before it.
    fn module(names: &[&str]) -> Module {
        let mut module = Module::with_config(ModuleConfig::new());
        let mut before = None;
        for name in names {
            let mut function = FunctionBuilder::new(&mut module.types, &[], &[]);
            let mut body = function.name((*name).to_owned()).func_body();
            if let Some(id) = before {
                body.call(id);
            }
            before = Some(function.finish(vec![], &mut module.funcs));
        }
        module
    }

    const PANIC: &str = "core[c5930c85a12de822]::panicking::panic_fmt";
    const CLOSURE: &str = "wasm_bindgen::convert::closures::_::invoke";

    #[test]
    fn panics_and_closures_are_cut_to_a_trap_and_nothing_else() {
        let names = ["first", PANIC, CLOSURE, "last"];
        let mut module = module(&names);
        cut(&mut module).unwrap();
        let traps = names.map(|name| {
            let id = named(&module, name).next().unwrap();
            let FunctionKind::Local(function) = &module.funcs.get(id).kind else { panic!("{name}") };
            let body = function.block(function.entry_block());
            body.instrs.iter().map(|(instruction, _)| instruction.is_unreachable()).collect::<Vec<_>>()
        });
        assert_eq!(traps, [vec![], vec![true], vec![true], vec![false]]);
    }

    #[test]
    fn a_module_without_panics_or_without_names_is_an_error() {
        let error = cut(&mut module(&["first", CLOSURE])).unwrap_err();
        assert!(error.to_string().contains(PANICKING), "{error}");
    }

    #[test]
    fn a_module_that_makes_closures_is_an_error() {
        let mut module = module(&[PANIC, CLOSURE]);
        let closure = named(&module, CLOSURE).next().unwrap();
        module.exports.add("invoke", closure);
        assert!(cut(&mut module).unwrap_err().to_string().contains("JavaScript calls `invoke`"));
    }

    #[test]
    fn names_are_numbered_in_the_module_and_in_its_glue() {
        let with_names = || {
            let mut module = module(&["call", "call_step"]);
            let nothing = module.types.add(&[], &[]);
            for (from, name) in
                [("./core_bg.js", "__wbg_now_12"), ("./a.js", "pause"), ("./core_bg.js", "__wbg_get_34")]
            {
                module.add_import_func(from, name, nothing);
            }
            for name in ["call", "call_step"] {
                let function = module.funcs.by_name(name).unwrap();
                module.exports.add(name, function);
            }
            module
        };
        let glue = "wasm.call(wasm.call_step);\n    __wbg_now_12: function() {},\n    __wbg_get_34: function() {},\n";
        let mut module = with_names();
        let numbered = number_names(&mut module, glue).unwrap();
        assert_eq!(numbered, "wasm.e0(wasm.e1);\n    i0: function() {},\n    i1: function() {},\n");
        assert_eq!(module.imports.iter().map(|import| &*import.name).collect::<Vec<_>>(), ["i0", "pause", "i1"]);
        assert_eq!(module.exports.iter().map(|export| &*export.name).collect::<Vec<_>>(), ["e0", "e1"]);
        for wrong in [glue.replace("now", "then"), glue.repeat(2), format!("{glue}wasm.__wbindgen_start();")] {
            assert!(number_names(&mut with_names(), &wrong).is_err());
        }
    }
}
