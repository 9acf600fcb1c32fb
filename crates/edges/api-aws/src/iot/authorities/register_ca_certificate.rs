//! `RegisterCACertificate`.

use http::Method;
use picket_ports::registry::CertificateMode;
use picket_registry::NewAuthority;
use serde::Deserialize;
use serde_json::json;

use super::config::ConfigInput;
use crate::answer::Answer;
use crate::call::{Call, shortened};
use crate::fault::ApiError;
use crate::iot::first_tags::FirstTags;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "RegisterCACertificate",
    method: Method::POST,
    path: "/cacertificate",
    access: Access::Write,
    run: |call| Box::pin(run(call)),
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    ca_certificate: String,
    verification_certificate: Option<String>,
    registration_config: Option<ConfigInput>,
    tags: Option<FirstTags>,
    certificate_mode: Option<String>,
}

async fn run(call: Call) -> ApiResult {
    let input: Input = call.input()?;
    let tags = input.tags.unwrap_or_default().pairs();
    let new = NewAuthority {
        certificate_pem: &input.ca_certificate,
        verification_pem: input.verification_certificate.as_deref(),
        mode: input.certificate_mode.as_deref().map(mode).transpose()?,
        is_active: call.query_flag("setAsActive")?,
        auto_registration: call.query_flag("allowAutoRegistration")?,
        registration_config: input.registration_config.map(Into::into),
        tags: &tags,
    };
    let registered = call.control().register_ca_certificate(new).await?;
    let answer = Answer::json(json!({
        "certificateArn": call.control().authority_arn(registered.id()),
        "certificateId": registered.id(),
    }));
    Ok(answer.about(format!("cacert/{}", registered.id())))
}

fn mode(text: &str) -> ApiResult<CertificateMode> {
    CertificateMode::parse(text).ok_or_else(|| {
        let text = shortened(text);
        ApiError::invalid(format!("`certificateMode` is `{text}`; it must be DEFAULT or SNI_ONLY"))
    })
}
