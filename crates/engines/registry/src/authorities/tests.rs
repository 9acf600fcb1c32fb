use std::time::Duration;

use futures::future::join_all;
use picket_core::Timestamp;
use picket_ports::Directory as _;
use picket_ports::registry::{CertificateMode, DocumentKind, Order, Page};

use rcgen::DnType;

use crate::test_pki::{authority, authority_until, device, device_der, request};
use crate::test_plane::{START, TestPlane, all_pages, pairs, refusal};
use crate::{
    AuthorityChange, AuthorityStatus, CertificateRegistration, ControlError, NewAuthority,
    RegisteredAuthority, RegistrationConfig, RegistryLimits, WelcomedAuthorities,
};

fn sni_only(pem: &str) -> NewAuthority<'_> {
    NewAuthority {
        certificate_pem: pem,
        mode: Some(CertificateMode::SniOnly),
        ..NewAuthority::default()
    }
}

fn config(template: &str) -> RegistrationConfig {
    RegistrationConfig { template_body: Some(template.to_owned()), ..RegistrationConfig::default() }
}

const TEMPLATE: &str = r#"{"Resources": {"certificate": {
    "Type": "AWS::IoT::Certificate",
    "Properties": {"CertificateId": {"Ref": "AWS::IoT::Certificate::Id"}}
}}, "Parameters": {"AWS::IoT::Certificate::Id": {"Type": "String"}}}"#;

#[tokio::test]
async fn the_registration_code_stays_until_it_is_deleted() {
    let at = TestPlane::new().await;
    let text = refusal(at.plane.delete_registration_code().await);
    assert!(text.starts_with("NotFound: registration code"), "{text}");
    let codes = join_all((0..10).map(|_| at.plane.registration_code())).await;
    let code = codes[0].as_ref().unwrap().clone();
    assert!(codes.iter().all(|it| it.as_ref().unwrap() == &code), "one for all who ask at once");
    assert!(code.len() == 64 && code.chars().all(|c| c.is_ascii_hexdigit()), "{code}");
    at.plane.delete_registration_code().await.unwrap();
    assert_ne!(at.plane.registration_code().await.unwrap(), code);
    at.end().await;
}

#[tokio::test]
async fn an_authority_is_registered_by_whoever_has_its_key() {
    let at = TestPlane::new().await;
    let ours = authority("Wards");
    let code = at.plane.registration_code().await.unwrap();
    let verification = device(&ours, &code);
    let tags: Vec<_> = pairs("site=west");
    let new = NewAuthority {
        certificate_pem: ours.certificate_pem(),
        verification_pem: Some(&verification),
        auto_registration: true,
        registration_config: Some(config(TEMPLATE)),
        tags: &tags,
        ..NewAuthority::default()
    };
    let registered = at.plane.register_ca_certificate(new.clone()).await.unwrap();
    let record = &registered.record;
    assert_eq!((record.status, record.mode), (AuthorityStatus::Inactive, CertificateMode::Default));
    assert!(record.auto_registration && !record.is_welcoming());
    let described = at.plane.describe_ca_certificate(registered.id().as_str()).await.unwrap();
    assert_eq!(described, registered);
    assert_eq!((described.created, described.version), (START, 1));
    let arn = at.plane.authority_arn(registered.id());
    assert_eq!(arn, format!("arn:aws:iot:us-east-1:000000000000:cacert/{}", registered.id()));
    assert_eq!(at.registry.tags(&arn).await.unwrap(), tags);

    let error = at.plane.register_ca_certificate(new).await.unwrap_err();
    let ControlError::AlreadyExists { id, arn: told, .. } = error else { panic!("{error}") };
    assert_eq!((id.as_str(), told), (registered.id().as_str(), arn));
    at.end().await;
}

#[tokio::test]
async fn whoever_has_not_the_key_or_not_the_code_is_refused() {
    let at = TestPlane::new().await;
    let (ours, theirs) = (authority("Wards"), authority("Theirs"));
    let pem = ours.certificate_pem();
    let verified = |verification| NewAuthority {
        certificate_pem: pem,
        verification_pem: verification,
        ..NewAuthority::default()
    };
    let refused = |new| async { refusal(at.plane.register_ca_certificate(new).await) };
    let early = device(&ours, "");
    let text = refused(verified(Some(&early))).await;
    assert!(text.starts_with("RegistrationCodeValidation: "), "no code was ever given out: {text}");
    let code = at.plane.registration_code().await.unwrap();
    let (wrong, foreign) = (device(&ours, "pump-17"), device(&theirs, &code));
    let device_only = device(&ours, &code);
    let sni_with_proof = NewAuthority { verification_pem: Some(&device_only), ..sni_only(pem) };
    let cases = [
        (verified(None), "Invalid: `verificationCertificate` is required"),
        (verified(Some("x")), "CertificateValidation: the certificate is not in PEM format"),
        (verified(Some(&wrong)), "RegistrationCodeValidation: the common name"),
        (verified(Some(&foreign)), "CertificateValidation: the verification certificate is not"),
        (sni_with_proof, "Invalid: `verificationCertificate` must not be given"),
        (sni_only(&device_only), "CertificateValidation: the certificate is not one of a"),
        (sni_only("x"), "CertificateValidation: the certificate is not in PEM format"),
    ];
    for (new, problem) in cases {
        let text = refused(new).await;
        assert!(text.starts_with(problem), "{text}");
    }
    let expired = authority_until("Old", 2024);
    let text = refused(sni_only(expired.certificate_pem())).await;
    assert!(text.contains("is valid from 2024-01-01"), "{text}");
    at.plane.delete_registration_code().await.unwrap();
    let text = refused(verified(Some(&device_only))).await;
    assert!(text.starts_with("RegistrationCodeValidation"), "the code was deleted: {text}");
    assert_eq!(at.registry.documents(DocumentKind::Authority).await.unwrap(), []);
    at.end().await;
}

#[tokio::test]
async fn the_installations_own_authority_cannot_be_registered() {
    let at = TestPlane::new().await;
    let code = at.plane.registration_code().await.unwrap();
    let request = request(&[(DnType::CommonName, &code)]);
    let proof = at.plane.create_certificate_from_csr(&request, false).await.unwrap();
    let own = at.plane.parts.authority.certificate_pem().to_owned();
    let verified = NewAuthority {
        certificate_pem: &own,
        verification_pem: Some(&proof.pem),
        ..NewAuthority::default()
    };
    for new in [verified, sni_only(&own)] {
        let text = refusal(at.plane.register_ca_certificate(new).await);
        assert!(text.starts_with("CertificateValidation: ") && text.contains("own"), "{text}");
    }
    at.end().await;
}

#[tokio::test]
async fn odd_configurations_are_refused_before_anything_is_written() {
    let at = TestPlane::new().await;
    let ours = authority("Wards");
    let with = |config| NewAuthority {
        registration_config: Some(config),
        ..sni_only(ours.certificate_pem())
    };
    let role = |role: &str| RegistrationConfig {
        role_arn: Some(role.to_owned()),
        ..RegistrationConfig::default()
    };
    let named = RegistrationConfig {
        template_name: Some("fleet".to_owned()),
        ..RegistrationConfig::default()
    };
    let cases = [
        (with(named), "Invalid: `templateName` is `fleet`, but stored provisioning templates"),
        (with(role("x")), "Invalid: value `x` at `roleArn`"),
        (with(role("this is not an arn at all")), "Invalid: value"),
        (with(role("there-is-no-arn-in-this")), "Invalid: `roleArn` is not an ARN"),
        (with(config("{")), "Invalid: the provisioning template is not JSON"),
        (with(config("{}")), "Invalid: provisioning template: `Resources` is missing"),
    ];
    for (new, problem) in cases {
        let text = refusal(at.plane.register_ca_certificate(new).await);
        assert!(text.starts_with(problem), "{text}");
    }
    let tags: Vec<_> = pairs("a=1 a=2");
    let tagged = NewAuthority { tags: &tags, ..sni_only(ours.certificate_pem()) };
    assert!(refusal(at.plane.register_ca_certificate(tagged).await).contains("given twice"));
    assert_eq!(at.registry.documents(DocumentKind::Authority).await.unwrap(), []);
    at.end().await;
}

#[tokio::test]
async fn as_many_authorities_as_the_limit_says_share_a_name() {
    let limits = RegistryLimits { authorities_per_subject_max: 2, ..RegistryLimits::default() };
    let at = TestPlane::with(limits).await;
    let twins: Vec<_> = (0..6).map(|_| authority("Wards")).collect();
    let tries =
        twins.iter().map(|it| at.plane.register_ca_certificate(sni_only(it.certificate_pem())));
    let results = join_all(tries).await;
    assert_eq!(results.iter().filter(|it| it.is_ok()).count(), 2);
    for result in results.into_iter().filter(Result::is_err) {
        let text = refusal(result);
        assert!(text.starts_with("LimitExceeded: 2 CA certificates with this subject"), "{text}");
    }
    at.register_authority(&authority("Others")).await;
    at.end().await;
}

#[tokio::test]
async fn a_change_touches_what_it_names_only() {
    let at = TestPlane::new().await;
    let ours = authority("Wards");
    let id = at.register_authority(&ours).await;
    let described = || async { at.plane.describe_ca_certificate(id.as_str()).await.unwrap() };
    let update = |change| {
        let (at, id) = (&at, &id);
        async move { at.plane.update_ca_certificate(id.as_str(), &change).await }
    };
    let is_welcome = || at.directory.is_welcome(&device_der(&ours, "pump-17"));
    assert!(!is_welcome());
    at.clock.advance(Duration::from_secs(1));
    let on = AuthorityChange {
        auto_registration: Some(true),
        registration_config: Some(config(TEMPLATE)),
        ..AuthorityChange::default()
    };
    update(on.clone()).await.unwrap();
    update(on).await.unwrap();
    let after = described().await;
    assert_eq!((after.version, after.created), (2, START), "the second changed nothing");
    assert_eq!(after.modified, START.plus(Duration::from_secs(1)));
    assert_eq!(after.record.status, AuthorityStatus::Active);
    assert!(is_welcome());

    at.set_authority(&id, AuthorityStatus::Inactive).await;
    assert!(!is_welcome());
    at.set_authority(&id, AuthorityStatus::Active).await;
    assert!(is_welcome());
    let off = AuthorityChange { remove_auto_registration: true, ..AuthorityChange::default() };
    update(off.clone()).await.unwrap();
    assert!(!is_welcome());
    assert_eq!(described().await.record.registration_config, None);
    let torn = AuthorityChange { auto_registration: Some(true), ..off };
    assert!(refusal(update(torn).await).contains("contradicts"));
    update(AuthorityChange::default()).await.unwrap();
    at.end().await;
}

#[tokio::test]
async fn an_authority_is_deleted_when_it_is_inactive_and_its_certificates_stay() {
    let at = TestPlane::new().await;
    let ours = authority("Wards");
    let id = at.register_authority(&ours).await;
    let text = device(&ours, "pump-17");
    let registration =
        CertificateRegistration { certificate_pem: &text, ..CertificateRegistration::default() };
    let certificate = at.plane.register_certificate(&registration).await.unwrap();
    let expected =
        "CertificateState: CA certificate must be deactivated (not ACTIVE) before deletion.";
    assert_eq!(refusal(at.plane.delete_ca_certificate(id.as_str()).await), expected);
    at.set_authority(&id, AuthorityStatus::Inactive).await;
    at.plane.delete_ca_certificate(id.as_str()).await.unwrap();
    let expected = format!("NotFound: CA certificate {id} not found");
    assert_eq!(refusal(at.plane.delete_ca_certificate(id.as_str()).await), expected);
    assert_eq!(refusal(at.plane.describe_ca_certificate(id.as_str()).await), expected);
    let text = refusal(at.plane.update_ca_certificate(id.as_str(), &Default::default()).await);
    assert_eq!(text, expected);
    let kept = at.plane.describe_certificate(certificate.id.as_str()).await.unwrap();
    assert_eq!(kept.ca, Some(id));
    at.end().await;
}

#[tokio::test]
async fn authorities_are_listed_by_age_in_either_order() {
    let at = TestPlane::new().await;
    let mut ids = Vec::new();
    for name in ["a", "b", "c", "d", "e"] {
        ids.push(at.register_authority(&authority(name)).await);
        at.clock.advance(Duration::from_millis(1));
    }
    for order in [Order::Ascending, Order::Descending] {
        let plane = &at.plane;
        let read = |page| async move { plane.list_ca_certificates(None, order, &page).await };
        let listed = all_pages(2, read).await.concat();
        let listed: Vec<_> = listed.iter().map(|it| it.id().clone()).collect();
        let mut expected = ids.clone();
        if order == Order::Descending {
            expected.reverse();
        }
        assert_eq!(listed, expected);
    }
    let page = Page::first(9);
    let none = at.plane.list_ca_certificates(Some("fleet"), Order::Ascending, &page).await.unwrap();
    assert_eq!(none.rows, []);
    at.end().await;
}

#[tokio::test]
async fn a_stored_authority_that_cannot_be_read_is_an_error_and_welcomes_nobody() {
    let at = TestPlane::new().await;
    let name = "0".repeat(64);
    for (body, problem) in [
        ("{", "cannot be read: EOF"),
        (r#"{"format":2,"more":1}"#, "has format 2; this version knows 1"),
        (
            r#"{"format":1,"certificate_pem":"x","status":"ACTIVE","auto_registration":true,"mode":"DEFAULT","registration_config":null}"#,
            "cannot be read: the certificate is not in PEM format",
        ),
    ] {
        let kind = DocumentKind::Authority;
        let document = at.registry.create_document(kind, &name, body, START).await.unwrap();
        let error = RegisteredAuthority::from_document(&document).unwrap_err();
        assert!(error.to_string().contains(problem), "{error}");
        assert_eq!(WelcomedAuthorities::from_documents(&[document]), Default::default());
        let text = refusal(at.plane.describe_ca_certificate(&name).await);
        assert!(text.starts_with("Internal"), "{text}");
        at.registry.delete_document(kind, &name).await.unwrap();
    }
    at.end().await;
}

/// A body of format 1, as the first version wrote it.
const FIRST_FORMAT: &str = include_str!("../../corpus/authority-format-1.json");

#[test]
fn the_first_format_can_be_read() {
    let document = picket_ports::registry::Document {
        kind: DocumentKind::Authority,
        name: "x".to_owned(),
        body: FIRST_FORMAT.to_owned(),
        version: 1,
        created: Timestamp::from_millis(1),
        modified: Timestamp::from_millis(1),
    };
    let read = RegisteredAuthority::from_document(&document).unwrap();
    assert!(read.record.is_welcoming());
    let config = read.record.registration_config.unwrap();
    assert_eq!(config.role_arn.as_deref(), Some("arn:aws:iam::000000000000:role/jitp"));
}
