//! With a template: the thing, its rights and the certificate, all or nothing.

use futures::future::join_all;
use picket_core::{PolicyName, ThingName};
use picket_ports::Directory as _;
use picket_ports::registry::{CertificateStatus, Page, Policy, PolicyTarget, ThingFilter};
use serde_json::{Value, json};

use super::{present, refused, trail};
use crate::test_pki::{authority, device_der};
use crate::test_plane::{START, TestPlane, pairs, thing};
use crate::{AttributeChange, NewThing, ThingChange, ThingTypeProperties};

const POLICY: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iot:Connect","Resource":"*"}]}"#;

/// A template that makes `thing`'s properties, with `overrides`.
fn template(thing: Value, overrides: Value) -> String {
    let id = "AWS::IoT::Certificate::Id";
    let name = "AWS::IoT::Certificate::CommonName";
    let mut properties = json!({"ThingName": {"Ref": name}});
    properties.as_object_mut().unwrap().extend(thing.as_object().unwrap().clone());
    json!({
        "Parameters": {id: {"Type": "String"}, name: {"Type": "String"}},
        "Resources": {
            "thing": {
                "Type": "AWS::IoT::Thing", "Properties": properties, "OverrideSettings": overrides,
            },
            "certificate": {
                "Type": "AWS::IoT::Certificate",
                "Properties": {"CertificateId": {"Ref": id}, "Status": "ACTIVE"},
            },
            "policy": {
                "Type": "AWS::IoT::Policy",
                "Properties": {"PolicyName": "device", "PolicyDocument": POLICY},
            },
        },
    })
    .to_string()
}

fn everything() -> Value {
    json!({
        "AttributePayload": {"version": "v1", "model": "x"},
        "ThingTypeName": "pump",
        "ThingGroups": ["ward", "fleet"],
        "BillingGroup": "hospital",
    })
}

async fn with_entries() -> TestPlane {
    let at = TestPlane::new().await;
    at.groups(&["ward", "fleet", "other"]).await;
    at.plane.create_thing_type("pump", ThingTypeProperties::default(), &[]).await.unwrap();
    at.plane.create_thing_type("valve", ThingTypeProperties::default(), &[]).await.unwrap();
    at.plane.create_billing_group("hospital", None, &[]).await.unwrap();
    at
}

fn name(text: &str) -> ThingName {
    ThingName::new(text).unwrap()
}

#[tokio::test]
async fn a_device_is_provisioned_whole_and_can_connect_the_next_time() {
    let mut at = with_entries().await;
    let ours = authority("Wards");
    let ca = at.welcome_authority(&ours, Some(&template(everything(), json!({})))).await;
    let der = device_der(&ours, "pump-17");
    let (id, status) = present(&at, &der).await.unwrap();
    assert_eq!(status, CertificateStatus::Active);
    let stored = at.plane.describe_certificate(id.as_str()).await.unwrap();
    assert_eq!((stored.ca, stored.status), (Some(ca), CertificateStatus::Active));
    let thing = at.plane.describe_thing("pump-17").await.unwrap();
    assert_eq!(thing.type_name.as_deref(), Some("pump"));
    assert_eq!(thing.billing_group.as_deref(), Some("hospital"));
    assert_eq!(thing.attributes, pairs::<Vec<_>>("model=x version=v1"));
    let groups = at.registry.groups_of_thing(&name("pump-17")).await.unwrap();
    assert_eq!(groups, ["fleet", "ward"]);
    let principal = at.directory.principal(&id, "pump-17");
    assert_eq!(principal.thing.unwrap().name.as_str(), "pump-17");
    let policies: Vec<_> = principal.policies.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(policies, ["device"]);
    // Another device shares the policy; the first is not touched when it comes again.
    let other = present(&at, &device_der(&ours, "pump-18")).await.unwrap();
    assert_eq!(other.1, CertificateStatus::Active);
    assert_eq!(present(&at, &der).await.unwrap(), (id, CertificateStatus::Active));
    assert_eq!(at.plane.describe_thing("pump-17").await.unwrap(), thing);
    assert_eq!(at.published(), [], "somebody need not decide");
    at.end().await;
}

/// Nothing of the device is there.
async fn check_clean(at: &TestPlane) {
    let things = at.registry.things(&ThingFilter::default(), &Page::first(9)).await.unwrap();
    assert_eq!(things.rows, []);
    assert_eq!(at.registry.count_certificates().await.unwrap(), 0);
    let order = picket_ports::registry::Order::Ascending;
    assert_eq!(at.registry.policies(order, &Page::first(9)).await.unwrap().rows, []);
}

#[tokio::test]
async fn a_template_that_names_what_is_not_there_makes_nothing_and_says_what() {
    let at = with_entries().await;
    let cases = [
        (json!({"ThingGroups": ["ward", "none"]}), "thing group none not found"),
        (json!({"ThingTypeName": "none"}), "thing type none not found"),
        (json!({"BillingGroup": "none"}), "billing group none not found"),
        (json!({"ThingName": "a b"}), "value `a b` at `thingName` holds ' '"),
        (json!({"AttributePayload": {"a": "ö"}}), "value `ö` at `attributes`"),
        (json!({"AttributePayload": {"a": "1", "b": "2", "c": "3", "d": "4"}}), "at most 3"),
    ];
    for (number, (properties, problem)) in cases.into_iter().enumerate() {
        let ours = authority(&format!("Wards {number}"));
        at.welcome_authority(&ours, Some(&template(properties, json!({})))).await;
        let text = refused(&at, &device_der(&ours, "pump-17")).await;
        assert!(text.starts_with("Template: ") && text.contains(problem), "{text}");
        check_clean(&at).await;
    }
    let body = template(json!({}), json!({})).replace(r#","PolicyDocument":"#, r#","x":"#);
    let value: Value = serde_json::from_str(&body).unwrap();
    let mut value = value;
    value["Resources"]["policy"]["Properties"].as_object_mut().unwrap().remove("x");
    let ours = authority("No policy");
    at.welcome_authority(&ours, Some(&value.to_string())).await;
    let text = refused(&at, &device_der(&ours, "pump-17")).await;
    assert!(text.contains("policy device, which the template names, does not exist"), "{text}");
    check_clean(&at).await;
    at.end().await;
}

#[tokio::test]
async fn a_hostile_name_makes_no_thing_and_no_rights() {
    let at = with_entries().await;
    let ours = authority("Wards");
    at.welcome_authority(&ours, Some(&template(json!({}), json!({})))).await;
    for cn in ["../x", "a/b", "x\u{202e}y", "a\"},{\"Effect\":\"Allow", &"x".repeat(129)] {
        let text = refused(&at, &device_der(&ours, cn)).await;
        assert!(text.starts_with("Template: "), "{text}");
        check_clean(&at).await;
    }
    at.end().await;
}

#[tokio::test]
async fn a_policy_of_that_name_with_another_text_is_not_used() {
    let at = with_entries().await;
    let ours = authority("Wards");
    at.welcome_authority(&ours, Some(&template(json!({}), json!({})))).await;
    let policy = Policy::new(PolicyName::new("device").unwrap(), "{}", START);
    at.registry.create_policy(&policy).await.unwrap();
    let text = refused(&at, &device_der(&ours, "pump-17")).await;
    assert!(text.contains("policy device exists with another document"), "{text}");
    assert_eq!(at.registry.count_things().await.unwrap(), 0);
    assert_eq!(at.registry.count_certificates().await.unwrap(), 0);
    at.end().await;
}

#[tokio::test]
async fn what_becomes_of_a_thing_that_is_there_is_as_the_template_says() {
    let wanted = json!({
        "AttributePayload": {"version": "v1", "model": "x"},
        "ThingTypeName": "pump",
        "ThingGroups": ["ward", "fleet"],
    });
    let all = |setting: &str| {
        let type_name = if setting == "MERGE" { "DO_NOTHING" } else { setting };
        json!({"AttributePayload": setting, "ThingGroups": setting, "ThingTypeName": type_name})
    };
    let cases = [
        (json!({}), "valve", "site=west version=v0", vec!["other"]),
        (all("DO_NOTHING"), "valve", "site=west version=v0", vec!["other"]),
        (all("REPLACE"), "pump", "model=x version=v1", vec!["fleet", "ward"]),
        (all("MERGE"), "valve", "model=x site=west version=v1", vec!["fleet", "other", "ward"]),
    ];
    for (overrides, type_name, attributes, groups) in cases {
        let at = with_entries().await;
        present_over_existing(&at, &wanted, overrides.clone()).await.unwrap();
        let thing = at.plane.describe_thing("pump-17").await.unwrap();
        assert_eq!(thing.type_name.as_deref(), Some(type_name), "{overrides}");
        assert_eq!(thing.attributes, pairs::<Vec<_>>(attributes), "{overrides}");
        let is_in = at.registry.groups_of_thing(&name("pump-17")).await.unwrap();
        assert_eq!(is_in, groups, "{overrides}");
        at.end().await;
    }
    for member in ["AttributePayload", "ThingTypeName", "ThingGroups"] {
        let at = with_entries().await;
        let text = present_over_existing(&at, &wanted, json!({member: "FAIL"})).await.unwrap_err();
        let problem = format!(
            "thing pump-17 exists with another {member}, and the template's override setting is FAIL"
        );
        assert!(text.contains(&problem), "{text}");
        assert_eq!(at.registry.count_certificates().await.unwrap(), 0);
        let thing = at.plane.describe_thing("pump-17").await.unwrap();
        assert_eq!(thing.version, 1, "it is as it was");
        at.end().await;
    }
}

async fn present_over_existing(
    at: &TestPlane,
    wanted: &Value,
    overrides: Value,
) -> Result<(), String> {
    let existing = NewThing {
        type_name: Some("valve".to_owned()),
        attributes: pairs("site=west version=v0"),
        ..thing("pump-17")
    };
    at.plane.create_thing(existing).await.unwrap();
    let moves = crate::GroupMoves { add: &["other".to_owned()], remove: &[] };
    at.plane.update_thing_groups_for_thing("pump-17", moves).await.unwrap();
    let ours = authority("Wards");
    at.welcome_authority(&ours, Some(&template(wanted.clone(), overrides))).await;
    let der = device_der(&ours, "pump-17");
    match present(at, &der).await {
        Ok((_, status)) => {
            assert_eq!(status, CertificateStatus::Active);
            Ok(())
        }
        Err(error) => Err(error.to_string()),
    }
}

#[tokio::test]
async fn a_thing_that_fits_is_taken_even_where_another_would_be_refused() {
    let at = with_entries().await;
    let ours = authority("Wards");
    let fail = json!({"AttributePayload": "FAIL", "ThingTypeName": "FAIL", "ThingGroups": "FAIL"});
    at.welcome_authority(&ours, Some(&template(everything(), fail))).await;
    // Two certificates of one device: the second finds the thing as the first left it.
    for _ in 0..2 {
        let (_, status) = present(&at, &device_der(&ours, "pump-17")).await.unwrap();
        assert_eq!(status, CertificateStatus::Active);
    }
    let listed =
        at.registry.certificates_of_thing(&name("pump-17"), &Page::first(9)).await.unwrap();
    assert_eq!(listed.rows.len(), 2);
    at.end().await;
}

/// Every point at which a try may be cut off, as the storage then stands.
#[tokio::test]
async fn a_device_that_was_cut_off_in_between_is_completed_when_it_comes_again() {
    for steps in 0..=5 {
        let at = with_entries().await;
        let ours = authority("Wards");
        let id = at.welcome_authority(&ours, Some(&template(everything(), json!({})))).await;
        let der = device_der(&ours, "pump-17");
        half_done(&at, &der, &id, steps).await;
        let (id, status) = present(&at, &der).await.unwrap();
        assert_eq!(status, CertificateStatus::Active, "after {steps} steps");
        let groups = at.registry.groups_of_thing(&name("pump-17")).await.unwrap();
        assert_eq!(groups, ["fleet", "ward"], "after {steps} steps");
        let principal = at.directory.principal(&id, "pump-17");
        assert_eq!(principal.policies.len(), 1, "after {steps} steps");
        assert!(principal.thing.is_some(), "after {steps} steps");
        at.end().await;
    }
}

async fn half_done(at: &TestPlane, der: &[u8], ca: &picket_core::CertificateId, steps: u32) {
    if steps >= 1 {
        let policy = Policy::new(PolicyName::new("device").unwrap(), POLICY, START);
        at.registry.create_policy(&policy).await.unwrap();
    }
    if steps >= 2 {
        let new = NewThing {
            type_name: Some("pump".to_owned()),
            billing_group: Some("hospital".to_owned()),
            attributes: pairs("model=x version=v1"),
            ..thing("pump-17")
        };
        at.plane.create_thing(new).await.unwrap();
    }
    if steps >= 3 {
        let add = ["ward".to_owned(), "fleet".to_owned()];
        let moves = crate::GroupMoves { add: &add, remove: &[] };
        at.plane.update_thing_groups_for_thing("pump-17", moves).await.unwrap();
    }
    if steps >= 4 {
        let read = picket_pki::Registrable::read_der(der.to_vec()).unwrap();
        let origin = (Some(ca.clone()), picket_ports::registry::CertificateMode::Default);
        let status = CertificateStatus::PendingActivation;
        let pending = at.plane.new_certificate(&read, status, origin);
        at.registry.create_certificate(&pending).await.unwrap();
        if steps >= 5 {
            let target = PolicyTarget::Certificate(pending.id.clone());
            let policy = PolicyName::new("device").unwrap();
            at.registry.attach_policy(&policy, &target).await.unwrap();
            at.registry.attach_thing(&name("pump-17"), &pending.id, false).await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_whole_fleet_that_comes_at_once_is_provisioned() {
    let at = with_entries().await;
    let ours = authority("Wards");
    at.welcome_authority(&ours, Some(&template(everything(), json!({})))).await;
    // Each device tries twice, and every two devices share a thing.
    let ders: Vec<_> = (0..12).map(|n| device_der(&ours, &format!("pump-{}", n / 2))).collect();
    let tries = ders.iter().chain(&ders).map(|der| present(&at, der));
    for result in join_all(tries).await {
        assert_eq!(result.unwrap().1, CertificateStatus::Active);
    }
    assert_eq!(at.registry.count_things().await.unwrap(), 6);
    assert_eq!(at.registry.count_certificates().await.unwrap(), 12);
    at.end().await;
}

#[tokio::test]
async fn a_certificate_that_waited_is_provisioned_once_there_is_a_template() {
    let at = with_entries().await;
    let ours = authority("Wards");
    let ca = at.welcome_authority(&ours, None).await;
    let der = device_der(&ours, "pump-17");
    let (id, status) = present(&at, &der).await.unwrap();
    assert_eq!(status, CertificateStatus::PendingActivation);
    let change = crate::AuthorityChange {
        registration_config: Some(crate::RegistrationConfig {
            template_body: Some(template(json!({}), json!({}))),
            ..crate::RegistrationConfig::default()
        }),
        ..crate::AuthorityChange::default()
    };
    at.plane.update_ca_certificate(ca.as_str(), &change).await.unwrap();
    assert_eq!(present(&at, &der).await.unwrap(), (id, CertificateStatus::Active));
    // What an administrator changes afterwards stays.
    let attributes = AttributeChange { attributes: pairs("a=1"), is_merge: false };
    let edit = ThingChange { attributes: Some(attributes), ..ThingChange::default() };
    at.plane.update_thing("pump-17", &edit).await.unwrap();
    present(&at, &device_der(&ours, "pump-17")).await.unwrap();
    let thing = at.plane.describe_thing("pump-17").await.unwrap();
    assert_eq!(thing.attributes, pairs::<Vec<_>>("a=1"));
    at.end().await;
}

#[tokio::test]
async fn what_was_made_for_a_device_is_in_the_audit_trail_once_it_is_in_force() {
    let at = with_entries().await;
    let ours = authority("Wards");
    let ca = at.welcome_authority(&ours, Some(&template(everything(), json!({})))).await;
    let (id, _) = present(&at, &device_der(&ours, "pump-17")).await.unwrap();
    refused(&at, &device_der(&ours, "a b")).await;
    let records = trail(&at).await;
    let made: Vec<_> = records.iter().map(|it| (&*it.operation, it.resource.clone())).collect();
    let resource = format!("thing/pump-17 cert/{id} cacert/{ca} policy/device status/ACTIVE");
    assert_eq!(made, [("JustInTimeProvisioning", resource)]);
    at.end().await;
}

/// A certificate that waits, and a template that comes later and cannot be carried out for it.
#[tokio::test]
async fn a_certificate_that_waits_keeps_what_it_had_and_no_more_when_its_provisioning_fails() {
    let at = with_entries().await;
    let ours = authority("Wards");
    let ca = at.welcome_authority(&ours, None).await;
    let der = device_der(&ours, "pump-17");
    let (id, _) = present(&at, &der).await.unwrap();
    // Somebody has made it another thing's alone.
    at.things(&["other"]).await;
    let arn = at.plane.certificate_arn(&id);
    let kind = crate::AttachmentKind::Exclusive;
    at.plane.attach_thing_principal("other", &arn, kind).await.unwrap();
    let own = Policy::new(PolicyName::new("own").unwrap(), "{}", START);
    at.registry.create_policy(&own).await.unwrap();
    let target = PolicyTarget::Certificate(id.clone());
    at.registry.attach_policy(&own.name, &target).await.unwrap();

    let body = template(everything(), json!({}));
    let config = crate::RegistrationConfig { template_body: Some(body), ..Default::default() };
    let change = crate::AuthorityChange { registration_config: Some(config), ..Default::default() };
    at.plane.update_ca_certificate(ca.as_str(), &change).await.unwrap();
    let text = refused(&at, &der).await;
    assert!(text.starts_with("Template: ") && text.contains("other exclusively"), "{text}");
    let stored = at.plane.describe_certificate(id.as_str()).await.unwrap();
    assert_eq!(stored.status, CertificateStatus::PendingActivation);
    assert_eq!(at.registry.policies_of(&target, &Page::first(9)).await.unwrap().rows, [own.name]);
    assert!(at.plane.describe_thing("pump-17").await.is_err(), "the thing was taken back");
    assert!(at.plane.get_policy("device").await.is_err(), "and so was the policy");
    // Once that is settled, it gets in, and keeps its own policy.
    at.plane.detach_thing_principal("other", &arn).await.unwrap();
    assert_eq!(present(&at, &der).await.unwrap(), (id, CertificateStatus::Active));
    assert_eq!(at.registry.policies_of(&target, &Page::first(9)).await.unwrap().rows.len(), 2);
    at.end().await;
}

#[tokio::test]
async fn the_policies_a_certificate_has_count_against_what_a_template_brings() {
    let limits = crate::RegistryLimits { policies_per_certificate_max: 1, ..Default::default() };
    let at = TestPlane::with(limits).await;
    let ours = authority("Wards");
    let ca = at.welcome_authority(&ours, None).await;
    let der = device_der(&ours, "pump-17");
    let (id, _) = present(&at, &der).await.unwrap();
    let own = Policy::new(PolicyName::new("own").unwrap(), "{}", START);
    at.registry.create_policy(&own).await.unwrap();
    let target = PolicyTarget::Certificate(id.clone());
    at.registry.attach_policy(&own.name, &target).await.unwrap();
    let body = template(json!({}), json!({}));
    let config = crate::RegistrationConfig { template_body: Some(body), ..Default::default() };
    let change = crate::AuthorityChange { registration_config: Some(config), ..Default::default() };
    at.plane.update_ca_certificate(ca.as_str(), &change).await.unwrap();
    let text = refused(&at, &der).await;
    assert!(text.contains("would have more than 1"), "{text}");
    assert_eq!(at.registry.count_things().await.unwrap(), 0);
    at.end().await;
}
