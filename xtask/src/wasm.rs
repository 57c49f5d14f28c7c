//! A wasm module of the package: cargo, wasm-bindgen, what [`slim`] takes away, wasm-opt.

use crate::process::run;
use crate::slim;
use crate::workspace::{empty_folder, file_name, folders, read_bytes, write, Workspace};
use anyhow::{bail, ensure, Context, Result};
use std::env;
use std::path::{Path, PathBuf};
use std::time::Instant;
use walrus::FunctionBuilder;
use wasm_bindgen_cli_support::{Bindgen, EncodeInto};

/// Which module to make.
pub struct Module {
    /// The Cargo feature that selects its exports.
    pub feature: &'static str,
    /// Its file name in the package, without ending.
    pub name: &'static str,
    /// What wasm-opt makes of it: small code, or code that the check of an answer runs fast in.
    level: &'static str,
}

/// The client, the client with the edge, and the sandbox.
pub const MODULES: [Module; 3] = [
    Module { feature: "npm", name: "core", level: "-O3" },
    Module { feature: "npm-edge", name: "edge-core", level: "-O3" },
    Module { feature: "npm-sandbox", name: "sandbox-core", level: "-Oz" },
];

/// Makes the modules side by side. Gives for each the folder with the module, its glue, the scripts that the glue imports
/// and their declarations.
pub fn compile_all(workspace: &Workspace) -> Result<Vec<PathBuf>> {
    println!("Compiling core.wasm, edge-core.wasm and sandbox-core.wasm; the first time takes some three minutes ...");
    std::thread::scope(|scope| {
        let started = MODULES.iter().map(|module| scope.spawn(|| compile(workspace, module)));
        let started: Vec<_> = started.collect();
        started.into_iter().map(|module| module.join().unwrap_or_else(|_| bail!("the build panicked"))).collect()
    })
}

fn compile(workspace: &Workspace, module: &Module) -> Result<PathBuf> {
    let name = module.name;
    let started = Instant::now();
    let step = |what: &str| println!("  {name}.wasm: {what} ({:.0} s)", started.elapsed().as_secs_f64());
    // One target folder per feature set: in a shared one each build would overwrite the other's module and wait for its
    // lock.
    let target = workspace.target().join("wasm").join(module.feature);
    run(
        workspace
            .cargo()
            .args(["build", "--quiet", "--release", "--lib", "--package", "ghl-payments"])
            .args(["--target", "wasm32-unknown-unknown", "--no-default-features", "--features", module.feature])
            .arg("--config")
            .arg(flags(workspace)?)
            .arg("--target-dir")
            .arg(&target),
        "",
    )?;
    let compiled = target.join("wasm32-unknown-unknown/release/ghl_payments.wasm");
    let made = workspace.target().join("bindgen");
    let (folder, stamp) = (made.join(name), made.join(format!("{name}.done")));
    if is_newer(&stamp, &[compiled.clone(), env::current_exe()?, workspace.npm_tools().join("installed")]) {
        return Ok(folder);
    }
    step("compiled");
    let compiled = read_bytes(&compiled)?;
    ensure_no_local_path(workspace, &compiled)?;
    empty_folder(&folder)?;
    let bound = made.join(format!("{name}.bound.wasm"));
    write(&bound, bind(&compiled, name, &folder)?)?;
    step("bound to JavaScript");
    // No feature is switched on by hand: wasm-opt reads from the module which ones the compiler used. Nothing lies in
    // the low memory because rustc puts the stack there.
    //
    // `-Oz` makes selections of branches, and the check of an answer, nearly all of whose branches are foreseen, waits for
    // them: `-O3` takes 8 % less time there, for 0.1 KB more after gzip.
    let passes = [
        module.level,
        // Loops and branches of another form: 0.5 KB.
        "--flatten",
        "--rereloop",
        module.level,
        "--converge",
        // What the merged locals lay bare, and the functions that are called most by the shortest numbers: 0.7 KB.
        "--merge-locals",
        "--reorder-locals",
        module.level,
        "--converge",
        "--reorder-functions",
        "--low-memory-unused",
        // Without the hints on alignment, which engines do not heed: 0.1 KB after gzip.
        "--dealign",
        "--strip-producers",
        "--strip-target-features",
    ];
    let optimised = folder.join(format!("{name}.wasm"));
    run(workspace.npm_tool("wasm-opt").arg(&bound).args(passes).arg("-o").arg(&optimised), "")?;
    step("optimised");
    write(&stamp, "")?;
    Ok(folder)
}

/// Flags of rustc, as a setting of cargo.
fn flags(workspace: &Workspace) -> Result<String> {
    let mut flags = vec![
        // Without them wasm-bindgen keeps JavaScript's values in an array of its glue and not in a table of the module,
        // which is 1.1 KB less wasm. The standard library was compiled with them, but makes no use of them.
        "-Ctarget-feature=-reference-types".to_owned(),
        "-Clink-arg=--no-check-features".to_owned(),
        format!("-Clink-arg=--features={FEATURES}"),
    ];
    // What the modules say of places in source files must not name folders of the machine that builds them.
    for sources in folders(&cargo_home()?.join("registry/src"))? {
        flags.push(format!("--remap-path-prefix={}=crates", sources.display()));
    }
    flags.push(format!("--remap-path-prefix={}=.", workspace.root.display()));
    Ok(format!("target.wasm32-unknown-unknown.rustflags = {flags:?}"))
}

/// The features of wasm that rustc switches on, without reference types. wasm-opt refuses a module that uses others: then
/// add them here.
const FEATURES: &str =
    "bulk-memory,bulk-memory-opt,call-indirect-overlong,multivalue,mutable-globals,nontrapping-fptoint,\
                        sign-ext";

fn cargo_home() -> Result<PathBuf> {
    let given = env::var_os("CARGO_HOME").map(PathBuf::from);
    given.or_else(|| Some(env::home_dir()?.join(".cargo"))).context("neither CARGO_HOME nor a home folder is known")
}

fn ensure_no_local_path(workspace: &Workspace, module: &[u8]) -> Result<()> {
    for folder in [cargo_home()?, workspace.root.clone()] {
        let path = folder.display().to_string();
        let found = module.windows(path.len()).any(|bytes| bytes == path.as_bytes());
        ensure!(!found, "the module names {path}, a folder of this machine: see `flags` in xtask/src/wasm.rs");
    }
    Ok(())
}

/// Writes glue, declarations and the scripts that the glue imports into the folder and gives the bound module.
fn bind(compiled: &[u8], name: &str, folder: &Path) -> Result<Vec<u8>> {
    let advice =
        "wasm-bindgen refuses the module; if it speaks of its version: Cargo.toml and xtask/Cargo.toml must name \
                  the same one";
    let mut bindgen = Bindgen::new();
    bindgen.input_bytes(name, compiled.to_vec()).encode_into(EncodeInto::Always).typescript(true);
    // The declarations of this target speak of no loader: those of the other one name types that only the DOM has.
    let declarations = bindgen.generate_output().context(advice)?;
    let declarations = declarations.ts().context("wasm-bindgen made no declarations")?;
    write(&folder.join(format!("{name}.d.ts")), with_start(declarations))?;
    // The client replaces an instance that trapped.
    let mut output = bindgen.web(true)?.reset_state_function(true).generate_output().context(advice)?;
    let mut glue = output.js().to_owned();
    for (path, script) in output.local_modules() {
        // Beside the glue, without the folder that is named after a hash. The key among the imports stays: it is also in
        // the module.
        let flat = file_name(Path::new(path));
        write(&folder.join(&flat), script)?;
        for quote in ['"', '\''] {
            glue =
                glue.replace(&format!("from {quote}./snippets/{path}{quote}"), &format!("from {quote}./{flat}{quote}"));
        }
    }
    ensure!(!glue.contains("from './snippets/"), "the glue imports a script that wasm-bindgen did not hand over");
    with_start_function(output.wasm_mut());
    slim::cut(output.wasm_mut())?;
    let glue = slim::number_names(output.wasm_mut(), &glue)?;
    write(&folder.join(format!("{name}.js")), glue)?;
    Ok(output.wasm_mut().emit_wasm())
}

/// Adds the export that the glue calls in a fresh instance, although wasm-bindgen makes it only for reference types.
fn with_start_function(module: &mut walrus::Module) {
    const START_FUNCTION: &str = "__wbindgen_start";
    if module.exports.iter().all(|export| export.name != START_FUNCTION) {
        let nothing = FunctionBuilder::new(&mut module.types, &[], &[]).finish(Vec::new(), &mut module.funcs);
        module.exports.add(START_FUNCTION, nothing);
    }
}

/// How a module starts and starts again, in types that a project for Node has too: `BufferSource` and `WebAssembly` are
/// declared only by the DOM's.
const START: &str = "
/** A compiled wasm module: `WebAssembly.Module` where the project's types know it. */
export type CompiledModule =
    typeof globalThis extends { WebAssembly: { Module: { prototype: infer Module } } } ? Module : object;

/** A wasm module, compiled or as bytes. */
export type WasmModule = CompiledModule | ArrayBuffer | ArrayBufferView;

/** Starts the module that this file belongs to. */
export function initSync(options: { module: WasmModule }): unknown;

/** Replaces the instance by a fresh one. */
export function __wbg_reset_state(): void;
";

/// The generated declarations with those of the start, and without the one member that would ask every user for a newer
/// `lib` than ES2022.
fn with_start(generated: &str) -> String {
    let lines = generated.lines().filter(|line| !line.trim_start().starts_with("[Symbol.dispose]"));
    lines.flat_map(|line| [line, "\n"]).chain([START]).collect()
}

fn is_newer(output: &Path, inputs: &[PathBuf]) -> bool {
    let changed = |path: &Path| path.metadata().and_then(|metadata| metadata.modified());
    let Ok(made) = changed(output) else { return false };
    inputs.iter().all(|input| changed(input).is_ok_and(|input| input < made))
}

#[cfg(test)]
mod tests {
    use super::with_start;

    #[test]
    fn the_declarations_ask_for_no_newer_lib_and_know_the_start() {
        let generated = "export class Core {\n    free(): void;\n    [Symbol.dispose](): void;\n}\n";
        let declarations = with_start(generated);
        assert!(declarations.starts_with("export class Core {\n    free(): void;\n}\n"), "{declarations}");
        assert!(declarations.contains("export function initSync("), "{declarations}");
    }
}
