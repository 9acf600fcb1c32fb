//! Policies, and what they are attached to.

use async_trait::async_trait;
use picket_core::PolicyName;
use picket_ports::registry::{Order, Page, Policies, Policy, PolicyTarget, RegistryChange, Rows};
use rusqlite::{Connection, Row, params};

use crate::failure::{Outcome, damaged, in_use, insert_failure, not_found, version_conflict};
use crate::feed::Changes;
use crate::{Result, SqliteRegistry, certificates, groups, paging, rows};

const KIND: &str = "policy";

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT name, versions, default_version, last_version, created, modified, revision
             FROM policies ",
            $rest
        )
    };
}

pub(crate) const SELECT_ALL: &str = select!("ORDER BY name");

pub(crate) fn read(row: &Row<'_>) -> Outcome<Policy> {
    Ok(Policy {
        name: rows::policy_name(row, 0)?,
        versions: serde_json::from_str(rows::text_ref(row, 1)?).map_err(damaged)?,
        default_version: row.get(2)?,
        last_version: row.get(3)?,
        created: rows::time(row, 4)?,
        modified: rows::time(row, 5)?,
        revision: rows::number(row, 6)?,
    })
}

pub(crate) fn fact(policy: &Policy) -> RegistryChange {
    RegistryChange::Policy(policy.name.clone(), policy.document())
}

pub(crate) fn must_exist(database: &Connection, name: &PolicyName) -> Outcome<()> {
    match rows::exists(database, "SELECT 1 FROM policies WHERE name = ?1", [name.as_str()])? {
        true => Ok(()),
        false => Err(not_found(KIND, name)),
    }
}

fn insert(database: &Connection, policy: &Policy, changes: &mut Changes) -> Outcome<()> {
    let text = "INSERT INTO policies
                    (name, versions, default_version, last_version, created, modified, revision)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    let parameters = params![
        policy.name.as_str(),
        serde_json::to_string(&policy.versions).map_err(damaged)?,
        policy.default_version,
        policy.last_version,
        policy.created.as_millis(),
        policy.modified.as_millis(),
        rows::signed(policy.revision),
    ];
    let inserted = database.prepare_cached(text)?.execute(parameters);
    inserted.map_err(|error| insert_failure(KIND, &policy.name, error))?;
    changes.push(fact(policy));
    Ok(())
}

fn replace(database: &Connection, policy: &Policy, changes: &mut Changes) -> Outcome<()> {
    let name = &policy.name;
    // A policy that was removed and made again may be at the same revision, but not of the same time.
    let text = "UPDATE policies
                SET versions = ?3, default_version = ?4, last_version = ?5, modified = ?6, revision = ?7
                WHERE name = ?1 AND created = ?2 AND revision = ?7 - 1";
    let parameters = params![
        name.as_str(),
        policy.created.as_millis(),
        serde_json::to_string(&policy.versions).map_err(damaged)?,
        policy.default_version,
        policy.last_version,
        policy.modified.as_millis(),
        rows::signed(policy.revision),
    ];
    if rows::change(database, text, parameters)? == 0 {
        let text = "SELECT revision FROM policies WHERE name = ?1";
        let found = rows::first(database, text, [name.as_str()], |row| rows::number(row, 0))?;
        let stored = found.ok_or_else(|| not_found(KIND, name))?;
        return Err(version_conflict(KIND, name, (policy.revision.saturating_sub(1), stored)));
    }
    changes.push(fact(policy));
    Ok(())
}

fn delete(database: &Connection, name: PolicyName, changes: &mut Changes) -> Outcome<()> {
    must_exist(database, &name)?;
    let attached = "SELECT 1 FROM policy_attachments WHERE policy = ?1";
    if rows::exists(database, attached, [name.as_str()])? {
        return Err(in_use(KIND, &name, "a target"));
    }
    rows::change(database, "DELETE FROM policies WHERE name = ?1", [name.as_str()])?;
    changes.push(RegistryChange::PolicyRemoved(name));
    Ok(())
}

fn list(database: &Connection, order: Order, page: &Page) -> Outcome<Rows<Policy>> {
    let text = match order {
        Order::Ascending => {
            select!("WHERE (created, name) > (?1, ?2) ORDER BY created, name LIMIT ?3")
        }
        Order::Descending => {
            select!("WHERE (created, name) < (?1, ?2) ORDER BY created DESC, name DESC LIMIT ?3")
        }
    };
    let (created, name) = paging::read_time_key(page).unwrap_or(paging::beginning(order));
    let parameters = params![created, name, paging::limit(page)];
    let mut statement = database.prepare_cached(text)?;
    paging::collect(&mut statement, parameters, paging::rows_max(page), read, |policy| {
        paging::time_key(policy.created, policy.name.as_str())
    })
}

/// A target as its two columns.
fn columns(target: &PolicyTarget) -> (&'static str, &str) {
    match target {
        PolicyTarget::Certificate(id) => ("certificate", id.as_str()),
        PolicyTarget::Group(name) => ("group", name),
        PolicyTarget::Identity(id) => ("identity", id),
    }
}

/// Reads a target from the column of its kind and the one after.
pub(crate) fn read_target(row: &Row<'_>, column: usize) -> Outcome<PolicyTarget> {
    match rows::text_ref(row, column)? {
        "certificate" => Ok(PolicyTarget::Certificate(rows::certificate_id(row, column + 1)?)),
        "group" => Ok(PolicyTarget::Group(rows::text(row, column + 1)?)),
        "identity" => Ok(PolicyTarget::Identity(rows::text(row, column + 1)?)),
        other => Err(damaged(format!("policy target kind `{other}`"))),
    }
}

pub(crate) fn attach(
    database: &Connection,
    (policy, target): (PolicyName, PolicyTarget),
    changes: &mut Changes,
) -> Outcome<()> {
    let (kind, name) = columns(&target);
    let text = "INSERT OR IGNORE INTO policy_attachments (policy, target_kind, target)
                VALUES (?1, ?2, ?3)";
    if rows::change(database, text, [policy.as_str(), kind, name])? > 0 {
        changes.push(RegistryChange::PolicyAttached(policy, target));
    }
    Ok(())
}

fn detach(
    database: &Connection,
    (policy, target): (PolicyName, PolicyTarget),
    changes: &mut Changes,
) -> Outcome<()> {
    let (kind, name) = columns(&target);
    let text = "DELETE FROM policy_attachments
                WHERE policy = ?1 AND target_kind = ?2 AND target = ?3";
    if rows::change(database, text, [policy.as_str(), kind, name])? > 0 {
        changes.push(RegistryChange::PolicyDetached(policy, target));
    }
    Ok(())
}

fn target_must_exist(database: &Connection, target: &PolicyTarget) -> Outcome<()> {
    match target {
        PolicyTarget::Certificate(id) => certificates::must_exist(database, id),
        PolicyTarget::Group(name) => groups::must_exist(database, name),
        // Identities are Cognito's; nothing of them is kept here.
        PolicyTarget::Identity(_) => Ok(()),
    }
}

fn list_targets(
    database: &Connection,
    policy: &PolicyName,
    page: &Page,
) -> Outcome<Rows<PolicyTarget>> {
    let text = "SELECT target_kind, target FROM policy_attachments
                WHERE policy = ?1 AND (target_kind, target) > (?2, ?3)
                ORDER BY target_kind, target LIMIT ?4";
    let after = page.after.as_deref().unwrap_or_default();
    let (kind, name) = after.split_once('/').unwrap_or_default();
    let parameters = params![policy.as_str(), kind, name, paging::limit(page)];
    let mut statement = database.prepare_cached(text)?;
    let read = |row: &Row<'_>| read_target(row, 0);
    paging::collect(&mut statement, parameters, paging::rows_max(page), read, |target| {
        let (kind, name) = columns(target);
        format!("{kind}/{name}")
    })
}

fn list_policies_of(
    database: &Connection,
    target: &PolicyTarget,
    page: &Page,
) -> Outcome<Rows<PolicyName>> {
    let text = "SELECT policy FROM policy_attachments
                WHERE target_kind = ?1 AND target = ?2 AND policy > ?3 ORDER BY policy LIMIT ?4";
    let (kind, name) = columns(target);
    let after = page.after.as_deref().unwrap_or_default();
    let parameters = params![kind, name, after, paging::limit(page)];
    let mut statement = database.prepare_cached(text)?;
    let read = |row: &Row<'_>| rows::policy_name(row, 0);
    paging::collect(&mut statement, parameters, paging::rows_max(page), read, PolicyName::to_string)
}

#[async_trait]
impl Policies for SqliteRegistry {
    async fn create_policy(&self, policy: &Policy) -> Result<()> {
        let policy = policy.clone();
        self.write(move |database, changes| insert(database, &policy, changes)).await
    }

    async fn policy(&self, name: &PolicyName) -> Result<Policy> {
        let name = name.clone();
        self.read(move |database| {
            let found = rows::first(database, select!("WHERE name = ?1"), [name.as_str()], read)?;
            found.ok_or_else(|| not_found(KIND, &name))
        })
        .await
    }

    async fn policies(&self, order: Order, page: &Page) -> Result<Rows<Policy>> {
        let page = page.clone();
        self.read(move |database| list(database, order, &page)).await
    }

    async fn replace_policy(&self, policy: &Policy) -> Result<()> {
        let policy = policy.clone();
        self.write(move |database, changes| replace(database, &policy, changes)).await
    }

    async fn delete_policy(&self, name: &PolicyName) -> Result<()> {
        let name = name.clone();
        self.write(|database, changes| delete(database, name, changes)).await
    }

    async fn attach_policy(&self, policy: &PolicyName, target: &PolicyTarget) -> Result<()> {
        let (policy, target) = (policy.clone(), target.clone());
        self.write(|database, changes| {
            must_exist(database, &policy)?;
            target_must_exist(database, &target)?;
            attach(database, (policy, target), changes)
        })
        .await
    }

    async fn detach_policy(&self, policy: &PolicyName, target: &PolicyTarget) -> Result<()> {
        let which = (policy.clone(), target.clone());
        self.write(|database, changes| detach(database, which, changes)).await
    }

    async fn policies_of(&self, target: &PolicyTarget, page: &Page) -> Result<Rows<PolicyName>> {
        let (target, page) = (target.clone(), page.clone());
        self.read(move |database| list_policies_of(database, &target, &page)).await
    }

    async fn targets_of(&self, policy: &PolicyName, page: &Page) -> Result<Rows<PolicyTarget>> {
        let (policy, page) = (policy.clone(), page.clone());
        self.read(move |database| list_targets(database, &policy, &page)).await
    }
}
