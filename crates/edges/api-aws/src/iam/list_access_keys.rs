//! `ListAccessKeys`: of the caller where no user is named. Secrets are never shown again.

use http::Method;
use picket_registry::AccessKey;
use picket_registry::access_keys;
use picket_wire_aws::timestamp::iso;
use serde::Deserialize;
use serde_json::{Value, json};

use super::paging::{listed, page};
use super::users::{key_error, status_text, user_meant, user_of};
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};
use crate::paging::slice;

pub(crate) static OPERATION: Operation = Operation {
    name: "ListAccessKeys",
    method: Method::POST,
    path: "/",
    access: Access::Read,
    run: |call| Box::pin(run(call)),
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input {
    user_name: Option<String>,
}

async fn run(call: Call) -> ApiResult {
    let Input { user_name } = call.input()?;
    let page = page(&call)?;
    let user = user_meant(&call, user_name)?;
    user_of(&call, &user).await?;
    let keys = access_keys(&**call.control().registry(), Some(&user)).await.map_err(key_error)?;
    let (keys, next) = slice(keys, &page, |key| key.id.as_str());
    let key = |key: AccessKey| {
        json!({
            "UserName": key.user,
            "AccessKeyId": key.id,
            "Status": status_text(key.status),
            "CreateDate": iso(key.created),
        })
    };
    let keys: Vec<Value> = keys.into_iter().map(key).collect();
    listed(&call, "AccessKeyMetadata", keys, next)
}
