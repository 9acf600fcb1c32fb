//! Everything about one thing.

use axum::Json;
use axum::extract::State;
use picket_core::{CertificateId, ErrorCode, ThingName, Timestamp};
use picket_ports::RegistryError;
use picket_ports::alarms::AlarmFilter;
use picket_ports::registry::{CertificateStatus, Page};
use serde::Serialize;

use crate::error::{ApiError, ApiResult};
use crate::routes::Name;
use crate::routes::alarms::AlarmView;
use crate::spl_text::{self, SavedSpl};
use crate::state::{ConsoleState, Shared};

#[derive(Debug, Serialize)]
pub(crate) struct CertificateView {
    id: CertificateId,
    status: CertificateStatus,
    not_after_ms: Timestamp,
    created_ms: Timestamp,
}

#[derive(Debug, Serialize)]
pub(crate) struct Attribute {
    pub(crate) name: String,
    pub(crate) value: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct ThingView {
    name: ThingName,
    /// False for a device that reports without being in the registry.
    registered: bool,
    id: Option<String>,
    type_name: Option<String>,
    billing_group: Option<String>,
    version: Option<u64>,
    attributes: Vec<Attribute>,
    created_ms: Option<Timestamp>,
    groups: Vec<String>,
    certificates: Vec<CertificateView>,
    alarms: Vec<AlarmView>,
    /// The search for all its events.
    events: SavedSpl,
}

pub(crate) async fn show(
    State(state): State<Shared>,
    Name(name): Name,
) -> ApiResult<Json<ThingView>> {
    let name = ThingName::new(&name)
        .map_err(|error| ApiError::new(ErrorCode::NotFound, error.to_string()))?;
    let thing = match state.registry.thing(&name).await {
        Ok(thing) => Ok(thing),
        Err(missing @ RegistryError::NotFound { .. }) => Err(missing),
        Err(error) => return Err(error.into()),
    };
    let alarms = alarms(&state, &name).await?;
    let registered = thing.is_ok();
    let (groups, certificates) = if registered {
        (state.registry.groups_of_thing(&name).await?, certificates(&state, &name).await?)
    } else {
        (Vec::new(), Vec::new())
    };
    let thing = match thing {
        Ok(thing) => Some(thing),
        Err(missing) if alarms.is_empty() => return Err(missing.into()),
        Err(_) => None,
    };
    let events = SavedSpl {
        spl: spl_text::events_of_thing(&state.config.index, name.as_str()),
        earliest: "-1h".to_owned(),
        latest: "now".to_owned(),
    };
    let pairs = thing.as_ref().map(|thing| thing.attributes.clone()).unwrap_or_default();
    Ok(Json(ThingView {
        name,
        registered,
        id: thing.as_ref().map(|thing| thing.id.clone()),
        type_name: thing.as_ref().and_then(|thing| thing.type_name.clone()),
        billing_group: thing.as_ref().and_then(|thing| thing.billing_group.clone()),
        version: thing.as_ref().map(|thing| thing.version),
        attributes: pairs.into_iter().map(|(name, value)| Attribute { name, value }).collect(),
        created_ms: thing.map(|thing| thing.created),
        groups,
        certificates,
        alarms,
        events,
    }))
}

async fn alarms(state: &ConsoleState, name: &ThingName) -> ApiResult<Vec<AlarmView>> {
    let filter = AlarmFilter { thing: Some(name.as_str().to_owned()), ..AlarmFilter::default() };
    let active = state.alarms.active(&filter).await?;
    Ok(active.into_iter().map(|alarm| AlarmView::active(&state.config.index, alarm)).collect())
}

/// Most certificates shown; a thing has one or two.
const CERTIFICATES_MAX: u32 = 100;

async fn certificates(
    state: &ConsoleState,
    name: &ThingName,
) -> Result<Vec<CertificateView>, RegistryError> {
    let mut certificates = Vec::new();
    let page = Page::first(CERTIFICATES_MAX);
    for (id, _is_exclusive) in state.registry.certificates_of_thing(name, &page).await?.rows {
        let certificate = state.registry.certificate(&id).await?;
        certificates.push(CertificateView {
            id,
            status: certificate.status,
            not_after_ms: certificate.not_after,
            created_ms: certificate.created,
        });
    }
    Ok(certificates)
}
