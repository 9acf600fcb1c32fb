//! The agent's settings: `agent.toml`, overlaid by flags.

mod raw;
mod unknown;

use std::path::{Path, PathBuf};
use std::time::Duration;

use picket_core::ThingName;
use picket_device_client::{Endpoint, IdentityPaths, MqttVersion};
use picket_wire_report::{Format, LIST_ENTRIES_MAX, Names};

use crate::custom::CustomMetric;
use crate::procfs::Procfs;
pub(crate) use raw::RawConfig;

/// Largest configuration file, in bytes.
const FILE_BYTES_MAX: u64 = 256 * 1024;
/// The port that speaks MQTT only when asked to by ALPN.
const ALPN_PORT: u16 = 443;

/// Settings that have been checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentConfig {
    /// The server.
    pub endpoint: Endpoint,
    /// The thing to report for.
    pub thing_name: ThingName,
    /// The MQTT client id; the thing's name unless set.
    pub client_id: String,
    /// Certificate, key and CA.
    pub identity: IdentityPaths,
    /// Time between reports.
    pub interval: Duration,
    /// JSON or CBOR.
    pub format: Format,
    /// Long or short member names.
    pub names: Names,
    /// MQTT version.
    pub mqtt_version: MqttVersion,
    /// Whether to ask for MQTT by ALPN.
    pub alpn: bool,
    /// Cap on the agent's own memory in MiB; `None` for no cap.
    pub memory_max_mib: Option<u64>,
    /// Most entries of a list of ports or connections.
    pub list_entries_max: usize,
    /// Interfaces whose traffic is not counted.
    pub interfaces_excluded: Vec<String>,
    /// The kernel's tables.
    pub procfs: Procfs,
    /// Custom metrics.
    pub custom_metrics: Vec<CustomMetric>,
}

/// Why there are no settings.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("the configuration file `{path}` cannot be read: {cause}")]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's words.
        cause: std::io::Error,
    },
    /// The file is not TOML, or a value has the wrong type.
    #[error("`{path}`: {cause}")]
    Syntax {
        /// The file.
        path: PathBuf,
        /// What and where.
        cause: String,
    },
    /// Everything that is wrong, one line each.
    #[error("the configuration is not valid:\n{}", .0.join("\n"))]
    Invalid(Vec<String>),
}

impl RawConfig {
    /// Reads `path`. Relative paths in it are relative to its directory.
    pub(crate) fn read(path: &Path) -> Result<Self, ConfigError> {
        use std::io::Read as _;
        let unreadable = |cause| ConfigError::Read { path: path.to_owned(), cause };
        let file = std::fs::File::open(path).map_err(unreadable)?;
        let mut text = String::new();
        file.take(FILE_BYTES_MAX).read_to_string(&mut text).map_err(unreadable)?;
        let mut raw = Self::parse(&text, path)?;
        let directory = path.parent().unwrap_or(Path::new(""));
        raw.resolve_paths(directory);
        Ok(raw)
    }

    pub(crate) fn parse(text: &str, path: &Path) -> Result<Self, ConfigError> {
        let syntax = |error: toml::de::Error| ConfigError::Syntax {
            path: path.to_owned(),
            cause: error.to_string().trim_end().to_owned(),
        };
        let table: toml::Table = toml::from_str(text).map_err(syntax)?;
        let unknown = unknown::keys(&table);
        if !unknown.is_empty() {
            return Err(ConfigError::Invalid(unknown));
        }
        toml::from_str(text).map_err(syntax)
    }

    /// Checks everything and reports everything that is wrong.
    pub(crate) fn validate(self) -> Result<AgentConfig, ConfigError> {
        let mut problems = Vec::new();
        let endpoint = endpoint(self.endpoint.as_deref(), self.port, &mut problems);
        let thing_name = thing_name(self.thing_name.as_deref(), &mut problems);
        let client_id = self.client_id.unwrap_or_else(|| self.thing_name.unwrap_or_default());
        if client_id.len() > 128 {
            problems.push("client_id: must have at most 128 bytes".to_owned());
        }
        let interval =
            within("interval_seconds", self.interval_seconds, 300, 1..=86_400, &mut problems);
        let list_max = u64::try_from(LIST_ENTRIES_MAX).unwrap_or(u64::MAX);
        let entries =
            within("list_entries_max", self.list_entries_max, 500, 1..=list_max, &mut problems);
        let memory = within("memory_max_mib", self.memory_max_mib, 16, 0..=65_536, &mut problems);
        let format = choice("format", self.format.as_deref(), FORMATS, &mut problems);
        let names = choice("names", self.names.as_deref(), NAMES, &mut problems);
        let version = choice("mqtt_version", self.mqtt_version.as_deref(), VERSIONS, &mut problems);
        let custom_metrics = raw::custom_metrics(self.custom_metric, &mut problems);
        let directory = self.identity.unwrap_or_default();
        let file =
            |given: Option<PathBuf>, name: &str| given.unwrap_or_else(|| directory.join(name));
        let identity = IdentityPaths {
            ca: file(self.ca, "ca.pem"),
            certificate: file(self.certificate, "certificate.pem.crt"),
            key: file(self.key, "private.pem.key"),
        };
        let (Some(endpoint), Some(thing_name), true) = (endpoint, thing_name, problems.is_empty())
        else {
            return Err(ConfigError::Invalid(problems));
        };
        Ok(AgentConfig {
            alpn: self.alpn.unwrap_or(endpoint.port == ALPN_PORT),
            endpoint,
            thing_name,
            client_id,
            identity,
            interval: Duration::from_secs(interval),
            format,
            names,
            mqtt_version: version,
            memory_max_mib: (memory > 0).then_some(memory),
            list_entries_max: usize::try_from(entries).unwrap_or(LIST_ENTRIES_MAX),
            interfaces_excluded: self.interfaces_excluded.unwrap_or_else(|| vec!["lo".to_owned()]),
            procfs: self.procfs.map(Procfs::at).unwrap_or_default(),
            custom_metrics,
        })
    }
}

const FORMATS: &[(&str, Format); 2] = &[("json", Format::Json), ("cbor", Format::Cbor)];
const NAMES: &[(&str, Names); 2] = &[("long", Names::Long), ("short", Names::Short)];
const VERSIONS: &[(&str, MqttVersion); 2] =
    &[("5", MqttVersion::V5), ("3.1.1", MqttVersion::V3_1_1)];

fn endpoint(
    given: Option<&str>,
    port: Option<u16>,
    problems: &mut Vec<String>,
) -> Option<Endpoint> {
    let Some(given) = given.filter(|host| !host.is_empty()) else {
        problems.push("endpoint: is missing; set it to the host name of the server".to_owned());
        return None;
    };
    let (host, own_port) = match given.rsplit_once(':') {
        // A bare IPv6 address has colons of its own.
        Some((host, digits)) if !host.contains(':') || host.ends_with(']') => {
            (host, digits.parse().ok())
        }
        _ => (given, Some(port.unwrap_or(8883))),
    };
    match port.or(own_port) {
        Some(port) if port > 0 => {
            let host = host.trim_start_matches('[').trim_end_matches(']');
            Some(Endpoint::new(host, port))
        }
        _ => {
            problems.push(format!("endpoint: `{given}` has no valid port"));
            None
        }
    }
}

fn thing_name(given: Option<&str>, problems: &mut Vec<String>) -> Option<ThingName> {
    let Some(given) = given else {
        problems
            .push("thing_name: is missing; set it to the name of this device's thing".to_owned());
        return None;
    };
    if given.contains(['/', '+', '#']) {
        problems.push("thing_name: must not hold `/`, `+` or `#`".to_owned());
        return None;
    }
    ThingName::new(given).map_err(|error| problems.push(format!("thing_name: {error}"))).ok()
}

fn within(
    key: &str,
    given: Option<u64>,
    default: u64,
    range: std::ops::RangeInclusive<u64>,
    problems: &mut Vec<String>,
) -> u64 {
    let value = given.unwrap_or(default);
    if !range.contains(&value) {
        let (start, end) = (range.start(), range.end());
        problems.push(format!("{key}: is {value}; it must be {start} to {end}"));
    }
    value
}

/// The first choice is the default.
fn choice<T: Copy>(
    key: &str,
    given: Option<&str>,
    choices: &[(&str, T); 2],
    problems: &mut Vec<String>,
) -> T {
    let [(first, default), (second, other)] = *choices;
    match given {
        None => default,
        Some(given) if given == first => default,
        Some(given) if given == second => other,
        Some(given) => {
            let nearest = unknown::nearest(given, [first, second].into_iter());
            problems.push(format!("{key}: is `{given}`; it must be {first} or {second}{nearest}"));
            default
        }
    }
}

#[cfg(test)]
mod tests;
