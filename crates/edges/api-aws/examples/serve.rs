//! The AWS endpoint over a new, temporary registry, for trying operations with boto3 or awscli:
//! `cargo run -p picket-api-aws --example serve [PORT]`. It prints one line of JSON: the address, the key of
//! an admin, and that of a viewer.
//!
//! Nothing here is part of the product.

#![expect(clippy::unwrap_used, reason = "an example that cannot start may panic")]
#![expect(clippy::print_stdout, reason = "the line is what scripts read")]

#[path = "../tests/endpoint/absent.rs"]
mod absent;

use std::sync::Arc;
use std::time::Duration;

use picket_api_aws::{AwsConfig, AwsServer};
use picket_core::{Clock as _, SystemClock, Tasks};
use picket_ports::Registry;
use picket_ports::alarms::by_hand::{AlarmsByHand, open_port};
use picket_sqlite::SqliteRegistry;

#[tokio::main]
async fn main() {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let folder = tempfile::tempdir().unwrap();
    let opened = SqliteRegistry::open(folder.path().join("registry.db")).await.unwrap();
    let registry: Arc<dyn Registry> = Arc::new(opened);
    let tasks = Tasks::new();
    let admin = absent::user(&*registry, "admin").await;
    let viewer = absent::user(&*registry, "viewer").await;
    let port = std::env::args().nth(1).and_then(|port| port.parse().ok()).unwrap_or(0);
    let config = AwsConfig { listen: ([127, 0, 0, 1], port).into(), ..AwsConfig::default() };
    let alarms = Arc::new(some_alarms());
    let deps =
        absent::deps(&registry, (alarms, Arc::default()), Arc::new(SystemClock), &tasks).await;
    let server = AwsServer::bind(config, deps).await.unwrap();
    let line = serde_json::json!({
        "endpoint_url": server.url(),
        "access_key_id": admin.key.id,
        "secret_access_key": admin.secret.expose(),
        "viewer_access_key_id": viewer.key.id,
        "viewer_secret_access_key": viewer.secret.expose(),
    });
    println!("{line}");
    tokio::signal::ctrl_c().await.unwrap();
    for figures in server.endpoint().snapshot() {
        tracing::info!(?figures);
    }
    tasks.shut_down(Duration::from_secs(2)).await;
}

/// Three things with an open port.
fn some_alarms() -> AlarmsByHand {
    let alarms = AlarmsByHand::default();
    let now = SystemClock.now();
    let open = (1..=3).map(|n| open_port(&format!("{n:032x}"), &format!("cam-{n}"), now));
    alarms.active.lock().unwrap().extend(open);
    alarms
}
