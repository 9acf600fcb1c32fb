//! What a connection may do.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::net::IpAddr;
use std::sync::Arc;

use mqtt_protocol_core::mqtt::result_code::SubackReasonCode;
use parking_lot::Mutex;
use picket_core::{Account, CertificateId, PolicyName};
use picket_policy::{
    Action, Authorizer, CertificateFacts, NameField, PolicyDocument, Subject, ThingFacts,
};
use picket_ports::Directory;
use picket_ports::directory::PolicyText;
use picket_session::{Dialect, matches};
use x509_parser::prelude::{FromDer as _, X509Certificate, X509Name};

/// The rights of one connection.
#[derive(Debug)]
pub(crate) enum Rights {
    /// As the policies say.
    Policies(Authorizer),
    /// The plaintext listener: everything but `$` topics and these filters.
    Open { deny_subscribe: Arc<[String]> },
}

impl Rights {
    /// How a denied SUBSCRIBE is answered. On the plaintext listener no policy is asked, so there it is
    /// the code without a cause, which is also the only one that MQTT 3.1.1 knows.
    pub(crate) const fn subscribe_denial(&self) -> SubackReasonCode {
        match self {
            Self::Policies(_) => SubackReasonCode::NotAuthorized,
            Self::Open { .. } => SubackReasonCode::UnspecifiedError,
        }
    }

    /// Whether `action` is allowed on `name`, a client id, topic or filter.
    pub(crate) fn allow(&self, action: Action, name: &str) -> bool {
        match self {
            Self::Policies(authorizer) => {
                let kind = match action {
                    Action::Connect => "client",
                    Action::Subscribe => "topicfilter",
                    _ => "topic",
                };
                let mut resource = String::with_capacity(kind.len() + 1 + name.len());
                // Writing to a `String` does not fail; were it to, nothing would be allowed.
                let written = write!(resource, "{kind}/{name}").is_ok();
                written && authorizer.decide(action, &resource).is_allowed()
            }
            Self::Open { .. } if action == Action::Connect => true,
            Self::Open { deny_subscribe } if action == Action::Subscribe => {
                let shared = name.strip_prefix("$share/").and_then(|rest| rest.split_once('/'));
                let pattern = shared.map_or(name, |(_group, pattern)| pattern);
                let is_denied =
                    |deny: &String| deny == pattern || matches(deny, pattern, Dialect::Standard);
                !pattern.starts_with('$') && !deny_subscribe.iter().any(is_denied)
            }
            Self::Open { .. } => !name.starts_with('$'),
        }
    }
}

/// The facts of a connection that do not change while it lasts.
#[derive(Debug)]
pub(crate) struct Caller {
    pub(crate) certificate: CertificateId,
    pub(crate) facts: CertificateFacts,
    pub(crate) client_id: Arc<str>,
    pub(crate) source_ip: IpAddr,
    pub(crate) persistent: bool,
    pub(crate) will_topic: Option<String>,
}

type Parsed = (Arc<PolicyText>, Arc<PolicyDocument>);

/// Policy documents, parsed once for each version.
#[derive(Debug, Default)]
pub(crate) struct PolicyShelf {
    parsed: Mutex<HashMap<PolicyName, Parsed>>,
}

impl PolicyShelf {
    /// The rights of `caller` as the registry stands now. A policy that cannot be read leaves no
    /// rights at all, since it may hold a denial.
    pub(crate) fn rights(
        &self,
        directory: &dyn Directory,
        account: &Account,
        caller: &Caller,
    ) -> Rights {
        let principal = directory.principal(&caller.certificate, &caller.client_id);
        let documents: Option<Vec<_>> =
            principal.policies.iter().map(|policy| self.document(policy)).collect();
        let thing = principal.thing.as_ref().map(|thing| ThingFacts {
            name: thing.name.as_str().to_owned(),
            type_name: thing.type_name.clone(),
            attributes: thing.attributes.clone(),
        });
        let subject = Subject {
            client_id: Some(caller.client_id.as_ref().to_owned()),
            source_ip: Some(caller.source_ip),
            is_attached: thing.is_some(),
            thing,
            certificate: Some(caller.facts.clone()),
            persistent_connect: caller.persistent,
            last_will_topic: caller.will_topic.clone(),
        };
        let documents = documents.unwrap_or_default();
        Rights::Policies(Authorizer::compile(account, &documents, &subject))
    }

    fn document(&self, policy: &Arc<PolicyText>) -> Option<Arc<PolicyDocument>> {
        let mut parsed = self.parsed.lock();
        if let Some((text, document)) = parsed.get(&policy.name)
            && Arc::ptr_eq(text, policy)
        {
            return Some(Arc::clone(document));
        }
        match PolicyDocument::parse(&policy.document) {
            Ok(document) => {
                let document = Arc::new(document);
                parsed.insert(policy.name.clone(), (Arc::clone(policy), Arc::clone(&document)));
                Some(document)
            }
            Err(error) => {
                tracing::error!(policy = %policy.name, %error, "a stored policy cannot be read");
                None
            }
        }
    }
}

/// What policies can ask about the certificate `der`. One that cannot be read has only its id.
pub(crate) fn certificate_facts(id: &CertificateId, der: &[u8]) -> CertificateFacts {
    let mut facts = CertificateFacts { id: id.as_str().to_owned(), ..CertificateFacts::default() };
    if let Ok((_, certificate)) = X509Certificate::from_der(der) {
        facts.serial_number = certificate.tbs_certificate.serial.to_string();
        facts.subject = names(certificate.subject());
        facts.issuer = names(certificate.issuer());
    }
    facts
}

/// OIDs of the X.520 attributes, as `x509-parser` prints them.
const ATTRIBUTES: &[(&str, NameField)] = &[
    ("2.5.4.3", NameField::CommonName),
    ("2.5.4.4", NameField::Surname),
    ("2.5.4.5", NameField::SerialNumber),
    ("2.5.4.6", NameField::Country),
    ("2.5.4.8", NameField::State),
    ("2.5.4.10", NameField::Organization),
    ("2.5.4.11", NameField::OrganizationalUnit),
    ("2.5.4.12", NameField::Title),
    ("2.5.4.42", NameField::GivenName),
    ("2.5.4.43", NameField::Initials),
    ("2.5.4.44", NameField::GenerationQualifier),
    ("2.5.4.46", NameField::DistinguishedNameQualifier),
    ("2.5.4.65", NameField::Pseudonym),
];

fn names(name: &X509Name<'_>) -> Vec<(NameField, String)> {
    let field = |oid: &str| ATTRIBUTES.iter().find(|(known, _)| *known == oid).map(|(_, f)| *f);
    let attribute = |attribute: &x509_parser::x509::AttributeTypeAndValue<'_>| {
        let field = field(&attribute.attr_type().to_id_string())?;
        Some((field, attribute.as_str().ok()?.to_owned()))
    };
    name.iter_attributes().filter_map(attribute).collect()
}
