//! What all connections share.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use picket_broker::Broker;
use picket_core::{CertificateId, Clock, Ledger};
use picket_ports::connection_log::ConnectionEventKind;
use picket_ports::{
    AccessKeys, CloudMetrics, Directory, IotEvent, IotLog, IotRecord, ReportIntake,
};
use picket_registry::RightsBook;

use crate::config::GatewayConfig;
use crate::connection::{Peer, Refusal};
use crate::counters::{Counters, Refused};
use crate::door::Door;
use crate::faults::Faults;
use crate::https::Https;
use crate::iot_log::AUTHORIZATION_FAILURE;
use crate::just_in_time::Introductions;
use crate::lifecycle::Lifecycle;
use crate::live::Live;
use crate::log::Log;
use crate::rates::{AccountRates, ClientBook};
use crate::standing::{Standing, Terms};

pub(crate) struct Shared {
    pub(crate) config: GatewayConfig,
    pub(crate) directory: Arc<dyn Directory>,
    pub(crate) cloud_metrics: Arc<dyn CloudMetrics>,
    pub(crate) reports: Arc<dyn ReportIntake>,
    pub(crate) access_keys: Option<Arc<dyn AccessKeys>>,
    pub(crate) introductions: Option<Introductions>,
    pub(crate) https: Https,
    pub(crate) broker: Arc<Broker>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) counters: Counters,
    pub(crate) ledger: Ledger,
    pub(crate) live: Live,
    pub(crate) lifecycle: Lifecycle,
    pub(crate) log: Arc<Log>,
    pub(crate) rights: RightsBook,
    pub(crate) terms: Terms,
    pub(crate) rates: AccountRates,
    pub(crate) clients: ClientBook,
    /// Set once, where there is one.
    pub(crate) iot_log: OnceLock<Arc<dyn IotLog>>,
    /// Why reports cannot be stored.
    pub(crate) report_faults: Faults,
    /// Why rules cannot be completed.
    pub(crate) rule_faults: Faults,
    /// Why messages for kept sessions cannot be stored.
    pub(crate) store_faults: Faults,
}

impl Shared {
    pub(crate) fn write_timeout(&self) -> Duration {
        Duration::from_millis(self.config.write_timeout_ms)
    }

    /// The standing of a certificate now. Without its `der` nobody is welcome.
    pub(crate) fn standing(&self, id: &CertificateId, der: Option<&[u8]>) -> Standing {
        self.terms.standing(&*self.directory, id, der, self.clock.now())
    }

    /// Counts a peer that was not let in, and writes it into the connection log.
    pub(crate) fn refuse(&self, peer: &Peer, door: &Door, refusal: Refusal) {
        self.counters.refused(refusal.counted);
        self.log_refusal(peer, &refusal);
        let mut event = peer.event(ConnectionEventKind::Refused, door, self);
        event.client_id = refusal.client_id;
        event.principal = refusal.principal;
        event.protocol = refusal.protocol;
        event.reason = Some(refusal.counted.as_str());
        event.detail = Some(refusal.text.as_ref().into());
        self.log.add(event);
    }

    /// Whoever sent no CONNECT, or sent what is none, has no line in the IoT log.
    fn log_refusal(&self, peer: &Peer, refusal: &Refusal) {
        let Some((log, client_id)) = self.iot_log().zip(refusal.client_id.as_deref()) else {
            return;
        };
        let reason = match refusal.counted {
            Refused::NotAuthorized => AUTHORIZATION_FAILURE.to_owned(),
            counted => counted.as_str().to_ascii_uppercase(),
        };
        log.write(&IotRecord {
            client_id: Some(client_id),
            principal: refusal.principal.as_deref(),
            failure: Some((&reason, &refusal.text)),
            ..self.bare_line(IotEvent::Connect, peer)
        });
    }
}
