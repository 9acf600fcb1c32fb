//! Alarms once they are found: which are on, what happened to them and when, what they were found to be,
//! and who is told.

use std::sync::Arc;

use picket_core::{Clock, LedgerSnapshot, Tasks, Timestamp};
use picket_ports::alarms::{AlarmNews, Violation, ViolationEventType};
use picket_ports::{AlarmListener, StateBatch, StateStore};

use crate::partition::Effects;
use crate::storage::StorageError;
use crate::violation::AlarmEvent;

mod active;
mod counts;
pub(crate) mod history;
mod keys;
mod listeners;
mod news;
mod port;
mod stored;
#[cfg(test)]
mod tests;
mod verification;

use self::active::Active;
pub use self::counts::AlarmCounts;
use self::counts::Counted;
use self::news::News;
pub(crate) use self::news::{Limits, Pen};
use self::verification::Verifications;

/// Batches of old events that are removed in one go.
const PRUNED_BATCHES_MAX: usize = 40;

/// The book of alarms.
#[derive(Debug)]
pub(crate) struct AlarmBook {
    store: Arc<dyn StateStore>,
    clock: Arc<dyn Clock>,
    active: Active,
    verifications: Verifications,
    news: Arc<News>,
    counted: Counted,
}

impl AlarmBook {
    /// Opens what is stored. Alarms that are on come with [`AlarmBook::restore`].
    pub(crate) async fn open(
        store: Arc<dyn StateStore>,
        clock: Arc<dyn Clock>,
        listeners: Vec<Arc<dyn AlarmListener>>,
        limits: Limits,
    ) -> Result<Self, StorageError> {
        history::index_old(&*store).await?;
        let verifications = Verifications::open(&*store).await?;
        let news = Arc::new(News::open(store.clone(), listeners, limits).await?);
        let (active, counted) = (Active::default(), Counted::default());
        Ok(Self { store, clock, active, verifications, news, counted })
    }

    /// Starts telling the listeners.
    pub(crate) fn start(&self, tasks: &Tasks) {
        for place in 0..self.news.readers.len() {
            let (news, clock) = (self.news.clone(), self.clock.clone());
            tasks.spawn("alarm-news", listeners::run(news, place, clock, tasks.clone()));
        }
    }

    /// Puts in alarms that were stored as being on.
    pub(crate) fn restore<'a>(&self, alarms: impl Iterator<Item = &'a Violation>) {
        self.active.put(alarms.cloned());
    }

    /// Adds to `batch` what these events mean for others: news, and their place among the verified ones.
    /// The pen goes to [`AlarmBook::committed`] after the batch was stored.
    pub(crate) async fn enter(
        &self,
        events: impl Iterator<Item = &AlarmEvent>,
        batch: &mut StateBatch,
    ) -> Result<Option<Pen>, StorageError> {
        let mut events = events.peekable();
        if events.peek().is_none() {
            return Ok(None);
        }
        let now = self.clock.now();
        let mut pen = self.news.pen().await;
        for AlarmEvent { event, alert_target } in events {
            let found = self.verifications.state(&event.violation.violation_id);
            history::save_found(event, found, batch)?;
            let (event, alert_target) = (event.clone(), alert_target.clone());
            let news = AlarmNews::Event { event, alert_target };
            self.news.write(&mut pen, (now, news), batch)?;
        }
        Ok(Some(pen))
    }

    /// Hands out what [`AlarmBook::enter`] wrote.
    pub(crate) fn committed(&self, pen: Option<Pen>) {
        if let Some(pen) = pen {
            self.news.written(pen);
        }
    }

    /// Takes in what has been committed.
    pub(crate) fn apply(&self, effects: Effects) {
        let Effects { events, updates, .. } = effects;
        if events.is_empty() && updates.is_empty() {
            return;
        }
        for AlarmEvent { event, .. } in events {
            self.counted.add(&event);
            match event.event {
                ViolationEventType::InAlarm => self.active.put([event.violation].into_iter()),
                ViolationEventType::AlarmCleared | ViolationEventType::AlarmInvalidated => {
                    self.active.take_out([event.violation.violation_id.as_str()].into_iter());
                }
            }
        }
        self.active.renew(updates.into_iter());
    }

    /// How many alarms are on.
    pub(crate) fn len(&self) -> usize {
        self.active.len()
    }

    /// Events since the start by profile.
    pub(crate) fn counts(&self) -> Vec<(String, AlarmCounts)> {
        self.counted.by_profile()
    }

    /// The account of the news: each counts once for each listener.
    pub(crate) fn ledger(&self) -> LedgerSnapshot {
        self.news.ledger.snapshot()
    }

    /// Removes events before `before`, as many as can be without holding up evaluation for long.
    pub(crate) async fn prune(&self, before: Timestamp) -> Result<(), StorageError> {
        let is_on = |id: &str| self.active.has(id);
        for _ in 0..PRUNED_BATCHES_MAX {
            // Nobody may verify, or end, what is being removed.
            let pen = self.news.pen().await;
            let more = history::prune(&*self.store, &self.verifications, before, &is_on).await?;
            drop(pen);
            if !more {
                break;
            }
            tokio::task::yield_now().await;
        }
        Ok(())
    }
}
