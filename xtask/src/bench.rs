//! `cargo xtask bench`: the time of a checked call against raw fetch + JSON.parse, in one run.

use crate::process::run;
use crate::workspace::Workspace;
use crate::{build, setup};
use anyhow::Result;

pub fn bench(workspace: &Workspace) -> Result<()> {
    setup::for_build(workspace)?;
    build::package(workspace)?;
    println!();
    run(
        // With its own collector calls the benchmark keeps one side's garbage out of the other side's time.
        workspace.node().arg("--expose-gc").arg(workspace.root.join("benches/bench.mjs")),
        "The ratio above is over the limit. On a busy machine run it again.",
    )
}
