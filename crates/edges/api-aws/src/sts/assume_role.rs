//! `AssumeRole`: a session of a role, for whom the role's trust policy lets begin one.

use http::Method;
use picket_core::ErrorCode;
use picket_ports::{AssumeError, AssumeRole, Assumer};
use picket_wire_aws::timestamp::iso;
use picket_wire_aws::{AwsCode, AwsError};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::call::{Call, Caller, shortened};
use crate::fault::{self, ApiError};
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "AssumeRole",
    method: Method::POST,
    path: "/",
    access: Access::Assume,
    run: |call| Box::pin(run(call)),
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input {
    role_arn: String,
    role_session_name: String,
    duration_seconds: Option<String>,
    external_id: Option<String>,
}

/// What AWS has and Picket does not: it would narrow the session, or prove more, so it is not passed over.
const ABSENT: &[&str] = &[
    "Policy",
    "PolicyArns",
    "Tags",
    "TransitiveTagKeys",
    "SerialNumber",
    "TokenCode",
    "SourceIdentity",
    "ProvidedContexts",
];

async fn run(call: Call) -> ApiResult {
    refuse_what_is_absent(&call)?;
    let input: Input = call.input()?;
    check("RoleSessionName", &input.role_session_name, 2..=64, "_+=,.@-")?;
    if let Some(id) = &input.external_id {
        check("ExternalId", id, 2..=1224, "_+=,.@:/-")?;
    }
    let seconds = input.duration_seconds.as_deref().map(|text| {
        text.parse::<u32>().map_err(|_| {
            let shown = shortened(text);
            ApiError::invalid(format!("`DurationSeconds` is `{shown}`, which is no number"))
        })
    });
    let Caller::User(owner) = &call.caller else {
        return Err(denied(&call, &input.role_arn, "because it has signed with no access key"));
    };
    let request = AssumeRole {
        role_arn: &input.role_arn,
        session_name: &input.role_session_name,
        seconds: seconds.transpose()?,
        assumer: Assumer::Key(owner),
        account: &call.control().account().id,
        external_id: input.external_id.as_deref(),
        source_ip: call.source_ip(),
        facts: Vec::new(),
    };
    let made = call.shared.deps.keys.assume(request, call.now());
    let made = made.map_err(|error| match error {
        AssumeError::Denied(why) => denied(&call, &input.role_arn, &why),
        error @ AssumeError::Duration { .. } => ApiError::invalid(error.to_string()),
        error @ AssumeError::Unavailable => {
            AwsError::new(AwsCode::QueryServiceUnavailable, error.to_string()).into()
        }
    })?;
    let (name, account) = (&input.role_session_name, &call.control().account().id);
    Ok(Answer::json(json!({
        "Credentials": {
            "AccessKeyId": made.access_key,
            "SecretAccessKey": made.secret.expose(),
            "SessionToken": made.token.expose(),
            "Expiration": iso(made.expires),
        },
        "AssumedRoleUser": {
            "AssumedRoleId": format!("{}:{name}", made.role_id),
            "Arn": format!("arn:aws:sts::{account}:assumed-role/{}/{name}", made.role),
        },
    }))
    .about(format!("role/{} session/{name} accesskey/{}", made.role, made.access_key)))
}

fn refuse_what_is_absent(call: &Call) -> ApiResult<()> {
    let members = call.members()?;
    let is_given = |name: &&&str| match members.get(**name) {
        None => false,
        Some(Value::String(text)) => !text.is_empty(),
        Some(_) => true,
    };
    match ABSENT.iter().find(is_given) {
        None => Ok(()),
        Some(name) => Err(ApiError::invalid(format!(
            "`{name}` is not supported: a session has the rights of its role, no fewer"
        ))),
    }
}

fn check(
    member: &str,
    text: &str,
    chars: std::ops::RangeInclusive<usize>,
    more: &str,
) -> ApiResult<()> {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || more.contains(c);
    if chars.contains(&text.len()) && text.chars().all(is_allowed) {
        return Ok(());
    }
    Err(ApiError::invalid(format!(
        "`{member}` is `{}`; it must have {} to {} letters, digits and {more}",
        shortened(text),
        chars.start(),
        chars.end()
    )))
}

fn denied(call: &Call, role: &str, why: &str) -> ApiError {
    let (caller, role) = (call.caller_arn(), role.chars().take(256).collect::<String>());
    let role = role.escape_debug();
    let text = format!(
        "User: {caller} is not authorized to perform: sts:AssumeRole on resource: {role} {why}"
    );
    AwsError::new(fault::own_of(call.service, ErrorCode::Forbidden), text).into()
}
