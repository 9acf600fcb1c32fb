//! Lines for the IoT log (spec iot-core §2.8), where an operator has switched it on.

use std::sync::Arc;

use picket_ports::{IotEvent, IotLog, IotRecord};

use crate::connection::Peer;
use crate::lifecycle::Who;
use crate::shared::Shared;

pub(crate) const AUTHORIZATION_FAILURE: &str = "AUTHORIZATION_FAILURE";

impl Shared {
    /// The log, if anything is logged at all.
    pub(crate) fn iot_log(&self) -> Option<&Arc<dyn IotLog>> {
        self.iot_log.get().filter(|log| log.is_on())
    }

    /// What all lines about a client have in common.
    pub(crate) fn line<'a>(&self, event: IotEvent, who: &'a Who, peer: &Peer) -> IotRecord<'a> {
        IotRecord {
            client_id: Some(&who.client_id),
            thing: who.thing.as_deref(),
            principal: Some(&who.principal),
            ..self.bare_line(event, peer)
        }
    }

    /// What all lines about somebody of whom nothing is known have in common.
    pub(crate) fn bare_line<'a>(&self, event: IotEvent, peer: &Peer) -> IotRecord<'a> {
        IotRecord {
            event,
            time: self.clock.now(),
            protocol: "MQTT",
            client_id: None,
            thing: None,
            principal: None,
            source: peer.address,
            topic: None,
            retain: None,
            disconnect_reason: None,
            failure: None,
        }
    }
}
