//! New certificates: with a key of our making, or for a key that the device keeps.

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use picket_core::{CertificateId, Secret};
use picket_registry::{AttachmentKind, ControlPlane};
use serde::{Deserialize, Serialize};

use super::arn_of;
use crate::audit::Changed;
use crate::error::ApiResult;
use crate::routes::Body;
use crate::state::Shared;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewCertificate {
    #[serde(default)]
    thing: Option<String>,
    #[serde(default)]
    policies: Vec<String>,
    is_active: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewRequest {
    /// PKCS #10, PEM.
    csr_pem: String,
    #[serde(default)]
    thing: Option<String>,
    #[serde(default)]
    policies: Vec<String>,
    is_active: bool,
}

/// The private key is in this answer and nowhere else.
#[derive(Debug, Serialize)]
pub(crate) struct CertificateBundle {
    certificate_id: CertificateId,
    certificate_pem: String,
    /// Null where the device has kept it to itself.
    private_key_pem: Option<Secret>,
    ca_pem: String,
}

type Created = (StatusCode, Extension<Changed>, Json<CertificateBundle>);

pub(crate) async fn create(
    State(state): State<Shared>,
    Body(new): Body<NewCertificate>,
) -> ApiResult<Created> {
    let NewCertificate { thing, policies, is_active } = new;
    let purpose = Purpose { thing, policies };
    purpose.check(&state.control).await?;
    let made = state.control.create_keys_and_certificate(is_active).await?;
    let key = Some(made.private_key_pem);
    purpose.fulfil(&state.control, made.certificate.id, made.certificate.pem, key).await
}

pub(crate) async fn create_from_request(
    State(state): State<Shared>,
    Body(new): Body<NewRequest>,
) -> ApiResult<Created> {
    let NewRequest { csr_pem, thing, policies, is_active } = new;
    let purpose = Purpose { thing, policies };
    purpose.check(&state.control).await?;
    let made = state.control.create_certificate_from_csr(&csr_pem, is_active).await?;
    purpose.fulfil(&state.control, made.id, made.pem, None).await
}

/// What a certificate is made for.
struct Purpose {
    thing: Option<String>,
    policies: Vec<String>,
}

impl Purpose {
    /// What is named must be there before a certificate is made for it.
    async fn check(&self, control: &ControlPlane) -> ApiResult<()> {
        if let Some(thing) = &self.thing {
            control.describe_thing(thing).await?;
        }
        for policy in &self.policies {
            control.get_policy(policy).await?;
        }
        Ok(())
    }

    async fn fulfil(
        self,
        control: &ControlPlane,
        certificate_id: CertificateId,
        certificate_pem: String,
        private_key_pem: Option<Secret>,
    ) -> ApiResult<Created> {
        let arn = arn_of(control, certificate_id.as_str());
        if let Some(thing) = &self.thing {
            control.attach_thing_principal(thing, &arn, AttachmentKind::NonExclusive).await?;
        }
        for policy in &self.policies {
            control.attach_policy(policy, &arn).await?;
        }
        let changed = Extension(Changed(format!("cert/{certificate_id}")));
        let ca_pem = control.authority_pem().to_owned();
        let bundle = CertificateBundle { certificate_id, certificate_pem, private_key_pem, ca_pem };
        Ok((StatusCode::CREATED, changed, Json(bundle)))
    }
}
