//! What the package's declarations say: the `docs` suite and `api.md`. The reading is done by `docs.mjs`, which has the
//! TypeScript compiler's eyes; the ledger comes from `examples/ledger.rs`.

use crate::guide;
use crate::process::{capture, run};
use crate::workspace::{file_name, read, write, Workspace};
use anyhow::Result;
use std::path::Path;
use std::process::Command;

/// Writes `api.md` beside the declarations that it is made from.
pub fn api(workspace: &Workspace, package: &Path) -> Result<()> {
    println!("Writing api.md ...");
    let text = capture(&mut reader(workspace, "api", package)?, "")?;
    write(&package.join("api.md"), text)
}

/// The guides that are shipped: to payment providers, and to the sync of an agency.
const GUIDES: [&str; 2] = [guide::GUIDE, "docs/agency.md"];

/// Puts the guides beside the package's README, where files of the repository cannot be linked.
pub fn guides(workspace: &Workspace, package: &Path) -> Result<()> {
    for guide in GUIDES.map(|path| workspace.root.join(path)) {
        write(&package.join(file_name(&guide)), without_links(&read(&guide)?))?;
    }
    Ok(())
}

/// A text in which what was linked outside of its folder is only named.
fn without_links(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("](../") {
        let (before, link) = rest.split_at(at);
        let end = link.find(')').map_or(link.len(), |end| end + 1);
        match before.rfind('[') {
            Some(open) => out.extend([&before[..open], "`", &before[open + 1..], "`"]),
            None => out.push_str(before),
        }
        rest = &link[end..];
    }
    out + rest
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

#[cfg(test)]
mod tests {
    use super::without_links;

    #[test]
    fn what_is_not_in_the_package_is_not_linked() {
        let text = "In [a](../a.md), as [b](https://b.example) and [c](../c/d.js).";
        assert_eq!(without_links(text), "In `a`, as [b](https://b.example) and `c`.");
    }
}
