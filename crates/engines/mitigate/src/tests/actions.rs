use std::collections::BTreeSet;
use std::time::Duration;

use futures::future::join_all;
use picket_ports::registry::Page;
use serde_json::{Value, json};

use super::world::{ROLE, Rig, START, refusal};
use crate::{ActionChange, ActionParams, NewAction};

fn params() -> Value {
    json!({"updateDeviceCertificateParams": {"action": "DEACTIVATE"}})
}

fn new(name: &str) -> NewAction {
    NewAction {
        name: name.to_owned(),
        role_arn: ROLE.to_owned(),
        params: ActionParams::read(&params()).unwrap(),
        tags: vec![("team".to_owned(), "ops".to_owned())],
    }
}

#[tokio::test]
async fn an_action_is_created_changed_described_and_deleted() {
    let rig = Rig::new().await;
    let mitigation = &rig.mitigation;
    let made = mitigation.create_action(new("isolate")).await.unwrap();
    assert_eq!(made.arn, "arn:aws:iot:us-east-1:000000000000:mitigationaction/isolate");
    assert!(uuid::Uuid::parse_str(&made.id).is_ok());
    assert_eq!((made.created, made.modified), (START, START));
    assert_eq!(rig.registry.tags(&made.arn).await.unwrap(), new("isolate").tags);
    assert_eq!(mitigation.action("isolate").await.unwrap(), made);

    rig.clock.advance(Duration::from_secs(5));
    let other_type = json!({"addThingsToThingGroupParams": {"thingGroupNames": ["q"]}});
    let change =
        ActionChange { role_arn: None, params: Some(ActionParams::read(&other_type).unwrap()) };
    let changed = mitigation.update_action("isolate", change).await.unwrap();
    assert_eq!(changed.params.action_type(), "ADD_THINGS_TO_THING_GROUP");
    assert_eq!((&changed.id, &changed.role_arn), (&made.id, &made.role_arn));
    assert_eq!((changed.created, changed.modified), (START, rig.clock.now_ms()));

    mitigation.delete_action("isolate").await.unwrap();
    mitigation.delete_action("isolate").await.unwrap();
    assert_eq!(rig.registry.tags(&made.arn).await.unwrap(), []);
    let text = refusal(mitigation.action("isolate").await);
    assert_eq!(text, "NotFound: mitigation action isolate not found");
    let text = refusal(mitigation.update_action("isolate", ActionChange::default()).await);
    assert_eq!(text, "NotFound: mitigation action isolate not found");
    rig.end().await;
}

trait NowMs {
    fn now_ms(&self) -> picket_core::Timestamp;
}

impl NowMs for picket_core::ManualClock {
    fn now_ms(&self) -> picket_core::Timestamp {
        picket_core::Clock::now(self)
    }
}

#[tokio::test]
async fn names_roles_and_tags_are_checked_and_names_are_used_once() {
    let rig = Rig::new().await;
    let mitigation = &rig.mitigation;
    let first = mitigation.create_action(new("a")).await.unwrap();
    let text = refusal(mitigation.create_action(new("a")).await);
    assert_eq!(text, "ActionExists: mitigation action a already exists");
    assert_eq!(mitigation.action("a").await.unwrap(), first, "and is left alone");
    let twice = vec![("k".to_owned(), "1".to_owned()), ("k".to_owned(), "2".to_owned())];
    for (odd, words) in [
        (new("a:b"), "holds ':'"),
        (NewAction { role_arn: "role".to_owned(), ..new("b") }, "`roleArn` is `role`"),
        (NewAction { tags: twice, ..new("b") }, "tag `k` is given twice"),
    ] {
        let text = refusal(mitigation.create_action(odd).await);
        assert!(text.starts_with("Invalid: ") && text.contains(words), "{text}");
    }
    rig.end().await;
}

#[tokio::test]
async fn there_are_a_hundred_actions_at_most_also_when_all_come_at_once() {
    let rig = Rig::new().await;
    let names: Vec<String> = (0..103).map(|n| format!("a{n}")).collect();
    let made = join_all(names.iter().map(|name| rig.mitigation.create_action(new(name)))).await;
    assert_eq!(made.iter().filter(|made| made.is_ok()).count(), 100);
    let text = refusal(made.into_iter().find(Result::is_err).unwrap());
    assert!(text.starts_with("LimitExceeded: there are 100"), "{text}");
    rig.end().await;
}

#[tokio::test]
async fn actions_are_listed_newest_first_by_type_and_page_by_page() {
    let rig = Rig::new().await;
    for n in 0..5 {
        rig.action(&format!("a{n}"), params()).await;
        rig.clock.advance(Duration::from_secs(1));
    }
    rig.action("g", json!({"addThingsToThingGroupParams": {"thingGroupNames": ["q"]}})).await;
    let mut seen = Vec::new();
    let mut page = Page::first(2);
    loop {
        let rows = rig.mitigation.list_actions(None, &page).await.unwrap();
        assert!(rows.rows.len() <= 2);
        seen.extend(rows.rows.into_iter().map(|action| action.name));
        let Some(next) = rows.next else { break };
        page.after = Some(next);
    }
    assert_eq!(seen, ["g", "a4", "a3", "a2", "a1", "a0"]);
    let groups = Some("ADD_THINGS_TO_THING_GROUP");
    let rows = rig.mitigation.list_actions(groups, &Page::first(25)).await.unwrap().rows;
    let names: BTreeSet<_> = rows.iter().map(|action| action.name.as_str()).collect();
    assert_eq!(names, ["g"].into());
    let odd = Some("PUBLISH_FINDINGS_TO_SNS");
    let text = refusal(rig.mitigation.list_actions(odd, &Page::first(25)).await);
    assert!(text.contains("did you mean `PUBLISH_FINDING_TO_SNS`?"), "{text}");
    rig.end().await;
}
