//! Giving a new device its identity.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use picket_core::{CertificateId, ThingName};
use picket_ports::{NewDeviceRequest, ThingBundle};
use serde::{Deserialize, Serialize};

use crate::audit::Changed;
use crate::error::ApiResult;
use crate::routes::Body;
use crate::state::Shared;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewThing {
    name: String,
    /// The fleet's group when absent.
    #[serde(default)]
    group: Option<String>,
    #[serde(default)]
    type_name: Option<String>,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
}

/// The device's files. The private key is in this answer and nowhere else.
#[derive(Debug, Serialize)]
pub(crate) struct BundleView {
    thing: ThingName,
    certificate_id: CertificateId,
    certificate_pem: String,
    private_key_pem: picket_core::Secret,
    ca_pem: String,
}

pub(crate) async fn create(
    State(state): State<Shared>,
    Body(new): Body<NewThing>,
) -> ApiResult<(StatusCode, Extension<Changed>, Json<BundleView>)> {
    let NewThing { name, group, type_name, attributes } = new;
    let request = NewDeviceRequest { name, group, type_name, attributes };
    let bundle = state.enrollment.create_thing(request).await?;
    let ThingBundle { thing, certificate_id, certificate_pem, private_key_pem, ca_pem } = bundle;
    let changed = Extension(Changed(format!("thing/{thing}")));
    let view = BundleView { thing, certificate_id, certificate_pem, private_key_pem, ca_pem };
    Ok((StatusCode::CREATED, changed, Json(view)))
}
