//! The console's part of the audit trail: who changed what, from where.

use std::net::SocketAddr;

use axum::response::Response;
use picket_core::Timestamp;
use picket_ports::registry::ChangeRecord;
use uuid::Uuid;

use crate::state::ConsoleState;

/// Says in an answer what was changed, where the path does not.
#[derive(Debug, Clone)]
pub(crate) struct Changed(pub(crate) String);

/// A change that is being made.
#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) user: String,
    pub(crate) peer: Option<SocketAddr>,
    pub(crate) operation: &'static str,
    /// The path behind `/api/v1/`.
    pub(crate) path: String,
}

impl Change {
    /// Records the change with what came of it. The answer waits for this; when the trail cannot be
    /// written, that is logged, since what was changed is changed.
    pub(crate) fn record<'s>(
        self,
        state: &'s ConsoleState,
        at: Timestamp,
        answer: &Response,
    ) -> impl Future<Output = ()> + Send + use<'s> {
        // Read off before anything is awaited: an answer's body cannot be shared between threads.
        let status = answer.status();
        let named = answer.extensions().get::<Changed>().map(|changed| changed.0.clone());
        let record = ChangeRecord {
            at,
            actor: self.user,
            access_key: None,
            source: self.peer.map(|peer| peer.to_string()).unwrap_or_default(),
            service: "console".to_owned(),
            operation: self.operation.to_owned(),
            resource: named.unwrap_or_else(|| resource(&self.path)),
            request_id: Uuid::new_v4().to_string(),
            error: (!status.is_success()).then(|| status.as_u16().to_string()),
        };
        async move {
            if let Err(error) = state.registry.record_change(&record).await {
                tracing::error!(%error, ?record, "a change could not be written into the audit trail");
            }
        }
    }
}

/// What ARNs call the kinds that paths name in the plural.
const KINDS: &[(&str, &str)] = &[
    ("things", "thing"),
    ("thing-types", "thingtype"),
    ("groups", "thinggroup"),
    ("certificates", "cert"),
    ("authorities", "cacert"),
    ("policies", "policy"),
    ("connections", "client"),
    ("mitigation-actions", "mitigationaction"),
    ("mitigation-tasks", "mitigationtask"),
    ("profiles", "securityprofile"),
    ("custom-metrics", "custommetric"),
    ("dimensions", "dimension"),
    ("users", "user"),
];

/// A path as the end of an ARN: `things/pump-17` is `thing/pump-17`.
fn resource(path: &str) -> String {
    let (kind, rest) = path.split_once('/').unwrap_or((path, ""));
    let kind = KINDS.iter().find(|(plural, _)| *plural == kind).map_or(kind, |(_, kind)| kind);
    let decoded = percent_encoding::percent_decode_str(rest).decode_utf8_lossy();
    if rest.is_empty() { kind.to_owned() } else { format!("{kind}/{decoded}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_recorded_as_the_end_of_an_arn() {
        assert_eq!(resource("things/pump-17"), "thing/pump-17");
        assert_eq!(resource("policies/a%20b/versions"), "policy/a b/versions");
        assert_eq!(resource("groups"), "thinggroup");
        assert_eq!(resource("mqtt/messages"), "mqtt/messages");
    }
}
