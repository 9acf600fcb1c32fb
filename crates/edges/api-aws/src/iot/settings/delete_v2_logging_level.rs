//! `DeleteV2LoggingLevel`.

use http::Method;
use picket_registry::{LogTarget, LogTargetKind};

use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "DeleteV2LoggingLevel",
    method: Method::DELETE,
    path: "/v2LoggingLevel",
    access: Access::Write,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    let kind = LogTargetKind::parse(call.query_needed("targetType")?)?;
    let target = LogTarget { kind, name: call.query("targetName").map(str::to_owned) };
    call.control().delete_logging_level(&target).await?;
    Ok(Answer::empty())
}
