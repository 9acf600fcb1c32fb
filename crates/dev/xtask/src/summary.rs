//! What a run of steps came to.

use std::process::ExitCode;
use std::time::Duration;

use crate::say::say;
use crate::tally::Tally;

/// A step that ran.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) name: &'static str,
    pub(crate) time: Duration,
    pub(crate) tally: Tally,
    /// All its output, if it failed.
    pub(crate) failure: Option<String>,
}

impl Finished {
    /// One line for people.
    pub(crate) fn line(&self) -> String {
        let result = if self.failure.is_some() { "FAILED" } else { "ok" };
        format!("{result:<6} {:>7}   {}", shown(self.time), self.tally)
    }
}

/// Prints the output of failed steps, the table, and the closing line.
pub(crate) fn print(finished: &[Finished]) -> ExitCode {
    for step in finished {
        if let Some(output) = &step.failure {
            say!("\n---- {} failed; its output:\n{}", step.name, output.trim_end());
            say!("---- end of {}", step.name);
        }
    }
    say!("");
    let mut sum = Tally::default();
    let mut time = Duration::ZERO;
    for step in finished {
        say!("{:<9} {}", step.name, step.line());
        sum += step.tally;
        time += step.time;
    }
    say!("{:<9} {:<6} {:>7}\n", "all", "", shown(time));
    say!("{sum}");
    let has_failed = sum.failed > 0 || finished.iter().any(|step| step.failure.is_some());
    if has_failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// A duration as `12.3 s` or `4 min 05 s`.
fn shown(time: Duration) -> String {
    let seconds = time.as_secs();
    if seconds < 60 {
        format!("{:.1} s", time.as_secs_f64())
    } else {
        format!("{} min {:02} s", seconds / 60, seconds % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_well() {
        assert_eq!(shown(Duration::from_millis(12_340)), "12.3 s");
        assert_eq!(shown(Duration::from_secs(245)), "4 min 05 s");
    }

    #[test]
    fn a_failed_step_fails_the_run() {
        let step = |failure: Option<&str>| Finished {
            name: "unit",
            time: Duration::ZERO,
            tally: Tally { passed: 1, failed: u64::from(failure.is_some()), skipped: 0 },
            failure: failure.map(str::to_owned),
        };
        assert_eq!(print(&[step(None)]), ExitCode::SUCCESS);
        assert_eq!(print(&[step(None), step(Some("boom"))]), ExitCode::FAILURE);
    }
}
