//! The book of alarms, for readers.

use std::collections::HashMap;

use async_trait::async_trait;
use parking_lot::RwLock;
use picket_core::Timestamp;
use picket_ports::alarms::{AlarmFilter, Violation, ViolationEvent, ViolationEventType};
use picket_ports::{Alarms, AlarmsError};

use crate::engine::DetectEngine;
use crate::partition::Effects;
use crate::storage;
use crate::violation::AlarmEvent;

/// Alarms that are on, by violation id. Follows the store: changed after each commit.
#[derive(Debug, Default)]
pub(crate) struct AlarmBook(RwLock<HashMap<String, Violation>>);

impl AlarmBook {
    /// Puts in what was stored.
    pub(crate) fn restore<'a>(&self, alarms: impl Iterator<Item = &'a Violation>) {
        let mut book = self.0.write();
        book.extend(alarms.map(|alarm| (alarm.violation_id.clone(), alarm.clone())));
    }

    /// Takes in what has been committed.
    pub(crate) fn apply(&self, effects: Effects) {
        if effects.events.is_empty() && effects.updates.is_empty() {
            return;
        }
        let mut book = self.0.write();
        for AlarmEvent { event, .. } in effects.events {
            let id = event.violation.violation_id.clone();
            match event.event {
                ViolationEventType::InAlarm => drop(book.insert(id, event.violation)),
                ViolationEventType::AlarmCleared | ViolationEventType::AlarmInvalidated => {
                    book.remove(&id);
                }
            }
        }
        for update in effects.updates {
            // One that was cleared in the same batch is gone already.
            if let Some(alarm) = book.get_mut(&update.violation_id) {
                *alarm = update;
            }
        }
    }

    /// How many alarms are on.
    pub(crate) fn len(&self) -> usize {
        self.0.read().len()
    }
}

fn matches(filter: &AlarmFilter, violation: &Violation) -> bool {
    filter.thing.as_ref().is_none_or(|thing| *thing == violation.thing)
        && filter.profile.as_ref().is_none_or(|profile| *profile == violation.profile)
}

#[async_trait]
impl Alarms for DetectEngine {
    async fn active(&self, filter: &AlarmFilter) -> Result<Vec<Violation>, AlarmsError> {
        let mut alarms: Vec<Violation> = {
            let book = self.shared.book.0.read();
            book.values().filter(|alarm| matches(filter, alarm)).cloned().collect()
        };
        alarms.sort_by(|a, b| {
            b.started.cmp(&a.started).then_with(|| a.violation_id.cmp(&b.violation_id))
        });
        Ok(alarms)
    }

    async fn history(
        &self,
        filter: &AlarmFilter,
        from: Timestamp,
        to: Timestamp,
        events_max: usize,
    ) -> Result<Vec<ViolationEvent>, AlarmsError> {
        let mut found = Vec::new();
        let mut after = None;
        loop {
            let page = storage::events(&*self.shared.store, to, after)
                .await
                .map_err(|error| AlarmsError(error.to_string()))?;
            let Some((last, _)) = page.last() else { return Ok(found) };
            after = Some(last.clone());
            for (_, event) in page {
                if event.time < from || found.len() >= events_max {
                    return Ok(found);
                }
                if matches(filter, &event.violation) {
                    found.push(event);
                }
            }
        }
    }
}
