//! How long each suite took the last time, so that a run can say how long it will take.

use crate::workspace::{read, write, Workspace};
use anyhow::Result;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;
use std::time::Duration;

/// For a suite that was never timed.
const UNKNOWN: Duration = Duration::from_secs(10);

/// The times of the suites.
pub struct Durations {
    file: PathBuf,
    /// Seconds, by the name of the suite.
    table: BTreeMap<String, f64>,
    /// Whether they were taken on this machine.
    own: bool,
}

impl Durations {
    /// The times of the last run here; without one, those that the repository brings along.
    pub fn read(workspace: &Workspace) -> Result<Self> {
        let file = workspace.target().join("durations.txt");
        let mut table = parse(&read(&workspace.root.join("xtask/durations.txt"))?);
        let recorded = parse(&std::fs::read_to_string(&file).unwrap_or_default());
        let own = !recorded.is_empty();
        table.extend(recorded);
        Ok(Self { file, table, own })
    }

    /// How long a suite is expected to take.
    pub fn of(&self, name: &str) -> Duration {
        self.table.get(name).map_or(UNKNOWN, |seconds| Duration::from_secs_f64(*seconds))
    }

    /// What a run says at its start.
    pub fn announce(&self, total: Duration) -> String {
        let total = spoken(total);
        if self.own {
            return format!("about {total}, going by the last run on this machine");
        }
        format!("about {total} on 2 cores; the first run takes longer, since it installs and compiles what is missing")
    }

    /// Keeps a time, at once: a run that is stopped has taken its times all the same.
    pub fn record(&mut self, name: &str, time: Duration) -> Result<()> {
        self.table.insert(name.to_owned(), time.as_secs_f64());
        write(&self.file, print(&self.table))
    }
}

/// Reads lines of a name and seconds; other lines say nothing.
fn parse(text: &str) -> BTreeMap<String, f64> {
    let read = |line: &str| -> Option<(String, f64)> {
        let (name, seconds) = line.rsplit_once(' ')?;
        let seconds = seconds.parse().ok().filter(|seconds| (0.0..86_400.0).contains(seconds))?;
        Some((name.trim_end().to_owned(), seconds))
    };
    text.lines().filter_map(read).collect()
}

fn print(table: &BTreeMap<String, f64>) -> String {
    table.iter().fold(String::new(), |mut text, (name, seconds)| {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{name} {seconds:.1}");
        text
    })
}

/// A time as a person says it: `40 s`, `4 min 10 s`, `1 h 20 min`.
pub fn spoken(time: Duration) -> String {
    let seconds = time.as_secs_f64().round() as u64;
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, 0) => format!("{minutes} min"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::{parse, print, spoken, Durations, UNKNOWN};
    use std::time::Duration;

    #[test]
    fn times_are_read_as_they_are_printed_and_nonsense_is_no_time() {
        let text = "apps-environments --all 1200.5\nnative 60.0\n";
        let table = parse(text);
        assert_eq!(print(&table), text);
        assert!(parse("# comment\nnative fast\nnative -3\nnative 1e99\nnative NaN\n\n").is_empty());
        let durations = Durations { file: "nowhere".into(), table, own: false };
        assert_eq!(durations.of("native"), Duration::from_mins(1));
        assert_eq!(durations.of("fuzz"), UNKNOWN);
    }

    #[test]
    fn times_are_spoken() {
        let spoken = |seconds| spoken(Duration::from_secs_f64(seconds));
        assert_eq!([0.2, 59.6, 250.0, 4830.0].map(spoken), ["0 s", "1 min", "4 min 10 s", "1 h 20 min"]);
    }
}
