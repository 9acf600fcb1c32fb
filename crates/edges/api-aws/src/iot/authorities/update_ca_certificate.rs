//! `UpdateCACertificate`.

use http::Method;
use picket_registry::{AuthorityChange, AuthorityStatus};
use serde::Deserialize;

use super::config::ConfigInput;
use crate::answer::Answer;
use crate::call::{Call, shortened};
use crate::fault::ApiError;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "UpdateCACertificate",
    method: Method::PUT,
    path: "/cacertificate/{caCertificateId}",
    access: Access::Write,
    run: |call| Box::pin(run(call)),
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    registration_config: Option<ConfigInput>,
    remove_auto_registration: Option<bool>,
}

async fn run(call: Call) -> ApiResult {
    let input: Input = call.input()?;
    let change = AuthorityChange {
        status: call.query("newStatus").map(status).transpose()?,
        auto_registration: call.query("newAutoRegistrationStatus").map(is_enabled).transpose()?,
        registration_config: input.registration_config.map(Into::into),
        remove_auto_registration: input.remove_auto_registration.unwrap_or(false),
    };
    call.control().update_ca_certificate(call.label("caCertificateId")?, &change).await?;
    Ok(Answer::empty())
}

fn status(text: &str) -> ApiResult<AuthorityStatus> {
    AuthorityStatus::parse(text).ok_or_else(|| {
        let text = shortened(text);
        ApiError::invalid(format!("`newStatus` is `{text}`; it must be ACTIVE or INACTIVE"))
    })
}

fn is_enabled(text: &str) -> ApiResult<bool> {
    match text {
        "ENABLE" => Ok(true),
        "DISABLE" => Ok(false),
        _ => Err(ApiError::invalid(format!(
            "`newAutoRegistrationStatus` is `{}`; it must be ENABLE or DISABLE",
            shortened(text)
        ))),
    }
}
