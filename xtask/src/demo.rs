//! `cargo xtask demo`: the built package in a page, against the sandbox, on this machine or as files for any host.

use crate::process::run;
use crate::workspace::Workspace;
use crate::{build, setup};
use anyhow::{bail, Context, Result};

const PORT: u16 = 8080;
/// Where the static files go, below the root of the repository.
const FOLDER: &str = "target/demo";

/// What to do with the page.
#[derive(Debug, PartialEq)]
pub enum Demo {
    /// Serve it together with the sandbox.
    Serve { port: u16 },
    /// Write it as files, with the sandbox inside the page or in front of a proxy.
    Static { account: Option<Account> },
}

/// An account behind a proxy that adds the token.
#[derive(Debug, PartialEq)]
pub struct Account {
    api: String,
    location: String,
}

pub fn demo(workspace: &Workspace, demo: &Demo) -> Result<()> {
    setup::for_build(workspace)?;
    build::package(workspace)?;
    let mut node = workspace.node();
    match demo {
        Demo::Serve { port } => {
            println!("\nStarting the demo (Ctrl+C ends it) ...");
            let server = node.arg("www/serve.mjs").arg("--port").arg(port.to_string());
            run(server, "If the port is taken: `cargo xtask demo --port 9000`.")
        }
        Demo::Static { account } => {
            node.args(["www/build.mjs", "--out", FOLDER]);
            if let Some(Account { api, location }) = account {
                node.arg("--api").arg(api).arg("--location").arg(location);
            }
            run(&mut node, "")
        }
    }
}

/// Reads the arguments of the command.
pub fn read(arguments: &[String]) -> Result<Demo> {
    let mut arguments = arguments.iter().flat_map(|argument| argument.splitn(2, '='));
    let (mut port, mut files, mut api, mut location) = (None, false, None, None);
    while let Some(name) = arguments.next() {
        let mut value = || arguments.next().with_context(|| format!("`{name}` needs a value"));
        match name {
            "--port" => {
                let text = value()?;
                port = Some(text.parse().with_context(|| format!("`{text}` is not a port (0 to 65535)"))?);
            }
            "--static" => files = true,
            "--api" => api = Some(value()?.to_owned()),
            "--location" => location = Some(value()?.to_owned()),
            _ => {
                bail!("`cargo xtask demo` takes `--port N`, or `--static` with `--api URL --location ID`, not `{name}`")
            }
        }
    }
    if !files {
        if api.is_some() || location.is_some() {
            bail!("`--api` and `--location` belong to `--static`");
        }
        return Ok(Demo::Serve { port: port.unwrap_or(PORT) });
    }
    if port.is_some() {
        bail!("`--port` does not go with `--static`, which serves nothing");
    }
    let account = match (api, location) {
        (Some(api), Some(location)) => Some(Account { api, location }),
        (None, None) => None,
        _ => bail!("`--api` and `--location` go together"),
    };
    Ok(Demo::Static { account })
}

#[cfg(test)]
mod tests {
    use super::{read, Account, Demo};

    fn of(arguments: &[&str]) -> Result<Demo, String> {
        let arguments: Vec<String> = arguments.iter().map(ToString::to_string).collect();
        read(&arguments).map_err(|error| format!("{error:#}"))
    }

    #[test]
    fn the_port_is_read_in_both_spellings() {
        assert_eq!(of(&[]), Ok(Demo::Serve { port: 8080 }));
        assert_eq!(of(&["--port", "9000"]), Ok(Demo::Serve { port: 9000 }));
        assert_eq!(of(&["--port=9000"]), Ok(Demo::Serve { port: 9000 }));
    }

    #[test]
    fn static_files_have_a_sandbox_or_an_account() {
        assert_eq!(of(&["--static"]), Ok(Demo::Static { account: None }));
        let account = Account { api: "https://pay.example.com/api?v=1".into(), location: "abc".into() };
        let arguments = ["--static", "--api=https://pay.example.com/api?v=1", "--location", "abc"];
        assert_eq!(of(&arguments), Ok(Demo::Static { account: Some(account) }));
    }

    #[test]
    fn anything_else_is_refused() {
        assert!(of(&["--port", "99999"]).unwrap_err().contains("`99999` is not a port"));
        assert!(of(&["--port"]).unwrap_err().contains("needs a value"));
        assert!(of(&["--speed", "9"]).unwrap_err().contains("not `--speed`"));
        assert!(of(&["--static", "--port", "1"]).unwrap_err().contains("serves nothing"));
        assert!(of(&["--static", "--api", "/api"]).unwrap_err().contains("go together"));
        assert!(of(&["--api", "/api", "--location", "x"]).unwrap_err().contains("belong to `--static`"));
    }
}
