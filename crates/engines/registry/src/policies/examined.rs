//! What is known of a principal that is asked about: the documents that apply and its facts.

use std::sync::Arc;

use picket_core::PolicyName;
use picket_policy::{PolicyDocument, Subject};
use picket_ports::registry::PolicyTarget;

use super::policy_name;
use crate::{Caller, ControlError, ControlPlane};

/// A principal and what applies to it.
#[derive(Debug, Default)]
pub(super) struct Examined {
    pub(super) documents: Vec<Arc<PolicyDocument>>,
    pub(super) subject: Subject,
}

impl ControlPlane {
    /// What applies to `principal`, a certificate, group or identity, when it connects as `client_id`.
    /// For a certificate that is what the front door would find.
    pub(super) async fn examine(
        &self,
        principal: &PolicyTarget,
        client_id: Option<&str>,
    ) -> Result<Examined, ControlError> {
        self.check_target(principal).await?;
        if let PolicyTarget::Certificate(id) = principal {
            let certificate = self.certificate(id).await?;
            let der = picket_pki::der_of(&certificate.pem).unwrap_or_default();
            let caller = Caller { client_id, ..Caller::new(id, &der) };
            return self.examine_caller(&caller);
        }
        let mut documents = Vec::new();
        for effective in self.read_once(self.places_of(principal.clone()).await?).await? {
            documents.push(parsed(&effective.policy.name, &effective.policy.document())?);
        }
        let subject = Subject { client_id: client_id.map(str::to_owned), ..Subject::default() };
        Ok(Examined { documents, subject })
    }

    /// What the front door would find for `caller`.
    pub(super) fn examine_caller(&self, caller: &Caller<'_>) -> Result<Examined, ControlError> {
        let (documents, subject) = self.rights.examine(caller).map_err(|unreadable| {
            ControlError::Invalid(format!(
                "nothing is allowed to certificate {}: {unreadable}",
                caller.certificate
            ))
        })?;
        Ok(Examined { documents, subject })
    }

    /// Adds the documents of policies that are not attached, and takes others away.
    pub(super) async fn adjust(
        &self,
        examined: &mut Examined,
        to_add: &[String],
        to_skip: &[String],
    ) -> Result<(), ControlError> {
        for name in to_skip {
            let name = self.policy(&policy_name(name)?).await?.name;
            examined.documents.retain(|document| document.name() != name.as_str());
        }
        for name in to_add {
            let name = policy_name(name)?;
            if examined.documents.iter().all(|document| document.name() != name.as_str()) {
                let policy = self.policy(&name).await?;
                examined.documents.push(parsed(&name, &policy.document())?);
            }
        }
        Ok(())
    }
}

fn parsed(name: &PolicyName, document: &str) -> Result<Arc<PolicyDocument>, ControlError> {
    match PolicyDocument::parse_stored(document) {
        Ok(document) => Ok(Arc::new(document.named(name.as_str()))),
        Err(error) => Err(ControlError::Invalid(format!("policy {name}: {error}"))),
    }
}
