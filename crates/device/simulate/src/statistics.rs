//! What the fleet has done so far.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use serde::Serialize;

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// Live counters of a simulation. All but `connected` only grow.
        #[derive(Debug, Default)]
        pub struct Statistics {
            $(pub(crate) $name: AtomicU64,)*
            last_problem: Mutex<Option<String>>,
        }

        /// The counters at one moment.
        #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
        pub struct StatisticsSnapshot {
            $($(#[$doc])* pub $name: u64,)*
            /// The last thing that went wrong with a device, in words.
            pub last_problem: Option<String>,
        }

        impl Statistics {
            /// The counters now.
            pub fn snapshot(&self) -> StatisticsSnapshot {
                StatisticsSnapshot {
                    $($name: self.$name.load(Ordering::Relaxed),)*
                    last_problem: self
                        .last_problem
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .clone(),
                }
            }
        }
    };
}

counters! {
    /// Devices in the fleet.
    devices,
    /// Devices that are connected now.
    connected,
    /// Connections that were made, reconnects included.
    connects,
    /// Connections that were made again after the first.
    reconnects,
    /// Attempts of devices to connect that failed.
    connect_failures,
    /// Reports the server acknowledged.
    reports_sent,
    /// Reports the service accepted.
    reports_accepted,
    /// Reports the service rejected.
    reports_rejected,
    /// Data messages the server acknowledged.
    data_sent,
    /// Publishes of devices that the server refused.
    publishes_refused,
    /// What the intruder of a scenario tried: connections and publishes.
    intruder_attempts,
    /// How much of that the server refused.
    intruder_denied,
}

impl Statistics {
    pub(crate) fn add(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn subtract(counter: &AtomicU64) {
        counter.fetch_sub(1, Ordering::Relaxed);
    }

    /// Remembers a problem, and logs it unless it is the same as the last.
    pub(crate) fn problem(&self, device: &str, problem: String) {
        let mut last = self.last_problem.lock().unwrap_or_else(PoisonError::into_inner);
        if last.as_ref() != Some(&problem) {
            tracing::warn!(device, %problem, "a simulated device has a problem");
            *last = Some(problem);
        }
    }
}
