//! `$aws/events/certificates/registered/CA`: somebody has to decide about a certificate.

use bytes::Bytes;
use picket_core::CertificateId;
use picket_ports::Message;
use picket_ports::registry::Certificate;
use serde_json::json;

use crate::ControlPlane;

impl ControlPlane {
    /// Publishes the event. One that cannot be published is logged; the device comes again, and so
    /// does the event.
    pub(super) async fn announce_newcomer(&self, certificate: &Certificate, ca: &CertificateId) {
        let now = self.parts.clock.now();
        let event = json!({
            "certificateId": certificate.id.as_str(),
            "caCertificateId": ca.as_str(),
            "timestamp": now.as_millis(),
            "certificateStatus": certificate.status.as_str(),
            "awsAccountId": self.parts.account.id,
            "certificateRegistrationTimestamp": certificate.created.as_millis().to_string(),
        });
        let topic = format!("$aws/events/certificates/registered/{ca}");
        let payload = Bytes::from(event.to_string());
        let message = Message::from_service("registry", topic, payload, now);
        let topic = message.topic.clone();
        if let Err(error) = self.parts.publish.publish(message).await {
            tracing::warn!(%topic, %error, "the registration of a certificate was not announced");
        }
    }
}
