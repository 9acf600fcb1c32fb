//! The snapshot: the whole registry as facts.

use std::collections::BTreeSet;

use super::view::View;
use super::{
    Fresh, at, certificate, certificate_id, group, name, policy, policy_name, thing, together,
};
use crate::registry::{
    Certificate, CertificateStatus, DocumentKind, NewDevice, PolicyTarget, Registry,
    RegistryChange, Thing,
};

pub(super) async fn run(open: &impl AsyncFn() -> Fresh) {
    an_empty_registry_has_no_facts(open().await).await;
    a_snapshot_and_the_feed_tell_the_same(open().await).await;
    what_a_fact_names_comes_before_it(open().await).await;
    a_snapshot_taken_amid_changes_is_whole_with_the_feed(open().await).await;
}

async fn an_empty_registry_has_no_facts(registry: Fresh) {
    let (view, revision) = View::of(&*registry).await;
    assert_eq!(view, View::default());
    assert_eq!(revision, *registry.revision().borrow());
}

/// Makes and unmakes some of everything.
async fn live(registry: &dyn Registry) {
    for (name, parent) in [("g", None), ("a", Some("g")), ("doomed", Some("g"))] {
        registry.create_group(&group(name, parent)).await.unwrap();
    }
    for name in ["p", "q", "r"] {
        registry.create_policy(&policy(name)).await.unwrap();
    }
    for (text, digit) in [("t1", '1'), ("t2", '2'), ("t3", '3'), ("t4", '4')] {
        let (thing, certificate, policy) = (thing(text), certificate(digit), policy_name("p"));
        let device =
            NewDevice { thing: &thing, certificate: &certificate, policy: &policy, group: "a" };
        registry.enroll(&device).await.unwrap();
    }
    registry.create_document(DocumentKind::Index, "i", "{}", at(1)).await.unwrap();
    registry.add_to_group(&name("t1"), "doomed").await.unwrap();
    registry.add_to_group(&name("t2"), "g").await.unwrap();
    for target in [
        PolicyTarget::Group("doomed".into()),
        PolicyTarget::Group("g".into()),
        PolicyTarget::Identity("r:i".into()),
    ] {
        registry.attach_policy(&policy_name("q"), &target).await.unwrap();
    }
    registry.attach_thing(&name("t2"), &certificate_id('1'), true).await.unwrap();
    registry.attach_thing(&name("t1"), &certificate_id('1'), true).await.unwrap();
}

async fn let_some_go(registry: &dyn Registry) {
    registry.delete_group("doomed", None).await.unwrap();
    registry.delete_policy(&policy_name("r")).await.unwrap();
    registry.detach_thing(&name("t3"), &certificate_id('3')).await.unwrap();
    registry.delete_thing(&name("t3"), None).await.unwrap();
    registry.delete_certificate(&certificate_id('3'), true).await.unwrap();
    registry.remove_from_group(&name("t4"), "a").await.unwrap();
    let revoked =
        Certificate { status: CertificateStatus::Revoked, version: 2, ..certificate('4') };
    registry.replace_certificate(&revoked).await.unwrap();
    let typed = Thing {
        type_name: Some("pump".into()),
        attributes: vec![("k".into(), "v".into())],
        version: 2,
        ..thing("t4")
    };
    registry.replace_thing(&typed).await.unwrap();
    registry
        .detach_policy(&policy_name("p"), &PolicyTarget::Certificate(certificate_id('4')))
        .await
        .unwrap();
}

async fn a_snapshot_and_the_feed_tell_the_same(registry: Fresh) {
    let (mut feed, mut followed) = (registry.changes(), View::default());
    for step in 0..2 {
        match step {
            0 => live(&*registry).await,
            _ => let_some_go(&*registry).await,
        }
        while let Ok(set) = feed.try_recv() {
            set.changes.iter().for_each(|fact| followed.apply(fact));
        }
        let (read, revision) = View::of(&*registry).await;
        assert_eq!(read, followed);
        assert_eq!(revision, *registry.revision().borrow());
    }
}

async fn what_a_fact_names_comes_before_it(registry: Fresh) {
    live(&*registry).await;
    let mut seen = BTreeSet::new();
    let mut visit = |fact: RegistryChange| {
        let needs = match &fact {
            RegistryChange::Group { parent, .. } => {
                parent.iter().map(|it| format!("g {it}")).collect()
            }
            RegistryChange::Joined(thing, group) => {
                vec![format!("t {thing}"), format!("g {group}")]
            }
            RegistryChange::Attached { thing, certificate, .. } => {
                vec![format!("t {thing}"), format!("c {certificate}")]
            }
            RegistryChange::PolicyAttached(policy, target) => vec![
                format!("p {policy}"),
                match target {
                    PolicyTarget::Certificate(id) => format!("c {id}"),
                    PolicyTarget::Group(name) => format!("g {name}"),
                    PolicyTarget::Identity(_) => format!("p {policy}"),
                },
            ],
            _ => Vec::new(),
        };
        for need in needs {
            assert!(seen.contains(&need), "{need} should come before {fact:?}");
        }
        seen.insert(match fact {
            RegistryChange::Thing(thing) => format!("t {}", thing.name),
            RegistryChange::Group { name, .. } => format!("g {name}"),
            RegistryChange::Certificate { id, .. } => format!("c {id}"),
            RegistryChange::Policy(name, _) => format!("p {name}"),
            RegistryChange::Document(..) => panic!("a snapshot has no documents"),
            other => format!("{other:?}"),
        });
    };
    registry.snapshot(&mut visit).await.unwrap();
    assert!(!seen.is_empty());
}

async fn a_snapshot_taken_amid_changes_is_whole_with_the_feed(registry: Fresh) {
    live(&*registry).await;
    let writing = async {
        for round in 0..40_u32 {
            let text = format!("n{}", round % 5);
            if registry.create_thing(&thing(&text)).await.is_ok() {
                registry.add_to_group(&name(&text), "a").await.unwrap();
            } else {
                registry.delete_thing(&name(&text), None).await.unwrap();
            }
        }
    };
    let reading = async {
        for _ in 0..10 {
            let mut feed = registry.changes();
            let (mut view, revision) = View::of(&*registry).await;
            let mut seen = revision;
            while let Ok(set) = feed.try_recv() {
                set.changes.iter().for_each(|fact| view.apply(fact));
                seen = seen.max(set.revision);
            }
            assert!(seen >= revision);
        }
    };
    let both: [std::pin::Pin<Box<dyn Future<Output = ()>>>; 2] =
        [Box::pin(writing), Box::pin(reading)];
    let mut feed = registry.changes();
    let (mut early, _) = View::of(&*registry).await;
    together(both.into_iter()).await;
    while let Ok(set) = feed.try_recv() {
        set.changes.iter().for_each(|fact| early.apply(fact));
    }
    assert_eq!(early, View::of(&*registry).await.0);
}
