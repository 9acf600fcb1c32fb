use std::sync::Arc;

use futures::future::join_all;
use picket_core::{CertificateId, ThingName};
use picket_policy::{Action, Outcome};
use picket_ports::registry::{Order, Page, PolicyTarget};

use crate::test_plane::{START, TestPlane, all_pages, pairs, refusal};
use crate::{
    AttachmentKind, AuthInfo, AuthorizationTest, Caller, ControlError, ExplainRequest,
    RegistryLimits,
};

const ALLOW_ALL: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iot:*","Resource":"*"}]}"#;
const IDENTITY: &str = "us-east-1:6c1b4c6e-4b8c-4f46-a6a8-7d3b6a1f0c11";

/// A document with one statement on a resource of the tests' account.
fn document(effect: &str, action: &str, resource: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"{effect}","Action":"{action}",
        "Resource":"arn:aws:iot:us-east-1:000000000000:{resource}"}}]}}"#
    )
}

async fn policies(at: &TestPlane, names: &[&str]) {
    for name in names {
        at.plane.create_policy(name, ALLOW_ALL, &[]).await.unwrap();
    }
}

async fn certificate(at: &TestPlane) -> CertificateId {
    at.plane.create_keys_and_certificate(true).await.unwrap().certificate.id
}

async fn certificate_arn(at: &TestPlane) -> String {
    at.plane.certificate_arn(&certificate(at).await)
}

fn group_arn(name: &str) -> String {
    format!("arn:aws:iot:us-east-1:000000000000:thinggroup/{name}")
}

#[tokio::test]
async fn a_policy_is_read_back_as_it_was_given_and_its_name_is_taken() {
    let at = TestPlane::new().await;
    let spaced = format!(" {ALLOW_ALL}\n");
    let created = at.plane.create_policy("fleet", &spaced, &pairs::<Vec<_>>("a=1")).await.unwrap();
    assert_eq!((created.default_version, created.created), (1, START));
    let read = at.plane.get_policy("fleet").await.unwrap();
    assert_eq!((read.document().as_ref(), &read), (spaced.as_str(), &created));
    let arn = at.plane.policy_arn(&read.name);
    assert_eq!(at.registry.tags(&arn).await.unwrap(), pairs::<Vec<_>>("a=1"));

    let taken = at.plane.create_policy("fleet", &spaced, &pairs::<Vec<_>>("b=2")).await;
    let Err(ControlError::AlreadyExists { id, arn: taken_arn, .. }) = taken else {
        panic!("{taken:?}")
    };
    assert_eq!((id.as_str(), taken_arn), ("fleet", arn.clone()));
    assert_eq!(at.registry.tags(&arn).await.unwrap(), pairs::<Vec<_>>("a=1"));
    at.end().await;
}

#[tokio::test]
async fn a_document_that_is_no_policy_is_refused_with_the_place_and_the_problem() {
    let at = TestPlane::new().await;
    let text = document("allow", "iot:*", "*");
    let text = refusal(at.plane.create_policy("fleet", &text, &[]).await);
    assert_eq!(
        text,
        "MalformedPolicy: the policy document is malformed at Statement[0].Effect (line 1): it must \
         be \"Allow\" or \"Deny\""
    );
    let long = document("Allow", "iot:*", &"x".repeat(2048));
    let text = refusal(at.plane.create_policy("fleet", &long, &[]).await);
    assert!(text.contains("at most 2048 are allowed"), "{text}");
    let text = refusal(at.plane.create_policy("a b", ALLOW_ALL, &[]).await);
    assert!(text.starts_with("Invalid: "), "{text}");
    let text = refusal(at.plane.get_policy("fleet").await);
    assert_eq!(text, "NotFound: policy fleet not found");
    at.end().await;
}

#[tokio::test]
async fn of_many_callers_one_creates_a_policy() {
    let at = TestPlane::new().await;
    let attempts = (0..20).map(|_| at.plane.create_policy("fleet", ALLOW_ALL, &[]));
    let created = join_all(attempts).await.into_iter().filter(Result::is_ok).count();
    assert_eq!(created, 1);
    at.end().await;
}

#[tokio::test]
async fn versions_are_counted_up_and_their_ids_never_come_back() {
    let at = TestPlane::new().await;
    policies(&at, &["fleet"]).await;
    for id in 2..=5 {
        let policy = at.plane.create_policy_version("fleet", ALLOW_ALL, false).await.unwrap();
        assert_eq!((policy.last_version, policy.default_version), (id, 1));
    }
    let text = refusal(at.plane.create_policy_version("fleet", ALLOW_ALL, false).await);
    assert!(text.starts_with("VersionsLimitExceeded: policy fleet has 5 versions"), "{text}");

    at.plane.delete_policy_version("fleet", "5").await.unwrap();
    let policy = at.plane.create_policy_version("fleet", ALLOW_ALL, true).await.unwrap();
    assert_eq!((policy.last_version, policy.default_version), (6, 6));
    let listed = at.plane.list_policy_versions("fleet").await.unwrap();
    let ids: Vec<u32> = listed.versions.iter().map(|version| version.id).collect();
    assert_eq!(ids, [6, 4, 3, 2, 1]);

    let text = refusal(at.plane.delete_policy_version("fleet", "6").await);
    assert!(text.starts_with("DeleteConflict: version 6 of policy fleet is the default"), "{text}");
    for (version, expected) in [
        ("5", "NotFound: policy version 5 of policy fleet not found"),
        ("06", "NotFound: policy version 06 of policy fleet not found"),
        ("99999999999999", "NotFound: policy version 99999999999999"),
        ("x", "Invalid: value `x` at `policyVersionId`"),
    ] {
        let text = refusal(at.plane.get_policy_version("fleet", version).await);
        assert!(text.starts_with(expected), "{text}");
        let text = refusal(at.plane.delete_policy_version("fleet", version).await);
        assert!(text.starts_with(expected), "{text}");
        let text = refusal(at.plane.set_default_policy_version("fleet", version).await);
        assert!(text.starts_with(expected), "{text}");
    }
    at.end().await;
}

#[tokio::test]
async fn of_many_new_versions_at_once_no_more_than_fit_are_made() {
    let at = TestPlane::new().await;
    policies(&at, &["fleet"]).await;
    let attempts = (0..12).map(|_| at.plane.create_policy_version("fleet", ALLOW_ALL, true));
    let made = join_all(attempts).await.into_iter().filter(Result::is_ok).count();
    assert_eq!(made, 4);
    let policy = at.plane.get_policy("fleet").await.unwrap();
    assert_eq!((policy.versions.len(), policy.default_version), (5, 5));
    at.end().await;
}

#[tokio::test]
async fn a_new_default_version_is_in_force_when_it_is_set() {
    let at = TestPlane::new().await;
    let certificate = certificate(&at).await;
    at.plane.create_policy("fleet", ALLOW_ALL, &[]).await.unwrap();
    let arn = at.plane.certificate_arn(&certificate);
    at.plane.attach_policy("fleet", &arn).await.unwrap();
    let publishes = |topic: &str| {
        let caller = Caller { client_id: Some("a"), ..Caller::new(&certificate, &[]) };
        at.plane.rights().rights(&caller).allows(Action::Publish, topic)
    };
    assert!(publishes("secret") && publishes("open"));

    let narrow = document("Allow", "iot:Publish", "topic/open");
    at.plane.create_policy_version("fleet", &narrow, false).await.unwrap();
    assert!(publishes("secret"));
    at.plane.set_default_policy_version("fleet", "2").await.unwrap();
    assert!(!publishes("secret") && publishes("open"));
    at.plane.detach_policy("fleet", &arn).await.unwrap();
    assert!(!publishes("open"));
    at.end().await;
}

#[tokio::test]
async fn a_policy_in_use_cannot_be_deleted() {
    let at = TestPlane::new().await;
    policies(&at, &["fleet"]).await;
    at.plane.create_policy_version("fleet", ALLOW_ALL, false).await.unwrap();
    let text = refusal(at.plane.delete_policy("fleet").await);
    assert!(text.starts_with("DeleteConflict: policy fleet has 1 versions besides"), "{text}");
    at.plane.delete_policy_version("fleet", "2").await.unwrap();

    let certificate = certificate_arn(&at).await;
    at.plane.attach_policy("fleet", &certificate).await.unwrap();
    let text = refusal(at.plane.delete_policy("fleet").await);
    assert!(text.starts_with("DeleteConflict: policy fleet is attached"), "{text}");
    at.plane.detach_policy("fleet", &certificate).await.unwrap();
    at.plane.delete_policy("fleet").await.unwrap();
    assert_eq!(refusal(at.plane.delete_policy("fleet").await), "NotFound: policy fleet not found");
    at.end().await;
}

#[tokio::test]
async fn policies_are_listed_in_the_order_of_their_creation() {
    let at = TestPlane::new().await;
    for name in ["b", "c", "a"] {
        policies(&at, &[name]).await;
        at.clock.advance(std::time::Duration::from_secs(1));
    }
    for (order, expected) in [(Order::Ascending, "b c a"), (Order::Descending, "a c b")] {
        let list = |page: Page| {
            let plane = Arc::clone(&at.plane);
            async move { plane.list_policies(order, &page).await }
        };
        let names: Vec<String> =
            all_pages(2, list).await.into_iter().flatten().map(|it| it.name.to_string()).collect();
        assert_eq!(names.join(" "), expected);
    }
    at.end().await;
}

#[tokio::test]
async fn a_policy_is_attached_to_certificates_groups_and_identities() {
    let at = TestPlane::new().await;
    policies(&at, &["fleet", "ward"]).await;
    at.groups(&["ward-3"]).await;
    let certificate = certificate_arn(&at).await;
    let group = group_arn("ward-3");
    for target in [certificate.as_str(), &group, IDENTITY] {
        // Again is fine.
        at.plane.attach_policy("fleet", target).await.unwrap();
        at.plane.attach_policy("fleet", target).await.unwrap();
    }
    let targets = at.plane.list_targets_for_policy("fleet", &Page::first(10)).await.unwrap().rows;
    assert_eq!(targets, [certificate.as_str(), &group, IDENTITY]);
    let principals = at.plane.list_policy_principals("fleet", &Page::first(10)).await.unwrap().rows;
    assert_eq!(principals, [certificate.as_str(), IDENTITY]);
    for target in [certificate.as_str(), &group, IDENTITY] {
        let listed =
            at.plane.list_attached_policies(target, false, &Page::first(10)).await.unwrap();
        assert_eq!(listed.rows.iter().map(ToString::to_string).collect::<Vec<_>>(), ["fleet"]);
        at.plane.detach_policy("fleet", target).await.unwrap();
        at.plane.detach_policy("fleet", target).await.unwrap();
        let listed =
            at.plane.list_attached_policies(target, false, &Page::first(10)).await.unwrap();
        assert!(listed.rows.is_empty());
    }
    at.plane.detach_policy("no-such-policy", &certificate).await.unwrap();
    at.end().await;
}

#[tokio::test]
async fn what_is_not_there_cannot_be_attached() {
    let at = TestPlane::new().await;
    policies(&at, &["fleet"]).await;
    let certificate = certificate_arn(&at).await;
    let unknown = format!("arn:aws:iot:us-east-1:000000000000:cert/{}", "a".repeat(64));
    for (policy, target, expected) in [
        ("none", certificate.as_str(), "NotFound: policy none not found"),
        ("fleet", &unknown, "NotFound: certificate"),
        ("fleet", &group_arn("none"), "NotFound: thing group none not found"),
        ("fleet", "arn:aws:iot:us-east-1:000000000000:thing/a", "Invalid: value `arn"),
        ("fleet", "arn:aws:iot:eu-west-1:000000000000:cert/a", "Invalid: value `arn"),
        ("fleet", "us-east-1:not-a-uuid", "Invalid: value `us-east-1:not-a-uuid`"),
        ("fleet", "", "Invalid: value `` at `target` is none of"),
    ] {
        let text = refusal(at.plane.attach_policy(policy, target).await);
        assert!(text.starts_with(expected), "{text}");
    }
    let text = refusal(at.plane.list_attached_policies(&unknown, false, &Page::first(1)).await);
    assert!(text.starts_with("NotFound: certificate"), "{text}");
    let text = refusal(at.plane.list_targets_for_policy("none", &Page::first(1)).await);
    assert_eq!(text, "NotFound: policy none not found");
    at.end().await;
}

#[tokio::test]
async fn quotas_hold_against_many_callers_at_once() {
    let limits = RegistryLimits { policies_per_certificate_max: 3, ..RegistryLimits::default() };
    let at = TestPlane::with(limits).await;
    let names = ["a", "b", "c", "d", "e", "f"];
    policies(&at, &names).await;
    at.groups(&["ward-3"]).await;
    let certificate = certificate_arn(&at).await;
    for (target, room) in [(certificate, 3), (group_arn("ward-3"), 2)] {
        let attempts = names.iter().map(|name| at.plane.attach_policy(name, &target));
        let outcomes = join_all(attempts).await;
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), room);
        for refused in outcomes.into_iter().filter(Result::is_err) {
            let text = refusal(refused);
            assert!(text.contains(&format!("at most {room} are allowed")), "{text}");
        }
        // One that is attached can be attached again though the quota is used up.
        let listed =
            at.plane.list_attached_policies(&target, false, &Page::first(9)).await.unwrap();
        at.plane.attach_policy(listed.rows[0].as_str(), &target).await.unwrap();
    }
    at.end().await;
}

#[tokio::test]
async fn policies_of_ancestors_are_listed_when_asked_for() {
    let at = TestPlane::new().await;
    policies(&at, &["root", "mid", "leaf"]).await;
    at.groups(&["site", "site/ward", "ward/bed"]).await;
    for (policy, group) in [("root", "site"), ("mid", "ward"), ("leaf", "bed"), ("root", "bed")] {
        at.plane.attach_policy(policy, &group_arn(group)).await.unwrap();
    }
    let listed = async |is_recursive| {
        let list = |page: Page| {
            let plane = Arc::clone(&at.plane);
            async move { plane.list_attached_policies(&group_arn("bed"), is_recursive, &page).await }
        };
        let pages = all_pages(2, list).await;
        let names: Vec<String> = pages.into_iter().flatten().map(String::from).collect();
        names.join(" ")
    };
    assert_eq!(listed(false).await, "leaf root");
    assert_eq!(listed(true).await, "leaf mid root");
    at.end().await;
}

#[tokio::test]
async fn the_older_operations_take_principals_and_no_groups() {
    let at = TestPlane::new().await;
    for name in ["b", "a"] {
        policies(&at, &[name]).await;
        at.clock.advance(std::time::Duration::from_secs(1));
    }
    at.groups(&["ward-3"]).await;
    let certificate = certificate_arn(&at).await;
    for name in ["a", "b"] {
        at.plane.attach_principal_policy(name, &certificate).await.unwrap();
    }
    for (order, expected) in [(Order::Ascending, ["b", "a"]), (Order::Descending, ["a", "b"])] {
        let list = |page: Page| {
            let (plane, certificate) = (Arc::clone(&at.plane), certificate.clone());
            async move { plane.list_principal_policies(&certificate, order, &page).await }
        };
        let names: Vec<String> =
            all_pages(1, list).await.into_iter().flatten().map(String::from).collect();
        assert_eq!(names, expected);
    }
    at.plane.detach_principal_policy("a", &certificate).await.unwrap();
    let text = refusal(at.plane.attach_principal_policy("a", &group_arn("ward-3")).await);
    assert!(text.starts_with("Invalid: thing group ward-3 is not a principal"), "{text}");
    let text = refusal(at.plane.detach_principal_policy("none", &certificate).await);
    assert_eq!(text, "NotFound: policy none not found");
    at.end().await;
}

/// A fleet of one device: thing `pump-17` in group `bed` below `ward`, its certificate attached.
async fn device(at: &TestPlane) -> (CertificateId, String) {
    at.things(&["pump-17", "pump-18"]).await;
    at.groups(&["ward", "ward/bed"]).await;
    at.registry.add_to_group(&ThingName::new("pump-17").unwrap(), "bed").await.unwrap();
    let id = certificate(at).await;
    let arn = at.plane.certificate_arn(&id);
    at.plane.attach_thing_principal("pump-17", &arn, AttachmentKind::NonExclusive).await.unwrap();
    (id, arn)
}

#[tokio::test]
async fn effective_policies_are_those_of_the_principal_and_of_the_things_groups_once_each() {
    let at = TestPlane::new().await;
    policies(&at, &["own", "shared", "ward", "bed"]).await;
    let (id, arn) = device(&at).await;
    for (policy, target) in [
        ("own", arn.clone()),
        ("shared", arn.clone()),
        ("shared", group_arn("bed")),
        ("bed", group_arn("bed")),
        ("ward", group_arn("ward")),
    ] {
        at.plane.attach_policy(policy, &target).await.unwrap();
    }
    let names = async |thing: Option<&str>, principal: Option<&str>| {
        let found = at.plane.get_effective_policies(thing, principal, None).await.unwrap();
        found.iter().map(|it| it.policy.name.to_string()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(names(Some("pump-17"), Some(&arn)).await, "own shared bed ward");
    assert_eq!(names(Some("pump-17"), None).await, "bed shared ward");
    assert_eq!(names(Some("pump-18"), None).await, "");
    assert_eq!(names(None, Some(&arn)).await, "own shared");
    let found = at.plane.get_effective_policies(Some("pump-17"), Some(&arn), None).await.unwrap();
    assert_eq!(found[0].via, PolicyTarget::Certificate(id));
    assert_eq!(found[3].via, PolicyTarget::Group("ward".to_owned()));

    for (thing, principal, pool, expected) in [
        (None, None, None, "Invalid: either"),
        (Some("none"), None, None, "NotFound: thing none not found"),
        (None, Some("x"), None, "Invalid: value `x` at `principal`"),
        (None, Some(arn.as_str()), Some("us-east-1:x"), "NotFound: identity pool"),
    ] {
        let text = refusal(at.plane.get_effective_policies(thing, principal, pool).await);
        assert!(text.starts_with(expected), "{text}");
    }
    at.end().await;
}

fn test(
    principal: Option<&str>,
    client_id: Option<&str>,
    infos: &[(&str, &[&str])],
) -> AuthorizationTest {
    let arn = |name: &&str| format!("arn:aws:iot:us-east-1:000000000000:{name}");
    let info = |(action, resources): &(&str, &[&str])| AuthInfo {
        action: (*action).to_owned(),
        resources: resources.iter().map(arn).collect(),
    };
    AuthorizationTest {
        principal: principal.map(str::to_owned),
        client_id: client_id.map(str::to_owned),
        auth_infos: infos.iter().map(info).collect(),
        ..AuthorizationTest::default()
    }
}

#[tokio::test]
async fn a_tested_authorization_names_the_policies_that_speak_and_what_has_no_value() {
    let at = TestPlane::new().await;
    let (_, arn) = device(&at).await;
    let own = document("Allow", "iot:*", "topic/${iot:Connection.Thing.ThingName}/*");
    let bed = document("Deny", "iot:Publish", "topic/*/secret");
    let connect = document("Allow", "iot:Connect", "client/*");
    for (name, text, target) in
        [("own", &own, &arn), ("connect", &connect, &arn), ("no-secrets", &bed, &group_arn("bed"))]
    {
        at.plane.create_policy(name, text, &[]).await.unwrap();
        at.plane.attach_policy(name, target).await.unwrap();
    }
    let infos: &[(&str, &[&str])] = &[
        ("CONNECT", &["client/pump-17"]),
        ("PUBLISH", &["topic/pump-17/a"]),
        ("PUBLISH", &["topic/pump-17/secret"]),
        ("RECEIVE", &["topic/pump-17/secret"]),
        ("SUBSCRIBE", &["topicfilter/pump-17/a"]),
        ("PUBLISH", &["topic/pump-17/a", "topic/pump-18/a"]),
    ];
    let results = at.plane.test_authorization(test(Some(&arn), Some("pump-17"), infos)).await;
    let results = results.unwrap();
    let outcomes: Vec<Outcome> = results.iter().map(|result| result.outcome).collect();
    let (yes, no, never) = (Outcome::Allowed, Outcome::ImplicitDeny, Outcome::ExplicitDeny);
    assert_eq!(outcomes, [yes, yes, never, yes, no, no]);
    let denied = &results[2];
    assert_eq!(denied.denied, ["no-secrets"]);
    assert_eq!(
        (denied.allowed.as_slice(), denied.silent.as_slice()),
        (&["own".to_owned()][..], &["connect".to_owned()][..])
    );
    assert!(denied.missing.is_empty());

    // Without the thing's name for a client id there is no thing, and no group.
    let stranger = test(Some(&arn), Some("x"), &infos[1..3]);
    let results = at.plane.test_authorization(stranger).await.unwrap();
    assert_eq!(results[1].outcome, no);
    assert_eq!(results[1].missing, ["iot:Connection.Thing.ThingName"]);
    at.end().await;
}

#[tokio::test]
async fn policies_can_be_added_to_a_test_and_taken_away() {
    let at = TestPlane::new().await;
    let (_, arn) = device(&at).await;
    for (name, effect) in [("deny", "Deny"), ("allow", "Allow")] {
        at.plane.create_policy(name, &document(effect, "iot:*", "*"), &[]).await.unwrap();
    }
    at.plane.attach_policy("deny", &arn).await.unwrap();
    let infos: &[(&str, &[&str])] = &[("PUBLISH", &["topic/a"])];
    let outcome = async |principal, add: &[&str], skip: &[&str]| {
        let owned = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        let test = AuthorizationTest {
            policies_to_add: owned(add),
            policies_to_skip: owned(skip),
            ..test(principal, None, infos)
        };
        at.plane.test_authorization(test).await.map(|results| results[0].outcome)
    };
    let arn = Some(arn.as_str());
    assert_eq!(outcome(arn, &[], &[]).await.unwrap(), Outcome::ExplicitDeny);
    assert_eq!(outcome(arn, &["allow"], &[]).await.unwrap(), Outcome::ExplicitDeny);
    assert_eq!(outcome(arn, &["allow"], &["deny"]).await.unwrap(), Outcome::Allowed);
    assert_eq!(outcome(arn, &[], &["deny"]).await.unwrap(), Outcome::ImplicitDeny);
    assert_eq!(outcome(None, &["allow"], &[]).await.unwrap(), Outcome::Allowed);
    let ward = group_arn("ward");
    assert_eq!(outcome(Some(&ward), &[], &[]).await.unwrap(), Outcome::ImplicitDeny);
    assert_eq!(outcome(Some(IDENTITY), &["allow"], &[]).await.unwrap(), Outcome::Allowed);
    for (add, skip) in [(&["none"][..], &[][..]), (&[], &["none"])] {
        let text = refusal(outcome(arn, add, skip).await);
        assert_eq!(text, "NotFound: policy none not found");
    }
    at.end().await;
}

#[tokio::test]
async fn a_test_that_cannot_be_made_says_why() {
    let at = TestPlane::new().await;
    let many: Vec<(&str, &[&str])> = vec![("PUBLISH", &["topic/a"]); 11];
    for (infos, expected) in [
        (&[][..], "`authInfos` has 0 entries"),
        (&many[..], "`authInfos` has 11 entries"),
        (&[("publish", &["topic/a"][..])][..], "value `publish` at `actionType`"),
        (&[("PUBLISH", &[][..])][..], "`resources` has 0 entries"),
    ] {
        let text = refusal(at.plane.test_authorization(test(None, None, infos)).await);
        assert!(text.contains(expected), "{text}");
    }
    let mut short = test(None, None, &[("SUBSCRIBE", &["x"])]);
    short.auth_infos[0].resources = vec!["topicfilter/a".to_owned()];
    let text = refusal(at.plane.test_authorization(short).await);
    assert!(
        text.contains("is not an ARN such as arn:aws:iot:REGION:ACCOUNT:topicfilter/NAME"),
        "{text}"
    );
    at.end().await;
}

fn request(thing: Option<&str>, action: &str, resource: &str) -> ExplainRequest {
    ExplainRequest {
        thing: thing.map(str::to_owned),
        action: action.to_owned(),
        resource: resource.to_owned(),
        ..ExplainRequest::default()
    }
}

#[tokio::test]
async fn rights_of_a_thing_are_explained_as_the_front_door_sees_them() {
    let at = TestPlane::new().await;
    let (id, arn) = device(&at).await;
    let own = document("Allow", "iot:Publish", "topic/${iot:Connection.Thing.ThingName}/*");
    at.plane.create_policy("own", &own, &[]).await.unwrap();
    let secret = document("Deny", "iot:Publish", "topic/*/secret");
    at.plane.create_policy("no-secrets", &secret, &[]).await.unwrap();
    at.plane.attach_policy("own", &arn).await.unwrap();
    at.plane.attach_policy("no-secrets", &group_arn("ward")).await.unwrap();

    let asked = request(Some("pump-17"), "Publish", "topic/pump-17/secret");
    let explained = at.plane.explain(&asked).await.unwrap();
    assert_eq!(explained.explanation.outcome, Outcome::ExplicitDeny);
    assert_eq!(explained.certificate, id.to_string());
    assert_eq!(
        (explained.status.as_str(), explained.thing.as_deref()),
        ("ACTIVE", Some("pump-17"))
    );
    let via: Vec<_> =
        explained.policies.iter().map(|it| (it.name.as_str(), it.via.join(" "))).collect();
    assert_eq!(via, [("no-secrets", "group ward".to_owned()), ("own", "certificate".to_owned())]);
    let deciding = &explained.explanation.statements[explained.explanation.decided_by.unwrap()];
    let texts: Vec<&str> = explained.policies.iter().map(|it| it.document.as_str()).collect();
    assert_eq!((deciding.policy.as_str(), texts[0]), ("no-secrets", secret.as_str()));
    assert_eq!(texts.len(), 2);
    let text = explained.to_text();
    let head = format!(
        "certificate {id} (ACTIVE), thing pump-17, client id pump-17\npolicy no-secrets by group \
         ward\npolicy own by certificate\n\nEXPLICIT_DENY: iot:Publish on "
    );
    assert!(text.starts_with(&head), "{text}");
    assert!(text.contains("denied by statement 1 of policy no-secrets"), "{text}");

    let by_certificate = ExplainRequest {
        certificate: Some(arn),
        client_id: Some("x".to_owned()),
        ..request(None, "iot:Publish", "topic/pump-17/a")
    };
    let explained = at.plane.explain(&by_certificate).await.unwrap();
    assert_eq!(explained.explanation.outcome, Outcome::ImplicitDeny);
    assert_eq!((explained.thing, explained.policies.len()), (None, 1));

    // A policy comes by what makes it apply to this very client.
    at.plane.attach_policy("own", &group_arn("bed")).await.unwrap();
    let via = async |asked: &ExplainRequest| {
        let explained = at.plane.explain(asked).await.unwrap();
        let via = explained.policies.iter().map(|it| format!("{}: {}", it.name, it.via.join(", ")));
        via.collect::<Vec<_>>().join("; ")
    };
    let all = "no-secrets: group ward; own: certificate, group bed";
    assert_eq!(via(&asked).await, all);
    assert_eq!(via(&by_certificate).await, "own: certificate");
    let arn = at.plane.certificate_arn(&id);
    at.plane.attach_thing_principal("pump-17", &arn, AttachmentKind::Exclusive).await.unwrap();
    assert_eq!(via(&by_certificate).await, all);

    at.plane.update_certificate(id.as_str(), "INACTIVE").await.unwrap();
    let text = at.plane.explain(&asked).await.unwrap().to_text();
    assert!(text.contains("the certificate is not ACTIVE"), "{text}");
    at.end().await;
}

#[tokio::test]
async fn an_explanation_that_cannot_be_given_says_why() {
    let at = TestPlane::new().await;
    at.things(&["bare"]).await;
    for (asked, expected) in [
        (request(None, "Publish", "topic/a"), "Invalid: either `certificate` or `thing`"),
        (request(Some("none"), "Publish", "topic/a"), "NotFound: thing none not found"),
        (request(Some("bare"), "Publish", "topic/a"), "Invalid: thing bare has no certificate"),
        (request(Some("bare"), "Publsh", "topic/a"), "Invalid: unknown action `iot:Publsh`"),
        (request(Some("bare"), "Publish", "client/a"), "Invalid: iot:Publish is asked for topic/"),
    ] {
        let text = refusal(at.plane.explain(&asked).await);
        assert!(text.starts_with(expected), "{text}");
    }
    at.end().await;
}
