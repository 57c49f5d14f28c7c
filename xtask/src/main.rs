//! `cargo xtask`: everything that this repository does beyond plain `cargo build`.

mod arrows;
mod bench;
mod build;
mod commonjs;
mod demo;
mod docs;
mod documents;
mod example;
mod fuzz;
mod glue;
mod guide;
mod inline;
mod process;
mod setup;
mod slim;
mod test;
mod tree;
mod wasm;
mod workspace;

use anyhow::{bail, Result};
use std::process::ExitCode;
use workspace::Workspace;

const HELP: &str = "\
cargo xtask <command>

  demo [--port N]   build the package, then serve the demo page and the sandbox (port 8080 unless told)
  demo --static     write the demo page to target/demo for any host, with the sandbox inside it; with
                    --api URL --location ID for an account behind a proxy of your own
  example NAME [--port N]
                    build the package, then run an example against the sandbox: cloudflare, provider or agency (of
                    examples/agency-sync) in workerd, hono-node in Node
  test [SUITE...]   run every test suite, or those named (`cargo xtask test --list` names them);
                    `--quick`: only what needs no browser and no package;
                    `--all`: in every environment, not only in those that are quick to install;
                    `--reliability`: only what is about reliability, with its figures at the end;
                    `agency`: what is about the agency sync, with its figures at the end;
                    `--mutants [--shard K/N] [FILE...]`: changes the code on purpose, in every Nth place if told so, from
                    the Kth on (K counts from 0), and lists what no test notices
  build             leave the publishable npm package in pkg/ and print its sizes
  bench             build, then measure the package beside other clients in Node, workerd, Chromium and Firefox, and write
                    benches/RESULTS.md and the figures of the README; `--quick`: Node only, two minutes, writes nothing;
                    `--vs TARBALL`: against another build (or the folder of one), in turn in one process;
                    `--in ENGINE,...`, `--only CASE,...`, `--rounds N`: a part of it, or more of it; writes nothing
  bench agency      build, then sync 1,000,000 orders in 500 locations in workerd: seconds, memory, cost of a record, and
                    what is missing or double in D1 and R2 (about five minutes); `--quick`: a fiftieth of it
  guide             write the tables of docs/provider.md from the shapes in src/provider
  setup             install what the other commands need; each of them does its own part by itself

`cargo xtask --help` prints this text.";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<ExitCode> {
    let Some((command, rest)) = arguments.split_first() else {
        println!("{HELP}");
        return Ok(ExitCode::from(2));
    };
    if arguments.iter().any(|argument| matches!(argument.as_str(), "-h" | "--help" | "help")) {
        println!("{HELP}");
        return Ok(ExitCode::SUCCESS);
    }
    let workspace = Workspace::find()?;
    match command.as_str() {
        "demo" => demo::demo(&workspace, &demo::read(rest)?)?,
        "example" => example::example(&workspace, &example::read(rest)?)?,
        "test" => return test::test(&workspace, rest),
        "build" => {
            refuse(command, rest)?;
            setup::for_build(&workspace)?;
            build::build(&workspace)?;
        }
        "bench" => {
            bench::bench(&workspace, &bench::read(rest)?)?;
        }
        "guide" => {
            refuse(command, rest)?;
            guide::guide(&workspace)?;
        }
        "setup" => {
            refuse(command, rest)?;
            setup::for_build(&workspace)?;
            setup::for_checks(&workspace)?;
            setup::for_web(&workspace)?;
            setup::browsers();
            println!("Everything is in place.");
        }
        _ => bail!("there is no command `{command}`\n\n{HELP}"),
    }
    Ok(ExitCode::SUCCESS)
}

fn refuse(command: &str, rest: &[String]) -> Result<()> {
    match rest.first() {
        None => Ok(()),
        Some(argument) => bail!("`cargo xtask {command}` takes no argument `{argument}`\n\n{HELP}"),
    }
}
