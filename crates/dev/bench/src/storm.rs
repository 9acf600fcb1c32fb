//! A reconnect storm: the server dies, comes back, and a whole fleet knocks at once.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use picket_core::Tasks;
use picket_device_client::{AsyncClient, ConnectOptions, Endpoint};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use crate::devices::{self, Device};
use crate::mosquitto::Mosquitto;
use crate::process::Process;
use crate::server::Server;
use crate::table::{Table, us};

/// A device that is refused tries again after this long.
const PAUSE: Duration = Duration::from_millis(500);
/// Nobody waits longer than this for the fleet to be back.
const LIMIT: Duration = Duration::from_secs(300);

/// How the fleet came back.
struct Figures {
    seconds: f64,
    /// Attempts that failed on the way.
    refused: u64,
    cpu_per_device: f64,
}

/// Lets `count` devices storm both servers, one after the other.
pub(crate) fn run(picket: &Path, count: usize) -> Result<()> {
    let mut server = Server::start(picket)?;
    let devices = devices::enroll(&server, count)?;
    let runtime = Runtime::new()?;
    server.restart(picket)?;
    let ours = storm(&runtime, &devices, &mut server.process, server.mqtt_port)?;
    let mut peer = Mosquitto::start(&server)?;
    let theirs = storm(&runtime, &devices, &mut peer.process, peer.port)?;
    let mut table = Table::new(format!(
        "Reconnect storm: {count} devices over mutual TLS, all at once, server just started \
         (Picket, mosquitto, ratio)"
    ));
    let mut row = |figure: &str, a: f64, b: f64, show: fn(f64) -> String| {
        let ratio = if b > 0.0 { format!("{:>7.2}", a / b) } else { "      –".to_owned() };
        table.row(figure, format!("{:>12} {:>12} {ratio}", show(a), show(b)));
    };
    row("seconds until all are back", ours.seconds, theirs.seconds, |v| format!("{v:.1}"));
    row("attempts that failed", ours.refused as f64, theirs.refused as f64, |v| format!("{v:.0}"));
    row("server CPU per device", ours.cpu_per_device, theirs.cpu_per_device, us);
    table.print()?;
    Ok(())
}

fn storm(
    runtime: &Runtime,
    devices: &[Device],
    process: &mut Process,
    port: u16,
) -> Result<Figures> {
    let endpoint = Endpoint::new("localhost", port);
    let (cpu, start) = (process.cpu()?, Instant::now());
    let tasks = Tasks::new();
    let (back, refused) = runtime.block_on(all_back(devices, &endpoint, &tasks));
    let seconds = start.elapsed().as_secs_f64();
    process.check()?;
    let cpu = (process.cpu()? - cpu).as_secs_f64();
    let count = devices.len();
    ensure!(back.len() == count, "{} of {count} devices came back in {LIMIT:?}", back.len());
    drop(back);
    runtime.block_on(tasks.shut_down(Duration::from_secs(60)));
    Ok(Figures { seconds, refused, cpu_per_device: cpu / count as f64 })
}

/// The connections that stand in the end, and how many attempts failed.
async fn all_back(
    devices: &[Device],
    endpoint: &Endpoint,
    tasks: &Tasks,
) -> (Vec<AsyncClient>, u64) {
    let deadline = tokio::time::Instant::now() + LIMIT;
    let mut coming = JoinSet::new();
    for device in devices {
        let (device, endpoint, tasks) = (device.clone(), endpoint.clone(), tasks.clone());
        let back = async move { come_back(&device, &endpoint, &tasks).await };
        coming.spawn(tokio::time::timeout_at(deadline, back));
    }
    let (mut back, mut refused) = (Vec::with_capacity(devices.len()), 0);
    while let Some(ended) = coming.join_next().await {
        if let Ok(Ok((client, failures))) = ended {
            back.push(client);
            refused += failures;
        }
    }
    (back, refused)
}

async fn come_back(device: &Device, endpoint: &Endpoint, tasks: &Tasks) -> (AsyncClient, u64) {
    let options = ConnectOptions::new(device.name.clone());
    let mut failures = 0;
    loop {
        match AsyncClient::connect(tasks, endpoint, &device.transport, &options).await {
            Ok(client) => return (client, failures),
            Err(_) => failures += 1,
        }
        tokio::time::sleep(PAUSE).await;
    }
}
