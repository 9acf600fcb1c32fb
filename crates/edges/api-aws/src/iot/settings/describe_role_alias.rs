//! `DescribeRoleAlias`.

use http::Method;
use picket_wire_aws::timestamp::seconds;
use serde_json::json;

use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "DescribeRoleAlias",
    method: Method::GET,
    path: "/role-aliases/{roleAlias}",
    access: Access::Read,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    let control = call.control();
    let alias = control.role_alias(call.label("roleAlias")?).await?;
    Ok(Answer::json(json!({ "roleAliasDescription": {
        "roleAlias": alias.name,
        "roleAliasArn": control.role_alias_arn(&alias.name),
        "roleArn": alias.role_arn,
        "owner": control.account().id,
        "credentialDurationSeconds": alias.credential_seconds,
        "creationDate": seconds(alias.created),
        "lastModifiedDate": seconds(alias.modified),
    }})))
}
