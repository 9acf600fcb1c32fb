//! A broker with clients that are only attachments.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use picket_broker::{
    Attachment, Broker, BrokerConfig, BrokerLimits, Connected, Departure, Routed, SessionRequest,
    Stored, SubscribeOptions, Will,
};
use picket_core::{Clock, ManualClock, Tasks, Timestamp};
use picket_ports::connections::{ConnectionFacts, DisconnectReason};
use picket_ports::messages::{MessageProperties, Origin};
use picket_ports::{Message, StateStores};
use picket_session::{Dialect, Effect};
use tokio::sync::Notify;

pub(crate) struct Rig {
    pub(crate) broker: Arc<Broker>,
    pub(crate) clock: ManualClock,
    pub(crate) tasks: Tasks,
}

impl Rig {
    pub(crate) async fn open(states: &dyn StateStores) -> Self {
        Self::open_at(states, Timestamp::from_millis(1_000)).await
    }

    pub(crate) async fn open_at(states: &dyn StateStores, now: Timestamp) -> Self {
        Self::open_with(states, now, BrokerConfig::default()).await
    }

    pub(crate) async fn open_with(
        states: &dyn StateStores,
        now: Timestamp,
        config: BrokerConfig,
    ) -> Self {
        let clock = ManualClock::at(now);
        let limits = BrokerLimits::from(&config);
        let broker = Broker::open(limits, Arc::new(clock.clone()), states).await.unwrap();
        let tasks = Tasks::new();
        broker.start(&tasks);
        Self { broker, clock, tasks }
    }

    /// Ends as a server does that is told to: everything is stored.
    pub(crate) async fn stop(self) {
        assert!(self.tasks.shut_down(Duration::from_secs(20)).await);
    }

    pub(crate) fn connect(&self, request: SessionRequest) -> Connected {
        self.broker.connect(request, Arc::new(Notify::new())).unwrap()
    }

    /// A client with a session that is kept for an hour.
    pub(crate) async fn kept(&self, client_id: &str) -> Attachment {
        let connected = self.connect(kept(client_id));
        wait(connected.stored).await;
        connected.attachment
    }

    pub(crate) fn route(&self, topic: &str) -> Routed {
        self.route_message(message(topic, topic))
    }

    pub(crate) fn route_message(&self, message: Message) -> Routed {
        self.broker.route(&Arc::new(message), None)
    }

    /// Publishes and waits for what PUBACK would wait for.
    pub(crate) async fn publish(&self, topic: &str) {
        wait(self.route(topic).stored).await;
    }

    pub(crate) async fn retain(&self, topic: &str, payload: &str) {
        let message = Message { retain: true, ..message(topic, payload) };
        wait(self.route_message(message).stored).await;
    }

    pub(crate) fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
        self.broker.tick(self.clock.now());
    }

    /// `received = delivered + dropped + in flight` holds, and nothing is in flight but what waits.
    pub(crate) fn check_book(&self, waiting: u64) {
        let book = self.broker.ledger();
        assert_eq!(book.in_flight, waiting, "{book:?}");
    }
}

pub(crate) async fn wait(stored: Option<Stored>) {
    if let Some(stored) = stored {
        let outcome = tokio::time::timeout(Duration::from_secs(20), stored.wait()).await;
        outcome.expect("the promise is kept or broken in time").expect("it is kept");
    }
}

pub(crate) fn request(client_id: &str) -> SessionRequest {
    SessionRequest {
        client_id: client_id.into(),
        clean_start: false,
        expiry_seconds: 0,
        receive_maximum: 100,
        connection_number_min: 0,
        protocol_level: 5,
        will: None,
        facts: ConnectionFacts { principal: "cert".into(), ..ConnectionFacts::default() },
    }
}

pub(crate) fn kept(client_id: &str) -> SessionRequest {
    SessionRequest { expiry_seconds: 3600, ..request(client_id) }
}

pub(crate) fn will(topic: &str, delay_seconds: u32) -> Option<Will> {
    Some(Will { message: message(topic, "gone"), delay_seconds })
}

pub(crate) fn message(topic: &str, payload: &str) -> Message {
    Message {
        topic: topic.into(),
        payload: Bytes::copy_from_slice(payload.as_bytes()),
        qos: 1,
        retain: false,
        properties: MessageProperties::default(),
        origin: Origin::Service("test"),
        arrived: Timestamp::from_millis(1_000),
        traces: Arc::default(),
        depth: 0,
    }
}

pub(crate) fn qos(qos: u8) -> SubscribeOptions {
    SubscribeOptions {
        qos,
        no_local: false,
        retain_as_published: false,
        retain_handling: 0,
        id: None,
        dialect: Dialect::Standard,
    }
}

pub(crate) async fn subscribe(attachment: &Attachment, filter: &str, options: SubscribeOptions) {
    attachment.subscribe(filter, options);
    wait(attachment.stored()).await;
}

pub(crate) fn graceful(attachment: Attachment) {
    let departure = Departure::Graceful { expiry_seconds: None };
    attachment.leave(departure, DisconnectReason::ClientInitiatedDisconnect);
}

/// What the client gets now, as `packet id:payload`, with `!` where it was sent before.
pub(crate) fn inbox(attachment: &Attachment) -> Vec<String> {
    let mut effects = Vec::new();
    attachment.fill(100_000, &mut |_| true, &mut effects);
    let show = |effect: &Effect| match effect {
        Effect::Send { packet_id, delivery, duplicate } => {
            let payload = String::from_utf8_lossy(&delivery.message.payload).into_owned();
            let again = if *duplicate { "!" } else { "" };
            format!("{}:{payload}{again}", packet_id.unwrap_or(0))
        }
        other => format!("{other:?}"),
    };
    effects.iter().map(show).collect()
}
