//! Reading the kernel's tables, with bounds.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// Most lines of one table. A gateway with more sockets reports what it has read so far.
const LINES_MAX: usize = 200_000;
/// Longest line, in bytes; the rest of a longer one is skipped.
const LINE_BYTES_MAX: u64 = 1024;

/// Where the kernel's tables are: `/proc`, or a copy of it in tests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Procfs {
    root: PathBuf,
}

/// A table could not be read.
#[derive(Debug, thiserror::Error)]
#[error("{path} cannot be read: {cause}")]
pub struct ProcfsError {
    /// The table.
    pub path: String,
    /// The system's words.
    pub cause: std::io::Error,
}

impl Default for Procfs {
    fn default() -> Self {
        Self::at("/proc")
    }
}

impl Procfs {
    /// The tables below `root`.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Where the tables are.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Hands each line of a table to `take`. A table that is not there has no lines: IPv6 may be off.
    pub(crate) fn lines(&self, table: &str, mut take: impl FnMut(&str)) -> Result<(), ProcfsError> {
        let path = self.root.join(table);
        let fail = |cause| ProcfsError { path: path.display().to_string(), cause };
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(fail(error)),
        };
        let mut reader = BufReader::with_capacity(4096, file);
        let mut line = Vec::new();
        for _ in 0..LINES_MAX {
            line.clear();
            let count =
                reader.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut line).map_err(fail)?;
            if count == 0 {
                break;
            }
            if let Ok(text) = std::str::from_utf8(&line) {
                take(text.trim_end());
            }
        }
        Ok(())
    }
}
