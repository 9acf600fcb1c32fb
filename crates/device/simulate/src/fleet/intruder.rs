//! Someone with a device's certificate who tries what it opens.

use std::sync::Arc;
use std::time::Duration;

use picket_device_client::{AsyncClient, ClientError, PublishRequest, Transport};
use rand::RngExt as _;
use rand::rngs::StdRng;

use super::Shared;
use crate::chance;
use crate::device::Device;
use crate::statistics::Statistics;

/// Time between two attempts to connect.
const PACE: Duration = Duration::from_millis(700);
/// Client ids that are worth a try.
const CLIENT_IDS: [&str; 5] = ["admin", "root", "gateway", "backend", "test"];
/// Topics on which a command might be obeyed. `{thing}` is another device.
const TOPICS: [&str; 4] =
    ["$aws/things/{thing}/shadow/update", "things/{thing}/command", "admin/reboot", "fleet/config"];

pub(super) struct Intruder {
    shared: Arc<Shared>,
    stolen_from: String,
    transport: Transport,
    rng: StdRng,
}

impl Intruder {
    pub(super) fn new(shared: Arc<Shared>, device: &Device, transport: Transport) -> Self {
        let rng = chance::of(shared.config.seed, device.index, u64::MAX - 1);
        Self { shared, stolen_from: device.name.clone(), transport, rng }
    }

    /// Hammers from the onset until the fleet is told to stop: in turn as the device itself, which
    /// works and allows to try publishes, and under a guessed client id.
    pub(super) async fn run(mut self) {
        if !self.shared.sleep(self.shared.config.onset).await {
            return;
        }
        let mut as_the_device = true;
        loop {
            let client_id = if as_the_device {
                self.stolen_from.clone()
            } else {
                let at = self.rng.random_range(0..CLIENT_IDS.len());
                CLIENT_IDS.get(at).copied().unwrap_or("admin").to_owned()
            };
            let shared = self.shared.clone();
            let outcome = tokio::select! {
                outcome = Box::pin(self.attempt(&client_id)) => outcome,
                () = shared.tasks.stopping() => return,
            };
            if let Err(error) = outcome {
                Statistics::add(&self.shared.statistics.intruder_denied);
                tracing::debug!(client_id, %error, "the intruder was stopped");
            }
            as_the_device = !as_the_device;
            if !self.shared.sleep(PACE).await {
                return;
            }
        }
    }

    async fn attempt(&mut self, client_id: &str) -> Result<(), ClientError> {
        let shared = self.shared.clone();
        Statistics::add(&shared.statistics.intruder_attempts);
        let options = shared.options(client_id);
        let client =
            AsyncClient::connect(&shared.tasks, &shared.endpoint, &self.transport, &options)
                .await?;
        for topic in TOPICS {
            let other = format!("pump-{:03}", self.rng.random_range(1..100));
            let topic = topic.replace("{thing}", &other);
            Statistics::add(&shared.statistics.intruder_attempts);
            let publish = PublishRequest::at_least_once(&topic, b"{\"action\":\"open\"}");
            match client.publish(&publish).await?.await {
                Err(ClientError::PublishRefused { .. }) => {
                    Statistics::add(&shared.statistics.intruder_denied);
                }
                other => other?,
            }
        }
        client.disconnect().await;
        Ok(())
    }
}
