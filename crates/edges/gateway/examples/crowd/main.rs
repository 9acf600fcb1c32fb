//! What a crowd of devices costs the front door, and how soon a change in the registry reaches all of
//! them: `cargo run --release -p picket-gateway --example crowd -- 10000`.
//!
//! The devices are a process of their own, so that the figures are the server's.

mod clients;
mod server;

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use server::Server;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["devices", address, directory] => clients::run(address, directory.as_ref()),
        [] => measure(1000),
        [count] => measure(count.parse()?),
        _ => Err("give the number of devices".into()),
    }
}

fn measure(count: usize) -> Result<(), Failure> {
    let directory = tempfile::tempdir()?;
    let server = Server::start(count, directory.path())?;
    let (rss, cpu, begin) = (rss_kib()?, cpu_time()?, Instant::now());
    let mut devices = Command::new(std::env::current_exe()?)
        .args(["devices", &server.address().to_string()])
        .arg(directory.path())
        .stdin(Stdio::piped())
        .spawn()?;
    server.until("all are connected", || server.sessions() == count)?;
    let per_device = |value: f64| value / count as f64;
    say("seconds until all were in", begin.elapsed().as_secs_f64());
    say("CPU per connect, us", per_device((cpu_time()? - cpu).as_secs_f64() * 1e6));
    std::thread::sleep(Duration::from_millis(500));
    let held = || -> Result<f64, Failure> { Ok(per_device(rss_kib()?.saturating_sub(rss) as f64)) };
    say("KiB per connection", held()?);
    devices.stdin.take().ok_or("no standard input")?.write_all(b"go\n")?;
    server.until_subscribed(true)?;
    say("KiB per connection with a subscription", held()?);

    // The right to subscribe is taken away, not the one to connect.
    let (cpu, begin) = (cpu_time()?, Instant::now());
    server.allow_no_subscriptions();
    server.until_subscribed(false)?;
    say("seconds until a policy's change had reached all", begin.elapsed().as_secs_f64());
    say("CPU of that per device, us", per_device((cpu_time()? - cpu).as_secs_f64() * 1e6));

    let begin = Instant::now();
    server.revoke_all();
    server.until("all are cut", || server.open() == 0)?;
    say("seconds until all revoked were cut", begin.elapsed().as_secs_f64());
    devices.kill()?;
    devices.wait()?;
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the figures are what it is run for")]
fn say(what: &str, value: f64) {
    println!("{what:<50} {value:>10.2}");
}

fn status_field(name: &str) -> Result<u64, Failure> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let field = line.and_then(|line| line.split_whitespace().next());
    Ok(field.ok_or("no such field")?.parse()?)
}

fn rss_kib() -> Result<u64, Failure> {
    status_field("VmRSS:")
}

/// Processor time of this process.
fn cpu_time() -> Result<Duration, Failure> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let after_name = stat.rsplit_once(") ").ok_or("no name")?.1;
    let mut fields = after_name.split(' ').skip(11);
    let mut ticks = || -> Result<u64, Failure> { Ok(fields.next().ok_or("short")?.parse()?) };
    // A tick is a hundredth of a second on every Linux.
    Ok(Duration::from_millis((ticks()? + ticks()?) * 10))
}
