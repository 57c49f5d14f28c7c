//! What imports what: the arrows between rooms, and circles. Part of the suite `tree`.
//!
//! Rust is read as text: names behind `use` and paths inside the code, without comments, texts and unit tests. A name that a
//! module passes on (`pub use run::Run`) counts for the module that declares it, so that a child may take its sibling's
//! names from their parent. Of TypeScript and JavaScript every import counts, those of types as well.

use crate::workspace::{all_files, read, relative, Workspace};
use anyhow::Result;
use std::collections::{BTreeMap, BTreeSet};

/// The rooms of `src`, and the rooms from which each may import. The crate's root belongs to none.
const ROOMS: [(&str, &[&str]); 15] = [
    ("json", &[]),
    ("shape", &["json"]),
    ("model", &["json", "shape"]),
    ("endpoint", &["json", "shape", "model"]),
    ("core", &["json", "shape", "model", "endpoint"]),
    ("call", &["json", "shape", "model", "endpoint", "core"]),
    ("transport", &["json", "shape", "model", "endpoint", "core", "call"]),
    ("client", &["json", "shape", "model", "endpoint", "core", "call", "transport"]),
    ("provider", &["json", "shape"]),
    ("sandbox", &["json", "model", "endpoint", "provider"]),
    ("edge", &["json", "shape", "model", "endpoint", "core", "provider"]),
    ("oauth", &["json", "shape", "core"]),
    ("webhook", &["json", "shape", "model", "core"]),
    ("sync", &["json", "shape", "core", "call", "provider"]),
    (
        "bindings",
        &[
            "json",
            "shape",
            "model",
            "endpoint",
            "core",
            "call",
            "transport",
            "provider",
            "sandbox",
            "edge",
            "oauth",
            "webhook",
            "sync",
        ],
    ),
];

/// What only the rooms behind it may name.
const FOREIGN: [(&str, &[&str]); 7] = [
    ("wasm_bindgen", &["transport", "bindings"]),
    ("wasm_bindgen_futures", &["transport", "bindings"]),
    ("js_sys", &["transport", "bindings"]),
    ("web_sys", &["transport", "bindings"]),
    ("gloo_net", &["transport", "bindings"]),
    ("serde_wasm_bindgen", &["transport", "bindings"]),
    ("tsify", &["transport", "bindings"]),
];

/// The folders of `pkg-template/src`, and those from which each may import, besides what the build generates.
const FOLDERS: [(&str, &[&str]); 8] = [
    ("client", &[]),
    ("checkout", &[]),
    ("sandbox", &["client"]),
    ("edge", &["client"]),
    ("cloudflare", &["client", "edge"]),
    ("agency", &["client", "edge", "cloudflare"]),
    ("entries", &["client", "checkout", "sandbox", "edge", "cloudflare", "agency"]),
    ("cli", &["entries"]),
];

/// Who imports whom.
type Graph = BTreeMap<String, BTreeSet<String>>;

/// What is wrong, a line for each, and how many imports were looked at.
pub fn check(workspace: &Workspace) -> Result<(Vec<String>, usize)> {
    let mut wrong = Vec::new();
    let rust = Crate::read(workspace)?;
    let modules = rust.graph();
    for (from, to) in edges(&modules) {
        let (room, target) = (room(from), room(to));
        let allowed = ROOMS.iter().find(|(name, _)| *name == room);
        if !room.is_empty() && target != room && !allowed.is_some_and(|(_, allowed)| allowed.contains(&target)) {
            wrong.push(format!("{from} imports {to}: {room} must not know {target}"));
        }
    }
    wrong.extend(rust.foreign());
    let scripts = imports(workspace, "pkg-template/src")?;
    for (from, to) in edges(&scripts) {
        let [(folder, _), (target, _)] = [from, to].map(|file| file.split_once('/').unwrap_or(("", file)));
        let allowed = FOLDERS.iter().find(|(name, _)| *name == folder);
        if target != folder && !target.is_empty() && !allowed.is_some_and(|(_, allowed)| allowed.contains(&target)) {
            wrong.push(format!("pkg-template/src/{from} imports {to}: {folder} must not know {target}"));
        }
    }
    let page = imports(workspace, "www")?;
    for circle in [&modules, &scripts, &page].into_iter().flat_map(circles) {
        wrong.push(format!("these import each other: {}", circle.join(", ")));
    }
    let count = [&modules, &scripts, &page].iter().map(|graph| edges(graph).count()).sum();
    Ok((wrong, count))
}

fn edges(graph: &Graph) -> impl Iterator<Item = (&String, &String)> {
    graph.iter().flat_map(|(from, all)| all.iter().map(move |to| (from, to)))
}

/// The room of a module such as `core::request`; empty for the crate's root.
fn room(module: &str) -> &str {
    module.split("::").next().unwrap_or_default()
}

/// The circles: sets of modules each of which reaches all others of its set.
fn circles(graph: &Graph) -> Vec<Vec<String>> {
    let reach = |from: &str| -> BTreeSet<&str> {
        let mut seen = BTreeSet::new();
        let mut open = vec![from];
        while let Some(at) = open.pop() {
            for to in graph.get(at).into_iter().flatten() {
                if seen.insert(to.as_str()) {
                    open.push(to);
                }
            }
        }
        seen
    };
    let reached: BTreeMap<&str, BTreeSet<&str>> = graph.keys().map(|from| (from.as_str(), reach(from))).collect();
    let mut circles = BTreeSet::new();
    for (from, all) in &reached {
        if all.contains(from) {
            let back = |to: &&&str| reached.get(**to).is_some_and(|all| all.contains(from));
            circles.insert(all.iter().filter(back).map(ToString::to_string).collect::<Vec<_>>());
        }
    }
    circles.into_iter().collect()
}

/// A path in the code: its segments; `None` at its end stands for `*`.
type Names = Vec<Option<String>>;

/// The Rust sources.
struct Crate {
    modules: BTreeMap<String, Module>,
}

/// One file of them.
struct Module {
    /// Whether it may have children: `mod.rs` and the crate's root.
    parent: bool,
    /// Every path in its code.
    paths: Vec<Names>,
    /// The paths behind `pub use`.
    passed_on: Vec<Names>,
    /// The names that it declares.
    declared: BTreeSet<String>,
    /// Its children that are there for tests alone, each a file of its own.
    tests: Vec<String>,
}

impl Crate {
    fn read(workspace: &Workspace) -> Result<Self> {
        let folder = workspace.root.join("src");
        let mut modules = BTreeMap::new();
        for file in all_files(&folder)? {
            let path = relative(&file, &folder);
            if let Some(path) = path.strip_suffix(".rs") {
                modules.insert(module_of(path), Module::of(path, &read(&file)?));
            }
        }
        Ok(Self::of(modules))
    }

    /// Without the files that hold tests.
    fn of(mut modules: BTreeMap<String, Module>) -> Self {
        let tests = |(name, module): (&String, &Module)| -> Vec<String> {
            module.tests.iter().map(|test| joined(name, test)).collect()
        };
        for test in modules.iter().flat_map(tests).collect::<Vec<_>>() {
            modules.remove(&test);
        }
        Self { modules }
    }

    /// Who imports whom; a module does not import itself.
    fn graph(&self) -> Graph {
        let targets = |name: &String, module: &Module| {
            let found = module.paths.iter().filter_map(|path| self.target(name, module, path, 0));
            found.filter(|target| target != name).collect()
        };
        self.modules.iter().map(|(name, module)| (name.clone(), targets(name, module))).collect()
    }

    /// The module that declares what a path in a module names, if it is one of this crate.
    fn target(&self, from: &str, module: &Module, path: &Names, depth: usize) -> Option<String> {
        let mut at = match path.first()?.as_deref()? {
            "crate" => String::new(),
            "self" => from.to_owned(),
            "super" => parent_of(from),
            // A child; everything else is an item, a local name or another crate.
            name if module.parent && self.modules.contains_key(&joined(from, name)) => joined(from, name),
            _ => return None,
        };
        for segment in path.iter().skip(1) {
            match segment.as_deref() {
                Some("super") => at = parent_of(&at),
                Some("self") | None => {}
                Some(name) if self.modules.contains_key(&joined(&at, name)) => at = joined(&at, name),
                Some(name) => return Some(self.declaring(&at, name, depth)),
            }
        }
        Some(at)
    }

    /// Follows a name through what a module passes on.
    fn declaring(&self, at: &str, name: &str, depth: usize) -> String {
        let Some(module) = self.modules.get(at).filter(|module| depth < 8 && !module.declared.contains(name)) else {
            return at.to_owned();
        };
        for path in &module.passed_on {
            let Some(Some(last)) = path.last() else { continue };
            if last == name {
                return self.target(at, module, path, depth + 1).unwrap_or_else(|| at.to_owned());
            }
        }
        // `pub use orders::*`: whichever of them declares it.
        for path in module.passed_on.iter().filter(|path| path.last() == Some(&None)) {
            let Some(target) = self.target(at, module, path, depth + 1) else { continue };
            if self.modules.get(&target).is_some_and(|module| module.declared.contains(name)) {
                return target;
            }
        }
        at.to_owned()
    }

    /// The modules that name a crate which their room must not know.
    fn foreign(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        for (name, module) in &self.modules {
            let named: BTreeSet<_> = module.paths.iter().filter_map(|path| path.first()?.as_deref()).collect();
            for (foreign, rooms) in FOREIGN {
                if named.contains(foreign) && !rooms.contains(&room(name)) {
                    wrong.push(format!("{name} names {foreign}, which only {} may", rooms.join(" and ")));
                }
            }
        }
        wrong
    }
}

/// `core/request` is `core::request`, `core/mod` is `core`, `lib` the root.
fn module_of(path: &str) -> String {
    match path {
        "lib" => String::new(),
        _ => path.strip_suffix("/mod").unwrap_or(path).replace('/', "::"),
    }
}

fn parent_of(module: &str) -> String {
    module.rsplit_once("::").map_or(String::new(), |(parent, _)| parent.to_owned())
}

fn joined(module: &str, name: &str) -> String {
    if module.is_empty() {
        name.to_owned()
    } else {
        format!("{module}::{name}")
    }
}

impl Module {
    fn of(path: &str, source: &str) -> Self {
        let code = bare(source);
        let tokens = tokens(without_tests(&code));
        let mut module = Self {
            parent: path == "lib" || path == "mod" || path.ends_with("/mod"),
            paths: Vec::new(),
            passed_on: Vec::new(),
            declared: BTreeSet::new(),
            tests: test_files(&code),
        };
        let mut at = 0;
        while at < tokens.len() {
            let before: Vec<&str> = tokens[at.saturating_sub(5)..at].iter().map(String::as_str).collect();
            if is_name(&tokens[at]) && !before.ends_with(&["::"]) {
                let start = module.paths.len();
                let end = tree(&tokens, at, &Vec::new(), &mut module.paths);
                match before.as_slice() {
                    // `pub use`, `pub(crate) use`
                    [.., "pub" | ")", "use"] => module.passed_on.extend_from_slice(&module.paths[start..]),
                    [.., "struct" | "enum" | "fn" | "const" | "static" | "type" | "trait"]
                    | [.., "macro_rules", "!"] => {
                        module.declared.insert(tokens[at].clone());
                    }
                    _ => {}
                }
                at = end;
            } else {
                at += 1;
            }
        }
        module
    }
}

/// Reads a path or a tree of them (`a::{b, c::*}`) from a token on; gives the token behind it.
fn tree(tokens: &[String], mut at: usize, before: &Names, out: &mut Vec<Names>) -> usize {
    let mut path = before.clone();
    while let Some(token) = tokens.get(at) {
        match token.as_str() {
            "{" => {
                at += 1;
                while tokens.get(at).is_some_and(|token| token != "}") {
                    let next = tree(tokens, at, &path, out);
                    at = next.max(at + 1);
                }
                return at + 1;
            }
            "*" => path.push(None),
            name if is_name(name) => path.push(Some(name.to_owned())),
            _ => break,
        }
        at += 1;
        if tokens.get(at).is_none_or(|token| token != "::") {
            break;
        }
        at += 1;
    }
    // A name alone is none of another module: `pub(crate)`, `mod config;`, the attribute `tsify(...)`.
    if path.len() > before.len().max(1) {
        out.push(path);
    }
    at
}

fn is_name(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Names, `::`, and every other character by itself.
fn tokens(code: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut rest = code.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = if is_name(rest) {
            rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len())
        } else if rest.starts_with("::") {
            2
        } else {
            first.len_utf8()
        };
        tokens.push(rest[..length].to_owned());
        rest = rest[length..].trim_start();
    }
    tokens
}

const OF_TESTS: &str = "#[cfg(test)]\n";

/// The code without the unit tests, which stand last in a file.
fn without_tests(code: &str) -> &str {
    let block =
        |at: &usize| code[*at + OF_TESTS.len()..].lines().next().is_some_and(|line| line.starts_with("mod tests {"));
    code.match_indices(OF_TESTS).map(|(at, _)| at).find(block).map_or(code, |end| &code[..end])
}

/// The names of the modules behind `#[cfg(test)] mod a;` and `#[cfg(test)] pub(crate) mod a;`.
fn test_files(code: &str) -> Vec<String> {
    let declared = code.split(OF_TESTS).skip(1).filter_map(|rest| rest.lines().next()?.strip_suffix(';'));
    declared.filter_map(|line| Some(line.rsplit_once("mod ")?.1.to_owned())).collect()
}

/// The code without comments, and with empty texts.
fn bare(source: &str) -> String {
    let mut out = String::new();
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let skipped = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if let Some(length) = raw_text(rest) {
            length
        } else if first == '"' {
            quoted(rest, '"')
        } else if first == '\'' {
            // A lifetime is no text.
            character(rest).unwrap_or(0)
        } else {
            0
        };
        if skipped == 0 {
            out.push(first);
            rest = &rest[first.len_utf8()..];
        } else {
            rest = &rest[skipped..];
        }
    }
    out
}

/// The length of `r"..."` or `r#"..."#`.
fn raw_text(code: &str) -> Option<usize> {
    let inner = code.strip_prefix('r')?;
    let marks = inner.len() - inner.trim_start_matches('#').len();
    let text = inner[marks..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(marks));
    Some(text.find(&end)? + 2 + marks + end.len())
}

/// The length of a text in quotes, with them.
fn quoted(code: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in code.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return at + 1,
            _ => {}
        }
    }
    code.len()
}

/// The length of a character such as `'a'` or `'\n'`.
fn character(code: &str) -> Option<usize> {
    let mut inner = code[1..].chars();
    match inner.next()? {
        '\\' => Some(quoted(code, '\'')),
        c => (inner.next()? == '\'').then_some(2 + c.len_utf8()),
    }
}

/// Which file below a folder imports which of them, in TypeScript and JavaScript.
fn imports(workspace: &Workspace, folder: &str) -> Result<Graph> {
    let base = workspace.root.join(folder);
    let mut sources = BTreeMap::new();
    for file in all_files(&base)? {
        let path = relative(&file, &base);
        if let Some((name, "ts" | "js" | "mjs")) = path.rsplit_once('.') {
            sources.insert(name.to_owned(), read(&file)?);
        }
    }
    let targets = |name: &str, source: &str| {
        let found = specifiers(source).into_iter().filter_map(|specifier| resolved(name, &specifier));
        found.filter(|target| sources.contains_key(target)).collect()
    };
    Ok(sources.iter().map(|(name, source)| (name.clone(), targets(name, source))).collect())
}

/// What stands behind `from`, `import` and `import(` in quotes.
fn specifiers(source: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in
        source.lines().filter(|line| !line.trim_start().starts_with("//") && !line.trim_start().starts_with('*'))
    {
        for (at, _) in line.match_indices('"') {
            let before = line[..at].trim_end().trim_end_matches('(').trim_end();
            let word = before.rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
            if let ("from" | "import", Some((specifier, _))) = (word, line[at + 1..].split_once('"')) {
                found.push(specifier.to_owned());
            }
        }
    }
    found
}

/// A relative specifier as a path below the same folder, without its ending.
fn resolved(from: &str, specifier: &str) -> Option<String> {
    if !specifier.starts_with('.') {
        return None;
    }
    let mut folder: Vec<&str> = from.split('/').collect();
    folder.pop();
    for part in specifier.split('/') {
        match part {
            "." => {}
            ".." => drop(folder.pop()?),
            _ => folder.push(part),
        }
    }
    let path = folder.join("/");
    Some(path.rsplit_once('.').map_or(path.clone(), |(name, _)| name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::{circles, edges, resolved, specifiers, Crate, Graph, Module};

    fn crate_of(files: &[(&str, &str)]) -> Crate {
        Crate::of(files.iter().map(|(path, source)| (super::module_of(path), Module::of(path, source))).collect())
    }

    fn arrows(files: &[(&str, &str)]) -> Vec<String> {
        edges(&crate_of(files).graph()).map(|(from, to)| format!("{from} > {to}")).collect()
    }

    #[test]
    fn every_way_to_name_another_module_is_an_arrow() {
        for code in [
            "use crate::json::scan::Scanner;",
            "use crate::{json::{scan::{Scanner, Stop}, write}, model::Order};",
            "use super::super::json::scan::*;",
            "fn a() -> crate::json::scan::Stop { todo!() }",
            "fn a() { let b = 'c'; let d = \"\\\"\"; crate::json::scan::f::<u8>(b) }",
        ] {
            let found = arrows(&[("core/request", code), ("core/mod", ""), ("json/scan", ""), ("json/mod", "")]);
            assert!(found.contains(&"core::request > json::scan".to_owned()), "{code}: {found:?}");
        }
    }

    #[test]
    fn comments_texts_and_unit_tests_are_no_arrows() {
        let code = "// crate::json\n/// [`crate::json`]\n/* crate::json */ const A: &str = \"crate::json\";\n\
            const B: &str = r#\"crate::json\"#;\nconst C: char = '\"';\nfn f<'a>(_: &'a str) {}\n\
            #[cfg(test)]\nmod tests { use crate::json; }";
        assert_eq!(arrows(&[("core/mod", code), ("json/mod", "")]), [""; 0]);
    }

    #[test]
    fn of_a_file_of_tests_no_arrow_counts_but_of_the_code_behind_its_name() {
        let code = "#[cfg(test)]\nmod model;\n#[cfg(test)]\npub(crate) mod server;\npub use crate::json::Scanner;";
        let test = "use crate::call::Turn;";
        let files =
            [("core/mod", code), ("core/model", test), ("core/server", test), ("json/mod", ""), ("call/mod", "")];
        assert_eq!(arrows(&files), ["core > json"]);
    }

    #[test]
    fn a_name_that_is_passed_on_counts_for_the_module_that_declares_it() {
        let files = [
            ("core/mod", "mod config; mod error; pub use config::Config; pub use error::*;"),
            ("core/config", "pub struct Config;"),
            ("core/error", "use super::Config; pub struct Error;"),
            ("call/mod", "use crate::core::{Config, Error};"),
        ];
        let found = arrows(&files);
        assert!(found.contains(&"core::error > core::config".to_owned()), "{found:?}");
        assert!(found.contains(&"call > core::error".to_owned()), "{found:?}");
        assert!(circles(&crate_of(&files).graph()).is_empty());
    }

    #[test]
    fn a_circle_is_found_over_any_length() {
        let graph = |arrows: &[(&str, &str)]| {
            let mut graph = Graph::new();
            for (from, to) in arrows {
                graph.entry((*from).to_owned()).or_default().insert((*to).to_owned());
                graph.entry((*to).to_owned()).or_default();
            }
            graph
        };
        assert!(circles(&graph(&[("a", "b"), ("b", "c"), ("a", "c")])).is_empty());
        assert_eq!(circles(&graph(&[("a", "b"), ("b", "c"), ("c", "a"), ("c", "d")])), [["a", "b", "c"]]);
    }

    #[test]
    fn a_crate_of_the_browser_is_named_in_its_rooms_only() {
        let code = "use wasm_bindgen::prelude::*; fn f() { js_sys::Reflect::get() }";
        assert_eq!(crate_of(&[("core/url", code)]).foreign().len(), 2);
        assert_eq!(crate_of(&[("bindings/url", code)]).foreign().len(), 0);
        let attribute = "#[cfg_attr(feature = \"npm\", tsify(optional))] struct A;";
        assert_eq!(crate_of(&[("core/url", attribute)]).foreign().len(), 0);
    }

    #[test]
    fn every_way_to_import_a_script_is_found() {
        let source =
            "import type { A } from \"./a.js\";\nimport {\n    B,\n} from \"../b/b.js\";\nexport * from \"./c.js\";\n\
            const d = await import(\"./d.js\");\nimport \"./e.js\";\n// import \"./f.js\";\nconst g = \"./g.js\";\n";
        assert_eq!(specifiers(source), ["./a.js", "../b/b.js", "./c.js", "./d.js", "./e.js"]);
        assert_eq!(resolved("client/promises", "../core.js").as_deref(), Some("core"));
        assert_eq!(resolved("client/promises", "./client.js").as_deref(), Some("client/client"));
        assert_eq!(resolved("client/promises", "node:fs"), None);
    }
}
