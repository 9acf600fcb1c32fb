//! Where AWS IoT leaves the MQTT standard.

use serde::{Deserialize, Serialize};

/// Which rules a listener follows where AWS IoT and the MQTT standard differ (spec iot-core §3.2,
/// §3.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dialect {
    /// As AWS IoT: `a/#` does not match `a`, retained messages only for exact filters, no
    /// subscription identifiers, keep-alive clamped, denied publishes close a 3.1.1 connection.
    Aws,
    /// As the MQTT standard says.
    Standard,
}
