//! Stand-ins for the engines behind the console.

use std::sync::Mutex;

use async_trait::async_trait;
use picket_core::{Ledger, Timestamp};
use picket_ports::alarms::{AlarmFilter, Violation, ViolationEvent};
use picket_ports::connection_log::{ConnectionEvent, ConnectionLog, ConnectionLogFilter};
use picket_ports::{Alarms, AlarmsError, Pipeline, StageStatus};

/// A book of alarms that is filled by hand.
#[derive(Debug, Default)]
pub(crate) struct FakeAlarms {
    pub(crate) active: Mutex<Vec<Violation>>,
    pub(crate) history: Mutex<Vec<ViolationEvent>>,
}

fn wanted(filter: &AlarmFilter, violation: &Violation) -> bool {
    filter.thing.as_ref().is_none_or(|thing| *thing == violation.thing)
        && filter.profile.as_ref().is_none_or(|profile| *profile == violation.profile)
}

#[async_trait]
impl Alarms for FakeAlarms {
    async fn active(&self, filter: &AlarmFilter) -> Result<Vec<Violation>, AlarmsError> {
        let active = self.active.lock().unwrap();
        Ok(active.iter().filter(|violation| wanted(filter, violation)).cloned().collect())
    }

    async fn history(
        &self,
        filter: &AlarmFilter,
        from: Timestamp,
        to: Timestamp,
        events_max: usize,
    ) -> Result<Vec<ViolationEvent>, AlarmsError> {
        let events = self.history.lock().unwrap();
        let events = events.iter().filter(|event| {
            event.time >= from && event.time < to && wanted(filter, &event.violation)
        });
        Ok(events.take(events_max).cloned().collect())
    }
}

/// A front door's log that is written by hand, the newest event last.
#[derive(Debug, Default)]
pub(crate) struct FakeLog {
    pub(crate) events: Mutex<Vec<ConnectionEvent>>,
}

impl ConnectionLog for FakeLog {
    fn recent(&self, filter: &ConnectionLogFilter, rows_max: usize) -> Vec<ConnectionEvent> {
        let events = self.events.lock().unwrap();
        let wanted = events.iter().rev().filter(|event| filter.admits(event));
        wanted.take(rows_max).cloned().collect()
    }

    fn last(&self, client_id: &str) -> Option<ConnectionEvent> {
        let filter = ConnectionLogFilter {
            client_id: Some(client_id.to_owned()),
            ..ConnectionLogFilter::default()
        };
        self.recent(&filter, 1).pop()
    }
}

/// Ledgers that are booked by hand.
#[derive(Debug)]
pub(crate) struct FakePipeline {
    pub(crate) stages: Vec<(Ledger, bool)>,
}

impl Default for FakePipeline {
    fn default() -> Self {
        let stage = |name, keeps_log| (Ledger::new(name), keeps_log);
        let stages = vec![
            stage("gateway", false),
            stage("reports", true),
            stage("detect", false),
            stage("export", false),
            stage("rules", false),
            stage("delivery", true),
            stage("hec", false),
            stage("index", false),
        ];
        Self { stages }
    }
}

impl Pipeline for FakePipeline {
    fn stages(&self) -> Vec<StageStatus> {
        self.stages
            .iter()
            .map(|(ledger, keeps_log)| {
                let ledger = ledger.snapshot();
                let backlog = keeps_log.then_some(ledger.in_flight);
                StageStatus { ledger, backlog }
            })
            .collect()
    }
}
