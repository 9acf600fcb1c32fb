//! `ListCertificates`.

use http::Method;

use super::rendering::{listing, order};
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "ListCertificates",
    method: Method::GET,
    path: "/certificates",
    access: Access::Read,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    let (order, page) = (order(&call)?, call.page_b()?);
    let listed = call.control().list_certificates(order, &page).await?;
    listing(&call, listed)
}
