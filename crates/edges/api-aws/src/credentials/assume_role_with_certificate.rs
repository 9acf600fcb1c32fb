//! `AssumeRoleWithCertificate`: temporary credentials of the role behind an alias.

use http::Method;
use picket_core::CertificateId;
use picket_policy::Action;
use picket_ports::directory::ThingEntry;
use picket_ports::{AssumeError, AssumeRole, Assumer};
use picket_registry::RoleAlias;
use picket_wire_aws::timestamp::iso;
use picket_wire_aws::{AwsCode, AwsError};
use serde_json::json;

use crate::answer::Answer;
use crate::call::{Call, Caller, shortened};
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "AssumeRoleWithCertificate",
    method: Method::GET,
    path: "/role-aliases/{roleAlias}/credentials",
    access: Access::Device,
    run: |call| Box::pin(run(call)),
};

/// Whom the role has to trust.
const SERVICE: &str = "credentials.iot.amazonaws.com";
const THING_HEADER: &str = "x-amzn-iot-thingname";

async fn run(call: Call) -> ApiResult {
    let name = call.label("roleAlias")?;
    let Caller::Device(certificate) = &call.caller else {
        return Err(forbidden("credentials are given to devices, by their certificate").into());
    };
    let thing = match call.headers.get(THING_HEADER).map(|value| value.to_str()) {
        None => None,
        Some(Ok(thing)) => Some(thing),
        Some(Err(_)) => {
            let text = format!("the header {THING_HEADER} is not a thing's name");
            return Err(AwsError::invalid(text).into());
        }
    };
    let thing = call.may_assume(certificate, thing, name).await?;
    let alias = call.control().role_alias(name).await?;
    let (id, account) = (certificate.as_str(), &call.control().account().id);
    let request = AssumeRole {
        role_arn: &alias.role_arn,
        session_name: id,
        seconds: Some(alias.credential_seconds),
        assumer: Assumer::Service(SERVICE),
        account,
        external_id: None,
        source_ip: call.source_ip(),
        facts: facts(certificate, thing.as_deref()),
    };
    let made = call.shared.deps.keys.assume(request, call.now());
    let made = made.map_err(|error| refused(&alias, &error))?;
    tracing::info!(
        role_alias = name,
        role = made.role,
        certificate = id,
        access_key = made.access_key,
        "a device was given the credentials of a role"
    );
    Ok(Answer::json(json!({ "credentials": {
        "accessKeyId": made.access_key,
        "secretAccessKey": made.secret.expose(),
        "sessionToken": made.token.expose(),
        "expiration": iso(made.expires),
    }})))
}

/// What policies of the role may ask for.
fn facts(certificate: &CertificateId, thing: Option<&ThingEntry>) -> Vec<(String, String)> {
    let own = |name: &str, value: &str| (format!("credentials-iot:{name}"), value.to_owned());
    let mut facts = vec![own("AwsCertificateId", certificate.as_str())];
    if let Some(thing) = thing {
        facts.push(own("ThingName", thing.name.as_str()));
        facts.extend(thing.type_name.as_deref().map(|name| own("ThingTypeName", name)));
    }
    facts
}

fn refused(alias: &RoleAlias, error: &AssumeError) -> AwsError {
    let name = shortened(&alias.name);
    match error {
        AssumeError::Denied(why) => {
            forbidden(format!("the role alias {name} gives no credentials {why}"))
        }
        AssumeError::Duration { .. } | AssumeError::Unavailable => {
            AwsError::new(AwsCode::ServiceUnavailable, error.to_string())
        }
    }
}

fn forbidden(text: impl Into<String>) -> AwsError {
    AwsError::new(AwsCode::AccessDenied, text)
}

impl Call {
    /// Whether the policies of the certificate, and of the groups of the thing that is named, let it take
    /// over the role. Gives the thing, if one is named. A denial is charged to the thing (§4.6).
    async fn may_assume(
        &self,
        certificate: &CertificateId,
        thing: Option<&str>,
        alias: &str,
    ) -> ApiResult<Option<std::sync::Arc<ThingEntry>>> {
        let found = self.device_rights(certificate, thing).await?;
        let action = Action::AssumeRoleWithCertificate;
        let why = match (thing, &found.thing) {
            (Some(thing), None) => {
                format!("the certificate is not attached to thing `{}`", shortened(thing))
            }
            _ => match found.authorizer.refusal(action, alias) {
                // Policies of the role know a thing only if the device has named it.
                None => return Ok(thing.and(found.thing)),
                Some(why) => why,
            },
        };
        found.counters.authorization_failure(None);
        Err(forbidden(why).into())
    }
}
