//! The steps of `cargo xtask test`, in their order.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::log::{Ended, Log};
use crate::npm::Npm;
use crate::setup::{self, Tools, debian};
use crate::tally::{Runner, Tally};
use crate::workspace::Workspace;
use crate::{layers, tidy};

/// One named step.
pub(crate) struct Step {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) run: fn(&mut Cx<'_>) -> Result<()>,
}

/// What a step works with.
pub(crate) struct Cx<'a> {
    pub(crate) workspace: &'a Workspace,
    /// Takes all output of the step.
    pub(crate) log: Log,
    /// What the step counted so far.
    pub(crate) tally: Tally,
}

const fn step(name: &'static str, about: &'static str, run: fn(&mut Cx<'_>) -> Result<()>) -> Step {
    Step { name, about, run }
}

/// Every step. Cheap ones first; the console before anything that builds it in; lints before the long build.
pub(crate) const ALL: &[Step] = &[
    step("format", "rustfmt", format),
    step("layers", "no crate reaches upward", layers_hold),
    step("tidy", "house rules that no lint knows", tidiness),
    step("licences", "licences and sources of dependencies, by cargo-deny", licences),
    step("console", "the console's lint, unit tests and build", console),
    step("clippy", "lints, warnings are errors", clippy),
    step("build", "every binary and test", build),
    step("unit", "unit, property and conformance tests", unit),
    step("e2e", "the binary with real clients", e2e),
    step("browser", "the console in a real browser", browser),
];

impl Cx<'_> {
    /// Runs a program that must succeed.
    fn must(&mut self, command: &mut Command) -> Result<Ended> {
        self.log.run(command)?.success()
    }

    /// Runs a check that counts as one test.
    fn check(&mut self, command: &mut Command) -> Result<()> {
        self.must(command)?;
        self.tally += Tally::ONE;
        Ok(())
    }

    /// Runs a test runner and adds its counts, whether it succeeds or not.
    fn tests(&mut self, runner: Runner, command: &mut Command) -> Result<()> {
        let ended = self.log.run(command)?;
        let tally = runner.count(&ended.output);
        self.tally += tally.unwrap_or_default();
        ended.success()?;
        if tally.is_none() {
            bail!("no closing line of the test runner was found in its output");
        }
        Ok(())
    }

    fn cargo(&self, args: &[&str]) -> Command {
        let mut command = Command::new("cargo");
        command.current_dir(&self.workspace.root).env("CARGO_TERM_COLOR", "never").args(args);
        command
    }
}

fn format(cx: &mut Cx<'_>) -> Result<()> {
    let mut command = cx.cargo(&["fmt", "--all", "--check", "--", "--color", "never"]);
    cx.check(&mut command)
}

fn layers_hold(cx: &mut Cx<'_>) -> Result<()> {
    layers::check(cx.workspace)?;
    cx.tally += Tally::ONE;
    Ok(())
}

fn tidiness(cx: &mut Cx<'_>) -> Result<()> {
    tidy::check(cx.workspace)?;
    cx.tally += Tally::ONE;
    Ok(())
}

/// Advisories are left out: their database is on the network, and a run must not depend on it.
fn licences(cx: &mut Cx<'_>) -> Result<()> {
    let tools = Tools::default().with_deny(cx.workspace, &mut cx.log)?;
    let mut command = tools.command("cargo-deny");
    command.current_dir(&cx.workspace.root).args(["--all-features", "--locked", "check"]);
    cx.check(command.args(["--hide-inclusion-graph", "licenses", "bans", "sources"]))
}

fn console(cx: &mut Cx<'_>) -> Result<()> {
    let tools = Tools::default().with_node(cx.workspace, &mut cx.log)?;
    let npm = Npm::open(cx.workspace, &tools, &mut cx.log)?;
    // All three, so that one run tells everything and what embeds the build has it.
    let lint = cx.check(&mut npm.script("lint"));
    let tests = cx.tests(Runner::Vitest, &mut npm.script("test"));
    let built = cx.check(&mut npm.script("build"));
    lint.and(tests).and(built)
}

fn clippy(cx: &mut Cx<'_>) -> Result<()> {
    let mut command = cx.cargo(&["clippy", "--workspace", "--all-targets", "--locked"]);
    cx.check(command.args(["--", "-D", "warnings"]))
}

/// The same selection as the test run, so that nothing is built twice with other features.
fn build(cx: &mut Cx<'_>) -> Result<()> {
    let mut command = cx.cargo(&["build", "--workspace", "--locked"]);
    cx.check(command.args(["--bins", "--tests", "--examples"]))
}

fn unit(cx: &mut Cx<'_>) -> Result<()> {
    if setup::find("cargo-nextest").is_some() {
        let mut command =
            cx.cargo(&["nextest", "run", "--workspace", "--locked", "--no-fail-fast"]);
        cx.tests(Runner::Nextest, command.args(["--color", "never"]))?;
        let mut command = cx.cargo(&["test", "--workspace", "--locked", "--doc", "--no-fail-fast"]);
        return cx.tests(Runner::CargoTest, &mut command);
    }
    let mut command = cx.cargo(&["test", "--workspace", "--locked", "--no-fail-fast"]);
    cx.tests(Runner::CargoTest, &mut command)
}

fn e2e(cx: &mut Cx<'_>) -> Result<()> {
    let binary = binary(cx)?;
    let tools = Tools::default().with_clients(cx.workspace, &mut cx.log)?;
    let mut command = pytest(cx, &tools, binary);
    cx.tests(Runner::Pytest, command.args(["--ignore=browser", "--durations=10"]))
}

fn browser(cx: &mut Cx<'_>) -> Result<()> {
    let binary = binary(cx)?;
    debian::ensure(debian::BROWSER, &mut cx.log)?;
    let tools = Tools::default().with_node(cx.workspace, &mut cx.log)?;
    let tools = tools.with_clients(cx.workspace, &mut cx.log)?;
    Npm::open(cx.workspace, &tools, &mut cx.log)?;
    let mut command = pytest(cx, &tools, binary);
    command.env("PICKET_E2E_SCREENSHOTS", cx.workspace.cache().join("pictures"));
    cx.tests(Runner::Pytest, command.arg("browser"))
}

fn pytest(cx: &Cx<'_>, tools: &Tools, binary: PathBuf) -> Command {
    let mut command = tools.command("python");
    command.args(["-m", "pytest", "--color=no", "-ra"]);
    command.current_dir(cx.workspace.root.join("e2e")).env("PICKET_BIN", binary);
    command
}

/// The debug binary, built now unless `PICKET_BIN` names one.
fn binary(cx: &mut Cx<'_>) -> Result<PathBuf> {
    if let Some(binary) = std::env::var_os("PICKET_BIN") {
        return std::path::absolute(binary).context("PICKET_BIN is not a path");
    }
    let mut command = cx.cargo(&["build", "--workspace", "--locked"]);
    cx.must(command.args(["--bins", "--tests", "--examples"]))?;
    Ok(cx.workspace.target.join("debug/picket"))
}
