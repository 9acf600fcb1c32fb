//! What can be done about the sample alarms, and who is told of them.

use std::collections::BTreeMap;

use picket_mitigate::{ActionParams, Mitigation, NewAction};
use picket_notify::{NotifyEngine, Subscribe};
use picket_registry::{ControlPlane, NewGroup};
use serde_json::{Value, json};

const GROUP: &str = "quarantine";

/// A group, two actions that make a quarantine, and a topic with a subscriber.
pub(crate) async fn fill(control: &ControlPlane, mitigation: &Mitigation, notify: &NotifyEngine) {
    let group = NewGroup { name: GROUP.to_owned(), ..NewGroup::default() };
    control.create_thing_group(group, &[]).await.unwrap();
    let joins = json!({ "thingGroupNames": [GROUP], "overrideDynamicGroups": false });
    act(mitigation, "isolate", json!({ "addThingsToThingGroupParams": joins })).await;
    let off = json!({ "action": "DEACTIVATE" });
    act(mitigation, "cut-off", json!({ "updateDeviceCertificateParams": off })).await;
    let topic_arn = notify.create_topic("ops", BTreeMap::new(), Vec::new()).await.unwrap();
    let told = json!({ "topicArn": topic_arn });
    act(mitigation, "tell-ops", json!({ "publishFindingToSnsParams": told })).await;
    let (protocol, endpoint) = ("mqtt".to_owned(), "ops/alarms".to_owned());
    let asked = Subscribe { topic_arn, protocol, endpoint, ..Subscribe::default() };
    notify.subscribe(asked).await.unwrap();
}

async fn act(mitigation: &Mitigation, name: &str, params: Value) {
    let params = ActionParams::read(&params).unwrap();
    let role_arn = "arn:aws:iam::000000000000:role/picket-mitigation".to_owned();
    let new = NewAction { name: name.to_owned(), role_arn, params, tags: Vec::new() };
    mitigation.create_action(new).await.unwrap();
}
