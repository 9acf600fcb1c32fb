//! Python environments with pinned packages.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::log::Log;
use crate::setup::stamp::Stamp;

/// Makes a virtual environment with the packages of a requirements file; returns its `bin`.
pub(crate) fn environment(folder: &Path, requirements: &Path, log: &mut Log) -> Result<PathBuf> {
    let wanted = std::fs::read_to_string(requirements)
        .with_context(|| format!("failed to read {}", requirements.display()))?;
    packages(folder, &wanted, log)
}

/// The same for the text of a requirements file.
pub(crate) fn packages(folder: &Path, wanted: &str, log: &mut Log) -> Result<PathBuf> {
    let bin = folder.join("bin");
    let stamp = Stamp::at(&folder.join("xtask-stamp"), wanted);
    if stamp.is_current() && bin.join("python").exists() {
        return Ok(bin);
    }
    std::fs::create_dir_all(folder)?;
    let list = folder.join("requirements.txt");
    std::fs::write(&list, wanted)?;
    log.run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(folder))?.success()?;
    std::fs::write(&list, wanted)?;
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"];
    log.run(Command::new(bin.join("python")).args(pip).arg(&list))?.success()?;
    stamp.set()?;
    Ok(bin)
}
