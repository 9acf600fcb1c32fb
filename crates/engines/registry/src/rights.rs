//! What a caller may do: the policies that apply to it, with its facts put in (spec iot-core §4.5).
//!
//! One [`RightsBook`] serves the front door, the data plane over HTTPS and `TestAuthorization`, so
//! that they cannot come to different answers. Documents are parsed once for each version; those
//! without variables and conditions are compiled once for everybody.

mod certificate_facts;
mod shelf;

use std::net::IpAddr;
use std::sync::Arc;

use picket_core::{Account, CertificateId};
use picket_policy::{Authorizer, CompiledPolicy, PolicyDocument, Subject, ThingFacts};
use picket_ports::Directory;
use picket_ports::directory::Principal;

pub use certificate_facts::certificate_facts;
use shelf::PolicyShelf;
pub use shelf::UnreadablePolicy;

/// Who asks, with what does not change while a connection lasts.
#[derive(Debug, Clone)]
pub struct Caller<'a> {
    /// The client certificate.
    pub certificate: &'a CertificateId,
    /// Its DER, which is read only if a policy asks for what stands in it.
    pub der: &'a [u8],
    /// The MQTT client id; `None` over HTTP.
    pub client_id: Option<&'a str>,
    /// The peer's address.
    pub source_ip: Option<IpAddr>,
    /// The session outlives the connection.
    pub is_persistent: bool,
    /// The topic of the will, if the CONNECT carries one.
    pub will_topic: Option<&'a str>,
}

impl<'a> Caller<'a> {
    /// A caller of whom only the certificate is known.
    pub fn new(certificate: &'a CertificateId, der: &'a [u8]) -> Self {
        Self {
            certificate,
            der,
            client_id: None,
            source_ip: None,
            is_persistent: false,
            will_topic: None,
        }
    }
}

/// Compiles the rights of callers as the registry stands.
#[derive(Debug)]
pub struct RightsBook {
    directory: Arc<dyn Directory>,
    account: Account,
    shelf: PolicyShelf,
}

impl RightsBook {
    /// A book on `directory`. The account is the one in the policies' ARNs.
    pub fn new(directory: Arc<dyn Directory>, account: Account) -> Self {
        Self { directory, account, shelf: PolicyShelf::default() }
    }

    /// The account in the policies' ARNs.
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// The rights of `caller` as the registry stands now: ask again when the directory tells of a
    /// change. A policy that cannot be read leaves no rights at all, since it may hold a denial.
    pub fn rights(&self, caller: &Caller<'_>) -> Authorizer {
        self.rights_of(caller, &self.principal(caller))
    }

    /// As [`RightsBook::rights`] for a caller whose principal has been looked up already.
    pub fn rights_of(&self, caller: &Caller<'_>, principal: &Principal) -> Authorizer {
        let Ok(shelved) = self.shelf.all(&self.account, &principal.policies) else {
            return Authorizer::default();
        };
        if shelved.iter().all(|policy| policy.for_all.is_some()) {
            return shelved.into_iter().filter_map(|policy| policy.for_all).collect();
        }
        let is_read = shelved.iter().any(|policy| policy.document.asks_certificate());
        let subject = subject(caller, principal, is_read);
        let compiled = shelved.into_iter().map(|policy| {
            let own = |document| Arc::new(CompiledPolicy::new(&self.account, document, &subject));
            policy.for_all.unwrap_or_else(|| own(policy.document))
        });
        compiled.collect()
    }

    /// The documents that apply to `caller` and all its facts, to explain its rights with.
    ///
    /// # Errors
    /// A policy that cannot be read; it leaves the caller no rights at all.
    pub fn examine(
        &self,
        caller: &Caller<'_>,
    ) -> Result<(Vec<Arc<PolicyDocument>>, Subject), UnreadablePolicy> {
        let principal = self.principal(caller);
        let shelved = self.shelf.all(&self.account, &principal.policies)?;
        let documents = shelved.into_iter().map(|policy| policy.document).collect();
        Ok((documents, subject(caller, &principal, true)))
    }

    fn principal(&self, caller: &Caller<'_>) -> Principal {
        self.directory.principal(caller.certificate, caller.client_id.unwrap_or_default())
    }
}

/// The facts of `caller`; those that stand in its certificate if `is_read`.
fn subject(caller: &Caller<'_>, principal: &Principal, is_read: bool) -> Subject {
    let der = if is_read { caller.der } else { &[] };
    // Things are known to MQTT only (spec iot-core §4.3).
    let thing = principal.thing.as_ref().filter(|_| caller.client_id.is_some());
    let thing = thing.map(|thing| ThingFacts {
        name: thing.name.as_str().to_owned(),
        type_name: thing.type_name.clone(),
        attributes: thing.attributes.clone(),
    });
    Subject {
        client_id: caller.client_id.map(str::to_owned),
        source_ip: caller.source_ip,
        is_attached: thing.is_some(),
        thing,
        certificate: Some(certificate_facts(caller.certificate, der)),
        persistent_connect: caller.is_persistent,
        last_will_topic: caller.will_topic.map(str::to_owned),
    }
}

#[cfg(test)]
mod tests;
