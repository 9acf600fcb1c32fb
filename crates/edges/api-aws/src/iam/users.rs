//! Users and their keys: those of this server.

use picket_ports::RegistryError;
use picket_ports::registry::{Document, DocumentKind};
use picket_registry::{AccessKeyError, AccessKeyStatus, ControlError, access_keys};
use picket_wire_aws::timestamp::iso;
use serde_json::{Value, json};

use crate::call::{Call, shortened};
use crate::fault::ApiError;
use crate::operation::ApiResult;

/// The namespace of user ids, which follow from the name and the time of creation.
const USERS: uuid::Uuid = uuid::Uuid::from_u128(0x1d0f_6ac3_2f7e_4f55_8a39_91c2_54e7_aa10);

/// A user that exists.
pub(super) async fn user_of(call: &Call, name: &str) -> ApiResult<Document> {
    match call.control().registry().document(DocumentKind::User, name).await {
        Ok(user) => Ok(user),
        Err(RegistryError::NotFound { .. }) => {
            Err(ControlError::not_found("user", shortened(name)).into())
        }
        Err(error) => Err(error.into()),
    }
}

/// The user that an operation is about: the caller, where none is named. A session of a role is none.
pub(super) fn user_meant(call: &Call, named: Option<String>) -> ApiResult<String> {
    match named {
        Some(name) => Ok(name),
        None if call.caller.session().is_some() => {
            Err(ApiError::invalid("`UserName` must be given: the caller is the session of a role"))
        }
        None => Ok(call.caller.name().to_owned()),
    }
}

/// `AIDA…` of the user `name`.
pub(crate) async fn user_id(call: &Call, name: &str) -> ApiResult<String> {
    Ok(id_of(&user_of(call, name).await?))
}

fn id_of(user: &Document) -> String {
    let seed = format!("{}/{}", user.name, user.created.as_millis());
    let id = uuid::Uuid::new_v5(&USERS, seed.as_bytes()).simple().to_string();
    format!("AIDA{}", id.to_ascii_uppercase().chars().take(17).collect::<String>())
}

/// `User`.
pub(super) fn user_json(call: &Call, user: &Document) -> Value {
    let account = &call.control().account().id;
    json!({
        "Path": "/",
        "UserName": user.name,
        "UserId": id_of(user),
        "Arn": format!("arn:aws:iam::{account}:user/{}", user.name),
        "CreateDate": iso(user.created),
    })
}

/// Refuses a key that is not there, or is not the named user's.
pub(super) async fn key_of(call: &Call, user: Option<String>, id: &str) -> ApiResult<()> {
    let keys = access_keys(&**call.control().registry(), user.as_deref()).await;
    if keys.map_err(key_error)?.iter().any(|key| key.id == id) {
        return Ok(());
    }
    Err(ControlError::not_found("access key", shortened(id)).into())
}

/// Resolves when a changed key, role or policy is in force.
pub(super) async fn keys_in_force(call: &Call) {
    let revision = *call.control().registry().revision().borrow();
    call.shared.deps.keys.caught_up(revision).await;
}

/// IAM's spelling.
pub(super) const fn status_text(status: AccessKeyStatus) -> &'static str {
    match status {
        AccessKeyStatus::Active => "Active",
        AccessKeyStatus::Inactive => "Inactive",
    }
}

/// In the control plane's words.
pub(super) fn key_error(error: AccessKeyError) -> ApiError {
    ApiError::Control(match error {
        AccessKeyError::NoSuchUser(name) => ControlError::not_found("user", name),
        AccessKeyError::NoSuchKey(id) => ControlError::not_found("access key", id),
        AccessKeyError::TooMany { .. } => ControlError::LimitExceeded(error.to_string()),
        AccessKeyError::BadId { .. } | AccessKeyError::BadSecret(_) => {
            ControlError::Invalid(error.to_string())
        }
        AccessKeyError::Stored { .. } => ControlError::Internal(error.to_string()),
        AccessKeyError::Registry(error) => error.into(),
    })
}
