//! Things.

use std::sync::Arc;

use async_trait::async_trait;
use picket_core::ThingName;
use picket_ports::registry::{Page, RegistryChange, Rows, Thing, ThingFilter, Things};
use rusqlite::{Connection, Row, params};

use crate::failure::{Outcome, in_use, insert_failure, not_found, version_conflict};
use crate::feed::Changes;
use crate::{Result, SqliteRegistry, paging, rows};

const KIND: &str = "thing";

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT name, id, type_name, billing_group, attributes, version, created FROM things ",
            $rest
        )
    };
}

pub(crate) fn read(row: &Row<'_>) -> Outcome<Thing> {
    Ok(Thing {
        name: rows::thing_name(row, 0)?,
        id: rows::text(row, 1)?,
        type_name: rows::maybe_text(row, 2)?,
        billing_group: rows::maybe_text(row, 3)?,
        attributes: rows::pairs(row, 4)?,
        version: rows::number(row, 5)?,
        created: rows::time(row, 6)?,
    })
}

pub(crate) const SELECT_ALL: &str = select!("");

pub(crate) fn insert(database: &Connection, thing: Thing, changes: &mut Changes) -> Outcome<()> {
    let text =
        "INSERT INTO things (name, id, type_name, billing_group, attributes, version, created)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    let parameters = params![
        thing.name.as_str(),
        thing.id,
        thing.type_name,
        thing.billing_group,
        rows::pairs_text(&thing.attributes)?,
        rows::signed(thing.version),
        thing.created.as_millis(),
    ];
    let inserted = database.prepare_cached(text)?.execute(parameters);
    inserted.map_err(|error| insert_failure(KIND, &thing.name, error))?;
    changes.push(RegistryChange::Thing(Arc::new(thing)));
    Ok(())
}

pub(crate) fn must_exist(database: &Connection, name: &str) -> Outcome<()> {
    match rows::exists(database, "SELECT 1 FROM things WHERE name = ?1", [name])? {
        true => Ok(()),
        false => Err(not_found(KIND, name)),
    }
}

fn stored_version(database: &Connection, name: &ThingName) -> Outcome<u64> {
    let text = "SELECT version FROM things WHERE name = ?1";
    let found = rows::first(database, text, [name.as_str()], |row| rows::number(row, 0))?;
    found.ok_or_else(|| not_found(KIND, name))
}

fn replace(database: &Connection, thing: Thing, changes: &mut Changes) -> Outcome<()> {
    let text = "UPDATE things SET type_name = ?3, billing_group = ?4, attributes = ?5, version = ?6
                WHERE name = ?1 AND id = ?2 AND version = ?6 - 1";
    let parameters = params![
        thing.name.as_str(),
        thing.id,
        thing.type_name,
        thing.billing_group,
        rows::pairs_text(&thing.attributes)?,
        rows::signed(thing.version),
    ];
    if rows::change(database, text, parameters)? == 0 {
        let versions = (thing.version.saturating_sub(1), stored_version(database, &thing.name)?);
        return Err(version_conflict(KIND, &thing.name, versions));
    }
    changes.push(RegistryChange::Thing(Arc::new(thing)));
    Ok(())
}

fn delete(
    database: &Connection,
    (name, expected): (ThingName, Option<u64>),
    changes: &mut Changes,
) -> Outcome<()> {
    let stored = stored_version(database, &name)?;
    if let Some(expected) = expected.filter(|expected| *expected != stored) {
        return Err(version_conflict(KIND, &name, (expected, stored)));
    }
    let attached = "SELECT 1 FROM thing_attachments WHERE thing = ?1";
    if rows::exists(database, attached, [name.as_str()])? {
        return Err(in_use(KIND, &name, "a certificate"));
    }
    rows::change(database, "DELETE FROM things WHERE name = ?1", [name.as_str()])?;
    changes.push(RegistryChange::ThingRemoved(name));
    Ok(())
}

/// Walks the best index in name order and drops what the rest of the filter does not want.
fn list(database: &Connection, filter: &ThingFilter, page: &Page) -> Outcome<Rows<Thing>> {
    let (text, key) = match (&filter.type_name, &filter.billing_group) {
        (Some(name), _) => (
            select!("INDEXED BY things_by_type WHERE type_name = ?2 AND name >= ?1 ORDER BY name"),
            Some(name),
        ),
        (None, Some(name)) => (
            select!(
                "INDEXED BY things_by_billing_group
                 WHERE billing_group = ?2 AND name >= ?1 ORDER BY name"
            ),
            Some(name),
        ),
        (None, None) => (select!("WHERE name >= ?1 AND ?2 IS NULL ORDER BY name"), None),
    };
    let lowest = paging::lowest(page, filter.name_prefix.as_deref());
    let needles = needles(filter)?;
    let mut statement = database.prepare_cached(text)?;
    let mut found = statement.query(params![lowest, key])?;
    let (mut wanted, mut scanned): (Vec<Thing>, _) = (Vec::new(), 0_usize);
    while let Some(row) = found.next()? {
        if !begins_with(rows::text_ref(row, 0)?, filter.name_prefix.as_deref()) {
            break;
        }
        scanned += 1;
        let attributes = rows::text_ref(row, 4)?;
        let thing = match needles.iter().all(|needle| attributes.contains(needle)) {
            true => Some(read(row)?).filter(|thing| is_wanted(thing, filter)),
            false => None,
        };
        if thing.is_some() && wanted.len() == paging::rows_max(page) {
            let next = wanted.last().map(|last| last.name.to_string());
            return Ok(Rows { rows: wanted, next });
        }
        wanted.extend(thing);
        if scanned == paging::THINGS_SCANNED_MAX {
            let next = Some(rows::text_ref(row, 0)?.to_owned());
            return Ok(Rows { rows: wanted, next });
        }
    }
    Ok(Rows { rows: wanted, next: None })
}

/// Texts that the stored attributes of every wanted thing hold. Looking for them is many times faster than
/// reading the attributes of each thing.
fn needles(filter: &ThingFilter) -> Outcome<Vec<String>> {
    let mut needles = Vec::new();
    if let Some(name) = &filter.attribute_name {
        needles.push(rows::json_text(name)?);
    }
    if let Some(value) = &filter.attribute_value {
        let mut text = rows::json_text(value)?;
        if filter.value_is_prefix {
            // The closing quote.
            text.pop();
        }
        needles.push(text);
    }
    Ok(needles)
}

fn begins_with(text: &str, prefix: Option<&str>) -> bool {
    prefix.is_none_or(|prefix| text.starts_with(prefix))
}

fn is_wanted(thing: &Thing, filter: &ThingFilter) -> bool {
    let same = |wanted: &Option<String>, is: &Option<String>| wanted.is_none() || wanted == is;
    let has_value = |value: &str| match &filter.attribute_value {
        Some(prefix) if filter.value_is_prefix => value.starts_with(prefix.as_str()),
        Some(wanted) => value == wanted,
        None => true,
    };
    let is_unfiltered = filter.attribute_name.is_none() && filter.attribute_value.is_none();
    let has_attribute = || {
        thing.attributes.iter().any(|(name, value)| {
            filter.attribute_name.as_ref().is_none_or(|wanted| wanted == name) && has_value(value)
        })
    };
    same(&filter.type_name, &thing.type_name)
        && same(&filter.billing_group, &thing.billing_group)
        && (is_unfiltered || has_attribute())
}

#[async_trait]
impl Things for SqliteRegistry {
    async fn create_thing(&self, thing: &Thing) -> Result<()> {
        let thing = thing.clone();
        self.write(|database, changes| insert(database, thing, changes)).await
    }

    async fn thing(&self, name: &ThingName) -> Result<Thing> {
        let name = name.clone();
        self.read(move |database| {
            let found = rows::first(database, select!("WHERE name = ?1"), [name.as_str()], read)?;
            found.ok_or_else(|| not_found(KIND, &name))
        })
        .await
    }

    async fn things(&self, filter: &ThingFilter, page: &Page) -> Result<Rows<Thing>> {
        let (filter, page) = (filter.clone(), page.clone());
        self.read(move |database| list(database, &filter, &page)).await
    }

    async fn count_things(&self) -> Result<u64> {
        self.read(|database| rows::count(database, "SELECT count(*) FROM things")).await
    }

    async fn replace_thing(&self, thing: &Thing) -> Result<()> {
        let thing = thing.clone();
        self.write(|database, changes| replace(database, thing, changes)).await
    }

    async fn delete_thing(&self, name: &ThingName, expected_version: Option<u64>) -> Result<()> {
        let which = (name.clone(), expected_version);
        self.write(|database, changes| delete(database, which, changes)).await
    }
}
