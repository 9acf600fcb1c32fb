//! A message on its way to one client, and why it may not arrive.

use std::sync::Arc;
use std::time::Duration;

use picket_core::Timestamp;
use picket_ports::Message;

/// A message for one client.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// What was published.
    pub message: Arc<Message>,
    /// The QoS of this copy: the lower of the publish's and the subscription's.
    pub qos: u8,
    /// The RETAIN flag of this copy.
    pub retain: bool,
    /// Whether the client has it for a group that shares a subscription, and not by one of its own.
    pub is_shared: bool,
    /// MQTT 5 subscription identifiers of all subscriptions that matched.
    pub subscription_ids: Vec<u32>,
}

impl Delivery {
    /// What it counts against limits in bytes.
    pub fn bytes(&self) -> usize {
        /// Keeps empty messages from being free.
        const OVERHEAD: usize = 64;
        self.message.topic.len() + self.message.payload.len() + OVERHEAD
    }

    /// Whether its expiry interval has passed at `now`.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        let expiry = self.message.properties.expiry_seconds;
        expiry.is_some_and(|seconds| {
            now.since(self.message.arrived) >= Duration::from_secs(u64::from(seconds))
        })
    }
}

/// Why a message will not reach this client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DropReason {
    /// The queue is full: the client is too slow or offline for too long. The newest is dropped.
    QueueFull,
    /// The queues of all clients together are full.
    AllQueuesFull,
    /// QoS 0 for a client that is offline.
    Offline,
    /// Its expiry interval has passed.
    Expired,
    /// The client's rights do not let it receive the topic.
    Denied,
    /// It does not fit into the client's Maximum Packet Size.
    TooLarge,
    /// The session ended.
    SessionEnded,
    /// It had to be stored, and the store does not work at the moment.
    NotStored,
}

impl DropReason {
    /// The reason as the account book names it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::QueueFull => "queue_full",
            Self::AllQueuesFull => "all_queues_full",
            Self::Offline => "offline_qos0",
            Self::Expired => "expired",
            Self::Denied => "receive_denied",
            Self::TooLarge => "larger_than_client_maximum",
            Self::SessionEnded => "session_ended",
            Self::NotStored => "not_stored",
        }
    }
}
