//! `cargo xtask guide`: the tables of docs/provider.md, made from the shapes; `examples/protocol.rs` writes them.

use crate::process::capture;
use crate::workspace::{read, write, Workspace};
use anyhow::{bail, Context, Result};

/// Where it is.
pub const GUIDE: &str = "docs/provider.md";
const BEGIN: &str = "<!-- made by `cargo xtask guide` -->\n";
const END: &str = "<!-- the end of what was made -->";

/// Puts the tables into the guide.
pub fn guide(workspace: &Workspace) -> Result<()> {
    let (before, after) = (read(&workspace.root.join(GUIDE))?, made(workspace)?);
    if before == after {
        println!("{GUIDE} is in step");
        return Ok(());
    }
    write(&workspace.root.join(GUIDE), after)?;
    println!("{GUIDE} was written");
    Ok(())
}

/// Fails where the guide is not in step with the shapes.
pub fn check(workspace: &Workspace) -> Result<()> {
    let (now, wanted) = (read(&workspace.root.join(GUIDE))?, made(workspace)?);
    if let Some((line, (now, wanted))) =
        now.lines().zip(wanted.lines()).enumerate().find(|(_, (now, wanted))| now != wanted)
    {
        bail!(
            "{GUIDE}:{} is not what the shapes say; run `cargo xtask guide`\n  is      {now}\n  must be {wanted}",
            line + 1
        );
    }
    if now != wanted {
        bail!("{GUIDE} is not what the shapes say; run `cargo xtask guide`");
    }
    println!("{GUIDE} is in step with the shapes");
    Ok(())
}

/// The guide with the tables as they have to be.
fn made(workspace: &Workspace) -> Result<String> {
    let arguments = ["run", "--quiet", "--package", "ghl-payments", "--features", "provider", "--example", "protocol"];
    let tables = capture(workspace.cargo().args(arguments), "")?;
    placed(&read(&workspace.root.join(GUIDE))?, &tables)
}

/// A text with other tables between its marks.
fn placed(text: &str, tables: &str) -> Result<String> {
    let (before, rest) = text.split_once(BEGIN).context("the guide has no mark where its tables begin")?;
    let (_, after) = rest.split_once(END).context("the guide has no mark where its tables end")?;
    Ok(format!("{before}{BEGIN}\n{}\n\n{END}{after}", tables.trim()))
}

#[cfg(test)]
mod tests {
    use super::{placed, BEGIN, END};

    #[test]
    fn tables_take_the_place_of_those_before() {
        let text = format!("a\n{BEGIN}old\n{END}\nb\n");
        let once = placed(&text, "\n| x |\n").unwrap();
        assert_eq!(once, format!("a\n{BEGIN}\n| x |\n\n{END}\nb\n"));
        assert_eq!(placed(&once, "| x |").unwrap(), once);
        assert!(placed("no marks", "| x |").is_err());
        assert!(placed(BEGIN, "| x |").is_err());
    }
}
