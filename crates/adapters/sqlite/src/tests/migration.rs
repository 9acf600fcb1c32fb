//! Databases of before.

use picket_core::{CertificateId, PolicyName, ThingName, Timestamp};
use picket_ports::registry::{
    CertificateMode, CertificateStatus, Certificates as _, DocumentKind, Documents as _,
    Groups as _, Page, Policies as _, PolicyTarget, Things as _,
};
use rusqlite::Connection;

use super::open_in;
use crate::migrations;

const ROWS: &str = include_str!("../../corpus/rows_0001.sql");

#[tokio::test]
async fn a_database_of_the_first_schema_keeps_its_rows() {
    let dir = tempfile::tempdir().unwrap();
    let mut first = Connection::open(dir.path().join("registry.db")).unwrap();
    migrations::run_first(&mut first);
    first.execute_batch(ROWS).unwrap();
    drop(first);
    let registry = open_in(&dir).await;
    let (page, at) = (Page::first(9), Timestamp::from_millis);

    let pump = registry.thing(&ThingName::new("pump-1").unwrap()).await.unwrap();
    assert_eq!((pump.type_name.as_deref(), pump.version, pump.created), (Some("pump"), 1, at(11)));
    assert_eq!(pump.attributes, [("site".to_owned(), "north".to_owned())]);
    let valve = registry.thing(&ThingName::new("valve-1").unwrap()).await.unwrap();
    for id in [&pump.id, &valve.id, &registry.group("fleet").await.unwrap().id] {
        let parts: Vec<_> = id.split('-').map(str::len).collect();
        assert_eq!(parts, [8, 4, 4, 4, 12], "{id} is a UUID");
        assert!(id.chars().nth(14) == Some('4') && "89ab".contains(id.chars().nth(19).unwrap()));
    }
    assert_ne!(pump.id, valve.id);

    let child = registry.group("child").await.unwrap();
    assert_eq!((child.parent.as_deref(), child.version), (Some("fleet"), 1));
    let members = registry.things_in_group("fleet", true, &page).await.unwrap().rows;
    assert_eq!(members, [pump.name.clone(), valve.name.clone()]);

    let id = CertificateId::new("a".repeat(64)).unwrap();
    let certificate = registry.certificate(&id).await.unwrap();
    assert_eq!(certificate.pem, "PEM A");
    assert_eq!(certificate.status, CertificateStatus::Inactive);
    assert_eq!((certificate.mode, certificate.ca), (CertificateMode::Default, None));
    assert_eq!((certificate.not_after, certificate.created), (at(99), at(12)));
    assert_eq!((certificate.modified, certificate.version), (at(12), 1));
    let attached = registry.certificates_of_thing(&pump.name, &page).await.unwrap().rows;
    assert_eq!(attached, [(id.clone(), false)]);

    let name = PolicyName::new("device").unwrap();
    let policy = registry.policy(&name).await.unwrap();
    assert_eq!(&*policy.document(), "{\"quote\": \"it's \\\"it\\\"\"}");
    assert_eq!((policy.default_version, policy.last_version, policy.revision), (1, 1, 1));
    // What was attached to a certificate that is gone is not taken over.
    let targets = registry.targets_of(&name, &page).await.unwrap().rows;
    assert_eq!(targets, [PolicyTarget::Certificate(id), PolicyTarget::Group("fleet".into())]);

    let rule = registry.document(DocumentKind::TopicRule, "export").await.unwrap();
    assert_eq!((rule.body.as_str(), rule.version, rule.modified), ("{}", 4, at(15)));
    registry.close().await;
    assert_eq!(open_in(&dir).await.thing(&pump.name).await.unwrap(), pump, "and once only");
}

#[tokio::test]
async fn a_migrated_database_guards_its_references() {
    let dir = tempfile::tempdir().unwrap();
    let mut first = Connection::open(dir.path().join("registry.db")).unwrap();
    migrations::run_first(&mut first);
    first.execute_batch(ROWS).unwrap();
    drop(first);
    open_in(&dir).await.close().await;
    let database = Connection::open(dir.path().join("registry.db")).unwrap();
    database.execute_batch("PRAGMA foreign_keys = ON").unwrap();
    for (refused, allowed) in [
        ("DELETE FROM things", "DELETE FROM memberships"),
        ("DELETE FROM certificates", "DELETE FROM thing_attachments"),
        ("DELETE FROM policies", "DELETE FROM policy_attachments"),
        (
            "DELETE FROM thing_groups WHERE name = 'fleet'",
            "DELETE FROM thing_groups WHERE parent = 'fleet'",
        ),
        ("INSERT INTO memberships VALUES ('pump-1', 'nowhere')", "DELETE FROM things"),
    ] {
        assert!(database.execute_batch(refused).is_err(), "{refused}");
        database.execute_batch(allowed).unwrap();
    }
    let left: Vec<String> = database
        .prepare("SELECT name FROM sqlite_schema WHERE name LIKE 'old_%' OR name LIKE '%sqlx%'")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert!(left.is_empty(), "{left:?}");
}
