//! The agent's connection: reports out, answers in.

use std::time::Duration;

use picket_device_client::{
    ALPN_MQTT, BlockingClient, BlockingStream, ClientError, ConnectOptions, Identity, Message,
    PublishRequest, Transport, client_config,
};
use picket_wire_report::{Format, Response};

use crate::config::AgentConfig;

/// Largest packet taken from the server. Answers to reports are small.
const PACKET_BYTES_MAX: u32 = 16 * 1024;

/// Where a thing's reports and their answers go.
#[derive(Debug)]
pub(crate) struct Topics {
    pub(crate) report: String,
    accepted: String,
    rejected: String,
    format: Format,
}

impl Topics {
    pub(crate) fn of(config: &AgentConfig) -> Self {
        let format = match config.format {
            Format::Json => "json",
            Format::Cbor => "cbor",
        };
        let report = format!("$aws/things/{}/defender/metrics/{format}", config.thing_name);
        Self {
            accepted: format!("{report}/accepted"),
            rejected: format!("{report}/rejected"),
            report,
            format: config.format,
        }
    }
}

/// A connection that is subscribed to the answers.
#[derive(Debug)]
pub(crate) struct Connection {
    client: BlockingClient,
    topics: Topics,
}

pub(crate) fn options(config: &AgentConfig) -> ConnectOptions {
    ConnectOptions {
        version: config.mqtt_version,
        packet_bytes_max: PACKET_BYTES_MAX,
        in_flight_max: 1,
        inbox_messages_max: 8,
        ..ConnectOptions::new(&config.client_id)
    }
}

pub(crate) fn transport(config: &AgentConfig, identity: &Identity) -> Result<Transport, String> {
    let alpn = config.alpn.then_some(ALPN_MQTT);
    client_config(identity, alpn).map(Transport::Tls).map_err(|error| error.to_string())
}

impl Connection {
    pub(crate) fn open(config: &AgentConfig, transport: &Transport) -> Result<Self, ClientError> {
        let client = BlockingClient::connect(&config.endpoint, transport, &options(config))?;
        Self::subscribe(client, config)
    }

    /// The same on a stream that stands already.
    pub(crate) fn start(
        stream: BlockingStream,
        config: &AgentConfig,
    ) -> Result<BlockingClient, ClientError> {
        BlockingClient::start(stream, &options(config))
    }

    pub(crate) fn subscribe(
        mut client: BlockingClient,
        config: &AgentConfig,
    ) -> Result<Self, ClientError> {
        let topics = Topics::of(config);
        client.subscribe(&[&topics.accepted, &topics.rejected])?;
        Ok(Self { client, topics })
    }

    /// Sends a report and waits until the server has it.
    pub(crate) fn send(&mut self, report: &[u8]) -> Result<(), ClientError> {
        self.client.publish(&PublishRequest::at_least_once(&self.topics.report, report))
    }

    /// The next answer, within `limit`. Other messages are passed over.
    pub(crate) fn answer(&mut self, limit: Duration) -> Result<Option<Response>, ClientError> {
        Ok(self.client.next_message(limit)?.and_then(|message| self.read(&message)))
    }

    fn read(&self, message: &Message) -> Option<Response> {
        let topics = &self.topics;
        if message.topic != topics.accepted && message.topic != topics.rejected {
            return None;
        }
        match Response::decode(topics.format, &message.payload) {
            Ok(response) => Some(response),
            Err(error) => {
                tracing::warn!(topic = %message.topic, %error, "an answer was not understood");
                None
            }
        }
    }

    pub(crate) fn close(self) {
        self.client.disconnect();
    }
}
