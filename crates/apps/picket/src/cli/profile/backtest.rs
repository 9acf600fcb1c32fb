//! `picket profile backtest`: who would have alarmed.

use std::io::{self, Write as _};
use std::path::PathBuf;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use picket_core::Timestamp;
use serde_json::{Map, Value};

use super::{chart, file, picked};
use crate::cli::output::{self, Format};
use crate::cli::{Failure, ServerArgs};
use crate::client::ConsoleClient;

/// Alarms that are listed.
const ALARMS_SHOWN: usize = 20;
const BEHAVIOR_FIELDS: &[&str] =
    &["behavior", "datapoints", "violating", "alarms", "devices", "note"];
const ALARM_FIELDS: &[&str] = &["started", "ended", "thing", "behavior", "explanation"];

/// What to try, and on how much.
#[derive(Debug, Args)]
pub(super) struct BacktestArgs {
    /// The profile: JSON in AWS's shape, such as the input of create-security-profile or the output of
    /// describe-security-profile
    file: PathBuf,
    /// How far back, for example 24h, 7d or 30d; less where less is stored
    #[arg(long, value_name = "TIME", default_value = "7d")]
    last: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArgs,
}

/// Runs the command.
pub(super) fn run(args: &BacktestArgs) -> Result<(), Failure> {
    let (name, document) = file::read(&args.file)?;
    let client = ConsoleClient::open(&args.server)?;
    // Draws on a terminal only.
    let bar = ProgressBar::new(0);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos} of about {len} records, {eta}")
    {
        bar.set_style(style);
    }
    let tried = client.backtest(&name, &document, &args.last, |done, all| {
        bar.set_length(all);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    let report = tried?;
    tell_what_is_missing(&report, &args.last);
    if args.json {
        return output::print_json(&report);
    }
    print(&report)
}

fn print(report: &Value) -> Result<(), Failure> {
    let list = |name: &str| report.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    let rows: Vec<_> = list("behaviors").iter().map(behavior).collect();
    let fields = |names: &[&str]| names.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
    output::print(Format::Table, &fields(BEHAVIOR_FIELDS), &rows)?;
    let hours: Vec<(i64, u64)> = list("by_hour")
        .iter()
        .filter_map(|hour| Some((hour.get("start_ms")?.as_i64()?, hour.get("alarms")?.as_u64()?)))
        .collect();
    let (from, to) = (ms(report, "from_ms"), ms(report, "to_ms"));
    if let Some((row, wide, most)) = chart::bars(from, to, &hours) {
        let each = if wide == 1 { "hour".to_owned() } else { format!("{wide} hours") };
        output::print_line(&format!(
            "\nalarms by {each}, {most} at most\n|{row}|\n{} to {}",
            minute(from),
            minute(to)
        ))?;
    }
    let alarms = list("alarms");
    if !alarms.is_empty() {
        output::print_line("")?;
        let rows: Vec<_> = alarms.iter().take(ALARMS_SHOWN).map(alarm).collect();
        output::print(Format::Table, &fields(ALARM_FIELDS), &rows)?;
    }
    let all: u64 = hours.iter().map(|(_, alarms)| alarms).sum();
    let number = |name: &str| report.get(name).and_then(Value::as_u64).unwrap_or(0);
    let (devices, datapoints) = (number("devices"), number("datapoints"));
    let shown = alarms.len().min(ALARMS_SHOWN);
    let text =
        format!("alarms: {all}, {shown} shown; datapoints: {datapoints}; devices: {devices}");
    writeln!(io::stderr(), "{text}").ok();
    Ok(())
}

fn behavior(outcome: &Value) -> Map<String, Value> {
    let mut row = picked(outcome, BEHAVIOR_FIELDS);
    if outcome.get("without_data") == Some(&Value::Bool(true)) {
        let note = "nothing is stored that it could look at";
        row.insert("note".to_owned(), Value::from(note));
    }
    row
}

fn alarm(alarm: &Value) -> Map<String, Value> {
    let mut row = picked(alarm, ALARM_FIELDS);
    row.insert("started".to_owned(), Value::from(minute(ms(alarm, "started_ms"))));
    let ended = alarm.get("ended_ms").and_then(Value::as_i64);
    row.insert("ended".to_owned(), Value::from(ended.map_or("active".to_owned(), minute)));
    row
}

/// Less may be stored than was asked for.
fn tell_what_is_missing(report: &Value, last: &str) {
    let (from, to) = (ms(report, "from_ms"), ms(report, "to_ms"));
    let missing = asked_ms(last).unwrap_or(0) - (to - from);
    // What is stored begins with a day, so that a moment is of no account.
    if missing > 60_000 {
        let from = minute(from);
        let text = format!("picket: datapoints are stored since {from}; {last} were asked for");
        writeln!(io::stderr(), "{text}").ok();
    }
}

/// `30d` in milliseconds. The server has taken it for a time.
fn asked_ms(last: &str) -> Option<i64> {
    let unit = last.chars().next_back()?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        'w' => 604_800,
        _ => return None,
    };
    let number: i64 = last.strip_suffix(unit)?.parse().ok()?;
    number.checked_mul(seconds)?.checked_mul(1000)
}

fn ms(object: &Value, name: &str) -> i64 {
    object.get(name).and_then(Value::as_i64).unwrap_or(0)
}

/// A time to the minute: `2026-11-26T05:00Z`.
fn minute(ms: i64) -> String {
    let text = Timestamp::from_millis(ms).to_string();
    let minutes: String = text.chars().take(16).collect();
    format!("{minutes}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_the_server_reads_them_and_shown_to_the_minute() {
        assert_eq!(asked_ms("30d"), Some(30 * 86_400_000));
        assert_eq!(asked_ms("90m"), Some(5_400_000));
        assert_eq!(asked_ms("x"), None);
        assert_eq!(minute(1_735_689_600_120), "2025-01-01T00:00Z");
    }
}
