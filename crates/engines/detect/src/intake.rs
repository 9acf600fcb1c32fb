//! Taking reports: check, store, answer (spec device-defender §1.1, §1.8, §1.9).

use std::time::Duration;

use ahash::AHashMap;
use async_trait::async_trait;
use bytes::Bytes;
use parking_lot::Mutex;
use picket_core::{ThingName, Timestamp, TraceId};
use picket_ports::event_log::partition_of;
use picket_ports::reports::ReportFormat;
use picket_ports::{LogError, ReportIntake, ReportPublish, ReportReply};
use picket_profile::Flag;
use picket_wire_report::{MALFORMED, RejectCode, ReportError, Response, decode};

use crate::engine::DetectEngine;
use crate::partition::LOG;
use crate::record::{ReportsRecord, wire_format};

/// Clocks that step back by more than this are believed; less is taken for reports that came at once.
const SAME_MOMENT_MS: i64 = 1000;

/// A refused report leaves a record at most this often for each thing.
const IMPOSSIBLE_EVERY: Duration = Duration::from_secs(10);
/// And for so many things at the same time at most.
const TOLD_MAX: usize = 100_000;

/// When each thing's newest report was accepted.
#[derive(Debug, Default)]
pub(crate) struct Arrivals(Mutex<AHashMap<Box<str>, Timestamp>>);

impl Arrivals {
    /// The time a report counts as arrived at: later than the thing's previous one, so that no two of
    /// its datapoints are taken for one. `Err` with the time to wait if it comes too soon.
    fn admit(&self, thing: &str, now: Timestamp, gap_min: Duration) -> Result<Admitted, Duration> {
        let mut arrivals = self.0.lock();
        let previous = arrivals.get(thing).copied();
        let mut at = now;
        if let Some(previous) = previous {
            let passed = now.since(previous);
            if passed < gap_min {
                return Err(gap_min - passed);
            }
            let behind = previous.as_millis() - now.as_millis();
            if (0..SAME_MOMENT_MS).contains(&behind) {
                at = previous.plus(Duration::from_millis(1));
            }
        }
        match arrivals.get_mut(thing) {
            Some(newest) => *newest = at,
            None => drop(arrivals.insert(thing.into(), at)),
        }
        Ok(Admitted { at, previous })
    }

    /// Takes back an admission whose report could not be stored.
    fn revoke(&self, thing: &str, admitted: &Admitted) {
        let mut arrivals = self.0.lock();
        if arrivals.get(thing) != Some(&admitted.at) {
            return;
        }
        match admitted.previous {
            Some(previous) => drop(arrivals.insert(thing.into(), previous)),
            None => drop(arrivals.remove(thing)),
        }
    }

    /// Forgets arrivals that no later report depends on.
    pub(crate) fn prune(&self, now: Timestamp, gap_min: Duration) {
        let keep = gap_min.max(Duration::from_millis(2 * SAME_MOMENT_MS.unsigned_abs()));
        self.0.lock().retain(|_, at| now.since(*at) <= keep);
    }
}

/// When something impossible about each thing was told last, so that a device that is refused all the time
/// does not fill the log.
#[derive(Debug, Default)]
pub(crate) struct Told(Mutex<AHashMap<Box<str>, Timestamp>>);

impl Told {
    /// Whether it is to be told now.
    fn admit(&self, thing: &str, now: Timestamp) -> bool {
        let mut told = self.0.lock();
        let is_due = |at: &Timestamp| now.since(*at) >= IMPOSSIBLE_EVERY || *at > now;
        if !told.get(thing).is_none_or(is_due) {
            return false;
        }
        if told.len() >= TOLD_MAX {
            told.retain(|_, at| !is_due(at));
        }
        if told.len() >= TOLD_MAX {
            return false;
        }
        told.insert(thing.into(), now);
        true
    }
}

struct Admitted {
    at: Timestamp,
    previous: Option<Timestamp>,
}

/// Why a report is refused.
struct Refusal {
    report_id: Option<u64>,
    code: RejectCode,
    message: String,
    reason: &'static str,
    /// What cannot be true of it, if that is why.
    flag: Option<Flag>,
}

impl DetectEngine {
    /// Checks the report and gives its id and the time it counts as arrived at.
    fn check(&self, report: &ReportPublish) -> Result<(u64, Admitted), Refusal> {
        let malformed = |report_id, why: String, reason| Refusal {
            report_id,
            code: RejectCode::InvalidPayload,
            message: format!("{MALFORMED}: {why}"),
            reason,
            flag: None,
        };
        ThingName::new(&report.thing)
            .map_err(|error| malformed(None, error.to_string(), "bad-thing-name"))?;
        let decoded =
            decode(wire_format(report.format), &report.payload).map_err(|error| Refusal {
                flag: is_set_back(&error).then_some(Flag::CounterBackwards),
                ..malformed(error.report_id, error.to_string(), "malformed")
            })?;
        let id = decoded.report_id;
        let gap_min = self.shared.config.report_interval_min;
        let admitted = self.shared.arrivals.admit(&report.thing, report.arrived, gap_min);
        let admitted = admitted.map_err(|wait| Refusal {
            report_id: Some(id),
            code: RejectCode::Throttled,
            message: format!(
                "reports of one thing must be {} s apart; try again in {} s",
                gap_min.as_secs_f64(),
                wait.as_secs_f64().ceil()
            ),
            reason: "throttled",
            flag: None,
        })?;
        Ok((id, admitted))
    }

    async fn store(&self, report: &ReportPublish, at: Timestamp) -> Result<TraceId, LogError> {
        let (thing, cbor) = (report.thing.as_str(), report.format == ReportFormat::Cbor);
        let payload = &report.payload[..];
        let foreign = report.publisher.as_deref().filter(|publisher| *publisher != thing);
        let record = match foreign {
            None => ReportsRecord::ReportV1 { thing, cbor, arrived: at, payload },
            Some(publisher) => {
                let publisher = shortened(publisher);
                ReportsRecord::ForeignReportV1 { thing, cbor, arrived: at, payload, publisher }
            }
        };
        self.append(thing, &record).await
    }

    async fn append(&self, thing: &str, record: &ReportsRecord<'_>) -> Result<TraceId, LogError> {
        let log = &self.shared.log;
        let partition = partition_of(thing, log.partitions());
        let bytes = record
            .write()
            .map_err(|error| LogError::Storage { log: LOG.to_owned(), cause: error.to_string() })?;
        let position = log.append(partition, vec![Bytes::from(bytes)]).await?;
        self.shared.wake.partition(partition);
        Ok(TraceId { log: LOG.to_owned(), partition, sequence: position.sequence })
    }

    /// Leaves a record of a refused report, so that what is impossible about it is evaluated.
    async fn note(&self, thing: &str, flag: Flag) {
        let arrived = self.shared.clock.now();
        if self.shared.told.admit(thing, arrived) {
            let record = ReportsRecord::ImpossibleV1 { thing, arrived, flag };
            if let Err(error) = self.append(thing, &record).await {
                tracing::warn!(%error, thing, "a refused report could not be noted");
            }
        }
    }
}

/// Whether a delta is negative: what the device counts was set back.
fn is_set_back(error: &ReportError) -> bool {
    error.is_negative && error.path.starts_with("metrics.network_stats.")
}

/// Client ids may have 64 KiB.
fn shortened(publisher: &str) -> &str {
    let mut end = publisher.len().min(128);
    while !publisher.is_char_boundary(end) {
        end -= 1;
    }
    publisher.get(..end).unwrap_or_default()
}

#[async_trait]
impl ReportIntake for DetectEngine {
    async fn submit(&self, report: ReportPublish) -> Result<ReportReply, LogError> {
        let shared = &self.shared;
        shared.reports.received(1);
        let format = wire_format(report.format);
        let (id, admitted) = match self.check(&report) {
            Ok(checked) => checked,
            Err(Refusal { report_id, code, message, reason, flag }) => {
                shared.reports.dropped(reason, 1);
                if let Some(flag) = flag {
                    self.note(&report.thing, flag).await;
                }
                let now = shared.clock.now();
                let answer = Response::rejected(&report.thing, report_id, code, message, now);
                let document = Bytes::from(answer.encode(format));
                return Ok(ReportReply { accepted: false, document, trace: None });
            }
        };
        match self.store(&report, admitted.at).await {
            Ok(trace) => {
                shared.reports.delivered(1);
                let answer = Response::accepted(&report.thing, id, shared.clock.now());
                let document = Bytes::from(answer.encode(format));
                Ok(ReportReply { accepted: true, document, trace: Some(trace) })
            }
            Err(error) => {
                shared.arrivals.revoke(&report.thing, &admitted);
                shared.reports.dropped("storage", 1);
                Err(error)
            }
        }
    }
}
