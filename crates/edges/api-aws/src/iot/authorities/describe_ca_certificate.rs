//! `DescribeCACertificate`.

use http::Method;
use picket_registry::generation_id;
use picket_wire_aws::timestamp;
use serde_json::json;

use super::config::config_json;
use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "DescribeCACertificate",
    method: Method::GET,
    path: "/cacertificate/{caCertificateId}",
    access: Access::Read,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    let authority = call.control().describe_ca_certificate(call.label("caCertificateId")?).await?;
    let (id, record) = (authority.id(), &authority.record);
    Ok(Answer::json(json!({
        "certificateDescription": {
            "certificateArn": call.control().authority_arn(id),
            "certificateId": id,
            "status": record.status.as_str(),
            "certificatePem": record.certificate_pem,
            "ownedBy": call.control().account().id,
            "creationDate": timestamp::seconds(authority.created),
            "autoRegistrationStatus": if record.auto_registration { "ENABLE" } else { "DISABLE" },
            "lastModifiedDate": timestamp::seconds(authority.modified),
            "customerVersion": authority.version,
            "generationId": generation_id(id, authority.created),
            "validity": {
                "notBefore": timestamp::seconds(authority.signer.not_before()),
                "notAfter": timestamp::seconds(authority.signer.not_after()),
            },
            "certificateMode": record.mode.as_str(),
        },
        "registrationConfig": record.registration_config.as_ref().map(config_json),
    })))
}
