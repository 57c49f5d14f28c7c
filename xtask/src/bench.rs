//! `cargo xtask bench`: the time of a checked call against raw fetch + JSON.parse, in one run.

use crate::process::run;
use crate::workspace::Workspace;
use crate::{build, setup};
use anyhow::Result;

pub fn bench(workspace: &Workspace) -> Result<()> {
    setup::for_build(workspace)?;
    build::package(workspace)?;
    println!();
    // With its own collector calls a benchmark keeps one side's garbage out of the other side's time.
    let bench = |name: &str, advice: &str| {
        run(workspace.node().arg("--expose-gc").arg(workspace.root.join("benches").join(name)), advice)
    };
    let advice = "What is over its limit stands above. On a busy machine run it again.";
    bench("bench.mjs", advice)?;
    println!();
    bench("sandbox.mjs", advice)
}
