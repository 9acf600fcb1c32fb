//! The console over invented data, for working on its pages:
//! `cargo run -p picket-api-console --example preview`, then log in as `admin` / `preview`.
//! Arguments: the port, and how many alarms are active.
//!
//! Nothing here is part of the product.

#![expect(clippy::unwrap_used, reason = "an example that cannot start may panic")]

#[path = "../tests/console/control.rs"]
mod control;
#[path = "../tests/console/fakes.rs"]
mod fakes;
#[path = "preview/sample_alarms.rs"]
mod sample_alarms;
#[path = "preview/sample_datapoints.rs"]
mod sample_datapoints;
#[path = "preview/sample_response.rs"]
mod sample_response;
#[path = "preview/sample_search.rs"]
mod sample_search;

use std::sync::Arc;
use std::time::Duration;

use picket_api_console::{ConsoleConfig, ConsoleDeps, ConsoleServer, FrontDoor, Role, ensure_user};
use picket_core::{Clock, Secret, SystemClock, Tasks};
use picket_notify::testsuite;
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
    let active = sample_alarms::active(argument(2).unwrap_or(24));
    *alarms.history.lock().unwrap() = sample_alarms::history(&active);
    *alarms.active.lock().unwrap() = active;
    let pipeline = Arc::new(fakes::FakePipeline::default());
    let port = argument(1).unwrap_or(8000);
    let config =
        ConsoleConfig { listen: ([127, 0, 0, 1], port).into(), ..ConsoleConfig::default() };
    let notify = testsuite::engine(registry.clone(), clock.clone(), &tasks).await.unwrap();
    let alarms = Arc::new(alarms);
    let mitigation =
        control::mitigation((&control, alarms.clone()), (notify.clone(), clock.clone(), &tasks))
            .await;
    sample_response::fill(&control, &mitigation, &notify).await;
    let deps = ConsoleDeps {
        mitigation,
        notify,
        enrollment: Arc::new(control::enroller(&control)),
        control,
        front_door: FrontDoor {
            host: "localhost".to_owned(),
            mqtt_port: Some(8883),
            alpn_port: None,
        },
        connections: broker.clone(),
        connection_log: Arc::new(fakes::FakeLog::default()),
        publish: broker.clone(),
        listen: broker,
        alarms,
        metric_history: Arc::new(sample_datapoints::stored()),
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

fn argument<T: std::str::FromStr>(nth: usize) -> Option<T> {
    std::env::args().nth(nth)?.parse().ok()
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
