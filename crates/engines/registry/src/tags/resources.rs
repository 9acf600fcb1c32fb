//! Which resources take tags, and whether they are there.

use picket_core::{CertificateId, PolicyName};
use picket_ports::RegistryError;
use picket_ports::registry::DocumentKind;

use crate::checked::shown;
use crate::{ControlError, ControlPlane};

/// Kinds of resources that take tags, by the beginning of their ARN's last part.
const TAGGABLE: &[&str] = &[
    "thinggroup",
    "thingtype",
    "billinggroup",
    "policy",
    "cacert",
    "rolealias",
    "rule",
    "securityprofile",
    "custommetric",
    "dimension",
    "mitigationaction",
];

impl ControlPlane {
    /// Refuses an ARN that is not of a resource that is there and takes tags.
    pub(super) async fn must_be_there(&self, arn: &str) -> Result<(), ControlError> {
        let ours = self.parts.account.iot_arn("");
        let Some(resource) = arn.strip_prefix(ours.as_str()) else {
            if arn.starts_with("arn:") {
                return Err(ControlError::not_found("resource", shown(arn)));
            }
            return Err(ControlError::Invalid(format!("`{}` is not an ARN", shown(arn))));
        };
        let (kind, name) = resource.split_once('/').unwrap_or((resource, ""));
        let found = match kind {
            "thinggroup" => self.parts.registry.group(name).await.map(drop),
            "policy" => match PolicyName::new(name) {
                Ok(name) => self.parts.registry.policy(&name).await.map(drop),
                Err(error) => return Err(error.into()),
            },
            "cacert" => match CertificateId::new(name) {
                Ok(_) => self.document_there(DocumentKind::Authority, name).await,
                Err(error) => return Err(error.into()),
            },
            "thingtype" => self.document_there(DocumentKind::ThingType, name).await,
            "billinggroup" => self.document_there(DocumentKind::BillingGroup, name).await,
            "rolealias" => self.document_there(DocumentKind::RoleAlias, name).await,
            "rule" => self.document_there(DocumentKind::TopicRule, name).await,
            "securityprofile" => self.document_there(DocumentKind::SecurityProfile, name).await,
            "custommetric" => self.document_there(DocumentKind::CustomMetric, name).await,
            "mitigationaction" => self.document_there(DocumentKind::MitigationAction, name).await,
            "dimension" => self.document_there(DocumentKind::Dimension, name).await,
            "thing" => return Err(ControlError::invalid("things take no tags; use attributes")),
            "cert" => return Err(ControlError::invalid("device certificates take no tags")),
            other => return Err(unknown(other)),
        };
        found.map_err(|error| match error {
            RegistryError::NotFound { .. } => ControlError::not_found(word(kind), shown(name)),
            error => error.into(),
        })
    }

    async fn document_there(&self, kind: DocumentKind, name: &str) -> Result<(), RegistryError> {
        self.parts.registry.document(kind, name).await.map(drop)
    }
}

fn word(kind: &str) -> &'static str {
    match kind {
        "thinggroup" => "thing group",
        "thingtype" => "thing type",
        "billinggroup" => "billing group",
        "policy" => "policy",
        "cacert" => "certificate authority",
        "rolealias" => "role alias",
        "rule" => "topic rule",
        "securityprofile" => "security profile",
        "dimension" => "dimension",
        "mitigationaction" => "mitigation action",
        _ => "custom metric",
    }
}

fn unknown(kind: &str) -> ControlError {
    let kind = shown(kind);
    let near = TAGGABLE
        .iter()
        .map(|known| (strsim::jaro_winkler(&kind, known), known))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0));
    ControlError::Invalid(match near {
        Some((_, near)) => {
            format!("resources `{kind}/…` take no tags here; did you mean `{near}/`?")
        }
        None => format!("resources `{kind}/…` take no tags here; those that do are {TAGGABLE:?}"),
    })
}
