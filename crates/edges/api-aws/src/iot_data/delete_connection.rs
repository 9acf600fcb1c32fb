//! `DeleteConnection`.

use http::Method;
use picket_policy::Action;
use picket_ports::ConnectionsError;
use picket_ports::connections::EndConnection;
use picket_wire_aws::{AwsCode, AwsError};

use super::client_id::unknown;
use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "DeleteConnection",
    method: Method::DELETE,
    path: "/connections/{clientId}",
    access: Access::DeviceWrite,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    let client_id = call.client_id()?;
    call.rights().await?.check(Action::DeleteConnection, client_id)?;
    let how = EndConnection {
        clean_session: call.query_flag("cleanSession")?,
        prevent_will: call.query_flag("preventWillMessage")?,
    };
    match call.data().connections().end_connection(client_id, how).await {
        Ok(()) => Ok(Answer::empty().about(format!("client/{client_id}"))),
        Err(ConnectionsError::NoSuchClient { .. }) => Err(unknown(client_id)),
        Err(error @ ConnectionsError::NotStored { .. }) => {
            Err(AwsError::new(AwsCode::InternalFailure, error.to_string()).into())
        }
    }
}
