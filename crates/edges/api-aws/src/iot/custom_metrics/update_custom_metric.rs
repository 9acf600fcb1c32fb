//! `UpdateCustomMetric`.

use http::Method;
use serde::Deserialize;

use super::rendering::described;
use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "UpdateCustomMetric",
    method: Method::PATCH,
    path: "/custom-metric/{metricName}",
    access: Access::Write,
    run: |call| Box::pin(run(call)),
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    display_name: String,
}

async fn run(call: Call) -> ApiResult {
    let Input { display_name } = call.input()?;
    let name = call.label("metricName")?;
    let metric = call.control().update_custom_metric(name, &display_name).await?;
    Ok(Answer::json(described(&call, metric)))
}
