//! Policies with their versions.

use super::{
    Fresh, any_cursor_gives_a_page, at, must_be_in_use, must_be_missing, must_conflict,
    must_exist_already, policy, policy_name, walk_every_way,
};
use crate::registry::{Order, Policy, PolicyTarget, PolicyVersion};

pub(super) async fn run(open: &impl AsyncFn() -> Fresh) {
    a_policy_can_be_created_once(open().await).await;
    a_policy_changes_whole_and_by_revisions(open().await).await;
    a_policy_made_again_is_another_one(open().await).await;
    policies_are_listed_by_time_then_name_in_both_orders(open().await).await;
    an_attached_policy_is_not_removed(open().await).await;
}

async fn a_policy_can_be_created_once(registry: Fresh) {
    must_be_missing(registry.policy(&policy_name("p")).await, "policy");
    registry.create_policy(&policy("p")).await.unwrap();
    let another = Policy::new(policy_name("p"), "other", at(4));
    must_exist_already(registry.create_policy(&another).await, "policy");
    assert_eq!(registry.policy(&policy_name("p")).await.unwrap(), policy("p"));
}

/// A policy after `revision - 1` changes.
fn changed(revision: u64, text: &str) -> Policy {
    let mut policy = policy("p");
    policy.versions.push(PolicyVersion { id: 4, document: text.into(), created: at(5) });
    Policy { default_version: 4, last_version: 5, modified: at(6), revision, ..policy }
}

async fn a_policy_changes_whole_and_by_revisions(registry: Fresh) {
    must_be_missing(registry.replace_policy(&changed(2, "x")).await, "policy");
    registry.create_policy(&policy("p")).await.unwrap();
    let first = changed(2, "{\"odd\":\"ü \\\" ' \u{0} \"}");
    registry.replace_policy(&first).await.unwrap();
    must_conflict(registry.replace_policy(&changed(2, "late")).await, (1, 2));
    must_conflict(registry.replace_policy(&changed(4, "early")).await, (3, 2));
    assert_eq!(registry.policy(&policy_name("p")).await.unwrap(), first);
}

async fn a_policy_made_again_is_another_one(registry: Fresh) {
    registry.create_policy(&policy("p")).await.unwrap();
    registry.delete_policy(&policy_name("p")).await.unwrap();
    must_be_missing(registry.delete_policy(&policy_name("p")).await, "policy");
    let again = Policy::new(policy_name("p"), "{}", at(77));
    registry.create_policy(&again).await.unwrap();
    assert!(registry.replace_policy(&changed(2, "of the first")).await.is_err());
    assert_eq!(registry.policy(&policy_name("p")).await.unwrap(), again);
}

async fn policies_are_listed_by_time_then_name_in_both_orders(registry: Fresh) {
    for (name, created) in [("c", 5), ("a", 9), ("B", 9), ("d", -1), ("e", 9)] {
        let policy = Policy::new(policy_name(name), "{}", at(created));
        registry.create_policy(&policy).await.unwrap();
    }
    let mut wanted = vec!["d", "c", "B", "a", "e"];
    for order in [Order::Ascending, Order::Descending] {
        let list = async |page| registry.policies(order, &page).await.unwrap();
        let found = walk_every_way(list).await;
        let names: Vec<_> = found.iter().map(|policy| policy.name.as_str()).collect();
        assert_eq!(names, wanted, "{order:?}");
        any_cursor_gives_a_page(list).await;
        wanted.reverse();
    }
}

async fn an_attached_policy_is_not_removed(registry: Fresh) {
    registry.create_policy(&policy("p")).await.unwrap();
    let target = PolicyTarget::Identity("us-east-1:0".into());
    registry.attach_policy(&policy_name("p"), &target).await.unwrap();
    must_be_in_use(registry.delete_policy(&policy_name("p")).await, "a target");
    registry.detach_policy(&policy_name("p"), &target).await.unwrap();
    registry.delete_policy(&policy_name("p")).await.unwrap();
}
