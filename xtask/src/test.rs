//! `cargo xtask test`: every suite, one count.

use crate::process::{capture, run, watch};
use crate::workspace::{
    all_files, copy_folder, empty_folder, file_name, files, folders, read, relative, write, Workspace, LIVE_TOKEN,
};
use crate::{bench, build, docs, documents, fuzz, setup, tree};
use anyhow::{anyhow, bail, Context, Result};
use durations::{spoken, Durations};
use serde_json::{json, Value};
use std::collections::BTreeSet;
use std::ops::AddAssign;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

mod durations;
mod mutants;

/// A suite that is still running then hangs; on two cores the longest one takes a few minutes.
const SUITE_LIMIT: Duration = Duration::from_mins(15);
/// With `--all`, each of the applications may have to be installed first.
const WHOLE_SUITE_LIMIT: Duration = Duration::from_hours(1);
/// The runtimes in which the packed tarball must work; a missing file is a failed suite.
const RUNTIMES: [&str; 3] = ["environments-node", "environments-workerd", "environments-chromium"];

#[derive(Clone, Copy, Default, PartialEq, Debug)]
struct Counts {
    passed: usize,
    failed: usize,
}

impl Counts {
    const PASSED: Self = Self { passed: 1, failed: 0 };
    const FAILED: Self = Self { passed: 0, failed: 1 };

    /// The counts that a program printed, corrected by how it ended.
    fn or_crash(self, success: bool) -> Self {
        let silent = self == Self::default();
        if silent || (!success && self.failed == 0) {
            return Self { failed: 1, ..self };
        }
        self
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

/// What a suite came to.
#[derive(Default)]
struct Report {
    counts: Counts,
    /// The lines behind `figure: ` that its tests have printed.
    figures: Vec<String>,
}

impl From<Counts> for Report {
    fn from(counts: Counts) -> Self {
        Self { counts, figures: Vec::new() }
    }
}

/// By which a test marks a line that the summary of `--reliability` repeats.
const FIGURE: &str = "figure: ";

/// What that summary must speak of: a figure that no test prints any more is a failure, not a shorter list.
const FIGURES: [&str; 8] =
    ["matrix: ", "recordPaymentOnce", "429", "isolates: ", "fuzz: ", "oauth: ", "webhooks on ", "provider: "];

/// What the summary of `test agency` must speak of.
const AGENCY_FIGURES: [&str; 4] =
    ["SIGKILLs", "times the shortest possible time", "model of 10,000 locations", "interactive calls"];

/// The suites of `--reliability`, besides those that they stand on.
const RELIABILITY: [&str; 11] = [
    "reliability",
    "fuzz",
    "js-money",
    "js-calls-limiter",
    "js-calls-lifetimes",
    "js-calls-retries",
    "js-calls-token",
    "js-edge-oauth",
    "js-edge-webhook",
    "js-hostile",
    "js-provider-runs",
];

struct Suite {
    name: String,
    job: Job,
}

enum Job {
    /// A cargo command that passes or fails as a whole.
    Cargo(Vec<&'static str>),
    /// Unit, integration and documentation tests on this machine.
    Native,
    /// `examples/rust-server` against the sandbox of the crate.
    RustServer,
    /// Those of the native tests that are about reliability, with what they print.
    Reliability,
    /// Those of the native tests that are about the agency sync, with what they print.
    Agency,
    Build,
    /// `fuzz`: kept inputs and some seconds of new ones.
    Fuzz,
    /// What comes along with the client.
    Tree,
    /// Licences and sources of all dependencies.
    Deny,
    /// What documents and workflows name.
    Documents,
    /// The crates as crates.io would get them: packed, and compiled from that.
    Publish,
    /// The limits of what is shipped; a package over them still runs.
    Size,
    /// The tarball, installed into an empty application.
    Install,
    /// `tests/web` in a browser that wasm-pack drives.
    Web(WebBrowser),
    /// One file of `tests/js` or `tests/apps`, run against the installed tarball: its path.
    JavaScript(String),
    /// A few rounds of `bench`: that it runs, and that the ways agree. Nothing is timed.
    Bench,
    /// `tests/types`, compiled against the installed tarball.
    Types,
    /// The declarations: nothing untyped, nothing undocumented.
    Docs,
    /// The projects of `tests/recipes`, run against the installed tarball.
    Recipes,
    /// `tests/live` against an account of HighLevel, if the environment names one.
    Live {
        account: bool,
    },
    /// What the suites before have sent and answered, judged by `tests/contract`.
    Contract,
}

#[derive(Clone, Copy)]
enum WebBrowser {
    Chromium,
    Firefox,
}

impl Job {
    /// Whether `--quick` runs it: what needs no browser and no package.
    fn is_quick(&self) -> bool {
        matches!(self, Self::Cargo(_) | Self::Tree | Self::Deny | Self::Native | Self::RustServer | Self::Fuzz)
    }

    /// Whether it does more with `--all`, or less with `--quick`, so that it takes another time.
    fn depends_on_extent(&self) -> bool {
        matches!(self, Self::JavaScript(path) if path.starts_with("tests/apps/"))
            || matches!(self, Self::Fuzz | Self::Deny)
    }

    fn needs_package(&self) -> bool {
        match self {
            Self::Size
            | Self::Bench
            | Self::Install
            | Self::JavaScript(_)
            | Self::Types
            | Self::Docs
            | Self::Recipes => true,
            Self::Live { account } => *account,
            _ => false,
        }
    }
}

/// How much of each suite is run.
#[derive(Clone, Copy, PartialEq)]
enum Extent {
    /// What can be installed and run in some minutes.
    Plain,
    /// Nothing is left out because it is slow.
    All,
    /// As little as still says something.
    Quick,
}

impl Extent {
    /// The name under which the time of a suite is kept.
    fn name(self, suite: &Suite) -> String {
        let option = match self {
            Self::All if suite.job.depends_on_extent() => " --all",
            Self::Quick if suite.job.depends_on_extent() => " --quick",
            _ => "",
        };
        format!("{}{option}", suite.name)
    }
}

/// Runs the suites that the arguments name, or each; ends with `N passed, M failed`. `--all` leaves out nothing that is
/// slow; `--quick` runs what needs no browser and no package; `--reliability` runs what is about that, and ends with its
/// figures; `--mutants` changes the code on purpose.
pub fn test(workspace: &Workspace, arguments: &[String]) -> Result<ExitCode> {
    if let Some((option, rest)) = arguments.split_first() {
        if option == "--mutants" {
            return mutants::run_all(workspace, rest);
        }
    }
    let mut suites = suites(workspace)?;
    if arguments.iter().any(|argument| argument == "--list") {
        return list(workspace, &suites).map(|()| ExitCode::SUCCESS);
    }
    let (options, mut filters): (Vec<_>, Vec<_>) =
        arguments.iter().cloned().partition(|argument| OPTIONS.contains(&argument.as_str()));
    let [all, quick, reliability] = OPTIONS.map(|option| options.iter().any(|given| given == option));
    if (reliability || quick) && !filters.is_empty() {
        bail!("`{}` names its suites by itself", options.join(" "));
    }
    if quick && options.len() > 1 {
        bail!("`{}` do not go together", options.join("` and `"));
    }
    let agency = filters.iter().any(|filter| filter == AGENCY);
    if agency {
        // Otherwise `native` runs it, among all that it runs.
        suites.insert(0, Suite { name: AGENCY.to_owned(), job: Job::Agency });
    }
    if reliability {
        // Otherwise `native` runs it, among all that it runs.
        suites.insert(0, Suite { name: "reliability".to_owned(), job: Job::Reliability });
        filters = RELIABILITY.map(str::to_owned).to_vec();
    }
    if quick {
        suites.retain(|suite| suite.job.is_quick());
    }
    let extent = if all { Extent::All } else { [Extent::Plain, Extent::Quick][usize::from(quick)] };
    let selected = select(suites, &filters)?;
    empty_folder(&exchanges(workspace))?;

    let mut durations = Durations::read(workspace)?;
    let left = |durations: &Durations, suites: &[Suite]| {
        suites.iter().map(|suite| durations.of(&extent.name(suite))).sum::<Duration>()
    };
    println!("{} suites, {}", selected.len(), durations.announce(left(&durations, &selected)));
    let started = Instant::now();
    let mut total = Counts::default();
    let mut table = Vec::new();
    let mut figures = Vec::new();
    let mut broken_package = None;
    for (at, suite) in selected.iter().enumerate() {
        let (elapsed, left) = (spoken(started.elapsed()), spoken(left(&durations, &selected[at..])));
        println!("\n== {} == {} of {}, {elapsed} elapsed, about {left} left", suite.name, at + 1, selected.len());
        let started = Instant::now();
        let result = match &broken_package {
            Some(name) if suite.job.needs_package() => Err(anyhow!("no package to test: suite {name} failed")),
            _ => perform(workspace, suite, extent),
        };
        let report = result.unwrap_or_else(|error| {
            println!("error: {error:#}");
            Counts::FAILED.into()
        });
        let (counts, time) = (report.counts, started.elapsed());
        figures.extend(report.figures);
        if matches!(suite.job, Job::Build | Job::Install) && counts.failed > 0 {
            broken_package.get_or_insert_with(|| suite.name.clone());
        }
        // What fails early or is left out says nothing about the next run.
        if counts.failed == 0 && counts.passed > 0 {
            durations.record(&extent.name(suite), time)?;
        }
        total += counts;
        table.push((&suite.name, counts, time));
    }

    println!();
    for (name, counts, time) in table {
        println!("{name:<28}{:>5} passed{:>5} failed{:>8.1} s", counts.passed, counts.failed, time.as_secs_f64());
    }
    if reliability {
        total += summary(&figures, &FIGURES);
    }
    if agency {
        total += summary(&figures, &AGENCY_FIGURES);
    }
    println!("in {:.1} s", started.elapsed().as_secs_f64());
    println!("{} passed, {} failed", total.passed, total.failed);
    Ok(if total.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// How much is run; without one of them, what can be run in some minutes.
const OPTIONS: [&str; 3] = ["--all", "--quick", "--reliability"];

/// Prints the figures; one that is missing counts as failed.
fn summary(figures: &[String], wanted: &[&str]) -> Counts {
    println!();
    for figure in figures {
        println!("{figure}");
    }
    let missing: Vec<_> = wanted.iter().filter(|word| !figures.iter().any(|figure| figure.contains(*word))).collect();
    for word in &missing {
        println!("no figure on `{}`", word.trim_end_matches([':', ' ']));
    }
    println!();
    Counts { passed: 0, failed: missing.len() }
}

/// The suites, and for the applications which of them a plain run takes.
fn list(workspace: &Workspace, suites: &[Suite]) -> Result<()> {
    for suite in suites {
        println!("{}", suite.name);
        if suite.name != "apps-environments" {
            continue;
        }
        let declared: Value = serde_json::from_str(&read(&workspace.root.join("tests/apps/environments.json"))?)?;
        let declared = declared.as_array().context("tests/apps/environments.json is not a list")?;
        for (label, quick) in [("always", true), ("with --all", false)] {
            let names = declared.iter().filter(|environment| environment["quick"].as_bool().unwrap_or(false) == quick);
            let names: Vec<_> = names.filter_map(|environment| environment["name"].as_str()).collect();
            println!("    {label}: {}", names.join(", "));
        }
    }
    Ok(())
}

fn suites(workspace: &Workspace) -> Result<Vec<Suite>> {
    let mut suites = Vec::new();
    let mut add = |name: &str, job| suites.push(Suite { name: name.to_owned(), job });
    add("fmt", Job::Cargo(vec!["fmt", "--all", "--check"]));
    add("clippy", clippy(&["--workspace", "--features", "edge,sandbox"]));
    for (name, feature) in [("clippy-npm", "npm"), ("clippy-edge", "npm-edge"), ("clippy-sandbox", "npm-sandbox")] {
        let target = ["--package", "ghl-payments", "--target", "wasm32-unknown-unknown"];
        add(name, clippy(&[&target[..], &["--no-default-features", "--features", feature]].concat()));
    }
    // What the fetch transport says is there only where it is.
    for (name, of) in
        [("rustdoc", ["--features", "edge,sandbox"]), ("rustdoc-wasm", ["--target", "wasm32-unknown-unknown"])]
    {
        add(name, rustdoc("ghl-payments", &of));
    }
    add("rustdoc-derive", rustdoc("ghl-payments-derive", &[]));
    add("tree", Job::Tree);
    add("deny", Job::Deny);
    add("documents", Job::Documents);
    add("publish", Job::Publish);
    add("native", Job::Native);
    add("rust-server", Job::RustServer);
    add("fuzz", Job::Fuzz);
    add("web-chromium", Job::Web(WebBrowser::Chromium));
    add("web-firefox", Job::Web(WebBrowser::Firefox));
    add("build", Job::Build);
    add("size", Job::Size);
    add("bench", Job::Bench);
    add("docs", Job::Docs);
    add("install", Job::Install);
    let scripts = |of: &str| -> Result<Vec<(String, String)>> {
        let paths = all_files(&workspace.root.join("tests").join(of))?;
        let paths = paths.iter().map(|path| relative(path, &workspace.root));
        Ok(paths.filter_map(|path| Some((suite_of(&path)?, path))).collect())
    };
    let mut suites_of_js = scripts("js")?;
    // The runtimes come first: where one of them fails, so does most of the rest.
    suites_of_js.sort_by_key(|(name, _)| {
        RUNTIMES.iter().position(|runtime| name.strip_prefix("js-") == Some(runtime)).unwrap_or(RUNTIMES.len())
    });
    for (name, path) in suites_of_js {
        add(&name, Job::JavaScript(path));
    }
    add("types", Job::Types);
    for (name, path) in scripts("apps")? {
        add(&name, Job::JavaScript(path));
    }
    add("recipes", Job::Recipes);
    let account =
        [LIVE_TOKEN, LIVE_LOCATION].iter().all(|name| std::env::var_os(name).is_some_and(|text| !text.is_empty()));
    add("live", Job::Live { account });
    add("contract", Job::Contract);
    Ok(suites)
}

const TEST_FILE: &str = ".test.mjs";

/// `tests/js/calls/token.test.mjs` is the suite `js-calls-token`; what is no test has none, nor what an application brings.
fn suite_of(path: &str) -> Option<String> {
    let name = path.strip_prefix("tests/")?.strip_suffix(TEST_FILE)?;
    let own = !name.starts_with("apps/") || !name["apps/".len()..].contains('/');
    own.then(|| name.replace('/', "-"))
}

fn clippy(arguments: &[&'static str]) -> Job {
    Job::Cargo([&["clippy", "--all-targets"], arguments, &["--", "--deny", "warnings"]].concat())
}

fn rustdoc(package: &'static str, arguments: &[&'static str]) -> Job {
    Job::Cargo([&["rustdoc", "--lib", "--package", package], arguments, &["--", "--deny", "warnings"]].concat())
}

/// The filter that takes everything about the agency sync, with its figures at the end.
const AGENCY: &str = "agency";

/// A filter takes the suite of that name and the group of that first word (`js`, `web`, `clippy`), or the folder of `tests/js`
/// (`agency`, `provider`).
fn select(suites: Vec<Suite>, filters: &[String]) -> Result<Vec<Suite>> {
    if filters.is_empty() {
        return Ok(suites);
    }
    let takes = |filter: &str, suite: &Suite| {
        let names = [Some(suite.name.as_str()), suite.name.strip_prefix("js-")];
        let rest = names.into_iter().flatten().find_map(|name| name.strip_prefix(filter));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    };
    if let Some(unknown) = filters.iter().find(|filter| !suites.iter().any(|suite| takes(filter, suite))) {
        let names: Vec<_> = suites.iter().map(|suite| suite.name.as_str()).collect();
        bail!("there is no suite `{unknown}`; the suites are {}", names.join(", "));
    }
    let wanted = |suite: &Suite| filters.iter().any(|filter| takes(filter, suite));
    let wants = |job: fn(&Job) -> bool| suites.iter().any(|suite| wanted(suite) && job(&suite.job));
    let needs_package = wants(Job::needs_package);
    let needs_install =
        wants(|job| matches!(job, Job::JavaScript(_) | Job::Types | Job::Recipes | Job::Live { account: true }));
    let needs_judge = wants(|job| matches!(job, Job::JavaScript(_) | Job::Recipes));
    let implied = |suite: &Suite| match suite.job {
        Job::Build => needs_package,
        Job::Install => needs_install,
        Job::Contract => needs_judge,
        _ => false,
    };
    Ok(suites.into_iter().filter(|suite| wanted(suite) || implied(suite)).collect())
}

/// Each suite sees to its own tools, so that one which cannot be installed fails only the suites that need it.
fn perform(workspace: &Workspace, suite: &Suite, extent: Extent) -> Result<Report> {
    let all = extent == Extent::All;
    let counts = match &suite.job {
        Job::Cargo(arguments) => {
            setup::for_checks(workspace)?;
            run(workspace.cargo().args(arguments), "")?;
            Counts::PASSED
        }
        Job::Native => {
            let mut command = workspace.cargo();
            command.args(["test", "--workspace", "--features", "edge,sandbox", "--no-fail-fast"]);
            // Otherwise the properties are tried from a fixed seed: no plain run fails by chance.
            command.env("GHL_FRESH_SEEDS", if all { "1" } else { "" });
            return cargo_tests(command.env(EXCHANGES, exchanges_of(workspace, &suite.name)?));
        }
        Job::RustServer => {
            let mut command = workspace.cargo();
            command.current_dir(workspace.root.join("examples/rust-server"));
            // Without TLS, which takes the longest to compile and which a sandbox on this machine does not have.
            command
                .args(["test", "--no-default-features"])
                .env("CARGO_TARGET_DIR", workspace.target().join("rust-server"));
            return cargo_tests(&mut command);
        }
        Job::Reliability => {
            let mut command = workspace.cargo();
            command.args(["test", "--features", "sandbox", "--test", "reliability", "--", "--show-output"]);
            return cargo_tests(&mut command);
        }
        Job::Agency => {
            let mut command = workspace.cargo();
            command.args(["test", "--features", "edge", "--lib", "sync::", "--", "--show-output"]);
            return cargo_tests(&mut command);
        }
        Job::Fuzz => {
            let fuzz::Fuzzed { targets, executions, crashes } =
                fuzz::run_all(workspace, if extent == Extent::Quick { 2 } else { 20 })?;
            crashes.iter().for_each(|crash| println!("{crash}"));
            let figure = format!("fuzz: {executions} executions of {targets} targets, {} crashes", crashes.len());
            println!("{FIGURE}{figure}");
            let counts = Counts { passed: targets - crashes.len(), failed: crashes.len() };
            return Ok(Report { counts, figures: vec![figure] });
        }
        Job::Deny => {
            if all || setup::has_deny(workspace) {
                setup::for_deny(workspace)?;
                tree::deny(workspace)?;
                Counts::PASSED
            } else {
                println!("left out: `--all` installs cargo-deny, which takes minutes");
                Counts::default()
            }
        }
        Job::Publish => {
            setup::for_checks(workspace)?;
            let mut command = workspace.cargo();
            command.args(["publish", "--workspace", "--exclude", "xtask", "--dry-run", "--locked", "--allow-dirty"]);
            // Where the crate has the most to it: a script that is not packed along is missed there only.
            command.args(["--target", "wasm32-unknown-unknown"]).env("RUSTFLAGS", "--deny warnings");
            run(&mut command, "")?;
            Counts::PASSED
        }
        Job::Documents => {
            setup::for_build(workspace)?;
            let names: Vec<_> = suites(workspace)?.into_iter().map(|suite| suite.name).collect();
            Counts { passed: documents::check(workspace, &names)?, failed: 0 }
        }
        Job::Tree => Counts { passed: tree::check(workspace)?, failed: 0 },
        Job::Web(browser) => {
            setup::for_web(workspace)?;
            return web(workspace, *browser);
        }
        Job::Build => {
            setup::for_build(workspace)?;
            build::package(workspace)?;
            Counts::PASSED
        }
        Job::Size => build::sizes(workspace).map(|()| Counts::PASSED)?,
        Job::Bench => bench::check(workspace).map(|()| Counts::PASSED)?,
        Job::Install => install(workspace).map(|()| Counts::PASSED)?,
        Job::JavaScript(path) => return java_script(workspace, &suite.name, path, all),
        Job::Types => types(workspace).map(|()| Counts::PASSED)?,
        Job::Docs => docs::check(workspace).map(|()| Counts::PASSED)?,
        Job::Recipes => {
            setup::for_recipes(workspace)?;
            recipes(workspace, &suite.name)?
        }
        Job::Live { account: false } => {
            println!("left out: {LIVE_TOKEN} and {LIVE_LOCATION} name no account to run it against");
            Counts::default()
        }
        Job::Live { account: true } => return live(workspace),
        Job::Contract => {
            setup::for_build(workspace)?;
            contract(workspace)?
        }
    };
    Ok(counts.into())
}

/// Where the processes of a suite write down what they send and answer.
const EXCHANGES: &str = "GHL_EXCHANGES";

fn exchanges(workspace: &Workspace) -> PathBuf {
    workspace.target().join("exchanges")
}

fn exchanges_of(workspace: &Workspace, suite: &str) -> Result<PathBuf> {
    let folder = exchanges(workspace).join(suite);
    empty_folder(&folder)?;
    Ok(folder)
}

/// Puts the recorder into a Node program and into all that it starts.
fn record(workspace: &Workspace, command: &mut Command, exchanges: &Path) {
    command.env("NODE_OPTIONS", preload(workspace, "tests/contract/preload.mjs")).env(EXCHANGES, exchanges);
}

/// Node's option that loads a module before the program.
fn preload(workspace: &Workspace, module: &str) -> String {
    let path = workspace.root.join(module).display().to_string().replace('\\', "/").replace(' ', "%20");
    format!("--import=file:///{}", path.trim_start_matches('/'))
}

fn contract(workspace: &Workspace) -> Result<Counts> {
    let mut command = workspace.node();
    command.arg("tests/contract/check.mjs").arg(exchanges(workspace)).env(NPM_TOOLS, tools_manifest(workspace));
    let watched = watch(&mut command, SUITE_LIMIT)?;
    Ok(tap_counts(&watched.stdout).or_crash(watched.success))
}

/// By which the JavaScript of the tests finds its tools.
const NPM_TOOLS: &str = "NPM_TOOLS";

fn tools_manifest(workspace: &Workspace) -> PathBuf {
    workspace.npm_tools().join("package.json")
}

fn cargo_tests(command: &mut Command) -> Result<Report> {
    let watched = watch(command, SUITE_LIMIT)?;
    let counts = rust_counts(&watched.stdout).or_crash(watched.success);
    Ok(Report { counts, figures: figures(&watched.stdout) })
}

fn figures(output: &str) -> Vec<String> {
    output.lines().filter_map(|line| line.trim().strip_prefix(FIGURE)).map(str::to_owned).collect()
}

/// Sums every `test result: ok. 3 passed; 0 failed; ...` line.
fn rust_counts(output: &str) -> Counts {
    let mut counts = Counts::default();
    for line in output.lines() {
        let Some(result) = line.trim().strip_prefix("test result: ") else { continue };
        let number = |word: &str| {
            let before = result.split_once(word)?.0.trim_end();
            before.rsplit([' ', ';']).next()?.parse().ok()
        };
        counts += Counts { passed: number("passed").unwrap_or(0), failed: number("failed").unwrap_or(0) };
    }
    counts
}

fn web(workspace: &Workspace, browser: WebBrowser) -> Result<Report> {
    let browsers = setup::browsers();
    let mut command = workspace.command(workspace.cargo_tool("wasm-pack"));
    command.args(["test", "--mode", "no-install", "--headless"]);
    match browser {
        WebBrowser::Chromium => {
            found(&browsers.chromium)?;
            command.args(["--chrome", "--chromedriver"]).arg(found(&browsers.chromedriver)?);
        }
        WebBrowser::Firefox => {
            found(&browsers.firefox)?;
            command.args(["--firefox", "--geckodriver"]).arg(workspace.cargo_tool("geckodriver"));
        }
    }
    // The first start of a browser on a cold machine can outlast the runner's own 20 seconds.
    command.env("PATH", workspace.path()?).env("WASM_BINDGEN_TEST_TIMEOUT", "180");
    command.args(["--", "--test", "web", "--no-default-features", "--features", "fetch"]);
    cargo_tests(&mut command)
}

fn found(program: &Result<PathBuf, String>) -> Result<&Path> {
    program.as_deref().map_err(|missing| anyhow!(missing.clone()))
}

/// The empty application that the tarball is installed into.
fn scratch(workspace: &Workspace) -> PathBuf {
    workspace.target().join("scratch/js")
}

fn install(workspace: &Workspace) -> Result<()> {
    let scratch = scratch(workspace);
    empty_folder(&scratch)?;
    let packed = capture(workspace.npm().args(["pack", "./pkg", "--json", "--pack-destination"]).arg(&scratch), "")?;
    let packed: Value = serde_json::from_str(&packed).context("`npm pack --json` did not print JSON")?;
    let tarball = packed[0]["filename"].as_str().context("`npm pack --json` does not name the tarball")?;
    let manifest = json!({ "name": "scratch", "private": true, "type": "module" });
    write(&scratch.join("package.json"), manifest.to_string())?;
    run(
        workspace.npm().current_dir(&scratch).args(["install", "--loglevel=error"]).arg(format!("./{tarball}")),
        "The tarball that `npm pack ./pkg` makes does not install.",
    )?;
    for name in ["js", "types", "fixtures", "contract", "apps", "recipes", "live"] {
        let folder = workspace.root.join("tests").join(name);
        if folder.is_dir() {
            copy_folder(&folder, &scratch.join("tests").join(name))?;
        }
    }
    Ok(())
}

fn java_script(workspace: &Workspace, suite: &str, path: &str, all: bool) -> Result<Report> {
    let file = Path::new(path);
    let scratch = scratch(workspace);
    if !scratch.join(file).is_file() {
        bail!("{path} does not exist");
    }
    let mut command = workspace.node();
    command
        .current_dir(&scratch)
        .env("GHL_REPO_ROOT", &workspace.root)
        .env("GHL_APPS", if all { "all" } else { "quick" })
        .env(NPM_TOOLS, tools_manifest(workspace));
    let exchanges = exchanges_of(workspace, suite)?;
    if path.starts_with("tests/js/") {
        record(workspace, &mut command, &exchanges);
        let both =
            ["tests/contract/preload.mjs", "tests/js/support/secrets.mjs"].map(|module| preload(workspace, module));
        command.env("NODE_OPTIONS", both.join(" "));
    } else {
        // Applications run as their developers run them: only the sandbox, which they call over HTTP, is recorded.
        command.env(EXCHANGES, &exchanges);
    }
    let source = with_imports(&scratch.join(file))?;
    if source.contains("CHROMIUM_PATH") {
        command.env("CHROMIUM_PATH", found(&setup::browsers().chromium)?);
    }
    if all && source.contains("wasm-bindgen\")") {
        setup::wasm_bindgen(workspace)?;
    }
    if source.contains("examples/run.mjs") {
        setup::for_examples(workspace)?;
    }
    if source.contains("GECKODRIVER") {
        setup::for_web(workspace)?;
        found(&setup::browsers().firefox)?;
        command.env("GECKODRIVER", workspace.cargo_tool("geckodriver"));
    }
    node_test(workspace, &mut command, suite, file, if all { WHOLE_SUITE_LIMIT } else { SUITE_LIMIT })
}

/// A script and all that it imports by a path: what they ask of their environment.
fn with_imports(file: &Path) -> Result<String> {
    let (mut source, mut open, mut seen) = (String::new(), vec![file.to_path_buf()], BTreeSet::new());
    while let Some(file) = open.pop() {
        if !file.is_file() || !seen.insert(file.canonicalize()?) {
            continue;
        }
        let text = read(&file)?;
        let folder = file.parent().unwrap_or(&file);
        let names = text.split("from \"").skip(1).filter_map(|rest| rest.split('"').next());
        open.extend(names.filter(|name| name.starts_with('.')).map(|name| folder.join(name)));
        source.push_str(&text);
    }
    Ok(source)
}

/// Runs one file with Node's test runner.
fn node_test(
    workspace: &Workspace,
    command: &mut Command,
    suite: &str,
    file: &Path,
    limit: Duration,
) -> Result<Report> {
    let tap = scratch(workspace).join(format!("{suite}.tap"));
    command
        .args(["--test", "--test-reporter=spec", "--test-reporter-destination=stdout", "--test-reporter=tap"])
        .arg(format!("--test-reporter-destination={}", tap.display()))
        .arg(file);
    // A runner inside a runner would report in the outer one's format.
    command.env_remove("NODE_TEST_CONTEXT");
    let watched = watch(command, limit)?;
    let counts = tap_counts(&read(&tap).unwrap_or_default()).or_crash(watched.success);
    Ok(Report { counts, figures: figures(&watched.stdout) })
}

/// Names, beside [`LIVE_TOKEN`], the account for the suite `live`.
const LIVE_LOCATION: &str = "GHL_LOCATION";

fn live(workspace: &Workspace) -> Result<Report> {
    let mut command = workspace.node();
    command.current_dir(scratch(workspace)).env(LIVE_TOKEN, std::env::var_os(LIVE_TOKEN).unwrap_or_default());
    node_test(workspace, &mut command, "live", Path::new("tests/live/account.test.mjs"), SUITE_LIMIT)
}

/// Each project as its developer would run it, then whether the package's README shows what was run.
fn recipes(workspace: &Workspace, suite: &str) -> Result<Counts> {
    let folder = scratch(workspace).join("tests/recipes");
    let exchanges = exchanges_of(workspace, suite)?;
    let mut counts = Counts::default();
    for recipe in folders(&folder)? {
        println!("-- {} --", file_name(&recipe));
        let mut command = workspace.npm();
        command.current_dir(&recipe).args(["test", "--silent"]);
        if read(&recipe.join("package.json"))?.contains("playwright") {
            command.env("CHROMIUM_PATH", found(&setup::browsers().chromium)?);
        }
        record(workspace, &mut command, &exchanges);
        counts += if watch(&mut command, SUITE_LIMIT)?.success { Counts::PASSED } else { Counts::FAILED };
    }
    let readme = scratch(workspace).join("node_modules/ghl-payments/README.md");
    run(workspace.node().arg(folder.join("readme.mjs")).arg("check").arg(readme), "")?;
    counts += Counts::PASSED;
    Ok(counts)
}

/// The summary that ends a TAP report; a cancelled test did not pass.
fn tap_counts(report: &str) -> Counts {
    let number = |word: &str| {
        let prefix = format!("# {word} ");
        report.lines().rev().find_map(|line| line.strip_prefix(&prefix)?.trim().parse().ok()).unwrap_or(0)
    };
    Counts { passed: number("pass"), failed: number("fail") + number("cancelled") }
}

fn types(workspace: &Workspace) -> Result<()> {
    let scratch = scratch(workspace);
    let tests = scratch.join("tests/types");
    let mut cases = Cases::default();
    for file in files(&tests, |name| Path::new(name).extension().is_some_and(|ending| ending == "ts"))? {
        cases.count(&read(&file)?);
    }
    let Cases { held, refused } = cases;
    println!("{} cases: {held} that hold, {refused} that must not compile", held + refused);
    if held < 30 || refused < 30 {
        bail!("tests/types must hold 30 cases of each kind");
    }
    // A project that does not know `using` yet, and one that does.
    for (module, resolution, lib, exclude) in
        [("NodeNext", "NodeNext", "ES2022", ["using.ts"].as_slice()), ("ESNext", "Bundler", "ESNext", &[])]
    {
        let config = json!({
            "compilerOptions": {
                "target": "ES2022",
                "module": module,
                "moduleResolution": resolution,
                "lib": [lib, "DOM", "DOM.Iterable"],
                "types": [],
                "strict": true,
                "exactOptionalPropertyTypes": lib == "ESNext",
                "noEmit": true,
            },
            "include": ["./*.ts"],
            "exclude": exclude,
        });
        let file = tests.join(format!("tsconfig.{resolution}.json"));
        write(&file, config.to_string())?;
        for compiler in TYPESCRIPTS {
            println!("{compiler}, {resolution}");
            run(
                workspace.typescript(compiler).arg("--project").arg(&file),
                "The types of the packed tarball are not what tests/types expects.",
            )?;
        }
    }
    Ok(())
}

/// The folders of the compilers that `tests/types` is for: the last one with an API in JavaScript, and the newest.
const TYPESCRIPTS: [&str; 2] = ["typescript", "typescript-newest"];

/// What `tests/types` claims.
#[derive(Default)]
struct Cases {
    /// Types that are asserted, each by a call of `same`, `none` or `typed`.
    held: usize,
    /// Lines that must not compile.
    refused: usize,
}

impl Cases {
    fn count(&mut self, source: &str) {
        for line in source.lines() {
            let asserts = |word: &str| line.contains(word) && !line.trim_start().starts_with("function");
            if line.contains("// @ts-expect-error") {
                self.refused += 1;
            } else if ["same<", "none<", "typed<"].into_iter().any(asserts) {
                self.held += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{figures, rust_counts, select, summary, tap_counts, Cases, Counts, Job, Suite, FIGURES};

    fn all() -> Vec<Suite> {
        let suite = |name: &str, job| Suite { name: name.to_owned(), job };
        vec![
            suite("native", Job::Native),
            suite("build", Job::Build),
            suite("size", Job::Size),
            suite("install", Job::Install),
            suite("js-node", Job::JavaScript("tests/js/node.test.mjs".to_owned())),
            suite("js-chromium", Job::JavaScript("tests/js/chromium.test.mjs".to_owned())),
            suite("contract", Job::Contract),
        ]
    }

    fn selected(filters: &[&str]) -> Vec<String> {
        let filters: Vec<String> = filters.iter().map(ToString::to_string).collect();
        select(all(), &filters).unwrap().into_iter().map(|suite| suite.name).collect()
    }

    #[test]
    fn a_filter_takes_a_suite_or_a_group_and_what_it_stands_on() {
        assert_eq!(selected(&["native"]), ["native"]);
        assert_eq!(selected(&["js"]), ["build", "install", "js-node", "js-chromium", "contract"]);
        assert_eq!(selected(&["js-node"]), ["build", "install", "js-node", "contract"]);
        assert_eq!(selected(&["node"]), ["build", "install", "js-node", "contract"]);
        assert_eq!(selected(&["size"]), ["build", "size"]);
        assert_eq!(selected(&[]).len(), 7);
    }

    #[test]
    fn an_unknown_suite_is_refused() {
        let error = select(all(), &["nat".to_owned()]).err().unwrap();
        assert!(error.to_string().contains("no suite `nat`; the suites are native, build"), "{error}");
    }

    #[test]
    fn type_cases_are_assertions_and_lines_that_must_not_compile() {
        let source = "function same<A, B>(_: Equal<A, B>): void {}\n    same<typeof x, Order>(true);\n\
            // @ts-expect-error none<string> is refused\nnone<P.Order>(\"none\");\nconsole.log(x);\n";
        let mut cases = Cases::default();
        cases.count(source);
        assert_eq!((cases.held, cases.refused), (2, 1));
    }

    #[test]
    fn rust_results_are_summed() {
        let output = "running 2 tests\n\
            test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.1s\n\
            test result: FAILED. 3 passed; 2 failed; 0 ignored\n    test result: ok. 1 passed; 0 failed\n";
        assert_eq!(rust_counts(output), Counts { passed: 16, failed: 2 });
    }

    #[test]
    fn figures_are_the_marked_lines_and_a_missing_one_fails() {
        let output = "running 1 test\nfigure: 429: none\n  figure: fuzz: 5 executions\nno figure: here\n";
        let mut found = figures(output);
        assert_eq!(found, ["429: none", "fuzz: 5 executions"]);
        assert_eq!(summary(&found, &FIGURES), Counts { passed: 0, failed: FIGURES.len() - 2 });
        found.extend(FIGURES.map(str::to_owned));
        assert_eq!(summary(&found, &FIGURES), Counts::default());
    }

    #[test]
    fn the_last_tap_summary_counts() {
        let report = "ok 1 - a\n    # pass 99\n# tests 9\n# suites 0\n# pass 6\n# fail 2\n# cancelled 1\n# skipped 0\n";
        assert_eq!(tap_counts(report), Counts { passed: 6, failed: 3 });
    }

    #[test]
    fn a_crash_or_silence_is_one_failure() {
        let some = Counts { passed: 5, failed: 0 };
        assert_eq!(some.or_crash(true), some);
        assert_eq!(some.or_crash(false), Counts { passed: 5, failed: 1 });
        assert_eq!(Counts::default().or_crash(true), Counts::FAILED);
        assert_eq!(Counts { passed: 5, failed: 2 }.or_crash(false), Counts { passed: 5, failed: 2 });
    }
}
