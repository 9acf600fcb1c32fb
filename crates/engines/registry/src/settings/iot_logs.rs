//! The log of the front door as events of an index, in AWS's words (spec iot-core §2.8): source
//! `AWSIotLogsV2`, or the log group that is configured for the type of event.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use picket_core::{Tasks, Timestamp};
use picket_ports::{EventIndex, IndexError, IndexedEvent, IotLog, IotRecord};
use serde_json::json;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use uuid::Uuid;

use super::LogLevel;
use super::logging_rules::About;
use crate::{ControlError, ControlPlane};

const SOURCE: &str = "AWSIotLogsV2";
const SOURCETYPE: &str = "aws-iot-logs";
/// Lines that wait to be stored; further ones are dropped and counted.
const WAITING_MAX: usize = 8_192;
/// Lines stored at a time.
const BATCH_MAX: usize = 512;
const RETRY: Duration = Duration::from_millis(500);
/// Longest text taken over from a device.
const CHARS_MAX: usize = 1_024;

/// Writes the log.
#[derive(Debug)]
pub struct IotLogs {
    control: Arc<ControlPlane>,
    index: String,
    lines: Sender<IndexedEvent>,
    dropped: Arc<AtomicU64>,
}

impl IotLogs {
    /// Writes into the index called `index` of `events`, by the options as they stand, until `tasks` stops.
    pub async fn start(
        control: Arc<ControlPlane>,
        (events, index): (Arc<dyn EventIndex>, &str),
        tasks: &Tasks,
    ) -> Result<Arc<Self>, ControlError> {
        control.read_logging_rules().await?;
        let (lines, waiting) = channel(WAITING_MAX);
        let dropped = Arc::new(AtomicU64::new(0));
        let storing = store_all(events, waiting, dropped.clone(), tasks.clone());
        tasks.spawn("iot logs", storing);
        Ok(Arc::new(Self { control, index: index.to_owned(), lines, dropped }))
    }

    fn event(&self, record: &IotRecord<'_>, level: LogLevel, source: String) -> IndexedEvent {
        let text =
            |text: Option<&str>| text.map(|text| text.chars().take(CHARS_MAX).collect::<String>());
        let IotRecord { failure, .. } = *record;
        let id = Uuid::new_v4().to_string();
        let mut body = json!({
            "timestamp": moment(record.time),
            "logLevel": level.as_str(),
            "traceId": id,
            "accountId": self.control.account().id,
            "status": if failure.is_some() { "Failure" } else { "Success" },
            "eventType": record.event.as_str(),
            "protocol": record.protocol,
            "clientId": text(record.client_id),
            "principalId": text(record.principal),
            "sourceIp": record.source.ip().to_canonical().to_string(),
            "sourcePort": record.source.port(),
            "topicName": text(record.topic),
            "retain": record.retain,
            "disconnectReason": text(record.disconnect_reason),
            "reason": failure.map(|(reason, _)| reason),
            "details": text(failure.map(|(_, details)| details)),
        });
        if let Some(members) = body.as_object_mut() {
            members.retain(|_, value| !value.is_null());
        }
        let host = record.thing.or(record.client_id).unwrap_or("picket");
        IndexedEvent {
            time: record.time,
            index: self.index.clone(),
            host: text(Some(host)).unwrap_or_default(),
            source,
            sourcetype: SOURCETYPE.to_owned(),
            raw: Bytes::from(body.to_string()),
            fields: vec![("picket_id".to_owned(), vec![id])],
        }
    }
}

impl IotLog for IotLogs {
    fn is_on(&self) -> bool {
        self.control.logging_rules.is_on()
    }

    fn write(&self, record: &IotRecord<'_>) {
        let level = if record.failure.is_some() { LogLevel::Error } else { LogLevel::Info };
        let rules = &self.control.logging_rules;
        let groups = match record.thing {
            Some(thing) if rules.asks_groups() => self.control.groups_of_thing(thing),
            _ => Vec::new(),
        };
        let about = About {
            client_id: record.client_id,
            principal: record.principal,
            source_ip: &record.source.ip().to_canonical().to_string(),
            groups: &groups,
        };
        let Some(source) = rules.destination(record.event.as_str(), level, &about) else { return };
        let source = source.unwrap_or_else(|| SOURCE.to_owned());
        let line = self.event(record, level, source);
        if self.lines.try_send(line).is_err() && self.dropped.fetch_add(1, Ordering::Relaxed) == 0 {
            tracing::warn!("lines of the IoT log are dropped: the index is too slow");
        }
    }

    fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

/// `yyyy-MM-dd HH:mm:ss.SSS`.
fn moment(time: Timestamp) -> String {
    time.to_string().replacen('T', " ", 1).trim_end_matches('Z').to_owned()
}

/// Stores lines as they come; when told to stop, what waits first.
async fn store_all(
    events: Arc<dyn EventIndex>,
    mut waiting: Receiver<IndexedEvent>,
    dropped: Arc<AtomicU64>,
    tasks: Tasks,
) {
    let mut lines = Vec::new();
    loop {
        tokio::select! {
            biased;
            count = waiting.recv_many(&mut lines, BATCH_MAX) => {
                if count == 0 {
                    return;
                }
            }
            () = tasks.stopping() => return,
        }
        let batch = std::mem::take(&mut lines);
        let count = batch.len();
        if let Err(error) = store(&*events, batch, &tasks).await {
            dropped.fetch_add(count as u64, Ordering::Relaxed);
            tracing::error!(%error, lines = count, "lines of the IoT log are lost");
        }
    }
}

/// Stores lines, again and again while the index is busy.
async fn store(
    events: &dyn EventIndex,
    batch: Vec<IndexedEvent>,
    tasks: &Tasks,
) -> Result<(), IndexError> {
    loop {
        match events.append(batch.clone()).await {
            Ok(_) => return Ok(()),
            Err(IndexError::Busy) => tokio::select! {
                () = tasks.stopping() => return Err(IndexError::Busy),
                () = tokio::time::sleep(RETRY) => {}
            },
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use async_trait::async_trait;
    use parking_lot::Mutex;
    use picket_ports::IotEvent;
    use picket_ports::registry::Page;
    use serde_json::Value;
    use tokio::sync::watch;

    use super::*;
    use crate::test_plane::{START, TestPlane, thing};
    use crate::{
        EventLogging, LogTarget, LogTargetKind, LoggingChange, LoggingLevel, NameOrArn, NewGroup,
    };

    #[derive(Debug)]
    struct Kept(Mutex<Vec<IndexedEvent>>, watch::Sender<usize>);

    /// An index that is gone.
    #[derive(Debug)]
    struct Gone;

    #[async_trait]
    impl EventIndex for Gone {
        fn has_index(&self, _name: &str) -> bool {
            false
        }

        async fn append(&self, _events: Vec<IndexedEvent>) -> Result<u64, IndexError> {
            Err(IndexError::NoSuchIndex("iot".to_owned()))
        }

        fn searchable(&self) -> watch::Receiver<u64> {
            watch::channel(0).1
        }
    }

    #[async_trait]
    impl EventIndex for Kept {
        fn has_index(&self, _name: &str) -> bool {
            true
        }

        async fn append(&self, events: Vec<IndexedEvent>) -> Result<u64, IndexError> {
            let mut kept = self.0.lock();
            kept.extend(events);
            self.1.send_replace(kept.len());
            Ok(kept.len() as u64)
        }

        fn searchable(&self) -> watch::Receiver<u64> {
            watch::channel(0).1
        }
    }

    struct Bench {
        test: TestPlane,
        kept: Arc<Kept>,
        logs: Arc<IotLogs>,
        tasks: Tasks,
    }

    async fn bench() -> Bench {
        let (test, tasks) = (TestPlane::new().await, Tasks::new());
        let kept = Arc::new(Kept(Mutex::default(), watch::Sender::new(0)));
        let into: (Arc<dyn EventIndex>, &str) = (kept.clone(), "iot");
        let logs = IotLogs::start(test.plane.clone(), into, &tasks).await.unwrap();
        Bench { test, kept, logs, tasks }
    }

    fn record(event: IotEvent) -> IotRecord<'static> {
        IotRecord {
            event,
            time: START,
            protocol: "MQTT",
            client_id: Some("pump"),
            thing: Some("pump"),
            principal: Some("0a0b"),
            source: SocketAddr::from(([10, 0, 0, 7], 50_000)),
            topic: Some("a/b"),
            retain: None,
            disconnect_reason: None,
            failure: None,
        }
    }

    fn denied(event: IotEvent) -> IotRecord<'static> {
        IotRecord { failure: Some(("AUTHORIZATION_FAILURE", "no policy")), ..record(event) }
    }

    impl Bench {
        async fn set(&self, level: LogLevel) {
            let change = LoggingChange { default_level: Some(level), ..LoggingChange::default() };
            self.test.plane.set_logging_options(change).await.unwrap();
        }

        async fn level(&self, kind: LogTargetKind, name: &str, level: LogLevel) {
            let name = (kind != LogTargetKind::Default).then(|| name.to_owned());
            let level = LoggingLevel { target: LogTarget { kind, name }, level };
            self.test.plane.set_logging_level(&level).await.unwrap();
        }

        /// What becomes of an event that went well and one that did not.
        async fn writes(&self, event: IotEvent) -> Vec<IndexedEvent> {
            self.logs.write(&record(event));
            self.logs.write(&denied(event));
            // One that is always wanted comes last.
            let change = LoggingChange { disables_all: Some(false), ..LoggingChange::default() };
            self.test.plane.set_logging_options(change).await.unwrap();
            self.level(LogTargetKind::ClientId, "last", LogLevel::Debug).await;
            self.logs.write(&IotRecord { client_id: Some("last"), thing: None, ..record(event) });
            let mut seen = self.kept.1.subscribe();
            let is_last = |kept: &Kept| kept.0.lock().last().is_some_and(|it| it.host == "last");
            let arrived = seen.wait_for(|_| is_last(&self.kept));
            drop(tokio::time::timeout(Duration::from_secs(10), arrived).await.unwrap().unwrap());
            let mut events = std::mem::take(&mut *self.kept.0.lock());
            events.retain(|event| event.host != "last");
            events
        }

        async fn count(&self, event: IotEvent) -> usize {
            self.writes(event).await.len()
        }

        async fn end(self) {
            assert!(self.tasks.shut_down(Duration::from_secs(5)).await);
            self.test.end().await;
        }
    }

    #[tokio::test]
    async fn a_line_has_aws_s_members() {
        let bench = bench().await;
        bench.set(LogLevel::Info).await;
        let events = bench.writes(IotEvent::PublishIn).await;
        let [well, ill] = &events[..] else { panic!("two lines: {events:?}") };
        assert_eq!((well.source.as_str(), well.index.as_str()), (SOURCE, "iot"));
        let body: Value = serde_json::from_slice(&well.raw).unwrap();
        let trace = body["traceId"].as_str().unwrap().to_owned();
        let expected = serde_json::json!({
            "timestamp": "2025-01-01 00:00:00.000",
            "logLevel": "INFO",
            "traceId": trace,
            "accountId": "000000000000",
            "status": "Success",
            "eventType": "Publish-In",
            "protocol": "MQTT",
            "clientId": "pump",
            "principalId": "0a0b",
            "sourceIp": "10.0.0.7",
            "sourcePort": 50_000,
            "topicName": "a/b",
        });
        assert_eq!(body, expected);
        let body: Value = serde_json::from_slice(&ill.raw).unwrap();
        let told = ["logLevel", "status", "reason", "details"].map(|name| body[name].clone());
        assert_eq!(told, ["ERROR", "Failure", "AUTHORIZATION_FAILURE", "no policy"]);
        bench.end().await;
    }

    #[tokio::test]
    async fn lines_that_cannot_be_stored_are_counted() {
        let (test, tasks) = (TestPlane::new().await, Tasks::new());
        let logs = IotLogs::start(test.plane.clone(), (Arc::new(Gone), "iot"), &tasks).await;
        let logs = logs.unwrap();
        let change =
            LoggingChange { default_level: Some(LogLevel::Info), ..LoggingChange::default() };
        test.plane.set_logging_options(change).await.unwrap();
        logs.write(&record(IotEvent::Connect));
        let counted = async {
            while logs.dropped() == 0 {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), counted).await.unwrap();
        assert_eq!(logs.dropped(), 1);
        assert!(tasks.shut_down(Duration::from_secs(5)).await);
        test.end().await;
    }

    #[tokio::test]
    async fn nothing_is_logged_until_somebody_asks_and_when_all_is_off() {
        let bench = bench().await;
        assert!(!bench.logs.is_on());
        assert_eq!(bench.count(IotEvent::Connect).await, 0);
        bench.set(LogLevel::Error).await;
        assert!(bench.logs.is_on());
        assert_eq!(bench.count(IotEvent::Connect).await, 1);
        let change = LoggingChange { disables_all: Some(true), ..LoggingChange::default() };
        bench.test.plane.set_logging_options(change).await.unwrap();
        assert!(!bench.logs.is_on());
        assert_eq!(bench.count(IotEvent::Connect).await, 0);
        bench.end().await;
    }

    #[tokio::test]
    async fn the_closest_level_decides() {
        let bench = bench().await;
        bench.set(LogLevel::Disabled).await;
        assert_eq!(bench.count(IotEvent::Subscribe).await, 0);
        bench.level(LogTargetKind::Default, "", LogLevel::Error).await;
        assert_eq!(bench.count(IotEvent::Subscribe).await, 1);
        let options = bench.test.plane.logging_options().await.unwrap();
        assert_eq!(options.default_level, LogLevel::Error);
        let event = EventLogging {
            event_type: "Subscribe".to_owned(),
            level: Some(LogLevel::Info),
            destination: Some("/fleet/subscriptions".to_owned()),
        };
        let change = LoggingChange { events: Some(vec![event]), ..LoggingChange::default() };
        bench.test.plane.set_logging_options(change).await.unwrap();
        let events = bench.writes(IotEvent::Subscribe).await;
        let sources: Vec<&str> = events.iter().map(|event| event.source.as_str()).collect();
        assert_eq!(sources, ["/fleet/subscriptions"; 2]);
        assert_eq!(bench.count(IotEvent::Connect).await, 1);
        let (plane, fleet) =
            (&bench.test.plane, NewGroup { name: "fleet".to_owned(), ..NewGroup::default() });
        plane.create_thing(thing("pump")).await.unwrap();
        plane.create_thing_group(fleet, &[]).await.unwrap();
        let (pump, fleet) = (NameOrArn::name("pump"), NameOrArn::name("fleet"));
        plane.add_thing_to_thing_group(pump, fleet).await.unwrap();
        bench.level(LogTargetKind::ThingGroup, "fleet", LogLevel::Disabled).await;
        assert_eq!(bench.count(IotEvent::Subscribe).await, 0);
        bench.level(LogTargetKind::SourceIp, "10.0.0.7", LogLevel::Info).await;
        assert_eq!(bench.count(IotEvent::Connect).await, 2);
        bench.end().await;
    }

    #[tokio::test]
    async fn the_default_level_is_the_one_set_last_whichever_way() {
        let bench = bench().await;
        bench.set(LogLevel::Info).await;
        bench.level(LogTargetKind::Default, "", LogLevel::Debug).await;
        bench.set(LogLevel::Disabled).await;
        assert!(!bench.logs.is_on());
        let (page, plane) = (Page::first(10), &bench.test.plane);
        assert!(plane.logging_levels(None, &page).await.unwrap().rows.is_empty());
        bench.end().await;
    }

    #[tokio::test]
    async fn the_old_options_count_where_there_are_no_new_ones() {
        let bench = bench().await;
        let role_arn = "arn:aws:iam::000000000000:role/r".to_owned();
        let old = crate::LoggingOptionsV1 { role_arn, level: LogLevel::Info };
        bench.test.plane.set_logging_options_v1(&old).await.unwrap();
        assert!(bench.logs.is_on());
        bench.logs.write(&record(IotEvent::Connect));
        assert_eq!(bench.count(IotEvent::Connect).await, 3);
        bench.end().await;
    }
}
