//! The feed: what is on it, when, and in which order.

use super::{
    Fresh, at, certificate, certificate_id, group, name, news, policy, policy_name, thing, together,
};
use crate::registry::{
    Certificate, CertificateStatus, DocumentKind, PolicyTarget, PolicyVersion, RegistryChange,
    RegistryError, Thing, ThingGroup,
};

pub(super) async fn run(open: &impl AsyncFn() -> Fresh) {
    every_change_of_things_and_groups_is_told(open().await).await;
    every_change_of_certificates_is_told(open().await).await;
    every_change_of_policies_is_told(open().await).await;
    documents_move_a_number_of_their_own(open().await).await;
    what_changes_nothing_is_no_news(open().await).await;
    tags_and_the_audit_trail_are_not_on_the_feed(open().await).await;
    revisions_on_the_feed_follow_one_another(open().await).await;
    one_refusal_among_many_spoils_no_other(open().await).await;
}

async fn every_change_of_things_and_groups_is_told(registry: Fresh) {
    let mut feed = registry.changes();
    let mut expect = async |fact: RegistryChange| {
        assert_eq!(news(&mut feed), [fact], "told before the call resolves");
    };
    registry.create_thing(&thing("t")).await.unwrap();
    expect(RegistryChange::Thing(thing("t").into())).await;
    let changed = Thing { type_name: Some("pump".into()), version: 2, ..thing("t") };
    registry.replace_thing(&changed).await.unwrap();
    expect(RegistryChange::Thing(changed.into())).await;
    let as_fact = |name: &str, parent: Option<&str>| RegistryChange::Group {
        name: name.into(),
        parent: parent.map(str::to_owned),
    };
    registry.create_group(&group("g", None)).await.unwrap();
    expect(as_fact("g", None)).await;
    registry.create_group(&group("child", Some("g"))).await.unwrap();
    expect(as_fact("child", Some("g"))).await;
    let described = ThingGroup { version: 2, ..group("child", Some("g")) };
    registry.replace_group(&described).await.unwrap();
    expect(as_fact("child", Some("g"))).await;
    registry.add_to_group(&name("t"), "child").await.unwrap();
    expect(RegistryChange::Joined(name("t"), "child".into())).await;
    registry.remove_from_group(&name("t"), "child").await.unwrap();
    expect(RegistryChange::Left(name("t"), "child".into())).await;
    registry.delete_group("child", None).await.unwrap();
    expect(RegistryChange::GroupRemoved("child".into())).await;
    registry.delete_thing(&name("t"), None).await.unwrap();
    expect(RegistryChange::ThingRemoved(name("t"))).await;
}

async fn every_change_of_certificates_is_told(registry: Fresh) {
    registry.create_thing(&thing("t")).await.unwrap();
    let id = certificate_id('a');
    let mut feed = registry.changes();
    let as_fact = |status| RegistryChange::Certificate { id: id.clone(), status, not_after: at(9) };
    registry.create_certificate(&certificate('a')).await.unwrap();
    assert_eq!(news(&mut feed), [as_fact(CertificateStatus::Active)]);
    let revoked =
        Certificate { status: CertificateStatus::Revoked, version: 2, ..certificate('a') };
    registry.replace_certificate(&revoked).await.unwrap();
    assert_eq!(news(&mut feed), [as_fact(CertificateStatus::Revoked)]);
    for is_exclusive in [false, true] {
        registry.attach_thing(&name("t"), &id, is_exclusive).await.unwrap();
        let (thing, certificate) = (name("t"), id.clone());
        assert_eq!(
            news(&mut feed),
            [RegistryChange::Attached { thing, certificate, is_exclusive }]
        );
    }
    registry.detach_thing(&name("t"), &id).await.unwrap();
    assert_eq!(news(&mut feed), [RegistryChange::Detached(name("t"), id.clone())]);
    registry.delete_certificate(&id, false).await.unwrap();
    assert_eq!(news(&mut feed), [RegistryChange::CertificateRemoved(id)]);
}

async fn every_change_of_policies_is_told(registry: Fresh) {
    registry.create_group(&group("g", None)).await.unwrap();
    let mut feed = registry.changes();
    let name = policy_name("p");
    let mut policy = policy("p");
    registry.create_policy(&policy).await.unwrap();
    assert_eq!(news(&mut feed), [RegistryChange::Policy(name.clone(), policy.document())]);
    let version = PolicyVersion { id: 2, document: "second".into(), created: at(4) };
    policy.versions.push(version);
    (policy.default_version, policy.last_version, policy.revision) = (2, 2, 2);
    registry.replace_policy(&policy).await.unwrap();
    assert_eq!(news(&mut feed), [RegistryChange::Policy(name.clone(), "second".into())]);
    for target in [PolicyTarget::Group("g".into()), PolicyTarget::Identity("r:i".into())] {
        registry.attach_policy(&name, &target).await.unwrap();
        let attached = RegistryChange::PolicyAttached(name.clone(), target.clone());
        assert_eq!(news(&mut feed), [attached]);
        registry.detach_policy(&name, &target).await.unwrap();
        assert_eq!(news(&mut feed), [RegistryChange::PolicyDetached(name.clone(), target)]);
    }
    registry.delete_policy(&name).await.unwrap();
    assert_eq!(news(&mut feed), [RegistryChange::PolicyRemoved(name)]);
}

async fn documents_move_a_number_of_their_own(registry: Fresh) {
    let (kind, mut feed) = (DocumentKind::TopicRule, registry.changes());
    let numbers = || (*registry.revision().borrow(), *registry.documents_revision().borrow());
    let mut followed = registry.documents_revision();
    let before = numbers();
    registry.create_thing(&thing("t")).await.unwrap();
    assert_eq!(numbers(), (before.0 + 1, before.1), "a thing is no document");
    assert!(!followed.has_changed().unwrap());
    registry.create_document(kind, "n", "1", at(1)).await.unwrap();
    registry.replace_document(kind, "n", "2", None, at(2)).await.unwrap();
    registry.delete_document(kind, "n").await.unwrap();
    assert_eq!(numbers(), (before.0 + 4, before.1 + 3));
    assert!(followed.has_changed().unwrap());
    followed.mark_unchanged();
    let told = news(&mut feed);
    assert_eq!(told.len(), 4);
    assert!(told[1..].iter().all(|it| *it == RegistryChange::Document(kind, "n".into())));
}

async fn what_changes_nothing_is_no_news(registry: Fresh) {
    registry.create_thing(&thing("t")).await.unwrap();
    registry.create_group(&group("g", None)).await.unwrap();
    registry.create_certificate(&certificate('a')).await.unwrap();
    registry.create_policy(&policy("p")).await.unwrap();
    let (thing_name, id, policy) = (name("t"), certificate_id('a'), policy_name("p"));
    let target = PolicyTarget::Group("g".into());
    registry.add_to_group(&thing_name, "g").await.unwrap();
    registry.attach_thing(&thing_name, &id, false).await.unwrap();
    registry.attach_policy(&policy, &target).await.unwrap();
    let (mut feed, before) = (registry.changes(), *registry.revision().borrow());
    let identity = PolicyTarget::Identity("r:i".into());
    registry.add_to_group(&thing_name, "g").await.unwrap();
    registry.attach_thing(&thing_name, &id, false).await.unwrap();
    registry.attach_policy(&policy, &target).await.unwrap();
    registry.remove_from_group(&thing_name, "other").await.unwrap();
    registry.detach_thing(&name("other"), &id).await.unwrap();
    registry.detach_policy(&policy, &identity).await.unwrap();
    assert!(registry.create_thing(&thing("t")).await.is_err());
    assert!(registry.replace_thing(&Thing { version: 9, ..thing("t") }).await.is_err());
    assert!(registry.delete_thing(&thing_name, None).await.is_err());
    assert!(registry.create_group(&group("g", None)).await.is_err());
    assert!(registry.delete_certificate(&id, true).await.is_err());
    assert!(registry.delete_policy(&policy).await.is_err());
    assert!(registry.delete_document(DocumentKind::Index, "none").await.is_err());
    assert_eq!(news(&mut feed), []);
    assert_eq!(*registry.revision().borrow(), before);
}

async fn tags_and_the_audit_trail_are_not_on_the_feed(registry: Fresh) {
    let (mut feed, before) = (registry.changes(), *registry.revision().borrow());
    registry.tag("arn", &[("k".into(), "v".into())]).await.unwrap();
    registry.untag_all("arn").await.unwrap();
    assert_eq!(registry.forget_changes(at(1)).await.unwrap(), 0);
    assert_eq!(news(&mut feed), []);
    assert_eq!(*registry.revision().borrow(), before);
}

async fn revisions_on_the_feed_follow_one_another(registry: Fresh) {
    let mut feed = registry.changes();
    let before = *registry.revision().borrow();
    let things: Vec<_> = (0..100).map(|number| thing(&format!("t{number}"))).collect();
    let made = together(things.iter().map(|thing| async {
        registry.create_thing(thing).await.unwrap();
        // By now the number counts this change too.
        *registry.revision().borrow()
    }))
    .await;
    let (mut last, mut told) = (before, Vec::new());
    while let Ok(set) = feed.try_recv() {
        assert_eq!(set.revision, last + 1);
        last = set.revision;
        told.extend(set.changes.iter().cloned());
    }
    assert_eq!(last, *registry.revision().borrow());
    assert!(made.iter().all(|revision| (before + 1..=last).contains(revision)));
    assert_eq!(told.len(), 100);
    for thing in things {
        assert!(told.contains(&RegistryChange::Thing(thing.into())));
    }
}

async fn one_refusal_among_many_spoils_no_other(registry: Fresh) {
    registry.create_thing(&thing("taken")).await.unwrap();
    let mut feed = registry.changes();
    let things: Vec<_> = (0..60)
        .map(|number| match number % 3 {
            0 => thing("taken"),
            _ => thing(&format!("t{number}")),
        })
        .collect();
    let outcomes = together(things.iter().map(|thing| registry.create_thing(thing))).await;
    for (thing, outcome) in things.iter().zip(outcomes) {
        match thing.name.as_str() {
            "taken" => assert!(matches!(outcome, Err(RegistryError::AlreadyExists { .. }))),
            _ => outcome.unwrap(),
        }
    }
    assert_eq!(news(&mut feed).len(), 40);
    assert_eq!(registry.count_things().await.unwrap(), 41);
}
