//! What policies are attached to.

use super::{
    Fresh, any_cursor_gives_a_page, certificate, certificate_id, group, must_be_missing, policy,
    policy_name, walk_every_way,
};
use crate::registry::{PolicyTarget, Registry};

pub(super) async fn run(open: &impl AsyncFn() -> Fresh) {
    an_attachment_needs_both_and_can_be_made_and_ended_twice(open().await).await;
    attachments_are_listed_from_both_ends(open().await).await;
}

fn on_certificate(digit: char) -> PolicyTarget {
    PolicyTarget::Certificate(certificate_id(digit))
}

fn on_group(name: &str) -> PolicyTarget {
    PolicyTarget::Group(name.into())
}

fn on_identity(id: &str) -> PolicyTarget {
    PolicyTarget::Identity(id.into())
}

async fn targets_of(registry: &dyn Registry, policy: &str) -> Vec<PolicyTarget> {
    let policy = policy_name(policy);
    let list = async |page| registry.targets_of(&policy, &page).await.unwrap();
    any_cursor_gives_a_page(list).await;
    walk_every_way(list).await
}

async fn policies_of(registry: &dyn Registry, target: &PolicyTarget) -> Vec<String> {
    let list = async |page| registry.policies_of(target, &page).await.unwrap();
    any_cursor_gives_a_page(list).await;
    walk_every_way(list).await.iter().map(ToString::to_string).collect()
}

async fn an_attachment_needs_both_and_can_be_made_and_ended_twice(registry: Fresh) {
    let name = policy_name("p");
    let identity = on_identity("eu-west-1:1'2");
    must_be_missing(registry.attach_policy(&name, &identity).await, "policy");
    registry.create_policy(&policy("p")).await.unwrap();
    must_be_missing(registry.attach_policy(&name, &on_certificate('a')).await, "certificate");
    must_be_missing(registry.attach_policy(&name, &on_group("g")).await, "thing group");
    registry.create_certificate(&certificate('a')).await.unwrap();
    registry.create_group(&group("g", None)).await.unwrap();
    for target in [on_certificate('a'), on_group("g"), identity] {
        for _ in 0..2 {
            registry.attach_policy(&name, &target).await.unwrap();
            assert_eq!(targets_of(&*registry, "p").await, std::slice::from_ref(&target));
            assert_eq!(policies_of(&*registry, &target).await, ["p"]);
        }
        for _ in 0..2 {
            registry.detach_policy(&name, &target).await.unwrap();
            assert!(targets_of(&*registry, "p").await.is_empty());
            assert!(policies_of(&*registry, &target).await.is_empty());
        }
    }
    registry.detach_policy(&policy_name("none"), &on_group("nowhere")).await.unwrap();
}

async fn attachments_are_listed_from_both_ends(registry: Fresh) {
    for name in ["z", "g", "a/b"] {
        registry.create_group(&group(name, None)).await.unwrap();
    }
    for digit in ['b', 'a'] {
        registry.create_certificate(&certificate(digit)).await.unwrap();
    }
    // An identity and a group of the same name are two targets.
    let targets = [
        on_certificate('a'),
        on_certificate('b'),
        on_group("a/b"),
        on_group("g"),
        on_group("z"),
        on_identity("g"),
        on_identity("r:1/2"),
    ];
    for name in ["p2", "p1", "P3"] {
        registry.create_policy(&policy(name)).await.unwrap();
        for target in targets.iter().rev() {
            registry.attach_policy(&policy_name(name), target).await.unwrap();
        }
    }
    registry.detach_policy(&policy_name("p1"), &on_group("g")).await.unwrap();
    assert_eq!(targets_of(&*registry, "p2").await, targets);
    assert_eq!(targets_of(&*registry, "p1").await.len(), targets.len() - 1);
    assert_eq!(policies_of(&*registry, &on_identity("g")).await, ["P3", "p1", "p2"]);
    assert_eq!(policies_of(&*registry, &on_group("g")).await, ["P3", "p2"]);
    assert!(targets_of(&*registry, "none").await.is_empty());
    assert!(policies_of(&*registry, &on_group("' OR 1=1 --")).await.is_empty());
}
