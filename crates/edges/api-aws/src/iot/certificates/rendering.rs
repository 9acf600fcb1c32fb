//! What several operations on certificates answer.

use picket_ports::registry::{Certificate, Order, Rows};
use picket_wire_aws::timestamp;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::call::Call;
use crate::operation::ApiResult;

/// The answer after a registration.
pub(super) fn registered(call: &Call, certificate: &Certificate) -> Answer {
    let answer = Answer::json(json!({
        "certificateArn": call.control().certificate_arn(&certificate.id),
        "certificateId": certificate.id,
    }));
    answer.about(format!("cert/{}", certificate.id))
}

/// `isAscendingOrder` as an order.
pub(in crate::iot) fn order(call: &Call) -> ApiResult<Order> {
    Ok(if call.is_ascending()? { Order::Ascending } else { Order::Descending })
}

/// A page of certificates.
pub(super) fn listing(call: &Call, listed: Rows<Certificate>) -> ApiResult {
    let row = |certificate: &Certificate| {
        json!({
            "certificateArn": call.control().certificate_arn(&certificate.id),
            "certificateId": certificate.id,
            "status": certificate.status.as_str(),
            "certificateMode": certificate.mode.as_str(),
            "creationDate": timestamp::seconds(certificate.created),
        })
    };
    let rows: Vec<Value> = listed.rows.iter().map(row).collect();
    Ok(Answer::json(json!({ "certificates": rows, "nextMarker": call.next(listed.next)? })))
}
