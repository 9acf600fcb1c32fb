//! Runs programs with their output in a file, and says plainly that they still run.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::say::say;

/// A program that says nothing for this long is reported as still running.
const REMINDER: Duration = Duration::from_secs(60);

/// The file that takes everything one step prints.
#[derive(Debug)]
pub(crate) struct Log {
    path: PathBuf,
    file: File,
}

/// A program that ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// The command as text.
    pub(crate) shown: String,
    /// Whether it exited with 0.
    pub(crate) ok: bool,
    /// Its exit, for people.
    pub(crate) exit: String,
    /// What it printed on both streams.
    pub(crate) output: String,
}

impl Ended {
    /// Makes any exit but 0 an error.
    pub(crate) fn success(self) -> Result<Self> {
        if !self.ok {
            bail!("`{}` ended with {}", self.shown, self.exit);
        }
        Ok(self)
    }
}

impl Log {
    /// Opens an empty file.
    pub(crate) fn create(path: &Path) -> Result<Self> {
        let open = || {
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder)?;
            }
            File::create(path)?;
            // Appending, so that our notes and the programs' output keep their order.
            OpenOptions::new().append(true).open(path)
        };
        let file = open().with_context(|| format!("failed to open {}", path.display()))?;
        Ok(Self { path: path.to_owned(), file })
    }

    /// Writes a line of our own.
    pub(crate) fn note(&mut self, text: &str) -> Result<()> {
        writeln!(self.file, "{text}")
            .with_context(|| format!("failed to write {}", self.path.display()))
    }

    /// Everything so far.
    pub(crate) fn read(&self) -> Result<String> {
        self.read_from(0)
    }

    /// Runs a program to its end.
    pub(crate) fn run(&mut self, command: &mut Command) -> Result<Ended> {
        let shown = shown(command);
        self.note(&format!("$ {shown}"))?;
        let start = self.file.seek(SeekFrom::End(0))?;
        let mut child = command
            .stdin(Stdio::null())
            .stdout(self.file.try_clone()?)
            .stderr(self.file.try_clone()?)
            .spawn()
            .with_context(|| format!("failed to start `{shown}`"))?;
        let started = Instant::now();
        let mut reminded = started;
        let status = loop {
            if let Some(status) = child.try_wait()? {
                break status;
            }
            if reminded.elapsed() >= REMINDER {
                reminded = Instant::now();
                let output = self.read_from(start)?;
                let last = output.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("");
                let last: String = last.trim().chars().take(100).collect();
                say!("      … {} s: {last}", started.elapsed().as_secs());
            }
            std::thread::sleep(Duration::from_millis(50));
        };
        let output = self.read_from(start)?;
        Ok(Ended { shown, ok: status.success(), exit: status.to_string(), output })
    }

    fn read_from(&self, start: u64) -> Result<String> {
        let read = || {
            let mut file = File::open(&self.path)?;
            file.seek(SeekFrom::Start(start))?;
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes)?;
            std::io::Result::Ok(bytes)
        };
        let bytes = read().with_context(|| format!("failed to read {}", self.path.display()))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

/// A command as a person would type it.
pub(crate) fn shown(command: &Command) -> String {
    let mut words = vec![command.get_program().to_string_lossy().into_owned()];
    words.extend(command.get_args().map(|arg| arg.to_string_lossy().into_owned()));
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_of_both_streams_is_kept_and_the_exit_told() {
        let path = std::env::temp_dir().join(format!("xtask-log-{}", std::process::id()));
        let mut log = Log::create(&path).unwrap();
        let ended =
            log.run(Command::new("sh").args(["-c", "echo out; echo err >&2; exit 3"])).unwrap();
        assert!(!ended.ok);
        assert_eq!(ended.output, "out\nerr\n");
        let again = log.run(Command::new("sh").args(["-c", "echo more"])).unwrap();
        assert_eq!(again.output, "more\n");
        assert!(log.read().unwrap().starts_with("$ sh -c echo out"));
        let error = ended.success().unwrap_err().to_string();
        assert!(error.contains("exit status: 3"), "{error}");
        std::fs::remove_file(path).unwrap();
    }
}
