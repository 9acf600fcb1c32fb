//! `DescribeCustomMetric`.

use http::Method;

use super::rendering::described;
use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "DescribeCustomMetric",
    method: Method::GET,
    path: "/custom-metric/{metricName}",
    access: Access::Read,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    let metric = call.control().custom_metric(call.label("metricName")?).await?;
    Ok(Answer::json(described(&call, metric)))
}
