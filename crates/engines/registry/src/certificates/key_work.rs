//! Making keys is heavy work: off the threads that serve, and never on all processors at once.

use std::num::NonZero;
use std::thread::available_parallelism;

use picket_pki::DeviceKey;
use tokio::sync::Semaphore;

use crate::ControlError;

/// How many keys are made at the same time.
#[derive(Debug)]
pub(crate) struct KeyWork(Semaphore);

impl Default for KeyWork {
    /// One processor is left to everybody else, where there is another.
    fn default() -> Self {
        let processors = available_parallelism().map_or(1, NonZero::get);
        Self(Semaphore::new(processors.saturating_sub(1).max(1)))
    }
}

impl KeyWork {
    /// A fresh key pair.
    pub(crate) async fn key(&self) -> Result<DeviceKey, ControlError> {
        let internal = |cause: &dyn std::fmt::Display| ControlError::Internal(cause.to_string());
        let turn = self.0.acquire().await.map_err(|error| internal(&error))?;
        let made = tokio::task::spawn_blocking(DeviceKey::generate).await;
        drop(turn);
        made.map_err(|error| internal(&error))?.map_err(|error| internal(&error))
    }
}
