//! The MQTT test client: messages as they pass, and publishing one.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures::stream::{self, Stream};
use picket_core::Timestamp;
use picket_ports::messages::{ListenRequest, Listener, Message, MessageProperties, Origin};
use serde::{Deserialize, Serialize};

use super::Body;
use crate::audit::Changed;
use crate::error::{ApiError, ApiResult};
use crate::gate::Caller;
use crate::state::Shared;

/// Messages that may wait for a slow browser.
const WAITING_MAX: usize = 500;
/// Largest payload that is shown; more would only stall the page.
const SHOWN_BYTES_MAX: usize = 128 * 1024;
const KEEP_ALIVE: Duration = Duration::from_secs(15);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PublishBody {
    topic: String,
    payload: String,
    qos: u8,
    #[serde(default)]
    retain: bool,
}

pub(crate) async fn publish(
    State(state): State<Shared>,
    caller: Caller,
    Body(body): Body<PublishBody>,
) -> ApiResult<(StatusCode, Extension<Changed>)> {
    let PublishBody { topic, payload, qos, retain } = body;
    if qos > 1 {
        return Err(ApiError::invalid(format!("`qos` is {qos}; it must be 0 or 1")));
    }
    if topic.starts_with('$') {
        return Err(ApiError::invalid(format!("`{topic}` is reserved for the server")));
    }
    let changed = Extension(Changed(format!("topic/{topic}")));
    let message = Message {
        topic: topic.into(),
        payload: Bytes::from(payload),
        qos,
        retain,
        properties: MessageProperties::default(),
        origin: Origin::Http { principal: Arc::from(caller.session.user.as_str()) },
        arrived: state.now(),
        traces: Arc::default(),
        depth: 0,
    };
    state.publish.publish(message).await?;
    Ok((StatusCode::NO_CONTENT, changed))
}

/// The data of an event `message`.
#[derive(Debug, Serialize)]
struct MessageView<'a> {
    topic: &'a str,
    payload_text: Option<&'a str>,
    payload_base64: String,
    qos: u8,
    retain: bool,
    client_id: Option<&'a str>,
    at_ms: Timestamp,
    /// Messages that were left out before this one.
    dropped: u64,
}

pub(crate) async fn follow(
    State(state): State<Shared>,
    RawQuery(query): RawQuery,
) -> ApiResult<Sse<impl Stream<Item = Result<Event, Infallible>>>> {
    let request = ListenRequest {
        filters: filters(query.as_deref().unwrap_or_default())?,
        waiting_max: WAITING_MAX,
        with_retained: true,
    };
    let listener = state.listen.listen(&request)?;
    let stopping = state.tasks.token();
    let events = stream::unfold((listener, 0), move |(mut listener, told)| {
        let stopping = stopping.clone();
        async move {
            let message = tokio::select! {
                () = stopping.cancelled() => return None,
                message = listener.next() => message?,
            };
            let (event, told) = event(&listener, &message, told);
            Some((Ok(event), (listener, told)))
        }
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
}

fn filters(query: &str) -> ApiResult<Vec<String>> {
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query)
        .map_err(|error| ApiError::invalid(format!("the query cannot be read: {error}")))?;
    let mut filters = Vec::new();
    for (name, value) in pairs {
        match name.as_str() {
            "filter" => filters.push(value),
            other => {
                let text = format!("there is no parameter `{other}`; did you mean `filter`?");
                return Err(ApiError::invalid(text));
            }
        }
    }
    Ok(filters)
}

/// The event of `message`, and how many have been missed so far; `told` of them are known already.
fn event(listener: &Listener, message: &Message, told: u64) -> (Event, u64) {
    let missed = listener.missed();
    let payload = message.payload.get(..SHOWN_BYTES_MAX).unwrap_or(&message.payload);
    let payload_text = std::str::from_utf8(payload).ok();
    let client_id = match &message.origin {
        Origin::Client { client_id, .. } => Some(client_id.as_ref()),
        Origin::Http { .. } | Origin::Service(_) => None,
    };
    let view = MessageView {
        topic: &message.topic,
        payload_base64: match payload_text {
            Some(_) => String::new(),
            None => STANDARD.encode(payload),
        },
        payload_text,
        qos: message.qos,
        retain: message.retain,
        client_id,
        at_ms: message.arrived,
        dropped: missed.saturating_sub(told),
    };
    let event = Event::default().event("message").json_data(&view);
    (event.unwrap_or_else(|_| Event::default().comment("a message cannot be shown")), missed)
}
