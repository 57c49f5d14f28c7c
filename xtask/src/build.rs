//! `cargo xtask build`: two wasm modules, the TypeScript facade around them, checks, sizes.

use crate::docs;
use crate::inline;
use crate::process::{capture, run};
use crate::slim;
use crate::workspace::{
    all_files, copy, copy_folder, create_folder, empty_folder, file_name, files, read, read_bytes, relative, write,
    Workspace,
};
use anyhow::{bail, Context, Result};
use flate2::{write::GzEncoder, Compression};
use serde_json::Value;
use std::collections::BTreeSet;
use std::env;
use std::io::Write;
use std::path::{Path, PathBuf};

/// What an edge runtime compiles on a cold start.
const CORE_LIMIT: usize = 85_000;
/// What a visitor of a page downloads.
const BROWSER_LIMIT: usize = 46_000;
/// What the sandbox adds to a test or a page of examples.
const SANDBOX_LIMIT: usize = 165_000;
/// What an installation downloads.
const TARBALL_LIMIT: usize = 420_000;

/// One wasm module of the package.
struct Module {
    /// The Cargo feature that selects its exports.
    feature: &'static str,
    /// Its file name in the package, without ending.
    name: &'static str,
    /// Which patterns of what is cut out no function of it matches.
    lacks: &'static [&'static str],
}

const MODULES: [Module; 2] = [
    Module { feature: "npm", name: "core", lacks: &["::unwrap_failed"] },
    Module {
        feature: "npm-sandbox",
        name: "sandbox-core",
        lacks: &["core::cell::panic_already", "wasm_bindgen::convert::closures::", "js_sys::futures::"],
    },
];

/// Leaves the publishable package in `pkg/` and prints its sizes; over a limit is an error.
pub fn build(workspace: &Workspace) -> Result<()> {
    package(workspace)?;
    println!();
    sizes(workspace)
}

/// Leaves the publishable package in `pkg/`.
pub fn package(workspace: &Workspace) -> Result<()> {
    let staged = stage(workspace)?;
    let assembled = assemble(workspace, &staged)?;
    instantiate(workspace, &assembled)?;
    empty_folder(&workspace.package())?;
    copy_folder(&assembled, &workspace.package())?;
    println!("The package is in pkg/.");
    Ok(())
}

/// Prints the sizes of the package; over a limit is an error.
pub fn sizes(workspace: &Workspace) -> Result<()> {
    report(&measure(workspace)?)
}

/// Facade sources and generated code side by side, as the TypeScript compiler wants them.
fn stage(workspace: &Workspace) -> Result<PathBuf> {
    let template = workspace.root.join("pkg-template");
    let stage = workspace.target().join("stage");
    empty_folder(&stage)?;
    for file in files(&template, |name| name == "package.json" || is_tsconfig(name))? {
        copy(&file, &stage.join(file_name(&file)))?;
    }
    let mut sources = String::new();
    for file in all_files(&template.join("src"))? {
        let source = read(&file)?;
        sources.push_str(&source);
        let (path, staged) = staged(&relative(&file, &template.join("src")), &source);
        write(&stage.join(path), staged)?;
    }
    for module in &MODULES {
        let name = module.name;
        let generated = compile(workspace, module)?;
        let wasm = read_bytes(&generated.join(format!("{name}_bg.wasm")))?;
        let declarations = declarations(&read(&generated.join(format!("{name}.d.ts")))?);
        let mut glue = read(&generated.join(format!("{name}.js")))?;
        for snippet in all_files(&generated.join("snippets"))? {
            // Beside the glue, without the folder that is named after a hash. The key among the imports stays: it is
            // also in the module.
            let flat = file_name(&snippet);
            copy(&snippet, &stage.join(&flat))?;
            let path = relative(&snippet, &generated);
            for quote in ['"', '\''] {
                glue = glue.replace(&format!("from {quote}./{path}{quote}"), &format!("from {quote}./{flat}{quote}"));
            }
        }
        write(&stage.join(format!("{name}.js")), without_twins(&glue))?;
        write(&stage.join(format!("{name}.d.ts")), &declarations)?;
        write(&stage.join(format!("{name}-bytes.js")), inline::javascript(&wasm)?)?;
        write(&stage.join(format!("{name}-bytes.d.ts")), inline::TYPESCRIPT)?;
        write(&stage.join(format!("{name}.wasm")), wasm)?;
        write(&stage.join(format!("{name}.d.wasm.ts")), IMPORTED_MODULE)?;
        if name == "core" {
            write(&stage.join("models.d.ts"), models(&declarations, &sources))?;
        }
    }
    Ok(stage)
}

/// Where a source of the facade is published, and how it reads there: the entries stand at the top, beside the generated
/// code, so that a page without a bundler writes `ghl-payments/index.js`; every other file keeps its folder.
fn staged(path: &str, source: &str) -> (String, String) {
    match path.strip_prefix("entries/") {
        Some(entry) => (entry.to_owned(), source.replace("from \"../", "from \"./")),
        None => (path.to_owned(), source.replace("from \"../entries/", "from \"../")),
    }
}

/// The glue with each script imported once: wasm-bindgen repeats one that two declarations name, and bundlers then warn
/// of a key that stands twice among the imports.
fn without_twins(glue: &str) -> String {
    let imports = glue.lines().filter_map(|line| line.strip_prefix("import * as ")?.split_once(" from "));
    let mut seen = BTreeSet::new();
    let twins: Vec<_> = imports.filter(|(_, file)| !seen.insert(*file)).map(|(name, _)| name).collect();
    let is_twin = |line: &str| {
        twins
            .iter()
            .any(|name| line.starts_with(&format!("import * as {name} ")) || line.ends_with(&format!("\": {name},")))
    };
    glue.lines().filter(|line| !is_twin(line)).flat_map(|line| [line, "\n"]).collect()
}

/// What `import module from "./core.wasm"` gives where the runtime compiles it.
const IMPORTED_MODULE: &str = "\
/** The compiled module. */
declare const module: import(\"./core.js\").CompiledModule;
export default module;
";

/// How a module starts, in types that a project for Node has too: `RequestInfo`, `BufferSource` and `WebAssembly` are
/// declared only by the DOM's.
const START: &str = "\
/** A compiled wasm module: `WebAssembly.Module` where the project's types know it. */
export type CompiledModule =
    typeof globalThis extends { WebAssembly: { Module: { prototype: infer Module } } } ? Module : object;

/** A wasm module, compiled or as bytes. */
export type WasmModule = CompiledModule | ArrayBuffer | ArrayBufferView;

/** Starts the module that this file belongs to. */
export function initSync(options: { module: WasmModule }): unknown;
";

/// The generated declarations, without the one member that would ask every user for a newer `lib` than ES2022 and
/// without the loader's, which would ask for the DOM's types.
fn declarations(generated: &str) -> String {
    let types = generated.split("export type InitInput").next().unwrap_or_default();
    let lines = types.lines().filter(|line| !line.trim_start().starts_with("[Symbol.dispose]"));
    lines.flat_map(|line| [line, "\n"]).chain([START]).collect()
}

/// `models.d.ts`: the data types of `core.d.ts` by name, without those of the start and without those for which the
/// facade has a type of the same name.
fn models(declarations: &str, facade: &str) -> String {
    let facade = type_names(facade);
    let own = ["CompiledModule", "WasmModule"];
    let names = type_names(declarations).into_iter().filter(|name| !own.contains(name) && !facade.contains(name));
    let names: Vec<_> = names.collect();
    format!("export type {{\n    {},\n}} from \"./core.js\";\n", names.join(",\n    "))
}

fn type_names(source: &str) -> BTreeSet<&str> {
    let starts = ["export interface ", "export type "];
    let declared = source.lines().filter_map(|line| starts.iter().find_map(|start| line.strip_prefix(start)));
    declared
        .filter_map(|rest| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next())
        .filter(|name| !name.is_empty())
        .collect()
}

/// Cargo, wasm-bindgen, wasm-opt; returns the folder with the final module and its glue.
fn compile(workspace: &Workspace, module: &Module) -> Result<PathBuf> {
    // One target folder per feature set: in a shared one each build would overwrite the other's module.
    let target = workspace.target().join("wasm").join(module.feature);
    println!("Compiling {}.wasm ...", module.name);
    run(
        workspace
            .cargo()
            .args(["build", "--release", "--lib", "--package", "ghl-payments"])
            .args(["--target", "wasm32-unknown-unknown", "--no-default-features", "--features", module.feature])
            .args(["--config", slim::WITHOUT_REFERENCE_TYPES])
            .arg("--target-dir")
            .arg(&target),
        "",
    )?;
    let compiled = target.join("wasm32-unknown-unknown/release/ghl_payments.wasm");
    let folder = workspace.target().join("bindgen").join(module.name);
    let optimised = folder.join(format!("{}_bg.wasm", module.name));
    let stamp = folder.join("done");
    let inputs = [compiled.clone(), env::current_exe()?, workspace.npm_tools().join("installed")];
    if is_newer(&stamp, &inputs) {
        return Ok(folder);
    }
    empty_folder(&folder)?;
    let input = folder.join("compiled.wasm");
    write(&input, slim::without_reference_types(&read_bytes(&compiled)?)?)?;
    run(
        workspace
            .command(workspace.cargo_tool("wasm-bindgen"))
            .arg(&input)
            // The client replaces an instance that trapped.
            .arg("--experimental-reset-state-function")
            .args(["--target", "web", "--omit-default-module-path", "--out-name", module.name, "--out-dir"])
            .arg(&folder),
        "If it speaks of a schema version: Cargo.lock and target/tools/bin/wasm-bindgen differ; \
         delete target/tools/bin/wasm-bindgen and run this again. Otherwise its message names the export it cannot handle.",
    )?;
    let raw = folder.join("unoptimised.wasm");
    std::fs::rename(&optimised, &raw).with_context(|| format!("wasm-bindgen left no {}", optimised.display()))?;
    let glue = folder.join(format!("{}.js", module.name));
    let (wasm, slim_glue) = slim::slim(&read_bytes(&raw)?, &read(&glue)?, module.lacks)?;
    write(&raw, wasm)?;
    write(&glue, slim_glue)?;
    // No feature is switched on by hand: wasm-opt reads from the module which ones the compiler used. Nothing lies in
    // the low memory because rustc puts the stack there.
    let passes = [
        "-Oz",
        "--flatten",
        "--rereloop",
        "-Oz",
        "--converge",
        "--low-memory-unused",
        "--strip-producers",
        "--strip-target-features",
    ];
    run(workspace.npm_tool("wasm-opt").arg(&raw).args(passes).arg("-o").arg(&optimised), "")?;
    write(&stamp, "")?;
    Ok(folder)
}

/// Everything that is published, in one folder.
fn assemble(workspace: &Workspace, stage: &Path) -> Result<PathBuf> {
    let folder = workspace.target().join("package");
    empty_folder(&folder)?;
    println!("Compiling the TypeScript facade ...");
    for config in files(stage, is_tsconfig)? {
        run(
            workspace
                .typescript("typescript")
                .arg("--project")
                .arg(&config)
                .arg("--rootDir")
                .arg(stage)
                .arg("--outDir")
                .arg(&folder),
            "The staged sources are copies: fix pkg-template/src (or the Rust exports, for core.d.ts).",
        )?;
    }
    for file in all_files(stage)? {
        let path = relative(&file, stage);
        // A declaration is not compiled, and the declarations that are refer to it.
        let compiled = has_ending(&path, ".ts") && !has_ending(&path, ".d.ts") && !has_ending(&path, ".d.wasm.ts");
        if !compiled && !is_tsconfig(&path) && path != "package.json" {
            copy(&file, &folder.join(path))?;
        }
    }
    without_comments(workspace, &folder)?;
    for file in files(&workspace.root, |name| name.starts_with("LICENSE-") || name == "CHANGELOG.md")? {
        copy(&file, &folder.join(file_name(&file)))?;
    }
    let readme = ["pkg-template/README.md", "README.md"].into_iter().map(|path| workspace.root.join(path));
    if let Some(readme) = readme.into_iter().find(|path| path.is_file()) {
        copy(&readme, &folder.join("README.md"))?;
    }
    let manifest = read(&workspace.root.join("pkg-template/package.json"))?;
    let placeholder = "\"version\": \"0.0.0\"";
    if !manifest.contains(placeholder) {
        bail!("pkg-template/package.json must hold {placeholder}, which the build replaces by the crate's version");
    }
    let manifest = manifest.replace(placeholder, &format!("\"version\": \"{}\"", workspace.version()?));
    write(&folder.join("package.json"), &manifest)?;
    let parsed: Value = serde_json::from_str(&manifest).context("pkg-template/package.json is not JSON")?;
    let missing: Vec<_> = named_files(&parsed).into_iter().filter(|name| !folder.join(name).is_file()).collect();
    if !missing.is_empty() {
        bail!("pkg-template/package.json names files that the build does not make: {}", missing.join(", "));
    }
    docs::api(workspace, &folder)?;
    Ok(folder)
}

/// Takes the comments out of the published scripts: editors read them in the declarations.
fn without_comments(workspace: &Workspace, folder: &Path) -> Result<()> {
    let mut esbuild = workspace.npm_tool("esbuild");
    // Not the inlined modules: they hold nothing else than one long text.
    for script in all_files(folder)? {
        let name = file_name(&script);
        if has_ending(&name, ".js") && !has_ending(&name, "-bytes.js") {
            esbuild.arg(script);
        }
    }
    esbuild.args(["--target=es2022", "--log-level=warning", "--allow-overwrite"]);
    run(esbuild.arg(format!("--outbase={}", folder.display())).arg(format!("--outdir={}", folder.display())), "")
}

/// Every file that package.json promises.
fn named_files(manifest: &Value) -> BTreeSet<String> {
    fn collect(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::String(text) => {
                found.extend(text.strip_prefix("./").map(str::to_owned));
            }
            Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
            Value::Object(fields) => fields.values().for_each(|field| collect(field, found)),
            _ => {}
        }
    }
    let mut found = BTreeSet::new();
    for key in ["exports", "main", "types", "bin", "sideEffects"] {
        collect(&manifest[key], &mut found);
    }
    found
}

/// An optimiser can write a module that looks fine and fails when it starts, so start each one.
fn instantiate(workspace: &Workspace, package: &Path) -> Result<()> {
    let program = "
        import { readFileSync } from 'node:fs';
        import { pathToFileURL } from 'node:url';
        const [folder, ...names] = process.argv.slice(1);
        for (const name of names) {
            const wasm = readFileSync(`${folder}/${name}.wasm`);
            const inlined = await import(pathToFileURL(`${folder}/${name}-bytes.js`));
            if (wasm.compare(inlined.default)) throw new Error(`${name}-bytes.js differs from ${name}.wasm`);
            const glue = await import(pathToFileURL(`${folder}/${name}.js`));
            glue.initSync({ module: new WebAssembly.Module(wasm) });
        }
        await import(pathToFileURL(`${folder}/index.js`));
    ";
    println!("Starting each module once ...");
    capture(
        workspace
            .node()
            .args(["--input-type=module", "--eval", program])
            .arg(package)
            .args(MODULES.iter().map(|module| module.name)),
        "A built module does not start; nothing was written to pkg/.",
    )
    .map_err(|error| error.context("the built modules do not work"))?;
    Ok(())
}

/// A row of the table that `build` prints.
struct Size {
    what: &'static str,
    bytes: usize,
    limit: Option<usize>,
}

fn measure(workspace: &Workspace) -> Result<Vec<Size>> {
    let package = workspace.package();
    let core = read_bytes(&package.join("core.wasm"))?;
    let sandbox = read_bytes(&package.join("sandbox-core.wasm"))?;
    let bundle = bundle_for_browsers(workspace)?;
    let tarball = capture(workspace.npm().args(["pack", "./pkg", "--dry-run", "--json"]), "")?;
    let tarball: Value = serde_json::from_str(&tarball).context("`npm pack --json` did not print JSON")?;
    let tarball = tarball[0]["size"].as_u64().context("`npm pack --json` does not tell the size")?;
    Ok(vec![
        Size { what: "core.wasm", bytes: core.len(), limit: Some(CORE_LIMIT) },
        Size { what: "core.wasm, gzip", bytes: gzip(&core)?, limit: None },
        Size { what: "browser entry, minified", bytes: bundle.len(), limit: None },
        Size { what: "browser entry, minified, gzip", bytes: gzip(&bundle)?, limit: Some(BROWSER_LIMIT) },
        Size { what: "sandbox-core.wasm", bytes: sandbox.len(), limit: Some(SANDBOX_LIMIT) },
        Size { what: "tarball", bytes: usize::try_from(tarball)?, limit: Some(TARBALL_LIMIT) },
    ])
}

/// The package as an application ships it: one client in use, everything else for the bundler to drop.
fn bundle_for_browsers(workspace: &Workspace) -> Result<Vec<u8>> {
    let folder = workspace.target().join("size");
    create_folder(&folder)?;
    let (entry, bundle) = (folder.join("entry.js"), folder.join("bundle.js"));
    let source =
        "import { PaymentsClient } from \"../../pkg/index.js\";\nglobalThis.PaymentsClient = PaymentsClient;\n";
    write(&entry, source)?;
    run(
        workspace
            .npm_tool("esbuild")
            .arg(&entry)
            .args(["--bundle", "--minify", "--format=esm", "--log-level=warning"])
            .arg(format!("--outfile={}", bundle.display())),
        "",
    )?;
    read_bytes(&bundle)
}

fn report(sizes: &[Size]) -> Result<()> {
    let mut over = Vec::new();
    for Size { what, bytes, limit } in sizes {
        let limit = match limit {
            Some(limit) if bytes > limit => {
                over.push(format!("{what} has {bytes} bytes, the limit is {limit}"));
                format!("  over the limit of {limit}")
            }
            Some(limit) => format!("  (limit {limit})"),
            None => String::new(),
        };
        println!("{what:<32}{bytes:>9} bytes{limit}");
    }
    if !over.is_empty() {
        bail!("too large: {}", over.join("; "));
    }
    Ok(())
}

fn gzip(bytes: &[u8]) -> Result<usize> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?.len())
}

fn is_newer(output: &Path, inputs: &[PathBuf]) -> bool {
    let changed = |path: &Path| path.metadata().and_then(|metadata| metadata.modified());
    let Ok(made) = changed(output) else { return false };
    inputs.iter().all(|input| changed(input).is_ok_and(|input| input < made))
}

fn is_tsconfig(name: &str) -> bool {
    name.starts_with("tsconfig") && has_ending(name, ".json")
}

fn has_ending(name: &str, ending: &str) -> bool {
    name.ends_with(ending)
}

#[cfg(test)]
mod tests {
    use super::{declarations, gzip, models, named_files, report, without_twins, Size};
    use serde_json::json;

    #[test]
    fn every_file_that_package_json_names_is_collected() {
        let manifest = json!({
            "name": "./not-this",
            "exports": { ".": { "types": "./a.d.ts", "default": "./a.js" }, "./b.wasm": "./b.wasm" },
            "bin": { "x": "./cli.js" },
            "sideEffects": ["./a.js"],
        });
        let found: Vec<_> = named_files(&manifest).into_iter().collect();
        assert_eq!(found, ["a.d.ts", "a.js", "b.wasm", "cli.js"]);
    }

    #[test]
    fn a_script_is_imported_once() {
        let glue = "import * as import1 from \"./a.js\"\nimport * as import2 from \"./a.js\"\nconst imports = {\n    \
                    \"./a.js\": import1,\n    \"./a.js\": import2,\n};\n";
        let once = "import * as import1 from \"./a.js\"\nconst imports = {\n    \"./a.js\": import1,\n};\n";
        assert_eq!(without_twins(glue), once);
    }

    #[test]
    fn the_models_are_the_types_that_neither_the_facade_nor_the_glue_owns() {
        let core = "export interface Order {\n}\nexport type Status = \"a\";\nexport interface Params<T> {}\n\
                    export class Core {\n    free(): void;\n    [Symbol.dispose](): void;\n}\nexport type InitInput = RequestInfo;\n";
        let declarations = declarations(core);
        assert!(declarations.contains("free(): void;\n}") && !declarations.contains("dispose"), "{declarations}");
        assert!(declarations.contains("initSync") && !declarations.contains("RequestInfo"), "{declarations}");
        let facade = "export type { Order } from \"x\";\nexport interface Params {\n";
        assert_eq!(models(&declarations, facade), "export type {\n    Order,\n    Status,\n} from \"./core.js\";\n");
    }

    #[test]
    fn a_size_over_its_limit_fails_the_build() {
        assert!(report(&[Size { what: "x", bytes: 10, limit: Some(10) }]).is_ok());
        let error = report(&[Size { what: "x", bytes: 11, limit: Some(10) }]).unwrap_err();
        assert_eq!(error.to_string(), "too large: x has 11 bytes, the limit is 10");
    }

    #[test]
    fn gzip_counts_compressed_bytes() {
        assert!(gzip(&[0; 10_000]).unwrap() < 100);
    }
}
