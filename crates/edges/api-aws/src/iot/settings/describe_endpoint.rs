//! `DescribeEndpoint`: where devices connect.

use http::Method;
use serde_json::json;

use crate::answer::Answer;
use crate::call::{Call, shortened};
use crate::fault::ApiError;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "DescribeEndpoint",
    method: Method::GET,
    path: "/endpoint",
    access: Access::Read,
    run: |call| Box::pin(run(call)),
};

/// The endpoint types of AWS that have a host here. One listener serves them all, and tells requests apart
/// by their path.
const SERVED: &[&str] =
    &["iot:Data-ATS", "iot:Data", "iot:Data-Beta", "iot:CredentialProvider", "iot:Jobs"];

/// A bare host name: clients add the port.
async fn run(call: Call) -> ApiResult {
    let wanted = call.query("endpointType").unwrap_or("iot:Data");
    let config = &call.shared.config;
    let host = match wanted {
        "iot:CredentialProvider" if !config.credentials_host.is_empty() => &config.credentials_host,
        served if SERVED.contains(&served) => &config.data_host,
        "iot:DeviceAdvisor" => {
            return Err(ApiError::invalid("Picket has no endpoint of type iot:DeviceAdvisor"));
        }
        other => {
            return Err(ApiError::invalid(format!(
                "the endpoint type `{}` does not exist; there are {}",
                shortened(other),
                SERVED.join(", ")
            )));
        }
    };
    Ok(Answer::json(json!({ "endpointAddress": host })))
}
