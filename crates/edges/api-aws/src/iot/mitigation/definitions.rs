//! The actions of a task as they were when it started, in AWS's shape.

use picket_mitigate::ActionDefinition;
use serde_json::{Value, json};

pub(super) fn of(actions: &[ActionDefinition]) -> Vec<Value> {
    let one = |action: &ActionDefinition| {
        let ActionDefinition { name, id, role_arn, params } = action;
        json!({ "name": name, "id": id, "roleArn": role_arn, "actionParams": params.to_json() })
    };
    actions.iter().map(one).collect()
}
