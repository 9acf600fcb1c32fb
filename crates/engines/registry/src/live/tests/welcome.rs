//! Who may introduce themselves.

use picket_pki::{Authority, der_of};
use picket_ports::registry::{DocumentKind, Documents as _};

use super::*;
use crate::authorities::{AuthorityRecord, AuthorityStatus};

const NOW: Timestamp = Timestamp::from_millis(1_735_689_600_000);

#[tokio::test]
async fn certificates_of_an_active_authority_with_automatic_registration_are_welcome_at_once() {
    let fixture = fixture().await;
    let (ca, other) = (Authority::generate(NOW).unwrap(), Authority::generate(NOW).unwrap());
    let der = |ca: &Authority| {
        der_of(&ca.issue_device("newcomer", NOW).unwrap().certificate_pem).unwrap()
    };
    let (ours, theirs) = (der(&ca), der(&other));
    assert!(!fixture.directory.is_welcome(&ours));

    let name = picket_pki::inspect(ca.certificate_pem()).unwrap().id;
    let kind = DocumentKind::Authority;
    let record = |status, auto_registration| {
        let pem = ca.certificate_pem().to_owned();
        let mut record = AuthorityRecord::new(pem, status, CertificateMode::Default);
        record.auto_registration = auto_registration;
        record.to_body().unwrap()
    };
    let (active, inactive) = (AuthorityStatus::Active, AuthorityStatus::Inactive);
    let body = record(active, false);
    fixture.registry.create_document(kind, name.as_str(), &body, NOW).await.unwrap();
    for (status, is_automatic, is_welcome) in [
        (active, false, false),
        (active, true, true),
        (inactive, true, false),
        (active, true, true),
    ] {
        let body = record(status, is_automatic);
        fixture.registry.replace_document(kind, name.as_str(), &body, None, NOW).await.unwrap();
        fixture.caught_up().await;
        assert_eq!(fixture.directory.is_welcome(&ours), is_welcome, "{status:?} {is_automatic}");
        assert!(!fixture.directory.is_welcome(&theirs));
    }
    let later = LiveDirectory::follow(fixture.registry.clone(), &fixture.tasks).await.unwrap();
    assert!(later.is_welcome(&ours), "known from the start");
    assert!(!later.is_welcome(b"no certificate"));
    fixture.registry.delete_document(kind, name.as_str()).await.unwrap();
    fixture.caught_up().await;
    assert!(!fixture.directory.is_welcome(&ours));
}
