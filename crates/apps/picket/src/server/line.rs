//! The stages of the line in order, with their account books.

use std::sync::Arc;

use picket_api_splunk::HecServer;
use picket_broker::Broker;
use picket_delivery::DeliveryEngine;
use picket_detect::DetectEngine;
use picket_gateway::Gateway;
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
    pub(crate) hec: Arc<HecServer>,
    pub(crate) siem: Siem,
}

impl Pipeline for Line {
    fn stages(&self) -> Vec<StageStatus> {
        let detect = self.detect.stats();
        let [reports, evaluation, export] = self.detect.ledgers();
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
        ]
    }
}
