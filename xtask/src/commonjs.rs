//! The package for CommonJS: one script for each entry, and the declarations, which stand in the package once.
//!
//! A module may import what is CommonJS, but not the other way round without `await`, and TypeScript applies that to
//! declarations too. So all of them are `.d.cts`, and the declarations of the modules only refer to them.

use crate::process::run;
use crate::workspace::{all_files, has_ending, read, relative, write, Workspace};
use anyhow::{Context, Result};
use std::collections::BTreeSet;
use std::path::Path;

/// The entries that both `import` and `require` find.
const ENTRIES: [&str; 6] = ["index", "slim", "sandbox", "edge", "cloudflare", "checkout"];

/// The scripts that `require` finds, and the modules that they are made of.
const BUNDLES: [(&str, &str); 5] = [
    ("index", "index-require"),
    ("sandbox", "sandbox-require"),
    ("edge", "edge-require"),
    ("cloudflare", "cloudflare-require"),
    ("checkout", "checkout"),
];

/// The client holds what it exports.
const SLIM: &str = "module.exports = require(\"./index.cjs\").PaymentsClient[Symbol.for(\"ghl-payments/slim\")];\n";

/// Adds the scripts and rewrites the declarations in the folder of the package.
pub fn add(workspace: &Workspace, folder: &Path) -> Result<()> {
    println!("Bundling the entries for CommonJS ...");
    let mut esbuild = workspace.npm_tool("esbuild");
    // From within, so that the names of the files that it writes above their contents are those in the package.
    esbuild.current_dir(folder).args(BUNDLES.map(|(entry, source)| format!("{entry}={source}.js")));
    // As for Node, so that the names of what is exported stand where its `import` looks for them.
    esbuild.args(["--bundle", "--format=cjs", "--platform=node", "--target=es2022", "--outdir=."]);
    run(esbuild.args(["--out-extension:.js=.cjs", "--legal-comments=none", "--log-level=warning"]), "")?;
    write(&folder.join("slim.cjs"), SLIM)?;
    for (_, source) in BUNDLES.iter().filter(|(entry, source)| entry != source) {
        for ending in ["js", "d.ts"] {
            let path = folder.join(format!("{source}.{ending}"));
            std::fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
        }
    }
    share_declarations(folder)
}

fn share_declarations(folder: &Path) -> Result<()> {
    let mut wanted: Vec<_> = ENTRIES.map(|entry| format!("{entry}.d.ts")).into();
    let mut seen = BTreeSet::new();
    while let Some(path) = wanted.pop() {
        if !seen.insert(path.clone()) {
            continue;
        }
        let source = read(&folder.join(&path))?;
        let near = Path::new(&path).parent().unwrap_or(Path::new(""));
        wanted.extend(imports(&source).map(|script| joined(near, &script.replace(".js", ".d.ts"))));
        write(&folder.join(path.replace(".d.ts", ".d.cts")), commonjs(&source))?;
    }
    for file in all_files(folder)? {
        let path = relative(&file, folder);
        if let Some(name) = path.strip_suffix(".d.wasm.ts") {
            let module = commonjs(&read(&file)?);
            write(&folder.join(format!("{name}.wasm.d.cts")), &module)?;
            write(&file, module)?;
        } else if path.ends_with(".d.ts") {
            std::fs::remove_file(&file).with_context(|| format!("cannot remove {path}"))?;
        }
    }
    for entry in ENTRIES {
        write(&folder.join(format!("{entry}.d.ts")), format!("export * from \"./{entry}.cjs\";\n"))?;
    }
    Ok(())
}

/// The scripts of the package that a declaration file refers to.
fn imports(source: &str) -> impl Iterator<Item = &str> {
    source.split('"').filter(|text| text.starts_with('.') && has_ending(text, ".js"))
}

fn commonjs(source: &str) -> String {
    imports(source).collect::<BTreeSet<_>>().into_iter().fold(source.to_owned(), |text, script| {
        text.replace(&format!("\"{script}\""), &format!("\"{}.cjs\"", script.trim_end_matches(".js")))
    })
}

/// A path relative to a folder of the package, relative to the package.
fn joined(folder: &Path, path: &str) -> String {
    let mut parts: Vec<_> = folder.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    for part in path.split('/') {
        match part {
            "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part.to_owned()),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::{commonjs, imports, joined};
    use std::path::Path;

    #[test]
    fn a_declaration_refers_to_declarations_of_commonjs() {
        let source = "import type { A } from \"../core.js\";\nexport * from \"./b.js\";\n/** Runs `x.js`. */\n\
                      type C = import(\"../core.js\").C | \"d.js\";\n";
        assert_eq!(imports(source).collect::<Vec<_>>(), ["../core.js", "./b.js", "../core.js"]);
        assert_eq!(
            commonjs(source),
            source.replace("\"../core.js\"", "\"../core.cjs\"").replace("\"./b.js\"", "\"./b.cjs\"")
        );
    }

    #[test]
    fn paths_are_those_in_the_package() {
        assert_eq!(joined(Path::new("client"), "../core.d.ts"), "core.d.ts");
        assert_eq!(joined(Path::new("client"), "./errors.d.ts"), "client/errors.d.ts");
        assert_eq!(joined(Path::new(""), "./models.d.ts"), "models.d.ts");
    }
}
