//! Whole devices.

use super::{
    Fresh, certificate, certificate_id, group, must_be_missing, must_exist_already, name, news,
    policy, policy_name, thing,
};
use crate::registry::{CertificateStatus, NewDevice, Page, PolicyTarget, Registry, RegistryChange};

pub(super) async fn run(open: &impl AsyncFn() -> Fresh) {
    a_device_is_enrolled_whole_and_told_as_one_change(open().await).await;
    a_refused_device_leaves_nothing_behind(open().await).await;
}

async fn prepare(registry: &dyn Registry) {
    registry.create_group(&group("g", None)).await.unwrap();
    registry.create_policy(&policy("p")).await.unwrap();
}

async fn a_device_is_enrolled_whole_and_told_as_one_change(registry: Fresh) {
    prepare(&*registry).await;
    let mut feed = registry.changes();
    let before = *registry.revision().borrow();
    let (thing, certificate, policy) = (thing("t"), certificate('a'), policy_name("p"));
    let device =
        NewDevice { thing: &thing, certificate: &certificate, policy: &policy, group: "g" };
    registry.enroll(&device).await.unwrap();

    assert_eq!(registry.thing(&thing.name).await.unwrap(), thing);
    assert_eq!(registry.certificate(&certificate.id).await.unwrap(), certificate);
    let page = Page::first(9);
    let attached = registry.certificates_of_thing(&thing.name, &page).await.unwrap();
    assert_eq!(attached.rows, [(certificate.id.clone(), false)]);
    assert_eq!(registry.groups_of_thing(&thing.name).await.unwrap(), ["g"]);
    let target = PolicyTarget::Certificate(certificate.id.clone());
    let policies = registry.policies_of(&target, &page).await.unwrap();
    assert_eq!(policies.rows, std::slice::from_ref(&policy));

    let set = feed.try_recv().unwrap();
    assert_eq!(set.revision, before + 1);
    assert_eq!(*registry.revision().borrow(), before + 1);
    assert!(feed.try_recv().is_err(), "one change");
    let (id, thing_name) = (certificate.id.clone(), thing.name.clone());
    let wanted = [
        RegistryChange::Thing(thing.into()),
        RegistryChange::Certificate {
            id: id.clone(),
            status: CertificateStatus::Active,
            not_after: certificate.not_after,
        },
        RegistryChange::Attached {
            thing: thing_name.clone(),
            certificate: id,
            is_exclusive: false,
        },
        RegistryChange::Joined(thing_name, "g".into()),
        RegistryChange::PolicyAttached(policy, target),
    ];
    assert_eq!(set.changes.len(), wanted.len());
    for fact in wanted {
        assert!(set.changes.contains(&fact), "{fact:?}");
    }
}

async fn a_refused_device_leaves_nothing_behind(registry: Fresh) {
    prepare(&*registry).await;
    registry.create_thing(&thing("taken")).await.unwrap();
    registry.create_certificate(&certificate('b')).await.unwrap();
    let mut feed = registry.changes();
    let before = *registry.revision().borrow();
    let (fresh, taken) = (thing("t"), thing("taken"));
    let (unused, used) = (certificate('a'), certificate('b'));
    let (known, missing) = (policy_name("p"), policy_name("none"));
    let device = NewDevice { thing: &fresh, certificate: &unused, policy: &known, group: "g" };
    let nowhere = NewDevice { group: "nowhere", ..device };
    must_be_missing(registry.enroll(&nowhere).await, "thing group");
    must_be_missing(registry.enroll(&NewDevice { policy: &missing, ..device }).await, "policy");
    let again = NewDevice { thing: &taken, ..device };
    must_exist_already(registry.enroll(&again).await, "thing");
    let again = NewDevice { certificate: &used, ..device };
    must_exist_already(registry.enroll(&again).await, "certificate");

    must_be_missing(registry.thing(&name("t")).await, "thing");
    must_be_missing(registry.certificate(&certificate_id('a')).await, "certificate");
    assert_eq!(news(&mut feed), []);
    assert_eq!(*registry.revision().borrow(), before);
    registry.enroll(&device).await.unwrap();
}
