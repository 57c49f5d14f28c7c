//! `cargo xtask build`: three wasm modules, the TypeScript facade around them, checks, sizes.

use crate::commonjs;
use crate::docs;
use crate::glue;
use crate::inline;
use crate::process::{capture, run};
use crate::wasm::{compile_all, MODULES};
use crate::workspace::{
    all_files, copy, copy_folder, create_folder, empty_folder, file_name, files, has_ending, read, read_bytes,
    relative, write, Workspace,
};
use anyhow::{bail, Context, Result};
use flate2::{write::GzEncoder, Compression};
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};

/// What an edge runtime compiles on a cold start. The goal is 85,000; `benches/README.md` says why it is missed.
const CORE_LIMIT: usize = 114_000;
/// What a visitor of a page downloads. The goal is 46,000.
const BROWSER_LIMIT: usize = 70_200;
/// What an edge runtime compiles for proxy, OAuth, webhooks and the server side of a payment provider, the client among them. The
/// goal was 130,000 for the first three; the decisions of an agency's sync are in it as well.
const EDGE_LIMIT: usize = 265_500;
/// The TypeScript of the edge beside its module, all of it, without that of the client. The goal is 12,288.
const EDGE_SCRIPT_LIMIT: usize = 24_500;
/// The TypeScript of the agency sync beside that of the edge.
const AGENCY_SCRIPT_LIMIT: usize = 21_600;
/// What a payer downloads with a payment page that calls `openCheckout`.
const CHECKOUT_LIMIT: usize = 2_048;
/// The whole entry: popups and the headers of the page's server besides.
const CHECKOUT_ENTRY_LIMIT: usize = 2_560;
/// What the sandbox adds to a test or a page of examples.
///
/// The limit was 165,000 before the sandbox played OAuth and made webhooks, and 195,000 before it played HighLevel's side of the
/// custom provider protocol, with a text for everything that can be wrong with an answer. 260,000 were enough before it told
/// every payment that is due, the overdue ones, trials and clocks; 268,000 before records could be changed and deleted while a
/// sync reads them, and single locations could fail.
const SANDBOX_LIMIT: usize = 274_000;
/// What an installation downloads. 420,000 was the limit before the edge, which is there twice: as a file for runtimes that
/// compile imported modules, and as text for those that compile bytes.
const TARBALL_LIMIT: usize = 1_198_000;

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
///
/// So is a README that states others.
pub fn sizes(workspace: &Workspace) -> Result<()> {
    let sizes = measure(workspace)?;
    report(&sizes)?;
    stated(&read(&workspace.root.join("README.md"))?, &sizes_in_kb(&sizes))?;
    stated(&read(&workspace.root.join("benches/README.md"))?, &limits())
}

/// What the README says of the sizes that are printed.
fn sizes_in_kb(sizes: &[Size]) -> [String; 2] {
    let said = |what: &str, words: &str| {
        let bytes = sizes.iter().find(|size| size.what == what).map_or(0, |size| size.bytes);
        format!("{} KB {words}", (bytes + 500) / 1000)
    };
    [said(CORE, "of wasm"), said(BROWSER, "after gzip")]
}

/// What the bench's README says of the limits.
fn limits() -> [String; 2] {
    let said = |limit: usize, words: &str| format!("{},{:03} bytes of {words}", limit / 1000, limit % 1000);
    [said(CORE_LIMIT, "core.wasm"), said(BROWSER_LIMIT, "the browser entry")]
}

fn stated(text: &str, figures: &[String]) -> Result<()> {
    for figure in figures {
        if !text.contains(figure.as_str()) {
            bail!("a README states another size: it must say \"{figure}\"");
        }
    }
    Ok(())
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
    write(&stage.join("checkout/table.ts"), table_of_messages(workspace)?)?;
    for (module, made) in MODULES.iter().zip(compile_all(workspace)?) {
        let name = module.name;
        copy_folder(&made, &stage)?;
        let wasm = read_bytes(&made.join(format!("{name}.wasm")))?;
        write(&stage.join(format!("{name}-bytes.js")), inline::javascript(&wasm))?;
        write(&stage.join(format!("{name}-bytes.d.ts")), inline::TYPESCRIPT)?;
        write(&stage.join(format!("{name}.d.wasm.ts")), IMPORTED_MODULE)?;
        let glue = stage.join(format!("{name}.js"));
        write(&glue, glue::started_late(&read(&glue)?)?)?;
    }
    let declarations =
        |name: &str| Ok::<_, anyhow::Error>(undefined_allowed(&read(&stage.join(format!("{name}.d.ts")))?));
    let core = declarations("core")?;
    write(&stage.join("core.d.ts"), &core)?;
    write(&stage.join("models.d.ts"), models("core", &core, &sources))?;
    let edge = beside(&declarations("edge-core")?, &core);
    write(&stage.join("edge-core.d.ts"), &edge)?;
    write(&stage.join("edge-models.d.ts"), models("edge-core", &edge, &sources))?;
    Ok(stage)
}

/// What the payment page checks HighLevel's messages by, which follows from their shapes in `src/provider`.
fn table_of_messages(workspace: &Workspace) -> Result<String> {
    let program = ["--features", "provider", "--example", "messages"];
    capture(workspace.cargo().args(["run", "--quiet", "--package", "ghl-payments"]).args(program), "")
}

/// Declarations in which what may be left out of a request may also be `undefined`, for whoever compiles with
/// `exactOptionalPropertyTypes`. What an answer may lack may be `null` instead.
fn undefined_allowed(declarations: &str) -> String {
    let allowed = |line: &str| match line.strip_suffix(';') {
        Some(field) if field.contains("?: ") && field.starts_with("    ") && !field.ends_with("| null") => {
            format!("{field} | undefined;\n")
        }
        _ => format!("{line}\n"),
    };
    declarations.lines().map(allowed).collect()
}

/// Where a source of the facade is published, and how it reads there: the entries stand at the top, beside the generated
/// code, so that a page without a bundler writes `ghl-payments/index.js`; every other file keeps its folder.
fn staged(path: &str, source: &str) -> (String, String) {
    match path.strip_prefix("entries/") {
        Some(entry) => (entry.to_owned(), source.replace("from \"../", "from \"./")),
        None => (path.to_owned(), source.replace("from \"../entries/", "from \"../")),
    }
}

/// What `import module from "./core.wasm"` gives where the runtime compiles it.
const IMPORTED_MODULE: &str = "\
/** The compiled module. */
declare const module: import(\"./core.js\").CompiledModule;
export default module;
";

/// The declarations of the edge's module without those that it shares with the client's, to which they refer.
fn beside(declarations: &str, core: &str) -> String {
    let shared: BTreeSet<_> = declared(core).into_iter().collect();
    let own: Vec<_> = declared(declarations).into_iter().filter(|one| !shared.contains(one)).collect();
    let own = own.concat();
    let words: BTreeSet<_> = own.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
    let wanted: Vec<_> = type_names(core).into_iter().filter(|name| words.contains(name)).collect();
    let import = if wanted.is_empty() {
        String::new()
    } else {
        format!("import type {{ {} }} from \"./core.js\";\n", wanted.join(", "))
    };
    format!("{import}export * from \"./core.js\";\n{own}")
}

/// The declarations of a file one by one, each with its documentation.
fn declared(declarations: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut one = String::new();
    for line in declarations.lines() {
        // What the generator says at the top belongs to no declaration, whichever comes first.
        if one.is_empty() && (line.trim().is_empty() || line.starts_with("/* ")) {
            continue;
        }
        one.push_str(line);
        one.push('\n');
        // What ends one stands at the left margin; the end of its documentation does not end it.
        if line == "}" || line == "};" || (!line.starts_with(' ') && line.ends_with(';')) {
            all.push(std::mem::take(&mut one));
        }
    }
    if !one.is_empty() {
        all.push(one);
    }
    all
}

/// The data types of a module's declarations by name, without those of the start and without those for which the facade
/// has a type of the same name.
fn models(module: &str, declarations: &str, facade: &str) -> String {
    let facade = type_names(facade);
    let own = ["CompiledModule", "WasmModule"];
    let internal = internal_names(declarations);
    let names = type_names(declarations).into_iter();
    let names = names.filter(|name| !own.contains(name) && !facade.contains(name) && !internal.contains(name));
    let names: Vec<_> = names.collect();
    if names.is_empty() {
        return "export {};\n".to_owned();
    }
    format!("export type {{\n    {},\n}} from \"./{module}.js\";\n", names.join(",\n    "))
}

/// The names of the types whose documentation says `@internal`: what the module and the facade say to each other.
fn internal_names(source: &str) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    for (documentation, declared) in source.split("\n/**").filter_map(|part| part.split_once("*/\n")) {
        if documentation.contains("@internal") {
            names.extend(type_names(declared.lines().next().unwrap_or_default()));
        }
    }
    names
}

fn type_names(source: &str) -> BTreeSet<&str> {
    let starts = ["export interface ", "export type "];
    let declared = source.lines().filter_map(|line| starts.iter().find_map(|start| line.strip_prefix(start)));
    declared
        .filter_map(|rest| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next())
        .filter(|name| !name.is_empty())
        .collect()
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
    commonjs::add(workspace, &folder)?;
    for file in files(&workspace.root, |name| name.starts_with("LICENSE-") || name == "CHANGELOG.md")? {
        copy(&file, &folder.join(file_name(&file)))?;
    }
    let readme = ["pkg-template/README.md", "README.md"].into_iter().map(|path| workspace.root.join(path));
    if let Some(readme) = readme.into_iter().find(|path| path.is_file()) {
        copy(&readme, &folder.join("README.md"))?;
    }
    copy_folder(&workspace.root.join("pkg-template/migrations"), &folder.join("migrations"))?;
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
    docs::guides(workspace, &folder)?;
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

/// An optimiser can write a module that looks fine and fails when it starts, so start each one, and once more as after a trap.
fn instantiate(workspace: &Workspace, package: &Path) -> Result<()> {
    let program = "
        import { readFileSync } from 'node:fs';
        import { pathToFileURL } from 'node:url';
        const [folder, ...names] = process.argv.slice(1);
        for (const name of names) {
            const wasm = readFileSync(`${folder}/${name}.wasm`);
            const inlined = await import(pathToFileURL(`${folder}/${name}-bytes.js`));
            if (wasm.compare(inlined.default())) throw new Error(`${name}-bytes.js differs from ${name}.wasm`);
            const glue = await import(pathToFileURL(`${folder}/${name}.js`));
            glue.initSync({ module: new WebAssembly.Module(wasm) });
            glue.__wbg_reset_state();
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

/// The rows that a README speaks of.
const CORE: &str = "core.wasm";
const BROWSER: &str = "browser entry, minified, gzip";

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
    let edge = read_bytes(&package.join("edge-core.wasm"))?;
    let browser = bundle_for_browsers(workspace)?;
    let [edge_script, agency_script] = scripts_of_the_edge(workspace)?;
    let page = "import { openCheckout } from \"../../pkg/checkout.js\";\nglobalThis.openCheckout = openCheckout;\n";
    let page = bundle(workspace, "checkout-page", page)?;
    let checkout = bundle(workspace, "checkout", "export * from \"../../pkg/checkout.js\";\n")?;
    let tarball = capture(workspace.npm().args(["pack", "./pkg", "--dry-run", "--json"]), "")?;
    let tarball: Value = serde_json::from_str(&tarball).context("`npm pack --json` did not print JSON")?;
    let tarball = tarball[0]["size"].as_u64().context("`npm pack --json` does not tell the size")?;
    Ok(vec![
        Size { what: CORE, bytes: core.len(), limit: Some(CORE_LIMIT) },
        Size { what: "core.wasm, gzip", bytes: gzip(&core)?, limit: None },
        Size { what: "browser entry, minified", bytes: browser.len(), limit: None },
        Size { what: BROWSER, bytes: gzip(&browser)?, limit: Some(BROWSER_LIMIT) },
        Size { what: "edge-core.wasm", bytes: edge.len(), limit: Some(EDGE_LIMIT) },
        Size { what: "edge, minified, gzip", bytes: edge_script, limit: Some(EDGE_SCRIPT_LIMIT) },
        Size { what: "agency, minified, gzip", bytes: agency_script, limit: Some(AGENCY_SCRIPT_LIMIT) },
        Size { what: "openCheckout, minified, gzip", bytes: gzip(&page)?, limit: Some(CHECKOUT_LIMIT) },
        Size { what: "checkout entry, minified, gzip", bytes: gzip(&checkout)?, limit: Some(CHECKOUT_ENTRY_LIMIT) },
        Size { what: "sandbox-core.wasm", bytes: sandbox.len(), limit: Some(SANDBOX_LIMIT) },
        Size { what: "tarball", bytes: usize::try_from(tarball)?, limit: Some(TARBALL_LIMIT) },
    ])
}

/// The package as an application ships it: one client in use, everything else for the bundler to drop.
fn bundle_for_browsers(workspace: &Workspace) -> Result<Vec<u8>> {
    let source =
        "import { PaymentsClient } from \"../../pkg/index.js\";\nglobalThis.PaymentsClient = PaymentsClient;\n";
    bundle(workspace, "browser", source)
}

/// How many bytes, minified and compressed, the edge has beside the client, and the agency sync beside the edge, all without their
/// modules.
fn scripts_of_the_edge(workspace: &Workspace) -> Result<[usize; 2]> {
    let client = bundle(workspace, "client", "export * from \"../../pkg/index.js\";\n")?;
    let entry = "export * from \"../../pkg/edge.js\";\n".to_owned();
    let objects = ["keeper", "ledger"].map(|name| format!("export * from \"../../pkg/cloudflare/{name}.js\";\n"));
    let edge = bundle(workspace, "edge", &(entry.clone() + &objects.concat()))?;
    let agency = bundle(workspace, "agency", &(entry + "export * from \"../../pkg/cloudflare.js\";\n"))?;
    let [client, edge, agency] = [gzip(&client)?, gzip(&edge)?, gzip(&agency)?];
    Ok([edge.saturating_sub(client), agency.saturating_sub(edge)])
}

/// The minified bundle of a program, without inlined modules unless it is the browser's.
fn bundle(workspace: &Workspace, name: &str, source: &str) -> Result<Vec<u8>> {
    let folder = workspace.target().join("size");
    create_folder(&folder)?;
    let (entry, bundle) = (folder.join(format!("{name}-entry.js")), folder.join(format!("{name}.js")));
    write(&entry, source)?;
    let mut esbuild = workspace.npm_tool("esbuild");
    esbuild.arg(&entry).args(["--bundle", "--minify", "--format=esm", "--log-level=warning"]);
    if name != "browser" {
        esbuild.arg("--external:*-bytes.js");
    }
    run(esbuild.arg(format!("--outfile={}", bundle.display())), "")?;
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

fn is_tsconfig(name: &str) -> bool {
    name.starts_with("tsconfig") && has_ending(name, ".json")
}

#[cfg(test)]
mod tests {
    use super::{
        beside, gzip, models, named_files, report, sizes_in_kb, stated, undefined_allowed, Size, BROWSER, CORE,
    };
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
    fn what_may_be_left_out_of_a_request_may_be_undefined() {
        let given = "interface A {\n    limit?: number;\n    name: string;\n    title?: string | null;\n}\n";
        assert_eq!(undefined_allowed(given), given.replace("number;", "number | undefined;"));
    }

    #[test]
    fn the_models_are_the_types_that_neither_the_facade_nor_the_glue_owns() {
        let core = "export interface Order {\n}\nexport type Status = \"a\";\nexport interface Params<T> {}\n\
                    export class Core {\n}\nexport type WasmModule = object;\n";
        let facade = "export type { Order } from \"x\";\nexport interface Params {\n";
        let core =
            &format!("{core}/** @internal What a step is given. */\nexport interface Given {{\n    now: number;\n}}\n");
        assert_eq!(models("core", core, facade), "export type {\n    Order,\n    Status,\n} from \"./core.js\";\n");
    }

    #[test]
    fn what_two_modules_declare_alike_stands_in_one_file() {
        let shared = "/** An order. */\nexport interface Order {\n    id: string;\n}\n";
        let core = format!("{shared}\nexport type Status = string;\nexport class Core {{\n    free(): void;\n}}\n");
        let edge = format!("{core}\n/** Of an order. */\nexport interface OrderEvent {{\n    order: Order;\n}}\n");
        let own = "/** Of an order. */\nexport interface OrderEvent {\n    order: Order;\n}\n";
        let import = "import type { Order } from \"./core.js\";\nexport * from \"./core.js\";\n";
        assert_eq!(beside(&edge, &core), format!("{import}{own}"));
        assert_eq!(beside(&core, &core), "export * from \"./core.js\";\n");
    }

    #[test]
    fn a_readme_that_states_another_size_fails_the_build() {
        let sizes = [(CORE, 111_499), (BROWSER, 68_500)].map(|(what, bytes)| Size { what, bytes, limit: None });
        let figures = sizes_in_kb(&sizes);
        assert_eq!(figures, ["111 KB of wasm", "69 KB after gzip"]);
        assert!(stated("111 KB of wasm, 69 KB after gzip", &figures).is_ok());
        assert!(stated("111 KB of wasm, 68 KB after gzip", &figures).is_err());
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
