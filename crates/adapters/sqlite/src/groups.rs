//! Groups and who is in them.

use std::collections::BTreeSet;

use async_trait::async_trait;
use picket_core::ThingName;
use picket_ports::registry::{GroupFilter, Groups, Page, RegistryChange, Rows, ThingGroup};
use rusqlite::{Connection, Row, params};

use crate::failure::{Outcome, in_use, insert_failure, not_found, version_conflict};
use crate::feed::Changes;
use crate::{Result, SqliteRegistry, paging, rows, things};

const KIND: &str = "thing group";

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT name, id, parent, description, attributes, version, created FROM thing_groups ",
            $rest
        )
    };
}

// The descendants of group ?2. A group has one parent for life, so there is no circle.
macro_rules! with_descendants {
    ($rest:expr) => {
        concat!(
            "WITH RECURSIVE below (name) AS (
                 SELECT name FROM thing_groups WHERE parent = ?2
                 UNION ALL
                 SELECT child.name FROM thing_groups AS child JOIN below ON child.parent = below.name
             ) ",
            $rest
        )
    };
}

fn read(row: &Row<'_>) -> Outcome<ThingGroup> {
    Ok(ThingGroup {
        name: rows::text(row, 0)?,
        id: rows::text(row, 1)?,
        parent: rows::maybe_text(row, 2)?,
        description: rows::maybe_text(row, 3)?,
        attributes: rows::pairs(row, 4)?,
        version: rows::number(row, 5)?,
        created: rows::time(row, 6)?,
    })
}

fn fact(group: ThingGroup) -> RegistryChange {
    RegistryChange::Group { name: group.name, parent: group.parent }
}

pub(crate) fn must_exist(database: &Connection, name: &str) -> Outcome<()> {
    match rows::exists(database, "SELECT 1 FROM thing_groups WHERE name = ?1", [name])? {
        true => Ok(()),
        false => Err(not_found(KIND, name)),
    }
}

fn insert(database: &Connection, group: ThingGroup, changes: &mut Changes) -> Outcome<()> {
    if let Some(parent) = &group.parent {
        must_exist(database, parent)?;
    }
    let text =
        "INSERT INTO thing_groups (name, id, parent, description, attributes, version, created)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    let parameters = params![
        group.name,
        group.id,
        group.parent,
        group.description,
        rows::pairs_text(&group.attributes)?,
        rows::signed(group.version),
        group.created.as_millis(),
    ];
    let inserted = database.prepare_cached(text)?.execute(parameters);
    inserted.map_err(|error| insert_failure(KIND, &group.name, error))?;
    changes.push(fact(group));
    Ok(())
}

fn stored_version(database: &Connection, name: &str) -> Outcome<u64> {
    let text = "SELECT version FROM thing_groups WHERE name = ?1";
    let found = rows::first(database, text, [name], |row| rows::number(row, 0))?;
    found.ok_or_else(|| not_found(KIND, name))
}

fn replace(database: &Connection, group: ThingGroup, changes: &mut Changes) -> Outcome<()> {
    let text = "UPDATE thing_groups SET description = ?3, attributes = ?4, version = ?5
                WHERE name = ?1 AND id = ?2 AND version = ?5 - 1";
    let parameters = params![
        group.name,
        group.id,
        group.description,
        rows::pairs_text(&group.attributes)?,
        rows::signed(group.version),
    ];
    if rows::change(database, text, parameters)? == 0 {
        let versions = (group.version.saturating_sub(1), stored_version(database, &group.name)?);
        return Err(version_conflict(KIND, &group.name, versions));
    }
    changes.push(fact(group));
    Ok(())
}

fn delete(
    database: &Connection,
    (name, expected): (String, Option<u64>),
    changes: &mut Changes,
) -> Outcome<()> {
    let stored = stored_version(database, &name)?;
    if let Some(expected) = expected.filter(|expected| *expected != stored) {
        return Err(version_conflict(KIND, &name, (expected, stored)));
    }
    if rows::exists(database, "SELECT 1 FROM thing_groups WHERE parent = ?1", [&name])? {
        return Err(in_use(KIND, &name, "a child group"));
    }
    let policies = "DELETE FROM policy_attachments WHERE target_kind = 'group' AND target = ?1";
    rows::change(database, policies, [&name])?;
    rows::change(database, "DELETE FROM thing_groups WHERE name = ?1", [&name])?;
    changes.push(RegistryChange::GroupRemoved(name));
    Ok(())
}

fn list(database: &Connection, filter: &GroupFilter, page: &Page) -> Outcome<Rows<ThingGroup>> {
    let text = match (&filter.parent, filter.is_recursive) {
        (None, _) => select!("WHERE name >= ?1 AND ?2 IS NULL ORDER BY name LIMIT ?3"),
        (Some(_), false) => {
            select!("WHERE parent = ?2 AND name >= ?1 ORDER BY name LIMIT ?3")
        }
        (Some(_), true) => {
            with_descendants!(select!("WHERE name IN below AND name >= ?1 ORDER BY name LIMIT ?3"))
        }
    };
    let prefix = filter.name_prefix.as_deref();
    let parameters = params![paging::lowest(page, prefix), filter.parent, paging::limit(page)];
    let mut statement = database.prepare_cached(text)?;
    let mut listed =
        paging::collect(&mut statement, parameters, paging::rows_max(page), read, |group| {
            group.name.clone()
        })?;
    // In name order, what has the prefix comes first and what has not is the end of it.
    let is_wanted = |group: &ThingGroup| prefix.is_none_or(|it| group.name.starts_with(it));
    let kept = listed.rows.iter().take_while(|group| is_wanted(group)).count();
    if kept < listed.rows.len() {
        listed.rows.truncate(kept);
        listed.next = None;
    }
    Ok(listed)
}

fn line(database: &Connection, name: &str) -> Outcome<Vec<ThingGroup>> {
    let mut line: Vec<ThingGroup> = Vec::new();
    let mut next = Some(name.to_owned());
    while let Some(wanted) = next {
        let found = rows::first(database, select!("WHERE name = ?1"), [&wanted], read)?;
        let group = found.ok_or_else(|| not_found(KIND, &wanted))?;
        next = group.parent.clone();
        line.push(group);
    }
    Ok(line)
}

pub(crate) fn join(
    database: &Connection,
    (thing, group): (ThingName, String),
    changes: &mut Changes,
) -> Outcome<()> {
    let text = "INSERT OR IGNORE INTO memberships (thing, thing_group) VALUES (?1, ?2)";
    if rows::change(database, text, [thing.as_str(), &group])? > 0 {
        changes.push(RegistryChange::Joined(thing, group));
    }
    Ok(())
}

/// The first members of each group in question, merged: so a page costs the same wherever it begins.
fn members(
    database: &Connection,
    (group, is_recursive): (&str, bool),
    page: &Page,
) -> Outcome<Rows<ThingName>> {
    let mut groups = vec![group.to_owned()];
    if is_recursive {
        let text = with_descendants!("SELECT name FROM below WHERE ?1 IS NULL");
        let below =
            rows::all(database, text, params![None::<&str>, group], |row| rows::text(row, 0));
        groups.extend(below?);
    }
    let rows_max = paging::rows_max(page);
    let after = page.after.as_deref().unwrap_or_default();
    let text = "SELECT thing FROM memberships WHERE thing_group = ?1 AND thing > ?2
                ORDER BY thing LIMIT ?3";
    let mut least = BTreeSet::new();
    for group in groups {
        let parameters = params![group, after, paging::limit(page)];
        least.extend(rows::all(database, text, parameters, |row| rows::thing_name(row, 0))?);
        while least.len() > rows_max.saturating_add(1) {
            least.pop_last();
        }
    }
    let has_more = least.len() > rows_max;
    let rows: Vec<_> = least.into_iter().take(rows_max).collect();
    let next = rows.last().filter(|_| has_more).map(ThingName::to_string);
    Ok(Rows { rows, next })
}

#[async_trait]
impl Groups for SqliteRegistry {
    async fn create_group(&self, group: &ThingGroup) -> Result<()> {
        let group = group.clone();
        self.write(|database, changes| insert(database, group, changes)).await
    }

    async fn group(&self, name: &str) -> Result<ThingGroup> {
        let name = name.to_owned();
        self.read(move |database| {
            let found = rows::first(database, select!("WHERE name = ?1"), [&name], read)?;
            found.ok_or_else(|| not_found(KIND, &name))
        })
        .await
    }

    async fn groups(&self, filter: &GroupFilter, page: &Page) -> Result<Rows<ThingGroup>> {
        let (filter, page) = (filter.clone(), page.clone());
        self.read(move |database| list(database, &filter, &page)).await
    }

    async fn group_line(&self, name: &str) -> Result<Vec<ThingGroup>> {
        let name = name.to_owned();
        self.read(move |database| line(database, &name)).await
    }

    async fn replace_group(&self, group: &ThingGroup) -> Result<()> {
        let group = group.clone();
        self.write(|database, changes| replace(database, group, changes)).await
    }

    async fn delete_group(&self, name: &str, expected_version: Option<u64>) -> Result<()> {
        let which = (name.to_owned(), expected_version);
        self.write(|database, changes| delete(database, which, changes)).await
    }

    async fn add_to_group(&self, thing: &ThingName, group: &str) -> Result<()> {
        let (thing, group) = (thing.clone(), group.to_owned());
        self.write(|database, changes| {
            things::must_exist(database, thing.as_str())?;
            must_exist(database, &group)?;
            join(database, (thing, group), changes)
        })
        .await
    }

    async fn remove_from_group(&self, thing: &ThingName, group: &str) -> Result<()> {
        let (thing, group) = (thing.clone(), group.to_owned());
        self.write(|database, changes| {
            let text = "DELETE FROM memberships WHERE thing = ?1 AND thing_group = ?2";
            if rows::change(database, text, [thing.as_str(), &group])? > 0 {
                changes.push(RegistryChange::Left(thing, group));
            }
            Ok(())
        })
        .await
    }

    async fn things_in_group(
        &self,
        group: &str,
        is_recursive: bool,
        page: &Page,
    ) -> Result<Rows<ThingName>> {
        let (group, page) = (group.to_owned(), page.clone());
        self.read(move |database| members(database, (&group, is_recursive), &page)).await
    }

    async fn groups_of_thing(&self, thing: &ThingName) -> Result<Vec<String>> {
        let thing = thing.clone();
        self.read(move |database| {
            let text = "SELECT thing_group FROM memberships WHERE thing = ?1 ORDER BY thing_group";
            rows::all(database, text, [thing.as_str()], |row| rows::text(row, 0))
        })
        .await
    }
}
