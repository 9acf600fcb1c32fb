//! `GetConnection`.

use http::Method;
use picket_policy::Action;
use serde_json::json;

use super::client_id::unknown;
use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "GetConnection",
    method: Method::GET,
    path: "/connections/{clientId}",
    access: Access::DeviceRead,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    let client_id = call.client_id()?;
    call.rights().await?.check(Action::GetConnection, client_id)?;
    let with_sockets = call.query_flag("includeSocketInformation")?;
    let found = call.data().connections().connection(client_id).await;
    let found = found.ok_or_else(|| unknown(client_id))?;
    let ended = found.disconnected;
    let facts = &found.facts;
    let source = facts.source.filter(|_| with_sockets);
    let target = facts.target.filter(|_| with_sockets);
    Ok(Answer::json(json!({
        "connected": found.is_connected(),
        "clientId": &*found.client_id,
        "thingName": facts.thing.as_deref(),
        "cleanSession": found.clean_session,
        "keepAliveDuration": facts.keep_alive_seconds,
        "sessionExpiry": found.session_expiry_seconds,
        "connectedSince": ended.is_none().then(|| found.connected_since.as_millis()),
        "disconnectedSince": ended.map(|ended| ended.since.as_millis()),
        "disconnectReason": ended.map(|ended| ended.reason.as_str()),
        "sourceIp": source.map(|at| at.ip().to_string()),
        "sourcePort": source.map(|at| at.port()),
        "targetIp": target.map(|at| at.ip().to_string()),
        "targetPort": target.map(|at| at.port()),
    })))
}
