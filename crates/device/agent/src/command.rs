//! Runs what the command line asks for.

use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use picket_core::{Clock, SystemClock};
use serde_json::json;

use crate::agent::{Agent, AgentError};
use crate::args::{AgentArgs, AgentCommand, OnceArgs, RunArgs, SettingArgs};
use crate::check::{StepOutcome, check, has_passed};
use crate::config::AgentConfig;
use crate::memory;

/// Everything went well.
pub const EXIT_OK: u8 = 0;
/// It did not.
pub const EXIT_FAILED: u8 = 1;
/// The command line or the configuration is wrong.
pub const EXIT_USAGE: u8 = 2;
/// The server knows us and does not let us.
pub const EXIT_DENIED: u8 = 5;

/// Runs the agent and returns the process's exit code. Results go to standard output, as JSON lines if
/// `json`; messages go to the log and, for a failure, one line to standard error.
pub fn execute(args: AgentArgs, json: bool) -> u8 {
    let outcome = match args.command {
        None => run(args.run, json),
        Some(AgentCommand::Run(args)) => run(args, json),
        Some(AgentCommand::Once(args)) => once(args, json),
        Some(AgentCommand::Check(settings)) => run_check(settings, json),
    };
    match outcome {
        Ok(code) => code,
        Err(failure) => {
            complain(&failure.message, json);
            failure.code
        }
    }
}

struct Failure {
    code: u8,
    message: String,
}

impl From<AgentError> for Failure {
    fn from(error: AgentError) -> Self {
        let denied = matches!(&error, AgentError::Connection(cause) if cause.is_denied());
        let code = if denied { EXIT_DENIED } else { EXIT_FAILED };
        Self { code, message: error.to_string() }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self { code: EXIT_FAILED, message: format!("standard output: {error}") }
    }
}

fn settings(args: SettingArgs) -> Result<AgentConfig, Failure> {
    args.load().map_err(|error| Failure { code: EXIT_USAGE, message: error.to_string() })
}

fn run(args: RunArgs, json: bool) -> Result<u8, Failure> {
    if args.once {
        return once(args.report, json);
    }
    let config = settings(args.report.settings)?;
    let stop = stop_on_signals()?;
    cap_memory(&config);
    let agent = Agent::new(&config, &SystemClock, &stop);
    if args.report.dry_run {
        agent.dry_run_forever(|report| {
            if let Err(error) = print_report(report) {
                tracing::error!(%error, "the report could not be printed");
            }
        })?;
    } else {
        agent.run()?;
    }
    Ok(EXIT_OK)
}

fn once(args: OnceArgs, json: bool) -> Result<u8, Failure> {
    let sample = args.sample();
    let config = settings(args.settings)?;
    cap_memory(&config);
    let stop = AtomicBool::new(false);
    let agent = Agent::new(&config, &SystemClock, &stop);
    if args.dry_run {
        print_report(&agent.dry_run(sample)?)?;
        return Ok(EXIT_OK);
    }
    let answer = agent.once(sample)?;
    let report_id = answer.report_id.unwrap_or_default();
    let mut out = io::stdout().lock();
    if json {
        let answer = json!({
            "thingName": answer.thing_name, "reportId": report_id, "status": "ACCEPTED",
        });
        writeln!(out, "{answer}")?;
    } else {
        writeln!(out, "report {report_id} of {} accepted", answer.thing_name)?;
    }
    Ok(EXIT_OK)
}

fn run_check(args: SettingArgs, json: bool) -> Result<u8, Failure> {
    let config = settings(args)?;
    let clock: &dyn Clock = &SystemClock;
    let steps = check(&config, clock);
    let mut out = io::stdout().lock();
    for step in &steps {
        let (status, text, advice) = match &step.outcome {
            StepOutcome::Passed(text) => ("ok", text.as_str(), None),
            StepOutcome::Noted(text) => ("note", text.as_str(), None),
            StepOutcome::Failed { problem, advice } => {
                ("failed", problem.as_str(), Some(advice.as_str()))
            }
            StepOutcome::Skipped => ("skipped", "not tried", None),
        };
        if json {
            let line =
                json!({ "step": step.name, "status": status, "text": text, "advice": advice });
            writeln!(out, "{line}")?;
            continue;
        }
        writeln!(out, "{status:<8}{:<16}{text}", step.name)?;
        if let Some(advice) = advice {
            writeln!(out, "{:<24}what to do: {advice}", "")?;
        }
    }
    Ok(if has_passed(&steps) { EXIT_OK } else { EXIT_FAILED })
}

fn stop_on_signals() -> Result<Arc<AtomicBool>, Failure> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGTERM, signal_hook::consts::SIGINT] {
        signal_hook::flag::register(signal, stop.clone()).map_err(|error| Failure {
            code: EXIT_FAILED,
            message: format!("signals cannot be handled: {error}"),
        })?;
    }
    Ok(stop)
}

fn cap_memory(config: &AgentConfig) {
    let Some(mib) = config.memory_max_mib else { return };
    match memory::cap(mib) {
        Ok(set) if set > mib => {
            tracing::warn!(asked_mib = mib, set_mib = set, "memory cap raised to what is in use");
        }
        Ok(set) => tracing::debug!(set_mib = set, "memory capped"),
        Err(error) => tracing::warn!(%error, "memory is not capped"),
    }
}

/// CBOR is printed in hex on a terminal and as it is elsewhere.
fn print_report(report: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if report.first() == Some(&b'{') {
        out.write_all(report)?;
        out.write_all(b"\n")?;
    } else if out.is_terminal() {
        for byte in report {
            write!(out, "{byte:02x}")?;
        }
        writeln!(out)?;
    } else {
        out.write_all(report)?;
    }
    out.flush()
}

fn complain(message: &str, json: bool) {
    let mut err = io::stderr().lock();
    let line =
        if json { json!({ "error": message }).to_string() } else { format!("error: {message}") };
    // Nothing is left to be told if standard error is closed.
    drop(writeln!(err, "{line}"));
}
