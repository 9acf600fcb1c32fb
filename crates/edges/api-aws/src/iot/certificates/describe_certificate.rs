//! `DescribeCertificate`.

use http::Method;
use picket_registry::generation_id;
use picket_wire_aws::timestamp;
use serde_json::json;

use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "DescribeCertificate",
    method: Method::GET,
    path: "/certificates/{certificateId}",
    access: Access::Read,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    let certificate = call.control().describe_certificate(call.label("certificateId")?).await?;
    Ok(Answer::json(json!({
        "certificateDescription": {
            "certificateArn": call.control().certificate_arn(&certificate.id),
            "certificateId": certificate.id,
            "caCertificateId": certificate.ca,
            "status": certificate.status.as_str(),
            "certificatePem": certificate.pem,
            "ownedBy": call.control().account().id,
            "creationDate": timestamp::seconds(certificate.created),
            "lastModifiedDate": timestamp::seconds(certificate.modified),
            "customerVersion": certificate.version,
            "transferData": {},
            "generationId": generation_id(&certificate.id, certificate.created),
            "validity": {
                "notBefore": timestamp::seconds(certificate.not_before),
                "notAfter": timestamp::seconds(certificate.not_after),
            },
            "certificateMode": certificate.mode.as_str(),
        },
    })))
}
