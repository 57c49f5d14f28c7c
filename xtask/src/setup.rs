//! Installs what is missing, into `target/tools` where that is possible. Says each step; fast when nothing is missing.

use crate::process::{capture, run};
use crate::workspace::{copy, create_folder, read, write, Workspace};
use anyhow::{anyhow, bail, Context, Result};
use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

const WASM_TARGET: &str = "wasm32-unknown-unknown";
const WASM_PACK: &str = "0.15.1";
const CARGO_DENY: &str = "0.20.2";
const CARGO_MUTANTS: &str = "27.1.0";
const GECKODRIVER: &str = "0.37.1";
/// The oldest Node with everything that the package and its tools use.
const NODE: (u32, u32) = (20, 19);
const NODE_ADVICE: &str = "Node 20.19 or newer is needed, with npm: https://nodejs.org";

/// What `build`, `demo` and `bench` need.
pub fn for_build(workspace: &Workspace) -> Result<()> {
    node(workspace)?;
    rust_target(workspace)?;
    npm_tools(workspace)
}

/// What the suites of `test` that only compile need.
pub fn for_checks(workspace: &Workspace) -> Result<()> {
    rust_target(workspace)?;
    rust_component(workspace, "rustfmt", "fmt")?;
    rust_component(workspace, "clippy", "clippy")
}

/// What the suites that wasm-pack runs need, without the browsers.
pub fn for_web(workspace: &Workspace) -> Result<()> {
    rust_target(workspace)?;
    wasm_bindgen(workspace)?;
    cargo_tool(workspace, "wasm-pack", "wasm-pack", WASM_PACK, Kind::Debug)?;
    for_firefox(workspace)
}

/// What the recipes for tests import besides the package.
pub fn for_recipes(workspace: &Workspace) -> Result<()> {
    let folder = workspace.tools().join("recipes");
    npm_folder(workspace, &workspace.root.join("tests/recipes"), &folder)?;
    link(&Path::new("..").join("tools").join("recipes"), &workspace.target().join("scratch"))
}

/// What `examples/hono-node` imports besides the package.
pub fn for_examples(workspace: &Workspace) -> Result<()> {
    npm_folder(workspace, &workspace.root.join("examples/hono-node"), &workspace.tools().join("hono-node"))
}

/// The other clients that `bench` measures, in a folder of their own.
pub fn for_bench(workspace: &Workspace) -> Result<()> {
    npm_folder(workspace, &workspace.root.join("benches/peers"), &workspace.bench())
}

/// What drives Firefox.
pub fn for_firefox(workspace: &Workspace) -> Result<()> {
    cargo_tool(workspace, "geckodriver", "geckodriver", GECKODRIVER, Kind::Debug)
}

/// What `test --mutants` needs.
pub fn for_mutants(workspace: &Workspace) -> Result<()> {
    cargo_tool(workspace, "cargo-mutants", "cargo-mutants", CARGO_MUTANTS, Kind::Debug)
}

/// What the suite `deny` needs.
pub fn for_deny(workspace: &Workspace) -> Result<()> {
    cargo_tool(workspace, "cargo-deny", "cargo-deny", CARGO_DENY, Kind::Debug)
}

/// Whether that is there already.
pub fn has_deny(workspace: &Workspace) -> bool {
    installed_version(&workspace.cargo_tool("cargo-deny")).as_deref() == Some(CARGO_DENY)
}

/// The command that the package's build does without: it calls the library behind it.
pub fn wasm_bindgen(workspace: &Workspace) -> Result<()> {
    cargo_tool(workspace, "wasm-bindgen-cli", "wasm-bindgen", &workspace.wasm_bindgen_version()?, Kind::Unlocked)
}

fn node(workspace: &Workspace) -> Result<()> {
    let version =
        capture(workspace.node().arg("--version"), "").map_err(|error| anyhow!("{error:#}. {NODE_ADVICE}"))?;
    let version = version.trim();
    if node_version(version).is_none_or(|version| version < NODE) {
        bail!("Node {version} is too old. {NODE_ADVICE}");
    }
    capture(workspace.npm().arg("--version"), "").map_err(|error| anyhow!("{error:#}. {NODE_ADVICE}"))?;
    Ok(())
}

fn node_version(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.trim().strip_prefix('v')?.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

fn rust_target(workspace: &Workspace) -> Result<()> {
    let sysroot = capture(workspace.command("rustc").args(["--print", "sysroot"]), "")?;
    if Path::new(sysroot.trim()).join("lib/rustlib").join(WASM_TARGET).join("lib").is_dir() {
        return Ok(());
    }
    println!("Adding the Rust target {WASM_TARGET} ...");
    run(
        workspace.command("rustup").args(["target", "add", WASM_TARGET]),
        "Rust must come from rustup (https://rustup.rs), which can add the target.",
    )
}

fn rust_component(workspace: &Workspace, component: &str, command: &str) -> Result<()> {
    let mut probe = workspace.cargo();
    probe.args([command, "--version"]).stdout(Stdio::null()).stderr(Stdio::null());
    if probe.status().is_ok_and(|status| status.success()) {
        return Ok(());
    }
    println!("Adding the Rust component {component} ...");
    run(
        workspace.command("rustup").args(["component", "add", component]),
        "Rust must come from rustup (https://rustup.rs), which can add the component.",
    )
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    /// Without the lock file that its authors publish, which can name a version that was withdrawn.
    Unlocked,
    /// Locked and without optimisation: it only passes commands on, and compiles in half the time.
    Debug,
}

fn cargo_tool(workspace: &Workspace, package: &str, binary: &str, version: &str, kind: Kind) -> Result<()> {
    let path = workspace.cargo_tool(binary);
    if installed_version(&path).as_deref() == Some(version) {
        return Ok(());
    }
    println!("Installing {package} {version} into target/tools (takes some minutes) ...");
    let mut install = workspace.cargo();
    install.args(["install", package, "--version", version, "--force", "--root"]).arg(workspace.tools());
    // Otherwise the installed program would share a target folder with this workspace and wait for its lock.
    install.env_remove("CARGO_TARGET_DIR");
    if kind == Kind::Debug {
        install.args(["--locked", "--debug"]);
    }
    run(&mut install, "Check the network connection, then run the command again; what is installed stays.")?;
    match installed_version(&path) {
        Some(found) if found == version => Ok(()),
        found => bail!("{} should be version {version} but says {found:?}; delete target/tools", path.display()),
    }
}

fn installed_version(binary: &Path) -> Option<String> {
    if !binary.is_file() {
        return None;
    }
    let mut command = Command::new(binary);
    // This one takes its arguments only as cargo hands them on.
    if binary.file_stem()?.to_str()? == "cargo-mutants" {
        command.arg("mutants");
    }
    let output = command.arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    Some(text.lines().next()?.split_whitespace().nth(1)?.to_owned())
}

fn npm_tools(workspace: &Workspace) -> Result<()> {
    npm_folder(workspace, &workspace.root.join("xtask/npm"), &workspace.npm_tools())?;
    link(&Path::new("tools").join("npm"), &workspace.target())
}

/// Installs what a lock file names, unless that is there already.
fn npm_folder(workspace: &Workspace, source: &Path, folder: &Path) -> Result<()> {
    let stamp = folder.join("installed");
    let lock = read(&source.join("package-lock.json"))?;
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    println!("Installing the packages of {} ...", source.display());
    create_folder(folder)?;
    for name in ["package.json", "package-lock.json", ".npmrc"] {
        copy(&source.join(name), &folder.join(name))?;
    }
    run(
        workspace.npm().current_dir(folder).args(["ci", "--loglevel=error"]),
        "Check the network connection, then run the command again.",
    )?;
    write(&stamp, lock)
}

/// Lets everything below a folder of `target` (the staged sources, the scratch application) find what is installed.
fn link(tools: &Path, folder: &Path) -> Result<()> {
    let link = folder.join("node_modules");
    if link.is_dir() {
        return Ok(());
    }
    create_folder(folder)?;
    let tools = tools.join("node_modules");
    #[cfg(unix)]
    let made = std::os::unix::fs::symlink(tools, &link);
    #[cfg(windows)]
    let made = std::os::windows::fs::symlink_dir(tools, &link);
    made.with_context(|| format!("cannot create the link {}", link.display()))
}

/// The browsers and drivers that the browser tests start; `Err` holds what is missing and how to get it.
pub struct Browsers {
    pub chromium: Result<PathBuf, String>,
    pub chromedriver: Result<PathBuf, String>,
    pub firefox: Result<PathBuf, String>,
}

impl Browsers {
    fn look() -> Self {
        Self {
            chromium: look(
                Some("CHROMIUM_PATH"),
                &["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"],
                "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
                "chromium",
            ),
            chromedriver: look(Some("CHROMEDRIVER"), &["chromedriver"], "", "chromium-driver"),
            firefox: look(
                // geckodriver finds it by itself and takes no variable.
                None,
                &["firefox-esr", "firefox"],
                "/Applications/Firefox.app/Contents/MacOS/firefox",
                "firefox-esr",
            ),
        }
    }

    fn missing_packages(&self) -> Vec<&'static str> {
        let all =
            [(&self.chromium, "chromium"), (&self.chromedriver, "chromium-driver"), (&self.firefox, "firefox-esr")];
        all.into_iter().filter(|(found, _)| found.is_err()).map(|(_, package)| package).collect()
    }
}

fn look(variable: Option<&str>, names: &[&str], mac: &str, package: &str) -> Result<PathBuf, String> {
    if let Some(given) = variable.and_then(env::var_os).map(PathBuf::from) {
        return if given.is_file() { Ok(given) } else { Err(format!("{} does not exist", given.display())) };
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let on_path = env::split_paths(&path)
        .flat_map(|folder| names.iter().map(move |name| folder.join(format!("{name}{}", env::consts::EXE_SUFFIX))))
        .find(|candidate| candidate.is_file());
    on_path.or_else(|| Some(PathBuf::from(mac)).filter(|candidate| candidate.is_file())).ok_or_else(|| {
        let or = variable.map(|variable| format!(" or name it in {variable}")).unwrap_or_default();
        format!(
            "{} is missing: on Debian run `apt-get install {package}` as root, elsewhere install it and put it on PATH{or}",
            names[0]
        )
    })
}

/// Finds the browsers; on Debian as root installs the missing ones. What stays missing is told, and only then matters
/// when a suite needs it. Looks once: an installation that failed would fail again, and slowly.
pub fn browsers() -> &'static Browsers {
    static FOUND: OnceLock<Browsers> = OnceLock::new();
    FOUND.get_or_init(|| {
        let packages = Browsers::look().missing_packages();
        if !packages.is_empty() && Path::new("/usr/bin/apt-get").is_file() && is_root() {
            println!("Installing {} with apt-get ...", packages.join(", "));
            let mut update = apt_get();
            let mut install = apt_get();
            update.args(["-qq", "update"]);
            install.args(["-qq", "install", "-y", "--no-install-recommends"]).args(&packages);
            if let Err(error) = run(&mut update, "").and_then(|()| run(&mut install, "")) {
                eprintln!("warning: {error:#}");
            }
        }
        let found = Browsers::look();
        for missing in
            [&found.chromium, &found.chromedriver, &found.firefox].into_iter().filter_map(|it| it.as_ref().err())
        {
            eprintln!("warning: {missing}");
        }
        found
    })
}

fn apt_get() -> Command {
    let mut command = Command::new("apt-get");
    command.env("DEBIAN_FRONTEND", "noninteractive");
    command
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

#[cfg(test)]
mod tests {
    use super::{look, node_version, NODE};

    #[test]
    fn node_versions_compare_by_number() {
        assert_eq!(node_version("v20.19.0\n"), Some(NODE));
        assert!(node_version("v20.9.0") < Some(NODE));
        assert!(node_version("v24.1.0") > Some(NODE));
        assert_eq!(node_version("nonsense"), None);
    }

    #[test]
    fn a_missing_browser_is_told_with_the_way_to_get_it() {
        let missing = look(Some("NO_SUCH_VARIABLE"), &["no-such-browser"], "", "some-package").unwrap_err();
        assert!(missing.contains("no-such-browser is missing"), "{missing}");
        assert!(missing.contains("apt-get install some-package"), "{missing}");
        assert!(missing.contains("NO_SUCH_VARIABLE"), "{missing}");
    }
}
