//! Certificate authorities of others: their certificates can be registered, or register themselves.

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use picket_core::{CertificateId, Timestamp};
use picket_pki::{CertificateNames, der_of};
use picket_ports::registry::{CertificateMode, Order, Page};
use picket_registry::{
    AuthorityChange, AuthorityStatus, NewAuthority, RegisteredAuthority, RegistrationConfig,
};
use serde::{Deserialize, Serialize};

use super::certificates::{CertificateRow, text_of};
use super::paging::PageParams;
use super::{Body, Name, Params};
use crate::audit::Changed;
use crate::error::ApiResult;
use crate::state::Shared;

/// Certificates that are shown with the authority that has signed them.
const SHOWN_MAX: u32 = 200;

#[derive(Debug, Serialize)]
struct AuthorityRow {
    id: CertificateId,
    status: AuthorityStatus,
    /// Whether certificates it has signed register themselves when they connect.
    auto_registration: bool,
    mode: &'static str,
    subject: String,
    /// Whether what registers itself is provisioned by a template.
    has_template: bool,
    not_before_ms: Timestamp,
    not_after_ms: Timestamp,
    created_ms: Timestamp,
    modified_ms: Timestamp,
}

impl From<&RegisteredAuthority> for AuthorityRow {
    fn from(authority: &RegisteredAuthority) -> Self {
        let RegisteredAuthority { record, signer, created, modified, version: _ } = authority;
        let names = der_of(&record.certificate_pem).and_then(|der| CertificateNames::read(&der));
        Self {
            id: signer.id().clone(),
            status: record.status,
            auto_registration: record.auto_registration,
            mode: record.mode.as_str(),
            subject: text_of(&names.unwrap_or_default().subject),
            has_template: template_of(authority).is_some(),
            not_before_ms: signer.not_before(),
            not_after_ms: signer.not_after(),
            created_ms: *created,
            modified_ms: *modified,
        }
    }
}

/// The provisioning template; AWS takes an empty text for none.
fn template_of(authority: &RegisteredAuthority) -> Option<String> {
    let config = authority.record.registration_config.as_ref()?;
    config.template_body.clone().filter(|body| !body.is_empty())
}

#[derive(Debug, Serialize)]
pub(crate) struct AuthorityList {
    authorities: Vec<AuthorityRow>,
    next: Option<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct AuthorityDetail {
    authority: AuthorityRow,
    pem: String,
    template: Option<String>,
    /// The newest of those it has signed.
    certificates: Vec<CertificateRow>,
    has_more_certificates: bool,
}

pub(crate) async fn list(
    State(state): State<Shared>,
    Params(params): Params<PageParams>,
) -> ApiResult<Json<AuthorityList>> {
    let page = params.page()?;
    let found = state.control.list_ca_certificates(None, Order::Descending, &page).await?;
    let authorities = found.rows.iter().map(AuthorityRow::from).collect();
    Ok(Json(AuthorityList { authorities, next: found.next }))
}

pub(crate) async fn show(
    State(state): State<Shared>,
    Name(id): Name,
) -> ApiResult<Json<AuthorityDetail>> {
    let authority = state.control.describe_ca_certificate(&id).await?;
    let shown = Page::first(SHOWN_MAX);
    let order = Order::Descending;
    let signed = state.control.list_certificates_by_ca(&id, order, &shown).await?;
    Ok(Json(AuthorityDetail {
        authority: (&authority).into(),
        template: template_of(&authority),
        pem: authority.record.certificate_pem,
        has_more_certificates: signed.next.is_some(),
        certificates: signed.rows.into_iter().map(CertificateRow::from).collect(),
    }))
}

/// The word that a certificate has to name to show that somebody has an authority's key.
#[derive(Debug, Serialize)]
pub(crate) struct RegistrationCode {
    code: String,
}

pub(crate) async fn code(State(state): State<Shared>) -> ApiResult<Json<RegistrationCode>> {
    let code = state.control.registration_code().await?;
    Ok(Json(RegistrationCode { code }))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewAuthorityBody {
    certificate_pem: String,
    /// A certificate for the registration code. Without one, devices have to name the server (SNI).
    #[serde(default)]
    verification_pem: Option<String>,
    is_active: bool,
    auto_registration: bool,
    #[serde(default)]
    template: Option<String>,
}

/// An authority that was registered.
#[derive(Debug, Serialize)]
pub(crate) struct Registered {
    id: CertificateId,
}

pub(crate) async fn create(
    State(state): State<Shared>,
    Body(new): Body<NewAuthorityBody>,
) -> ApiResult<(StatusCode, Extension<Changed>, Json<Registered>)> {
    let mode = match &new.verification_pem {
        Some(_) => CertificateMode::Default,
        None => CertificateMode::SniOnly,
    };
    let authority = NewAuthority {
        certificate_pem: &new.certificate_pem,
        verification_pem: new.verification_pem.as_deref(),
        mode: Some(mode),
        is_active: new.is_active,
        auto_registration: new.auto_registration,
        registration_config: new.template.map(config_of),
        tags: &[],
    };
    let id = state.control.register_ca_certificate(authority).await?.id().clone();
    let changed = Extension(Changed(format!("cacert/{id}")));
    Ok((StatusCode::CREATED, changed, Json(Registered { id })))
}

fn config_of(template: String) -> RegistrationConfig {
    RegistrationConfig { template_body: Some(template), ..RegistrationConfig::default() }
}

/// What is left out stays as it is; an empty template takes the template away.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Change {
    #[serde(default)]
    status: Option<AuthorityStatus>,
    #[serde(default)]
    auto_registration: Option<bool>,
    #[serde(default)]
    template: Option<String>,
}

pub(crate) async fn change(
    State(state): State<Shared>,
    Name(id): Name,
    Body(change): Body<Change>,
) -> ApiResult<StatusCode> {
    let Change { status, auto_registration, template } = change;
    // The role, which only AWS has a use for, stays.
    let registration_config = match template {
        None => None,
        Some(body) => {
            let stored = state.control.describe_ca_certificate(&id).await?.record;
            let config = stored.registration_config.unwrap_or_default();
            Some(RegistrationConfig { template_body: Some(body), ..config })
        }
    };
    let change = AuthorityChange {
        status,
        auto_registration,
        registration_config,
        remove_auto_registration: false,
    };
    state.control.update_ca_certificate(&id, &change).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn delete(State(state): State<Shared>, Name(id): Name) -> ApiResult<StatusCode> {
    state.control.delete_ca_certificate(&id).await?;
    Ok(StatusCode::NO_CONTENT)
}
