//! What certificates that introduce themselves change, in the audit trail beside what people change.

use std::net::IpAddr;

use picket_core::CertificateId;
use picket_ports::registry::ChangeRecord;
use uuid::Uuid;

use super::Newcomer;
use super::template::Plan;
use crate::ControlPlane;

/// The operations, which no caller can ask for.
const REGISTRATION: &str = "JustInTimeRegistration";
const PROVISIONING: &str = "JustInTimeProvisioning";

impl ControlPlane {
    /// Records that a certificate was registered and waits for somebody's decision.
    pub(super) async fn record_registration(&self, newcomer: &Newcomer, id: &CertificateId) {
        let resource = format!("cert/{id} cacert/{}", newcomer.authority.id());
        self.record_introduction(REGISTRATION, id, resource, newcomer.from).await;
    }

    /// Records that a template was carried out for a certificate.
    pub(super) async fn record_provisioning(
        &self,
        newcomer: &Newcomer,
        id: &CertificateId,
        plan: &Plan,
    ) {
        let mut names = Vec::new();
        names.extend(plan.thing.iter().map(|thing| format!("thing/{}", thing.name)));
        names.push(format!("cert/{id}"));
        names.push(format!("cacert/{}", newcomer.authority.id()));
        names.extend(plan.policies.iter().map(|policy| format!("policy/{}", policy.name)));
        names.push(format!("status/{}", plan.status.as_str()));
        self.record_introduction(PROVISIONING, id, names.join(" "), newcomer.from).await;
    }

    /// When the trail cannot be written, that is logged, since what was changed is changed.
    async fn record_introduction(
        &self,
        operation: &str,
        id: &CertificateId,
        resource: String,
        from: IpAddr,
    ) {
        let record = ChangeRecord {
            at: self.parts.clock.now(),
            actor: self.certificate_arn(id),
            access_key: None,
            source: from.to_string(),
            service: "iot".to_owned(),
            operation: operation.to_owned(),
            resource,
            request_id: Uuid::new_v4().to_string(),
            error: None,
        };
        if let Err(error) = self.parts.registry.record_change(&record).await {
            tracing::error!(%error, ?record, "a change is not in the audit trail");
        }
    }
}
