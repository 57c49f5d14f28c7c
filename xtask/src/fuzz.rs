//! The `fuzz` suite: each target of `fuzz/` replays its kept inputs, then looks for new ones for some seconds.

use crate::process::run;
use crate::workspace::{create_folder, file_name, files, Workspace};
use anyhow::{bail, Context, Result};
use std::env;
use std::process::Command;
use std::thread;

const RUST_FILE: &str = ".rs";

/// What came of it.
pub struct Fuzzed {
    pub targets: usize,
    pub executions: u64,
    /// The report of each target that crashed.
    pub crashes: Vec<String>,
}

/// Runs all targets, each for so many seconds unless `GHL_FUZZ_SECONDS` says otherwise.
pub fn run_all(workspace: &Workspace, seconds: u32) -> Result<Fuzzed> {
    let seconds = match env::var("GHL_FUZZ_SECONDS") {
        Ok(text) => text.parse().context("GHL_FUZZ_SECONDS is no number of seconds")?,
        Err(_) => seconds,
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
    let mut fuzzed = Fuzzed { targets: targets.len(), executions: 0, crashes: Vec::new() };
    // Two at a time: each keeps one core busy.
    for pair in targets.chunks(2) {
        let results: Vec<Result<(u64, Option<String>)>> = thread::scope(|scope| {
            let started: Vec<_> =
                pair.iter().map(|target| scope.spawn(move || fuzz(workspace, target, seconds))).collect();
            started.into_iter().map(|thread| thread.join().expect("a target's thread does not panic")).collect()
        });
        for result in results {
            let (executions, crash) = result?;
            fuzzed.executions += executions;
            fuzzed.crashes.extend(crash);
        }
    }
    Ok(fuzzed)
}

/// Cargo in `fuzz/`, whose `.cargo/config.toml` asks for coverage.
fn cargo(workspace: &Workspace) -> Command {
    let mut cargo = workspace.cargo();
    cargo.current_dir(workspace.root.join("fuzz")).env_remove("CARGO_TARGET_DIR").env_remove("RUSTFLAGS");
    cargo
}

fn fuzz(workspace: &Workspace, target: &str, seconds: u32) -> Result<(u64, Option<String>)> {
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
    // The same inputs from the same start: a run that fails can be repeated.
    command.args(["-seed=1", "-timeout=10", "-rss_limit_mb=2048", "-print_final_stats=1", "-verbosity=0"]);
    let output = command.output().with_context(|| format!("cannot start the fuzz target {target}"))?;
    let report = String::from_utf8_lossy(&output.stderr);
    let runs = report.lines().find_map(|line| line.strip_prefix("stat::number_of_executed_units:"));
    // A target that crashed has not counted.
    let runs = runs.and_then(|runs| runs.trim().parse().ok()).unwrap_or(0);
    println!("{target}: {runs} executions, {kept} kept inputs among them");
    Ok((runs, (!output.status.success()).then(|| format!("{target}: {report}"))))
}
