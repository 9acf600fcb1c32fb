//! Everything about one thing.

use axum::Json;
use axum::extract::State;
use picket_core::{CertificateId, ErrorCode, ThingName, Timestamp};
use picket_ports::RegistryError;
use picket_ports::alarms::AlarmFilter;
use picket_ports::connections::ConnectionFilter;
use picket_ports::registry::{CertificateStatus, Page, PolicyTarget};
use picket_registry::EffectivePolicy;
use serde::Serialize;

use crate::error::{ApiError, ApiResult};
use crate::routes::Name;
use crate::routes::alarms::AlarmView;
use crate::routes::certificates::arn_of;
use crate::routes::connections::{self, ConnectionView};
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

/// A policy that applies to the thing.
#[derive(Debug, Serialize)]
struct PolicyView {
    name: String,
    /// What it is attached to: `certificate` or `group`.
    via: &'static str,
    via_name: String,
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
    policies: Vec<PolicyView>,
    /// Clients that stand for it: connected, or with a session that waits.
    connections: Vec<ConnectionView>,
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
    let policies = match registered {
        true => policies(&state, &name, &certificates).await?,
        false => Vec::new(),
    };
    let stands_for_it =
        ConnectionFilter { thing: Some(name.to_string()), ..ConnectionFilter::default() };
    let connections = connections::first_of(&*state.connections, &stands_for_it).await;
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
        policies,
        connections: connections.into_iter().map(ConnectionView::from).collect(),
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

/// The policies of its certificates and of its groups, each once.
async fn policies(
    state: &ConsoleState,
    name: &ThingName,
    certificates: &[CertificateView],
) -> ApiResult<Vec<PolicyView>> {
    let control = &state.control;
    let mut found: Vec<PolicyView> = Vec::new();
    let mut add = |effective: Vec<EffectivePolicy>| {
        for EffectivePolicy { policy, via } in effective {
            let name = policy.name.to_string();
            if found.iter().any(|known| known.name == name) {
                continue;
            }
            let (via, via_name) = match via {
                PolicyTarget::Certificate(id) => ("certificate", id.to_string()),
                PolicyTarget::Group(group) => ("group", group),
                PolicyTarget::Identity(id) => ("identity", id),
            };
            found.push(PolicyView { name, via, via_name });
        }
    };
    for certificate in certificates {
        let arn = arn_of(control, certificate.id.as_str());
        add(control.get_effective_policies(None, Some(&arn), None).await?);
    }
    add(control.get_effective_policies(Some(name.as_str()), None, None).await?);
    Ok(found)
}
