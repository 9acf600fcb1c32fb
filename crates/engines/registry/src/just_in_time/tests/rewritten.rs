//! A certificate that comes again in other bytes, which give it another id.

use futures::future::join_all;
use picket_pki::{id_of_der, pem_of};
use picket_ports::Directory as _;
use picket_ports::registry::CertificateStatus;

use super::{present, refused};
use crate::test_pki::{authority, device_der, twin};
use crate::test_plane::TestPlane;
use crate::{CertificateRegistration, ControlError};

#[tokio::test]
async fn a_revoked_device_does_not_come_back_with_its_signature_written_otherwise() {
    let at = TestPlane::new().await;
    let ours = authority("Wards");
    at.welcome_authority(&ours, None).await;
    let der = device_der(&ours, "pump-17");
    let (id, _) = present(&at, &der).await.unwrap();
    at.plane.update_certificate(id.as_str(), "REVOKED").await.unwrap();
    let other = twin(&ours, &der);
    assert!(at.directory.is_welcome(&other), "at the door it looks like any other");
    let text = refused(&at, &other).await;
    let expected = format!(
        "it is certificate {id}, which is registered, with its signature written otherwise"
    );
    assert!(text.starts_with("NotWelcome: ") && text.ends_with(&expected), "{text}");
    assert_eq!(at.registry.count_certificates().await.unwrap(), 1);
    at.end().await;
}

#[tokio::test]
async fn a_revoked_device_does_not_come_back_with_a_longer_length_in_its_certificate() {
    let at = TestPlane::new().await;
    let ours = authority("Wards");
    at.welcome_authority(&ours, None).await;
    let der = device_der(&ours, "pump-17");
    let (id, _) = present(&at, &der).await.unwrap();
    at.plane.update_certificate(id.as_str(), "REVOKED").await.unwrap();
    let mut other = der;
    // `30 82 LENGTH` and `30 83 00 LENGTH` are the same to a lenient reader.
    other[1] = 0x83;
    other.insert(2, 0);
    let text = refused(&at, &other).await;
    assert!(text.contains("is not written in the one form of DER"), "{text}");
    assert_eq!(at.registry.count_certificates().await.unwrap(), 1);
    at.end().await;
}

#[tokio::test]
async fn of_both_writings_that_come_at_once_one_is_registered() {
    let at = TestPlane::new().await;
    let ours = authority("Wards");
    at.welcome_authority(&ours, None).await;
    for number in 0..10 {
        let der = device_der(&ours, &format!("pump-{number}"));
        let other = twin(&ours, &der);
        let tries = [&der, &other, &der, &other].map(|der| present(&at, der));
        let results = join_all(tries).await;
        assert_eq!(results.iter().filter(|it| it.is_ok()).count(), 2, "{results:?}");
        assert_eq!(at.registry.count_certificates().await.unwrap(), number + 1);
    }
    at.end().await;
}

#[tokio::test]
async fn a_certificate_registered_by_hand_is_known_in_its_other_writing() {
    let at = TestPlane::new().await;
    let ours = authority("Wards");
    at.register_authority(&ours).await;
    let der = device_der(&ours, "pump-17");
    let (first, second) = (pem_of(&der), pem_of(&twin(&ours, &der)));
    let registration = |pem| CertificateRegistration {
        certificate_pem: pem,
        ..CertificateRegistration::default()
    };
    let registered = at.plane.register_certificate(&registration(&first)).await.unwrap();
    assert_eq!(
        (&registered.id, registered.status),
        (&id_of_der(&der), CertificateStatus::Inactive)
    );
    let error = at.plane.register_certificate(&registration(&second)).await.unwrap_err();
    let ControlError::AlreadyExists { id, .. } = error else { panic!("{error}") };
    assert_eq!(id, registered.id.as_str());
    at.end().await;
}
