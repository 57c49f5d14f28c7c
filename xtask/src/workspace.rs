//! Where things are.

use anyhow::{bail, Context, Result};
use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The variable that holds the token of the account for the suite `live`.
pub const LIVE_TOKEN: &str = "GHL_TOKEN";

/// The checkout that this command works on.
pub struct Workspace {
    pub root: PathBuf,
}

impl Workspace {
    pub fn find() -> Result<Self> {
        // Cargo sets this when it runs the command, so a moved checkout still finds itself.
        let manifest = env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
        let root = Path::new(&manifest).parent().context("xtask has no parent folder")?.to_path_buf();
        if !root.join("pkg-template").is_dir() {
            bail!("{} is not the ghl-payments repository; run `cargo xtask` inside it", root.display());
        }
        Ok(Self { root })
    }

    pub fn target(&self) -> PathBuf {
        self.root.join("target")
    }

    /// The package that `build` leaves behind.
    pub fn package(&self) -> PathBuf {
        self.root.join("pkg")
    }

    pub fn tools(&self) -> PathBuf {
        self.target().join("tools")
    }

    /// Where `bench` installs what it measures.
    pub fn bench(&self) -> PathBuf {
        self.target().join("bench")
    }

    pub fn npm_tools(&self) -> PathBuf {
        self.tools().join("npm")
    }

    /// A command that `setup` installed with cargo.
    pub fn cargo_tool(&self, name: &str) -> PathBuf {
        self.tools().join("bin").join(format!("{name}{}", env::consts::EXE_SUFFIX))
    }

    /// A command that `setup` installed with npm.
    pub fn npm_tool(&self, name: &str) -> Command {
        let extension = if cfg!(windows) { ".cmd" } else { "" };
        self.command(self.npm_tools().join("node_modules/.bin").join(format!("{name}{extension}")))
    }

    /// The compiler of an installed TypeScript, by its folder: which of them owns the command `tsc` is npm's choice.
    pub fn typescript(&self, name: &str) -> Command {
        let mut compiler = self.node();
        compiler.arg(self.npm_tools().join("node_modules").join(name).join("bin/tsc"));
        compiler
    }

    pub fn cargo(&self) -> Command {
        self.command(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
    }

    pub fn node(&self) -> Command {
        self.command("node")
    }

    pub fn npm(&self) -> Command {
        let mut npm = self.command(if cfg!(windows) { "npm.cmd" } else { "npm" });
        npm.env("npm_config_audit", "false").env("npm_config_fund", "false").env("npm_config_update_notifier", "false");
        npm
    }

    /// Any command, run at the root of the repository.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        // What a suite installs or starts has no business with the token of a real account.
        command.current_dir(&self.root).env_remove(LIVE_TOKEN);
        command
    }

    /// PATH with the installed tools first.
    pub fn path(&self) -> Result<OsString> {
        let old = env::var_os("PATH").unwrap_or_default();
        let folders = std::iter::once(self.tools().join("bin")).chain(env::split_paths(&old));
        env::join_paths(folders).context("PATH cannot be extended")
    }

    /// The version of the crate, which is also the version of the npm package.
    pub fn version(&self) -> Result<String> {
        let text = read(&self.root.join("Cargo.lock"))?;
        locked_version(&text, "ghl-payments").context("Cargo.lock does not name ghl-payments; run `cargo metadata`")
    }

    pub fn wasm_bindgen_version(&self) -> Result<String> {
        let text = read(&self.root.join("Cargo.lock"))?;
        locked_version(&text, "wasm-bindgen").context("Cargo.lock does not name wasm-bindgen; run `cargo metadata`")
    }
}

fn locked_version(lock: &str, package: &str) -> Option<String> {
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines().skip_while(|line| line.trim() != name);
    let version = lines.nth(1)?.trim().strip_prefix("version = \"")?.strip_suffix('"')?;
    Some(version.to_owned())
}

pub fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

pub fn read_bytes(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

pub fn write(path: &Path, content: impl AsRef<[u8]>) -> Result<()> {
    if let Some(folder) = path.parent() {
        create_folder(folder)?;
    }
    fs::write(path, content).with_context(|| format!("cannot write {}", path.display()))
}

pub fn copy(from: &Path, to: &Path) -> Result<()> {
    if let Some(folder) = to.parent() {
        create_folder(folder)?;
    }
    fs::copy(from, to).with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))?;
    Ok(())
}

/// The files directly inside a folder whose name passes, sorted by name; none when there is no such folder.
pub fn files(folder: &Path, wanted: impl Fn(&str) -> bool) -> Result<Vec<PathBuf>> {
    entries(folder, |path| path.is_file() && wanted(&file_name(path)))
}

/// The folders directly inside a folder, sorted by name; none when there is no such folder.
pub fn folders(folder: &Path) -> Result<Vec<PathBuf>> {
    entries(folder, Path::is_dir)
}

fn entries(folder: &Path, wanted: impl Fn(&Path) -> bool) -> Result<Vec<PathBuf>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))? {
        found.push(entry?.path());
    }
    found.retain(|path| wanted(path));
    found.sort();
    Ok(found)
}

/// The files inside a folder and the folders in it, sorted by path; none when there is no such folder.
pub fn all_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = files(folder, |_| true)?;
    for inner in folders(folder)? {
        found.extend(all_files(&inner)?);
    }
    Ok(found)
}

/// A path below a folder as an import spells it.
pub fn relative(path: &Path, base: &Path) -> String {
    let parts = path.strip_prefix(base).unwrap_or(path).components();
    parts.map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

pub fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    create_folder(to)?;
    for entry in fs::read_dir(from).with_context(|| format!("cannot list {}", from.display()))? {
        let path = entry?.path();
        let name = file_name(&path);
        if path.is_dir() {
            if name != "node_modules" {
                copy_folder(&path, &to.join(name))?;
            }
        } else {
            copy(&path, &to.join(name))?;
        }
    }
    Ok(())
}

pub fn create_folder(path: &Path) -> Result<()> {
    fs::create_dir_all(path).with_context(|| format!("cannot create {}", path.display()))
}

pub fn empty_folder(path: &Path) -> Result<()> {
    if path.exists() {
        fs::remove_dir_all(path).with_context(|| format!("cannot empty {}", path.display()))?;
    }
    create_folder(path)
}

/// Whether a name ends like this; the case counts, as it does in an import.
pub fn has_ending(name: &str, ending: &str) -> bool {
    name.ends_with(ending)
}

pub fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::locked_version;

    #[test]
    fn the_lock_file_names_the_exact_package() {
        let lock = "[[package]]\nname = \"wasm-bindgen-macro\"\nversion = \"1.0.0\"\n\n\
                    [[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.130\"\nsource = \"x\"\n";
        assert_eq!(locked_version(lock, "wasm-bindgen").as_deref(), Some("0.2.130"));
        assert_eq!(locked_version(lock, "wasm"), None);
    }
}
