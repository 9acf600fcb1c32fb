//! Where devices connect: for the files that a new device is given.

use axum::Json;
use axum::extract::State;
use serde::Serialize;

use crate::server::FrontDoor;
use crate::state::Shared;

#[derive(Debug, Serialize)]
pub(crate) struct EndpointView {
    host: String,
    /// MQTT over mutual TLS.
    mqtt_port: Option<u16>,
    /// The listener that tells protocols apart by ALPN.
    alpn_port: Option<u16>,
}

pub(crate) async fn show(State(state): State<Shared>) -> Json<EndpointView> {
    let FrontDoor { host, mqtt_port, alpn_port } = state.front_door.clone();
    Json(EndpointView { host, mqtt_port, alpn_port })
}
