//! `RegisterCertificateWithoutCA`.

use http::Method;
use picket_registry::CertificateRegistration;
use serde::Deserialize;

use super::rendering::registered;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "RegisterCertificateWithoutCA",
    method: Method::POST,
    path: "/certificate/register-no-ca",
    access: Access::Write,
    run: |call| Box::pin(run(call)),
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    certificate_pem: String,
    status: Option<String>,
}

async fn run(call: Call) -> ApiResult {
    let input: Input = call.input()?;
    let registration = CertificateRegistration {
        certificate_pem: &input.certificate_pem,
        status: input.status.as_deref(),
        ..CertificateRegistration::default()
    };
    let certificate = call.control().register_certificate_without_ca(&registration).await?;
    Ok(registered(&call, &certificate))
}
