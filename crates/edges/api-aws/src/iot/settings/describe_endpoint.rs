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

/// The endpoint types of AWS. Those after the first three have nothing behind them here.
const SERVED: &[&str] = &["iot:Data-ATS", "iot:Data", "iot:CredentialProvider"];
const ABSENT: &[&str] = &["iot:Jobs", "iot:DeviceAdvisor", "iot:Data-Beta"];

async fn run(call: Call) -> ApiResult {
    let wanted = call.query("endpointType").unwrap_or("iot:Data");
    let config = &call.shared.config;
    let host = match wanted {
        "iot:Data-ATS" | "iot:Data" => &config.data_host,
        "iot:CredentialProvider" if config.credentials_host.is_empty() => &config.data_host,
        "iot:CredentialProvider" => &config.credentials_host,
        absent if ABSENT.contains(&absent) => {
            return Err(ApiError::invalid(format!("Picket has no endpoint of type {absent}")));
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
