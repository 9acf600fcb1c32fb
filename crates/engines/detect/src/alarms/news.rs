//! News of alarms, in one queue that is written together with the state.
//!
//! Whoever writes news holds the [`Pen`] until they are stored, so that numbers become durable in their
//! order and a listener that reads up to a number has missed none before it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use picket_core::{Ledger, Timestamp};
use picket_ports::alarms::AlarmNews;
use picket_ports::{AlarmListener, StateBatch, StateStore};
use tokio::sync::{Mutex, OwnedMutexGuard, watch};

use super::keys;
use super::stored;
use crate::storage::StorageError;

/// News that are removed with one step of a listener, at most.
const REMOVED_MAX: u64 = 5000;

/// How much the queue holds for a listener that does not take its news.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// News.
    pub(crate) count_max: u64,
    /// Their age.
    pub(crate) age_max: Duration,
}

/// The queue.
#[derive(Debug)]
pub(super) struct News {
    pub(super) store: Arc<dyn StateStore>,
    pub(super) limits: Limits,
    pub(super) ledger: Ledger,
    pub(super) readers: Vec<Reader>,
    /// The number of the next news.
    next: Arc<Mutex<u64>>,
    /// The same, for listeners to wait for.
    written: watch::Sender<u64>,
    /// The oldest news that is stored.
    head: AtomicU64,
}

/// A listener and how far it is.
#[derive(Debug)]
pub(super) struct Reader {
    pub(super) listener: Arc<dyn AlarmListener>,
    /// The number of the news that it is told next.
    next: AtomicU64,
}

impl Reader {
    pub(super) fn next(&self) -> u64 {
        self.next.load(Ordering::SeqCst)
    }
}

/// The right to write news. News are numbered with it and become readable with [`News::written`].
#[derive(Debug)]
pub(crate) struct Pen {
    next: OwnedMutexGuard<u64>,
    added: u64,
}

impl News {
    pub(super) async fn open(
        store: Arc<dyn StateStore>,
        listeners: Vec<Arc<dyn AlarmListener>>,
        limits: Limits,
    ) -> Result<Self, StorageError> {
        let next = store.get(keys::NEXT_NEWS).await?.map_or(0, |bytes| keys::number(&bytes));
        let oldest = store.scan(keys::NEWS, None, 1).await?;
        let head = oldest.first().map_or(next, |(key, _)| keys::number_of(key));
        let ledger = Ledger::new("alarm-news");
        let mut readers = Vec::with_capacity(listeners.len());
        for listener in listeners {
            let stored = store.get(&keys::listener(listener.name())).await?;
            // A new listener hears what is still there.
            let reads = stored.map_or(head, |bytes| keys::number(&bytes)).clamp(head, next);
            ledger.received(next - reads);
            readers.push(Reader { listener, next: AtomicU64::new(reads) });
        }
        let (pen, written) = (Arc::new(Mutex::new(next)), watch::channel(next).0);
        let head = AtomicU64::new(head);
        let news = Self { store, limits, ledger, readers, next: pen, written, head };
        // A kill may have come between the last listener's progress and the removal.
        if !news.readers.is_empty() {
            news.sweep().await?;
        }
        Ok(news)
    }

    /// Waits for the right to write.
    pub(super) async fn pen(&self) -> Pen {
        Pen { next: self.next.clone().lock_owned().await, added: 0 }
    }

    /// Adds news to `batch`, if anybody listens.
    pub(super) fn write(
        &self,
        pen: &mut Pen,
        (queued, news): (Timestamp, AlarmNews),
        batch: &mut StateBatch,
    ) -> Result<(), StorageError> {
        if !self.readers.is_empty() {
            batch.put(keys::news(*pen.next + pen.added), stored::write_news(queued, news)?);
            pen.added += 1;
            batch.put(keys::NEXT_NEWS, (*pen.next + pen.added).to_be_bytes());
        }
        Ok(())
    }

    /// Hands out what was written with `pen`: its batch is stored, or may be.
    pub(super) fn written(&self, mut pen: Pen) {
        if pen.added > 0 {
            *pen.next += pen.added;
            self.ledger.received(pen.added * self.readers.len() as u64);
            self.written.send_replace(*pen.next);
        }
    }

    /// Tells when there is more.
    pub(super) fn watch(&self) -> watch::Receiver<u64> {
        self.written.subscribe()
    }

    /// Notes durably that `reader` goes on at `next`, and removes what everyone has.
    pub(super) async fn advance(&self, reader: &Reader, next: u64) -> Result<(), StorageError> {
        let is_me = |other: &Reader| std::ptr::eq(other, reader);
        let others = self.readers.iter().filter(|other| !is_me(other)).map(Reader::next);
        let needed = others.chain([next]).min().unwrap_or(next);
        let mut batch = StateBatch::default();
        batch.put(keys::listener(reader.listener.name()), next.to_be_bytes());
        let end = self.remove(needed, &mut batch);
        self.store.commit(batch).await?;
        reader.next.store(next, Ordering::SeqCst);
        self.head.fetch_max(end, Ordering::SeqCst);
        self.sweep().await
    }

    /// Removes what everyone has by now: two that went on at the same time did not know of each other.
    async fn sweep(&self) -> Result<(), StorageError> {
        loop {
            let needed = self.readers.iter().map(Reader::next).min().unwrap_or_default();
            let mut batch = StateBatch::default();
            let end = self.remove(needed, &mut batch);
            if batch.is_empty() {
                return Ok(());
            }
            self.store.commit(batch).await?;
            self.head.fetch_max(end, Ordering::SeqCst);
        }
    }

    /// Adds the removal of some news before `needed` to `batch`. Returns where they begin afterwards.
    fn remove(&self, needed: u64, batch: &mut StateBatch) -> u64 {
        let head = self.head.load(Ordering::SeqCst);
        let end = needed.min(head.saturating_add(REMOVED_MAX)).max(head);
        for number in head..end {
            batch.delete(keys::news(number));
        }
        end
    }
}
