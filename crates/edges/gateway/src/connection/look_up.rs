//! Acting on what comes from outside: a takeover, a change in the registry, the end of the server.

use std::sync::Arc;

use mqtt_protocol_core::mqtt::result_code::DisconnectReasonCode;
use picket_broker::Standing as Hold;
use picket_policy::Action;
use picket_ports::connections::DisconnectReason;
use picket_registry::Caller;
use serde_json::json;

use super::client::Client;
use super::end::End;
use crate::live::Proven;
use crate::rights::{Basis, Rights};
use crate::standing::Standing;

impl Client {
    /// Somebody woke us, or left word. `certificate` is the DER of the client's.
    pub(super) fn look_up(&mut self, certificate: Option<&[u8]>) {
        if self.end.is_some() {
            return;
        }
        match self.parts.attachment.standing() {
            Hold::Current => {}
            Hold::TakenOver => {
                let text = "a newer connection has this client id";
                let end = End::because(DisconnectReason::DuplicateClientid, text.into());
                return self.stop(end, DisconnectReasonCode::SessionTakenOver);
            }
            Hold::EndedByApi => {
                let text = "the connection was ended by an operator";
                let end = End::because(DisconnectReason::ApiInitiatedDisconnect, text.into());
                return self.stop(end, DisconnectReasonCode::AdministrativeAction);
            }
        }
        let told = self.parts.shared.live.take(&self.parts.control);
        if told.credential
            && let Some(problem) = self.credential_problem()
        {
            let end = End::because(DisconnectReason::AuthError, problem.into());
            return self.stop(end, DisconnectReasonCode::AdministrativeAction);
        }
        if told.rights {
            self.renew_rights(certificate);
        }
        if told.stop {
            // The last words follow the last acknowledgements.
            let end = End::plain(DisconnectReason::ServerInitiatedDisconnect);
            self.end.get_or_insert(end);
        }
    }

    /// What is wrong with the certificate or access key now.
    fn credential_problem(&self) -> Option<&'static str> {
        match &self.parts.control.proven {
            Proven::Nobody => None,
            // It was in order when it came; that its validity has ended since cuts nobody off.
            Proven::Certificate(id) => match self.parts.shared.standing(id, None) {
                Standing::Active | Standing::Expired => None,
                standing => Some(standing.problem()),
            },
            Proven::Operator(_) => Some("the access key, or the role of its owner, has changed"),
        }
    }

    /// Works the rights out anew. Whoever may not connect any more is cut off; subscriptions that are
    /// not allowed any more end.
    fn renew_rights(&mut self, certificate: Option<&[u8]>) {
        let Proven::Certificate(id) = &self.parts.control.proven else { return };
        let (shared, client_id) = (&self.parts.shared, Arc::clone(&self.parts.who.client_id));
        let principal = shared.directory.principal(id, &client_id);
        let thing = principal.thing.as_ref().map(|thing| thing.name.as_str().into());
        self.parts.who.is_exclusive = principal.is_exclusive && thing.is_some();
        self.parts.who.thing = thing;
        if self.parts.rights.are_still(&principal) {
            return;
        }
        let mut caller = Caller::new(id, certificate.unwrap_or_default());
        caller.client_id = Some(&client_id);
        caller.source_ip = Some(self.parts.peer.address.ip());
        caller.is_persistent = self.parts.is_persistent;
        caller.will_topic = self.parts.will_topic.as_deref();
        let authorizer = shared.rights.rights_of(&caller, &principal);
        self.parts.rights = Rights::Policies(authorizer, Basis::of(&principal));
        if !self.parts.rights.allow(Action::Connect, &client_id) {
            let why = self.parts.rights.refusal(Action::Connect, &client_id);
            let end = End::because(DisconnectReason::ForbiddenAccess, why);
            return self.stop(end, DisconnectReasonCode::NotAuthorized);
        }
        self.end_lost_subscriptions();
    }

    /// Ends the subscriptions that the rights do not allow.
    pub(super) fn end_lost_subscriptions(&mut self) {
        let parts = &self.parts;
        let mut ended = Vec::new();
        for filter in parts.attachment.filters() {
            if !parts.rights.allow(Action::Subscribe, &filter)
                && parts.attachment.unsubscribe(&filter)
            {
                ended.push(filter);
            }
        }
        if ended.is_empty() {
            return;
        }
        let client_id = &parts.who.client_id;
        tracing::info!(%client_id, filters = ?ended, "subscriptions ended: no longer allowed");
        let now = parts.shared.clock.now();
        let topics = || json!({"topics": ended});
        parts.shared.lifecycle.tell(&parts.who, "subscriptions/unsubscribed", now, topics);
    }
}
