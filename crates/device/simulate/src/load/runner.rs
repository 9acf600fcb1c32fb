//! The run: connect all, start together, count.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use picket_core::Tasks;
use picket_device_client::{
    AsyncClient, ClientError, ConnectOptions, Endpoint, Puback, PublishRequest, Transport,
};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::latency::Latencies;
use super::template::ReportTemplate;
use super::{Load, LoadConfig, LoadReport, Pace};
use crate::device::Device;
use crate::kinds::{self, DeviceKind};

/// Longest time to disconnect everyone at the end.
const GRACE: Duration = Duration::from_secs(10);
/// Times that a connection keeps to itself before it hands them in.
const LATENCIES_KEPT: usize = 1024;

struct Totals {
    sent: AtomicU64,
    acknowledged: AtomicU64,
    refused: AtomicU64,
    latencies: Mutex<Latencies>,
    first_error: Mutex<Option<String>>,
}

impl Totals {
    fn note(&self, error: &ClientError) {
        let mut first = self.first_error.lock().unwrap_or_else(PoisonError::into_inner);
        first.get_or_insert_with(|| error.to_string());
    }
}

/// When what counts.
#[derive(Clone, Copy)]
struct Schedule {
    start: Instant,
    measured_from: Instant,
    end: Instant,
    drained: Instant,
}

pub(super) async fn run(
    config: &LoadConfig,
    endpoint: &Endpoint,
    clients: Vec<(String, Transport)>,
) -> LoadReport {
    let tasks = Tasks::new();
    let totals = Arc::new(Totals {
        sent: AtomicU64::new(0),
        acknowledged: AtomicU64::new(0),
        refused: AtomicU64::new(0),
        latencies: Mutex::new(Latencies::new()),
        first_error: Mutex::new(None),
    });
    let wanted = clients.len();
    let begun = Instant::now();
    let connected = connect_all(config, endpoint, clients, &tasks, &totals).await;
    let connect_seconds = begun.elapsed().as_secs_f64();

    let start = Instant::now();
    let measured_from = start + config.warm_up;
    let end = measured_from + config.duration;
    let schedule = Schedule { start, measured_from, end, drained: end + config.drain };
    let connections = connected.len();
    let mut publishers = Vec::with_capacity(connections);
    for (place, (name, client)) in connected.into_iter().enumerate() {
        let publisher = Publisher::new(config, &name, client, (place, connections), &totals);
        publishers.push(tasks.spawn("load", publisher.run(schedule)));
    }
    for publisher in publishers {
        if let Err(error) = publisher.await {
            tracing::error!(%error, "a load task ended badly");
        }
    }
    tasks.shut_down(GRACE).await;

    let seconds = config.duration.as_secs_f64();
    let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    let (sent, acknowledged, refused) =
        (count(&totals.sent), count(&totals.acknowledged), count(&totals.refused));
    let latency = totals.latencies.lock().unwrap_or_else(PoisonError::into_inner).summary();
    let first_error = totals.first_error.lock().unwrap_or_else(PoisonError::into_inner).clone();
    LoadReport {
        connections,
        connect_failures: wanted - connections,
        connect_seconds,
        sent,
        acknowledged,
        refused,
        lost: sent.saturating_sub(acknowledged).saturating_sub(refused),
        seconds,
        acknowledged_per_second: if seconds > 0.0 { acknowledged as f64 / seconds } else { 0.0 },
        latency,
        first_error,
    }
}

async fn connect_all(
    config: &LoadConfig,
    endpoint: &Endpoint,
    clients: Vec<(String, Transport)>,
    tasks: &Tasks,
    totals: &Arc<Totals>,
) -> Vec<(String, AsyncClient)> {
    let gate = Arc::new(Semaphore::new(config.connects_at_a_time.max(1)));
    let connected = Arc::new(Mutex::new(Vec::with_capacity(clients.len())));
    let mut attempts = Vec::with_capacity(clients.len());
    for (name, transport) in clients {
        let options = ConnectOptions {
            version: config.mqtt_version,
            keep_alive: Duration::from_secs(600),
            ..ConnectOptions::new(&name)
        };
        let (gate, endpoint, own) = (gate.clone(), endpoint.clone(), tasks.clone());
        let (connected, totals) = (connected.clone(), totals.clone());
        attempts.push(tasks.spawn("load-connect", async move {
            let _permit = gate.acquire().await;
            match AsyncClient::connect(&own, &endpoint, &transport, &options).await {
                Ok(client) => {
                    connected.lock().unwrap_or_else(PoisonError::into_inner).push((name, client))
                }
                Err(error) => totals.note(&error),
            }
        }));
    }
    for attempt in attempts {
        if let Err(error) = attempt.await {
            tracing::error!(%error, "a connect task ended badly");
        }
    }
    std::mem::take(&mut *connected.lock().unwrap_or_else(PoisonError::into_inner))
}

/// One connection's publisher.
struct Publisher {
    client: AsyncClient,
    topic: String,
    payload: Payload,
    pace: Pace,
    /// Time between two publishes of this connection, and of the first after the start.
    interval: Duration,
    phase: Duration,
    totals: Arc<Totals>,
    waiting: VecDeque<Waiting>,
    latencies: Vec<Duration>,
}

enum Payload {
    Report(ReportTemplate),
    Bytes(Vec<u8>),
}

struct Waiting {
    since: Instant,
    is_measured: bool,
    puback: Puback,
}

impl Publisher {
    fn new(
        config: &LoadConfig,
        name: &str,
        client: AsyncClient,
        (place, connections): (usize, usize),
        totals: &Arc<Totals>,
    ) -> Self {
        let day = Duration::from_secs(24 * 3600);
        let index = u64::try_from(place).unwrap_or(0);
        // Clients of a bench need not be named after a kind of device; they report as pumps then.
        let kind = DeviceKind::of_name(name).unwrap_or(kinds::DEFAULT);
        let device = Device::of_kind(name, index, kind, config.seed, day);
        let (topic, payload) = match config.load {
            Load::Reports => (device.report_topic(), Payload::Report(ReportTemplate::new(&device))),
            Load::Bytes(count) => {
                (format!("things/{name}/data"), Payload::Bytes(vec![b'x'; count]))
            }
        };
        let interval = match config.pace {
            Pace::AsAcknowledged { .. } => Duration::ZERO,
            Pace::Rate(rate) => {
                let seconds = connections as f64 / rate;
                Duration::try_from_secs_f64(seconds).unwrap_or(Duration::from_secs(3600))
            }
        };
        let phase = interval.mul_f64(place as f64 / connections.max(1) as f64);
        Self {
            client,
            topic,
            payload,
            pace: config.pace,
            interval,
            phase,
            totals: totals.clone(),
            waiting: VecDeque::new(),
            latencies: Vec::new(),
        }
    }

    async fn run(mut self, schedule: Schedule) {
        let worked = match self.pace {
            Pace::AsAcknowledged { in_flight } => self.as_acknowledged(in_flight, schedule).await,
            Pace::Rate(_) => self.at_rate(schedule).await,
        };
        if let Err(error) = worked {
            self.totals.note(&error);
        }
        let drain = async {
            while let Some(waiting) = self.waiting.pop_front() {
                self.settle(waiting).await;
            }
        };
        // What is still missing then shows as lost.
        drop(tokio::time::timeout_at(schedule.drained, drain).await);
        self.hand_in();
    }

    fn hand_in(&mut self) {
        let mut latencies = self.totals.latencies.lock().unwrap_or_else(PoisonError::into_inner);
        for latency in self.latencies.drain(..) {
            latencies.record(latency);
        }
    }

    async fn as_acknowledged(
        &mut self,
        in_flight: usize,
        schedule: Schedule,
    ) -> Result<(), ClientError> {
        while Instant::now() < schedule.end {
            if self.waiting.len() < in_flight.max(1) {
                self.publish(Instant::now(), schedule).await?;
            } else if let Some(waiting) = self.waiting.pop_front() {
                let settled = tokio::time::timeout_at(schedule.drained, self.settle(waiting)).await;
                if settled.is_err() || self.client.is_closed() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    async fn at_rate(&mut self, schedule: Schedule) -> Result<(), ClientError> {
        let mut due = schedule.start + self.phase;
        while due < schedule.end {
            if self.client.is_closed() {
                return Ok(());
            }
            let Some(mut oldest) = self.waiting.pop_front() else {
                tokio::time::sleep_until(due).await;
                self.publish(due, schedule).await?;
                due += self.interval;
                continue;
            };
            tokio::select! {
                answer = &mut oldest.puback => self.count(&oldest, answer),
                () = tokio::time::sleep_until(due) => {
                    self.waiting.push_front(oldest);
                    self.publish(due, schedule).await?;
                    due += self.interval;
                }
            }
        }
        Ok(())
    }

    async fn publish(&mut self, since: Instant, schedule: Schedule) -> Result<(), ClientError> {
        let payload = match &mut self.payload {
            Payload::Bytes(bytes) => bytes.as_slice(),
            Payload::Report(template) => template.next(),
        };
        let is_measured = since >= schedule.measured_from;
        if is_measured {
            self.totals.sent.fetch_add(1, Ordering::Relaxed);
        }
        let publish = PublishRequest::at_least_once(&self.topic, payload);
        let puback = self.client.publish(&publish).await?;
        self.waiting.push_back(Waiting { since, is_measured, puback });
        Ok(())
    }

    async fn settle(&mut self, mut waiting: Waiting) {
        let answer = (&mut waiting.puback).await;
        self.count(&waiting, answer);
    }

    fn count(&mut self, waiting: &Waiting, answer: Result<(), ClientError>) {
        let is_refusal = matches!(&answer, Err(ClientError::PublishRefused { .. }));
        if let Err(error) = &answer {
            self.totals.note(error);
        }
        if !waiting.is_measured {
            return;
        }
        if answer.is_ok() {
            self.totals.acknowledged.fetch_add(1, Ordering::Relaxed);
            self.latencies.push(waiting.since.elapsed());
            if self.latencies.len() >= LATENCIES_KEPT {
                self.hand_in();
            }
        } else if is_refusal {
            self.totals.refused.fetch_add(1, Ordering::Relaxed);
        }
    }
}
