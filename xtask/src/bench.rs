//! `cargo xtask bench`: the time of a checked call against raw fetch + JSON.parse and against other clients; with `agency` what a
//! sync of 500 locations takes.

use crate::process::run;
use crate::workspace::{copy_folder, empty_folder, Workspace};
use crate::{build, setup};
use anyhow::{bail, Context, Result};
use std::path::{Path, PathBuf};
use std::process::Command;

/// What the arguments ask for.
#[derive(Debug, Default, PartialEq)]
pub struct Options {
    /// The other build.
    versus: Option<PathBuf>,
    /// Node only, and less of it.
    quick: bool,
    /// The engines, if not all.
    engines: Option<String>,
    /// What the program in `benches/` reads by itself.
    passed: Vec<String>,
    /// The agency sync instead of calls.
    agency: bool,
}

/// Reads the arguments of the command.
pub fn read(arguments: &[String]) -> Result<Options> {
    let mut options = Options::default();
    let mut rest = arguments.iter();
    if rest.as_slice().first().is_some_and(|first| first == "agency") {
        options.agency = true;
        rest.next();
    }
    while let Some(argument) = rest.next() {
        let mut value = || rest.next().with_context(|| format!("`{argument}` needs a value"));
        match argument.as_str() {
            "--vs" if !options.agency => options.versus = Some(PathBuf::from(value()?)),
            "--quick" => options.quick = true,
            _ if options.agency => bail!("`cargo xtask bench agency` takes `--quick`, not `{argument}`"),
            "--in" => options.engines = Some(value()?.clone()),
            "--only" | "--rounds" => options.passed.extend([argument.clone(), value()?.clone()]),
            _ => bail!("`cargo xtask bench` takes no argument `{argument}`"),
        }
    }
    Ok(options)
}

pub fn bench(workspace: &Workspace, options: &Options) -> Result<()> {
    if options.agency {
        return agency(workspace, options.quick);
    }
    // Relative to where the command was given, which is not where the programs run.
    let other = options.versus.as_deref().map(|path| path.canonicalize().with_context(|| path.display().to_string()));
    let other = other.transpose()?;
    setup::for_build(workspace)?;
    build::package(workspace)?;
    if other.is_none() {
        setup::for_bench(workspace)?;
    }
    let folder = stage(workspace, other.as_deref())?;
    println!();
    let mut command = program(workspace, &folder, "bench.mjs");
    command.args(&options.passed);
    options.engines.iter().for_each(|engines| {
        command.args(["--in", engines]);
    });
    let few = options.quick || (other.is_some() && options.engines.is_none());
    let wanted = |name: &str| !few && options.engines.as_deref().is_none_or(|engines| engines.contains(name));
    if wanted("chromium") {
        if let Ok(chromium) = &setup::browsers().chromium {
            command.env("CHROMIUM_PATH", chromium);
        }
    }
    if wanted("firefox") && setup::browsers().firefox.is_ok() {
        setup::for_firefox(workspace)?;
        command.env("GECKODRIVER", workspace.cargo_tool("geckodriver"));
    }
    if other.is_some() {
        return run(command.arg("--vs"), "");
    }
    if options.quick {
        command.arg("--quick");
    }
    run(&mut command, "")?;
    println!();
    run(
        &mut program(workspace, &folder, "sandbox.mjs"),
        "What is over its limit stands above. On a busy machine run it again.",
    )
}

/// A sync of 1,000,000 orders in workerd, what it takes and what it leaves.
fn agency(workspace: &Workspace, quick: bool) -> Result<()> {
    setup::for_build(workspace)?;
    build::package(workspace)?;
    let folder = stage(workspace, None)?;
    // What the tests compare a sync with.
    let tests = folder.join("tests/js/support");
    empty_folder(&tests)?;
    copy_folder(&workspace.root.join("tests/js/support"), &tests)?;
    println!();
    let mut command = program(workspace, &folder, "agency.mjs");
    if quick {
        command.arg("--quick");
    }
    run(&mut command, "What is over its limit stands above. On a busy machine run it again.")
}

/// A few rounds in Node, of an answer and of one that needs repair: fails unless the ways agree.
pub fn check(workspace: &Workspace) -> Result<()> {
    setup::for_bench(workspace)?;
    let folder = stage(workspace, None)?;
    let arguments = ["--check", "--in", "node", "--only", "one,repairs", "--rounds", "3"];
    run(program(workspace, &folder, "bench.mjs").args(arguments), "")
}

fn program(workspace: &Workspace, folder: &Path, name: &str) -> Command {
    let mut command = workspace.node();
    // With its own collector calls a benchmark keeps one side's garbage out of the other side's time.
    command.arg("--expose-gc").arg(folder.join("src").join(name));
    command.env("NPM_TOOLS", workspace.npm_tools().join("package.json")).env("GHL_REPO_ROOT", &workspace.root);
    command
}

/// A folder of its own with the packages as an application has them installed, and with the programs beside them.
fn stage(workspace: &Workspace, other: Option<&Path>) -> Result<PathBuf> {
    let folder = workspace.bench();
    let installed = folder.join("node_modules");
    place(&workspace.package(), &installed.join("ghl-payments"))?;
    if let Some(other) = other {
        place(other, &installed.join("ghl-payments-other"))?;
    }
    let source = folder.join("src");
    empty_folder(&source)?;
    copy_folder(&workspace.root.join("benches"), &source)?;
    Ok(folder)
}

/// Puts a build where an installation would: from a tarball, or from the folder that became one.
fn place(build: &Path, folder: &Path) -> Result<()> {
    empty_folder(folder)?;
    if build.is_dir() {
        return copy_folder(build, folder);
    }
    let mut tar = Command::new("tar");
    run(tar.arg("-xzf").arg(build).args(["--strip-components=1", "-C"]).arg(folder), "Is it a tarball of `npm pack`?")
}

#[cfg(test)]
mod tests {
    use super::read;
    use std::path::Path;

    fn given(arguments: &[&str]) -> Vec<String> {
        arguments.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn options_are_read_and_handed_on() {
        let options = read(&given(&["--only", "page,one", "--vs", "a.tgz", "--in", "node", "--rounds", "20"])).unwrap();
        assert_eq!(options.versus.as_deref(), Some(Path::new("a.tgz")));
        assert_eq!(options.engines.as_deref(), Some("node"));
        assert_eq!(options.passed, ["--only", "page,one", "--rounds", "20"]);
    }

    #[test]
    fn the_agency_is_measured_by_itself() {
        assert!(read(&given(&["agency", "--quick"])).is_ok_and(|options| options.agency && options.quick));
        assert!(read(&given(&["agency", "--vs", "a.tgz"])).unwrap_err().to_string().contains("takes `--quick`"));
        assert!(read(&given(&["--quick", "agency"])).unwrap_err().to_string().contains("`agency`"));
    }

    #[test]
    fn what_is_unknown_or_half_given_is_refused() {
        assert!(read(&given(&["--fast"])).unwrap_err().to_string().contains("`--fast`"));
        assert!(read(&given(&["--vs"])).unwrap_err().to_string().contains("needs a value"));
    }
}
