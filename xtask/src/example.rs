//! `cargo xtask example`: an app of `examples` on this machine, with the built package and against the sandbox.

use crate::process::run;
use crate::workspace::Workspace;
use crate::{build, setup};
use anyhow::{bail, Context, Result};

/// The examples that can be run so.
const NAMES: [&str; 4] = ["cloudflare", "hono-node", "provider", "agency"];
const PORT: u16 = 8788;

/// What to run.
#[derive(Debug, PartialEq)]
pub struct Example {
    name: &'static str,
    port: u16,
}

/// Runs it until it is interrupted.
pub fn example(workspace: &Workspace, Example { name, port }: &Example) -> Result<()> {
    setup::for_build(workspace)?;
    setup::for_examples(workspace)?;
    build::package(workspace)?;
    println!("\nStarting the example {name} (Ctrl+C ends it) ...");
    let mut node = workspace.node();
    node.args(["examples/run.mjs", name, "--port"]).arg(port.to_string());
    run(&mut node, "If the port is taken: `cargo xtask example NAME --port 9000`.")
}

/// Reads the arguments of the command.
pub fn read(arguments: &[String]) -> Result<Example> {
    let mut arguments = arguments.iter().flat_map(|argument| argument.splitn(2, '='));
    let named = arguments.next().unwrap_or_default();
    let Some(name) = NAMES.into_iter().find(|name| *name == named) else {
        bail!("`cargo xtask example` takes the name of an example: {}", NAMES.join(", "));
    };
    let mut port = PORT;
    while let Some(option) = arguments.next() {
        if option != "--port" {
            bail!("`cargo xtask example {name}` takes `--port N`, not `{option}`");
        }
        let text = arguments.next().context("`--port` needs a value")?;
        port = text.parse().with_context(|| format!("`{text}` is not a port (0 to 65535)"))?;
    }
    Ok(Example { name, port })
}

#[cfg(test)]
mod tests {
    use super::{read, Example};

    fn of(arguments: &[&str]) -> Result<Example, String> {
        let arguments: Vec<String> = arguments.iter().map(ToString::to_string).collect();
        read(&arguments).map_err(|error| format!("{error:#}"))
    }

    #[test]
    fn a_name_and_a_port_are_read() {
        assert_eq!(of(&["cloudflare"]), Ok(Example { name: "cloudflare", port: 8788 }));
        assert_eq!(of(&["hono-node", "--port=9000"]), Ok(Example { name: "hono-node", port: 9000 }));
        assert_eq!(of(&["hono-node", "--port", "9000"]), Ok(Example { name: "hono-node", port: 9000 }));
    }

    #[test]
    fn anything_else_is_refused() {
        for (arguments, message) in [
            (&[][..], "cloudflare, hono-node, provider, agency"),
            (&["vue"], "cloudflare, hono-node, provider, agency"),
            (&["cloudflare", "--port"], "needs a value"),
            (&["cloudflare", "--port", "x"], "`x` is not a port"),
            (&["cloudflare", "--host"], "not `--host`"),
        ] {
            assert!(of(arguments).unwrap_err().contains(message), "{arguments:?}");
        }
    }
}
