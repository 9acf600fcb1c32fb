//! Rates of the whole account, and of each client id (spec iot-core §3.5, §3.8).

use std::sync::Arc;
use std::time::{Duration, Instant};

use ahash::AHashMap;
use parking_lot::Mutex;

use crate::bucket::Bucket;
use crate::config::GatewayConfig;
use crate::rules::Rules;

/// What all clients together may do in a second.
#[derive(Debug)]
pub(crate) struct AccountRates {
    pub(crate) connects: Rate,
    pub(crate) publishes_in: Rate,
    pub(crate) publishes_out: Rate,
    pub(crate) subscribes: Rate,
}

impl AccountRates {
    pub(crate) fn new(config: &GatewayConfig) -> Self {
        Self {
            connects: Rate::new(config.connects_per_second),
            publishes_in: Rate::new(config.publishes_in_per_second),
            publishes_out: Rate::new(config.publishes_out_per_second),
            subscribes: Rate::new(config.subscribes_per_second),
        }
    }
}

/// One rate; without a limit it costs nothing.
#[derive(Debug)]
pub(crate) struct Rate(Option<Mutex<Bucket>>);

impl Rate {
    fn new(per_second: u32) -> Self {
        Self((per_second > 0).then(|| Mutex::new(Bucket::new(per_second, Instant::now()))))
    }

    /// Whether one more may pass now.
    pub(crate) fn take(&self, now: Instant) -> bool {
        self.0.as_ref().is_none_or(|bucket| bucket.lock().take(now))
    }

    /// How many may pass now, `wanted` at most.
    pub(crate) fn available(&self, wanted: usize, now: Instant) -> usize {
        self.0.as_ref().map_or(wanted, |bucket| bucket.lock().available(wanted, now))
    }

    /// Books what has passed.
    pub(crate) fn spend(&self, count: usize, now: Instant) {
        if let Some(bucket) = &self.0 {
            bucket.lock().spend(count, now);
        }
    }
}

/// A client that has been away for so long starts anew; longer with a session that is kept.
const REMEMBERED_FOR: Duration = Duration::from_secs(3600);
/// Most client ids remembered that are not connected.
const AWAY_MAX: usize = 200_000;

/// What is remembered of client ids from one connection to the next.
#[derive(Debug, Default)]
pub(crate) struct ClientBook {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    clients: AHashMap<Arc<str>, Entry>,
    /// Entries without a connection.
    away: usize,
}

#[derive(Debug)]
struct Entry {
    connects: Bucket,
    /// What a connection before this one has left of its publishes per second.
    publishes: Option<Bucket>,
    /// The next connection's `versionNumber`.
    version: u64,
    connections: u32,
    forgotten: Instant,
}

/// What a new connection of a client id starts with.
#[derive(Debug)]
pub(crate) struct Arrival {
    /// `versionNumber` of its lifecycle events.
    pub(crate) version: u64,
    /// Its publishes per second.
    pub(crate) publishes: Bucket,
}

impl ClientBook {
    /// Takes note of a connection, or `None` if there were too many of this client id.
    pub(crate) fn arrive(
        &self,
        client_id: &Arc<str>,
        rules: &Rules,
        now: Instant,
    ) -> Option<Arrival> {
        let mut inner = self.inner.lock();
        let Inner { clients, away } = &mut *inner;
        let entry = clients.entry(Arc::clone(client_id)).or_insert_with(|| {
            *away += 1;
            let (rate, burst) = (rules.connects_per_second, rules.connect_burst);
            Entry {
                connects: Bucket::with_burst(rate, burst, now),
                publishes: None,
                version: 0,
                connections: 0,
                forgotten: now + REMEMBERED_FOR,
            }
        });
        if entry.connections == 0 && entry.forgotten <= now {
            (entry.version, entry.publishes) = (0, None);
        }
        if !entry.connects.take(now) {
            return None;
        }
        if entry.connections == 0 {
            *away = away.saturating_sub(1);
        }
        entry.connections += 1;
        let version = entry.version;
        entry.version += 1;
        let publishes = entry.publishes.take();
        let publishes = publishes.unwrap_or_else(|| Bucket::new(rules.publishes_per_second, now));
        Some(Arrival { version, publishes })
    }

    /// The client's connection has been given this `versionNumber`, which may be more than we knew of.
    pub(crate) fn has_reached(&self, client_id: &str, version: u64) {
        if let Some(entry) = self.inner.lock().clients.get_mut(client_id) {
            entry.version = entry.version.max(version.saturating_add(1));
        }
    }

    /// A connection of this client id has ended; its session is kept for `kept`.
    pub(crate) fn depart(
        &self,
        client_id: &str,
        mut publishes: Bucket,
        kept: Duration,
        now: Instant,
    ) {
        let mut inner = self.inner.lock();
        let Inner { clients, away } = &mut *inner;
        let Some(entry) = clients.get_mut(client_id) else { return };
        entry.connections = entry.connections.saturating_sub(1);
        entry.publishes = (!publishes.is_full(now)).then_some(publishes);
        if entry.connections > 0 {
            return;
        }
        // Kept sessions may last for ever, instants do not.
        let kept = kept.clamp(REMEMBERED_FOR, 24 * 7 * REMEMBERED_FOR);
        entry.forgotten = now + kept;
        *away += 1;
        if *away > AWAY_MAX {
            inner.forget(now);
        }
    }
}

impl Inner {
    /// Drops who was away for too long, and if that is nobody, whoever is not connected.
    fn forget(&mut self, now: Instant) {
        let before = self.clients.len();
        self.clients.retain(|_, entry| entry.connections > 0 || entry.forgotten > now);
        if self.clients.len() == before {
            self.clients.retain(|_, entry| entry.connections > 0);
        }
        self.away = self.clients.values().filter(|entry| entry.connections == 0).count();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::RulesConfig;

    fn rules() -> Rules {
        let burst = RulesConfig { connect_burst: Some(2), ..RulesConfig::default() };
        Rules::for_tls(&burst)
    }

    #[test]
    fn the_version_number_grows_with_each_connection_and_is_forgotten_after_an_hour() {
        let (book, rules, start) = (ClientBook::default(), rules(), Instant::now());
        let pump: Arc<str> = "pump".into();
        let at = |seconds| start + Duration::from_secs(seconds);
        let version = |seconds| book.arrive(&pump, &rules, at(seconds)).unwrap().version;
        let leave = |seconds, kept| {
            let bucket = Bucket::new(0, start);
            book.depart(&pump, bucket, Duration::from_secs(kept), at(seconds));
        };
        assert_eq!(version(0), 0);
        // A takeover: the old connection ends after the new one has begun.
        assert_eq!(version(10), 1);
        leave(10, 0);
        leave(20, 0);
        assert_eq!(version(3000), 2);
        leave(3000, 0);
        assert_eq!(version(6600), 0);
        leave(6600, 7200);
        assert_eq!(version(6600 + 7199), 1);
    }

    #[test]
    fn the_version_number_goes_on_from_that_of_a_session_that_knows_more() {
        let (book, rules, start) = (ClientBook::default(), rules(), Instant::now());
        let pump: Arc<str> = "pump".into();
        assert_eq!(book.arrive(&pump, &rules, start).unwrap().version, 0);
        for reached in [7, 3] {
            book.has_reached(&pump, reached);
        }
        assert_eq!(book.arrive(&pump, &rules, start).unwrap().version, 8);
    }

    #[test]
    fn a_client_id_that_connects_too_often_has_to_wait() {
        let (book, rules, start) = (ClientBook::default(), rules(), Instant::now());
        let pump: Arc<str> = "pump".into();
        let comes =
            |millis| book.arrive(&pump, &rules, start + Duration::from_millis(millis)).is_some();
        assert_eq!([comes(0), comes(0), comes(500), comes(1000)], [true, true, false, true]);
        assert!(book.arrive(&"other".into(), &rules, start).is_some());
    }

    #[test]
    fn a_new_connection_does_not_fill_the_publishes_up() {
        let (book, rules, start) = (ClientBook::default(), rules(), Instant::now());
        let pump: Arc<str> = "pump".into();
        let mut first = book.arrive(&pump, &rules, start).unwrap();
        assert_eq!((0..200).filter(|_| first.publishes.take(start)).count(), 100);
        book.depart(&pump, first.publishes, Duration::ZERO, start);
        let mut second = book.arrive(&pump, &rules, start).unwrap();
        assert!(!second.publishes.take(start));
    }

    #[test]
    fn made_up_client_ids_do_not_fill_the_memory() {
        let (book, rules, start) = (ClientBook::default(), rules(), Instant::now());
        for n in 0..=AWAY_MAX {
            let id: Arc<str> = n.to_string().into();
            book.arrive(&id, &rules, start).unwrap();
            book.depart(&id, Bucket::new(0, start), Duration::ZERO, start);
        }
        assert!(book.inner.lock().clients.len() < 10);
    }
}
