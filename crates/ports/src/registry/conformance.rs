//! What every [`Registry`] adapter must do.

use picket_core::{CertificateId, PolicyName, ThingName, Timestamp};

use super::{
    Certificate, CertificateStatus, DocumentKind, NewDevice, Page, Policy, PolicyTarget, Registry,
    RegistryError, Thing, ThingGroup,
};

/// Runs the whole suite against an empty registry.
pub async fn registry(registry: &dyn Registry) {
    a_thing_can_be_created_once(registry).await;
    things_are_listed_page_by_page_in_name_order(registry).await;
    groups_hold_things_and_need_their_parent(registry).await;
    a_certificate_changes_status_and_keeps_its_pem(registry).await;
    policies_are_attached_to_certificates_and_groups(registry).await;
    documents_count_their_versions(registry).await;
    every_change_moves_the_revision(registry).await;
    deleting_a_thing_removes_its_ties(registry).await;
    a_device_is_enrolled_whole_or_not_at_all(registry).await;
}

fn thing(name: &str) -> Thing {
    Thing {
        name: ThingName::new(name).unwrap(),
        type_name: None,
        attributes: vec![("site".into(), "north".into())],
        created: Timestamp::from_millis(1),
    }
}

fn certificate_id(digit: char) -> CertificateId {
    CertificateId::new(String::from(digit).repeat(64)).unwrap()
}

async fn a_thing_can_be_created_once(registry: &dyn Registry) {
    registry.create_thing(&thing("once")).await.unwrap();
    let error = registry.create_thing(&thing("once")).await.unwrap_err();
    assert!(matches!(error, RegistryError::AlreadyExists { .. }), "{error}");
    assert_eq!(registry.thing(&ThingName::new("once").unwrap()).await.unwrap(), thing("once"));
    let error = registry.thing(&ThingName::new("never").unwrap()).await.unwrap_err();
    assert!(matches!(error, RegistryError::NotFound { .. }), "{error}");
}

async fn things_are_listed_page_by_page_in_name_order(registry: &dyn Registry) {
    for name in ["page-b", "page-a", "page-c"] {
        registry.create_thing(&thing(name)).await.unwrap();
    }
    let page = Page { after: Some("page-a".into()), rows_max: 2 };
    let names: Vec<_> =
        registry.things(&page).await.unwrap().into_iter().map(|t| t.name.to_string()).collect();
    assert_eq!(names, ["page-b", "page-c"]);
    assert!(registry.count_things().await.unwrap() >= 3);
}

async fn groups_hold_things_and_need_their_parent(registry: &dyn Registry) {
    let group = |name: &str, parent: Option<&str>| ThingGroup {
        name: name.into(),
        parent: parent.map(str::to_owned),
        created: Timestamp::from_millis(1),
    };
    let orphan = registry.create_group(&group("child", Some("parent"))).await.unwrap_err();
    assert!(matches!(orphan, RegistryError::NotFound { .. }), "{orphan}");
    registry.create_group(&group("parent", None)).await.unwrap();
    registry.create_group(&group("child", Some("parent"))).await.unwrap();
    registry.create_thing(&thing("member")).await.unwrap();
    let member = ThingName::new("member").unwrap();
    registry.add_to_group(&member, "child").await.unwrap();
    registry.add_to_group(&member, "child").await.unwrap();
    assert_eq!(
        registry.memberships(Some("child")).await.unwrap(),
        [(member.clone(), "child".to_owned())]
    );
    assert!(registry.add_to_group(&member, "nowhere").await.is_err());
    registry.remove_from_group(&member, "child").await.unwrap();
    assert!(registry.memberships(Some("child")).await.unwrap().is_empty());
}

async fn a_certificate_changes_status_and_keeps_its_pem(registry: &dyn Registry) {
    let certificate = Certificate {
        id: certificate_id('a'),
        pem: "pem".into(),
        status: CertificateStatus::Active,
        not_after: Timestamp::from_millis(9),
        created: Timestamp::from_millis(1),
    };
    registry.create_certificate(&certificate).await.unwrap();
    registry.set_certificate_status(&certificate.id, CertificateStatus::Revoked).await.unwrap();
    let stored = registry.certificate(&certificate.id).await.unwrap();
    assert_eq!(stored, Certificate { status: CertificateStatus::Revoked, ..certificate });
    assert!(
        registry
            .set_certificate_status(&certificate_id('f'), CertificateStatus::Active)
            .await
            .is_err()
    );
}

async fn policies_are_attached_to_certificates_and_groups(registry: &dyn Registry) {
    let name = PolicyName::new("device").unwrap();
    let policy =
        Policy { name: name.clone(), document: "{}".into(), created: Timestamp::from_millis(1) };
    registry.create_policy(&policy).await.unwrap();
    let on_certificate = PolicyTarget::Certificate(certificate_id('a'));
    let on_group = PolicyTarget::Group("parent".into());
    registry.attach_policy(&name, &on_certificate).await.unwrap();
    registry.attach_policy(&name, &on_certificate).await.unwrap();
    registry.attach_policy(&name, &on_group).await.unwrap();
    assert_eq!(registry.policy_attachments().await.unwrap().len(), 2);
    registry.detach_policy(&name, &on_group).await.unwrap();
    assert_eq!(registry.policy_attachments().await.unwrap(), [(name.clone(), on_certificate)]);
    registry.replace_policy(&name, r#"{"a":1}"#).await.unwrap();
    assert_eq!(registry.policies().await.unwrap()[0].document, r#"{"a":1}"#);
}

async fn documents_count_their_versions(registry: &dyn Registry) {
    let kind = DocumentKind::TopicRule;
    let now = Timestamp::from_millis(5);
    let first = registry.create_document(kind, "export", "1", now).await.unwrap();
    assert_eq!(first.version, 1);
    assert!(registry.create_document(kind, "export", "1", now).await.is_err());
    let second = registry.replace_document(kind, "export", "2", Some(1), now).await.unwrap();
    assert_eq!((second.version, second.body.as_str()), (2, "2"));
    let stale = registry.replace_document(kind, "export", "3", Some(1), now).await.unwrap_err();
    assert!(matches!(stale, RegistryError::VersionConflict { actual: 2, .. }), "{stale}");
    assert_eq!(registry.documents(kind).await.unwrap(), [second]);
    registry.delete_document(kind, "export").await.unwrap();
    assert!(registry.document(kind, "export").await.is_err());
}

async fn every_change_moves_the_revision(registry: &dyn Registry) {
    let mut revision = registry.revision();
    let before = *revision.borrow_and_update();
    registry.create_thing(&thing("revision")).await.unwrap();
    assert!(*revision.borrow_and_update() > before);
}

async fn deleting_a_thing_removes_its_ties(registry: &dyn Registry) {
    let name = ThingName::new("gone").unwrap();
    registry.create_thing(&thing("gone")).await.unwrap();
    registry.attach_thing(&name, &certificate_id('a')).await.unwrap();
    registry.add_to_group(&name, "parent").await.unwrap();
    registry.delete_thing(&name).await.unwrap();
    assert!(registry.thing_attachments().await.unwrap().is_empty());
    assert!(registry.memberships(Some("parent")).await.unwrap().is_empty());
    assert!(registry.delete_thing(&name).await.is_err());
}

async fn a_device_is_enrolled_whole_or_not_at_all(registry: &dyn Registry) {
    let thing = thing("enrolled");
    let certificate = Certificate {
        id: certificate_id('e'),
        pem: "pem".into(),
        status: CertificateStatus::Active,
        not_after: Timestamp::from_millis(9),
        created: Timestamp::from_millis(1),
    };
    let (policy, missing) = (PolicyName::new("device").unwrap(), PolicyName::new("none").unwrap());
    let device =
        NewDevice { thing: &thing, certificate: &certificate, policy: &policy, group: "parent" };
    let before = *registry.revision().borrow();
    for refused in
        [NewDevice { group: "nowhere", ..device }, NewDevice { policy: &missing, ..device }]
    {
        let error = registry.enroll(&refused).await.unwrap_err();
        assert!(matches!(error, RegistryError::NotFound { .. }), "{error}");
        assert!(registry.thing(&thing.name).await.is_err());
        assert!(registry.certificate(&certificate.id).await.is_err());
    }
    registry.enroll(&device).await.unwrap();
    assert_eq!(*registry.revision().borrow(), before + 1, "one change");
    assert_eq!(registry.thing(&thing.name).await.unwrap(), thing);
    let tie = (thing.name.clone(), certificate.id.clone());
    assert_eq!(registry.thing_attachments().await.unwrap(), [tie]);
    let right = (policy.clone(), PolicyTarget::Certificate(certificate.id.clone()));
    assert!(registry.policy_attachments().await.unwrap().contains(&right));
    let member = (thing.name.clone(), "parent".to_owned());
    assert_eq!(registry.memberships(Some("parent")).await.unwrap(), [member]);
    let again = registry.enroll(&device).await.unwrap_err();
    assert!(matches!(again, RegistryError::AlreadyExists { kind: "thing", .. }), "{again}");
}
