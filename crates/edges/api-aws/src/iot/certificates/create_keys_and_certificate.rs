//! `CreateKeysAndCertificate`.

use http::Method;
use serde_json::json;

use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "CreateKeysAndCertificate",
    method: Method::POST,
    path: "/keys-and-certificate",
    access: Access::Write,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    let set_as_active = call.query_flag("setAsActive")?;
    let made = call.control().create_keys_and_certificate(set_as_active).await?;
    let id = &made.certificate.id;
    let answer = Answer::json(json!({
        "certificateArn": call.control().certificate_arn(id),
        "certificateId": id,
        "certificatePem": made.certificate.pem,
        "keyPair": {
            "PublicKey": made.public_key_pem,
            "PrivateKey": made.private_key_pem.expose(),
        },
    }));
    Ok(answer.about(format!("cert/{id}")))
}
