//! `cargo xtask up`: the whole product from a checkout.

use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result, bail};

use crate::log::Log;
use crate::npm::Npm;
use crate::say::say;
use crate::setup::{Tools, debian};
use crate::workspace::Workspace;

pub(crate) fn run(workspace: &Workspace, args: &[String]) -> Result<ExitCode> {
    let mut log = Log::create(&workspace.cache().join("logs/up.log"))?;
    if let Err(error) = console(workspace, &mut log) {
        say!("{}", log.read()?.trim_end());
        return Err(error);
    }
    say!("==> building the release binary");
    release(workspace)?;
    let binary = workspace.target.join("release/picket");
    // From here on the process is picket's: signals and the exit code too.
    let error = Command::new(&binary).args(["up", "--demo"]).args(args).exec();
    Err(error).with_context(|| format!("failed to start {}", binary.display()))
}

fn console(workspace: &Workspace, log: &mut Log) -> Result<()> {
    say!("==> building the console");
    debian::ensure(debian::BUILD, log)?;
    let tools = Tools::default().with_node(workspace, log)?;
    let npm = Npm::open(workspace, &tools, log)?;
    log.run(&mut npm.script("build"))?.success()?;
    Ok(())
}

/// Builds everything in release, with cargo's own output in sight. The whole workspace, whatever is run
/// of it: with another selection the search engine would be built again with other features.
pub(crate) fn release(workspace: &Workspace) -> Result<()> {
    let mut command = Command::new("cargo");
    command.current_dir(&workspace.root).args(["build", "--release", "--locked", "--workspace"]);
    let status = command.status().context("failed to run cargo build")?;
    if !status.success() {
        bail!("the release build failed");
    }
    Ok(())
}
