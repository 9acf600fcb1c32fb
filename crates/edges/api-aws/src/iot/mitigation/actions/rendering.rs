//! Mitigation actions in AWS's shape.

use picket_mitigate::MitigationAction;
use picket_wire_aws::timestamp::seconds;
use serde_json::{Value, json};

/// What `CreateMitigationAction` and `UpdateMitigationAction` give.
pub(super) fn identity(action: &MitigationAction) -> Value {
    json!({ "actionArn": action.arn, "actionId": action.id })
}

/// What `DescribeMitigationAction` gives.
pub(super) fn described(action: &MitigationAction) -> Value {
    let MitigationAction { name, id, arn, role_arn, params, created, modified } = action;
    json!({
        "actionName": name,
        "actionType": params.action_type(),
        "actionArn": arn,
        "actionId": id,
        "roleArn": role_arn,
        "actionParams": params.to_json(),
        "creationDate": seconds(*created),
        "lastModifiedDate": seconds(*modified),
    })
}

/// One of `ListMitigationActions`.
pub(super) fn listed(action: &MitigationAction) -> Value {
    json!({
        "actionName": action.name,
        "actionArn": action.arn,
        "creationDate": seconds(action.created),
    })
}
