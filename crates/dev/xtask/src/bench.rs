//! `cargo xtask bench`: the measurements, in release.

use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result, bail};

use crate::log::Log;
use crate::say::say;
use crate::setup::{debian, python};
use crate::up::release;
use crate::workspace::Workspace;

/// The package of the benches.
const PACKAGE: &str = "picket-bench";
/// Detection is measured by itself: it needs neither the server nor what that is built of.
const DETECT: &str = "detect";

pub(crate) fn run(workspace: &Workspace, args: &[String]) -> Result<ExitCode> {
    if let Some((case, rest)) = args.split_first()
        && case == DETECT
    {
        return detect(workspace, rest);
    }
    if !workspace.packages.iter().any(|package| package.name == PACKAGE) {
        bail!("there are no benches in this checkout: no crate is named {PACKAGE}");
    }
    let mut log = Log::create(&workspace.cache().join("logs/bench.log"))?;
    if let Err(error) = debian::ensure(debian::BENCH, &mut log) {
        say!("{}", log.read()?.trim_end());
        return Err(error);
    }
    let requirements = workspace.root.join("crates/dev/bench/requirements.txt");
    let python = python::environment(&workspace.cache().join("bench"), &requirements, &mut log)?;
    release(workspace)?;
    let folder = workspace.target.join("release");
    let error = Command::new(folder.join(PACKAGE))
        .args(args)
        .current_dir(&workspace.root)
        .env("PICKET_BIN", folder.join("picket"))
        .env("PICKET_BENCH_PYTHON", python)
        .exec();
    Err(error).with_context(|| format!("failed to start {PACKAGE}"))
}

/// `cargo xtask bench detect`: reports per second, bytes of state, time to an alarm, recovery.
fn detect(workspace: &Workspace, args: &[String]) -> Result<ExitCode> {
    let example = ["run", "--release", "-p", "picket-detect", "--example", "detect_rate", "--"];
    let error = Command::new("cargo").args(example).args(args).current_dir(&workspace.root).exec();
    Err(error).context("failed to start cargo")
}
