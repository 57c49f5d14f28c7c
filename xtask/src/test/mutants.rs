//! `cargo xtask test --mutants`: cargo-mutants changes the code on purpose, and what no test notices is listed.

use super::durations::spoken;
use crate::process::show;
use crate::setup;
use crate::workspace::{create_folder, Workspace};
use anyhow::{bail, Context, Result};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

/// What has no I/O, so that native tests can notice every change.
const ROOMS: [&str; 4] = ["src/json", "src/shape", "src/core", "src/call"];
/// Of the changes that compile, in percent.
const MOST_MISSED: usize = 3;
/// On 2 cores with nothing else to do, most of it for compiling.
const EACH: Duration = Duration::from_secs(8);

/// Tests of the crate that count through minutes of virtual time, and take as long without optimisation.
const LONG: [&str; 4] =
    ["--skip", "call::limiter::tests::a_thousand", "--skip", "call::limiter::tests::an_interactive"];

/// The tests that are quick, and those for what they have missed; each with what is handed on to the tests themselves.
const STAGES: [(&str, &[&str], &[&str]); 2] = [
    ("quick tests", &["--lib", "--test", "contract", "--test", "property"], &LONG),
    (
        "slow tests, for what the quick ones missed",
        &["--lib", "--test", "reliability", "--test", "sandbox", "--test", "edge"],
        &[],
    ),
];

/// Changes the files and folders that are given, or all [`ROOMS`], with `--sample N` in every Nth of the places where that
/// is possible; fails where too much goes unnoticed.
pub fn run_all(workspace: &Workspace, arguments: &[String]) -> Result<ExitCode> {
    setup::for_mutants(workspace)?;
    let (sample, paths) = sample(arguments)?;
    let globs = globs(workspace, paths)?;
    let output = workspace.target().join("mutants");
    create_folder(&output)?;
    let listed = command(workspace, &globs, &output)
        .arg("--list")
        .args(&sample)
        .output()
        .context("cannot start cargo-mutants")?;
    let count = String::from_utf8_lossy(&listed.stdout).lines().count();
    let about = spoken(EACH * u32::try_from(count).unwrap_or(u32::MAX));
    println!("{count} changes, about {about} on 2 cores, besides compiling the tests once for each stage");

    let started = Instant::now();
    let mut found = Found::default();
    for (at, (name, tests, told)) in STAGES.iter().enumerate() {
        println!("\n== {name} == {} of {}", at + 1, STAGES.len());
        let mut command = command(workspace, &globs, &output);
        // The quick tests are compiled sooner than they run; the slow ones take minutes without optimisation.
        command.env("CARGO_PROFILE_TEST_OPT_LEVEL", at.to_string()).env("CARGO_PROFILE_TEST_DEBUG", "0");
        // The second stage repeats what the first one has missed, and nothing else.
        match at {
            0 => command.args(&sample),
            _ => command.args(found.missed.iter().flat_map(|change| ["--re".to_owned(), exactly(change)])),
        };
        command.args(["--colors", "never", "--"]).args(*tests).arg("--").args(*told);
        let status = command.status().context("cannot start cargo-mutants")?;
        // 0: all were noticed; 2: some were not; 3: some ran into the time limit, which is a way of noticing.
        if !matches!(status.code(), Some(0 | 2 | 3)) {
            bail!("`{}` failed ({status})", show(&command));
        }
        found.add(&output.join("mutants.out"))?;
        if found.missed.is_empty() {
            break;
        }
    }

    println!();
    for change in &found.missed {
        println!("not noticed: {change}");
    }
    let (viable, missed) = (found.noticed.len() + found.missed.len(), found.missed.len());
    println!("in {}", spoken(started.elapsed()));
    println!("{viable} changes that compile, {missed} not noticed; at most {MOST_MISSED} % may be");
    Ok(if found.passes() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// cargo-mutants on the crate with edge and sandbox; `xtask/mutants.toml` names the changes that change nothing.
fn command(workspace: &Workspace, globs: &[String], output: &Path) -> Command {
    let mut command = workspace.command(workspace.cargo_tool("cargo-mutants"));
    command.arg("mutants").args([
        "--package",
        "ghl-payments",
        "--features",
        "edge,sandbox",
        "--minimum-test-timeout",
        "60",
    ]);
    command.arg("--config").arg(workspace.root.join("xtask/mutants.toml")).arg("--output").arg(output);
    for glob in globs {
        command.args(["--file", glob]);
    }
    command
}

/// What `--sample N` before the paths asks of cargo-mutants, and the paths.
fn sample(arguments: &[String]) -> Result<(Vec<String>, &[String])> {
    match arguments {
        [option, every, paths @ ..] if option == "--sample" => match every.parse::<u32>() {
            Ok(every) if every > 0 => {
                let shard = format!("0/{every}");
                Ok((["--shard", &shard, "--sharding", "round-robin"].map(str::to_owned).to_vec(), paths))
            }
            _ => bail!("--sample {every} is no whole number from 1"),
        },
        [option] if option == "--sample" => bail!("--sample needs a number: 20 for every twentieth change"),
        paths => Ok((Vec::new(), paths)),
    }
}

/// A regular expression for this text.
fn exactly(text: &str) -> String {
    let escaped = text.chars().flat_map(|letter| {
        // `\<` and `\>` would stand for the borders of a word.
        let escape = (letter.is_ascii_punctuation() && !matches!(letter, '<' | '>')).then_some('\\');
        escape.into_iter().chain([letter])
    });
    ['^'].into_iter().chain(escaped).chain(['$']).collect()
}

fn globs(workspace: &Workspace, paths: &[String]) -> Result<Vec<String>> {
    let rooms = ROOMS.map(str::to_owned);
    let paths = if paths.is_empty() { &rooms[..] } else { paths };
    let glob = |path: &String| {
        let path = path.trim_end_matches('/');
        let there: PathBuf = workspace.root.join(path);
        match (there.is_dir(), there.is_file()) {
            (true, _) => Ok(format!("{path}/**/*.rs")),
            (_, true) => Ok(path.to_owned()),
            _ => bail!("there is no {path} to change"),
        }
    };
    paths.iter().map(glob).collect()
}

/// What came of the changes, over all stages.
#[derive(Default)]
struct Found {
    noticed: BTreeSet<String>,
    missed: BTreeSet<String>,
}

impl Found {
    /// Adds a stage: what it did not notice is all that is left of the one before.
    fn add(&mut self, folder: &Path) -> Result<()> {
        let list = |name: &str| -> Result<BTreeSet<String>> {
            let file = folder.join(name);
            let text = std::fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
            Ok(text.lines().map(str::to_owned).collect())
        };
        self.noticed.extend(list("caught.txt")?);
        self.noticed.extend(list("timeout.txt")?);
        self.missed = list("missed.txt")?;
        self.missed.retain(|change| !self.noticed.contains(change));
        Ok(())
    }

    /// Whether few enough were missed, of some.
    fn passes(&self) -> bool {
        let viable = self.noticed.len() + self.missed.len();
        viable > 0 && self.missed.len() * 100 <= viable * MOST_MISSED
    }
}

#[cfg(test)]
mod tests {
    use super::{exactly, sample, Found};

    #[test]
    fn a_sample_is_every_nth_change() {
        let given = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let all = given(&["src/json", "src/call"]);
        assert_eq!(sample(&all).unwrap(), (Vec::new(), &all[..]));
        let every = given(&["--sample", "20", "src/json"]);
        let shard = given(&["--shard", "0/20", "--sharding", "round-robin"]);
        assert_eq!(sample(&every).unwrap(), (shard, &every[2..]));
        for wrong in [&["--sample"][..], &["--sample", "0"], &["--sample", "src/json"]] {
            assert!(sample(&given(wrong)).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_change_is_named_exactly() {
        assert_eq!(exactly("a.rs:1:2: replace + with -> *"), r"^a\.rs\:1\:2\: replace \+ with \-> \*$");
    }

    #[test]
    fn three_of_a_hundred_may_be_missed_and_nothing_tested_is_no_pass() {
        let found = |noticed: usize, missed: usize| {
            let names = |count: usize, of: &str| (0..count).map(|i| format!("{of}{i}")).collect();
            Found { noticed: names(noticed, "noticed"), missed: names(missed, "missed") }
        };
        assert!(found(97, 3).passes() && found(1, 0).passes());
        assert!(!found(96, 4).passes() && !found(10, 1).passes() && !found(0, 0).passes());
    }

    #[test]
    fn a_later_stage_takes_over_what_an_earlier_one_missed() {
        let folder = std::env::temp_dir().join(format!("ghl-payments-mutants-{}", std::process::id()));
        let stage = |caught: &str, missed: &str, timeout: &str| {
            std::fs::create_dir_all(&folder).unwrap();
            for (name, text) in [("caught.txt", caught), ("missed.txt", missed), ("timeout.txt", timeout)] {
                std::fs::write(folder.join(name), text).unwrap();
            }
        };
        let mut found = Found::default();
        stage("a\nb\n", "c\nd\ne\n", "");
        found.add(&folder).unwrap();
        stage("c\n", "d\n", "e\n");
        found.add(&folder).unwrap();
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!((found.noticed.len(), found.missed.len()), (4, 1));
    }
}
