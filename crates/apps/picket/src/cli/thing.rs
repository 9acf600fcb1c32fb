//! `picket thing`: devices in the registry.

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use picket_ports::NewDeviceRequest;
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
        /// Its thing type
        #[arg(long = "type", value_name = "TYPE")]
        type_name: Option<String>,
        /// An attribute; may be given several times
        #[arg(long = "attribute", value_name = "KEY=VALUE", value_parser = attribute)]
        attributes: Vec<(String, String)>,
        /// Print JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        server: ServerArgs,
    },
}

/// Runs the command.
pub(super) fn run(args: &ThingArgs) -> Result<(), Failure> {
    let ThingCommand::Create { name, out, group, type_name, attributes, json, server } =
        &args.command;
    // First, so that a bundle is not made and then lost.
    prepare(out)?;
    let request = NewDeviceRequest {
        name: name.clone(),
        group: group.clone(),
        type_name: type_name.clone(),
        attributes: attributes.iter().cloned().collect(),
    };
    let bundle = ConsoleClient::open(server)?.create_thing(&request)?;
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

fn attribute(text: &str) -> Result<(String, String), String> {
    let pair = text.split_once('=').filter(|(name, _)| !name.is_empty());
    let (name, value) = pair.ok_or("an attribute is written KEY=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
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
