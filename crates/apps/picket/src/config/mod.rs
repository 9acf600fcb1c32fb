//! `picket.toml`: one tree of settings, read once and handed down by value.
//!
//! The file is overlaid by the environment (see [`environment`]). Every key may be left out; an unknown
//! one is an error that names the nearest key there is.

mod environment;
mod nearest;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use picket_api_aws::AwsConfig;
use picket_api_console::ConsoleConfig;
use picket_api_splunk::HecConfig;
use picket_broker::BrokerConfig;
use picket_core::Account;
use picket_delivery::DeliveryConfig;
use picket_detect::DetectConfig;
use picket_gateway::GatewayConfig;
use picket_mitigate::MitigateConfig;
use picket_notify::NotifyConfig;
use picket_registry::RegistryLimits;
use picket_rules::RulesConfig;
use picket_siem::SiemConfig;
use serde::{Deserialize, Serialize};

/// All settings of a server.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Config {
    /// The account and region of every ARN. Defaults `000000000000` and `us-east-1`.
    pub(crate) account: Account,
    /// The AWS endpoint.
    pub(crate) aws: AwsConfig,
    /// Quotas of things, groups, certificates and policies.
    pub(crate) registry: RegistryLimits,
    /// The MQTT front door.
    pub(crate) gateway: GatewayConfig,
    /// Sessions, their queues, and retained messages.
    pub(crate) broker: BrokerConfig,
    /// Evaluation of reports.
    pub(crate) detect: DetectConfig,
    /// Notification topics.
    pub(crate) notify: NotifyConfig,
    /// Mitigation actions and tasks.
    pub(crate) mitigation: MitigateConfig,
    /// Topic rules.
    pub(crate) rules: RulesConfig,
    /// Delivery streams.
    pub(crate) delivery: DeliveryConfig,
    /// The HTTP event collector.
    pub(crate) hec: HecConfig,
    /// Indexes and searches.
    pub(crate) siem: SiemConfig,
    /// The console.
    pub(crate) console: ConsoleConfig,
    /// Health and metrics of the server itself.
    pub(crate) admin: AdminConfig,
    /// What is logged.
    pub(crate) log: LogConfig,
    /// The server's own certificate.
    pub(crate) tls: TlsConfig,
}

/// `[admin]`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct AdminConfig {
    /// Where `/healthz`, `/readyz` and `/metrics` are served. Default `127.0.0.1:9600`.
    pub(crate) listen: SocketAddr,
}

impl Default for AdminConfig {
    fn default() -> Self {
        Self { listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 9600)) }
    }
}

/// `[log]`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct LogConfig {
    /// `error`, `warn`, `info`, `debug`, `trace`, or directives such as `info,picket_detect=debug`.
    /// Default `info`.
    pub(crate) level: String,
    /// Whether lines are JSON objects. Default false.
    pub(crate) json: bool,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self { level: "info".to_owned(), json: false }
    }
}

/// `[tls]`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct TlsConfig {
    /// Further DNS names and addresses of the server's certificate, besides `localhost`, the loopback
    /// addresses and the host's own name. Default none.
    pub(crate) names: Vec<String>,
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    /// The file named on the command line.
    #[error("the configuration {} could not be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// It is not TOML, or a key or value is wrong.
    #[error("{origin}: {problem}")]
    Wrong {
        /// The file, or the environment variable.
        origin: String,
        /// What is wrong and what is near.
        problem: String,
    },
}

impl Config {
    /// Reads `file` (the defaults when absent) and overlays `variables`, pairs of the environment.
    pub(crate) fn load(
        file: Option<&Path>,
        variables: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let mut table = match file {
            None => toml::Table::new(),
            Some(path) => read(path)?,
        };
        let origin = file.map_or("the defaults".to_owned(), |path| path.display().to_string());
        // Before the overlay, so that a wrong key is blamed on where it stands.
        Self::from_table(table.clone(), &origin)?;
        let overlaid = environment::overlay(&mut table, variables)?;
        if overlaid.is_empty() {
            return Self::from_table(table, &origin);
        }
        Self::from_table(table, &format!("the environment ({})", overlaid.join(", ")))
    }

    fn from_table(table: toml::Table, origin: &str) -> Result<Self, ConfigError> {
        let wrong = |problem| ConfigError::Wrong { origin: origin.to_owned(), problem };
        let config: Self = toml::Value::Table(table)
            .try_into()
            .map_err(|error: toml::de::Error| wrong(nearest::with_hint(error.message())))?;
        let mut problems: Vec<String> =
            config.gateway.problems().iter().map(ToString::to_string).collect();
        problems.extend(config.detect.problems());
        problems.extend(config.notify.problems());
        problems.extend(config.mitigation.problems());
        match problems.is_empty() {
            true => Ok(config),
            false => Err(wrong(problems.join("; "))),
        }
    }
}

fn read(path: &Path) -> Result<toml::Table, ConfigError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
    let origin = path.display().to_string();
    let wrong = |problem| ConfigError::Wrong { origin: origin.clone(), problem };
    // Read whole first: this error knows line and column.
    toml::from_str::<Config>(&text).map_err(|error| {
        let place = error.span().map(|span| place_of(&text, span.start)).unwrap_or_default();
        wrong(format!("{}{place}", nearest::with_hint(error.message())))
    })?;
    text.parse().map_err(|error: toml::de::Error| wrong(error.message().to_owned()))
}

/// ` (line L, column C)`.
fn place_of(text: &str, at: usize) -> String {
    let before = text.get(..at).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    format!(" (line {line}, column {column})")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str, variables: &[(&str, &str)]) -> Result<Config, String> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("picket.toml");
        std::fs::write(&path, text).unwrap();
        let variables = variables.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        Config::load(Some(&path), variables)
            .map_err(|error| error.to_string().replace(&format!("{}/", dir.path().display()), ""))
    }

    #[test]
    fn the_environment_wins_over_the_file_and_the_file_over_the_defaults() {
        let text = "[detect]\nwindow = \"10s\"\n[hec]\ntls = false\n";
        let variables = [("PICKET_DETECT_WINDOW", "20s"), ("PICKET_ADMIN_LISTEN", "127.0.0.1:0")];
        let config = load(text, &variables).unwrap();
        assert_eq!(config.detect.window.as_secs(), 20);
        assert!(!config.hec.tls);
        assert_eq!(config.admin.listen.port(), 0);
    }

    #[test]
    fn an_unknown_key_is_named_with_its_place_and_the_nearest_key() {
        let error = load("[detect]\nwindw = \"10s\"\n", &[]).unwrap_err();
        assert_eq!(
            error,
            "picket.toml: unknown key `windw`; did you mean `window`? (line 2, column 1)"
        );
        let error = load("[gatway]\n", &[]).unwrap_err();
        assert!(error.contains("did you mean `gateway`?"), "{error}");
    }

    #[test]
    fn an_unknown_variable_is_an_error_too() {
        let error = load("", &[("PICKET_DETECT_WINDW", "1s")]).unwrap_err();
        assert!(error.contains("PICKET_DETECT_WINDW") && error.contains("`window`"), "{error}");
        let error = load("", &[("PICKET_GATWAY_MQTT", "off")]).unwrap_err();
        assert!(error.contains("PICKET_GATWAY_MQTT") && error.contains("GATEWAY"), "{error}");
    }

    #[test]
    fn values_that_engines_refuse_are_refused_here() {
        let error = load("[detect]\nwindow = \"10ms\"\n", &[]).unwrap_err();
        assert!(error.contains("detect.window must be at least 1s"), "{error}");
        let error = load("[gateway]\nplaintext = \"0.0.0.0:1883\"\n", &[]).unwrap_err();
        assert!(error.contains("gateway.plaintext"), "{error}");
    }
}
