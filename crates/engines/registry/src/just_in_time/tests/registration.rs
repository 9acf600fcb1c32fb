//! Without a template: registered, announced, refused.

use std::time::Duration;

use futures::future::join_all;
use picket_core::Timestamp;
use picket_ports::Directory as _;
use picket_ports::registry::{CertificateMode, CertificateStatus};
use serde_json::json;

use super::{FROM, present, refused, trail};
use crate::test_pki::{authority, authority_until, device, device_der, renewed};
use crate::test_plane::{START, TestPlane, refusal};
use crate::{AuthorityStatus, CertificateRegistration, NewAuthority};

#[tokio::test]
async fn a_stranger_is_registered_and_announced_each_time_it_comes_until_somebody_decides() {
    let mut at = TestPlane::new().await;
    let ours = authority("Wards");
    let ca = at.welcome_authority(&ours, None).await;
    let der = device_der(&ours, "pump-17");
    assert!(at.directory.is_welcome(&der));
    let (id, status) = present(&at, &der).await.unwrap();
    assert_eq!(status, CertificateStatus::PendingActivation);
    assert_eq!(at.directory.certificate(&id).unwrap().status, status, "known, and not let in");
    let stored = at.plane.describe_certificate(id.as_str()).await.unwrap();
    assert_eq!((stored.ca, stored.mode), (Some(ca.clone()), CertificateMode::Default));

    at.clock.advance(Duration::from_secs(3));
    assert_eq!(present(&at, &der).await.unwrap(), (id.clone(), status));
    let topic = format!("$aws/events/certificates/registered/{ca}");
    let event = |at: Timestamp| {
        json!({
            "certificateId": id.as_str(),
            "caCertificateId": ca.as_str(),
            "timestamp": at.as_millis(),
            "certificateStatus": "PENDING_ACTIVATION",
            "awsAccountId": "000000000000",
            "certificateRegistrationTimestamp": START.as_millis().to_string(),
        })
    };
    let second = event(START.plus(Duration::from_secs(3)));
    assert_eq!(at.published(), [(topic.clone(), event(START)), (topic, second)]);

    at.plane.update_certificate(id.as_str(), "ACTIVE").await.unwrap();
    assert_eq!(present(&at, &der).await.unwrap(), (id.clone(), CertificateStatus::Active));
    at.plane.update_certificate(id.as_str(), "REVOKED").await.unwrap();
    assert_eq!(present(&at, &der).await.unwrap(), (id, CertificateStatus::Revoked));
    assert_eq!(at.published(), []);
    at.end().await;
}

#[tokio::test]
async fn only_certificates_of_a_welcoming_authority_are_registered() {
    let at = TestPlane::new().await;
    let (ours, theirs, quiet) = (authority("Wards"), authority("Theirs"), authority("Quiet"));
    let ca = at.welcome_authority(&ours, None).await;
    at.register_authority(&quiet).await;
    let foreign = refused(&at, &device_der(&theirs, "pump-17")).await;
    assert!(foreign.ends_with("no registered CA certificate has signed it"), "{foreign}");
    let forged = refused(&at, &device_der(&authority("Wards"), "pump-17")).await;
    assert!(forged.ends_with("no registered CA certificate has signed it"), "{forged}");
    let text = refused(&at, &device_der(&quiet, "pump-17")).await;
    assert!(text.ends_with("is not ACTIVE with automatic registration"), "{text}");
    at.set_authority(&ca, AuthorityStatus::Inactive).await;
    let text = refused(&at, &device_der(&ours, "pump-17")).await;
    assert!(text.ends_with("is not ACTIVE with automatic registration"), "{text}");
    for der in [&b""[..], b"x", &[0x30; 70_000]] {
        let text = refused(&at, der).await;
        assert!(text.starts_with("NotWelcome: "), "{text}");
    }
    assert_eq!(at.registry.count_certificates().await.unwrap(), 0);
    at.end().await;
}

#[tokio::test]
async fn a_certificate_that_waits_is_not_announced_when_its_authority_is_withdrawn() {
    let mut at = TestPlane::new().await;
    let ours = authority("Wards");
    let ca = at.welcome_authority(&ours, None).await;
    let der = device_der(&ours, "pump-17");
    present(&at, &der).await.unwrap();
    at.set_authority(&ca, AuthorityStatus::Inactive).await;
    assert_eq!(at.published().len(), 1);
    assert!(refused(&at, &der).await.starts_with("NotWelcome: "));
    assert_eq!(at.published(), []);
    at.end().await;
}

#[tokio::test]
async fn neither_an_authority_nor_a_certificate_that_has_run_out_is_welcome() {
    let at = TestPlane::new().await;
    let ours = authority_until("Wards", 2026);
    at.welcome_authority(&ours, None).await;
    let der = device_der(&ours, "pump-17");
    let years = |n: u64| Duration::from_secs(n * 366 * 24 * 3600);
    at.clock.set(START.plus(years(3)));
    let text = refused(&at, &der).await;
    assert!(text.ends_with("is not valid at this time"), "{text}");
    at.clock.set(START.plus(years(30)));
    let text = refused(&at, &der).await;
    assert!(text.contains("the certificate is valid from 2024-12-31"), "{text}");
    at.end().await;
}

#[tokio::test]
async fn of_an_authority_and_its_renewal_the_one_that_welcomes_decides() {
    let at = TestPlane::new().await;
    let old = authority_until("Wards", 2026);
    // Whichever of both ids comes first.
    let renewals = [2040, 2041, 2042, 2043].map(|year| renewed(&old, "Wards", year));
    let old_id = at.register_authority(&old).await;
    at.set_authority(&old_id, AuthorityStatus::Inactive).await;
    for (number, new) in renewals.iter().enumerate() {
        let der = device_der(new, &format!("pump-{number}"));
        assert!(refused(&at, &der).await.starts_with("NotWelcome: "));
        let id = at.welcome_authority(new, None).await;
        let (certificate, _) = present(&at, &der).await.unwrap();
        let stored = at.plane.describe_certificate(certificate.as_str()).await.unwrap();
        assert_eq!(stored.ca, Some(id.clone()));
        at.set_authority(&id, AuthorityStatus::Inactive).await;
    }
    at.end().await;
}

#[tokio::test]
async fn a_device_that_tries_many_times_at_once_is_registered_once() {
    let mut at = TestPlane::new().await;
    let ours = authority("Wards");
    at.welcome_authority(&ours, None).await;
    let der = device_der(&ours, "pump-17");
    let results = join_all((0..20).map(|_| present(&at, &der))).await;
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    assert_eq!(at.registry.count_certificates().await.unwrap(), 1);
    assert_eq!(at.published().len(), 20);
    at.end().await;
}

#[tokio::test]
async fn a_certificate_that_was_registered_by_hand_does_not_introduce_itself() {
    let mut at = TestPlane::new().await;
    let ours = authority("Wards");
    at.welcome_authority(&ours, None).await;
    let pem = device(&ours, "pump-17");
    let registration =
        CertificateRegistration { certificate_pem: &pem, ..CertificateRegistration::default() };
    let id = at.plane.register_certificate(&registration).await.unwrap().id;
    let der = picket_pki::der_of(&pem).unwrap();
    assert_eq!(present(&at, &der).await.unwrap(), (id, CertificateStatus::Inactive));
    assert_eq!(at.published(), []);
    at.end().await;
}

#[tokio::test]
async fn a_registration_is_in_the_audit_trail_and_what_is_told_again_is_not() {
    let at = TestPlane::new().await;
    let ours = authority("Wards");
    let ca = at.welcome_authority(&ours, None).await;
    let der = device_der(&ours, "pump-17");
    let (id, _) = present(&at, &der).await.unwrap();
    present(&at, &der).await.unwrap();
    refused(&at, &device_der(&authority("Theirs"), "pump-17")).await;
    let [record] = &trail(&at).await[..] else { panic!("{:?}", trail(&at).await) };
    assert_eq!(record.operation, "JustInTimeRegistration");
    assert_eq!(record.resource, format!("cert/{id} cacert/{ca}"));
    assert_eq!(record.actor, at.plane.certificate_arn(&id));
    assert_eq!((record.source.as_str(), record.service.as_str()), (&*FROM.to_string(), "iot"));
    assert_eq!((&record.error, &record.access_key, record.at), (&None, &None, START));
    at.end().await;
}

#[tokio::test]
async fn a_certificate_that_waits_may_become_anything_but_pending_and_be_deleted() {
    let at = TestPlane::new().await;
    let ours = authority("Wards");
    at.welcome_authority(&ours, None).await;
    for (number, status) in ["ACTIVE", "INACTIVE", "REVOKED"].into_iter().enumerate() {
        let der = device_der(&ours, &format!("pump-{number}"));
        let (id, _) = present(&at, &der).await.unwrap();
        for pending in ["PENDING_ACTIVATION", "PENDING_TRANSFER"] {
            let text = refusal(at.plane.update_certificate(id.as_str(), pending).await);
            assert!(text.starts_with("Invalid: "), "{text}");
        }
        at.plane.update_certificate(id.as_str(), status).await.unwrap();
        let entry = at.directory.certificate(&id).unwrap();
        assert_eq!(entry.status.as_str(), status);
        // Nothing leads back.
        assert!(at.plane.update_certificate(id.as_str(), "PENDING_ACTIVATION").await.is_err());
        assert_eq!(present(&at, &der).await.unwrap(), (id, entry.status));
    }
    let der = device_der(&ours, "pump-9");
    let (id, _) = present(&at, &der).await.unwrap();
    at.plane.delete_certificate(id.as_str(), false).await.unwrap();
    assert!(at.directory.certificate(&id).is_none());
    let again = present(&at, &der).await.unwrap();
    assert_eq!(
        again,
        (id, CertificateStatus::PendingActivation),
        "its authority still welcomes it"
    );
    at.end().await;
}

#[tokio::test]
async fn a_certificate_has_the_mode_of_its_authority() {
    let at = TestPlane::new().await;
    let ours = authority("Wards");
    let new = NewAuthority {
        certificate_pem: ours.certificate_pem(),
        mode: Some(CertificateMode::SniOnly),
        is_active: true,
        auto_registration: true,
        ..NewAuthority::default()
    };
    let ca = at.plane.register_ca_certificate(new).await.unwrap().id().clone();
    let (id, _) = present(&at, &device_der(&ours, "pump-17")).await.unwrap();
    let stored = at.plane.describe_certificate(id.as_str()).await.unwrap();
    assert_eq!((stored.mode, stored.ca), (CertificateMode::SniOnly, Some(ca.clone())));
    let pem = device(&ours, "pump-18");
    let registration =
        CertificateRegistration { certificate_pem: &pem, ..CertificateRegistration::default() };
    let stored = at.plane.register_certificate(&registration).await.unwrap();
    assert_eq!((stored.mode, stored.ca), (CertificateMode::SniOnly, Some(ca)));
    at.end().await;
}
