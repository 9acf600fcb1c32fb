//! A book of alarms that tests fill by hand.

use std::sync::Mutex;

use async_trait::async_trait;
use picket_core::{MetricValue, Timestamp, TraceId};

use super::{
    AlarmFacts, AlarmFilter, Alarms, AlarmsError, CriteriaType, Episode, Evidence, Verification,
    VerifyError, Violation, ViolationEvent,
};
use crate::registry::{Page, Rows};

/// Alarms as they were put in.
#[derive(Debug, Default)]
pub struct AlarmsByHand {
    /// Those that are on, newest first.
    pub active: Mutex<Vec<Violation>>,
    /// What happened, newest first.
    pub history: Mutex<Vec<ViolationEvent>>,
}

impl AlarmsByHand {
    /// A page of `all`: a place is a number.
    fn page<T>(all: Vec<T>, page: &Page) -> Rows<T> {
        let start: usize = page.after.as_deref().map_or(0, |after| after.parse().unwrap_or(0));
        let end = start + page.rows_max as usize;
        let next = (end < all.len()).then(|| end.to_string());
        Rows { rows: all.into_iter().skip(start).take(end - start).collect(), next }
    }
}

/// An open port 21 on `thing`, alarmed at `at`.
pub fn open_port(id: &str, thing: &str, at: Timestamp) -> Violation {
    let definition = r#"{"name":"listening-ports","metric":"aws:listening-tcp-ports","criteria":{"comparisonOperator":"in-port-set","value":{"ports":[22,8883]},"consecutiveDatapointsToAlarm":1,"consecutiveDatapointsToClear":1}}"#;
    let trace = TraceId { log: "reports".to_owned(), partition: 0, sequence: 1 };
    let value = MetricValue::Ports(vec![21]);
    let first = Evidence {
        time: at,
        value: value.clone(),
        threshold: None,
        violates: true,
        trace: trace.clone(),
    };
    Violation {
        violation_id: id.to_owned(),
        thing: thing.to_owned(),
        profile: "picket-baseline".to_owned(),
        behavior: "listening-ports".to_owned(),
        metric: "aws:listening-tcp-ports".to_owned(),
        started: at,
        last_violation: at,
        last_value: value,
        ended: None,
        explanation: "expected aws:listening-tcp-ports to be only among 22, 8883, but got 21"
            .to_owned(),
        trace: Some(trace),
        definition: definition.to_owned(),
        criteria: CriteriaType::Static,
        suppressed: false,
        datapoints: vec![first],
        verification: Verification::default(),
    }
}

#[async_trait]
impl Alarms for AlarmsByHand {
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
