//! The console over invented data, for working on its pages:
//! `cargo run -p picket-api-console --example preview`, then log in as `admin` / `preview`.
//!
//! Nothing here is part of the product.

#![expect(clippy::unwrap_used, reason = "an example that cannot start may panic")]

#[path = "../tests/console/control.rs"]
mod control;
#[path = "../tests/console/fakes.rs"]
mod fakes;
#[path = "preview/sample_search.rs"]
mod sample_search;

use std::sync::Arc;
use std::time::Duration;

use picket_api_console::{ConsoleConfig, ConsoleDeps, ConsoleServer, Role, ensure_user};
use picket_core::{Clock, MetricValue, Secret, SystemClock, Tasks, Timestamp, TraceId};
use picket_ports::alarms::{
    CriteriaType, Evidence, Verification, Violation, ViolationEvent, ViolationEventType,
};
use picket_ports::registry::{DocumentKind, Documents as _};
use picket_ports::{Enrollment as _, NewDeviceRequest};
use picket_registry::{ControlPlane, ThingTypeProperties};
use picket_sqlite::SqliteRegistry;

const PROFILE: &str = r#"{"securityProfileName":"picket-baseline","securityProfileDescription":"What a healthy device of the fleet does.","behaviors":[{"name":"listening-ports","metric":"aws:listening-tcp-ports","criteria":{"comparisonOperator":"in-port-set","value":{"ports":[22,8883]},"consecutiveDatapointsToAlarm":1,"consecutiveDatapointsToClear":1}},{"name":"bytes-out","metric":"aws:all-bytes-out","criteria":{"comparisonOperator":"less-than-equals","value":{"count":5000000},"durationSeconds":300}}],"targets":["arn:aws:iot:us-east-1:000000000000:thinggroup/picket-fleet"]}"#;

const KINDS: [&str; 4] = ["infusion-pump", "camera", "gateway", "thermostat"];

#[tokio::main]
async fn main() {
    tracing_subscriber::fmt().init();
    let folder = tempfile::tempdir().unwrap();
    let registry = SqliteRegistry::open(folder.path().join("registry.db")).await.unwrap();
    let registry = Arc::new(registry);
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let tasks = Tasks::new();
    let broker = control::broker(clock.clone(), &tasks);
    let control = control::control(registry.clone(), &broker, clock.clone(), &tasks).await;
    fill(&registry, &control).await;
    let alarms = fakes::FakeAlarms::default();
    *alarms.active.lock().unwrap() = active_alarms();
    *alarms.history.lock().unwrap() = past_alarms();
    let pipeline = Arc::new(fakes::FakePipeline::default());
    let port = std::env::args().nth(1).and_then(|port| port.parse().ok()).unwrap_or(8000);
    let config =
        ConsoleConfig { listen: ([127, 0, 0, 1], port).into(), ..ConsoleConfig::default() };
    let deps = ConsoleDeps {
        enrollment: Arc::new(control::enroller(&control)),
        control,
        connections: broker.clone(),
        connection_log: Arc::new(fakes::FakeLog::default()),
        publish: broker.clone(),
        listen: broker,
        alarms: Arc::new(alarms),
        search: Arc::new(sample_search::SampleSearch),
        pipeline: pipeline.clone(),
        clock,
        tasks: tasks.clone(),
    };
    let server = ConsoleServer::bind(config, deps).await.unwrap();
    tracing::info!(url = server.url(), "preview is up; log in as admin / preview");
    tasks.spawn("traffic", traffic(pipeline));
    tokio::signal::ctrl_c().await.unwrap();
    tasks.shut_down(Duration::from_secs(2)).await;
}

/// Books a believable load.
async fn traffic(pipeline: Arc<fakes::FakePipeline>) {
    let mut ticks = tokio::time::interval(Duration::from_millis(250));
    for round in 0_u64.. {
        ticks.tick().await;
        let wave = ((round as f64 / 90.0).sin() * 60.0 + (round as f64 / 7.0).sin() * 12.0) as i64;
        let reports = (190 + wave).unsigned_abs();
        for (n, (ledger, _)) in pipeline.stages.iter().enumerate() {
            let items = if n < 3 { reports } else { reports * 9 };
            ledger.received(items);
            let refused = u64::from(n == 1 && round.is_multiple_of(13));
            ledger.dropped("malformed", refused);
            let late = if n == 5 { items / 40 } else { 0 };
            ledger.delivered(items - refused - late);
            if n == 5 && round.is_multiple_of(40) {
                ledger.delivered(ledger.snapshot().in_flight);
            }
        }
    }
}

async fn fill(registry: &SqliteRegistry, control: &Arc<ControlPlane>) {
    let clock = SystemClock;
    let now = clock.now();
    for (name, role) in [("admin", Role::Admin), ("ana", Role::Analyst), ("vera", Role::Viewer)] {
        ensure_user(registry, &clock, name, &Secret::new("preview"), role).await.unwrap();
    }
    let kind = DocumentKind::SecurityProfile;
    registry.create_document(kind, "picket-baseline", PROFILE, now).await.unwrap();
    let enroller = control::enroller(control);
    for kind in KINDS {
        control.create_thing_type(kind, ThingTypeProperties::default(), &[]).await.unwrap();
    }
    for n in 0..240_usize {
        let kind = KINDS[n % KINDS.len()];
        let attributes = [("site", format!("ward-{}", n % 7)), ("firmware", "2.4.1".to_owned())];
        let bundle = enroller.create_thing(NewDeviceRequest {
            name: format!("{kind}-{n:04}"),
            group: None,
            type_name: Some(kind.to_owned()),
            attributes: attributes.map(|(name, value)| (name.to_owned(), value)).into(),
        });
        let id = bundle.await.unwrap().certificate_id;
        if n % 50 == 49 {
            control.update_certificate(id.as_str(), "REVOKED").await.unwrap();
        }
    }
}

fn violation(n: u32, minutes_ago: i64, facts: (&str, &str, &str, MetricValue, &str)) -> Violation {
    let (thing, behavior, metric, value, explanation) = facts;
    let now = SystemClock.now().as_millis();
    Violation {
        violation_id: format!("{n:032x}"),
        thing: thing.to_owned(),
        profile: "picket-baseline".to_owned(),
        behavior: behavior.to_owned(),
        metric: metric.to_owned(),
        started: Timestamp::from_millis(now - minutes_ago * 60_000),
        last_violation: Timestamp::from_millis(now - 20_000),
        last_value: value.clone(),
        ended: None,
        explanation: explanation.to_owned(),
        trace: None,
        definition: definition(behavior, metric),
        criteria: CriteriaType::Static,
        suppressed: n % 4 == 3,
        datapoints: vec![Evidence {
            time: Timestamp::from_millis(now - minutes_ago * 60_000),
            value,
            threshold: None,
            violates: true,
            trace: TraceId { log: "reports".to_owned(), partition: 0, sequence: u64::from(n) },
        }],
        verification: Verification::default(),
    }
}

fn definition(behavior: &str, metric: &str) -> String {
    let criteria = serde_json::json!({
        "comparisonOperator": "in-port-set",
        "value": { "ports": [22, 8883] },
        "consecutiveDatapointsToAlarm": 1,
        "consecutiveDatapointsToClear": 1,
    });
    serde_json::json!({ "name": behavior, "metric": metric, "criteria": criteria }).to_string()
}

fn active_alarms() -> Vec<Violation> {
    vec![
        violation(
            1,
            3,
            (
                "infusion-pump-0012",
                "listening-ports",
                "aws:listening-tcp-ports",
                MetricValue::Ports(vec![21, 22, 8883]),
                "listening TCP ports should all be in 22, 8883; port 21 is open since 22:41:07",
            ),
        ),
        violation(
            2,
            14,
            (
                "camera-0041",
                "bytes-out",
                "aws:all-bytes-out",
                MetricValue::Count(48_211_093),
                "bytes out in 5 min should be at most 5000000; 48211093 were sent in the window that ended at 22:30:00",
            ),
        ),
        violation(
            3,
            65,
            (
                "gateway-0086",
                "authorization-failures",
                "aws:num-authorization-failures",
                MetricValue::Count(37),
                "authorization failures in 5 min should be less than 5; 37 came in the window that ended at 21:40:00",
            ),
        ),
        violation(
            4,
            190,
            (
                "thermostat-<img src=x onerror=alert(1)>",
                "destinations",
                "aws:destination-ip-addresses",
                MetricValue::Cidrs(vec!["203.0.113.99".to_owned()]),
                "destination addresses should all be in 10.0.0.0/8; 203.0.113.99 is not",
            ),
        ),
    ]
}

fn past_alarms() -> Vec<ViolationEvent> {
    let now = SystemClock.now().as_millis();
    (0..30_u32)
        .map(|n| {
            let mut violation = violation(
                100 + n,
                i64::from(n) * 97 + 240,
                (
                    "camera-0041",
                    "bytes-out",
                    "aws:all-bytes-out",
                    MetricValue::Count(9_000_000),
                    "bytes out in 5 min should be at most 5000000; 9000000 were sent",
                ),
            );
            violation.thing = format!("camera-{:04}", n * 4 + 1);
            let time = Timestamp::from_millis(now - i64::from(n) * 97 * 60_000 - 60_000);
            violation.ended = Some(time);
            let event = if n % 9 == 8 {
                ViolationEventType::AlarmInvalidated
            } else {
                ViolationEventType::AlarmCleared
            };
            ViolationEvent { violation, event, time, value: None }
        })
        .collect()
}
