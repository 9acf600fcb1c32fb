//! How a fleet is simulated.

use std::time::Duration;

use picket_device_client::MqttVersion;

use crate::scenarios::{self, Scenario};

/// Settings of a [`crate::Simulation`].
#[derive(Debug, Clone)]
pub struct SimulationConfig {
    /// The same seed gives the same reports.
    pub seed: u64,
    /// What goes wrong. Default: nothing.
    pub scenario: &'static dyn Scenario,
    /// When it goes wrong, counted from the start. Default 20 s.
    pub onset: Duration,
    /// Which device it happens to; one that the seed picks unless set.
    pub victim: Option<String>,
    /// Time between two reports of a device. Default 10 s.
    pub interval: Duration,
    /// Time between two data messages of a device; `None` for no data. Default 5 s.
    pub data_interval: Option<Duration>,
    /// Time over which the devices come up. Default 5 s.
    pub ramp_up: Duration,
    /// Length of a day, for the load curve. Default 24 hours.
    pub day: Duration,
    /// MQTT version. Every tenth device speaks 3.1.1 in any case.
    pub mqtt_version: MqttVersion,
    /// Whether to ask for MQTT by ALPN, as on port 443.
    pub alpn: bool,
}

impl Default for SimulationConfig {
    fn default() -> Self {
        Self {
            seed: 1,
            scenario: scenarios::NONE,
            onset: Duration::from_secs(20),
            victim: None,
            interval: Duration::from_secs(10),
            data_interval: Some(Duration::from_secs(5)),
            ramp_up: Duration::from_secs(5),
            day: Duration::from_secs(24 * 3600),
            mqtt_version: MqttVersion::V5,
            alpn: false,
        }
    }
}

/// Why there is no simulation.
#[derive(Debug, thiserror::Error)]
pub enum InvalidSimulation {
    /// No device.
    #[error("a simulation needs at least one device")]
    NoDevices,
    /// A name that no kind of device has.
    #[error("`{name}` is of no known kind of device; names begin with {}", known_prefixes())]
    UnknownKind {
        /// The name.
        name: String,
    },
    /// The victim is not in the fleet.
    #[error("`{name}` is not a device of this fleet")]
    UnknownVictim {
        /// Its name.
        name: String,
    },
    /// A scenario that does not exist.
    #[error("there is no scenario `{name}`; {}", scenarios::hint(name))]
    UnknownScenario {
        /// Its name.
        name: String,
    },
    /// An interval or a rate of zero.
    #[error("{what} must be more than zero")]
    Zero {
        /// Which.
        what: &'static str,
    },
    /// The certificate of a device cannot be used for TLS.
    #[error("TLS of `{name}` cannot be set up: {cause}")]
    Tls {
        /// The device.
        name: String,
        /// What TLS says.
        cause: String,
    },
}

fn known_prefixes() -> String {
    let prefixes: Vec<_> = crate::kinds::ALL.iter().map(|kind| kind.prefix).collect();
    prefixes.join(", ")
}

impl SimulationConfig {
    /// The report interval at which `things` devices make `reports_per_second` together.
    pub fn interval_for_rate(
        things: usize,
        reports_per_second: f64,
    ) -> Result<Duration, InvalidSimulation> {
        if reports_per_second.is_nan() || reports_per_second <= 0.0 {
            return Err(InvalidSimulation::Zero { what: "the rate" });
        }
        let interval = Duration::try_from_secs_f64(things as f64 / reports_per_second);
        let interval = interval.unwrap_or(Duration::MAX);
        // Nothing reports more seldom than once a year.
        Ok(interval.clamp(Duration::from_millis(1), Duration::from_secs(365 * 24 * 3600)))
    }

    pub(crate) fn check(&self) -> Result<(), InvalidSimulation> {
        for (what, value) in [
            ("the report interval", self.interval),
            ("the data interval", self.data_interval.unwrap_or(Duration::MAX)),
            ("the day", self.day),
        ] {
            if value.is_zero() {
                return Err(InvalidSimulation::Zero { what });
            }
        }
        Ok(())
    }
}
