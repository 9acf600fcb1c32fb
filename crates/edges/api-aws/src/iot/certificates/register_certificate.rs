//! `RegisterCertificate`.

use http::Method;
use picket_registry::CertificateRegistration;
use serde::Deserialize;

use super::rendering::registered;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "RegisterCertificate",
    method: Method::POST,
    path: "/certificate/register",
    access: Access::Write,
    run: |call| Box::pin(run(call)),
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    certificate_pem: String,
    ca_certificate_pem: Option<String>,
    status: Option<String>,
}

async fn run(call: Call) -> ApiResult {
    let set_as_active = match call.query("setAsActive") {
        None => None,
        Some(_) => Some(call.query_flag("setAsActive")?),
    };
    let input: Input = call.input()?;
    let registration = CertificateRegistration {
        certificate_pem: &input.certificate_pem,
        ca_pem: input.ca_certificate_pem.as_deref(),
        set_as_active,
        status: input.status.as_deref(),
    };
    let certificate = call.control().register_certificate(&registration).await?;
    Ok(registered(&call, &certificate))
}
