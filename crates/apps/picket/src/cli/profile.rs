//! `picket profile`: the security profiles of a running server.

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
