//! `ListCertificatesByCA`.

use http::Method;

use super::rendering::{listing, order};
use crate::call::Call;
use crate::operation::{Access, ApiResult, Operation};

pub(crate) static OPERATION: Operation = Operation {
    name: "ListCertificatesByCA",
    method: Method::GET,
    path: "/certificates-by-ca/{caCertificateId}",
    access: Access::Read,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> ApiResult {
    let (order, page) = (order(&call)?, call.page_b()?);
    let ca = call.label("caCertificateId")?;
    let listed = call.control().list_certificates_by_ca(ca, order, &page).await?;
    listing(&call, listed)
}
