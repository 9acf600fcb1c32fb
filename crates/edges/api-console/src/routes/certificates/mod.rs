//! Certificates.

mod create;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use picket_core::{CertificateId, Timestamp};
use picket_pki::{CertificateNames, der_of};
use picket_ports::registry::{Certificate, CertificateStatus, Order, Page, PolicyTarget};
use picket_registry::{AttachmentKind, ControlPlane};
use serde::{Deserialize, Serialize};

use super::connections::client_ids_of;
use super::paging::PageParams;
use super::{Body, Name, Names, Params};
use crate::error::{ApiError, ApiResult};
use crate::state::Shared;

pub(crate) use create::{create, create_from_request};

/// Things and policies that are shown with a certificate.
const SHOWN_MAX: u32 = 500;

#[derive(Debug, Serialize)]
pub(crate) struct CertificateRow {
    id: CertificateId,
    status: CertificateStatus,
    ca: Option<CertificateId>,
    not_after_ms: Timestamp,
    created_ms: Timestamp,
}

impl From<Certificate> for CertificateRow {
    fn from(certificate: Certificate) -> Self {
        let Certificate { id, status, ca, not_after, created, .. } = certificate;
        Self { id, status, ca, not_after_ms: not_after, created_ms: created }
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct CertificateList {
    certificates: Vec<CertificateRow>,
    next: Option<String>,
    total: u64,
}

#[derive(Debug, Serialize)]
struct CertificateThing {
    name: String,
    is_exclusive: bool,
}

#[derive(Debug, Serialize)]
pub(crate) struct CertificateDetail {
    id: CertificateId,
    status: CertificateStatus,
    ca: Option<CertificateId>,
    pem: String,
    subject: String,
    issuer: String,
    serial_number: String,
    not_before_ms: Timestamp,
    not_after_ms: Timestamp,
    created_ms: Timestamp,
    modified_ms: Timestamp,
    things: Vec<CertificateThing>,
    policies: Vec<String>,
    /// Clients that are connected with it now, the first of them: they would be cut off.
    connected: Vec<String>,
}

pub(crate) async fn list(
    State(state): State<Shared>,
    Params(params): Params<PageParams>,
) -> ApiResult<Json<CertificateList>> {
    let found = state.control.list_certificates(Order::Descending, &params.page()?).await?;
    let total = state.registry.count_certificates().await?;
    let certificates = found.rows.into_iter().map(CertificateRow::from).collect();
    Ok(Json(CertificateList { certificates, next: found.next, total }))
}

pub(crate) async fn show(
    State(state): State<Shared>,
    Name(id): Name,
) -> ApiResult<Json<CertificateDetail>> {
    let certificate = state.control.describe_certificate(&id).await?;
    let shown = Page::first(SHOWN_MAX);
    let things = state.registry.things_of_certificate(&certificate.id, &shown).await?;
    let target = PolicyTarget::Certificate(certificate.id.clone());
    let policies = state.registry.policies_of(&target, &shown).await?;
    let names = der_of(&certificate.pem).and_then(|der| CertificateNames::read(&der));
    let names = names.unwrap_or_default();
    let connected = client_ids_of(&*state.connections, &certificate.id).await;
    let thing = |(name, is_exclusive): (picket_core::ThingName, bool)| CertificateThing {
        name: name.to_string(),
        is_exclusive,
    };
    Ok(Json(CertificateDetail {
        id: certificate.id,
        status: certificate.status,
        ca: certificate.ca,
        pem: certificate.pem,
        subject: text_of(&names.subject),
        issuer: text_of(&names.issuer),
        serial_number: names.serial_number,
        not_before_ms: certificate.not_before,
        not_after_ms: certificate.not_after,
        created_ms: certificate.created,
        modified_ms: certificate.modified,
        things: things.rows.into_iter().map(thing).collect(),
        policies: policies.rows.iter().map(ToString::to_string).collect(),
        connected,
    }))
}

/// Short forms of the words for parts of a name (RFC 4514).
const SHORT: &[(&str, &str)] = &[
    ("CommonName", "CN"),
    ("Country", "C"),
    ("Organization", "O"),
    ("OrganizationalUnit", "OU"),
    ("State", "ST"),
];

/// A name as people know it: `CN=pump-17, O=Ward`.
pub(crate) fn text_of(name: &[(&'static str, String)]) -> String {
    let part = |(word, value): &(&'static str, String)| {
        let word = SHORT.iter().find(|(long, _)| long == word).map_or(*word, |(_, short)| *short);
        format!("{word}={value}")
    };
    name.iter().map(part).collect::<Vec<_>>().join(", ")
}

pub(crate) fn arn_of(control: &ControlPlane, id: &str) -> String {
    control.account().iot_arn(&format!("cert/{id}"))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Change {
    status: CertificateStatus,
}

pub(crate) async fn change(
    State(state): State<Shared>,
    Name(id): Name,
    Body(change): Body<Change>,
) -> ApiResult<StatusCode> {
    state.control.update_certificate(&id, change.status.as_str()).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn delete(State(state): State<Shared>, Name(id): Name) -> ApiResult<StatusCode> {
    state.control.delete_certificate(&id, true).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn attach_thing(
    State(state): State<Shared>,
    Names(id, thing): Names,
) -> ApiResult<StatusCode> {
    let arn = arn_of(&state.control, &id);
    state.control.attach_thing_principal(&thing, &arn, AttachmentKind::NonExclusive).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn detach_thing(
    State(state): State<Shared>,
    Names(id, thing): Names,
) -> ApiResult<StatusCode> {
    state.control.detach_thing_principal(&thing, &arn_of(&state.control, &id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn attach_policy(
    State(state): State<Shared>,
    Names(id, policy): Names,
) -> ApiResult<StatusCode> {
    state.control.attach_policy(&policy, &arn_of(&state.control, &id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn detach_policy(
    State(state): State<Shared>,
    Names(id, policy): Names,
) -> ApiResult<StatusCode> {
    state.control.detach_policy(&policy, &arn_of(&state.control, &id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes a certificate off `thing`. One that is on no other thing is switched off and removed.
pub(crate) async fn part_with(
    state: &Shared,
    thing: &str,
    id: &CertificateId,
) -> Result<(), ApiError> {
    let control = &state.control;
    let things = state.registry.things_of_certificate(id, &Page::first(2)).await?;
    let is_its_own = things.rows.iter().all(|(name, _)| name.as_str() == thing);
    if is_its_own
        && control.describe_certificate(id.as_str()).await?.status == CertificateStatus::Active
    {
        let off = CertificateStatus::Inactive.as_str();
        control.update_certificate(id.as_str(), off).await?;
    }
    control.detach_thing_principal(thing, &arn_of(control, id.as_str())).await?;
    if is_its_own {
        control.delete_certificate(id.as_str(), true).await?;
    }
    Ok(())
}
