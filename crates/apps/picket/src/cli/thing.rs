//! `picket thing`: devices in the registry.

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::json;

use super::{Failure, ServerArgs, output};
use crate::bundle;
use crate::client::ConsoleClient;

/// Devices in the registry.
#[derive(Debug, Args)]
pub(super) struct ThingArgs {
    #[command(subcommand)]
    command: ThingCommand,
}

#[derive(Debug, Subcommand)]
enum ThingCommand {
    /// Create a thing with an active certificate and write its files
    ///
    /// Writes ca.pem, certificate.pem.crt and private.pem.key, which any MQTT client of AWS IoT takes.
    Create {
        /// The thing's name, which the device uses as client id
        name: String,
        /// The directory for the files; made if it is not there
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
        /// The group it joins; the fleet's when left out
        #[arg(long, value_name = "GROUP")]
        group: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        server: ServerArgs,
    },
}

/// Runs the command.
pub(super) fn run(args: &ThingArgs) -> Result<(), Failure> {
    let ThingCommand::Create { name, out, group, json, server } = &args.command;
    // First, so that a bundle is not made and then lost.
    prepare(out)?;
    let bundle = ConsoleClient::open(server)?.create_thing(name, group.as_deref())?;
    bundle.write(out).map_err(|error| Failure::because(&error))?;
    let files = bundle::paths(out);
    match json {
        true => output::print_json(&json!({
            "thingName": name,
            "certificateId": bundle.certificate_id,
            "ca": files.ca,
            "certificate": files.certificate,
            "privateKey": files.key,
        })),
        false => output::print_line(&format!(
            "thing {name} with certificate {}\nits files are in {}",
            bundle.certificate_id,
            out.display()
        )),
    }
}

fn prepare(out: &Path) -> Result<(), Failure> {
    fs::create_dir_all(out).map_err(|error| {
        Failure::other(format!("the directory {} could not be made", out.display()), &error)
    })?;
    match bundle::is_in(out) {
        true => Err(Failure::new(
            picket_core::ErrorCode::AlreadyExists,
            format!("{} holds the key of a device already; choose another --out", out.display()),
        )),
        false => Ok(()),
    }
}
