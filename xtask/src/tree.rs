//! The `tree` and `deny` suites: what comes along with the client.

use crate::arrows;
use crate::process::{capture, run};
use crate::workspace::{files, folders, read, Workspace};
use anyhow::{bail, Result};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What a Rust caller or the wasm must not get: an async runtime, an HTTP stack, or more code than the client itself.
const HEAVY: [&str; 12] =
    ["tokio", "async-std", "hyper", "reqwest", "http", "url", "idna", "regex", "chrono", "time", "rand", "openssl-sys"];

/// gloo-net names its types; none of their code is reached.
const WASM_ONLY: [&str; 1] = ["http"];

const RUST_FILE: &str = ".rs";

/// Counts what was checked; an error lists what is wrong.
pub fn check(workspace: &Workspace) -> Result<usize> {
    let mut wrong = Vec::new();
    let mut checked = 0;
    let wasm = ["--target", "wasm32-unknown-unknown"];
    let trees: [(&str, Vec<&str>); 3] = [
        ("default features on this machine", Vec::new()),
        ("default features on wasm32", wasm.to_vec()),
        ("the npm package's wasm", [&wasm[..], &["--no-default-features", "--features", "npm"]].concat()),
    ];
    for (name, arguments) in trees {
        let mut command = workspace.cargo();
        command.args(["tree", "--package", "ghl-payments", "--edges", "normal,no-proc-macro"]);
        command.args(["--prefix", "none", "--format", "{p}", "--locked"]).args(&arguments);
        let printed = capture(&mut command, "")?;
        let crates: BTreeSet<_> = printed.lines().filter_map(|line| line.split_whitespace().next()).collect();
        let heavy = crates.iter().filter(|name| HEAVY.contains(name));
        let heavy: Vec<_> =
            heavy.filter(|name| !(arguments.contains(&wasm[1]) && WASM_ONLY.contains(name))).copied().collect();
        println!("{name}: {} crates", crates.len());
        if crates.len() < 3 {
            wrong.push(format!("{name}: cargo tree names only {crates:?}"));
        }
        if !heavy.is_empty() {
            wrong.push(format!("{name}: {} may not come along", heavy.join(", ")));
        }
        checked += 1;
    }

    let manifest: Value = serde_json::from_str(&read(&workspace.root.join("pkg-template/package.json"))?)?;
    for kind in ["dependencies", "peerDependencies", "optionalDependencies", "bundledDependencies"] {
        if !manifest[kind].is_null() {
            wrong.push(format!("the npm package has {kind}: {}", manifest[kind]));
        }
    }
    checked += 1;

    let mut sources = Vec::new();
    for folder in ["src", "derive/src", "fuzz/fuzz_targets"] {
        rust_files(&workspace.root.join(folder), &mut sources)?;
    }
    for source in &sources {
        let text = read(source)?;
        // The lint's own name may stand where it is forbidden.
        let words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
        if words.filter(|word| *word == "unsafe").count() > 0 || text.contains("allow(unsafe_code)") {
            wrong.push(format!("{} holds unsafe code", source.display()));
        }
    }
    println!("{} Rust files without unsafe code", sources.len());
    checked += 1;

    let (against, imports) = arrows::check(workspace)?;
    println!("{imports} imports between modules");
    wrong.extend(against);
    checked += 1;
    if wrong.is_empty() {
        return Ok(checked);
    }
    bail!("{}", wrong.join("\n"))
}

/// Licences, sources and bans; the advisories need a database from the network.
pub fn deny(workspace: &Workspace) -> Result<()> {
    let mut command = workspace.command(workspace.cargo_tool("cargo-deny"));
    command.args(["--locked", "--workspace", "check", "licenses", "bans", "sources"]);
    run(&mut command, "deny.toml says what is allowed, and why.")
}

fn rust_files(folder: &Path, out: &mut Vec<PathBuf>) -> Result<()> {
    out.extend(files(folder, |name| name.ends_with(RUST_FILE))?);
    folders(folder)?.iter().try_for_each(|inner| rust_files(inner, out))
}
