use futures::future::join_all;
use picket_core::{CertificateId, PolicyName};
use picket_ports::registry::{Certificate, CertificateStatus};
use picket_ports::{Directory as _, PlannedChange, Remedies, Remedy, RemedyError, RemedySubject};
use rcgen::DnType;

use super::BLANK_POLICY;
use crate::test_pki::{authority, device, request};
use crate::test_plane::{TestPlane, pairs};
use crate::{
    AttachmentKind, Caller, CertificateRegistration, LogLevel, LoggingChange, NameOrArn,
    RegistryLimits,
};

const ROLE: &str = "arn:aws:iam::000000000000:role/logs";
const OPEN_POLICY: &str = r#"{"Version":"2012-10-17","Statement":[
    {"Effect":"Allow","Action":"iot:*","Resource":"*"}]}"#;

fn thing(name: &str) -> RemedySubject {
    RemedySubject::Thing(name.to_owned())
}

fn join(groups: &[&str]) -> Remedy {
    let groups = groups.iter().map(ToString::to_string).collect();
    Remedy::JoinGroups { groups, override_dynamic_groups: true }
}

/// Changes as `OPERATION resource: before -> after`, those that were so already with `=`.
fn said(changes: &[PlannedChange]) -> Vec<String> {
    let one = |change: &PlannedChange| {
        let PlannedChange { operation, resource, before, after, is_done } = change;
        let resource = resource.split_whitespace().map(|word| word.get(..8).unwrap_or(word));
        let resource: Vec<_> = resource.collect();
        let arrow = if *is_done { "=" } else { "->" };
        format!("{operation} {}: {before} {arrow} {after}", resource.join(" "))
    };
    changes.iter().map(one).collect()
}

fn problem(result: Result<Vec<PlannedChange>, RemedyError>) -> String {
    match result.unwrap_err() {
        RemedyError::NoSubject(text) => format!("nothing: {text}"),
        RemedyError::Refused { code, message } => format!("{code}: {message}"),
        RemedyError::Unavailable(text) => format!("later: {text}"),
    }
}

async fn give_certificate(at: &TestPlane, thing: &str) -> Certificate {
    let request = request(&[(DnType::CommonName, thing)]);
    let made = at.plane.create_certificate_from_csr(&request, true).await.unwrap();
    attach(at, thing, &made.id).await;
    made
}

async fn attach(at: &TestPlane, thing: &str, id: &CertificateId) {
    let arn = at.plane.certificate_arn(id);
    let kind = AttachmentKind::NonExclusive;
    at.plane.attach_thing_principal(thing, &arn, kind).await.unwrap();
}

async fn status(at: &TestPlane, id: &CertificateId) -> CertificateStatus {
    at.registry.certificate(id).await.unwrap().status
}

#[tokio::test]
async fn all_certificates_of_a_thing_are_deactivated_and_the_door_knows() {
    let at = TestPlane::new().await;
    at.things(&["pump-1"]).await;
    let (one, two) = (give_certificate(&at, "pump-1").await, give_certificate(&at, "pump-1").await);
    let planned = at.plane.plan(&Remedy::DeactivateCertificate, &thing("pump-1")).await.unwrap();
    assert_eq!(planned.len(), 2);
    assert!(
        planned.iter().all(|it| !it.is_done && it.before == "ACTIVE" && it.after == "INACTIVE")
    );
    assert_eq!(status(&at, &one.id).await, CertificateStatus::Active, "a plan changes nothing");

    let applied = at.plane.apply(&Remedy::DeactivateCertificate, &thing("pump-1")).await.unwrap();
    assert_eq!(applied, planned);
    for id in [&one.id, &two.id] {
        assert_eq!(status(&at, id).await, CertificateStatus::Inactive);
        assert_eq!(
            at.directory.certificate(id).map(|it| it.status),
            Some(CertificateStatus::Inactive)
        );
    }
    let again = at.plane.apply(&Remedy::DeactivateCertificate, &thing("pump-1")).await.unwrap();
    assert!(again.iter().all(|change| change.is_done));
    let version = at.registry.certificate(&one.id).await.unwrap().version;
    assert_eq!(version, one.version + 1, "applied once");
    at.end().await;
}

#[tokio::test]
async fn a_revoked_certificate_stays_revoked_even_where_that_is_not_final() {
    let limits = RegistryLimits { revoked_is_final: false, ..RegistryLimits::default() };
    let at = TestPlane::with(limits).await;
    at.things(&["pump-1"]).await;
    let made = give_certificate(&at, "pump-1").await;
    at.plane.update_certificate(made.id.as_str(), "REVOKED").await.unwrap();
    let subject = RemedySubject::Certificate(made.id.clone());
    let applied = at.plane.apply(&Remedy::DeactivateCertificate, &subject).await.unwrap();
    assert!(said(&applied)[0].ends_with(": REVOKED = REVOKED"), "{applied:?}");
    assert_eq!(status(&at, &made.id).await, CertificateStatus::Revoked);
    at.end().await;
}

#[tokio::test]
async fn who_is_not_there_is_no_subject() {
    let at = TestPlane::new().await;
    at.things(&["bare"]).await;
    let nobody = CertificateId::new("0".repeat(64)).unwrap();
    let policy = RemedySubject::Policy(PolicyName::new("none").unwrap());
    let cases = [
        (Remedy::DeactivateCertificate, thing("ghost"), "thing ghost is not registered"),
        (Remedy::DeactivateCertificate, thing("a b\u{7}"), "thing a b\\u{7} is not registered"),
        (Remedy::DeactivateCertificate, thing("bare"), "thing bare has no certificate"),
        (Remedy::DeactivateAuthority, thing("bare"), "thing bare has no certificate"),
        (Remedy::BlankPolicy, thing("bare"), "thing bare has no certificate"),
        (join(&["g"]), thing("ghost"), "thing ghost is not registered"),
        (join(&["g"]), RemedySubject::Certificate(nobody.clone()), "is not registered"),
        (Remedy::DeactivateAuthority, RemedySubject::Authority(nobody), "is not registered"),
        (Remedy::BlankPolicy, policy.clone(), "policy none does not exist"),
        (Remedy::DeactivateCertificate, policy, "neither a thing nor a certificate"),
        (join(&["g"]), RemedySubject::Account, "the account is neither"),
    ];
    for (remedy, subject, expected) in cases {
        for result in
            [at.plane.plan(&remedy, &subject).await, at.plane.apply(&remedy, &subject).await]
        {
            let text = problem(result);
            assert!(text.starts_with("nothing: ") && text.contains(expected), "{text}");
        }
    }
    at.end().await;
}

#[tokio::test]
async fn the_authority_of_a_things_certificate_is_deactivated() {
    let at = TestPlane::new().await;
    at.things(&["pump-1", "pump-2"]).await;
    let ours = authority("Wards");
    let id = at.register_authority(&ours).await;
    let pem = device(&ours, "pump-1");
    let registration = CertificateRegistration {
        certificate_pem: &pem,
        ca_pem: None,
        set_as_active: None,
        status: Some("ACTIVE"),
    };
    let registered = at.plane.register_certificate(&registration).await.unwrap();
    attach(&at, "pump-1", &registered.id).await;
    give_certificate(&at, "pump-2").await;

    let applied = at.plane.apply(&Remedy::DeactivateAuthority, &thing("pump-1")).await.unwrap();
    let short = id.as_str().get(..8).unwrap();
    assert_eq!(
        said(&applied),
        [format!("UpdateCACertificate CA certific {short}: ACTIVE -> INACTIVE")]
    );
    let subject = RemedySubject::Authority(id);
    let again = at.plane.apply(&Remedy::DeactivateAuthority, &subject).await.unwrap();
    assert!(again[0].is_done);
    let text = problem(at.plane.apply(&Remedy::DeactivateAuthority, &thing("pump-2")).await);
    assert!(text.contains("no registered CA certificate has signed"), "{text}");
    at.end().await;
}

#[tokio::test]
async fn a_thing_joins_all_groups_or_none_and_never_two_of_one_hierarchy() {
    let at = TestPlane::new().await;
    at.things(&["pump-1", "pump-2"]).await;
    at.groups(&["quarantine", "watched", "fleet", "fleet/ward"]).await;
    let both = join(&["quarantine", "watched"]);
    let planned = at.plane.plan(&both, &thing("pump-1")).await.unwrap();
    assert_eq!(
        said(&planned)[0],
        "AddThingToThingGroup thing pump-1: not in quarantine -> in quarantine"
    );
    let groups = async |name: &str| {
        let name = picket_core::ThingName::new(name).unwrap();
        at.registry.groups_of_thing(&name).await.unwrap()
    };
    assert_eq!(groups("pump-1").await, [""; 0]);
    at.plane.apply(&both, &thing("pump-1")).await.unwrap();
    at.plane.apply(&both, &thing("pump-1")).await.unwrap();
    assert_eq!(groups("pump-1").await, ["quarantine", "watched"]);

    let (thing_2, ward) = (NameOrArn::name("pump-2"), NameOrArn::name("ward"));
    at.plane.add_thing_to_thing_group(thing_2, ward).await.unwrap();
    let cases = [
        (join(&["quarantine", "fleet"]), "InvalidRequestException", "same hierarchy"),
        (join(&["quarantine", "none"]), "ResourceNotFoundException", "thing group none not found"),
    ];
    for (remedy, code, words) in cases {
        for result in [
            at.plane.plan(&remedy, &thing("pump-2")).await,
            at.plane.apply(&remedy, &thing("pump-2")).await,
        ] {
            let text = problem(result);
            assert!(text.starts_with(code) && text.contains(words), "{text}");
        }
    }
    assert_eq!(groups("pump-2").await, ["ward"]);
    at.end().await;
}

#[tokio::test]
async fn every_thing_of_a_shared_certificate_joins_though_one_of_them_cannot() {
    let at = TestPlane::new().await;
    at.things(&["a", "b", "c"]).await;
    at.groups(&["zone", "zone/one", "zone/two"]).await;
    let made = give_certificate(&at, "a").await;
    for name in ["b", "c"] {
        attach(&at, name, &made.id).await;
    }
    let (a, one) = (NameOrArn::name("a"), NameOrArn::name("one"));
    at.plane.add_thing_to_thing_group(a, one).await.unwrap();
    let subject = RemedySubject::Certificate(made.id);
    let text = problem(at.plane.apply(&join(&["two"]), &subject).await);
    assert!(text.contains("thing a cannot be in thing groups one and two"), "{text}");
    let page = picket_ports::registry::Page::first(9);
    let members = at.registry.things_in_group("two", false, &page).await.unwrap().rows;
    assert_eq!(members.iter().map(|it| it.as_str()).collect::<Vec<_>>(), ["b", "c"]);
    at.end().await;
}

async fn shared_policy(at: &TestPlane, things: &[&str]) -> PolicyName {
    at.plane.create_policy("fleet", OPEN_POLICY, &pairs::<Vec<_>>("")).await.unwrap();
    for name in things {
        let made = give_certificate(at, name).await;
        at.plane.attach_policy("fleet", &at.plane.certificate_arn(&made.id)).await.unwrap();
    }
    PolicyName::new("fleet").unwrap()
}

#[tokio::test]
async fn of_many_who_blank_a_shared_policy_one_makes_the_version() {
    let at = TestPlane::new().await;
    let names = ["a", "b", "c", "d", "e", "f", "g", "h"];
    at.things(&names).await;
    let name = shared_policy(&at, &names).await;
    let planned = at.plane.plan(&Remedy::BlankPolicy, &thing("a")).await.unwrap();
    assert_eq!(
        said(&planned),
        ["CreatePolicyVersion policy fleet: version 1 in force, attached to 8 certificates and \
          groups -> version 2, which allows nothing, in force"]
    );
    let subjects = names.map(thing);
    let applied =
        join_all(subjects.iter().map(|it| at.plane.apply(&Remedy::BlankPolicy, it))).await;
    let made = applied.iter().filter(|it| !it.as_ref().unwrap()[0].is_done).count();
    assert_eq!(made, 1);
    let policy = at.registry.policy(&name).await.unwrap();
    assert_eq!((policy.versions.len(), policy.default_version), (2, 2));
    assert_eq!(&*policy.document(), BLANK_POLICY);
    at.end().await;
}

#[tokio::test]
async fn a_policy_with_five_versions_is_refused_unless_it_is_blank_already() {
    let at = TestPlane::new().await;
    at.things(&["a"]).await;
    let name = shared_policy(&at, &["a"]).await;
    for _ in 0..4 {
        at.plane.create_policy_version("fleet", OPEN_POLICY, false).await.unwrap();
    }
    let subject = RemedySubject::Policy(name.clone());
    for result in [
        at.plane.plan(&Remedy::BlankPolicy, &subject).await,
        at.plane.apply(&Remedy::BlankPolicy, &subject).await,
    ] {
        let text = problem(result);
        assert!(text.starts_with("VersionsLimitExceededException: policy fleet has 5"), "{text}");
    }
    at.plane.delete_policy_version("fleet", "5").await.unwrap();
    let applied = at.plane.apply(&Remedy::BlankPolicy, &subject).await.unwrap();
    assert!(!applied[0].is_done, "{applied:?}");
    let applied = at.plane.apply(&Remedy::BlankPolicy, &subject).await.unwrap();
    assert!(applied[0].is_done, "{applied:?}");
    assert_eq!(at.registry.policy(&name).await.unwrap().versions.len(), 5);
    at.end().await;
}

#[tokio::test]
async fn a_blank_policy_takes_its_own_rights_away_and_no_others() {
    let at = TestPlane::new().await;
    at.things(&["a"]).await;
    shared_policy(&at, &["a"]).await;
    at.plane.create_policy("other", OPEN_POLICY, &[]).await.unwrap();
    let page = picket_ports::registry::Page::first(1);
    let certificate =
        at.plane.list_thing_principals("a", None, &page).await.unwrap().rows[0].0.clone();
    at.plane.attach_policy("other", &at.plane.certificate_arn(&certificate)).await.unwrap();
    let subject = RemedySubject::Policy(PolicyName::new("fleet").unwrap());
    at.plane.apply(&Remedy::BlankPolicy, &subject).await.unwrap();
    let (documents, _) = at.plane.rights().examine(&Caller::new(&certificate, &[])).unwrap();
    let names: Vec<_> = documents.iter().map(|document| document.name().to_owned()).collect();
    assert_eq!(names, ["fleet", "other"], "both are read, and the blank one is no error");
    at.end().await;
}

#[tokio::test]
async fn logging_is_switched_on_as_asked_for() {
    let at = TestPlane::new().await;
    let wanted = |level: &str| Remedy::EnableLogging { role_arn: ROLE.into(), level: level.into() };
    let (account, info) = (RemedySubject::Account, wanted("INFO"));
    let planned = at.plane.plan(&info, &account).await.unwrap();
    let expected =
        format!("SetV2LoggingOptions the account' logging: never set up -> INFO as {ROLE}");
    assert_eq!(said(&planned), [expected]);
    let off = LoggingChange { disables_all: Some(true), ..LoggingChange::default() };
    at.plane.set_logging_options(off).await.unwrap();
    at.plane.apply(&info, &account).await.unwrap();
    let options = at.plane.logging_options().await.unwrap();
    assert_eq!((options.default_level, options.disables_all), (LogLevel::Info, false));
    assert_eq!(options.role_arn.as_deref(), Some(ROLE));
    assert!(at.plane.apply(&info, &thing("any")).await.unwrap()[0].is_done);
    for (level, words) in [("DISABLED", "at the level DISABLED"), ("LOUD", "`logLevel` is `LOUD`")]
    {
        let text = problem(at.plane.apply(&wanted(level), &account).await);
        assert!(text.starts_with("InvalidRequestException") && text.contains(words), "{text}");
    }
    at.end().await;
}
