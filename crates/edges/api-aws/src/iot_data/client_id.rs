//! The client id in a path.

use crate::call::{Call, shortened};
use crate::fault::ApiError;
use crate::operation::ApiResult;

const CLIENT_ID_BYTES_MAX: usize = 128;

impl Call {
    /// The label `clientId`.
    pub(super) fn client_id(&self) -> ApiResult<&str> {
        let client_id = self.label("clientId")?;
        if client_id.starts_with('$') {
            return Err(ApiError::invalid(format!(
                "the client id `{}` begins with $, which is reserved",
                shortened(client_id)
            )));
        }
        if client_id.len() > CLIENT_ID_BYTES_MAX {
            return Err(ApiError::invalid(format!(
                "the client id is {} bytes long; {CLIENT_ID_BYTES_MAX} are possible",
                client_id.len()
            )));
        }
        Ok(client_id)
    }
}

/// Nothing is known of this client.
pub(super) fn unknown(client_id: &str) -> ApiError {
    picket_wire_aws::AwsError::new(
        picket_wire_aws::AwsCode::ResourceNotFound,
        format!("client `{}` has no connection and no session", shortened(client_id)),
    )
    .into()
}
