//! `cargo xtask test`: runs the steps and sums them up.

use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Result, bail};

use crate::log::Log;
use crate::say::say;
use crate::steps::{ALL, Cx, Step};
use crate::summary::{Finished, print};
use crate::tally::Tally;
use crate::workspace::Workspace;

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Runs these steps only
    #[arg(long, value_delimiter = ',', value_name = "STEP,…")]
    only: Vec<String>,
    /// Leaves these steps out
    #[arg(long, value_delimiter = ',', value_name = "STEP,…")]
    skip: Vec<String>,
    /// Names the steps and runs none
    #[arg(long)]
    list: bool,
}

pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<ExitCode> {
    if options.list {
        for step in ALL {
            say!("{:<9} {}", step.name, step.about);
        }
        return Ok(ExitCode::SUCCESS);
    }
    let mut finished = Vec::new();
    for step in chosen(options)? {
        say!("==> {}: {}", step.name, step.about);
        let result = run_step(workspace, step)?;
        say!("    {}", result.line());
        finished.push(result);
    }
    Ok(print(&finished))
}

/// The steps of the options, in their order.
fn chosen(options: &Options) -> Result<Vec<&'static Step>> {
    for name in options.only.iter().chain(&options.skip) {
        if !ALL.iter().any(|step| step.name == name) {
            let names: Vec<_> = ALL.iter().map(|step| step.name).collect();
            bail!("no step `{name}`; the steps are {}", names.join(", "));
        }
    }
    let is_named = |names: &[String], step: &Step| names.iter().any(|name| name == step.name);
    Ok(ALL
        .iter()
        .filter(|step| options.only.is_empty() || is_named(&options.only, step))
        .filter(|step| !is_named(&options.skip, step))
        .collect())
}

fn run_step(workspace: &Workspace, step: &Step) -> Result<Finished> {
    let log = Log::create(&workspace.cache().join("logs").join(format!("{}.log", step.name)))?;
    let mut cx = Cx { workspace, log, tally: Tally::default() };
    let started = Instant::now();
    let result = (step.run)(&mut cx);
    let mut tally = cx.tally;
    if let Err(error) = &result {
        cx.log.note(&format!("{error:#}"))?;
        // A step that fails without a failed test is one failure itself.
        tally.failed = tally.failed.max(1);
    }
    Ok(Finished {
        name: step.name,
        time: started.elapsed(),
        tally,
        failure: result.err().map(|_| cx.log.read()).transpose()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(only: &[&str], skip: &[&str]) -> Options {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Options { only: owned(only), skip: owned(skip), list: false }
    }

    fn names(options: &Options) -> Vec<&'static str> {
        chosen(options).unwrap().iter().map(|step| step.name).collect()
    }

    #[test]
    fn steps_run_in_their_order_whatever_the_order_asked_for() {
        assert_eq!(names(&options(&["unit", "format"], &[])), ["format", "unit"]);
        assert_eq!(names(&options(&["unit", "format"], &["unit"])), ["format"]);
        assert_eq!(names(&options(&[], &[])).len(), ALL.len());
    }

    #[test]
    fn an_unknown_step_is_an_error_that_names_them_all() {
        let error = chosen(&options(&[], &["unti"])).map(|_| ()).unwrap_err().to_string();
        assert!(error.contains("`unti`") && error.contains("unit"), "{error}");
    }
}
