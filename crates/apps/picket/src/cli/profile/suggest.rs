//! `picket profile suggest`: behaviors that what is stored complies with.

use std::io::{self, Write as _};

use clap::Args;
use serde_json::{Map, Value};

use crate::cli::output::{self, Format};
use crate::cli::{Failure, ServerArgs};
use crate::client::ConsoleClient;

/// What to look at.
#[derive(Debug, Args)]
pub(super) struct SuggestArgs {
    /// Only members of this thing group
    #[arg(long, value_name = "GROUP")]
    group: Option<String>,
    /// Only this metric; may be given several times
    #[arg(long = "metric", value_name = "METRIC")]
    metrics: Vec<String>,
    /// How far back, for example 24h or 7d
    #[arg(long, value_name = "TIME", default_value = "7d")]
    last: String,
    /// Print the behaviors as JSON, as create-security-profile takes them
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArgs,
}

/// Runs the command.
pub(super) fn run(args: &SuggestArgs) -> Result<(), Failure> {
    let client = ConsoleClient::open(&args.server)?;
    let found = client.suggestions(args.group.as_deref(), &args.metrics, &args.last)?;
    if args.json {
        let behaviors: Vec<Value> =
            found.iter().filter_map(|it| it.get("behavior").cloned()).collect();
        return output::print_json(&Value::Array(behaviors));
    }
    let rows: Vec<_> = found.iter().map(row).collect();
    let fields = ["behavior", "metric", "expected", "because"].map(str::to_owned);
    output::print(Format::Table, &fields, &rows)?;
    if rows.is_empty() {
        let text = "picket: nothing is suggested; it takes 12 datapoints of a metric that a profile \
                    uses or retains";
        writeln!(io::stderr(), "{text}").ok();
    }
    Ok(())
}

fn row(suggestion: &Value) -> Map<String, Value> {
    let text = |place: &str| suggestion.pointer(place).and_then(Value::as_str).unwrap_or_default();
    let value = suggestion.pointer("/behavior/criteria/value").and_then(Value::as_object);
    let value = value.and_then(|members| members.values().next()).map(Value::to_string);
    let operator = text("/behavior/criteria/comparisonOperator");
    let expected = format!("{operator} {}", value.unwrap_or_default());
    let mut row = Map::new();
    for (name, value) in [
        ("behavior", text("/behavior/name").to_owned()),
        ("metric", text("/behavior/metric").to_owned()),
        ("expected", expected),
        ("because", text("/because").to_owned()),
    ] {
        row.insert(name.to_owned(), Value::from(value));
    }
    row
}
