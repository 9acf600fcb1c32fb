//! Certificates as rows.

use super::{
    Fresh, any_cursor_gives_a_page, at, certificate, certificate_id, must_be_in_use,
    must_be_missing, must_conflict, must_exist_already, name, policy, policy_name, thing,
    walk_every_way,
};
use crate::registry::{Certificate, CertificateMode, CertificateStatus, Order, Page, PolicyTarget};

pub(super) async fn run(open: &impl AsyncFn() -> Fresh) {
    a_certificate_can_be_registered_once_and_keeps_all(open().await).await;
    a_certificate_changes_by_versions(open().await).await;
    certificates_are_listed_by_time_then_id_in_both_orders(open().await).await;
    what_is_in_use_is_not_removed(open().await).await;
}

async fn a_certificate_can_be_registered_once_and_keeps_all(registry: Fresh) {
    let full = Certificate {
        ca: Some(certificate_id('c')),
        mode: CertificateMode::SniOnly,
        status: CertificateStatus::PendingActivation,
        pem: "-----BEGIN CERTIFICATE-----\n".repeat(100),
        not_before: at(-5),
        not_after: at(i64::MAX / 2),
        version: 3,
        ..certificate('a')
    };
    registry.create_certificate(&full).await.unwrap();
    assert_eq!(registry.certificate(&full.id).await.unwrap(), full);
    must_exist_already(registry.create_certificate(&certificate('a')).await, "certificate");
    assert_eq!(registry.certificate(&full.id).await.unwrap(), full);
    must_be_missing(registry.certificate(&certificate_id('f')).await, "certificate");
    assert_eq!(registry.count_certificates().await.unwrap(), 1);
}

async fn a_certificate_changes_by_versions(registry: Fresh) {
    let change =
        |status, version| Certificate { status, version, modified: at(7), ..certificate('a') };
    let missing = registry.replace_certificate(&change(CertificateStatus::Active, 2)).await;
    must_be_missing(missing, "certificate");
    registry.create_certificate(&certificate('a')).await.unwrap();
    for (status, version) in CertificateStatus::ALL.into_iter().zip(2..) {
        registry.replace_certificate(&change(status, version)).await.unwrap();
        let stored = registry.certificate(&certificate_id('a')).await.unwrap();
        assert_eq!(stored, change(status, version));
    }
    let stale = registry.replace_certificate(&change(CertificateStatus::Active, 2)).await;
    must_conflict(stale, (1, 5));
}

async fn certificates_are_listed_by_time_then_id_in_both_orders(registry: Fresh) {
    let (ca, other) = (certificate_id('0'), certificate_id('9'));
    for (digit, created, ca) in [
        ('a', 20, Some(&ca)),
        ('b', 10, None),
        ('d', 20, None),
        ('c', 20, Some(&ca)),
        ('e', -3, Some(&ca)),
        ('f', 20, Some(&other)),
    ] {
        let certificate =
            Certificate { created: at(created), ca: ca.cloned(), ..certificate(digit) };
        registry.create_certificate(&certificate).await.unwrap();
    }
    let cases: [(_, &[char]); 4] = [
        (None, &['e', 'b', 'a', 'c', 'd', 'f']),
        (Some(&ca), &['e', 'a', 'c']),
        (Some(&other), &['f']),
        (Some(&certificate_id('1')), &[]),
    ];
    for (ca, wanted) in cases {
        for order in [Order::Ascending, Order::Descending] {
            let list = async |page| registry.certificates(ca, order, &page).await.unwrap();
            let ids: Vec<_> = walk_every_way(list).await.into_iter().map(|it| it.id).collect();
            let mut wanted: Vec<_> = wanted.iter().map(|digit| certificate_id(*digit)).collect();
            if order == Order::Descending {
                wanted.reverse();
            }
            assert_eq!(ids, wanted, "{ca:?} {order:?}");
            any_cursor_gives_a_page(list).await;
        }
    }
}

async fn what_is_in_use_is_not_removed(registry: Fresh) {
    let id = certificate_id('a');
    must_be_missing(registry.delete_certificate(&id, true).await, "certificate");
    registry.create_certificate(&certificate('a')).await.unwrap();
    registry.create_thing(&thing("t")).await.unwrap();
    registry.create_policy(&policy("p")).await.unwrap();
    let target = PolicyTarget::Certificate(id.clone());
    registry.attach_thing(&name("t"), &id, false).await.unwrap();
    registry.attach_policy(&policy_name("p"), &target).await.unwrap();
    must_be_in_use(registry.delete_certificate(&id, true).await, "a thing");
    registry.detach_thing(&name("t"), &id).await.unwrap();
    must_be_in_use(registry.delete_certificate(&id, false).await, "a policy");
    assert_eq!(registry.certificate(&id).await.unwrap(), certificate('a'));
    registry.delete_certificate(&id, true).await.unwrap();
    must_be_missing(registry.certificate(&id).await, "certificate");
    assert_eq!(registry.count_certificates().await.unwrap(), 0);
    // One that is registered again has no rights of before.
    registry.create_certificate(&certificate('a')).await.unwrap();
    assert!(registry.policies_of(&target, &Page::first(9)).await.unwrap().rows.is_empty());
    registry.delete_policy(&policy_name("p")).await.unwrap();
    registry.delete_certificate(&id, false).await.unwrap();
}
