//! Brings the schema of a database file up to date.

use picket_ports::RegistryError;
use rusqlite::{Connection, TransactionBehavior};

use crate::failure::{Failure, Outcome};

/// Each brings the schema one step further; `user_version` counts the steps taken. Never change one
/// that has been released: add another.
pub(crate) const ALL: &[&str] = &[
    include_str!("../migrations/0001_registry.sql"),
    include_str!("../migrations/0002_control_plane.sql"),
];

/// Takes the steps that are missing, all or none.
pub(crate) fn run(database: &mut Connection) -> Result<(), RegistryError> {
    database.pragma_update(None, "foreign_keys", false).map_err(Failure::from)?;
    up_to(database, ALL.len())?;
    database.pragma_update(None, "foreign_keys", true).map_err(Failure::from)?;
    Ok(())
}

fn up_to(database: &mut Connection, steps: usize) -> Outcome<()> {
    let change = database.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let taken = steps_taken(&change)?;
    if taken > steps {
        return Err(RegistryError::Storage(format!(
            "the database is of a newer Picket: its schema is number {taken}, this one knows {steps}"
        ))
        .into());
    }
    for step in ALL.iter().take(steps).skip(taken) {
        change.execute_batch(step)?;
    }
    if taken < steps {
        if change.prepare("PRAGMA foreign_key_check")?.exists([])? {
            let what = "the database refers to entries that are not there; it was left as it is";
            return Err(RegistryError::Storage(what.into()).into());
        }
        change.execute_batch("DROP TABLE IF EXISTS _sqlx_migrations")?;
        change.pragma_update(None, "user_version", u32::try_from(steps).unwrap_or(u32::MAX))?;
    }
    Ok(change.commit()?)
}

fn steps_taken(database: &Connection) -> Outcome<usize> {
    let counted: u32 = database.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if counted > 0 {
        return Ok(usize::try_from(counted).unwrap_or(usize::MAX));
    }
    // The first databases counted in a table of the library used then, and knew one step.
    let text = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'things'";
    Ok(usize::from(database.prepare(text)?.exists([])?))
}

#[cfg(test)]
pub(crate) fn run_first(database: &mut Connection) {
    up_to(database, 1).unwrap();
    // As the library used then left it.
    database.execute_batch("CREATE TABLE _sqlx_migrations (version)").unwrap();
    database.pragma_update(None, "user_version", 0).unwrap();
}
