//! Refusing a write before the disk is full.
//!
//! The engine cannot go on after a failed journal write. So the committer looks at the free space
//! first and turns a write away while turning away is still harmless.

use std::path::Path;
use std::time::{Duration, Instant};

const FRESH: Duration = Duration::from_millis(200);

/// Knows the free space of one file system, at most [`FRESH`] old.
#[derive(Debug)]
pub(crate) struct FreeSpace {
    free_bytes_min: u64,
    free_bytes: u64,
    looked: Option<Instant>,
    was_full: bool,
}

impl FreeSpace {
    pub(crate) const fn new(free_bytes_min: u64) -> Self {
        Self { free_bytes_min, free_bytes: 0, looked: None, was_full: false }
    }

    /// Whether `bytes` more may be written below `path`. Logs once when that changes.
    pub(crate) fn allows(&mut self, path: &Path, bytes: u64) -> bool {
        if self.looked.is_none_or(|looked| looked.elapsed() > FRESH) {
            self.looked = Some(Instant::now());
            self.free_bytes = match rustix::fs::statvfs(path) {
                Ok(fs) => fs.f_bavail.saturating_mul(fs.f_frsize),
                Err(error) => {
                    tracing::warn!(%error, path = %path.display(), "free disk space is unknown");
                    u64::MAX
                }
            };
        }
        let full = self.free_bytes < self.free_bytes_min.saturating_add(bytes);
        if full != self.was_full {
            self.was_full = full;
            if full {
                tracing::error!(free_bytes = self.free_bytes, free_bytes_min = self.free_bytes_min,
                    path = %path.display(), "the disk is full: writes are refused until space is freed");
            } else {
                tracing::info!(
                    free_bytes = self.free_bytes,
                    "the disk has space again: writes are taken"
                );
            }
        }
        self.free_bytes = self.free_bytes.saturating_sub(bytes);
        !full
    }
}
