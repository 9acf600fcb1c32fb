//! What happened at the endpoint, and how it behaves.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use super::Behaviour;

/// A publish that was taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// Who sent it.
    pub client_id: String,
    /// Its topic.
    pub topic: String,
    /// Its payload.
    pub payload: Vec<u8>,
    /// Whether it came with QoS 1.
    pub acknowledged: bool,
}

#[derive(Default)]
struct Events {
    connects: Vec<String>,
    refused_connects: Vec<String>,
    ends: usize,
    goodbyes: usize,
    pings: usize,
    refused_publishes: Vec<String>,
    received: Vec<Received>,
    tls_failures: Vec<String>,
}

/// What happened, growing. All methods give copies.
pub struct Record {
    events: Mutex<Events>,
    changed: Condvar,
    behaviour: Mutex<Behaviour>,
    cut: Mutex<CancellationToken>,
}

impl std::fmt::Debug for Record {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Record")
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Record {
    pub(super) fn new(behaviour: Behaviour) -> Self {
        Self {
            events: Mutex::default(),
            changed: Condvar::new(),
            behaviour: Mutex::new(behaviour),
            cut: Mutex::default(),
        }
    }

    /// Client ids that connected, in order; a reconnect counts again.
    pub fn connects(&self) -> Vec<String> {
        lock(&self.events).connects.clone()
    }

    /// Client ids whose CONNECT was refused.
    pub fn refused_connects(&self) -> Vec<String> {
        lock(&self.events).refused_connects.clone()
    }

    /// How many connections ended.
    pub fn ends(&self) -> usize {
        lock(&self.events).ends
    }

    /// How many of them with a DISCONNECT.
    pub fn goodbyes(&self) -> usize {
        lock(&self.events).goodbyes
    }

    /// How many PINGREQs came.
    pub fn pings(&self) -> usize {
        lock(&self.events).pings
    }

    /// Topics of publishes that were refused.
    pub fn refused_publishes(&self) -> Vec<String> {
        lock(&self.events).refused_publishes.clone()
    }

    /// The publishes that were taken in.
    pub fn received(&self) -> Vec<Received> {
        lock(&self.events).received.clone()
    }

    /// What went wrong in TLS handshakes.
    pub fn tls_failures(&self) -> Vec<String> {
        lock(&self.events).tls_failures.clone()
    }

    /// Waits until `condition` holds.
    ///
    /// # Panics
    /// When it does not within ten seconds.
    pub fn wait_until(&self, what: &str, condition: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + Duration::from_secs(10);
        while !condition(self) {
            assert!(Instant::now() < deadline, "not in time: {what}");
            let events = lock(&self.events);
            // Wakes at each change; the short limit covers a change before the wait began.
            let wait = self.changed.wait_timeout(events, Duration::from_millis(20));
            drop(wait.unwrap_or_else(PoisonError::into_inner));
        }
    }

    /// Changes how the endpoint behaves from now on.
    pub fn behave(&self, behaviour: Behaviour) {
        *lock(&self.behaviour) = behaviour;
    }

    pub(super) fn behaviour(&self) -> Behaviour {
        lock(&self.behaviour).clone()
    }

    pub(super) fn cut_token(&self) -> CancellationToken {
        lock(&self.cut).clone()
    }

    pub(super) fn cut(&self) {
        let old = std::mem::take(&mut *lock(&self.cut));
        old.cancel();
    }

    pub(super) fn connected(&self, client_id: &str) {
        self.note(|events| events.connects.push(client_id.to_owned()));
    }

    pub(super) fn connect_refused(&self, client_id: &str) {
        self.note(|events| events.refused_connects.push(client_id.to_owned()));
    }

    pub(super) fn ended(&self) {
        self.note(|events| events.ends += 1);
    }

    pub(super) fn said_goodbye(&self) {
        self.note(|events| events.goodbyes += 1);
    }

    pub(super) fn pinged(&self) {
        self.note(|events| events.pings += 1);
    }

    pub(super) fn publish_refused(&self, topic: &str) {
        self.note(|events| events.refused_publishes.push(topic.to_owned()));
    }

    pub(super) fn took(&self, received: Received) {
        self.note(|events| events.received.push(received));
    }

    pub(super) fn tls_failed(&self, why: String) {
        self.note(|events| events.tls_failures.push(why));
    }

    fn note(&self, change: impl FnOnce(&mut Events)) {
        change(&mut lock(&self.events));
        self.changed.notify_all();
    }
}
