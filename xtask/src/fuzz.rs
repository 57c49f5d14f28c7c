//! The `fuzz` suite: each target of `fuzz/` replays its kept inputs, then looks for new ones for some seconds.

use crate::process::run;
use crate::workspace::{create_folder, file_name, files, Workspace};
use anyhow::{bail, Context, Result};
use std::env;
use std::process::Command;
use std::thread;

/// Seconds for each target, unless `GHL_FUZZ_SECONDS` says otherwise.
const SECONDS: u32 = 20;

const RUST_FILE: &str = ".rs";

/// Gives how many targets there are and which of them crashed, each with its report.
pub fn run_all(workspace: &Workspace) -> Result<(usize, Vec<String>)> {
    let seconds = match env::var("GHL_FUZZ_SECONDS") {
        Ok(text) => text.parse().context("GHL_FUZZ_SECONDS is no number of seconds")?,
        Err(_) => SECONDS,
    };
    let sources = files(&workspace.root.join("fuzz/fuzz_targets"), |name| name.ends_with(RUST_FILE))?;
    let targets: Vec<_> = sources.iter().map(|source| file_name(source).replace(RUST_FILE, "")).collect();
    if targets.is_empty() {
        bail!("fuzz/fuzz_targets holds no target");
    }
    run(
        cargo(workspace).args(["build", "--release", "--bins"]),
        "libFuzzer is compiled from C++: a compiler such as g++ or clang++ must be on PATH.",
    )?;
    let mut crashes = Vec::new();
    // Two at a time: each keeps one core busy.
    for pair in targets.chunks(2) {
        let results: Vec<Result<Option<String>>> = thread::scope(|scope| {
            let started: Vec<_> =
                pair.iter().map(|target| scope.spawn(move || fuzz(workspace, target, seconds))).collect();
            started.into_iter().map(|thread| thread.join().expect("a target's thread does not panic")).collect()
        });
        for result in results {
            crashes.extend(result?);
        }
    }
    Ok((targets.len(), crashes))
}

/// Cargo in `fuzz/`, whose `.cargo/config.toml` asks for coverage.
fn cargo(workspace: &Workspace) -> Command {
    let mut cargo = workspace.cargo();
    cargo.current_dir(workspace.root.join("fuzz")).env_remove("CARGO_TARGET_DIR").env_remove("RUSTFLAGS");
    cargo
}

fn fuzz(workspace: &Workspace, target: &str, seconds: u32) -> Result<Option<String>> {
    let folder = |kind: &str| -> Result<_> {
        let folder = workspace.target().join("fuzz").join(kind).join(target);
        create_folder(&folder)?;
        Ok(folder)
    };
    let (found, crashes) = (folder("found")?, folder("crashes")?);
    let corpus = workspace.root.join("fuzz/corpus").join(target);
    let kept = files(&corpus, |_| true)?.len();
    if kept == 0 {
        bail!("{} holds no input", corpus.display());
    }
    let mut command = cargo(workspace);
    command.args(["run", "--quiet", "--release", "--bin", target, "--"]).arg(found).arg(corpus);
    command.arg(format!("-max_total_time={seconds}")).arg(format!("-artifact_prefix={}/", crashes.display()));
    command.args(["-timeout=10", "-rss_limit_mb=2048", "-print_final_stats=1", "-verbosity=0"]);
    let output = command.output().with_context(|| format!("cannot start the fuzz target {target}"))?;
    let report = String::from_utf8_lossy(&output.stderr);
    let runs = report.lines().find_map(|line| line.strip_prefix("stat::number_of_executed_units:"));
    println!("{target}: {} executions, {kept} kept inputs among them", runs.unwrap_or("no count of").trim());
    Ok((!output.status.success()).then(|| format!("{target}: {report}")))
}
