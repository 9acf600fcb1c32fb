//! `ListIdentityPools`, by id.

use http::Method;
use picket_ports::registry::Page;
use picket_registry::IdentityPool;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::call::Call;
use crate::fault::ApiError;
use crate::operation::{Access, ApiResult, Operation};
use crate::paging::slice;

pub(crate) static OPERATION: Operation = Operation {
    name: "ListIdentityPools",
    method: Method::POST,
    path: "/",
    access: Access::Read,
    run: |call| Box::pin(run(call)),
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input {
    max_results: u32,
    next_token: Option<String>,
}

async fn run(call: Call) -> ApiResult {
    let Input { max_results, next_token } = call.input()?;
    if !(1..=60).contains(&max_results) {
        return Err(ApiError::invalid(format!(
            "`MaxResults` is {max_results}; it must be from 1 to 60"
        )));
    }
    let page = Page { after: call.opened(next_token.as_deref())?, rows_max: max_results };
    let pools = call.control().identity_pools().await?;
    let (pools, next) = slice(pools, &page, |pool| pool.id.as_str());
    let pool =
        |pool: IdentityPool| json!({ "IdentityPoolId": pool.id, "IdentityPoolName": pool.name });
    let pools: Vec<Value> = pools.into_iter().map(pool).collect();
    Ok(Answer::json(json!({ "IdentityPools": pools, "NextToken": call.next(next)? })))
}
