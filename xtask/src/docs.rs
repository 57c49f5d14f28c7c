//! What the package's declarations say: the `docs` suite and `api.md`. The reading is done by `docs.mjs`, which has the
//! TypeScript compiler's eyes; the ledger comes from `examples/ledger.rs`.

use crate::guide;
use crate::process::{capture, run};
use crate::workspace::{write, Workspace};
use anyhow::Result;
use std::path::Path;
use std::process::Command;

/// Writes `api.md` beside the declarations that it is made from.
pub fn api(workspace: &Workspace, package: &Path) -> Result<()> {
    println!("Writing api.md ...");
    let text = capture(&mut reader(workspace, "api", package)?, "")?;
    write(&package.join("api.md"), text)
}

/// Prints how much of the public surface is untyped or undocumented; anything is an error, and so is a guide that the shapes have
/// left behind.
pub fn check(workspace: &Workspace) -> Result<()> {
    guide::check(workspace)?;
    run(
        &mut reader(workspace, "check", &workspace.package())?,
        "Documentation is written in src/model, src/endpoint and pkg-template/src; scope and page of a method must be \
         those of the ledger.",
    )
}

fn reader(workspace: &Workspace, command: &str, package: &Path) -> Result<Command> {
    let ledger = workspace.target().join("docs/ledger.json");
    let printed =
        capture(workspace.cargo().args(["run", "--quiet", "--package", "ghl-payments", "--example", "ledger"]), "")?;
    write(&ledger, printed)?;
    let mut node = workspace.node();
    node.arg(workspace.root.join("xtask/src/docs.mjs")).arg(command).arg(package).arg(ledger);
    node.env("TYPESCRIPT", workspace.npm_tools().join("node_modules/typescript"));
    Ok(node)
}
