//! Devices with certificates of the server under measurement.

use anyhow::{Context as _, Result};
use picket_device_client::{Identity, Transport, client_config};
use serde_json::{Value, json};

use crate::server::Server;

/// A device: its client id, its files, and TLS that is ready to connect.
#[derive(Debug, Clone)]
pub(crate) struct Device {
    pub(crate) name: String,
    pub(crate) transport: Transport,
}

/// Enrolls `count` devices.
pub(crate) fn enroll(server: &Server, count: usize) -> Result<Vec<Device>> {
    picket_simulate::names(count).into_iter().map(|name| one(server, name)).collect()
}

fn one(server: &Server, name: String) -> Result<Device> {
    let bundle = server.post("things", &json!({"name": name}))?;
    let text = |member: &str| {
        bundle.get(member).and_then(Value::as_str).with_context(|| format!("no {member}"))
    };
    let identity = Identity::from_pem(
        text("ca_pem")?.as_bytes(),
        text("certificate_pem")?.as_bytes(),
        text("private_key_pem")?.as_bytes(),
    )?;
    let transport = Transport::Tls(client_config(&identity, None)?);
    Ok(Device { name, transport })
}
