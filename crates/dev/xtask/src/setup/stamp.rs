//! Remembers what was installed, so that a second run needs no network.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// A file that holds what was asked for when an installation succeeded.
#[derive(Debug)]
pub(crate) struct Stamp {
    path: PathBuf,
    wanted: String,
}

impl Stamp {
    pub(crate) fn at(path: &Path, wanted: &str) -> Self {
        Self { path: path.to_owned(), wanted: wanted.to_owned() }
    }

    /// Whether exactly this was installed before.
    pub(crate) fn is_current(&self) -> bool {
        std::fs::read_to_string(&self.path).is_ok_and(|found| found == self.wanted)
    }

    /// Remembers it.
    pub(crate) fn set(&self) -> Result<()> {
        if let Some(folder) = self.path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(&self.path, &self.wanted)
            .with_context(|| format!("failed to write {}", self.path.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_current_until_what_is_wanted_changes() {
        let path = std::env::temp_dir().join(format!("xtask-stamp-{}/a/b", std::process::id()));
        let stamp = Stamp::at(&path, "one==1");
        assert!(!stamp.is_current());
        stamp.set().unwrap();
        assert!(stamp.is_current());
        assert!(!Stamp::at(&path, "one==2").is_current());
    }
}
