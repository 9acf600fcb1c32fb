//! The fleet: one task a device.

mod intruder;
mod member;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use picket_core::{Clock, Tasks};
use picket_device_client::{
    ALPN_MQTT, ConnectOptions, Endpoint, Identity, Transport, client_config,
};
use rand::RngExt as _;
use tokio_util::sync::CancellationToken;

use crate::chance;
use crate::config::{InvalidSimulation, SimulationConfig};
use crate::device::Device;
use crate::statistics::Statistics;
use intruder::Intruder;
use member::Member;

/// Longest time to disconnect everyone at the end.
const GRACE: Duration = Duration::from_secs(10);
/// Largest packet a device takes. Answers to reports are small.
const PACKET_BYTES_MAX: u32 = 16 * 1024;

/// A fleet that is ready to start.
#[derive(Debug)]
pub struct Simulation {
    config: Arc<SimulationConfig>,
    endpoint: Endpoint,
    members: Vec<(Device, Transport)>,
    victim: usize,
    statistics: Arc<Statistics>,
    clock: Arc<dyn Clock>,
}

impl Simulation {
    /// A fleet of the devices of `identities`, whose names are thing names and client ids
    /// ([`crate::names`] makes them).
    pub fn new(
        config: SimulationConfig,
        endpoint: Endpoint,
        identities: Vec<(String, Identity)>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, InvalidSimulation> {
        let alpn = config.alpn.then_some(ALPN_MQTT);
        let mut devices = Vec::with_capacity(identities.len());
        for (name, identity) in identities {
            let transport =
                client_config(&identity, alpn).map(Transport::Tls).map_err(|error| {
                    InvalidSimulation::Tls { name: name.clone(), cause: error.to_string() }
                })?;
            devices.push((name, transport));
        }
        Self::with_transports(config, endpoint, devices, clock)
    }

    /// The same for devices that connect as they are told; for a plaintext port.
    pub fn with_transports(
        config: SimulationConfig,
        endpoint: Endpoint,
        devices: Vec<(String, Transport)>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, InvalidSimulation> {
        config.check()?;
        let victim = pick_victim(&config, &devices)?;
        let mut members = Vec::with_capacity(devices.len());
        for (index, (name, transport)) in (0_u64..).zip(devices) {
            let device = Device::new(&name, index, config.seed, config.day)
                .ok_or(InvalidSimulation::UnknownKind { name })?;
            members.push((device, transport));
        }
        let statistics = Statistics::default();
        statistics.devices.store(u64::try_from(members.len()).unwrap_or(0), Ordering::Relaxed);
        Ok(Self {
            config: Arc::new(config),
            endpoint,
            members,
            victim,
            statistics: Arc::new(statistics),
            clock,
        })
    }

    /// The live counters.
    pub fn statistics(&self) -> Arc<Statistics> {
        self.statistics.clone()
    }

    /// The device that the scenario happens to.
    pub fn victim(&self) -> &str {
        self.members.get(self.victim).map_or("", |(device, _)| device.name.as_str())
    }

    /// Runs until `stop` is cancelled, then disconnects everyone.
    pub async fn run(self, stop: CancellationToken) {
        let tasks = Tasks::new();
        self.start(&tasks);
        stop.cancelled().await;
        tasks.shut_down(GRACE).await;
    }

    /// Starts every device in `tasks`; they disconnect when the tasks are told to stop.
    pub fn start(self, tasks: &Tasks) {
        let Self { config, endpoint, members, victim, statistics, clock } = self;
        let count = u32::try_from(members.len()).unwrap_or(u32::MAX).max(1);
        let shared = Arc::new(Shared {
            started: clock.now(),
            config,
            endpoint,
            statistics,
            clock,
            tasks: tasks.clone(),
        });
        for (place, (device, transport)) in members.into_iter().enumerate() {
            let is_victim = place == victim;
            if is_victim && shared.config.scenario.has_intruder() {
                let intruder = Intruder::new(shared.clone(), &device, transport.clone());
                tasks.spawn("intruder", intruder.run());
            }
            let nth = u32::try_from(place).unwrap_or(u32::MAX);
            let delay = shared.config.ramp_up / count * nth;
            let member = Member::new(shared.clone(), device, transport, is_victim);
            tasks.spawn("simulated-device", member.run(delay));
        }
    }
}

/// What all devices of a fleet share.
#[derive(Debug)]
struct Shared {
    config: Arc<SimulationConfig>,
    endpoint: Endpoint,
    statistics: Arc<Statistics>,
    clock: Arc<dyn Clock>,
    started: picket_core::Timestamp,
    tasks: Tasks,
}

impl Shared {
    fn options(&self, client_id: &str) -> ConnectOptions {
        ConnectOptions {
            version: self.config.mqtt_version,
            packet_bytes_max: PACKET_BYTES_MAX,
            in_flight_max: 8,
            inbox_messages_max: 8,
            ..ConnectOptions::new(client_id)
        }
    }

    /// Waits for `time`; false if the fleet is told to stop before.
    async fn sleep(&self, time: Duration) -> bool {
        tokio::select! {
            () = tokio::time::sleep(time) => true,
            () = self.tasks.stopping() => false,
        }
    }
}

fn pick_victim(
    config: &SimulationConfig,
    devices: &[(String, Transport)],
) -> Result<usize, InvalidSimulation> {
    if devices.is_empty() {
        return Err(InvalidSimulation::NoDevices);
    }
    match &config.victim {
        None => Ok(chance::of(config.seed, u64::MAX, 0).random_range(0..devices.len())),
        Some(wanted) => devices
            .iter()
            .position(|(name, _)| name == wanted)
            .ok_or_else(|| InvalidSimulation::UnknownVictim { name: wanted.clone() }),
    }
}
