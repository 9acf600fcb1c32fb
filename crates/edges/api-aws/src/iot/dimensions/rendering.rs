//! Dimensions in AWS's shape.

use picket_registry::Dimension;
use picket_wire_aws::timestamp::seconds;
use serde_json::{Value, json};

use crate::call::Call;

/// What `DescribeDimension` gives.
pub(super) fn described(call: &Call, dimension: Dimension) -> Value {
    let Dimension { name, dimension_type, values, created, modified } = dimension;
    json!({
        "arn": call.control().dimension_arn(&name),
        "name": name,
        "type": dimension_type,
        "stringValues": values,
        "creationDate": seconds(created),
        "lastModifiedDate": seconds(modified),
    })
}
