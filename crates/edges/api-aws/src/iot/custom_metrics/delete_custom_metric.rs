//! `DeleteCustomMetric`.

use http::Method;

use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "DeleteCustomMetric",
    method: Method::DELETE,
    path: "/custom-metric/{metricName}",
    access: Access::Write,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    call.control().delete_custom_metric(call.label("metricName")?).await?;
    Ok(Answer::empty())
}
