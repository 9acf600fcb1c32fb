//! `CreateCustomMetric`.

use http::Method;
use picket_registry::NewCustomMetric;
use serde::Deserialize;
use serde_json::json;

use crate::answer::Answer;
use crate::call::Call;
use crate::iot::first_tags::FirstTags;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "CreateCustomMetric",
    method: Method::POST,
    path: "/custom-metric/{metricName}",
    access: Access::Write,
    run: |call| Box::pin(run(call)),
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    metric_type: String,
    display_name: Option<String>,
    tags: Option<FirstTags>,
    client_request_token: String,
}

async fn run(call: Call) -> ApiResult {
    let input: Input = call.input()?;
    let (name, control) = (call.label("metricName")?, call.control());
    let new = NewCustomMetric {
        name: name.to_owned(),
        metric_type: input.metric_type,
        display_name: input.display_name,
        client_request_token: Some(input.client_request_token),
    };
    control.create_custom_metric(new, &input.tags.unwrap_or_default().pairs()).await?;
    Ok(Answer::json(json!({ "metricName": name, "metricArn": control.custom_metric_arn(name) })))
}
