//! Tests of the adapter: the port's suite, and what is particular to one file.

mod concurrency;
mod files;
mod migration;
mod properties;
mod suite;

use picket_core::{ThingName, Timestamp};
use picket_ports::registry::Thing;

use crate::SqliteRegistry;

async fn open_in(dir: &tempfile::TempDir) -> SqliteRegistry {
    SqliteRegistry::open(dir.path().join("registry.db")).await.unwrap()
}

fn thing(name: &str) -> Thing {
    Thing::new(ThingName::new(name).unwrap(), "id", Timestamp::from_millis(7))
}
