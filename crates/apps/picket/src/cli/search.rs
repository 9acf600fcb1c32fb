//! `picket search`: SPL against a running server.

use std::io::{self, Write as _};

use clap::Args;

use super::output::{self, Format};
use super::{Failure, ServerArgs};
use crate::client::ConsoleClient;

/// Search the events of a running server with SPL.
#[derive(Debug, Args)]
pub(super) struct SearchArgs {
    /// The search, for example 'index=iot | stats count by thing'
    spl: String,
    /// Earliest event time: relative (-1h, @d), epoch seconds or ISO 8601; all time when left out
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    earliest: Option<String>,
    /// Latest event time, exclusive
    #[arg(long, value_name = "TIME", default_value = "now", allow_hyphen_values = true)]
    latest: String,
    /// How to print the rows
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "table")]
    output: Format,
    /// The same as --output json
    #[arg(long, conflicts_with = "output")]
    json: bool,
    /// Most rows
    #[arg(long, value_name = "N", default_value = "10000")]
    rows_max: usize,
    #[command(flatten)]
    server: ServerArgs,
}

/// Runs the command.
pub(super) fn run(args: &SearchArgs) -> Result<(), Failure> {
    let client = ConsoleClient::open(&args.server)?;
    let result = client.search(&args.spl, args.earliest.as_deref(), &args.latest, args.rows_max)?;
    let format = if args.json { Format::Json } else { args.output };
    output::print(format, &result.fields, &result.rows)?;
    let mut talk = io::stderr().lock();
    for message in &result.messages {
        writeln!(talk, "picket: {message}").ok();
    }
    if format == Format::Table {
        let (rows, scanned, ms) = (result.rows.len(), result.scan_count, result.duration_ms);
        writeln!(talk, "{rows} rows, {scanned} events read, {ms} ms").ok();
    }
    Ok(())
}
