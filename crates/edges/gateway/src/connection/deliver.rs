//! Messages to the client.

use std::sync::Arc;
use std::time::{Duration, Instant};

use mqtt_protocol_core::mqtt::packet::{Packet, v3_1_1, v5_0};
use mqtt_protocol_core::mqtt::result_code::MqttError;
use picket_policy::Action;
use picket_ports::{IotEvent, IotRecord, Message};
use picket_session::{Delivery, Effect};

use super::client::Client;
use super::link::Link;
use super::outgoing::{self, TopicForm};

/// Messages handed out before the socket is looked at again.
const BATCH_MAX: usize = 32;
/// How soon to look again for messages that a rate holds back.
const RETRY: Duration = Duration::from_millis(50);
/// Most aliases used toward one client, whatever it offers.
const ALIASES_MAX: u16 = 8;

/// Topics that the client knows by number. The first ones sent keep their aliases.
#[derive(Debug)]
pub(crate) struct Aliases {
    max: u16,
    topics: Vec<Arc<str>>,
}

impl Aliases {
    pub(crate) fn new(offered: u16) -> Self {
        Self { max: offered.min(ALIASES_MAX), topics: Vec::new() }
    }

    fn form(&self, topic: &str) -> TopicForm {
        match self.topics.iter().position(|known| &**known == topic) {
            // At most `ALIASES_MAX` of them.
            Some(at) => TopicForm::Alias(at as u16 + 1),
            None if self.topics.len() < usize::from(self.max) => {
                TopicForm::Defines(self.topics.len() as u16 + 1)
            }
            None => TopicForm::Plain,
        }
    }
}

impl Client {
    /// Puts what the session has into the output, as far as the rates let it.
    pub(super) fn hand_out(&mut self, now: Instant) {
        self.held_until = None;
        if self.end.is_some() || self.parts.pace.bytes.next(now).is_some() {
            return;
        }
        let account = &self.parts.shared.rates.publishes_out;
        let pace = &mut self.parts.pace.publishes;
        let own = pace.available(BATCH_MAX, now);
        let room = account.available(own, now);
        if room < BATCH_MAX {
            self.held_until = if room < own { Some(now + RETRY) } else { pace.next(now) };
        }
        if room == 0 {
            return;
        }
        let mut effects = Vec::new();
        let rights = &self.parts.rights;
        let mut allow = |message: &Message| rights.allow(Action::Receive, &message.topic);
        self.parts.attachment.fill(room, &mut allow, &mut effects);
        let sent = effects.iter().filter(|effect| matches!(effect, Effect::Send { .. })).count();
        self.parts.pace.publishes.spend(sent, now);
        account.spend(sent, now);
        if effects.len() >= BATCH_MAX {
            // There may be more; the socket gets its turn first.
            self.parts.control.wake.notify_one();
        } else if effects.len() >= room {
            self.held_until = self.held_until.or(Some(now + RETRY));
        }
        self.perform(effects);
    }

    /// Turns effects of the session into packets.
    fn perform(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Send { packet_id, delivery, duplicate } => {
                    self.deliver(packet_id, &delivery, duplicate);
                }
                Effect::Release(packet_id) => self.release_again(packet_id),
                Effect::Dropped(reason) => {
                    tracing::trace!(reason = reason.as_str(), "a message was dropped");
                }
            }
        }
    }

    fn deliver(&mut self, packet_id: Option<u16>, delivery: &Delivery, duplicate: bool) {
        let now = self.parts.shared.clock.now();
        let link = &mut self.parts.link;
        let topic = &delivery.message.topic;
        let form = self.aliases.form(topic);
        let v5 = link.is_v5();
        let sent = packet_id.map_or(Ok(()), |id| link.register(id)).and_then(|()| {
            let packet = outgoing::publish(v5, packet_id, delivery, duplicate, (form, now))?;
            link.send(packet)
        });
        match sent {
            Ok(()) => {
                if matches!(form, TopicForm::Defines(_)) {
                    self.aliases.topics.push(Arc::clone(topic));
                }
                if !duplicate {
                    self.parts.counters.message_out(topic, delivery.message.payload.len());
                    if let Some(log) = self.parts.shared.iot_log() {
                        let (who, peer) = (&self.parts.who, &self.parts.peer);
                        let line = self.parts.shared.line(IotEvent::PublishOut, who, peer);
                        log.write(&IotRecord { topic: Some(topic), ..line });
                    }
                }
            }
            Err(error) => {
                tracing::debug!(%error, %topic, "a message does not fit the client's limits");
                if let Some(id) = packet_id {
                    link.release(id);
                }
                self.parts.attachment.undeliverable(packet_id);
            }
        }
    }

    /// Sends PUBREL for a message that an earlier connection got as far as PUBREC. The state machine
    /// of this connection is led to that point first.
    fn release_again(&mut self, packet_id: u16) {
        let link = &mut self.parts.link;
        let v5 = link.is_v5();
        let mut ready = Ok(());
        link.rehearse(|link| ready = rehearse_publish(link, v5, packet_id));
        self.send(ready.and_then(|()| outgoing::release(v5, packet_id)));
    }
}

fn rehearse_publish(link: &mut Link, v5: bool, packet_id: u16) -> Result<(), MqttError> {
    use mqtt_protocol_core::mqtt::packet::Qos::ExactlyOnce;
    link.register(packet_id)?;
    let (publish, received): (Packet, Vec<u8>) = if v5 {
        let publish = v5_0::Publish::builder().topic_name("-")?.qos(ExactlyOnce);
        let received = v5_0::Pubrec::builder().packet_id(packet_id).build()?;
        (publish.packet_id(packet_id).build()?.into(), received.to_continuous_buffer())
    } else {
        let publish = v3_1_1::Publish::builder().topic_name("-")?.qos(ExactlyOnce);
        let received = v3_1_1::Pubrec::builder().packet_id(packet_id).build()?;
        (publish.packet_id(packet_id).build()?.into(), received.to_continuous_buffer())
    };
    link.send(publish)?;
    link.receive(&received);
    Ok(())
}
