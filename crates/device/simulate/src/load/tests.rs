use std::sync::Arc;

use picket_device_client::client_config;
use picket_device_client::testsuite::{Behaviour, TestEndpoint};

use super::*;

fn config(pace: Pace) -> LoadConfig {
    LoadConfig {
        pace,
        warm_up: Duration::from_millis(50),
        duration: Duration::from_millis(400),
        drain: Duration::from_millis(500),
        ..LoadConfig::default()
    }
}

fn secure(endpoint: &TestEndpoint, count: usize) -> Vec<(String, Transport)> {
    let client = |name: String| {
        let tls = client_config(&endpoint.identity(&name), None).unwrap();
        (name, Transport::Tls(tls))
    };
    crate::names(count).into_iter().map(client).collect()
}

#[tokio::test]
async fn a_run_as_fast_as_acknowledged_loses_nothing() {
    let endpoint = TestEndpoint::start(Behaviour::default());
    let config = config(Pace::AsAcknowledged { in_flight: 4 });
    let report = run(&config, &endpoint.endpoint(), secure(&endpoint, 5)).await;
    assert_eq!((report.connections, report.connect_failures), (5, 0));
    assert!(report.sent > 20, "{report:?}");
    assert_eq!((report.acknowledged, report.lost), (report.sent, 0), "{report:?}");
    assert!(report.latency.p50_ms > 0.0 && report.latency.p99_ms >= report.latency.p50_ms);
    assert_eq!(report.first_error, None);
}

#[tokio::test]
async fn a_fixed_rate_is_kept() {
    let endpoint = TestEndpoint::start(Behaviour::default());
    let clients =
        (0..4).map(|number| (format!("bench-{number}"), Transport::Plain)).collect::<Vec<_>>();
    let config = LoadConfig { load: Load::Bytes(100), ..config(Pace::Rate(200.0)) };
    let report = run(&config, &endpoint.plain_endpoint(), clients).await;
    // 200/s for 0.4 s, give or take one for each connection.
    assert!((76..=84).contains(&report.sent), "{report:?}");
    assert_eq!(report.acknowledged, report.sent);
    assert!(endpoint.record().received().iter().all(|it| it.payload.len() == 100));
}

#[tokio::test]
async fn what_is_refused_or_never_acknowledged_is_counted() {
    let refuse = |topic: &str| topic.contains("pump-001").then_some(0x87);
    let endpoint = TestEndpoint::start(Behaviour {
        refuse_publish: Arc::new(refuse),
        acknowledge: false,
        ..Behaviour::default()
    });
    let config = config(Pace::AsAcknowledged { in_flight: 2 });
    let report = run(&config, &endpoint.endpoint(), secure(&endpoint, 2)).await;
    assert!(report.refused > 0, "{report:?}");
    assert_eq!(report.acknowledged, 0);
    assert!(report.first_error.unwrap().contains("was refused"));
}
