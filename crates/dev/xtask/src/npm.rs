//! The console's npm project.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::log::Log;
use crate::setup::Tools;
use crate::setup::stamp::Stamp;
use crate::workspace::Workspace;

/// The npm project, ready for its scripts.
#[derive(Debug)]
pub(crate) struct Npm<'a> {
    folder: PathBuf,
    tools: &'a Tools,
}

impl<'a> Npm<'a> {
    /// Installs the packages of the lock file unless they are there.
    pub(crate) fn open(workspace: &Workspace, tools: &'a Tools, log: &mut Log) -> Result<Self> {
        let folder = workspace.root.join("console");
        let lock = folder.join("package-lock.json");
        let wanted = std::fs::read_to_string(&lock)
            .with_context(|| format!("failed to read {}", lock.display()))?;
        let stamp = Stamp::at(&folder.join("node_modules/.xtask-stamp"), &wanted);
        let npm = Self { folder, tools };
        if !stamp.is_current() {
            log.run(npm.command().args(["ci", "--no-audit", "--no-fund"]))?.success()?;
            stamp.set()?;
        }
        Ok(npm)
    }

    /// `npm run SCRIPT`.
    pub(crate) fn script(&self, name: &str) -> Command {
        let mut command = self.command();
        command.args(["run", name]);
        command
    }

    fn command(&self) -> Command {
        let mut command = self.tools.command("npm");
        // Some packages try to fetch a browser of their own; the machine's is used.
        command
            .current_dir(&self.folder)
            .env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")
            .env("PUPPETEER_SKIP_DOWNLOAD", "1")
            .env("NO_COLOR", "1");
        command
    }
}
