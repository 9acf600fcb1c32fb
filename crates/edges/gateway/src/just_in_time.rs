//! Certificates that introduce themselves (spec iot-core §2.6).

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ahash::AHashMap;
use parking_lot::Mutex;
use picket_core::CertificateId;
use picket_ports::JustInTime;
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// Introductions at a time; further ones wait.
const AT_ONCE: usize = 16;
/// How long one may wait for its turn.
const PATIENCE: Duration = Duration::from_secs(10);
/// A certificate that comes again sooner is turned away without a word.
const PAUSE: Duration = Duration::from_secs(1);
/// Certificates remembered for that.
const REMEMBERED_MAX: usize = 10_000;

/// Presents certificates to whoever registers them.
#[derive(Debug)]
pub(crate) struct Introductions {
    register: Arc<dyn JustInTime>,
    places: Semaphore,
    recent: Mutex<AHashMap<CertificateId, Instant>>,
}

impl Introductions {
    pub(crate) fn new(register: Arc<dyn JustInTime>) -> Self {
        Self { register, places: Semaphore::new(AT_ONCE), recent: Mutex::default() }
    }

    /// Presents the certificate `id`, whose key is proven. Returns what became of it, for the log.
    pub(crate) async fn present(&self, id: &CertificateId, der: &[u8], from: IpAddr) -> String {
        if !self.is_due(id, Instant::now()) {
            return "the certificate came again too soon".to_owned();
        }
        // The semaphore is never closed.
        let Ok(Ok(_place)) = timeout(PATIENCE, self.places.acquire()).await else {
            return "too many certificates introduce themselves at the moment".to_owned();
        };
        // To its end, also if it takes long: half a registration helps nobody.
        match self.register.present(der, from).await {
            Ok((_, status)) => format!("the certificate is now {}", status.as_str()),
            Err(error) => {
                tracing::warn!(certificate = %id, %error, "just-in-time registration failed");
                error.to_string()
            }
        }
    }

    fn is_due(&self, id: &CertificateId, now: Instant) -> bool {
        let mut recent = self.recent.lock();
        let is_recent = |at: &Instant| now.saturating_duration_since(*at) < PAUSE;
        if recent.get(id).is_some_and(is_recent) {
            return false;
        }
        if recent.len() >= REMEMBERED_MAX {
            recent.retain(|_, at| is_recent(at));
        }
        if recent.len() < REMEMBERED_MAX {
            recent.insert(id.clone(), now);
        }
        true
    }
}
