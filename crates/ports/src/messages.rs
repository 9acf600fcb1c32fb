//! A message on its way through the broker, and who may see it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use picket_core::{Classified, ErrorCode, Timestamp, TraceId};
use tokio::sync::mpsc;

/// MQTT 5 properties that travel with a message. All empty for 3.1.1.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MessageProperties {
    /// 0 bytes, 1 UTF-8 text; as sent.
    pub payload_format: Option<u8>,
    /// Seconds the message stays deliverable, counted from [`Message::arrived`].
    pub expiry_seconds: Option<u32>,
    /// MIME type, as sent.
    pub content_type: Option<String>,
    /// Topic for the answer.
    pub response_topic: Option<String>,
    /// Bytes that tie an answer to its question.
    pub correlation_data: Option<Bytes>,
    /// Pairs in the order sent; names may repeat.
    pub user: Vec<(String, String)>,
}

/// Who published a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// An MQTT client.
    Client {
        /// Its client id.
        client_id: Arc<str>,
        /// The certificate id, or the user name on the plaintext listener.
        principal: Arc<str>,
    },
    /// A call of iot-data's Publish, or the console's test client. There is no client id.
    Http {
        /// The certificate id, or the identity behind the access key or the log-in.
        principal: Arc<str>,
    },
    /// A part of Picket itself (metrics export, `republish`, report answers).
    Service(&'static str),
}

/// One publish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The topic, without wildcards.
    pub topic: Arc<str>,
    /// The payload as sent.
    pub payload: Bytes,
    /// 0, 1 or 2.
    pub qos: u8,
    /// The RETAIN flag as sent.
    pub retain: bool,
    /// MQTT 5 properties.
    pub properties: MessageProperties,
    /// Who sent it.
    pub origin: Origin,
    /// When the broker took it.
    pub arrived: Timestamp,
    /// Where the facts in the payload came from. For a metrics export: one per entry of `metrics`, in
    /// order. Never part of the payload.
    pub traces: Arc<[TraceId]>,
    /// How many `republish` actions this message has been through.
    pub depth: u8,
}

impl Message {
    /// A QoS 1 message from a part of Picket.
    pub fn from_service(
        service: &'static str,
        topic: impl Into<Arc<str>>,
        payload: Bytes,
        now: Timestamp,
    ) -> Self {
        Self {
            topic: topic.into(),
            payload,
            qos: 1,
            retain: false,
            properties: MessageProperties::default(),
            origin: Origin::Service(service),
            arrived: now,
            traces: Arc::default(),
            depth: 0,
        }
    }
}

/// Why a publish did not happen.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The topic may not be published to.
    #[error("topic `{topic}` cannot be published to: {problem}")]
    BadTopic {
        /// The topic.
        topic: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A rule's durable action could not be completed; the caller may try again.
    #[error("a rule on topic `{topic}` could not be completed: {cause}")]
    RuleFailed {
        /// The topic.
        topic: String,
        /// The cause, for the log.
        cause: String,
    },
    /// The message had to be stored, for a session that is kept or as retained, and could not be. The
    /// caller may try again.
    #[error("the message on topic `{topic}` could not be stored")]
    NotStored {
        /// The topic.
        topic: String,
    },
    /// There is no room for another retained message.
    #[error("no more messages can be retained; the one on topic `{topic}` was not")]
    RetainedFull {
        /// The topic.
        topic: String,
    },
}

impl Classified for PublishError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::BadTopic { .. } => ErrorCode::Invalid,
            Self::RuleFailed { .. } | Self::NotStored { .. } => ErrorCode::Unavailable,
            Self::RetainedFull { .. } => ErrorCode::Throttled,
        }
    }
}

/// Publishes as the service itself: routed to subscribers, retained if asked, seen by the rules.
#[async_trait]
pub trait Publish: std::fmt::Debug + Send + Sync {
    /// Resolves when the message is with its subscribers' queues, is on stable storage where a session
    /// that is kept or its RETAIN flag asks for it, and every matching rule's actions have ended,
    /// durable ones included.
    async fn publish(&self, message: Message) -> Result<(), PublishError>;
}

/// Why the rules engine could not take a message.
#[derive(Debug, thiserror::Error)]
#[error("rule `{rule}` could not store its result: {cause}")]
pub struct TapError {
    /// The rule that failed, after its error action had failed too.
    pub rule: String,
    /// The cause, for the log.
    pub cause: String,
}

/// Sees every message the broker takes. The rules engine is one.
#[async_trait]
pub trait MessageTap: std::fmt::Debug + Send + Sync {
    /// Whether `topic` is worth a call to [`MessageTap::accept`]; cheap, called for each publish.
    fn wants(&self, topic: &str) -> bool;

    /// Runs what matches. Resolves when durable actions have stored their records; an action that
    /// fails runs the error action and is counted, it does not fail the publish.
    async fn accept(&self, message: Arc<Message>) -> Result<(), TapError>;
}

/// What a part of Picket wants to hear.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListenRequest {
    /// Topic filters by the MQTT standard; a topic that begins with `$` needs a filter that does.
    pub filters: Vec<String>,
    /// Messages that may wait; while as many do, further ones are dropped and counted.
    pub waiting_max: usize,
    /// Whether the retained messages that match come first, `waiting_max` at most.
    pub with_retained: bool,
}

/// Why nobody listens.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// No filter was given, or more than the limit.
    #[error("{given} filters were given; between 1 and {max} are possible")]
    FilterCount {
        /// How many.
        given: usize,
        /// Most.
        max: usize,
    },
    /// A text is not a filter that can be listened to.
    #[error("`{filter}` cannot be listened to: {problem}")]
    BadFilter {
        /// The text.
        filter: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// As many listen as can.
    #[error("{max} listeners are open, which is as many as there can be")]
    TooMany {
        /// Most.
        max: usize,
    },
}

impl Classified for ListenError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::FilterCount { .. } | Self::BadFilter { .. } => ErrorCode::Invalid,
            Self::TooMany { .. } => ErrorCode::LimitExceeded,
        }
    }
}

/// Lets an operator see messages as they pass, QoS 0. Implemented by the broker.
pub trait Listen: std::fmt::Debug + Send + Sync {
    /// Starts to listen. Dropping the [`Listener`] ends it.
    fn listen(&self, request: &ListenRequest) -> Result<Listener, ListenError>;
}

/// Messages as they pass.
#[derive(Debug)]
pub struct Listener {
    messages: mpsc::Receiver<Arc<Message>>,
    missed: Arc<AtomicU64>,
}

impl Listener {
    /// For the side that listens: what `messages` brings; `missed` counts what did not fit.
    pub fn new(messages: mpsc::Receiver<Arc<Message>>, missed: Arc<AtomicU64>) -> Self {
        Self { messages, missed }
    }

    /// The next message; `None` when the broker is gone.
    pub async fn next(&mut self) -> Option<Arc<Message>> {
        self.messages.recv().await
    }

    /// Messages dropped so far because the listener was too slow.
    pub fn missed(&self) -> u64 {
        self.missed.load(Ordering::Relaxed)
    }
}
