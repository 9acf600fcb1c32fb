use std::collections::BTreeSet;
use std::time::Duration;

use futures::future::join_all;
use picket_core::PolicyName;
use picket_pki::{KeyKind, Registrable, inspect};
use picket_ports::Directory as _;
use picket_ports::registry::{
    Certificate, CertificateMode, CertificateStatus, Order, Policy, PolicyTarget,
};
use rcgen::DnType;

use crate::test_pki::{authority, device, request};
use crate::test_plane::{START, TestPlane, all_pages, refusal};
use crate::{
    AttachmentKind, AuthorityStatus, CertificateRegistration, ControlError, RegistryLimits,
    generation_id,
};

fn pem(text: &str) -> CertificateRegistration<'_> {
    CertificateRegistration { certificate_pem: text, ..CertificateRegistration::default() }
}

async fn made(at: &TestPlane, is_active: bool) -> Certificate {
    let request = request(&[(DnType::CommonName, "pump-17")]);
    at.plane.create_certificate_from_csr(&request, is_active).await.unwrap()
}

#[tokio::test]
async fn keys_come_with_a_certificate_that_is_known_at_the_door() {
    let at = TestPlane::new().await;
    let new = at.plane.create_keys_and_certificate(true).await.unwrap();
    let read = Registrable::read(&new.certificate.pem).unwrap();
    assert_eq!((&read.facts.id, read.key), (&new.certificate.id, KeyKind::Rsa { bits: 2048 }));
    let entry = at.directory.certificate(&new.certificate.id).unwrap();
    assert_eq!(entry.status, CertificateStatus::Active);
    assert_eq!(entry.not_after.to_string(), "2049-12-31T23:59:59.000Z");
    let described = at.plane.describe_certificate(new.certificate.id.as_str()).await.unwrap();
    assert_eq!(described, new.certificate);
    assert_eq!((described.created, described.version, &described.ca), (START, 1, &None));
    let shown = format!("{new:?}");
    assert!(!shown.contains("PRIVATE KEY"), "a secret in {shown}");
    // Not idempotent.
    let other = at.plane.create_keys_and_certificate(false).await.unwrap();
    assert_ne!(other.certificate.id, new.certificate.id);
    assert_eq!(other.certificate.status, CertificateStatus::Inactive);
    at.end().await;
}

#[tokio::test]
async fn the_same_request_twice_gives_two_certificates_of_its_subject() {
    let at = TestPlane::new().await;
    let request = request(&[(DnType::CommonName, "pump-17"), (DnType::CountryName, "DE")]);
    let one = at.plane.create_certificate_from_csr(&request, false).await.unwrap();
    let two = at.plane.create_certificate_from_csr(&request, true).await.unwrap();
    assert_ne!(one.id, two.id);
    let (one, two) = (inspect(&one.pem).unwrap(), inspect(&two.pem).unwrap());
    assert_eq!(one.subject, two.subject);
    assert_eq!(one.common_name.as_deref(), Some("pump-17"));
    for (text, problem) in [
        ("", "Invalid: the certificate signing request is not in PEM format"),
        ("x".repeat(4097).as_str(), "Invalid: the certificate signing request is 4097 characters"),
        (request.replace('M', "N").as_str(), "Invalid: the certificate signing request"),
    ] {
        let text = refusal(at.plane.create_certificate_from_csr(text, true).await);
        assert!(text.starts_with(problem), "{text}");
    }
    assert_eq!(at.registry.count_certificates().await.unwrap(), 2);
    at.end().await;
}

#[tokio::test]
async fn a_certificate_of_a_registered_authority_is_registered_under_it() {
    let at = TestPlane::new().await;
    let ours = authority("Wards");
    let ca = at.register_authority(&ours).await;
    let text = device(&ours, "pump-17");
    let certificate = at.plane.register_certificate(&pem(&text)).await.unwrap();
    assert_eq!(certificate.ca, Some(ca.clone()));
    assert_eq!(certificate.status, CertificateStatus::Inactive);
    assert_eq!(certificate.mode, CertificateMode::Default);
    let text = device(&ours, "pump-18");
    let active = CertificateRegistration { status: Some("ACTIVE"), ..pem(&text) };
    let active = at.plane.register_certificate(&active).await.unwrap();
    assert_eq!(at.directory.certificate(&active.id).unwrap().status, CertificateStatus::Active);
    let (plane, ca) = (&at.plane, ca.as_str());
    let listed =
        |page| async move { plane.list_certificates_by_ca(ca, Order::Ascending, &page).await };
    let listed: BTreeSet<_> =
        all_pages(1, listed).await.into_iter().flatten().map(|it| it.id).collect();
    assert_eq!(listed, BTreeSet::from([certificate.id, active.id]));
    at.end().await;
}

#[tokio::test]
async fn a_certificate_can_be_registered_once_and_is_told_its_id_the_second_time() {
    let at = TestPlane::new().await;
    let ours = authority("Wards");
    at.register_authority(&ours).await;
    let text = device(&ours, "pump-17");
    let first = at.plane.register_certificate(&pem(&text)).await.unwrap();
    let own = made(&at, true).await;
    for (text, known) in [(&text, &first), (&own.pem, &own)] {
        for again in [
            at.plane.register_certificate(&pem(text)).await,
            at.plane.register_certificate_without_ca(&pem(text)).await,
        ] {
            let error = again.unwrap_err();
            let expected = "The certificate is already provisioned or registered";
            assert_eq!(error.to_string(), expected);
            let ControlError::AlreadyExists { id, arn, .. } = error else { panic!("{error}") };
            assert_eq!(id, known.id.as_str());
            assert_eq!(arn, at.plane.certificate_arn(&known.id));
        }
    }
    at.end().await;
}

#[tokio::test]
async fn who_signed_a_certificate_must_be_registered_active_and_the_only_one_of_its_name() {
    let at = TestPlane::new().await;
    let (ours, twin, theirs) = (authority("Wards"), authority("Wards"), authority("Theirs"));
    let ca = at.register_authority(&ours).await;
    let stranger = device(&theirs, "pump-17");
    let text = refusal(at.plane.register_certificate(&pem(&stranger)).await);
    assert!(text.starts_with("CertificateValidation: the certificate is not signed by"), "{text}");
    let forged = device(&twin, "pump-17");
    let text = refusal(at.plane.register_certificate(&pem(&forged)).await);
    assert!(text.starts_with("CertificateValidation: the certificate names another key"), "{text}");

    at.set_authority(&ca, AuthorityStatus::Inactive).await;
    let device_of_ours = device(&ours, "pump-17");
    let text = refusal(at.plane.register_certificate(&pem(&device_of_ours)).await);
    assert!(text.starts_with("CertificateState: the certificate authority"), "{text}");
    at.set_authority(&ca, AuthorityStatus::Active).await;

    let twin_id = at.register_authority(&twin).await;
    let text = refusal(at.plane.register_certificate(&pem(&device_of_ours)).await);
    assert!(text.starts_with("CertificateConflict: 2 registered"), "{text}");
    let named = |ca| CertificateRegistration { ca_pem: Some(ca), ..pem(&forged) };
    let text = refusal(at.plane.register_certificate(&named(ours.certificate_pem())).await);
    assert!(text.starts_with("CertificateValidation: the certificate names another key"), "{text}");
    let text = refusal(at.plane.register_certificate(&named(theirs.certificate_pem())).await);
    assert!(text.contains("is not registered"), "{text}");
    let done = at.plane.register_certificate(&named(twin.certificate_pem())).await.unwrap();
    assert_eq!(done.ca, Some(twin_id));
    at.end().await;
}

#[tokio::test]
async fn without_an_authority_any_certificate_can_be_registered() {
    let at = TestPlane::new().await;
    let text = device(&authority("Nobody"), "pump-17");
    let registration = CertificateRegistration { status: Some("ACTIVE"), ..pem(&text) };
    let certificate = at.plane.register_certificate_without_ca(&registration).await.unwrap();
    assert_eq!((certificate.mode, &certificate.ca), (CertificateMode::SniOnly, &None));
    assert_eq!(
        at.directory.certificate(&certificate.id).unwrap().status,
        CertificateStatus::Active
    );
    at.end().await;
}

#[tokio::test]
async fn what_cannot_be_registered_is_refused_with_the_reason() {
    let at = TestPlane::new().await;
    let good = device(&authority("Nobody"), "pump-17");
    let twice = format!("{good}{good}");
    for (text, problem) in [
        ("", "CertificateValidation: the certificate is not in PEM format"),
        (twice.as_str(), "CertificateValidation: the certificate must be alone"),
        (&good.replace("MII", "MIJ"), "CertificateValidation: the certificate"),
        (&"x".repeat(1_000_000), "CertificateValidation: the certificate is 1000000 characters"),
    ] {
        for refused in [
            at.plane.register_certificate(&pem(text)).await,
            at.plane.register_certificate_without_ca(&pem(text)).await,
        ] {
            let text = refusal(refused);
            assert!(text.starts_with(problem), "{text}");
        }
    }
    for status in ["PENDING_ACTIVATION", "PENDING_TRANSFER", "REGISTER_INACTIVE", "active", ""] {
        let registration = CertificateRegistration { status: Some(status), ..pem(&good) };
        let text = refusal(at.plane.register_certificate_without_ca(&registration).await);
        assert!(text.starts_with("Invalid: ") && text.contains("`status`"), "{text}");
    }
    let torn = CertificateRegistration {
        status: Some("REVOKED"),
        set_as_active: Some(true),
        ..pem(&good)
    };
    let text = refusal(at.plane.register_certificate_without_ca(&torn).await);
    assert!(text.contains("contradict"), "{text}");
    assert_eq!(at.registry.count_certificates().await.unwrap(), 0);
    at.end().await;
}

#[tokio::test]
async fn a_status_may_follow_any_but_revoked_and_the_door_knows_at_once() {
    let at = TestPlane::new().await;
    let id = made(&at, false).await.id;
    let mut version = 1;
    for status in ["ACTIVE", "ACTIVE", "INACTIVE", "ACTIVE", "REVOKED", "REVOKED"] {
        at.clock.advance(Duration::from_secs(1));
        let before = at.plane.describe_certificate(id.as_str()).await.unwrap();
        at.plane.update_certificate(id.as_str(), status).await.unwrap();
        let after = at.plane.describe_certificate(id.as_str()).await.unwrap();
        assert_eq!(after.status.as_str(), status);
        assert_eq!(at.directory.certificate(&id).unwrap().status, after.status);
        let changed = before.status != after.status;
        version += u64::from(changed);
        assert_eq!((after.version, after.modified > before.modified), (version, changed));
        assert_eq!(after.created, START);
    }
    for status in ["ACTIVE", "INACTIVE"] {
        let text = refusal(at.plane.update_certificate(id.as_str(), status).await);
        assert!(text.starts_with("CertificateState: "), "{text}");
        assert!(text.ends_with(&format!("is REVOKED and cannot become {status}")), "{text}");
    }
    for status in ["PENDING_ACTIVATION", "PENDING_TRANSFER", "REGISTER_INACTIVE", "ON", "active"] {
        let text = refusal(at.plane.update_certificate(id.as_str(), status).await);
        assert!(text.starts_with("Invalid: ") && text.contains("`newStatus`"), "{text}");
    }
    at.end().await;
}

#[tokio::test]
async fn an_installation_may_let_revoked_certificates_come_back() {
    let limits = RegistryLimits { revoked_is_final: false, ..RegistryLimits::default() };
    let at = TestPlane::with(limits).await;
    let id = made(&at, true).await.id;
    for status in ["REVOKED", "ACTIVE"] {
        at.plane.update_certificate(id.as_str(), status).await.unwrap();
    }
    assert_eq!(at.directory.certificate(&id).unwrap().status, CertificateStatus::Active);
    at.end().await;
}

#[tokio::test]
async fn ids_that_are_none_and_ids_of_nothing_are_told_apart() {
    let at = TestPlane::new().await;
    let nobody = "0".repeat(64);
    for id in ["", "x", "../../etc", &"g".repeat(64), &"0".repeat(63), &"0".repeat(65), "ä"] {
        let refused = [
            refusal(at.plane.describe_certificate(id).await),
            refusal(at.plane.update_certificate(id, "ACTIVE").await),
            refusal(at.plane.delete_certificate(id, true).await),
            at.plane.refuse_transfer(id).await.to_string(),
        ];
        for text in refused {
            assert!(text.contains("is not a certificate id"), "{text}");
        }
    }
    let missing = [
        refusal(at.plane.describe_certificate(&nobody).await),
        refusal(at.plane.update_certificate(&nobody, "ACTIVE").await),
        refusal(at.plane.delete_certificate(&nobody, true).await),
    ];
    for text in missing {
        assert_eq!(text, format!("NotFound: certificate {nobody} not found"));
    }
    let known = made(&at, false).await;
    let upper = known.id.as_str().to_ascii_uppercase();
    assert_eq!(at.plane.describe_certificate(&upper).await.unwrap(), known);
    let text = at.plane.refuse_transfer(known.id.as_str()).await.to_string();
    assert!(text.contains("cannot be transferred"), "{text}");
    at.end().await;
}

#[tokio::test]
async fn a_certificate_is_deleted_only_when_nothing_needs_it() {
    let at = TestPlane::new().await;
    at.things(&["pump-17"]).await;
    let id = made(&at, true).await.id;
    let arn = at.plane.certificate_arn(&id);
    let kind = AttachmentKind::NonExclusive;
    at.plane.attach_thing_principal("pump-17", &arn, kind).await.unwrap();
    let policy = PolicyName::new("p").unwrap();
    at.registry.create_policy(&Policy::new(policy.clone(), "{}", START)).await.unwrap();
    let target = PolicyTarget::Certificate(id.clone());
    at.registry.attach_policy(&policy, &target).await.unwrap();

    let delete = |is_forced| at.plane.delete_certificate(id.as_str(), is_forced);
    for is_forced in [false, true] {
        let expected =
            "CertificateState: Certificate must be deactivated (not ACTIVE) before deletion.";
        assert_eq!(refusal(delete(is_forced).await), expected);
    }
    at.plane.update_certificate(id.as_str(), "INACTIVE").await.unwrap();
    assert!(matches!(delete(false).await, Err(ControlError::DeleteConflict(_))));
    let expected = format!("DeleteConflict: Things must be detached before deletion (arn: {arn})");
    assert_eq!(refusal(delete(true).await), expected);
    at.plane.detach_thing_principal("pump-17", &arn).await.unwrap();
    let expected = format!(
        "DeleteConflict: Certificate policies must be detached before deletion (arn: {arn})"
    );
    assert_eq!(refusal(delete(false).await), expected);
    delete(true).await.unwrap();
    assert!(at.directory.certificate(&id).is_none());
    assert_eq!(refusal(delete(true).await), format!("NotFound: certificate {id} not found"));
    at.registry.delete_policy(&policy).await.unwrap();
    at.end().await;
}

#[tokio::test]
async fn certificates_are_listed_by_age_in_either_order() {
    let at = TestPlane::new().await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(made(&at, false).await.id);
        at.clock.advance(Duration::from_secs(1));
    }
    for order in [Order::Ascending, Order::Descending] {
        let plane = &at.plane;
        let read = |page| async move { plane.list_certificates(order, &page).await };
        let listed: Vec<_> = all_pages(2, read).await.into_iter().flatten().collect();
        let listed: Vec<_> = listed.into_iter().map(|it| it.id).collect();
        let mut expected = ids.clone();
        if order == Order::Descending {
            expected.reverse();
        }
        assert_eq!(listed, expected);
    }
    at.end().await;
}

#[tokio::test]
async fn of_many_who_register_one_certificate_one_succeeds() {
    let at = TestPlane::new().await;
    let text = device(&authority("Nobody"), "pump-17");
    let registration = pem(&text);
    let tries = (0..20).map(|_| at.plane.register_certificate_without_ca(&registration));
    let results = join_all(tries).await;
    assert_eq!(results.iter().filter(|it| it.is_ok()).count(), 1);
    for error in results.into_iter().filter_map(Result::err) {
        assert!(matches!(error, ControlError::AlreadyExists { .. }), "{error}");
    }
    at.end().await;
}

#[tokio::test]
async fn many_changes_of_one_certificate_at_once_are_all_made() {
    let at = TestPlane::new().await;
    let id = made(&at, false).await.id;
    let changes = (0..40).map(|n| {
        let status = if n % 2 == 0 { "ACTIVE" } else { "INACTIVE" };
        at.plane.update_certificate(id.as_str(), status)
    });
    assert!(join_all(changes).await.iter().all(Result::is_ok));
    let stored = at.plane.describe_certificate(id.as_str()).await.unwrap();
    assert_eq!(at.directory.certificate(&id).unwrap().status, stored.status);
    at.end().await;
}

#[test]
fn a_certificate_that_comes_back_is_another_generation() {
    let id = inspect(authority("a").certificate_pem()).unwrap().id;
    let first = generation_id(&id, START);
    assert_eq!(generation_id(&id, START), first);
    assert_ne!(generation_id(&id, START.plus(Duration::from_millis(1))), first);
}
