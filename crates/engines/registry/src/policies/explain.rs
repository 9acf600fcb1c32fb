//! Why the front door would let somebody do something, for people.

use std::net::IpAddr;

use picket_core::{CertificateId, ThingName};
use picket_policy::{Action, Explanation, explain};
use picket_ports::RegistryError;
use picket_ports::directory::Directory as _;
use picket_ports::registry::{Certificate, CertificateStatus, Page, PolicyTarget};
use serde::{Deserialize, Serialize};

use crate::certificates::certificate_id;
use crate::{Caller, ControlError, ControlPlane, checked};

/// Certificates of a thing that are looked at.
const CERTIFICATES_MAX: u32 = 50;

/// What is to be explained: somebody, and a request.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExplainRequest {
    /// The certificate, by id or ARN. Without one, the one of `thing`.
    #[serde(default)]
    pub certificate: Option<String>,
    /// The thing. Without one, none is assumed unless the client id names it.
    #[serde(default)]
    pub thing: Option<String>,
    /// The MQTT client id; the thing's name unless given.
    #[serde(default)]
    pub client_id: Option<String>,
    /// The address it comes from.
    #[serde(default)]
    pub source_ip: Option<IpAddr>,
    /// Whether it asks for a persistent session.
    #[serde(default)]
    pub is_persistent: bool,
    /// The topic of its will.
    #[serde(default)]
    pub will_topic: Option<String>,
    /// For example `iot:Publish`.
    pub action: String,
    /// For example `topic/a/b`, or a whole ARN.
    pub resource: String,
}

/// A policy that was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExplainedPolicy {
    /// Its name.
    pub name: String,
    /// What it is attached to that makes it apply: `certificate`, or `group NAME`.
    pub via: Vec<String>,
    /// The document in force.
    pub document: String,
}

/// Why somebody may do something or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExplainedRights {
    /// The certificate's id.
    pub certificate: String,
    /// Its state; one that is not ACTIVE may not connect, whatever the policies say.
    pub status: String,
    /// The thing it counts as.
    pub thing: Option<String>,
    /// The client id.
    pub client_id: Option<String>,
    /// The policies that apply, in the order in which the explanation counts them.
    pub policies: Vec<ExplainedPolicy>,
    /// What they come to.
    pub explanation: Explanation,
}

impl ExplainedRights {
    /// Who was asked about, and the explanation, as text for a terminal.
    pub fn to_text(&self) -> String {
        let mut text = format!("certificate {} ({})", self.certificate, self.status);
        for (what, name) in [("thing", &self.thing), ("client id", &self.client_id)] {
            if let Some(name) = name {
                text.push_str(&format!(", {what} {}", checked::shown(name)));
            }
        }
        if self.status != CertificateStatus::Active.as_str() {
            text.push_str(
                "\nthe certificate is not ACTIVE, so it may not connect, whatever policies say",
            );
        }
        for policy in &self.policies {
            text.push_str(&format!("\npolicy {} by {}", policy.name, policy.via.join(", ")));
        }
        let documents: Vec<&str> =
            self.policies.iter().map(|policy| policy.document.as_str()).collect();
        text.push_str("\n\n");
        text.push_str(&self.explanation.to_text(&documents));
        text
    }
}

impl ControlPlane {
    /// Explains what the front door would answer, with the documents it uses itself.
    pub async fn explain(&self, request: &ExplainRequest) -> Result<ExplainedRights, ControlError> {
        let action = Action::named(&request.action).map_err(invalid)?;
        let resource =
            action.resource_arn(&self.parts.account, &request.resource).map_err(invalid)?;
        let certificate = self.explained_certificate(request).await?;
        let der = picket_pki::der_of(&certificate.pem).unwrap_or_default();
        let client_id = request.client_id.as_deref().or(request.thing.as_deref());
        let caller = Caller {
            client_id,
            source_ip: request.source_ip,
            is_persistent: request.is_persistent,
            will_topic: request.will_topic.as_deref(),
            ..Caller::new(&certificate.id, &der)
        };
        let examined = self.examine_caller(&caller)?;
        let explanation = explain(&examined.documents, &examined.subject, action, &resource);
        let thing = examined.subject.thing.as_ref().map(|thing| thing.name.clone());
        let names = examined.documents.iter().map(|document| document.name());
        let policies = self.explained_policies(&certificate.id, client_id, names).await?;
        Ok(ExplainedRights {
            certificate: certificate.id.to_string(),
            status: certificate.status.as_str().to_owned(),
            thing,
            client_id: client_id.map(str::to_owned),
            policies,
            explanation,
        })
    }

    /// The certificate that is meant: the one named, or the thing's one, or its only ACTIVE one.
    pub async fn explained_certificate(
        &self,
        request: &ExplainRequest,
    ) -> Result<Certificate, ControlError> {
        if let Some(text) = &request.certificate {
            let prefix = self.parts.account.iot_arn("cert/");
            let id = text.strip_prefix(prefix.as_str()).unwrap_or(text);
            return self.certificate(&certificate_id("certificate", id)?).await;
        }
        let Some(thing) = &request.thing else {
            return Err(ControlError::invalid("either `certificate` or `thing` is required"));
        };
        let thing = checked::thing_name(thing)?;
        self.thing(&thing).await?;
        let mut found = self.certificates_of(&thing).await?;
        if found.len() > 1 {
            found.retain(|certificate| certificate.status == CertificateStatus::Active);
        }
        let count = found.len();
        match found.pop() {
            Some(certificate) if count == 1 => Ok(certificate),
            _ => Err(ControlError::Invalid(match count {
                0 => format!("thing {thing} has no certificate in use, so nothing connects as it"),
                _ => format!("thing {thing} has {count} active certificates; name one"),
            })),
        }
    }

    async fn certificates_of(&self, thing: &ThingName) -> Result<Vec<Certificate>, ControlError> {
        let page = Page::first(CERTIFICATES_MAX);
        let mut found = Vec::new();
        for (id, _) in self.parts.registry.certificates_of_thing(thing, &page).await?.rows {
            match self.parts.registry.certificate(&id).await {
                Ok(certificate) => found.push(certificate),
                Err(RegistryError::NotFound { .. }) => {}
                Err(other) => return Err(other.into()),
            }
        }
        Ok(found)
    }

    /// The texts of the policies called `names` as the front door has them, and where they come from.
    async fn explained_policies<'a>(
        &self,
        certificate: &CertificateId,
        client_id: Option<&str>,
        names: impl Iterator<Item = &'a str>,
    ) -> Result<Vec<ExplainedPolicy>, ControlError> {
        let directory = &self.parts.directory;
        let principal = directory.principal(certificate, client_id.unwrap_or_default());
        let thing = principal.thing.as_ref();
        let groups = thing.map(|thing| directory.groups_of(thing.name.as_str()));
        let own = PolicyTarget::Certificate(certificate.clone());
        let mut places = vec![("certificate".to_owned(), self.policies_of(&own).await?)];
        for group in groups.unwrap_or_default() {
            let target = PolicyTarget::Group(group.clone());
            places.push((format!("group {group}"), self.policies_of(&target).await?));
        }
        let explained = names.map(|name| {
            let text = principal.policies.iter().find(|policy| policy.name.as_str() == name);
            let has = |(_, policies): &&(String, Vec<picket_core::PolicyName>)| {
                policies.iter().any(|policy| policy.as_str() == name)
            };
            ExplainedPolicy {
                name: name.to_owned(),
                via: places.iter().filter(has).map(|(place, _)| place.clone()).collect(),
                document: text.map(|policy| policy.document.to_string()).unwrap_or_default(),
            }
        });
        Ok(explained.collect())
    }
}

fn invalid(error: picket_policy::InvalidRequest) -> ControlError {
    ControlError::Invalid(error.to_string())
}
