//! The command line, shared by `picket-agent` and `picket agent`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

use crate::config::{AgentConfig, ConfigError, RawConfig};

/// The file that is read when it is there and none is named. Not one of the current directory: the
/// file names commands to run, and the directory may be anybody's.
const CONFIG_FILE: &str = "/etc/picket/agent.toml";

/// Measure this device and report to Device Defender.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct AgentArgs {
    #[command(subcommand)]
    pub(crate) command: Option<AgentCommand>,
    #[command(flatten)]
    pub(crate) run: RunArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AgentCommand {
    /// Report on schedule until stopped. This is what happens without a command.
    Run(RunArgs),
    /// Send one report, wait for the answer and end.
    Once(OnceArgs),
    /// Tell step by step what would work, and what to do where it would not.
    Check(SettingArgs),
}

#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// Send one report, wait for the answer and end.
    #[arg(long)]
    pub(crate) once: bool,
    #[command(flatten)]
    pub(crate) report: OnceArgs,
}

#[derive(Debug, Args)]
pub(crate) struct OnceArgs {
    /// Print reports to standard output instead of sending them.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Seconds over which the traffic of a single report is measured.
    #[arg(long, value_name = "SECONDS", default_value_t = 1.0, value_parser = seconds)]
    pub(crate) sample: f64,
    #[command(flatten)]
    pub(crate) settings: SettingArgs,
}

impl OnceArgs {
    pub(crate) fn sample(&self) -> Duration {
        Duration::try_from_secs_f64(self.sample).unwrap_or_default()
    }
}

fn seconds(text: &str) -> Result<f64, String> {
    let seconds: f64 = text.parse().map_err(|_| "is not a number".to_owned())?;
    if (0.0..=3600.0).contains(&seconds) {
        Ok(seconds)
    } else {
        Err("must be 0 to 3600".to_owned())
    }
}

/// Each overrides the key of the same name in the configuration file.
#[derive(Debug, Args)]
pub(crate) struct SettingArgs {
    /// Configuration file; /etc/picket/agent.toml if it is there.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Host name of the server, with or without `:PORT`.
    #[arg(long, value_name = "HOST")]
    endpoint: Option<String>,
    /// Port of the server; 8883 unless set.
    #[arg(long)]
    port: Option<u16>,
    /// Name of this device's thing.
    #[arg(long, value_name = "NAME")]
    thing_name: Option<String>,
    /// MQTT client id; the thing's name unless set.
    #[arg(long, value_name = "ID")]
    client_id: Option<String>,
    /// Directory with ca.pem, certificate.pem.crt and private.pem.key.
    #[arg(long, value_name = "DIR")]
    identity: Option<PathBuf>,
    /// CA certificates.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Device certificate.
    #[arg(long, value_name = "FILE")]
    certificate: Option<PathBuf>,
    /// Private key.
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Seconds between reports; 300 unless set.
    #[arg(long, value_name = "SECONDS")]
    interval: Option<u64>,
    /// json or cbor.
    #[arg(long)]
    format: Option<String>,
    /// long or short.
    #[arg(long)]
    names: Option<String>,
    /// 5 or 3.1.1.
    #[arg(long, value_name = "VERSION")]
    mqtt_version: Option<String>,
    /// Ask for MQTT by ALPN, as on port 443.
    #[arg(long)]
    alpn: bool,
    /// Cap on the agent's own memory in MiB; 0 for none, 16 unless set.
    #[arg(long, value_name = "MIB")]
    memory_max: Option<u64>,
}

impl SettingArgs {
    /// The checked settings of file and flags.
    pub(crate) fn load(self) -> Result<AgentConfig, ConfigError> {
        let usual = PathBuf::from(CONFIG_FILE);
        let mut raw = match &self.config {
            Some(path) => RawConfig::read(path)?,
            None if usual.exists() => RawConfig::read(&usual)?,
            None => RawConfig::default(),
        };
        if self.endpoint.is_some() {
            // A port in the file belongs to the endpoint in the file.
            raw.port = None;
        }
        let alpn = self.alpn.then_some(true);
        overlay(&mut raw.endpoint, self.endpoint);
        overlay(&mut raw.port, self.port);
        overlay(&mut raw.thing_name, self.thing_name);
        overlay(&mut raw.client_id, self.client_id);
        overlay(&mut raw.identity, self.identity);
        overlay(&mut raw.ca, self.ca);
        overlay(&mut raw.certificate, self.certificate);
        overlay(&mut raw.key, self.key);
        overlay(&mut raw.interval_seconds, self.interval);
        overlay(&mut raw.format, self.format);
        overlay(&mut raw.names, self.names);
        overlay(&mut raw.mqtt_version, self.mqtt_version);
        overlay(&mut raw.alpn, alpn);
        overlay(&mut raw.memory_max_mib, self.memory_max);
        raw.validate()
    }
}

fn overlay<T>(key: &mut Option<T>, flag: Option<T>) {
    if flag.is_some() {
        *key = flag;
    }
}
