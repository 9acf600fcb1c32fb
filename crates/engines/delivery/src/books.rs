//! What a stream counts.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use picket_core::{Ledger, LedgerSnapshot};
use serde::Serialize;

/// The stage's name in ledgers.
pub(crate) const STAGE: &str = "delivery";

/// Why records left a stream other than by delivery. All of them are in the backup but those a function
/// left out.
pub(crate) const SPLUNK_FAILED: &str = "splunk_failed";
pub(crate) const PROCESSING_FAILED: &str = "processing_failed";
pub(crate) const STREAM_DELETED: &str = "stream_deleted";
pub(crate) const LEFT_OUT: &str = "left_out_by_function";

/// The counters of one stream.
#[derive(Debug)]
pub(crate) struct Books {
    /// Records delivered and dropped. What was received follows from the log.
    pub(crate) ledger: Ledger,
    /// The first sequence this process has to do with.
    start: u64,
    waiting_bytes: AtomicU64,
    refused_puts: AtomicU64,
    requests: AtomicU64,
    failed_requests: AtomicU64,
    sent_bytes: AtomicU64,
    delivered_bytes: AtomicU64,
    ack_wait_ms: AtomicU64,
    troubles: Mutex<Troubles>,
    stream: String,
}

/// What went wrong so far.
#[derive(Debug, Default)]
struct Troubles {
    times: BTreeMap<&'static str, u64>,
    last: Option<String>,
}

/// How a stream is doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StreamStatus {
    /// Its name.
    pub name: String,
    /// Where it delivers to; absent when its document has never been usable.
    pub endpoint: Option<String>,
    /// What is wrong with its document; empty if nothing is. With problems the stream goes on with the
    /// document before, or refuses records if there was none.
    pub problems: Vec<String>,
    /// Its account book, in records.
    pub ledger: LedgerSnapshot,
    /// Records in its log that are neither delivered nor backed up.
    pub backlog_records: u64,
    /// Their size.
    pub backlog_bytes: u64,
    /// Puts refused because the log was full or failed.
    pub refused_puts: u64,
    /// Requests sent, repetitions included.
    pub requests: u64,
    /// Requests that failed, or that were not acknowledged in time.
    pub failed_requests: u64,
    /// Bytes of bodies sent, before gzip.
    pub sent_bytes: u64,
    /// Bytes of bodies delivered, before gzip.
    pub delivered_bytes: u64,
    /// Time spent waiting for acknowledgements, in milliseconds, over all requests.
    pub ack_wait_ms: u64,
    /// The last failure, for people.
    pub last_error: Option<String>,
}

impl Books {
    pub(crate) fn new(stream: &str, start: u64, waiting_bytes: u64) -> Self {
        Self {
            ledger: Ledger::new(STAGE),
            start,
            waiting_bytes: AtomicU64::new(waiting_bytes),
            refused_puts: AtomicU64::new(0),
            requests: AtomicU64::new(0),
            failed_requests: AtomicU64::new(0),
            sent_bytes: AtomicU64::new(0),
            delivered_bytes: AtomicU64::new(0),
            ack_wait_ms: AtomicU64::new(0),
            troubles: Mutex::default(),
            stream: stream.to_owned(),
        }
    }

    /// Makes room for `bytes`; an error with what waits already if there is none.
    pub(crate) fn reserve(&self, bytes: u64, bytes_max: u64) -> Result<(), u64> {
        let add = |waiting: u64| waiting.checked_add(bytes).filter(|sum| *sum <= bytes_max);
        let reserved =
            self.waiting_bytes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add).map(drop);
        if reserved.is_err() {
            self.refused_put();
        }
        reserved
    }

    /// Gives back room: the records have left the stream, or never got in.
    pub(crate) fn release(&self, bytes: u64) {
        let mut waiting = self.waiting_bytes.load(Ordering::Relaxed);
        while let Err(now) = self.waiting_bytes.compare_exchange_weak(
            waiting,
            waiting.saturating_sub(bytes),
            Ordering::Relaxed,
            Ordering::Relaxed,
        ) {
            waiting = now;
        }
    }

    pub(crate) fn refused_put(&self) {
        self.refused_puts.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn posted(&self, bytes: usize) {
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.sent_bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(crate) fn delivered_bytes(&self, bytes: u64) {
        self.delivered_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(crate) fn ack_waited(&self, waited: Duration) {
        let ms = u64::try_from(waited.as_millis()).unwrap_or(u64::MAX);
        self.ack_wait_ms.fetch_add(ms, Ordering::Relaxed);
    }

    pub(crate) fn failed(&self, code: &'static str, message: &str) {
        self.failed_requests.fetch_add(1, Ordering::Relaxed);
        self.note(code, message);
    }

    /// Remembers a failure. The 1st, 2nd, 4th, 8th … of a kind is logged, so that a collector that is
    /// away for long does not fill the log.
    pub(crate) fn note(&self, code: &'static str, message: &str) {
        let mut troubles = self.troubles.lock();
        let times = troubles.times.entry(code).or_default();
        *times += 1;
        if times.is_power_of_two() {
            tracing::warn!(stream = %self.stream, code, times, message, "a delivery stream has trouble");
        }
        troubles.last = Some(format!("{code}: {message}"));
    }

    /// The account book, when the log's next record will have sequence `next`.
    pub(crate) fn snapshot(&self, next: u64) -> LedgerSnapshot {
        let booked = self.ledger.snapshot();
        let gone = booked.delivered + booked.dropped.values().sum::<u64>();
        let received = next.saturating_sub(self.start).max(gone);
        LedgerSnapshot { received, in_flight: received - gone, ..booked }
    }

    pub(crate) fn status(&self, next: u64) -> StreamStatus {
        let ledger = self.snapshot(next);
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        StreamStatus {
            name: self.stream.clone(),
            endpoint: None,
            problems: Vec::new(),
            backlog_records: ledger.in_flight,
            ledger,
            backlog_bytes: get(&self.waiting_bytes),
            refused_puts: get(&self.refused_puts),
            requests: get(&self.requests),
            failed_requests: get(&self.failed_requests),
            sent_bytes: get(&self.sent_bytes),
            delivered_bytes: get(&self.delivered_bytes),
            ack_wait_ms: get(&self.ack_wait_ms),
            last_error: self.troubles.lock().last.clone(),
        }
    }
}

/// Adds `other` to `sum`.
pub(crate) fn add(sum: &mut LedgerSnapshot, other: &LedgerSnapshot) {
    sum.received += other.received;
    sum.delivered += other.delivered;
    sum.in_flight += other.in_flight;
    for (reason, records) in &other.dropped {
        *sum.dropped.entry(reason).or_default() += records;
    }
}

/// An account book in which nothing has happened.
pub(crate) fn empty() -> LedgerSnapshot {
    Ledger::new(STAGE).snapshot()
}
