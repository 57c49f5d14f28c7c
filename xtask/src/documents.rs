//! The suite `documents`: what the documents and the workflows name is there, and GitHub can read its files.

use crate::process::run;
use crate::workspace::{all_files, file_name, files, read, relative, Workspace};
use anyhow::{bail, Result};

const DOCUMENT: &str = ".md";
/// Beside those of the root, the documents that name commands and files of this repository.
const DOCUMENTS: [&str; 5] = [
    "docs/agency.md",
    "docs/provider.md",
    "examples/agency-sync/README.md",
    "examples/provider/README.md",
    "pkg-template/README.md",
];
/// The first part of every path that is one of this repository.
const FOLDERS: [&str; 12] =
    [".ci", ".github", "benches", "derive", "docs", "examples", "fuzz", "pkg-template", "src", "tests", "www", "xtask"];
/// What the build makes beside the package's own README.
const MADE: [&str; 3] = ["./api.md", "./agency.md", "./provider.md"];
/// What `cargo xtask` can do, and with which options.
const COMMANDS: [(&str, &[&str]); 7] = [
    ("demo", &["--port", "--static", "--api", "--location"]),
    ("example", &["--port"]),
    ("test", &["--list", "--quick", "--all", "--reliability", "--mutants", "--shard"]),
    ("build", &[]),
    ("bench", &[]),
    ("guide", &[]),
    ("setup", &[]),
];

/// Counts what was looked at; an error lists what is wrong.
pub fn check(workspace: &Workspace, suites: &[String]) -> Result<usize> {
    let mut documents = files(&workspace.root, is_document)?;
    documents.extend(DOCUMENTS.map(|path| workspace.root.join(path)));
    let workflows = files(&workspace.root.join(".github/workflows"), |_| true)?;
    let mut wrong = Vec::new();
    let mut checked = 0;
    for file in documents.iter().chain(&workflows) {
        let (name, text) = (relative(file, &workspace.root), read(file)?);
        for command in commands(&text) {
            checked += 1;
            wrong.extend(unknown(&command, suites).map(|what| format!("{name}: `cargo xtask {command}`: {what}")));
        }
        let folder = file.parent().unwrap_or(&workspace.root);
        let paths = paths(&text).into_iter().map(|path| (workspace.root.join(&path), path));
        let links = links(&text).into_iter().map(|path| (folder.join(&path), path));
        for (target, path) in paths.chain(links) {
            checked += 1;
            if is_document(&file_name(file)) && !MADE.contains(&path.as_str()) && !target.exists() {
                wrong.push(format!("{name}: there is no {path}"));
            }
        }
    }
    if !wrong.is_empty() {
        bail!("{}", wrong.join("\n"));
    }
    println!("{checked} commands, suites, paths and links are there");
    let github = all_files(&workspace.root.join(".github"))?;
    let mut node = workspace.node();
    node.arg(workspace.root.join("xtask/src/documents.mjs")).args(&github);
    run(node.env("NPM_TOOLS", workspace.npm_tools().join("package.json")), "GitHub would refuse it.")?;
    Ok(2)
}

fn is_document(name: &str) -> bool {
    name.ends_with(DOCUMENT)
}

/// What stands behind each `cargo xtask`.
fn commands(text: &str) -> Vec<String> {
    let behind = text.split("cargo xtask ").skip(1);
    let ends = ['`', '#', '\n', '&', '|', ';', '"', '\'', '('];
    let commands = behind.map(|rest| rest[..rest.find(ends).unwrap_or(rest.len())].trim().to_owned());
    // `cargo xtask <command>` stands for all of them.
    commands.filter(|command| !command.is_empty() && !command.starts_with('<')).collect()
}

/// What of a command there is not.
fn unknown(command: &str, suites: &[String]) -> Option<String> {
    let mut words = command.split_whitespace();
    let name = words.next()?;
    let Some((_, options)) = COMMANDS.iter().find(|(known, _)| *known == name) else {
        return Some(format!("there is no command {name}"));
    };
    // Behind an option stands its value.
    let mut value = false;
    for word in words {
        let option = word.starts_with('-');
        if option && !options.contains(&word) {
            return Some(format!("there is no option {word}"));
        }
        // A folder of `tests/js` stands for its suites.
        let is_suite = |suite: &String| {
            let names = [Some(suite.as_str()), suite.strip_prefix("js-")];
            let rest = names.into_iter().flatten().find_map(|name| name.strip_prefix(word));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
        };
        if name == "test" && !option && !value && !suites.iter().any(is_suite) {
            return Some(format!("there is no suite {word}"));
        }
        value |= option;
    }
    None
}

/// The files of this repository that a text names in backticks.
fn paths(text: &str) -> Vec<String> {
    let quoted = text.split('`').skip(1).step_by(2);
    let is_path = |path: &&str| {
        path.split_once('/').is_some_and(|(first, _)| FOLDERS.contains(&first))
            && path.chars().all(|c| c.is_alphanumeric() || "/._-".contains(c))
    };
    quoted.filter(is_path).map(str::to_owned).collect()
}

/// The files that a text links to.
fn links(text: &str) -> Vec<String> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
    let paths = targets.map(|(target, _)| target.split('#').next().unwrap_or_default());
    paths.filter(|path| !path.is_empty() && !path.contains(':')).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::{commands, links, paths, unknown};

    #[test]
    fn a_command_ends_where_its_line_or_its_quotes_do() {
        let text = "Run `cargo xtask test js-a` or\n    - run: cargo xtask build\ncargo xtask test native  # all\n";
        assert_eq!(commands(text), ["test js-a", "build", "test native"]);
        assert_eq!(commands("`cargo xtask <command>`, `cargo xtask`"), [""; 0]);
    }

    #[test]
    fn what_there_is_not_is_said() {
        let suites = ["native".to_owned(), "js-calls-token".to_owned()];
        let found = |command| unknown(command, &suites).unwrap_or_default();
        assert_eq!(found("test native js-calls"), "");
        assert_eq!(found("test --mutants src/call/retry.rs"), "");
        assert_eq!(found("demo --port 8080"), "");
        assert_eq!(found("test js-call"), "there is no suite js-call");
        assert_eq!(found("tests"), "there is no command tests");
        assert_eq!(found("test --fast"), "there is no option --fast");
    }

    #[test]
    fn paths_stand_in_backticks_and_links_are_relative() {
        let text =
            "`src/core/error.rs`, `src/{a,b}`, `orders/list`, [a](SECURITY.md#reporting), [b](https://x.y), [c](#d)";
        assert_eq!(paths(text), ["src/core/error.rs"]);
        assert_eq!(links(text), ["SECURITY.md"]);
    }
}
