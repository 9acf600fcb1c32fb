//! `picket up`: the server.

use std::io::{self, Write as _};
use std::path::PathBuf;

use clap::Args;
use tokio::signal::unix::{SignalKind, signal};

use super::{Failure, output};
use crate::config::Config;
use crate::credentials::Credentials;
use crate::logging;
use crate::server::{DemoPlan, Server};

/// The window of evaluation of a demonstration.
const DEMO_WINDOW: &str = "10s";

/// Run the server.
#[derive(Debug, Args)]
pub(super) struct UpArgs {
    /// The data directory; made at first start
    #[arg(long, value_name = "DIR", env = "PICKET_DATA", default_value = "picket-data")]
    data: PathBuf,
    /// The configuration; the defaults when left out
    #[arg(long, value_name = "FILE", env = "PICKET_CONFIG")]
    config: Option<PathBuf>,
    /// Length of an evaluation window, for example 10s; overrides detect.window
    #[arg(long, value_name = "DURATION")]
    window: Option<String>,
    /// Run a simulated fleet, one device of which gets an FTP back door
    #[arg(long)]
    demo: bool,
    /// Devices of the simulated fleet
    #[arg(long, value_name = "N", default_value = "10", requires = "demo")]
    things: u32,
    /// Print the addresses and the log-in as JSON once the server is ready
    #[arg(long)]
    json: bool,
}

/// Runs the server until SIGINT or SIGTERM.
pub(super) fn run(args: UpArgs) -> Result<(), Failure> {
    let config = configuration(&args)?;
    logging::start(&config.log).map_err(Failure::usage)?;
    raise_file_limit();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::other("the runtime could not be started", &error))?;
    runtime.block_on(serve(args, config))
}

/// Each connection is an open file; as many as the system allows is the least to ask for.
fn raise_file_limit() {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    let wanted = rustix::process::Rlimit { current: limit.maximum, ..limit };
    match rustix::process::setrlimit(rustix::process::Resource::Nofile, wanted) {
        Ok(()) => tracing::debug!(files = ?limit.maximum, "open files allowed"),
        Err(error) => {
            tracing::warn!(%error, files = ?limit.current, "the limit of open files stays")
        }
    }
}

fn configuration(args: &UpArgs) -> Result<Config, Failure> {
    let mut variables: Vec<(String, String)> = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    let window = args.window.clone().or_else(|| args.demo.then(|| DEMO_WINDOW.to_owned()));
    if let Some(window) = window {
        let name = "PICKET_DETECT_WINDOW";
        let is_set = variables.iter().any(|(known, _)| known == name);
        if args.window.is_some() || !is_set {
            variables.retain(|(known, _)| known != name);
            variables.push((name.to_owned(), window));
        }
    }
    Config::load(args.config.as_deref(), variables.into_iter())
        .map_err(|error| Failure::usage(super::failure::chain(&error)))
}

async fn serve(args: UpArgs, config: Config) -> Result<(), Failure> {
    let listen =
        |kind| signal(kind).map_err(|error| Failure::other("signals are not to be had", &error));
    let (mut interrupt, mut terminate) =
        (listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?);
    let starting = Server::start(config, &args.data);
    let server = tokio::select! {
        server = starting => server.map_err(|error| Failure::because(&error))?,
        _ = interrupt.recv() => return Ok(()),
        _ = terminate.recv() => return Ok(()),
    };
    greet(&server.credentials, args.json)?;
    if args.demo {
        let plan = DemoPlan { things: args.things };
        server.start_demo(plan).await.map_err(|error| Failure::because(&error))?;
    }
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    writeln!(io::stderr(), "picket: stopping; press again to leave at once").ok();
    tokio::select! {
        () = server.stop() => Ok(()),
        _ = interrupt.recv() => Err(Failure::new(
            picket_core::ErrorCode::Internal,
            "left without a clean stop; nothing that was acknowledged is lost",
        )),
    }
}

/// Tells people, or a script, where everything is.
fn greet(credentials: &Credentials, json: bool) -> Result<(), Failure> {
    if json {
        let document = serde_json::to_value(credentials)
            .map_err(|error| Failure::other("the addresses could not be printed", &error))?;
        return output::print_json(&document);
    }
    let port = |port: Option<u16>| port.map_or("off".to_owned(), |port| port.to_string());
    output::print_line(&format!(
        "\n  Picket is up.\n\n  console   {}\n  log-in    {} / {}\n\n  devices   mqtts://{}:{} \
         (ALPN port {})\n  AWS APIs  {}\n  events    {}/services/collector\n  metrics   {}/metrics\n",
        credentials.console.url,
        credentials.console.username,
        credentials.console.password.expose(),
        credentials.mqtt.host,
        port(credentials.mqtt.port),
        port(credentials.mqtt.alpn_port),
        credentials.aws.endpoint_url,
        credentials.hec.url,
        credentials.admin.url,
    ))
}
