//! What a session of an IAM role may do over MQTT: what the role's policies say, and nothing else
//! (spec iot-core §4.5).

use std::net::IpAddr;
use std::sync::Arc;

use picket_core::Account;
use picket_policy::Action;
use picket_ports::{RoleSession, SessionRequest};

/// A session with what does not change while its connection lasts.
#[derive(Debug)]
pub(crate) struct SessionRights {
    pub(crate) session: Arc<RoleSession>,
    pub(crate) account: Account,
    pub(crate) source_ip: IpAddr,
    pub(crate) client_id: Arc<str>,
}

impl SessionRights {
    /// Why `action` on `name`, a client id, topic or filter, is not allowed; `None` if it is.
    pub(crate) fn refusal(&self, action: Action, name: &str) -> Option<String> {
        let arn = action.arn(&self.account, name);
        let asked = SessionRequest {
            action: action.name(),
            resource: Some(&arn),
            source_ip: Some(self.source_ip),
            client_id: Some(&self.client_id),
        };
        let why = self.session.refusal(&asked)?;
        let resource = format!("{}{name}", action.resource_kind().prefix());
        Some(format!("the role does not allow {} on {resource}, {why}", action.name()))
    }
}
