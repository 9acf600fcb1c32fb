//! `picket policy`: what policies come to.

use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, Subcommand};
use picket_core::{Account, ErrorCode};
use picket_policy::{
    Action, CertificateFacts, Explanation, Outcome, PolicyDocument, Subject, ThingFacts,
};
use picket_registry::{ExplainRequest, certificate_facts};
use serde::Serialize;

use super::{Failure, ServerArgs, output};
use crate::client::ConsoleClient;

/// A policy is at most 404,600 bytes long; a longer file is none.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// What policies come to.
#[derive(Debug, Args)]
pub(super) struct PolicyArgs {
    #[command(subcommand)]
    command: PolicyCommand,
}

#[derive(Debug, Subcommand)]
enum PolicyCommand {
    /// Say which statement allows or denies a request, and what came near
    ///
    /// With --policy, files are read and no server is asked. Otherwise a running server says what it
    /// would answer a certificate or a thing that it knows.
    Explain(Box<ExplainArgs>),
}

#[derive(Debug, Args)]
struct ExplainArgs {
    /// The action, for example iot:Publish
    #[arg(long, value_name = "ACTION")]
    action: String,
    /// The resource, for example topic/a/b, or a whole ARN
    #[arg(long, value_name = "RESOURCE")]
    resource: String,
    /// A file with a policy document; may be given more than once
    #[arg(long, value_name = "FILE", num_args = 1..)]
    policy: Vec<PathBuf>,
    /// The certificate, by id or ARN, that a running server knows
    #[arg(long, value_name = "CERTIFICATE", conflicts_with = "policy")]
    principal: Option<String>,
    /// The thing the client is
    #[arg(long, value_name = "NAME")]
    thing: Option<String>,
    /// The MQTT client id; the thing's name when left out
    #[arg(long, value_name = "ID")]
    client_id: Option<String>,
    /// An attribute of the thing; may be given more than once
    #[arg(long, value_name = "NAME=VALUE", num_args = 1.., requires_all = ["policy", "thing"])]
    attribute: Vec<String>,
    /// The thing's type
    #[arg(long = "type", value_name = "NAME", requires_all = ["policy", "thing"])]
    thing_type: Option<String>,
    /// A file with the client certificate, PEM
    #[arg(long, value_name = "FILE", requires = "policy")]
    certificate: Option<PathBuf>,
    /// The address the client comes from
    #[arg(long, value_name = "ADDRESS")]
    source_ip: Option<IpAddr>,
    /// The client asks for a persistent session
    #[arg(long)]
    persistent: bool,
    /// The topic of the client's will
    #[arg(long, value_name = "TOPIC")]
    will_topic: Option<String>,
    /// The region in the policies' ARNs
    #[arg(long, value_name = "REGION", requires = "policy", default_value = "us-east-1")]
    region: String,
    /// The account in the policies' ARNs
    #[arg(long, value_name = "DIGITS", requires = "policy", default_value = "000000000000")]
    account: String,
    /// End with exit code 5 unless the request is allowed
    #[arg(long)]
    check: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArgs,
}

/// Runs the command.
pub(super) fn run(args: &PolicyArgs) -> Result<(), Failure> {
    let PolicyCommand::Explain(args) = &args.command;
    let outcome = match args.policy.as_slice() {
        [] => online(args)?,
        files => offline(args, files)?,
    };
    match outcome {
        denied if args.check && denied != Outcome::Allowed => {
            Err(Failure::new(ErrorCode::Forbidden, denied.as_str()))
        }
        _ => Ok(()),
    }
}

/// Asks the server.
fn online(args: &ExplainArgs) -> Result<Outcome, Failure> {
    if args.principal.is_none() && args.thing.is_none() {
        return Err(Failure::usage(
            "name a --principal or a --thing that the server knows, or policy files with --policy",
        ));
    }
    let request = ExplainRequest {
        certificate: args.principal.clone(),
        thing: args.thing.clone(),
        client_id: args.client_id.clone(),
        source_ip: args.source_ip,
        is_persistent: args.persistent,
        will_topic: args.will_topic.clone(),
        action: args.action.clone(),
        resource: args.resource.clone(),
    };
    let explained = ConsoleClient::open(&args.server)?.explain(&request)?;
    print(args, &explained, || explained.to_text())?;
    Ok(explained.explanation.outcome)
}

/// Reads the files.
fn offline(args: &ExplainArgs, files: &[PathBuf]) -> Result<Outcome, Failure> {
    let texts: Vec<String> = files.iter().map(|file| read(file)).collect::<Result<_, _>>()?;
    let explanation = explained(args, files, &texts)?;
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    print(args, &explanation, || explanation.to_text(&texts))?;
    Ok(explanation.outcome)
}

fn explained(
    args: &ExplainArgs,
    files: &[PathBuf],
    texts: &[String],
) -> Result<Explanation, Failure> {
    let account = Account { region: args.region.clone(), id: args.account.clone() };
    let action = Action::named(&args.action).map_err(|error| usage(&error))?;
    let resource = action.resource_arn(&account, &args.resource).map_err(|error| usage(&error))?;
    let mut documents = Vec::with_capacity(files.len());
    for (file, text) in files.iter().zip(texts) {
        let name = file.display().to_string();
        let document =
            PolicyDocument::parse(text).map_err(|error| Failure::other(&name, &error))?;
        documents.push(Arc::new(document.named(name)));
    }
    Ok(picket_policy::explain(&documents, &subject(args)?, action, &resource))
}

fn subject(args: &ExplainArgs) -> Result<Subject, Failure> {
    let certificate = args.certificate.as_deref().map(facts).transpose()?;
    let attributes = args.attribute.iter().map(|pair| attribute(pair)).collect::<Result<_, _>>()?;
    let thing = args.thing.as_ref().map(|name| ThingFacts {
        name: name.clone(),
        type_name: args.thing_type.clone(),
        attributes,
    });
    Ok(Subject {
        client_id: args.client_id.clone().or_else(|| args.thing.clone()),
        source_ip: args.source_ip,
        is_attached: thing.is_some(),
        thing,
        certificate,
        persistent_connect: args.persistent,
        last_will_topic: args.will_topic.clone(),
    })
}

fn attribute(pair: &str) -> Result<(String, String), Failure> {
    let (name, value) = pair.split_once('=').ok_or_else(|| {
        Failure::usage(format!("--attribute {pair} has no value; write NAME=VALUE"))
    })?;
    Ok((name.to_owned(), value.to_owned()))
}

fn facts(file: &Path) -> Result<CertificateFacts, Failure> {
    let der =
        picket_pki::der_of(&read(file)?).map_err(|error| Failure::other(file.display(), &error))?;
    Ok(certificate_facts(&picket_pki::id_of_der(&der), &der))
}

fn read(file: &Path) -> Result<String, Failure> {
    let failed = |error| Failure::other(format!("{} could not be read", file.display()), &error);
    let bytes = fs::metadata(file).map_err(failed)?.len();
    if bytes > FILE_BYTES_MAX {
        let (file, code) = (file.display(), ErrorCode::Invalid);
        return Err(Failure::new(
            code,
            format!("{file} is {bytes} bytes long, so it is neither a policy nor a certificate"),
        ));
    }
    fs::read_to_string(file).map_err(failed)
}

fn print(
    args: &ExplainArgs,
    data: &impl Serialize,
    text: impl FnOnce() -> String,
) -> Result<(), Failure> {
    if !args.json {
        return output::print_line(text().trim_end());
    }
    let data = serde_json::to_value(data)
        .map_err(|error| Failure::other("the explanation could not be written", &error))?;
    output::print_json(&data)
}

fn usage(error: &picket_policy::InvalidRequest) -> Failure {
    Failure::usage(error.to_string())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    const POLICY: &str = r#"{"Version":"2012-10-17","Statement":[{"Sid":"own","Effect":"Allow",
        "Action":"iot:Publish","Resource":
        "arn:aws:iot:us-east-1:000000000000:topic/${iot:Connection.Thing.Attributes[site]}/*"}]}"#;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        policy: PolicyArgs,
    }

    fn parsed(line: &str) -> Result<Box<ExplainArgs>, clap::Error> {
        let words = ["policy", "explain"].into_iter().chain(line.split_whitespace());
        let PolicyCommand::Explain(args) = Line::try_parse_from(words)?.policy.command;
        Ok(args)
    }

    fn outcome(line: &str) -> Result<Outcome, String> {
        let args = parsed(line).map_err(|error| error.to_string())?;
        let explanation = explained(&args, &args.policy, &[POLICY.to_owned()]);
        explanation.map(|it| it.outcome).map_err(|error| format!("{error:?}"))
    }

    #[test]
    fn a_request_is_explained_from_files_without_a_server() {
        let asked = "--policy p.json --thing pump-17 --action Publish --resource";
        let with = |rest: &str| outcome(&format!("{asked} {rest}"));
        assert_eq!(with("topic/north/a --attribute site=north"), Ok(Outcome::Allowed));
        assert_eq!(with("topic/south/a --attribute site=north"), Ok(Outcome::ImplicitDeny));
        assert_eq!(with("topic/north/a"), Ok(Outcome::ImplicitDeny));
        assert_eq!(
            with("topic/north/a --attribute site=north --region eu-west-1"),
            Ok(Outcome::ImplicitDeny)
        );
    }

    #[test]
    fn a_wrong_use_is_told() {
        for (line, problem) in [
            ("--policy p --action Publsh --resource topic/a", "did you mean `iot:Publish`?"),
            ("--policy p --action Publish --resource client/a", "is asked for topic/TOPIC"),
            (
                "--policy p --thing t --attribute x --action Publish --resource topic/a",
                "NAME=VALUE",
            ),
            ("--policy p --attribute a=b --action Publish --resource topic/a", "--thing"),
            ("--type t --thing t --action Publish --resource topic/a", "--policy"),
            ("--policy p --principal a --action Publish --resource topic/a", "cannot be used with"),
        ] {
            let told = outcome(line).unwrap_err();
            assert!(told.contains(problem), "{line}: {told}");
        }
        let nobody = parsed("--action Publish --resource topic/a").unwrap();
        assert!(format!("{:?}", online(&nobody)).contains("name a --principal or a --thing"));
    }
}
