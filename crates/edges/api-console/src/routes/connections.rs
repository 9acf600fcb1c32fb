//! Who is connected, and the log of the front door.

use std::net::IpAddr;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use picket_core::{CertificateId, ErrorCode, Timestamp};
use picket_ports::connection_log::{ConnectionEvent, ConnectionEventKind, ConnectionLogFilter};
use picket_ports::connections::{Connection, ConnectionFilter, Connections, EndConnection};
use serde::{Deserialize, Serialize};

use super::paging::rows;
use super::{Name, Params};
use crate::error::{ApiError, ApiResult};
use crate::state::Shared;

/// Clients that are shown with what connects them.
const SHOWN_MAX: usize = 100;

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ListParams {
    /// A part of the client id or of the thing's name.
    text: Option<String>,
    thing: Option<String>,
    principal: Option<String>,
    connected: Option<bool>,
    after: Option<String>,
    limit: Option<u32>,
}

#[derive(Debug, Serialize)]
pub(crate) struct ConnectionView {
    client_id: String,
    is_connected: bool,
    thing: Option<String>,
    principal: String,
    source: Option<String>,
    /// When the present state began.
    since_ms: Timestamp,
    keep_alive_seconds: u16,
    session_expiry_seconds: u32,
    clean_session: bool,
    disconnect_reason: Option<&'static str>,
    /// `MQTT 3.1.1` or `MQTT 5`.
    protocol: &'static str,
    subscriptions: usize,
    /// Messages that wait for it, those on their way included.
    waiting: usize,
    /// When its session ends if it stays away.
    session_ends_ms: Option<Timestamp>,
}

impl From<Connection> for ConnectionView {
    fn from(connection: Connection) -> Self {
        let ended = connection.disconnected;
        Self {
            client_id: connection.client_id.to_string(),
            is_connected: connection.disconnected.is_none(),
            thing: connection.facts.thing.as_deref().map(str::to_owned),
            principal: connection.facts.principal.to_string(),
            source: connection.facts.source.map(|address| address.to_string()),
            since_ms: ended.map_or(connection.connected_since, |ended| ended.since),
            keep_alive_seconds: connection.facts.keep_alive_seconds,
            session_expiry_seconds: connection.session_expiry_seconds,
            clean_session: connection.clean_session,
            disconnect_reason: ended.map(|ended| ended.reason.as_str()),
            protocol: if connection.protocol_level == 5 { "MQTT 5" } else { "MQTT 3.1.1" },
            subscriptions: connection.subscriptions,
            waiting: connection.queued + connection.in_flight,
            session_ends_ms: connection.session_ends,
        }
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct ConnectionList {
    connections: Vec<ConnectionView>,
    next: Option<String>,
    total: usize,
}

#[derive(Debug, Serialize)]
struct SubscriptionView {
    topic_filter: String,
    qos: u8,
}

#[derive(Debug, Serialize)]
pub(crate) struct ConnectionDetail {
    connection: ConnectionView,
    subscriptions: Vec<SubscriptionView>,
}

/// The first clients that `filter` wants, however many pages have to be looked through.
pub(super) async fn first_of(
    connections: &dyn Connections,
    filter: &ConnectionFilter,
) -> Vec<Connection> {
    let mut found = Vec::new();
    let mut after = None;
    loop {
        let page_max = SHOWN_MAX - found.len();
        let page = connections.connections(filter, after.as_deref(), page_max).await;
        found.extend(page.connections);
        after = page.next;
        if after.is_none() || found.len() >= SHOWN_MAX {
            return found;
        }
    }
}

/// Clients that are connected with a certificate, the first of them.
pub(super) async fn client_ids_of(
    connections: &dyn Connections,
    certificate: &CertificateId,
) -> Vec<String> {
    let filter = ConnectionFilter {
        connected: Some(true),
        principal: Some(certificate.to_string()),
        ..ConnectionFilter::default()
    };
    let found = first_of(connections, &filter).await;
    found.into_iter().map(|connection| connection.client_id.to_string()).collect()
}

pub(crate) async fn list(
    State(state): State<Shared>,
    Params(params): Params<ListParams>,
) -> ApiResult<Json<ConnectionList>> {
    let page_max = rows(params.limit)? as usize;
    let filter = ConnectionFilter {
        connected: params.connected,
        text: params.text,
        thing: params.thing,
        principal: params.principal,
    };
    let after = params.after.as_deref();
    let page = state.connections.connections(&filter, after, page_max).await;
    let counts = state.connections.connection_counts().await;
    let connections = page.connections.into_iter().map(ConnectionView::from).collect();
    let total = counts.connected + counts.kept;
    Ok(Json(ConnectionList { connections, next: page.next, total }))
}

pub(crate) async fn show(
    State(state): State<Shared>,
    Name(client_id): Name,
) -> ApiResult<Json<ConnectionDetail>> {
    let unknown = || {
        let message = format!("client `{client_id}` has no connection and no session");
        ApiError::new(ErrorCode::NotFound, message)
    };
    let connection = state.connections.connection(&client_id).await.ok_or_else(unknown)?;
    let entries = state.connections.subscriptions(&client_id).await.unwrap_or_default();
    let view = |entry: picket_ports::connections::SubscriptionEntry| SubscriptionView {
        topic_filter: entry.filter.to_string(),
        qos: entry.qos,
    };
    let subscriptions = entries.into_iter().map(view).collect();
    Ok(Json(ConnectionDetail { connection: connection.into(), subscriptions }))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct EndParams {
    clean_session: bool,
}

pub(crate) async fn end(
    State(state): State<Shared>,
    Name(client_id): Name,
    Params(params): Params<EndParams>,
) -> ApiResult<StatusCode> {
    let how = EndConnection { clean_session: params.clean_session, prevent_will: false };
    state.connections.end_connection(&client_id, how).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct LogParams {
    client_id: Option<String>,
    thing: Option<String>,
    principal: Option<String>,
    /// A part of the client id, of the thing's name or of the principal.
    text: Option<String>,
    reason: Option<String>,
    address: Option<IpAddr>,
    /// `next` of the page before.
    before: Option<u64>,
    kind: Option<ConnectionEventKind>,
    limit: Option<u32>,
}

#[derive(Debug, Serialize)]
struct EventView {
    number: u64,
    at_ms: Timestamp,
    kind: ConnectionEventKind,
    client_id: Option<String>,
    thing: Option<String>,
    principal: Option<String>,
    source: String,
    listener: &'static str,
    protocol: Option<&'static str>,
    tls: Option<&'static str>,
    reason: Option<&'static str>,
    detail: Option<String>,
}

impl From<ConnectionEvent> for EventView {
    fn from(event: ConnectionEvent) -> Self {
        let text = |text: Option<std::sync::Arc<str>>| text.as_deref().map(str::to_owned);
        Self {
            number: event.number,
            at_ms: event.time,
            kind: event.kind,
            client_id: text(event.client_id),
            thing: text(event.thing),
            principal: text(event.principal),
            source: event.address.to_string(),
            listener: event.listener,
            protocol: event.protocol,
            tls: event.tls,
            reason: event.reason,
            detail: text(event.detail),
        }
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct LogView {
    events: Vec<EventView>,
    /// What to give as `before` for older ones; absent on the last page.
    next: Option<u64>,
}

pub(crate) async fn log(
    State(state): State<Shared>,
    Params(params): Params<LogParams>,
) -> ApiResult<Json<LogView>> {
    let rows_max = rows(params.limit)? as usize;
    let filter = ConnectionLogFilter {
        before: params.before,
        client_id: params.client_id,
        thing: params.thing,
        principal: params.principal,
        address: params.address,
        kind: params.kind,
        reason: params.reason,
        text: params.text,
    };
    let found = state.connection_log.recent(&filter, rows_max);
    let oldest = found.last().filter(|_| found.len() >= rows_max);
    let next = oldest.map(|event| event.number);
    Ok(Json(LogView { events: found.into_iter().map(EventView::from).collect(), next }))
}
