//! Running a command with a time limit and a bound on its output.

use std::io::Read;
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, kill_process_group};

use super::OUTPUT_BYTES_MAX;
use crate::memory;

/// How long to wait for the end of a command that has closed its output.
const EXIT_STEP: Duration = Duration::from_millis(5);

/// Standard output of `argv`. The command gets no input, its errors go nowhere, and everything it
/// started is killed when its time is over.
pub(super) fn output(argv: &[String], timeout: Duration) -> Result<String, String> {
    let Some((program, arguments)) = argv.split_first() else {
        return Err("the command is empty".to_owned());
    };
    let deadline = Deadline { at: Instant::now() + timeout, limit: timeout };
    let mut command = Command::new(program);
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .process_group(0);
    let mut child = memory::without_cap(|| command.spawn())
        .map_err(|error| format!("`{program}` cannot be run: {error}"))?;
    let outcome = match child.stdout.take() {
        Some(stdout) => read(stdout, &deadline).and_then(|text| {
            wait(&mut child, &deadline)?;
            Ok(text)
        }),
        None => Err("its output cannot be read".to_owned()),
    };
    // Also after success: what the command left running in the background ends with it.
    end(&mut child);
    outcome.map_err(|problem| format!("`{program}` {problem}"))
}

/// When a command must be done.
struct Deadline {
    at: Instant,
    limit: Duration,
}

impl Deadline {
    fn left(&self) -> Duration {
        self.at.saturating_duration_since(Instant::now())
    }

    fn missed(&self) -> String {
        format!("took longer than {} s", self.limit.as_secs_f64())
    }
}

fn read(mut stdout: ChildStdout, deadline: &Deadline) -> Result<String, String> {
    let failed = |error: String| format!("gave no output: {error}");
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let timeout =
            Timespec::try_from(deadline.left()).map_err(|error| failed(error.to_string()))?;
        let mut sources = [PollFd::new(&stdout, PollFlags::IN)];
        match poll(&mut sources, Some(&timeout)) {
            Ok(0) => return Err(deadline.missed()),
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => continue,
            Err(error) => return Err(failed(error.to_string())),
        }
        let count = stdout.read(&mut buffer).map_err(|error| failed(error.to_string()))?;
        if count == 0 {
            return String::from_utf8(bytes).map_err(|_| "printed what is not UTF-8".to_owned());
        }
        bytes.extend_from_slice(buffer.get(..count).unwrap_or_default());
        if bytes.len() > OUTPUT_BYTES_MAX {
            return Err(format!("printed more than {OUTPUT_BYTES_MAX} bytes"));
        }
    }
}

fn wait(child: &mut Child, deadline: &Deadline) -> Result<(), String> {
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(status)) => return Err(format!("failed ({status})")),
            Ok(None) if deadline.left().is_zero() => return Err(deadline.missed()),
            Ok(None) => std::thread::sleep(EXIT_STEP),
            Err(error) => return Err(format!("cannot be waited for: {error}")),
        }
    }
}

fn end(child: &mut Child) {
    let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    if let Some(group) = group {
        // It is an error, and no harm, that nobody of the group is left.
        kill_process_group(group, Signal::KILL).ok();
    }
    drop(child.wait());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, timeout: Duration) -> Result<String, String> {
        output(&["sh".to_owned(), "-c".to_owned(), script.to_owned()], timeout)
    }

    const LONG: Duration = Duration::from_secs(10);

    #[test]
    fn gives_what_the_command_prints() {
        assert_eq!(shell("echo 5; echo noise >&2", LONG), Ok("5\n".to_owned()));
    }

    #[test]
    fn a_failing_a_missing_and_a_talkative_command_are_told_apart() {
        assert_eq!(shell("echo 5; exit 3", LONG), Err("`sh` failed (exit status: 3)".to_owned()));
        let missing = output(&["/nonexistent/tool".to_owned()], LONG).unwrap_err();
        assert!(missing.starts_with("`/nonexistent/tool` cannot be run: "), "{missing}");
        let talk = shell("while :; do echo 0123456789; done", LONG);
        assert_eq!(talk, Err("`sh` printed more than 65536 bytes".to_owned()));
    }

    #[test]
    fn a_slow_command_is_ended_with_everything_it_started() {
        let started = Instant::now();
        let outcome = shell("sleep 60 & sleep 60", Duration::from_millis(200));
        assert_eq!(outcome, Err("`sh` took longer than 0.2 s".to_owned()));
        let silent = shell("exec >&-; sleep 60", Duration::from_millis(200));
        assert_eq!(silent, Err("`sh` took longer than 0.2 s".to_owned()));
        assert!(started.elapsed() < LONG);
    }
}
