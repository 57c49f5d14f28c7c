//! Other programs: run, capture, watch.

use anyhow::{bail, Context, Result};
use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// How long a child may take to end by itself once it is told to.
const GRACE: Duration = Duration::from_secs(5);

/// Runs to the end with the terminal's own input and output; anything but success is an error.
pub fn run(command: &mut Command, advice: &str) -> Result<()> {
    let status = command.status().map_err(|error| cannot_start(command, &error))?;
    check(command, status, advice)
}

/// Runs to the end and returns the standard output; shows the error output only on failure.
pub fn capture(command: &mut Command, advice: &str) -> Result<String> {
    let output = command.stdin(Stdio::null()).output().map_err(|error| cannot_start(command, &error))?;
    if !output.status.success() {
        eprint!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    }
    check(command, output.status, advice)?;
    String::from_utf8(output.stdout).with_context(|| format!("`{}` printed something that is not text", show(command)))
}

/// What a watched program left behind.
pub struct Watched {
    pub success: bool,
    pub stdout: String,
}

/// Runs, shows the output as it comes and keeps it; a program that outlives the limit is stopped and an error.
pub fn watch(command: &mut Command, limit: Duration) -> Result<Watched> {
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().map_err(|error| cannot_start(command, &error))?;
    let kept = Arc::new(Mutex::new(String::new()));
    let stdout = child.stdout.take().context("the child has no output")?;
    let reader = thread::spawn({
        let kept = Arc::clone(&kept);
        move || {
            let mut lines = BufReader::new(stdout);
            let mut line = Vec::new();
            while matches!(lines.read_until(b'\n', &mut line), Ok(read) if read > 0) {
                let mut terminal = std::io::stdout().lock();
                // A closed terminal must not stop the count.
                let _ = terminal.write_all(&line).and_then(|()| terminal.flush());
                if let Ok(mut kept) = kept.lock() {
                    kept.push_str(&String::from_utf8_lossy(&line));
                }
                line.clear();
            }
        }
    });
    let Some(status) = wait(&mut child, limit)? else {
        stop(&mut child)?;
        bail!("`{}` did not end within {} s and was stopped", show(command), limit.as_secs());
    };
    // A grandchild that lives on keeps the pipe open; what was printed until now is enough.
    let deadline = Instant::now() + GRACE;
    while !reader.is_finished() && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(10));
    }
    let stdout = kept.lock().map(|kept| kept.clone()).unwrap_or_default();
    Ok(Watched { success: status.success(), stdout })
}

fn wait(child: &mut Child, limit: Duration) -> Result<Option<ExitStatus>> {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() >= deadline {
            return Ok(None);
        }
        thread::sleep(Duration::from_millis(50));
    }
}

/// Asks first where that is possible, so that a test runner can end what it started.
fn stop(child: &mut Child) -> Result<()> {
    if cfg!(unix) {
        let _ = Command::new("kill").arg(child.id().to_string()).status();
        if wait(child, GRACE)?.is_some() {
            return Ok(());
        }
    }
    child.kill()?;
    child.wait()?;
    Ok(())
}

fn check(command: &Command, status: ExitStatus, advice: &str) -> Result<()> {
    if status.success() {
        return Ok(());
    }
    let end = if advice.is_empty() { String::new() } else { format!("\n{advice}") };
    bail!("`{}` failed ({status}){end}", show(command))
}

fn cannot_start(command: &Command, error: &std::io::Error) -> anyhow::Error {
    let program = command.get_program().to_string_lossy();
    if error.kind() == ErrorKind::NotFound {
        anyhow::anyhow!("`{program}` was not found; install it or put it on PATH")
    } else {
        anyhow::anyhow!("cannot start `{program}`: {error}")
    }
}

/// The command as a person would type it, without the folder of the program.
pub fn show(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let mut text = program.file_name().unwrap_or(program.as_os_str()).to_string_lossy().into_owned();
    for argument in command.get_args() {
        let argument = argument.to_string_lossy();
        text.push(' ');
        text.push_str(if argument.contains('\n') { "..." } else { &argument });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{show, watch};
    use std::process::Command;
    use std::time::{Duration, Instant};

    #[test]
    fn a_command_is_shown_without_its_folder() {
        assert_eq!(show(Command::new("/a/b/tool").args(["-x", "y"])), "tool -x y");
        assert_eq!(show(Command::new("node").args(["-e", "two\nlines"])), "node -e ...");
    }

    #[cfg(unix)]
    #[test]
    fn output_is_kept_and_the_exit_code_noticed() {
        let limit = Duration::from_secs(20);
        let watched = watch(Command::new("sh").args(["-c", "echo one; echo two; exit 3"]), limit).unwrap();
        assert_eq!(watched.stdout, "one\ntwo\n");
        assert!(!watched.success);
    }

    #[cfg(unix)]
    #[test]
    fn a_program_that_hangs_is_stopped() {
        let start = Instant::now();
        let error = watch(Command::new("sleep").arg("60"), Duration::from_millis(200)).err().unwrap();
        assert!(error.to_string().contains("did not end"), "{error}");
        assert!(start.elapsed() < Duration::from_secs(30));
    }

    #[test]
    fn a_program_that_does_not_exist_is_named() {
        let error = watch(&mut Command::new("no-such-program"), Duration::from_secs(1)).err().unwrap();
        assert!(error.to_string().contains("`no-such-program` was not found"), "{error}");
    }
}
