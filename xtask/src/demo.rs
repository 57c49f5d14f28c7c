//! `cargo xtask demo`: the built package in a page, against the sandbox, on this machine.

use crate::process::run;
use crate::workspace::Workspace;
use crate::{build, setup};
use anyhow::{bail, Context, Result};

const PORT: u16 = 8080;

pub fn demo(workspace: &Workspace, port: u16) -> Result<()> {
    let server = workspace.root.join("www/serve.mjs");
    if !server.is_file() {
        bail!("{} does not exist", server.display());
    }
    setup::for_build(workspace)?;
    build::package(workspace)?;
    println!("\nStarting the demo (Ctrl+C ends it) ...");
    run(
        workspace.node().arg(&server).arg("--port").arg(port.to_string()),
        "If the port is taken: `cargo xtask demo --port 9000`.",
    )
}

/// The port from the arguments of the command.
pub fn port(arguments: &[String]) -> Result<u16> {
    let arguments: Vec<&str> =
        arguments.iter().flat_map(|argument| argument.splitn(2, '=')).filter(|part| !part.is_empty()).collect();
    match arguments[..] {
        [] => Ok(PORT),
        ["--port", number] => number.parse().with_context(|| format!("`{number}` is not a port (0 to 65535)")),
        ["--port"] => bail!("`--port` needs a number"),
        _ => bail!("`cargo xtask demo` takes `--port N` and nothing else"),
    }
}

#[cfg(test)]
mod tests {
    use super::port;

    fn of(arguments: &[&str]) -> Result<u16, String> {
        let arguments: Vec<String> = arguments.iter().map(ToString::to_string).collect();
        port(&arguments).map_err(|error| format!("{error:#}"))
    }

    #[test]
    fn the_port_is_read_in_both_spellings() {
        assert_eq!(of(&[]), Ok(8080));
        assert_eq!(of(&["--port", "9000"]), Ok(9000));
        assert_eq!(of(&["--port=9000"]), Ok(9000));
    }

    #[test]
    fn anything_else_is_refused() {
        assert!(of(&["--port", "99999"]).unwrap_err().contains("`99999` is not a port"));
        assert!(of(&["--port"]).unwrap_err().contains("needs a number"));
        assert!(of(&["--speed", "9"]).unwrap_err().contains("nothing else"));
    }
}
