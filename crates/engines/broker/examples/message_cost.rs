//! What a routed QoS 1 message costs, in memory only and with a store, and how long 10,000 sessions take to
//! come back: `cargo run --release -p picket-broker --example message_cost [PUBLISHERS]`.

#![expect(clippy::unwrap_used, reason = "a measurement that cannot go on may panic")]
#![expect(clippy::print_stdout, reason = "the figures are its output")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use picket_broker::{
    Attachment, Broker, BrokerLimits, Departure, SessionRequest, SubscribeOptions,
};
use picket_core::{Clock as _, SystemClock, Tasks};
use picket_fjall::FjallStore;
use picket_ports::Message;
use picket_ports::connections::{ConnectionFacts, DisconnectReason};
use picket_ports::messages::{MessageProperties, Origin};
use picket_session::{Dialect, Effect};
use tokio::sync::Notify;

const MESSAGES: usize = 160_000;
const PAYLOAD: &[u8] = &[b'x'; 256];

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let publishers = pairs();
    println!(
        "{publishers} publishers, each with one message unacknowledged and one receiver of its own"
    );
    println!("{:44} {:>9} {:>9} {:>9}", "", "µs CPU", "msg/s", "p99 ms");
    for (name, expiry) in [("connected, not kept", 0), ("connected, kept", 3600)] {
        show(name, "memory", connected(&Home::memory(), expiry).await);
        let home = Home::store().await;
        show(name, "store", connected(&home, expiry).await);
        home.close().await;
    }
    show("away, kept", "memory", away(&Home::memory()).await);
    let home = Home::store().await;
    show("away, kept", "store", away(&home).await);
    home.close().await;
    fan_out().await;
    restart().await;
}

/// One message for 10,000 clients that are away.
async fn fan_out() {
    let home = Home::store().await;
    for at in 0..10_000 {
        leave(home.client(&format!("f{at}"), "all", 3600).await.0);
    }
    for payload in [256, 16 * 1024] {
        let mut message = message("all");
        message.payload = Bytes::from(vec![b'x'; payload]);
        let (cpu, started) = (cpu(), Instant::now());
        let routed = home.broker.route(&Arc::new(message), None);
        let in_queues = started.elapsed();
        routed.stored.unwrap().wait().await.unwrap();
        println!(
            "{payload} bytes for {} clients that are away: {:.1} ms into the queues, {:.0} ms into the store, {:.0} ms CPU",
            routed.receivers,
            in_queues.as_secs_f64() * 1e3,
            started.elapsed().as_secs_f64() * 1e3,
            (self::cpu() - cpu).as_secs_f64() * 1e3,
        );
    }
    home.close().await;
}

fn pairs() -> usize {
    std::env::args().nth(1).and_then(|count| count.parse().ok()).unwrap_or(32)
}

struct Home {
    broker: Arc<Broker>,
    tasks: Tasks,
    directory: Option<tempfile::TempDir>,
}

impl Home {
    fn memory() -> Self {
        let broker = Broker::new(BrokerLimits::default(), Arc::new(SystemClock));
        let tasks = Tasks::new();
        broker.start(&tasks);
        Self { broker, tasks, directory: None }
    }

    async fn store() -> Self {
        Self::store_in(tempfile::tempdir_in(".").unwrap()).await
    }

    async fn store_in(directory: tempfile::TempDir) -> Self {
        let states = FjallStore::open(directory.path()).unwrap();
        let limits = BrokerLimits::default();
        let broker = Broker::open(limits, Arc::new(SystemClock), &states).await.unwrap();
        let tasks = Tasks::new();
        broker.start(&tasks);
        Self { broker, tasks, directory: Some(directory) }
    }

    async fn close(self) -> Option<tempfile::TempDir> {
        self.tasks.shut_down(Duration::from_secs(30)).await;
        self.directory
    }

    async fn client(
        &self,
        name: &str,
        topic: &str,
        expiry_seconds: u32,
    ) -> (Attachment, Arc<Notify>) {
        let wake = Arc::new(Notify::new());
        let request = SessionRequest {
            client_id: name.into(),
            clean_start: false,
            expiry_seconds,
            receive_maximum: 100,
            connection_number_min: 0,
            protocol_level: 4,
            will: None,
            facts: ConnectionFacts::default(),
        };
        let connected = self.broker.connect(request, Arc::clone(&wake)).unwrap();
        connected.attachment.subscribe(topic, OPTIONS);
        if let Some(stored) = connected.attachment.stored() {
            stored.wait().await.unwrap();
        }
        (connected.attachment, wake)
    }

    /// All publishers at once. Returns how long each message took.
    async fn publish(&self) -> Vec<Duration> {
        let each = MESSAGES / pairs();
        let publishers: Vec<_> = (0..pairs())
            .map(|at| {
                let (broker, topic) = (Arc::clone(&self.broker), format!("in/{at}"));
                let (done, result) = tokio::sync::oneshot::channel();
                self.tasks.spawn("publisher", async move {
                    let mut took = Vec::with_capacity(each);
                    for _ in 0..each {
                        let started = Instant::now();
                        let routed = broker.route(&Arc::new(message(&topic)), None);
                        match routed.stored {
                            Some(stored) => stored.wait().await.unwrap(),
                            None => tokio::task::yield_now().await,
                        }
                        took.push(started.elapsed());
                    }
                    drop(done.send(took));
                });
                result
            })
            .collect();
        let mut all = Vec::new();
        for publisher in publishers {
            all.extend(publisher.await.unwrap());
        }
        all
    }
}

const OPTIONS: SubscribeOptions = SubscribeOptions {
    qos: 1,
    no_local: false,
    retain_as_published: false,
    retain_handling: 0,
    id: None,
    dialect: Dialect::Aws,
};

struct Figures {
    cpu: Duration,
    wall: Duration,
    took: Vec<Duration>,
}

async fn connected(home: &Home, expiry: u32) -> Figures {
    let stop = Tasks::new();
    for at in 0..pairs() {
        let (attachment, wake) = home.client(&format!("c{at}"), &format!("in/{at}"), expiry).await;
        let token = stop.token();
        stop.spawn("receiver", async move {
            loop {
                tokio::select! {
                    () = wake.notified() => receive(&attachment),
                    () = token.cancelled() => return,
                }
            }
        });
    }
    let figures = measure(home).await;
    stop.shut_down(Duration::from_secs(5)).await;
    figures
}

/// Takes what is there and acknowledges it.
fn receive(attachment: &Attachment) {
    let mut effects = Vec::new();
    attachment.fill(100, &mut |_| true, &mut effects);
    for effect in effects {
        if let Effect::Send { packet_id: Some(id), .. } = effect {
            attachment.acknowledged(id);
        }
    }
}

async fn away(home: &Home) -> Figures {
    for at in 0..pairs() {
        let (attachment, _) = home.client(&format!("c{at}"), &format!("in/{at}"), 3600).await;
        leave(attachment);
    }
    measure(home).await
}

fn leave(attachment: Attachment) {
    let departure = Departure::Graceful { expiry_seconds: None };
    attachment.leave(departure, DisconnectReason::ClientInitiatedDisconnect);
}

async fn measure(home: &Home) -> Figures {
    let (cpu, wall) = (cpu(), Instant::now());
    let took = home.publish().await;
    Figures { cpu: self::cpu() - cpu, wall: wall.elapsed(), took }
}

fn show(name: &str, with: &str, mut figures: Figures) {
    let count = figures.took.len() as f64;
    figures.took.sort_unstable();
    let p99 = figures.took.get(figures.took.len() * 99 / 100).copied().unwrap_or_default();
    println!(
        "{:44} {:>9.2} {:>9.0} {:>9.2}",
        format!("{name}, {with}"),
        figures.cpu.as_secs_f64() * 1e6 / count,
        count / figures.wall.as_secs_f64(),
        p99.as_secs_f64() * 1e3,
    );
}

async fn restart() {
    let home = Home::store().await;
    for at in 0..10_000 {
        let (attachment, _) = home.client(&format!("d{at}"), &format!("d/{at}/in"), 3600).await;
        leave(attachment);
        for _ in 0..3 {
            let routed = home.broker.route(&Arc::new(message(&format!("d/{at}/in"))), None);
            drop(routed.stored);
        }
    }
    let directory = home.close().await.unwrap();
    let (cpu, wall) = (cpu(), Instant::now());
    let states = FjallStore::open(directory.path()).unwrap();
    let engine = wall.elapsed();
    let limits = BrokerLimits::default();
    let broker = Broker::open(limits, Arc::new(SystemClock), &states).await.unwrap();
    println!(
        "{} sessions with {} messages are back in {:.0} ms ({:.0} ms of them opening the store), {:.0} ms CPU",
        broker.session_count(),
        broker.ledger().in_flight,
        wall.elapsed().as_secs_f64() * 1e3,
        engine.as_secs_f64() * 1e3,
        (self::cpu() - cpu).as_secs_f64() * 1e3,
    );
}

fn message(topic: &str) -> Message {
    Message {
        topic: topic.into(),
        payload: Bytes::from_static(PAYLOAD),
        qos: 1,
        retain: false,
        properties: MessageProperties::default(),
        origin: Origin::Service("cost"),
        arrived: SystemClock.now(),
        traces: Arc::default(),
        depth: 0,
    }
}

/// Processor time of this process, all threads.
fn cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: u64 =
        [11, 12].iter().map(|at| fields.get(*at).unwrap().parse::<u64>().unwrap()).sum();
    Duration::from_millis(ticks * 10)
}
