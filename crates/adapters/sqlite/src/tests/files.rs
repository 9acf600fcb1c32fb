//! The database file.

use std::os::unix::fs::PermissionsExt as _;

use picket_core::ThingName;
use picket_ports::RegistryError;
use picket_ports::registry::{Documents as _, Things as _};

use super::{open_in, thing};
use crate::SqliteRegistry;

#[tokio::test]
async fn what_was_created_is_there_after_reopening() {
    let dir = tempfile::tempdir().unwrap();
    let first = open_in(&dir).await;
    first.create_thing(&thing("pump-17")).await.unwrap();
    first.close().await;
    assert_eq!(open_in(&dir).await.thing(&thing("pump-17").name).await.unwrap(), thing("pump-17"));
}

#[tokio::test]
async fn the_database_and_its_companions_are_for_the_owner_only() {
    let dir = tempfile::tempdir().unwrap();
    let loose = dir.path().join("loose.db");
    std::fs::write(&loose, "").unwrap();
    std::fs::set_permissions(&loose, std::fs::Permissions::from_mode(0o644)).unwrap();
    for file in [loose, dir.path().join("new.db")] {
        let registry = SqliteRegistry::open(&file).await.unwrap();
        registry.create_thing(&thing("t")).await.unwrap();
        for ending in ["", "-wal", "-shm"] {
            let name = format!("{}{ending}", file.display());
            let mode = std::fs::metadata(&name).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
    }
}

#[tokio::test]
async fn a_closed_registry_refuses_and_leaves_one_file() {
    let dir = tempfile::tempdir().unwrap();
    let registry = open_in(&dir).await;
    registry.create_thing(&thing("t")).await.unwrap();
    registry.thing(&thing("t").name).await.unwrap();
    registry.close().await;
    registry.close().await;
    let refused = registry.create_thing(&thing("u")).await.unwrap_err();
    assert!(matches!(refused, RegistryError::Storage(_)), "{refused}");
    let refused = registry.thing(&ThingName::new("t").unwrap()).await.unwrap_err();
    assert!(matches!(refused, RegistryError::Storage(_)), "{refused}");
    let files = std::fs::read_dir(dir.path()).unwrap().count();
    assert_eq!(files, 1, "the write-ahead log was taken over into the database");
}

#[tokio::test]
async fn what_is_no_database_or_of_a_newer_version_is_refused_with_the_reason() {
    let dir = tempfile::tempdir().unwrap();
    let text = dir.path().join("text.db");
    std::fs::write(&text, "this is no database, but it is long enough to be looked at".repeat(99))
        .unwrap();
    let refused = SqliteRegistry::open(&text).await.unwrap_err();
    assert!(refused.to_string().contains("not a database"), "{refused}");
    let newer = dir.path().join("newer.db");
    let database = rusqlite::Connection::open(&newer).unwrap();
    database.pragma_update(None, "user_version", 999).unwrap();
    drop(database);
    let refused = SqliteRegistry::open(&newer).await.unwrap_err();
    assert!(refused.to_string().contains("newer Picket"), "{refused}");
    let nowhere = SqliteRegistry::open(dir.path().join("no/such/dir.db")).await.unwrap_err();
    assert!(nowhere.to_string().contains("no/such/dir.db"), "{nowhere}");
}

#[tokio::test]
async fn a_row_that_was_tampered_with_is_an_error_and_no_panic() {
    let dir = tempfile::tempdir().unwrap();
    let registry = open_in(&dir).await;
    registry.create_thing(&thing("t")).await.unwrap();
    let other = rusqlite::Connection::open(dir.path().join("registry.db")).unwrap();
    other.execute_batch("UPDATE things SET attributes = 'no JSON'").unwrap();
    let refused = registry.thing(&thing("t").name).await.unwrap_err();
    assert!(refused.to_string().contains("damaged"), "{refused}");
    other.execute_batch("UPDATE things SET attributes = '[]', version = -1").unwrap();
    let refused = registry.thing(&thing("t").name).await.unwrap_err();
    assert!(refused.to_string().contains("damaged"), "{refused}");
    let kind = picket_ports::registry::DocumentKind::Index;
    assert!(registry.documents(kind).await.unwrap().is_empty());
}
