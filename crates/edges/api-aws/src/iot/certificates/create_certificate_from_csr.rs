//! `CreateCertificateFromCsr`.

use http::Method;
use serde::Deserialize;
use serde_json::json;

use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "CreateCertificateFromCsr",
    method: Method::POST,
    path: "/certificates",
    access: Access::Write,
    run: |call| Box::pin(run(call)),
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    certificate_signing_request: String,
}

async fn run(call: Call) -> ApiResult {
    let set_as_active = call.query_flag("setAsActive")?;
    let Input { certificate_signing_request: request } = call.input()?;
    let made = call.control().create_certificate_from_csr(&request, set_as_active).await?;
    let answer = Answer::json(json!({
        "certificateArn": call.control().certificate_arn(&made.id),
        "certificateId": made.id,
        "certificatePem": made.pem,
    }));
    Ok(answer.about(format!("cert/{}", made.id)))
}
