//! `cargo xtask test --mutants`: cargo-mutants changes the code on purpose, and what no test notices is listed.

use super::durations::spoken;
use crate::process::show;
use crate::setup;
use crate::workspace::{file_name, files, folders, read_bytes, relative, write, Workspace};
use anyhow::{bail, Context, Result};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

/// What has no I/O, so that native tests can notice every change.
const ROOMS: [&str; 4] = ["src/json", "src/shape", "src/core", "src/call"];
/// Of the changes that compile, in percent.
const MOST_MISSED: usize = 3;
/// What is copied, beside the files at the root.
const SOURCES: [&str; 5] = ["src", "derive", "xtask", "examples", "tests"];
/// What is left out in there.
const BUILT: [&str; 2] = ["node_modules", "target"];
/// On 2 cores with nothing else to do, over all stages, in the mean: four in ten are left to a later stage.
const EACH: Duration = Duration::from_secs(5);

/// Seconds until a change counts as one that keeps the compiler busy for ever: in what makes the shape tables it can.
const COMPILED_BY: &str = "180";

/// Some of the tests, and how they are compiled. What one stage misses is left to the next; together they are all tests.
struct Stage {
    name: &'static str,
    /// Arguments of cargo for what is compiled and run.
    targets: &'static [&'static str],
    /// Whether the tests that are [`LONG`] run, or all others.
    long: bool,
    /// Seconds until a change counts as one that made a loop endless, if that is more than five times as long as usual.
    patience: &'static str,
}

const STAGES: [Stage; 4] = [
    Stage { name: "tests of the client's own modules", targets: &["--lib"], long: false, patience: "10" },
    Stage {
        name: "properties of the client's own modules",
        targets: &["--test=contract", "--test=property"],
        long: false,
        patience: "20",
    },
    Stage {
        name: "all tests that are quick",
        targets: &["--features=edge,sandbox", "--lib", "--test=sandbox", "--test=edge", "--test=reliability"],
        long: false,
        patience: "20",
    },
    Stage {
        name: "tests that are long",
        targets: &["--features=edge,sandbox", "--lib", "--test=edge", "--test=reliability"],
        long: true,
        patience: "60",
    },
];

/// They count through virtual time, through orders of events or through a great many cases, and are compiled with
/// optimisation: without, each would take more than three seconds.
const LONG: [&str; 17] = [
    "call::limiter::tests::a_thousand",
    "call::limiter::tests::an_interactive",
    "oauth::crashes::",
    "oauth::ways::",
    "sync::gate::tests::one_location",
    "sync::gate::tests::the_text",
    "sync::model::",
    "sync::table::",
    "proxy::of_a_million",
    "query::refunds_never",
    "limits::a_thousand_parallel",
    "limits::one_interactive_call",
    "once::a_job_that_was_killed",
    "once::a_payment_that_differs_in_nothing",
    "once::where_no_reference_is_shown_a_payment",
    "once::where_references_are_shown",
    "outcomes::the_outcome_is",
];

/// Changes the files and folders that are given, or all [`ROOMS`], with `--shard K/N` in every Nth of the places where that
/// is possible, from the Kth on, counted from 0; fails where too much goes unnoticed.
pub fn run_all(workspace: &Workspace, arguments: &[String]) -> Result<ExitCode> {
    setup::for_mutants(workspace)?;
    let (shard, paths) = shard(arguments)?;
    let globs = globs(workspace, paths)?;
    let folder = workspace.target().join("mutants");
    let tree = folder.join("tree");
    copy_tree(&workspace.root, &tree)?;
    let listed =
        command(workspace, &tree, &globs).arg("--list").args(&shard).output().context("cannot start cargo-mutants")?;
    let count = String::from_utf8_lossy(&listed.stdout).lines().count();
    let about = spoken(EACH * u32::try_from(count).unwrap_or(u32::MAX));
    println!("{count} changes, about {about} on 2 cores, besides compiling the tests once for each stage");

    let started = Instant::now();
    let mut found = Found::default();
    for (at, stage) in STAGES.iter().enumerate() {
        println!("\n== {} == {} of {}", stage.name, at + 1, STAGES.len());
        let mut command = command(workspace, &tree, &globs);
        // A later stage repeats what those before have missed, and nothing else.
        match at {
            0 => command.args(&shard),
            _ => command.args(found.missed.iter().flat_map(|change| ["--re".to_owned(), exactly(change)])),
        };
        stage.put(command.arg("--output").arg(&folder));
        let status = command.status().context("cannot start cargo-mutants")?;
        // 0: all were noticed; 2: some were not; 3: some ran into the time limit, which is a way of noticing.
        if !matches!(status.code(), Some(0 | 2 | 3)) {
            bail!("`{}` failed ({status})", show(&command));
        }
        found.add(&folder.join("mutants.out"))?;
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

impl Stage {
    fn put(&self, command: &mut Command) {
        command.args(["--minimum-test-timeout", self.patience, "--build-timeout", COMPILED_BY]);
        // Behind `--` they would only say what is run, and all targets would be compiled.
        command.args(self.targets.iter().map(|target| format!("--cargo-arg={target}")));
        // proptest makes its cases five times as fast, and is compiled once.
        command.arg("--cargo-arg=--config=profile.test.package.\"*\".opt-level=2");
        let optimised = if self.long { "1" } else { "0" };
        command.env("CARGO_PROFILE_TEST_OPT_LEVEL", optimised).env("CARGO_PROFILE_TEST_DEBUG", "0");
        // That a case fails is enough; nobody reads the smallest that does.
        command.env("PROPTEST_MAX_SHRINK_ITERS", "0");
        command.args(["--colors", "never", "--", "--"]);
        let skip = (!self.long).then_some("--skip");
        for name in LONG {
            command.args(skip).arg(name);
        }
    }
}

/// cargo-mutants on the crate; `xtask/mutants.toml` names the changes that change nothing.
fn command(workspace: &Workspace, tree: &Path, globs: &[String]) -> Command {
    let mut command = workspace.command(workspace.cargo_tool("cargo-mutants"));
    // In place, since a copy of its own would have to be compiled from nothing for each stage.
    command.current_dir(tree).args(["mutants", "--in-place", "--package", "ghl-payments"]);
    command.args(["--config", "xtask/mutants.toml"]);
    for glob in globs {
        command.args(["--file", glob]);
    }
    command
}

/// Copies what the crate is compiled from, and leaves alone what is there already and the same, so that cargo compiles
/// only what has changed since.
fn copy_tree(from: &Path, to: &Path) -> Result<()> {
    let wanted = sources(from)?;
    for file in sources(to)?.difference(&wanted) {
        std::fs::remove_file(to.join(file)).with_context(|| format!("cannot remove {file} of {}", to.display()))?;
    }
    for file in &wanted {
        let (source, target) = (from.join(file), to.join(file));
        let content = read_bytes(&source)?;
        if !target.is_file() || read_bytes(&target)? != content {
            // Not copied: on some systems a copy is as old as its source, and cargo would take it for compiled.
            write(&target, content)?;
        }
    }
    Ok(())
}

/// The files of the crate and its workspace, as an import spells their paths; none where there is nothing.
fn sources(root: &Path) -> Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    let mut folders = SOURCES.map(|name| root.join(name)).to_vec();
    while let Some(folder) = folders.pop() {
        folders.extend(self::folders(&folder)?.into_iter().filter(|path| !BUILT.contains(&file_name(path).as_str())));
        found.extend(files(&folder, |_| true)?.iter().map(|file| relative(file, root)));
    }
    found.extend(files(root, |name| !name.starts_with('.'))?.iter().map(|file| relative(file, root)));
    Ok(found)
}

/// What `--shard K/N` before the paths asks of cargo-mutants, and the paths. The Nth parts from 0 to N - 1 are all changes.
fn shard(arguments: &[String]) -> Result<(Vec<String>, &[String])> {
    match arguments {
        [option, part, paths @ ..] if option == "--shard" => match part.split_once('/').map(|(k, n)| (k.parse::<u32>(), n.parse::<u32>())) {
            Some((Ok(k), Ok(n))) if k < n => {
                Ok((["--shard", part, "--sharding", "round-robin"].map(str::to_owned).to_vec(), paths))
            }
            _ => bail!("--shard {part} is no part K/N: K counts from 0, so that the parts of 20 are 0/20, which is every twentieth change from the first on, to 19/20"),
        },
        [option] if option == "--shard" => bail!("--shard needs a part K/N such as 0/20, every twentieth change; K counts from 0"),
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
        let there = workspace.root.join(path);
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
    /// Adds a stage: what it did not notice is all that is left of the one before. That one is asked for nothing else, but
    /// cargo-mutants also tries every field of a struct, whatever it is asked for.
    fn add(&mut self, folder: &Path) -> Result<()> {
        let left = std::mem::take(&mut self.missed);
        let first = left.is_empty() && self.noticed.is_empty();
        let list = |name: &str| -> Result<BTreeSet<String>> {
            let file = folder.join(name);
            let text = std::fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
            Ok(text.lines().map(str::to_owned).filter(|change| first || left.contains(change)).collect())
        };
        self.noticed.extend(list("caught.txt")?);
        self.noticed.extend(list("timeout.txt")?);
        self.missed = list("missed.txt")?;
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
    use super::{copy_tree, exactly, shard, Found};

    #[test]
    fn a_shard_is_every_nth_change() {
        let given = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let all = given(&["src/json", "src/call"]);
        assert_eq!(shard(&all).unwrap(), (Vec::new(), &all[..]));
        let every = given(&["--shard", "3/20", "src/json"]);
        let asked = given(&["--shard", "3/20", "--sharding", "round-robin"]);
        assert_eq!(shard(&every).unwrap(), (asked, &every[2..]));
        for wrong in
            [&["--shard"][..], &["--shard", "0"], &["--shard", "20/20"], &["--shard", "0/0"], &["--shard", "src/json"]]
        {
            let error = shard(&given(wrong)).unwrap_err().to_string();
            assert!(error.contains("K counts from 0"), "{wrong:?}: {error}");
        }
    }

    #[test]
    fn the_copy_is_what_is_there_now_and_what_is_the_same_stays() {
        let folder = std::env::temp_dir().join(format!("ghl-payments-tree-{}", std::process::id()));
        let (from, to) = (folder.join("from"), folder.join("to"));
        let put = |path: &str, text: &str| crate::workspace::write(&folder.join(path), text).unwrap();
        let times = |path: &str| std::fs::metadata(to.join(path)).unwrap().modified().unwrap();
        put("from/Cargo.toml", "[package]");
        put("from/src/call/run.rs", "fn run() {}");
        put("from/src/call/retry.rs", "fn decide() {}");
        put("from/tests/js/node_modules/one/index.js", "");
        put("from/pkg/core.wasm", "");
        copy_tree(&from, &to).unwrap();
        let before = times("src/call/run.rs");
        // As a run leaves it that was stopped, and a file that has been removed since.
        put("to/src/call/retry.rs", "fn decide() { Default::default() }");
        put("to/src/call/gone.rs", "");
        copy_tree(&from, &to).unwrap();
        let found = super::sources(&to).unwrap().into_iter().collect::<Vec<_>>();
        assert_eq!(found, ["Cargo.toml", "src/call/retry.rs", "src/call/run.rs"]);
        assert_eq!(std::fs::read_to_string(to.join("src/call/retry.rs")).unwrap(), "fn decide() {}");
        assert_eq!(times("src/call/run.rs"), before);
        std::fs::remove_dir_all(&folder).unwrap();
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
        stage("c\nnot asked for\n", "d\nnor this\n", "e\n");
        found.add(&folder).unwrap();
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!((found.noticed.len(), found.missed.len()), (4, 1));
    }
}
