//! The keys of `agent.toml`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use picket_wire_report::is_custom_metric_name;
use serde::Deserialize;

use super::unknown::nearest;
use crate::custom::{CustomMetric, ValueKind, ValueSource};

/// Most custom metrics of one device.
const CUSTOM_METRICS_MAX: usize = 100;
/// Longest time limit of a command, in seconds.
const COMMAND_SECONDS_MAX: f64 = 60.0;

/// The file as it is written. Every key is optional there, since flags may give it.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawConfig {
    /// Host name of the server, with or without `:port`.
    pub(crate) endpoint: Option<String>,
    /// TCP port. Default 8883.
    pub(crate) port: Option<u16>,
    /// The thing to report for.
    pub(crate) thing_name: Option<String>,
    /// MQTT client id. Default: the thing's name.
    pub(crate) client_id: Option<String>,
    /// Directory of the three files below. Default: the directory of the configuration file.
    pub(crate) identity: Option<PathBuf>,
    /// CA certificates. Default `ca.pem` in `identity`.
    pub(crate) ca: Option<PathBuf>,
    /// Device certificate. Default `certificate.pem.crt` in `identity`.
    pub(crate) certificate: Option<PathBuf>,
    /// Private key. Default `private.pem.key` in `identity`.
    pub(crate) key: Option<PathBuf>,
    /// Seconds between reports. Default 300.
    pub(crate) interval_seconds: Option<u64>,
    /// `json` or `cbor`. Default `json`.
    pub(crate) format: Option<String>,
    /// `long` or `short` member names. Default `long`.
    pub(crate) names: Option<String>,
    /// `5` or `3.1.1`. Default `5`.
    pub(crate) mqtt_version: Option<String>,
    /// Whether to ask for MQTT by ALPN. Default: on port 443.
    pub(crate) alpn: Option<bool>,
    /// Cap on the agent's memory in MiB; 0 for none. Default 16.
    pub(crate) memory_max_mib: Option<u64>,
    /// Most entries of a list of ports or connections. Default 500.
    pub(crate) list_entries_max: Option<u64>,
    /// Interfaces whose traffic is not counted. Default `["lo"]`.
    pub(crate) interfaces_excluded: Option<Vec<String>>,
    /// Where the kernel's tables are. Default `/proc`.
    pub(crate) procfs: Option<PathBuf>,
    /// Custom metrics.
    #[serde(default)]
    pub(crate) custom_metric: Vec<RawCustomMetric>,
}

/// Keys of the file, for messages about unknown ones.
pub(super) const KEYS: &[&str] = &[
    "endpoint",
    "port",
    "thing_name",
    "client_id",
    "identity",
    "ca",
    "certificate",
    "key",
    "interval_seconds",
    "format",
    "names",
    "mqtt_version",
    "alpn",
    "memory_max_mib",
    "list_entries_max",
    "interfaces_excluded",
    "procfs",
    "custom_metric",
];

/// `[[custom_metric]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawCustomMetric {
    /// Its registered name.
    name: String,
    /// `number`, `number-list`, `string-list` or `ip-address-list`.
    r#type: String,
    /// Program and arguments.
    command: Option<Vec<String>>,
    /// Or: a file.
    file: Option<PathBuf>,
    /// Time limit of the command. Default 5.
    timeout_seconds: Option<f64>,
}

/// Keys of `[[custom_metric]]`.
pub(super) const CUSTOM_METRIC_KEYS: &[&str] =
    &["name", "type", "command", "file", "timeout_seconds"];

impl RawConfig {
    pub(super) fn resolve_paths(&mut self, directory: &Path) {
        let named = [&mut self.identity, &mut self.ca, &mut self.certificate, &mut self.key];
        for path in named.into_iter().flatten() {
            *path = directory.join(&path);
        }
        self.identity.get_or_insert_with(|| directory.to_owned());
        for file in self.custom_metric.iter_mut().filter_map(|metric| metric.file.as_mut()) {
            *file = directory.join(&file);
        }
    }
}

pub(super) fn custom_metrics(
    raw: Vec<RawCustomMetric>,
    problems: &mut Vec<String>,
) -> Vec<CustomMetric> {
    if raw.len() > CUSTOM_METRICS_MAX {
        problems.push(format!("custom_metric: at most {CUSTOM_METRICS_MAX} are allowed"));
    }
    let mut metrics: Vec<CustomMetric> = Vec::new();
    for (at, raw) in raw.into_iter().enumerate() {
        let place = format!("custom_metric[{at}]");
        if metrics.iter().any(|metric| metric.name == raw.name) {
            problems.push(format!("{place}.name: `{}` is there twice", raw.name));
        }
        match custom_metric(raw) {
            Ok(metric) => metrics.push(metric),
            Err((key, problem)) => problems.push(format!("{place}.{key}: {problem}")),
        }
    }
    metrics
}

fn custom_metric(raw: RawCustomMetric) -> Result<CustomMetric, (&'static str, String)> {
    let RawCustomMetric { name, r#type, command, file, timeout_seconds } = raw;
    if !is_custom_metric_name(&name) {
        let problem = format!("`{}` must be 1 to 128 of `a-zA-Z0-9:_-`", name.escape_debug());
        return Err(("name", problem));
    }
    let Some((_, kind)) = ValueKind::NAMES.iter().find(|(known, _)| *known == r#type) else {
        let known: Vec<_> = ValueKind::NAMES.iter().map(|(known, _)| *known).collect();
        let nearest = nearest(&r#type, known.iter().copied());
        let problem = format!(
            "is `{}`; it must be one of {}{nearest}",
            r#type.escape_debug(),
            known.join(", ")
        );
        return Err(("type", problem));
    };
    let source = match (command, file) {
        (Some(argv), None) if argv.first().is_some_and(|program| !program.is_empty()) => {
            ValueSource::Command { argv, timeout: timeout(timeout_seconds)? }
        }
        (Some(_), None) => return Err(("command", "must name a program".to_owned())),
        (None, Some(_)) if timeout_seconds.is_some() => {
            return Err(("timeout_seconds", "goes with `command` only".to_owned()));
        }
        (None, Some(file)) => ValueSource::File(file),
        (Some(_), Some(_)) | (None, None) => {
            return Err(("command", "set either `command` or `file`".to_owned()));
        }
    };
    Ok(CustomMetric { name, kind: *kind, source })
}

fn timeout(seconds: Option<f64>) -> Result<Duration, (&'static str, String)> {
    let seconds = seconds.unwrap_or(5.0);
    if (0.01..=COMMAND_SECONDS_MAX).contains(&seconds) {
        Ok(Duration::from_secs_f64(seconds))
    } else {
        Err(("timeout_seconds", format!("is {seconds}; it must be 0.01 to {COMMAND_SECONDS_MAX}")))
    }
}
