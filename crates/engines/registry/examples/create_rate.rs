//! How fast things are created, and what one costs:
//! `taskset -c 0 cargo run --release -p picket-registry --example create_rate [THINGS]`.
//!
//! 64 callers at once create things over SQLite, three times: into the storage alone, waiting until the
//! front door's view has each, and through the control plane. One line of JSON each: things a second,
//! processor time for each, and how long a caller waits.
//!
//! Nothing here is part of the product.

#![expect(clippy::unwrap_used, reason = "an example that cannot start may panic")]
#![expect(clippy::print_stdout, reason = "the lines are what scripts read")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use futures::future::join_all;
use picket_core::{Account, Clock as _, SystemClock, Tasks, ThingName};
use picket_pki::Authority;
use picket_ports::registry::Thing;
use picket_ports::{Message, Publish, PublishError, Registry};
use picket_registry::{ControlParts, ControlPlane, LiveDirectory, NewThing, RegistryLimits};
use picket_sqlite::SqliteRegistry;

const CALLERS: usize = 64;

/// What a create goes through.
#[derive(Debug, Clone, Copy)]
enum Way {
    Storage,
    StorageAndView,
    ControlPlane,
}

struct Rig {
    registry: Arc<dyn Registry>,
    directory: Arc<LiveDirectory>,
    control: ControlPlane,
}

#[derive(Debug)]
struct Drops;

#[async_trait]
impl Publish for Drops {
    async fn publish(&self, _: Message) -> Result<(), PublishError> {
        Ok(())
    }
}

#[tokio::main(worker_threads = 2)]
async fn main() {
    let things = std::env::args().nth(1).and_then(|it| it.parse().ok()).unwrap_or(20_000);
    let folder = tempfile::tempdir_in(".").unwrap();
    let tasks = Tasks::new();
    let opened = SqliteRegistry::open(folder.path().join("registry.db")).await.unwrap();
    let rig = rig(Arc::new(opened), &tasks).await;
    measure(&rig, Way::ControlPlane, "warm", things / 10).await;
    for (way, prefix) in [(Way::Storage, "s"), (Way::StorageAndView, "v"), (Way::ControlPlane, "c")]
    {
        println!("{}", measure(&rig, way, prefix, things).await);
    }
    tasks.shut_down(Duration::from_secs(5)).await;
}

async fn rig(registry: Arc<dyn Registry>, tasks: &Tasks) -> Rig {
    let clock = Arc::new(SystemClock);
    let directory = LiveDirectory::follow(Arc::clone(&registry), tasks).await.unwrap();
    let control = ControlPlane::new(ControlParts {
        registry: Arc::clone(&registry),
        directory: Arc::clone(&directory),
        authority: Arc::new(Authority::generate(clock.now()).unwrap()),
        publish: Arc::new(Drops),
        clock,
        account: Account::default(),
        limits: RegistryLimits::default(),
    });
    Rig { registry, directory, control }
}

async fn measure(rig: &Rig, way: Way, prefix: &str, things: usize) -> serde_json::Value {
    let next = AtomicUsize::new(0);
    let (begin, cpu_begin) = (Instant::now(), cpu_time());
    let caller = async || {
        let mut waits = Vec::with_capacity(things / CALLERS * 2);
        loop {
            let n = next.fetch_add(1, Ordering::Relaxed);
            if n >= things {
                return waits;
            }
            let asked = Instant::now();
            create(rig, way, &format!("{prefix}-{n:07}")).await;
            waits.push(asked.elapsed());
        }
    };
    let waits = join_all((0..CALLERS).map(|_| caller())).await;
    let (elapsed, cpu) = (begin.elapsed(), cpu_time().saturating_sub(cpu_begin));
    let mut waits: Vec<Duration> = waits.into_iter().flatten().collect();
    waits.sort_unstable();
    let wait_ms = |part: usize| {
        let place = (waits.len() * part / 100).min(waits.len().saturating_sub(1));
        waits.get(place).map_or(0.0, |wait| wait.as_secs_f64() * 1000.0)
    };
    let each = |time: Duration| time.as_secs_f64() * 1e6 / things as f64;
    serde_json::json!({
        "way": format!("{way:?}"),
        "things": things,
        "per_second": (things as f64 / elapsed.as_secs_f64()).round(),
        "cpu_us_each": each(cpu).round(),
        "per_cpu_second": (1e6 / each(cpu)).round(),
        "wait_ms_p50": wait_ms(50),
        "wait_ms_p99": wait_ms(99),
    })
}

async fn create(rig: &Rig, way: Way, name: &str) {
    let attributes = [("site".to_owned(), "west".to_owned())];
    match way {
        Way::ControlPlane => {
            let attributes = attributes.into_iter().collect();
            let new = NewThing { name: name.to_owned(), attributes, ..NewThing::default() };
            rig.control.create_thing(new).await.unwrap();
        }
        Way::Storage | Way::StorageAndView => {
            let id = uuid::Uuid::new_v4().to_string();
            let thing = Thing {
                attributes: attributes.to_vec(),
                ..Thing::new(ThingName::new(name).unwrap(), id, SystemClock.now())
            };
            rig.registry.create_thing(&thing).await.unwrap();
            if matches!(way, Way::StorageAndView) {
                let revision = *rig.registry.revision().borrow();
                rig.directory.caught_up(revision).await;
            }
        }
    }
}

/// User and system time of this process so far, in steps of 10 ms.
fn cpu_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let (_, fields) = stat.rsplit_once(')').unwrap();
    let ticks = fields.split_whitespace().skip(11).take(2);
    let ticks: u64 = ticks.map(|field| field.parse::<u64>().unwrap()).sum();
    Duration::from_millis(ticks * 10)
}
