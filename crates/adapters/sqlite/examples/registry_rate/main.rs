//! How fast the registry is: `cargo run --release -p picket-sqlite --example registry_rate`.
//!
//! Real files, real flushes. Prints changes and reads a second, what they cost in processor time, and
//! how long a snapshot of a large fleet takes and how much memory. Arguments: the number of devices
//! (default 1,000,000) and a directory to keep the database in; a database that is there is used as it
//! is, and with 0 devices only its lists and snapshots are measured. `taskset -c 0` shows what one core does.

mod usage;

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use picket_core::{CertificateId, PolicyName, Tasks, ThingName, Timestamp};
use picket_ports::registry::{
    Certificate, CertificateMode, CertificateStatus, Devices as _, Feed as _, Groups as _,
    NewDevice, Page, Policies as _, Policy, Thing, ThingFilter, ThingGroup, Things as _,
};
use picket_sqlite::SqliteRegistry;

use crate::usage::Usage;

const DEVICES: u64 = 1_000_000;
const CREATES: u64 = 50_000;
const READS: u64 = 200_000;
/// Callers that wait for their answer at the same time.
const CALLERS: u64 = 64;
const GRACE: Duration = Duration::from_secs(3600);
const GROUPS: u64 = 50;
const NOW: Timestamp = Timestamp::from_millis(1_735_689_600_000);
/// As long as the PEM text of a certificate for an RSA key of 2048 bits.
const PEM_BYTES: usize = 1_220;

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let devices = arguments.next().map(|text| text.parse()).transpose()?.unwrap_or(DEVICES);
    let temporary = tempfile::tempdir()?;
    let dir = arguments.next().map_or_else(|| temporary.path().to_owned(), PathBuf::from);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(measure(devices, dir))
}

async fn measure(devices: u64, dir: PathBuf) -> Result<(), Failure> {
    let file = dir.join("registry.db");
    let registry = Arc::new(SqliteRegistry::open(&file).await?);
    if registry.count_things().await? == 0 {
        prepare(&registry).await?;
        rate(&registry, ("create_thing", CREATES), create).await?;
        rate(&registry, ("enroll", devices), enroll).await?;
    }
    if devices > 0 {
        rate(&registry, ("thing", devices.min(READS)), read).await?;
    }
    lists(&registry).await?;
    snapshot(&registry).await?;
    let bytes = std::fs::metadata(&file)?.len();
    let things = registry.count_things().await?;
    say(&format!("database: {:.2} GB for {things} things", bytes as f64 / 1e9))?;
    let started = Instant::now();
    registry.close().await;
    say(&format!("close: {:.2} s", started.elapsed().as_secs_f64()))
}

fn say(line: &str) -> Result<(), Failure> {
    Ok(writeln!(std::io::stdout(), "{line}")?)
}

async fn prepare(registry: &SqliteRegistry) -> Result<(), Failure> {
    for number in 0..GROUPS {
        let parent = (number > 0).then(|| "group-0".to_owned());
        let group = ThingGroup::new(format!("group-{number}"), "id", parent, NOW);
        registry.create_group(&group).await?;
    }
    Ok(registry.create_policy(&Policy::new(PolicyName::new("device")?, "{}", NOW)).await?)
}

/// Has [`CALLERS`] make so many calls, one after the other each.
async fn rate<F, Made>(
    registry: &Arc<SqliteRegistry>,
    (what, calls): (&str, u64),
    call: F,
) -> Result<(), Failure>
where
    F: Fn(Arc<SqliteRegistry>, u64) -> Made + Copy + Send + 'static,
    Made: Future<Output = Result<(), Failure>> + Send,
{
    let (next, failed, slowest) = <(Arc<AtomicU64>, Arc<AtomicU64>, Arc<AtomicU64>)>::default();
    let tasks = Tasks::new();
    let before = Usage::now()?;
    for _ in 0..CALLERS {
        let (registry, next) = (registry.clone(), next.clone());
        let (failed, slowest) = (failed.clone(), slowest.clone());
        tasks.spawn("caller", async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= calls {
                    return;
                }
                let started = Instant::now();
                if call(registry.clone(), number).await.is_err() {
                    failed.fetch_add(1, Ordering::Relaxed);
                }
                slowest.fetch_max(microseconds(started), Ordering::Relaxed);
            }
        });
    }
    tasks.shut_down(GRACE).await;
    let spent = before.until_now()?;
    say(&format!(
        "{what}: {:.0}/s with {CALLERS} callers, {:.1} µs of processor each, slowest {:.0} ms, {} failed, \
         RSS {} MiB",
        calls as f64 / spent.wall.as_secs_f64(),
        spent.processor.as_micros() as f64 / calls as f64,
        slowest.load(Ordering::Relaxed) as f64 / 1e3,
        failed.load(Ordering::Relaxed),
        spent.resident_mib,
    ))
}

fn microseconds(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX)
}

fn name(number: u64) -> Result<ThingName, Failure> {
    // Names of a real fleet are in no order.
    Ok(ThingName::new(format!("device-{:016x}", number.wrapping_mul(0x9E37_79B9_7F4A_7C15)))?)
}

fn thing(name: ThingName) -> Thing {
    let mut thing = Thing::new(name, "0b5f1d4e-5d1c-4c61-9f5d-1d2b3c4d5e6f", NOW);
    thing.type_name = Some("pump".into());
    thing.attributes = vec![("serial".into(), "4711".into()), ("site".into(), "north".into())];
    thing
}

async fn create(registry: Arc<SqliteRegistry>, number: u64) -> Result<(), Failure> {
    let name = format!("created-{:016x}", number.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    Ok(registry.create_thing(&thing(ThingName::new(name)?)).await?)
}

async fn enroll(registry: Arc<SqliteRegistry>, number: u64) -> Result<(), Failure> {
    let digits = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let id = CertificateId::new(format!("{digits:016x}").repeat(4))?;
    let certificate = Certificate {
        pem: format!("{id}{}", "A".repeat(PEM_BYTES - 64)),
        id,
        status: CertificateStatus::Active,
        ca: None,
        mode: CertificateMode::Default,
        not_before: NOW,
        not_after: Timestamp::from_millis(NOW.as_millis() * 2),
        created: Timestamp::from_millis(NOW.as_millis() + i64::try_from(number)?),
        modified: NOW,
        version: 1,
    };
    let (thing, policy) = (thing(name(number)?), PolicyName::new("device")?);
    let group = format!("group-{}", number % GROUPS);
    let device =
        NewDevice { thing: &thing, certificate: &certificate, policy: &policy, group: &group };
    Ok(registry.enroll(&device).await?)
}

async fn read(registry: Arc<SqliteRegistry>, number: u64) -> Result<(), Failure> {
    registry.thing(&name(number)?).await?;
    Ok(())
}

/// Pages that could be slow: deep ones, recursive ones, and those of a filter that wants nothing.
async fn lists(registry: &SqliteRegistry) -> Result<(), Failure> {
    let page = Page { after: Some("device-8".into()), rows_max: 250 };
    let started = Instant::now();
    registry.things(&ThingFilter::default(), &page).await?;
    let plain = started.elapsed();
    let by_type = ThingFilter { type_name: Some("pump".into()), ..ThingFilter::default() };
    let started = Instant::now();
    registry.things(&by_type, &page).await?;
    let typed = started.elapsed();
    let nothing = ThingFilter { attribute_name: Some("none".into()), ..ThingFilter::default() };
    let started = Instant::now();
    registry.things(&nothing, &page).await?;
    let filtered = started.elapsed();
    let started = Instant::now();
    registry.things_in_group("group-0", true, &page).await?;
    let members = started.elapsed();
    let started = Instant::now();
    registry.count_things().await?;
    let counted = started.elapsed();
    say(&format!(
        "count {counted:.1?}; pages of 250: things {plain:.1?}, of a type {typed:.1?}, of a filter that wants nothing \
         {filtered:.1?}, members of {GROUPS} groups {members:.1?}"
    ))
}

async fn snapshot(registry: &SqliteRegistry) -> Result<(), Failure> {
    for pass in ["first", "second"] {
        let before = Usage::now()?;
        let mut facts = 0_u64;
        registry.snapshot(&mut |_| facts += 1).await?;
        let spent = before.until_now()?;
        say(&format!(
            "{pass} snapshot: {facts} facts in {:.2} s, {:.2} s of processor, RSS {} MiB, at most {} MiB",
            spent.wall.as_secs_f64(),
            spent.processor.as_secs_f64(),
            spent.resident_mib,
            spent.resident_mib_max,
        ))?;
    }
    Ok(())
}
