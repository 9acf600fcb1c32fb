//! What happens when the view falls behind, or the registry does not stand still.

use picket_ports::registry::{ChangeSet, RegistryChange};

use super::super::follower::Follower;
use super::*;

#[tokio::test]
async fn a_view_that_fell_behind_takes_a_snapshot_and_announces_everything() {
    let mut fixture = fixture().await;
    fixture.fleet().await;
    let directory = Arc::new(LiveDirectory::empty(&fixture.tasks));
    // A feed of its own, which holds two sets and no more.
    let sets = broadcast::Sender::new(2);
    let feed = sets.subscribe();
    let registry = fixture.registry.clone();
    let mut follower = Follower::new(registry, Arc::clone(&directory), feed);
    follower.load().await.unwrap();
    let seen = *fixture.registry.revision().borrow();
    directory.caught_up(seen).await;
    let before = directory.principal(&id('a'), "pump");
    let mut changes = directory.changes();

    fixture.set_status(CertificateStatus::Revoked).await;
    fixture.registry.create_thing(&new_thing("valve")).await.unwrap();
    for revision in 1..=3 {
        let unseen = RegistryChange::Thing(Arc::new(new_thing("never stored")));
        sets.send(ChangeSet { revision, changes: Arc::new([unseen]) }).unwrap();
    }
    drop(sets);
    follower.run().await;

    assert!(directory.is_registered("valve"));
    assert_eq!(directory.certificate(&id('a')).unwrap().status, CertificateStatus::Revoked);
    let told: Vec<_> = std::iter::from_fn(|| changes.try_recv().ok()).take(3).collect();
    assert_eq!(
        told,
        [DirectoryChange::Certificate(id('a')), DirectoryChange::Rights, DirectoryChange::Things,]
    );
    let revision = *fixture.registry.revision().borrow();
    directory.caught_up(revision).await;
    // Whoever caches by pointer keeps its cache.
    let after = directory.principal(&id('a'), "pump");
    assert!(Arc::ptr_eq(&before.policies[0], &after.policies[0]));
    assert!(Arc::ptr_eq(before.thing.as_ref().unwrap(), after.thing.as_ref().unwrap()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn views_opened_while_the_registry_is_being_changed_miss_nothing() {
    const DEVICES: u32 = 300;
    let mut fixture = fixture().await;
    fixture.fleet().await;
    let registry = fixture.registry.clone();
    let mut devices = tokio::task::JoinSet::new();
    for number in 0..DEVICES {
        let registry = registry.clone();
        devices.spawn(async move {
            let thing = new_thing(&format!("device-{number}"));
            let id = CertificateId::new(format!("{number:064x}")).unwrap();
            let certificate = new_certificate(id.clone());
            let (basic, group) = (policy("basic"), "hall");
            let device =
                NewDevice { thing: &thing, certificate: &certificate, policy: &basic, group };
            registry.enroll(&device).await.unwrap();
            registry.add_to_group(&thing.name, "yard").await.unwrap();
            if number % 3 == 0 {
                registry.detach_thing(&thing.name, &id).await.unwrap();
                registry.delete_thing(&thing.name, None).await.unwrap();
            }
        });
    }
    let mut opened = Vec::new();
    while let Some(done) = devices.join_next().await {
        done.unwrap();
        if opened.len() < 10 {
            opened.push(LiveDirectory::follow(registry.clone(), &fixture.tasks).await.unwrap());
        }
    }
    let revision = *registry.revision().borrow();
    opened.push(Arc::clone(&fixture.directory));
    for directory in &opened {
        directory.caught_up(revision).await;
        for number in 0..DEVICES {
            let name = format!("device-{number}");
            let id = CertificateId::new(format!("{number:064x}")).unwrap();
            let principal = directory.principal(&id, &name);
            let is_there = number % 3 != 0;
            assert_eq!(directory.is_registered(&name), is_there, "{name}");
            assert_eq!(principal.thing.is_some(), is_there, "{name}");
            let groups: &[&str] = if is_there { &["hall", "site", "yard"] } else { &[] };
            assert_eq!(directory.groups_of(&name), groups, "{name}");
            assert_eq!(principal.policies.len(), 1, "{name}");
        }
    }
}

#[tokio::test]
async fn what_changes_while_a_snapshot_is_read_is_applied_after_it() {
    let mut fixture = fixture().await;
    fixture.fleet().await;
    let directory = Arc::new(LiveDirectory::empty(&fixture.tasks));
    let sets = broadcast::Sender::new(8);
    let feed = sets.subscribe();
    let registry = fixture.registry.clone();
    let mut follower = Follower::new(registry, Arc::clone(&directory), feed);
    let held = *fixture.registry.revision().borrow();
    // One set the snapshot holds already, though the thing has gone since, and one it does not.
    for (revision, name) in [(held, "gone"), (held + 1, "new")] {
        let change = RegistryChange::Thing(Arc::new(new_thing(name)));
        sets.send(ChangeSet { revision, changes: Arc::new([change]) }).unwrap();
    }
    follower.load().await.unwrap();
    assert!(!directory.is_registered("gone"));
    assert!(directory.is_registered("new"));
    assert!(directory.is_registered("pump"));
    directory.caught_up(held + 1).await;
}

#[tokio::test]
async fn whoever_waits_for_the_view_is_let_go_when_the_server_stops() {
    let fixture = fixture().await;
    assert!(fixture.tasks.shut_down(Duration::from_secs(5)).await);
    let never = fixture.directory.caught_up(u64::MAX);
    tokio::time::timeout(Duration::from_secs(20), never).await.unwrap();
}

#[tokio::test]
async fn a_large_group_that_is_deleted_is_left_by_everyone_and_one_of_its_name_starts_empty() {
    const MEMBERS: u64 = 1_300;
    let fixture = fixture().await;
    let directory = Arc::new(LiveDirectory::empty(&fixture.tasks));
    let sets = broadcast::Sender::new(8);
    let feed = sets.subscribe();
    let mut follower = Follower::new(fixture.registry.clone(), Arc::clone(&directory), feed);
    follower.load().await.unwrap();
    let group = || RegistryChange::Group { name: "all".into(), parent: None };
    let name = |number| thing(&format!("device-{number}"));
    let mut changes = vec![group()];
    for number in 0..MEMBERS {
        changes.push(RegistryChange::Thing(Arc::new(new_thing(name(number).as_str()))));
        changes.push(RegistryChange::Joined(name(number), "all".into()));
    }
    let again = vec![
        RegistryChange::GroupRemoved("all".into()),
        group(),
        RegistryChange::Joined(name(7), "all".into()),
    ];
    let first = *fixture.registry.revision().borrow() + 1;
    for (revision, changes) in (first..).zip([changes, again]) {
        sets.send(ChangeSet { revision, changes: changes.into() }).unwrap();
    }
    drop(sets);
    follower.run().await;
    for number in 0..MEMBERS {
        let groups = directory.groups_of(name(number).as_str());
        assert_eq!(groups.len(), usize::from(number == 7), "{number}: {groups:?}");
    }
}
