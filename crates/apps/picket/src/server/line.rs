//! The stages of the line in order, with their account books.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use picket_api_aws::Endpoint;
use picket_api_splunk::HecServer;
use picket_broker::Broker;
use picket_core::Tasks;
use picket_delivery::DeliveryEngine;
use picket_detect::DetectEngine;
use picket_gateway::Gateway;
use picket_mitigate::Mitigation;
use picket_notify::NotifyEngine;
use picket_ports::{Pipeline, StageStatus};
use picket_rules::RulesEngine;
use picket_siem::Siem;

/// Every stage a datapoint goes through.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) gateway: Arc<Gateway>,
    pub(crate) broker: Arc<Broker>,
    pub(crate) detect: Arc<DetectEngine>,
    pub(crate) rules: Arc<RulesEngine>,
    pub(crate) delivery: Arc<DeliveryEngine>,
    pub(crate) notify: Arc<NotifyEngine>,
    pub(crate) mitigation: Arc<Mitigation>,
    pub(crate) hec: Arc<HecServer>,
    pub(crate) siem: Siem,
    /// The AWS endpoint, for its figures.
    pub(crate) aws: Endpoint,
    /// The scopes whose tasks do the work, the gateway's own apart.
    pub(crate) scopes: Vec<Tasks>,
}

impl Line {
    /// How long tasks of each name have been running; see [`Tasks::busy`].
    pub(crate) fn busy(&self) -> BTreeMap<&'static str, Duration> {
        let mut busy = BTreeMap::new();
        let scopes = self.scopes.iter().flat_map(Tasks::busy);
        for (name, time) in scopes.chain(self.gateway.busy()) {
            *busy.entry(name).or_default() += time;
        }
        busy
    }
}

impl Pipeline for Line {
    fn stages(&self) -> Vec<StageStatus> {
        let detect = self.detect.stats();
        let [reports, evaluation, export, news] = self.detect.ledgers();
        let siem = self.siem.stats();
        let plain = |ledger| StageStatus { ledger, backlog: None };
        vec![
            plain(self.gateway.ledger()),
            plain(reports),
            StageStatus { ledger: evaluation, backlog: Some(detect.lag_records) },
            StageStatus { ledger: export, backlog: Some(detect.export_lag_records) },
            plain(self.broker.ledger()),
            plain(self.rules.ledger()),
            StageStatus { ledger: self.delivery.ledger(), backlog: Some(self.delivery.backlog()) },
            plain(self.hec.ledger().snapshot()),
            StageStatus { ledger: siem.ledger, backlog: Some(siem.searchable_lag) },
            // Beside the line: what alarms set off.
            plain(news),
            plain(self.notify.ledger()),
        ]
    }
}
