//! `picket profile`: security profiles, and what they would have done.

mod backtest;
mod chart;
mod file;
mod suggest;
mod validate;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::{Map, Value};

use super::output::{self, Format};
use super::{Failure, ServerArgs};
use crate::client::{ConsoleClient, Profile};

/// Security profiles.
#[derive(Debug, Args)]
pub(super) struct ProfileArgs {
    #[command(subcommand)]
    command: ProfileCommand,
}

#[derive(Debug, Subcommand)]
enum ProfileCommand {
    /// List the profiles
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Print one profile's document
    Show {
        /// Its name
        name: String,
        /// Print JSON, as it always is
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Check a profile in a file, without a server
    ///
    /// Custom metrics and dimensions that the profile names are taken to exist. Ends with exit code 1 if
    /// something is wrong.
    Validate {
        /// The profile: JSON in AWS's shape, such as the input of create-security-profile or the output of
        /// describe-security-profile
        file: PathBuf,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Try a profile on stored datapoints: who would have alarmed
    ///
    /// Alarms nobody. The profile's `targets` say whom it would watch; without any, all devices.
    Backtest(backtest::BacktestArgs),
    /// Suggest behaviors that the stored datapoints comply with
    Suggest(suggest::SuggestArgs),
}

/// Runs the command.
pub(super) fn run(args: &ProfileArgs) -> Result<(), Failure> {
    match &args.command {
        ProfileCommand::List { json, server } => {
            let profiles = ConsoleClient::open(server)?.profiles()?;
            let rows: Vec<_> = profiles.into_iter().map(row).collect();
            let fields = ["name", "version", "behaviors", "targets"].map(str::to_owned);
            output::print(if *json { Format::Json } else { Format::Table }, &fields, &rows)
        }
        ProfileCommand::Show { name, server, .. } => {
            output::print_json(&ConsoleClient::open(server)?.profile(name)?.document)
        }
        ProfileCommand::Validate { file, json } => validate::run(file, *json),
        ProfileCommand::Backtest(args) => backtest::run(args),
        ProfileCommand::Suggest(args) => suggest::run(args),
    }
}

/// A profile as a row of the list.
fn row(profile: Profile) -> Map<String, Value> {
    let Profile { name, version, document } = profile;
    let list = |name: &str| document.get(name).and_then(Value::as_array).cloned();
    let behaviors = list("behaviors").unwrap_or_default();
    let behaviors = behaviors.iter().filter_map(|behavior| behavior.get("name").cloned());
    let mut row = Map::new();
    row.insert("name".to_owned(), Value::from(name));
    row.insert("version".to_owned(), Value::from(version));
    row.insert("behaviors".to_owned(), behaviors.collect());
    row.insert("targets".to_owned(), Value::Array(list("targets").unwrap_or_default()));
    row
}

/// The members `fields` of an object, as a row.
fn picked(object: &Value, fields: &[&str]) -> Map<String, Value> {
    let members = fields.iter().filter_map(|name| Some((*name, object.get(*name)?)));
    members.map(|(name, value)| (name.to_owned(), value.clone())).collect()
}
