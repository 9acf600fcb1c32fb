//! Both clients against a real endpoint.

mod asynchronous;
mod blocking;

use std::sync::Arc;
use std::time::Duration;

use crate::testsuite::{Behaviour, TestEndpoint};
use crate::{ConnectOptions, MqttVersion, Timeouts, Transport, client_config};

pub(crate) const VERSIONS: [MqttVersion; 2] = [MqttVersion::V3_1_1, MqttVersion::V5];

pub(crate) fn endpoint() -> TestEndpoint {
    TestEndpoint::start(Behaviour::default())
}

pub(crate) fn tls(endpoint: &TestEndpoint, name: &str) -> Transport {
    Transport::Tls(client_config(&endpoint.identity(name), None).unwrap())
}

pub(crate) fn options(client_id: &str, version: MqttVersion) -> ConnectOptions {
    ConnectOptions { version, ..ConnectOptions::new(client_id) }
}

/// Options for tests in which an answer does not come.
pub(crate) fn impatient(client_id: &str) -> ConnectOptions {
    let short = Duration::from_millis(200);
    let timeouts = Timeouts { connect: Duration::from_secs(5), answer: short };
    ConnectOptions { timeouts, ..ConnectOptions::new(client_id) }
}

pub(crate) fn refusing(what: &'static str) -> Behaviour {
    let refuse: crate::testsuite::Refuse = Arc::new(move |it| (it == what).then_some(0x87));
    Behaviour {
        refuse_connect: refuse.clone(),
        refuse_publish: refuse.clone(),
        refuse_subscribe: refuse,
        ..Behaviour::default()
    }
}

pub(crate) const REPORT: &[u8] =
    br#"{"header":{"report_id":7,"version":"1.0"},"metrics":{"network_stats":{"bytes_in":1}}}"#;
pub(crate) const REPORT_TOPIC: &str = "$aws/things/pump-1/defender/metrics/json";
