//! Stand-ins for the engines behind the console.

use std::sync::Mutex;

use picket_core::Ledger;
pub(crate) use picket_ports::alarms::by_hand::AlarmsByHand as FakeAlarms;
use picket_ports::connection_log::{ConnectionEvent, ConnectionLog, ConnectionLogFilter};
use picket_ports::{Pipeline, StageStatus};

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
