//! One device at work: connects, reports, sends data, hears the answers.

use std::sync::Arc;
use std::time::Duration;

use picket_core::Timestamp;
use picket_device_client::{
    AsyncClient, ClientError, ConnectOptions, Message, MqttVersion, PublishRequest, Transport,
};
use picket_wire_report::{Outcome, Response};
use rand::RngExt as _;
use tokio::time::Instant;

use super::Shared;
use crate::device::{Device, Moment};
use crate::statistics::Statistics;
use crate::{chance, retry};

pub(super) struct Member {
    shared: Arc<Shared>,
    device: Device,
    transport: Transport,
    is_victim: bool,
    report_topic: String,
    reports: u64,
    messages: u64,
    last_report: Option<Timestamp>,
    report_due: Instant,
    data_due: Instant,
}

/// What a device does next.
enum Event {
    Report,
    Data,
    Message(Message),
    Lost(ClientError),
    Stop,
}

impl Member {
    pub(super) fn new(
        shared: Arc<Shared>,
        device: Device,
        transport: Transport,
        is_victim: bool,
    ) -> Self {
        let report_topic = device.report_topic();
        let now = Instant::now();
        Self {
            shared,
            device,
            transport,
            is_victim,
            report_topic,
            reports: 0,
            messages: 0,
            last_report: None,
            report_due: now,
            data_due: now,
        }
    }

    /// Works from `delay` after now until the fleet is told to stop.
    pub(super) async fn run(mut self, delay: Duration) {
        self.set_phases(delay);
        if !self.shared.sleep(delay).await {
            return;
        }
        let mut failures = 0;
        let mut connects = 0_u64;
        loop {
            match self.connect().await {
                Ok(client) => {
                    failures = 0;
                    self.count_connect(connects > 0);
                    connects += 1;
                    let served = self.serve(&client).await;
                    Statistics::subtract(&self.shared.statistics.connected);
                    match served {
                        Ok(()) => {
                            client.disconnect().await;
                            return;
                        }
                        Err(error) => self.problem(&error),
                    }
                }
                Err(error) => {
                    Statistics::add(&self.shared.statistics.connect_failures);
                    self.problem(&error);
                    failures += 1;
                }
            }
            if !self.shared.sleep(retry::wait(failures)).await {
                return;
            }
        }
    }

    /// Spreads the fleet's reports and data evenly over their intervals.
    fn set_phases(&mut self, delay: Duration) {
        let config = &self.shared.config;
        let mut rng = chance::of(config.seed, self.device.index, u64::MAX);
        let start = Instant::now() + delay;
        self.report_due = start + config.interval.mul_f64(rng.random_range(0.0..1.0));
        let data_interval = config.data_interval.unwrap_or_default();
        self.data_due = start + data_interval.mul_f64(rng.random_range(0.0..1.0));
    }

    async fn connect(&self) -> Result<AsyncClient, ClientError> {
        let shared = &self.shared;
        let options = self.options();
        let client = tokio::select! {
            client = Box::pin(AsyncClient::connect(
                &shared.tasks,
                &shared.endpoint,
                &self.transport,
                &options,
            )) => client?,
            () = shared.tasks.stopping() => return Err(stopped(shared)),
        };
        let accepted = format!("{}/accepted", self.report_topic);
        let rejected = format!("{}/rejected", self.report_topic);
        client.subscribe(&[&accepted, &rejected]).await?;
        Ok(client)
    }

    fn options(&self) -> ConnectOptions {
        let mut options = self.shared.options(&self.device.name);
        if self.device.index % 10 == 9 {
            options.version = MqttVersion::V3_1_1;
        }
        options
    }

    fn count_connect(&self, again: bool) {
        let statistics = &self.shared.statistics;
        Statistics::add(&statistics.connects);
        Statistics::add(&statistics.connected);
        if again {
            Statistics::add(&statistics.reconnects);
        }
    }

    /// Works on one connection until it breaks; `Ok` when told to stop.
    async fn serve(&mut self, client: &AsyncClient) -> Result<(), ClientError> {
        loop {
            match self.next_event(client).await {
                Event::Report => self.report(client).await?,
                Event::Data => self.send_data(client).await?,
                Event::Message(message) => self.hear(&message),
                Event::Lost(error) => return Err(error),
                Event::Stop => return Ok(()),
            }
        }
    }

    async fn next_event(&self, client: &AsyncClient) -> Event {
        let sends_data = self.shared.config.data_interval.is_some();
        tokio::select! {
            () = self.shared.tasks.stopping() => Event::Stop,
            message = client.next_message() => message.map_or_else(Event::Lost, Event::Message),
            () = tokio::time::sleep_until(self.report_due) => Event::Report,
            () = tokio::time::sleep_until(self.data_due), if sends_data => Event::Data,
        }
    }

    async fn report(&mut self, client: &AsyncClient) -> Result<(), ClientError> {
        self.report_due = after(self.report_due, self.shared.config.interval);
        let now = self.shared.clock.now();
        let config = &self.shared.config;
        let moment = Moment {
            now,
            since_start: now.since(self.shared.started),
            since_last: self.last_report.map(|last| now.since(last)),
            number: self.reports,
        };
        let mut report = self.device.report(&moment);
        if self.is_victim && moment.since_start >= config.onset {
            config.scenario.alter(&self.device, &moment, &mut report);
        }
        let bytes = self.device.encode(&report);
        self.reports += 1;
        if self.publish(client, &self.report_topic, &bytes).await? {
            self.last_report = Some(now);
            Statistics::add(&self.shared.statistics.reports_sent);
        }
        Ok(())
    }

    async fn send_data(&mut self, client: &AsyncClient) -> Result<(), ClientError> {
        let interval = self.shared.config.data_interval.unwrap_or(Duration::MAX);
        self.data_due = after(self.data_due, interval);
        let data = self.device.data(self.shared.clock.now(), self.messages);
        self.messages += 1;
        if self.publish(client, &self.device.data_topic(), data.as_bytes()).await? {
            Statistics::add(&self.shared.statistics.data_sent);
        }
        Ok(())
    }

    /// Whether the server took it. A refusal leaves the connection in use.
    async fn publish(
        &self,
        client: &AsyncClient,
        topic: &str,
        payload: &[u8],
    ) -> Result<bool, ClientError> {
        let puback = client.publish(&PublishRequest::at_least_once(topic, payload)).await?;
        match puback.await {
            Ok(()) => Ok(true),
            Err(error @ ClientError::PublishRefused { .. }) => {
                Statistics::add(&self.shared.statistics.publishes_refused);
                self.problem(&error);
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    fn hear(&self, message: &Message) {
        let statistics = &self.shared.statistics;
        match Response::decode(self.device.format(), &message.payload) {
            Ok(Response { outcome: Outcome::Accepted, .. }) => {
                Statistics::add(&statistics.reports_accepted);
            }
            Ok(Response { outcome: Outcome::Rejected { code, message }, .. }) => {
                Statistics::add(&statistics.reports_rejected);
                statistics
                    .problem(&self.device.name, format!("report rejected: {code}: {message}"));
            }
            Err(error) => statistics.problem(&self.device.name, error.to_string()),
        }
    }

    fn problem(&self, error: &ClientError) {
        if !self.shared.tasks.is_stopping() {
            self.shared.statistics.problem(&self.device.name, error.to_string());
        }
    }
}

/// The next due time on the same beat, however late this one was.
fn after(due: Instant, interval: Duration) -> Instant {
    let next = due + interval;
    next.max(Instant::now())
}

fn stopped(shared: &Shared) -> ClientError {
    ClientError::Closed {
        endpoint: shared.endpoint.clone(),
        what: "a connection",
        reason: "the simulation is ending".to_owned(),
    }
}
