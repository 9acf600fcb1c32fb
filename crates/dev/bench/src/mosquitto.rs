//! The peer: mosquitto with the same certificates.

use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::process::{Process, free_port, wait_for};
use crate::server::Server;

/// Mosquitto in front of the same devices.
#[derive(Debug)]
pub(crate) struct Mosquitto {
    pub(crate) process: Process,
    pub(crate) port: u16,
}

impl Mosquitto {
    /// Starts it with the CA and the server certificate of `server`. Each device may publish on its own
    /// topics, as Picket's device policy has it.
    pub(crate) fn start(server: &Server) -> Result<Self> {
        let pki = server.directory.path().join("data/pki");
        let port = free_port()?;
        let acl = server.directory.path().join("mosquitto.acl");
        std::fs::write(&acl, "pattern readwrite things/%u/#\n")?;
        let config = server.directory.path().join("mosquitto.conf");
        let text = format!(
            "listener {port} 127.0.0.1\ncafile {ca}\ncertfile {certificate}\nkeyfile {key}\n\
             require_certificate true\nuse_identity_as_username true\nacl_file {acl}\n\
             allow_anonymous false\nmax_inflight_messages 100\nlog_type error\nuser root\n",
            ca = pki.join("ca.pem").display(),
            certificate = pki.join("server.pem").display(),
            key = pki.join("server.key").display(),
            acl = acl.display(),
        );
        std::fs::write(&config, text)?;
        let child = Command::new("mosquitto")
            .arg("-c")
            .arg(&config)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("mosquitto could not be started; `cargo xtask bench` installs it")?;
        let mut process = Process::new(child);
        wait_for("mosquitto", Duration::from_secs(10), || {
            process.check()?;
            Ok(TcpStream::connect(("127.0.0.1", port)).ok())
        })?;
        Ok(Self { process, port })
    }
}
