//! Stand-ins for the engines behind the console.

use std::sync::Mutex;

use async_trait::async_trait;
use picket_core::{Ledger, Timestamp};
use picket_ports::alarms::{
    AlarmFacts, AlarmFilter, Episode, Verification, VerifyError, Violation, ViolationEvent,
};
use picket_ports::connection_log::{ConnectionEvent, ConnectionLog, ConnectionLogFilter};
use picket_ports::registry::{Page, Rows};
use picket_ports::{Alarms, AlarmsError, Pipeline, StageStatus};

/// A book of alarms that is filled by hand.
#[derive(Debug, Default)]
pub(crate) struct FakeAlarms {
    pub(crate) active: Mutex<Vec<Violation>>,
    pub(crate) history: Mutex<Vec<ViolationEvent>>,
}

impl FakeAlarms {
    /// A page of `all`: a place is a number.
    fn page<T>(all: Vec<T>, page: &Page) -> Rows<T> {
        let start: usize = page.after.as_deref().map_or(0, |after| after.parse().unwrap());
        let end = start + page.rows_max as usize;
        let next = (end < all.len()).then(|| end.to_string());
        Rows { rows: all.into_iter().skip(start).take(end - start).collect(), next }
    }
}

#[async_trait]
impl Alarms for FakeAlarms {
    async fn active(&self, filter: &AlarmFilter) -> Result<Vec<Violation>, AlarmsError> {
        let active = self.active.lock().unwrap();
        Ok(active.iter().filter(|it| filter.admits(&AlarmFacts::of(it))).cloned().collect())
    }

    async fn active_page(
        &self,
        filter: &AlarmFilter,
        page: &Page,
    ) -> Result<Rows<Violation>, AlarmsError> {
        Ok(Self::page(self.active(filter).await?, page))
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
            let fits = filter.admits(&AlarmFacts::of(&event.violation));
            event.time >= from && event.time < to && fits
        });
        Ok(events.take(events_max).cloned().collect())
    }

    async fn history_page(
        &self,
        filter: &AlarmFilter,
        from: Timestamp,
        to: Timestamp,
        page: &Page,
    ) -> Result<Rows<ViolationEvent>, AlarmsError> {
        Ok(Self::page(self.history(filter, from, to, usize::MAX).await?, page))
    }

    async fn episode(&self, violation_id: &str) -> Result<Option<Episode>, AlarmsError> {
        let events = self.history.lock().unwrap();
        let of_it = |event: &&ViolationEvent| event.violation.violation_id == violation_id;
        let events: Vec<ViolationEvent> = events.iter().filter(of_it).rev().cloned().collect();
        let active = self.active.lock().unwrap();
        let on = active.iter().find(|it| it.violation_id == violation_id).cloned();
        let violation = on.or_else(|| events.last().map(|event| event.violation.clone()));
        Ok(violation.map(|violation| Episode { violation, events }))
    }

    async fn verify(
        &self,
        violation_id: &str,
        verification: Verification,
    ) -> Result<Violation, VerifyError> {
        let mut verified = None;
        let mut active = self.active.lock().unwrap();
        let mut history = self.history.lock().unwrap();
        let all = active.iter_mut().chain(history.iter_mut().map(|it| &mut it.violation));
        for violation in all.filter(|it| it.violation_id == violation_id) {
            violation.verification = verification.clone();
            verified = Some(violation.clone());
        }
        verified.ok_or_else(|| VerifyError::NotFound(violation_id.to_owned()))
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
