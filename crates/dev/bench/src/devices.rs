//! Devices with certificates of the server under measurement.

use anyhow::{Context as _, Result, anyhow};
use picket_device_client::{Identity, Transport, client_config};
use serde_json::{Value, json};

use crate::server::Server;

/// A device: its client id, its files, and TLS that is ready to connect.
#[derive(Debug, Clone)]
pub(crate) struct Device {
    pub(crate) name: String,
    pub(crate) transport: Transport,
}

/// Requests at a time: the server puts what comes together into one disk flush.
const AT_A_TIME: usize = 16;

/// Enrolls `count` devices.
pub(crate) fn enroll(server: &Server, count: usize) -> Result<Vec<Device>> {
    let names = picket_simulate::names(count);
    let share = names.len().div_ceil(AT_A_TIME).max(1);
    std::thread::scope(|scope| {
        let parts: Vec<_> = names
            .chunks(share)
            .map(|names| {
                scope.spawn(move || -> Result<Vec<Device>> {
                    names.iter().map(|name| one(server, name.clone())).collect()
                })
            })
            .collect();
        let mut devices = Vec::with_capacity(count);
        for part in parts {
            devices.extend(part.join().map_err(|_| anyhow!("enrolling fell over"))??);
        }
        Ok(devices)
    })
}

/// Gives every device a second policy of `count` statements, of which none decides anything.
pub(crate) fn add_statements(server: &Server, count: usize) -> Result<()> {
    let statement = |number: usize| {
        json!({
            "Effect": if number.is_multiple_of(3) { "Deny" } else { "Allow" },
            "Action": "iot:Publish",
            "Resource": format!("arn:aws:iot:*:*:topic/other-{number}/*/data"),
        })
    };
    let statements: Vec<Value> = (0..count).map(statement).collect();
    let document = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
    server.post("policies", &json!({"name": "bench", "document": document}))?;
    server.put("policies/bench/groups/picket-fleet")
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
