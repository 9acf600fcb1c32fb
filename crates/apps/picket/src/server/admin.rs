//! Health and metrics: `/healthz`, `/readyz`, `/metrics`.

use std::fmt::{Display, Write as _};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use picket_core::Tasks;
use picket_detect::AlarmCounts;
use picket_ports::{Pipeline as _, StageStatus};
use tokio::net::TcpListener;

use super::line::Line;

/// Whether every part serves.
#[derive(Debug, Clone, Default)]
pub(crate) struct Readiness(Arc<AtomicBool>);

impl Readiness {
    /// Says so.
    pub(crate) fn set(&self, ready: bool) {
        self.0.store(ready, Ordering::SeqCst);
    }

    fn get(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// What the routes read.
#[derive(Debug, Clone)]
struct Admin {
    readiness: Readiness,
    line: Arc<Line>,
}

/// Serves on `address` until `tasks` stop. Returns the address with the port it got.
pub(crate) async fn serve(
    address: SocketAddr,
    readiness: Readiness,
    line: Arc<Line>,
    tasks: &Tasks,
) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind(address).await?;
    let bound = listener.local_addr()?;
    let router = Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(Admin { readiness, line });
    let stop = tasks.token();
    tasks.spawn("admin", async move {
        let serving = axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned());
        if let Err(error) = serving.await {
            tracing::error!(%error, "the admin listener failed");
        }
    });
    Ok(bound)
}

async fn ready(State(admin): State<Admin>) -> (StatusCode, &'static str) {
    match admin.readiness.get() {
        true => (StatusCode::OK, "ready\n"),
        false => (StatusCode::SERVICE_UNAVAILABLE, "starting or stopping\n"),
    }
}

async fn metrics(State(admin): State<Admin>) -> impl IntoResponse {
    let content_type = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    (content_type, exposition(&admin.line))
}

/// Prometheus' text format.
fn exposition(line: &Line) -> String {
    let mut page = Page(String::with_capacity(4096));
    stages(&mut page, line);
    let gateway = line.gateway.counters();
    page.family("picket_gateway_connections", "gauge", "Open connections.");
    page.sample("picket_gateway_connections", &[], gateway.open);
    page.family("picket_gateway_sessions_total", "counter", "Sessions let in.");
    page.sample("picket_gateway_sessions_total", &[], gateway.sessions);
    page.family("picket_gateway_refused_total", "counter", "Connections refused, by reason.");
    for (reason, count) in &gateway.refused {
        let reason = format!("{reason:?}");
        page.sample("picket_gateway_refused_total", &[("reason", &reason)], *count);
    }
    page.family("picket_gateway_lifecycle_dropped_total", "counter", "Lifecycle events dropped.");
    page.sample("picket_gateway_lifecycle_dropped_total", &[], gateway.lifecycle_events_dropped);
    page.family("picket_gateway_iot_log_dropped_total", "counter", "Lines of the IoT log dropped.");
    page.sample("picket_gateway_iot_log_dropped_total", &[], gateway.iot_log_lines_dropped);
    sessions(&mut page, line);
    detection(&mut page, line);
    let siem = line.siem.stats();
    for (name, help, value) in [
        ("picket_siem_events", "Events that can be found.", siem.events),
        ("picket_siem_raw_bytes", "Bytes of their text.", siem.raw_bytes),
        ("picket_siem_segments", "Segments.", siem.segments),
        ("picket_siem_segment_bytes", "Bytes of the segments.", siem.segment_bytes),
    ] {
        page.family(name, "gauge", help);
        page.sample(name, &[], value);
    }
    control(&mut page, line);
    tasks(&mut page, line);
    page.0
}

fn sessions(page: &mut Page, line: &Line) {
    let broker = line.broker.stats();
    let name = "picket_broker_sessions";
    page.family(
        name,
        "gauge",
        "Sessions, of clients that are connected and of those that are away.",
    );
    page.sample(name, &[("state", "connected")], broker.connected);
    page.sample(name, &[("state", "kept")], broker.kept);
    for (name, help, value) in [
        ("picket_broker_queue_bytes", "Bytes that wait for clients.", broker.queue_bytes),
        ("picket_broker_retained_messages", "Retained messages.", broker.retained),
        ("picket_broker_retained_bytes", "Bytes of them.", broker.retained_bytes),
        (
            "picket_broker_refusing",
            "1 while what has to be stored is refused because the store fails.",
            usize::from(broker.is_refusing),
        ),
    ] {
        page.family(name, "gauge", help);
        page.sample(name, &[], value);
    }
}

fn detection(page: &mut Page, line: &Line) {
    let detect = line.detect.stats();
    for (name, help, value) in [
        ("picket_detect_alarms", "Violations in alarm.", detect.active_alarms),
        ("picket_detect_things", "Identities that are remembered.", detect.things),
        ("picket_detect_profiles", "Security profiles in force.", detect.profiles),
        (
            "picket_detect_profiles_broken",
            "Documents that are not in force until they are corrected.",
            detect.broken.len() as u64,
        ),
    ] {
        page.family(name, "gauge", help);
        page.sample(name, &[], value);
    }
    page.family("picket_detect_duplicates_total", "counter", "Reports sent again.");
    page.sample("picket_detect_duplicates_total", &[], detect.duplicates);
    // CloudWatch's counters of the same names (spec device-defender §4.8).
    let by_profile = |page: &mut Page, (name, help), value: fn(&AlarmCounts) -> u64| {
        page.family(name, "counter", help);
        for (profile, counts) in &detect.alarms {
            page.sample(name, &[("profile", profile)], value(counts));
        }
    };
    let name = ("picket_detect_violations_total", "Alarms raised.");
    by_profile(page, name, |counts| counts.violations);
    let name = ("picket_detect_violations_cleared_total", "Alarms that ended as normal.");
    by_profile(page, name, |counts| counts.cleared);
    let name = ("picket_detect_violations_invalidated_total", "Alarms that became void.");
    by_profile(page, name, |counts| counts.invalidated);
}

fn control(page: &mut Page, line: &Line) {
    let operations = line.aws.snapshot();
    let (calls, errors) = ("picket_aws_calls_total", "picket_aws_errors_total");
    let seconds = "picket_aws_seconds_total";
    page.family(calls, "counter", "Calls of AWS's operations.");
    for one in &operations {
        page.sample(calls, &[("service", one.service), ("operation", one.operation)], one.calls);
    }
    page.family(errors, "counter", "Those that ended in an error.");
    for one in &operations {
        page.sample(errors, &[("service", one.service), ("operation", one.operation)], one.errors);
    }
    page.family(seconds, "counter", "How long they took.");
    for one in &operations {
        let labels = [("service", one.service), ("operation", one.operation)];
        page.sample(seconds, &labels, one.took.as_secs_f64());
    }
    let name = "picket_aws_refused_total";
    page.family(name, "counter", "Requests to the AWS endpoint that were refused before a call.");
    page.sample(name, &[], line.aws.refused_requests());
    let name = "picket_aws_unrecorded_changes_total";
    page.family(name, "counter", "Changes that could not be written into the audit trail.");
    page.sample(name, &[], line.aws.unrecorded_changes());
}

fn tasks(page: &mut Page, line: &Line) {
    let name = "picket_task_busy_seconds_total";
    page.family(name, "counter", "How long tasks of each name have been running.");
    for (task, time) in line.busy() {
        page.sample(name, &[("task", task)], time.as_secs_f64());
    }
}

/// A number of a stage, where it has one.
type StageNumber = fn(&StageStatus) -> Option<u64>;

/// Metric, kind, help and number.
const STAGE_FAMILIES: [(&str, &str, &str, StageNumber); 4] = [
    ("picket_stage_received_total", "counter", "Items taken in.", |s| Some(s.ledger.received)),
    ("picket_stage_delivered_total", "counter", "Items handed on.", |s| Some(s.ledger.delivered)),
    ("picket_stage_in_flight", "gauge", "Items neither handed on nor dropped.", |s| {
        Some(s.ledger.in_flight)
    }),
    ("picket_stage_backlog", "gauge", "Durable items in front of the stage.", |s| s.backlog),
];

fn stages(page: &mut Page, line: &Line) {
    let stages = line.stages();
    for (name, kind, help, number) in STAGE_FAMILIES {
        page.family(name, kind, help);
        for stage in &stages {
            if let Some(number) = number(stage) {
                page.sample(name, &[("stage", stage.ledger.stage)], number);
            }
        }
    }
    page.family("picket_stage_dropped_total", "counter", "Items given up, by reason.");
    for stage in &stages {
        for (reason, count) in &stage.ledger.dropped {
            let labels = [("stage", stage.ledger.stage), ("reason", reason)];
            page.sample("picket_stage_dropped_total", &labels, *count);
        }
    }
}

/// A page under construction. Labels are words of ours, never a sender's.
struct Page(String);

impl Page {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        // Writing to a String does not fail.
        writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}").ok();
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        let labels: Vec<String> =
            labels.iter().map(|(label, value)| format!("{label}=\"{value}\"")).collect();
        match labels.is_empty() {
            true => writeln!(self.0, "{name} {value}").ok(),
            false => writeln!(self.0, "{name}{{{}}} {value}", labels.join(",")).ok(),
        };
    }
}
