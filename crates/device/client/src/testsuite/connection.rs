//! One connection at the test endpoint.

use std::io;
use std::sync::Arc;

use mqtt_protocol_core::mqtt;
use mqtt_protocol_core::mqtt::Version;
use mqtt_protocol_core::mqtt::packet::{
    GenericPacketTrait, Packet, Qos, ReasonString, ReceiveMaximum, v3_1_1, v5_0,
};
use mqtt_protocol_core::mqtt::prelude::*;
use mqtt_protocol_core::mqtt::result_code::{
    ConnectReasonCode, ConnectReturnCode, PubackReasonCode, SubackReasonCode, SubackReturnCode,
};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio_util::sync::CancellationToken;

use super::record::{Received, Record};
use crate::Message;

struct Peer {
    mqtt: mqtt::Connection<mqtt::role::Server>,
    record: Arc<Record>,
    client_id: String,
    filters: Vec<String>,
    output: Vec<u8>,
    closing: bool,
}

pub(super) async fn serve<S>(mut stream: S, record: Arc<Record>, stop: CancellationToken)
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    let cut = record.cut_token();
    let mut peer = Peer {
        mqtt: mqtt::Connection::new(Version::Undetermined),
        record: record.clone(),
        client_id: String::new(),
        filters: Vec::new(),
        output: Vec::new(),
        closing: false,
    };
    let talk = async {
        let mut buffer = vec![0; 16 * 1024];
        while !peer.closing {
            let count = stream.read(&mut buffer).await?;
            if count == 0 {
                break;
            }
            peer.take(&buffer[..count]);
            stream.write_all(&peer.output).await?;
            stream.flush().await?;
            peer.output.clear();
        }
        stream.shutdown().await
    };
    tokio::select! {
        outcome = talk => {
            if let Err(error) = outcome {
                note_tls(&record, &error);
            }
        }
        () = cut.cancelled() => {}
        () = stop.cancelled() => {}
    }
    record.ended();
}

fn note_tls(record: &Record, error: &io::Error) {
    if error.get_ref().is_some_and(|inner| inner.is::<rustls::Error>()) {
        record.tls_failed(error.to_string());
    }
}

impl Peer {
    fn take(&mut self, bytes: &[u8]) {
        let mut cursor = mqtt::common::Cursor::new(bytes);
        while usize::try_from(cursor.position()).is_ok_and(|at| at < bytes.len()) && !self.closing {
            let events = self.mqtt.recv(&mut cursor);
            self.absorb(events);
        }
    }

    fn absorb(&mut self, events: Vec<Event>) {
        for event in events {
            match event {
                Event::NotifyPacketReceived(packet) => self.received(packet),
                Event::RequestSendPacket { packet, .. } => {
                    self.output.extend_from_slice(&packet.to_continuous_buffer());
                }
                Event::NotifyError(_) | Event::RequestClose => self.closing = true,
                Event::NotifyPacketIdReleased(_)
                | Event::RequestTimerReset { .. }
                | Event::RequestTimerCancel(_) => {}
            }
        }
    }

    fn send(&mut self, packet: impl Into<Packet>) {
        let events = self.mqtt.send(packet.into());
        self.absorb(events);
    }

    fn is_v5(&self) -> bool {
        self.mqtt.get_protocol_version() == Version::V5_0
    }

    fn received(&mut self, packet: Packet) {
        match packet {
            Packet::V3_1_1Connect(packet) => self.connect(packet.client_id()),
            Packet::V5_0Connect(packet) => self.connect(packet.client_id()),
            Packet::V3_1_1Subscribe(packet) => {
                let filters = packet.entries().iter().map(|it| it.topic_filter().to_owned());
                self.subscribe(packet.packet_id(), filters.collect());
            }
            Packet::V5_0Subscribe(packet) => {
                let filters = packet.entries().iter().map(|it| it.topic_filter().to_owned());
                self.subscribe(packet.packet_id(), filters.collect());
            }
            Packet::V3_1_1Publish(packet) => {
                let received =
                    self.record_of(packet.topic_name(), packet.payload().as_slice(), packet.qos());
                self.publish(packet.packet_id(), received);
            }
            Packet::V5_0Publish(packet) => {
                let received =
                    self.record_of(packet.topic_name(), packet.payload().as_slice(), packet.qos());
                self.publish(packet.packet_id(), received);
            }
            Packet::V3_1_1Pingreq(_) | Packet::V5_0Pingreq(_) => self.ping(),
            Packet::V3_1_1Disconnect(_) | Packet::V5_0Disconnect(_) => {
                self.record.said_goodbye();
                self.closing = true;
            }
            _ => {}
        }
    }

    fn connect(&mut self, client_id: &str) {
        self.client_id = client_id.to_owned();
        let behaviour = self.record.behaviour();
        let refused = (behaviour.refuse_connect)(client_id);
        match refused {
            None => self.record.connected(client_id),
            Some(_) => self.record.connect_refused(client_id),
        }
        if self.is_v5() {
            let code = refused.map_or(ConnectReasonCode::Success, |code| {
                ConnectReasonCode::try_from(code).expect("a CONNACK reason code")
            });
            let maximum = ReceiveMaximum::new(behaviour.receive_maximum).expect("not zero");
            let builder = v5_0::Connack::builder().session_present(false).reason_code(code);
            self.send(builder.props(vec![maximum.into()]).build().expect("a valid CONNACK"));
        } else {
            let code = match refused {
                None => ConnectReturnCode::Accepted,
                Some(_) => ConnectReturnCode::NotAuthorized,
            };
            let builder = v3_1_1::Connack::builder().session_present(false).return_code(code);
            self.send(builder.build().expect("a valid CONNACK"));
        }
        self.closing |= refused.is_some();
    }

    fn subscribe(&mut self, packet_id: u16, filters: Vec<String>) {
        let behaviour = self.record.behaviour();
        let refusals: Vec<_> =
            filters.iter().map(|filter| (behaviour.refuse_subscribe)(filter)).collect();
        if self.is_v5() {
            let code = |refusal: &Option<u8>| {
                refusal.map_or(SubackReasonCode::GrantedQos1, |code| {
                    SubackReasonCode::try_from(code).expect("a SUBACK reason code")
                })
            };
            let builder = v5_0::Suback::builder().packet_id(packet_id);
            let builder = builder.reason_codes(refusals.iter().map(code).collect());
            self.send(builder.build().expect("a valid SUBACK"));
        } else {
            let code = |refusal: &Option<u8>| match refusal {
                None => SubackReturnCode::SuccessMaximumQos1,
                Some(_) => SubackReturnCode::Failure,
            };
            let builder = v3_1_1::Suback::builder().packet_id(packet_id);
            let builder = builder.return_codes(refusals.iter().map(code).collect());
            self.send(builder.build().expect("a valid SUBACK"));
        }
        self.filters.extend(filters);
    }

    fn record_of(&self, topic: &str, payload: &[u8], qos: Qos) -> Received {
        Received {
            client_id: self.client_id.clone(),
            topic: topic.to_owned(),
            payload: payload.to_vec(),
            acknowledged: qos != Qos::AtMostOnce,
        }
    }

    fn publish(&mut self, packet_id: Option<u16>, received: Received) {
        let behaviour = self.record.behaviour();
        if let Some(code) = (behaviour.refuse_publish)(&received.topic) {
            self.record.publish_refused(&received.topic);
            self.refuse_publish(packet_id, code);
            return;
        }
        let replies = (behaviour.reply)(&received);
        self.record.took(received);
        if let Some(packet_id) = packet_id.filter(|_| behaviour.acknowledge) {
            if self.is_v5() {
                let puback = v5_0::Puback::builder().packet_id(packet_id).build();
                self.send(puback.expect("a valid PUBACK"));
            } else {
                let puback = v3_1_1::Puback::builder().packet_id(packet_id).build();
                self.send(puback.expect("a valid PUBACK"));
            }
        }
        for reply in replies {
            if self.filters.iter().any(|filter| matches(filter, &reply.topic)) {
                self.deliver(&reply);
            }
        }
    }

    fn refuse_publish(&mut self, packet_id: Option<u16>, code: u8) {
        match packet_id {
            Some(packet_id) if self.is_v5() => {
                let code = PubackReasonCode::try_from(code).expect("a PUBACK reason code");
                let reason = ReasonString::new("refused by the test").expect("it is short");
                let builder = v5_0::Puback::builder().packet_id(packet_id).reason_code(code);
                let puback = builder.props(vec![reason.into()]).build();
                self.send(puback.expect("a valid PUBACK"));
            }
            Some(_) => self.closing = true,
            None => {}
        }
    }

    fn deliver(&mut self, message: &Message) {
        let packet_id = self.mqtt.acquire_packet_id().expect("a free packet id");
        let (topic, payload) = (message.topic.as_str(), message.payload.as_slice());
        if self.is_v5() {
            let builder = v5_0::Publish::builder().topic_name(topic).expect("a valid topic");
            let builder = builder.qos(Qos::AtLeastOnce).payload(payload).packet_id(packet_id);
            self.send(builder.build().expect("a valid PUBLISH"));
        } else {
            let builder = v3_1_1::Publish::builder().topic_name(topic).expect("a valid topic");
            let builder = builder.qos(Qos::AtLeastOnce).payload(payload).packet_id(packet_id);
            self.send(builder.build().expect("a valid PUBLISH"));
        }
    }

    fn ping(&mut self) {
        self.record.pinged();
        if !self.record.behaviour().answer_pings {
            return;
        }
        if self.is_v5() {
            self.send(v5_0::Pingresp::new());
        } else {
            self.send(v3_1_1::Pingresp::new());
        }
    }
}

/// Whether an MQTT topic filter matches a topic.
fn matches(filter: &str, topic: &str) -> bool {
    let mut levels = topic.split('/');
    for part in filter.split('/') {
        match (part, levels.next()) {
            ("#", _) => return true,
            ("+", Some(_)) => {}
            (part, Some(level)) if part == level => {}
            _ => return false,
        }
    }
    levels.next().is_none()
}
