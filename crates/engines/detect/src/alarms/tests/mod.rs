//! The book of alarms over the real store.

mod history;
mod listeners;
mod old_formats;
mod verification;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use picket_core::{ManualClock, Timestamp};
use picket_fjall::FjallStore;
use picket_ports::alarms::by_hand::open_port;
use picket_ports::alarms::{AlarmListener, ViolationEvent, ViolationEventType};
use picket_ports::{LogError, StateBatch, StateStore, StateStores};

use super::{AlarmBook, Limits};
use crate::partition::Effects;
use crate::violation::AlarmEvent;

pub(super) const START_MS: i64 = 1_718_000_000_000;

pub(super) const LIMITS: Limits = Limits { count_max: 1000, age_max: Duration::from_secs(3600) };

pub(super) fn at(ms: i64) -> Timestamp {
    Timestamp::from_millis(START_MS + ms)
}

pub(super) fn id(n: u32) -> String {
    format!("{n:032x}")
}

/// Violation `n` of `thing`, raised at `ms` and, if it is over, ended at `ended`.
pub(super) fn event(n: u32, thing: &str, ms: i64, ended: Option<i64>) -> AlarmEvent {
    let mut violation = open_port(&id(n), thing, at(ms));
    violation.ended = ended.map(at);
    let kind = match ended {
        None => ViolationEventType::InAlarm,
        Some(_) => ViolationEventType::AlarmCleared,
    };
    let value = Some(violation.last_value.clone());
    let time = at(ended.unwrap_or(ms));
    let event = ViolationEvent { violation, event: kind, time, value };
    AlarmEvent { event, alert_target: None }
}

pub(super) async fn store(dir: &Path) -> Arc<dyn StateStore> {
    FjallStore::open(dir).unwrap().open_state("detect").await.unwrap()
}

pub(super) async fn book(
    store: &Arc<dyn StateStore>,
    clock: &ManualClock,
    listeners: Vec<Arc<dyn AlarmListener>>,
) -> AlarmBook {
    AlarmBook::open(store.clone(), Arc::new(clock.clone()), listeners, LIMITS).await.unwrap()
}

/// Does with events what a worker does.
pub(super) async fn commit(book: &AlarmBook, events: Vec<AlarmEvent>) -> Result<(), LogError> {
    let mut batch = StateBatch::default();
    for AlarmEvent { event, .. } in &events {
        super::history::save(event, &mut batch).unwrap();
    }
    let pen = book.enter(events.iter(), &mut batch).await.unwrap();
    book.store.commit(batch).await?;
    book.apply(Effects { events, ..Effects::default() });
    book.committed(pen);
    Ok(())
}

pub(super) async fn wait_until(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !condition() {
        assert!(Instant::now() < deadline, "waited too long for {what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}
