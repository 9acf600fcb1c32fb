//! `DIR/credentials.json`: how clients on this machine reach the server, with the secrets made at first
//! start (architecture: "Files").
//!
//! A member is there for each interface that is served.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use picket_core::Secret;
use serde::{Deserialize, Serialize};

/// The whole file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Credentials {
    /// The console and its API.
    pub(crate) console: ConsoleAccess,
    /// The AWS endpoint.
    pub(crate) aws: AwsAccess,
    /// The event collector.
    pub(crate) hec: HecAccess,
    /// The MQTT front door.
    pub(crate) mqtt: MqttAccess,
    /// Health and metrics.
    pub(crate) admin: AdminAccess,
}

/// Log-in to the console.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ConsoleAccess {
    /// `http://HOST:PORT`.
    pub(crate) url: String,
    /// The first user.
    pub(crate) username: String,
    /// Their password.
    pub(crate) password: Secret,
}

/// Calling AWS's operations.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct AwsAccess {
    /// `http://HOST:PORT`.
    pub(crate) endpoint_url: String,
    /// The region of every ARN.
    pub(crate) region: String,
    /// The account of every ARN.
    pub(crate) account_id: String,
    /// The first user's access key.
    pub(crate) access_key_id: String,
    /// Its secret.
    pub(crate) secret_access_key: Secret,
}

/// Sending events.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct HecAccess {
    /// `https://HOST:PORT`.
    pub(crate) url: String,
    /// The token.
    pub(crate) token: Secret,
    /// The index it writes to.
    pub(crate) index: String,
}

/// Connecting devices.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct MqttAccess {
    /// A name the server's certificate has.
    pub(crate) host: String,
    /// MQTT over mutual TLS.
    pub(crate) port: Option<u16>,
    /// The same by ALPN.
    pub(crate) alpn_port: Option<u16>,
    /// MQTT without TLS, where it is on.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) plaintext_port: Option<u16>,
    /// The file with the CA's certificate.
    pub(crate) ca: PathBuf,
}

/// Watching the server.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct AdminAccess {
    /// `http://HOST:PORT`.
    pub(crate) url: String,
}

impl Credentials {
    /// Where the file of the data directory `data` is.
    pub(crate) fn path(data: &Path) -> PathBuf {
        data.join("credentials.json")
    }

    /// Reads the file.
    pub(crate) fn read(data: &Path) -> io::Result<Self> {
        let text = fs::read_to_string(Self::path(data))?;
        serde_json::from_str(&text)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    }

    /// Replaces the file in one step; only its owner may read it.
    pub(crate) fn write(&self, data: &Path) -> io::Result<()> {
        let mut text = serde_json::to_vec_pretty(self)?;
        text.push(b'\n');
        write_private(&Self::path(data), &text)
    }
}

/// Replaces the file `path` in one step with `contents`, mode 0600, durable on return.
pub(crate) fn write_private(path: &Path, contents: &[u8]) -> io::Result<()> {
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(".new");
    let unfinished = PathBuf::from(unfinished);
    match fs::remove_file(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file =
        fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished)?;
    file.write_all(contents)?;
    file.sync_all()?;
    fs::rename(&unfinished, path)?;
    let parent = path.parent().unwrap_or(Path::new("."));
    fs::File::open(parent)?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn the_file_is_for_its_owner_only_and_reads_back() {
        let dir = tempfile::tempdir().unwrap();
        let credentials = Credentials {
            console: ConsoleAccess {
                url: "http://127.0.0.1:8000".to_owned(),
                username: "admin".to_owned(),
                password: Secret::new("p"),
            },
            aws: AwsAccess {
                endpoint_url: "http://127.0.0.1:4566".to_owned(),
                region: "us-east-1".to_owned(),
                account_id: "000000000000".to_owned(),
                access_key_id: "AKIA".to_owned(),
                secret_access_key: Secret::new("s"),
            },
            hec: HecAccess {
                url: "https://127.0.0.1:8088".to_owned(),
                token: Secret::new("t"),
                index: "iot".to_owned(),
            },
            mqtt: MqttAccess {
                host: "localhost".to_owned(),
                port: Some(8883),
                alpn_port: Some(443),
                plaintext_port: None,
                ca: "ca.pem".into(),
            },
            admin: AdminAccess { url: "http://127.0.0.1:9600".to_owned() },
        };
        credentials.write(dir.path()).unwrap();
        credentials.write(dir.path()).unwrap();
        let path = Credentials::path(dir.path());
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let read = Credentials::read(dir.path()).unwrap();
        assert_eq!(read.hec.token.expose(), "t");
        assert_eq!(read.aws.secret_access_key.expose(), "s");
    }
}
