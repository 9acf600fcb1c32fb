//! Many connections that are made at once and kept.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use picket_core::Tasks;
use picket_device_client::{AsyncClient, ConnectOptions, Endpoint};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::devices::Device;

/// Handshakes at a time; more would only wait in the server's queue.
const AT_A_TIME: usize = 64;
const GOODBYE: Duration = Duration::from_secs(60);

/// Open connections.
pub(crate) struct Connections {
    clients: Vec<AsyncClient>,
    tasks: Tasks,
}

impl Connections {
    /// Connects `devices` as themselves, which is what the device policy lets them connect as.
    pub(crate) async fn open(
        devices: impl Iterator<Item = &Device>,
        endpoint: &Endpoint,
    ) -> Result<Self> {
        let tasks = Tasks::new();
        let seats = Arc::new(Semaphore::new(AT_A_TIME));
        let mut opening = JoinSet::new();
        for device in devices.cloned() {
            let (tasks, endpoint) = (tasks.clone(), endpoint.clone());
            let seat = Arc::clone(&seats).acquire_owned().await?;
            opening.spawn(async move {
                let _seat = seat;
                let options = ConnectOptions::new(device.name.clone());
                AsyncClient::connect(&tasks, &endpoint, &device.transport, &options).await
            });
        }
        let mut clients = Vec::with_capacity(opening.len());
        while let Some(opened) = opening.join_next().await {
            clients.push(opened?.context("a device could not connect")?);
        }
        Ok(Self { clients, tasks })
    }

    /// Says good-bye and waits until all are closed.
    pub(crate) async fn close(self) {
        drop(self.clients);
        self.tasks.shut_down(GOODBYE).await;
    }
}
