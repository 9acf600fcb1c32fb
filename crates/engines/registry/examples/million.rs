//! What a registry of a million things costs: memory, time to load, time to read, time to change.
//!
//! `cargo run --release -p picket-registry --example million -- [THINGS] [DIRECTORY]`
//!
//! Every thing has a certificate, a group and a policy of its certificate. Another process fills the
//! database, so that this one's memory is the view's; one that is there already is used again.

use std::error::Error;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use picket_core::{CertificateId, PolicyName, Tasks, ThingName, Timestamp};
use picket_ports::Directory as _;
use picket_ports::registry::{
    Certificate, CertificateMode, CertificateStatus, Devices as _, Feed as _, Groups as _,
    NewDevice, Page, Policies as _, Policy, PolicyTarget, Thing, ThingGroup, Things as _,
};
use picket_registry::LiveDirectory;
use picket_sqlite::SqliteRegistry;
use rustix::time::{ClockId, clock_gettime};

type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

const GROUPS: usize = 100;
const READS: usize = 2_000_000;
const CHANGES: usize = 300;

fn main() -> Outcome {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let runtime = tokio::runtime::Runtime::new()?;
    if let [command, things, file] = arguments.as_slice()
        && command == "fill"
    {
        return runtime.block_on(fill(Path::new(file), things.parse()?));
    }
    let things: usize = arguments.first().map_or(Ok(1_000_000), |text| text.parse())?;
    let directory =
        arguments.get(1).map_or_else(|| std::env::temp_dir().join("picket-million"), PathBuf::from);
    std::fs::create_dir_all(&directory)?;
    let file = directory.join(format!("registry-{things}.db"));
    if !file.exists() {
        let started = Instant::now();
        let text = file.to_str().ok_or("the path is not text")?;
        let filled = std::process::Command::new(std::env::current_exe()?)
            .args(["fill", &things.to_string(), text])
            .status()?;
        if !filled.success() {
            return Err("the database could not be filled".into());
        }
        say(format!("filled in {:.1?}", started.elapsed()))?;
    }
    runtime.block_on(measure(&file, things))
}

fn say(line: impl std::fmt::Display) -> Outcome {
    Ok(writeln!(std::io::stdout().lock(), "{line}")?)
}

fn name(number: usize) -> String {
    format!("device-{number:07}")
}

fn certificate_id(number: usize) -> Outcome<CertificateId> {
    // Spread as hashes are.
    let (a, b) = (number as u64, (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    Ok(CertificateId::new(format!("{b:016x}{a:016x}{b:016x}{a:016x}"))?)
}

async fn fill(file: &Path, things: usize) -> Outcome {
    let part = file.with_extension("part");
    std::fs::remove_file(&part).ok();
    let registry = Arc::new(SqliteRegistry::open(&part).await?);
    let created = Timestamp::from_millis(1_735_689_600_000);
    for number in 0..GROUPS {
        let parent = (number > 0).then(|| format!("group-{}", (number - 1) / 10));
        let group =
            ThingGroup::new(format!("group-{number}"), format!("{number}"), parent, created);
        registry.create_group(&group).await?;
    }
    for name in ["device", "extra"] {
        let document = r#"{"Version":"2012-10-17","Statement":[]}"#;
        registry.create_policy(&Policy::new(PolicyName::new(name)?, document, created)).await?;
    }
    let mut running = tokio::task::JoinSet::<Outcome>::new();
    for number in 0..things {
        while running.len() >= 1_024 {
            running.join_next().await.ok_or("nothing runs")???;
        }
        let registry = Arc::clone(&registry);
        running.spawn(async move {
            let id = certificate_id(number)?;
            let thing = Thing::new(ThingName::new(name(number))?, format!("{number:036}"), created);
            let certificate = Certificate {
                id,
                pem: "x".repeat(800),
                status: CertificateStatus::Active,
                ca: None,
                mode: CertificateMode::Default,
                not_before: created,
                not_after: created,
                created,
                modified: created,
                version: 1,
            };
            let (policy, group) =
                (PolicyName::new("device")?, format!("group-{}", number % GROUPS));
            let device = NewDevice {
                thing: &thing,
                certificate: &certificate,
                policy: &policy,
                group: &group,
            };
            Ok(registry.enroll(&device).await?)
        });
    }
    while let Some(done) = running.join_next().await {
        done??;
    }
    registry.close().await;
    std::fs::rename(part, file)?;
    Ok(())
}

async fn measure(file: &Path, things: usize) -> Outcome {
    let registry = Arc::new(SqliteRegistry::open(file).await?);
    if registry.count_things().await? != things as u64 {
        return Err(format!("{} holds another number of things", file.display()).into());
    }
    let tasks = Tasks::new();
    let (before, started) = (resident_mib()?, Instant::now());
    let (all, own) = (time_of(ClockId::ProcessCPUTime), time_of(ClockId::ThreadCPUTime));
    let directory = LiveDirectory::follow(registry.clone(), &tasks).await?;
    let (took, after) = (started.elapsed(), resident_mib()?);
    // The storage reads on threads of its own.
    let all = time_of(ClockId::ProcessCPUTime) - all;
    let own = time_of(ClockId::ThreadCPUTime) - own;
    say(format!("{things} things"))?;
    say(format!("follow()            {took:.2?}; processor {all:.2?}, {own:.2?} of it the view"))?;
    say(format!("memory              {:.0} MiB ({after:.0} MiB in all)", after - before))?;
    let pairs = (0..things).step_by(things.div_ceil(100_000)).map(|number| {
        // In no order, as devices come.
        let number = number.wrapping_mul(7_919) % things;
        Ok((certificate_id(number)?, name(number)))
    });
    let pairs: Arc<[(CertificateId, String)]> = pairs.collect::<Outcome<Vec<_>>>()?.into();
    say(format!("principal()         {}", read(&directory, &pairs)))?;
    let halted = Arc::new(AtomicBool::new(false));
    let reader = {
        let (directory, pairs, halted) =
            (Arc::clone(&directory), Arc::clone(&pairs), Arc::clone(&halted));
        std::thread::spawn(move || longest(&directory, &pairs, &halted))
    };
    let mut times = change(&registry, &directory, &pairs).await?;
    times.sort_unstable();
    let of = |share: usize| times.get(times.len() * share / 100).copied().unwrap_or_default();
    say(format!("attach → in force   p50 {:.2?}, p99 {:.2?}", of(50), of(99)))?;
    let (stored, in_force) = remove_group(&registry, &directory).await?;
    say(format!("delete a group      {stored:.2?}, and {in_force:.2?} until in force"))?;
    halted.store(true, Ordering::Relaxed);
    let longest = reader.join().map_err(|_| "the reader failed")?;
    say(format!("longest principal() {longest:.2?} in the meantime"))?;
    tasks.shut_down(Duration::from_secs(5)).await;
    Ok(())
}

fn read(directory: &LiveDirectory, pairs: &[(CertificateId, String)]) -> String {
    let started = time_of(ClockId::ThreadCPUTime);
    let mut policies = 0;
    for (certificate, client) in pairs.iter().cycle().take(READS) {
        policies += directory.principal(certificate, client).policies.len();
    }
    let each =
        (time_of(ClockId::ThreadCPUTime) - started) / u32::try_from(READS).unwrap_or(u32::MAX);
    format!("{each:.2?}, {:.0}/s on one core ({policies} policies seen)", 1.0 / each.as_secs_f64())
}

fn longest(
    directory: &LiveDirectory,
    pairs: &[(CertificateId, String)],
    halted: &AtomicBool,
) -> Duration {
    let mut longest = Duration::ZERO;
    for (certificate, client) in pairs.iter().cycle() {
        if halted.load(Ordering::Relaxed) {
            break;
        }
        let started = Instant::now();
        std::hint::black_box(directory.principal(certificate, client));
        longest = longest.max(started.elapsed());
    }
    longest
}

/// From the call that attaches a policy to the view having it.
async fn change(
    registry: &SqliteRegistry,
    directory: &LiveDirectory,
    pairs: &[(CertificateId, String)],
) -> Outcome<Vec<Duration>> {
    let extra = PolicyName::new("extra")?;
    let mut times = Vec::new();
    for (certificate, client) in pairs.iter().take(CHANGES) {
        let target = PolicyTarget::Certificate(certificate.clone());
        let started = Instant::now();
        registry.attach_policy(&extra, &target).await?;
        directory.caught_up(*registry.revision().borrow()).await;
        times.push(started.elapsed());
        if directory.principal(certificate, client).policies.len() != 2 {
            return Err("the policy is not in force".into());
        }
        registry.detach_policy(&extra, &target).await?;
    }
    Ok(times)
}

/// Deletes a group of a hundredth of all things: the time of the call, and the time from then to no
/// thing naming it any more.
async fn remove_group(
    registry: &SqliteRegistry,
    directory: &LiveDirectory,
) -> Outcome<(Duration, Duration)> {
    let name = format!("group-{}", GROUPS - 1);
    let group = registry.group(&name).await?;
    let page = Page::first(u32::MAX);
    let members = registry.things_in_group(&name, false, &page).await?.rows;
    let started = Instant::now();
    registry.delete_group(&name, None).await?;
    let stored = started.elapsed();
    directory.caught_up(*registry.revision().borrow()).await;
    let in_force = started.elapsed() - stored;
    // As it was, for the next run.
    registry.create_group(&group).await?;
    for some in members.chunks(1_024) {
        let adding = some.iter().map(|thing| registry.add_to_group(thing, &name));
        futures::future::try_join_all(adding).await?;
    }
    Ok((stored, in_force))
}

/// Processor time, which is the same on a busy machine.
fn time_of(clock: ClockId) -> Duration {
    Duration::try_from(clock_gettime(clock)).unwrap_or_default()
}

fn resident_mib() -> Outcome<f64> {
    let statm = std::fs::read_to_string("/proc/self/statm")?;
    let pages: f64 = statm.split_whitespace().nth(1).ok_or("statm is empty")?.parse()?;
    Ok(pages * rustix::param::page_size() as f64 / (1024.0 * 1024.0))
}
