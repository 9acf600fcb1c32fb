//! `ListCACertificates`.

use http::Method;
use picket_registry::RegisteredAuthority;
use picket_wire_aws::timestamp;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::call::Call;
use crate::iot::certificates::rendering::order;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "ListCACertificates",
    method: Method::GET,
    path: "/cacertificates",
    access: Access::Read,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    let (order, page) = (order(&call)?, call.page_b()?);
    let template = call.query("templateName");
    let listed = call.control().list_ca_certificates(template, order, &page).await?;
    let row = |authority: &RegisteredAuthority| {
        json!({
            "certificateArn": call.control().authority_arn(authority.id()),
            "certificateId": authority.id(),
            "status": authority.record.status.as_str(),
            "creationDate": timestamp::seconds(authority.created),
        })
    };
    let rows: Vec<Value> = listed.rows.iter().map(row).collect();
    Ok(Answer::json(json!({ "certificates": rows, "nextMarker": call.next(listed.next)? })))
}
