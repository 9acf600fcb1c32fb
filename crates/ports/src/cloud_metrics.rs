//! What the front door sees each device do: the source of the cloud-side metrics
//! (spec device-defender §2.3, §2.7).

use std::net::IpAddr;
use std::sync::Arc;

/// Hands out the counters of a device identity. Implemented by the detect engine.
pub trait CloudMetrics: std::fmt::Debug + Send + Sync {
    /// The counters of `identity` (the client id, which is the thing name for a registered thing).
    /// The gateway asks once per connection and keeps the handle; the same identity always gives the
    /// same counters.
    fn device(&self, identity: &str) -> Arc<dyn DeviceCounters>;
}

/// Counts for one device. Called on the hot path: no blocking, no allocation where avoidable.
pub trait DeviceCounters: std::fmt::Debug + Send + Sync {
    /// A CONNECT with a usable client id came in, whatever becomes of it.
    fn connection_attempt(&self, from: IpAddr);

    /// The session is up.
    fn connected(&self, from: IpAddr);

    /// An established session ended, for any reason.
    fn disconnected(&self);

    /// A request was denied. `topic` is absent for a denied CONNECT.
    fn authorization_failure(&self, topic: Option<&str>);

    /// The device published `payload_bytes` on `topic`, and the broker took it.
    fn message_in(&self, topic: &str, payload_bytes: usize);

    /// A message of `payload_bytes` was written to the device's socket, redeliveries not counted.
    fn message_out(&self, topic: &str, payload_bytes: usize);
}
