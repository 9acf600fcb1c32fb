//! The port's operations as SQL.

use async_trait::async_trait;
use picket_core::{CertificateId, PolicyName, ThingName, Timestamp};
use picket_ports::RegistryError;
use picket_ports::registry::{
    Certificate, CertificateStatus, Document, DocumentKind, NewDevice, Page, Policy, PolicyTarget,
    Registry, Thing, ThingGroup,
};
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Sqlite, query};
use tokio::sync::watch;

use crate::SqliteRegistry;
use crate::rows::{self, insert_error, not_found, storage, target_columns};

type Result<T> = std::result::Result<T, RegistryError>;
type Statement<'q> = Query<'q, Sqlite, SqliteArguments>;

impl SqliteRegistry {
    /// Runs a statement that changes rows; says how many.
    async fn change(&self, statement: Statement<'_>) -> Result<u64> {
        let changed = statement.execute(&self.pool).await.map_err(storage)?.rows_affected();
        self.changed();
        Ok(changed)
    }

    /// Runs an INSERT whose key may be taken.
    async fn insert(&self, kind: &'static str, name: &str, statement: Statement<'_>) -> Result<()> {
        statement.execute(&self.pool).await.map_err(|error| insert_error(kind, name, error))?;
        self.changed();
        Ok(())
    }

    /// Runs a statement that must change a row, else the named item does not exist.
    async fn change_one(
        &self,
        kind: &'static str,
        name: &str,
        statement: Statement<'_>,
    ) -> Result<()> {
        match self.change(statement).await? {
            0 => Err(not_found(kind, name)),
            _ => Ok(()),
        }
    }

    async fn list<T>(
        &self,
        statement: Statement<'_>,
        read: impl Fn(&SqliteRow) -> Result<T>,
    ) -> Result<Vec<T>> {
        let found = statement.fetch_all(&self.pool).await.map_err(storage)?;
        found.iter().map(read).collect()
    }

    async fn find<T>(
        &self,
        statement: Statement<'_>,
        read: impl Fn(&SqliteRow) -> Result<T>,
    ) -> Result<Option<T>> {
        let found = statement.fetch_optional(&self.pool).await.map_err(storage)?;
        found.as_ref().map(read).transpose()
    }

    async fn group_must_exist(&self, name: &str) -> Result<()> {
        let found = self
            .find(query("SELECT * FROM thing_groups WHERE name = ?").bind(name), rows::group)
            .await?;
        found.map(|_| ()).ok_or_else(|| not_found("thing group", name))
    }
}

fn insert_thing(thing: &Thing) -> Result<Statement<'_>> {
    let Thing { name, type_name, attributes, created } = thing;
    let attributes = serde_json::to_string(attributes)
        .map_err(|error| RegistryError::Storage(error.to_string()))?;
    let text = "INSERT INTO things (name, type_name, attributes, created) VALUES (?, ?, ?, ?)";
    Ok(query(text).bind(name.as_str()).bind(type_name).bind(attributes).bind(created.as_millis()))
}

fn insert_certificate(certificate: &Certificate) -> Statement<'_> {
    let Certificate { id, pem, status, not_after, created } = certificate;
    query("INSERT INTO certificates (id, pem, status, not_after, created) VALUES (?, ?, ?, ?, ?)")
        .bind(id.as_str())
        .bind(pem)
        .bind(status.as_str())
        .bind(not_after.as_millis())
        .bind(created.as_millis())
}

#[async_trait]
impl Registry for SqliteRegistry {
    async fn create_thing(&self, thing: &Thing) -> Result<()> {
        self.insert("thing", thing.name.as_str(), insert_thing(thing)?).await
    }

    async fn thing(&self, name: &ThingName) -> Result<Thing> {
        let found = self
            .find(query("SELECT * FROM things WHERE name = ?").bind(name.as_str()), rows::thing)
            .await?;
        found.ok_or_else(|| not_found("thing", name))
    }

    async fn things(&self, page: &Page) -> Result<Vec<Thing>> {
        let after = page.after.as_deref().unwrap_or_default();
        let statement = query("SELECT * FROM things WHERE name > ? ORDER BY name LIMIT ?");
        self.list(statement.bind(after).bind(page.rows_max), rows::thing).await
    }

    async fn count_things(&self) -> Result<u64> {
        let count: i64 = sqlx::query_scalar("SELECT count(*) FROM things")
            .fetch_one(&self.pool)
            .await
            .map_err(storage)?;
        Ok(u64::try_from(count).unwrap_or(0))
    }

    async fn delete_thing(&self, name: &ThingName) -> Result<()> {
        let statement = query("DELETE FROM things WHERE name = ?").bind(name.as_str());
        self.change_one("thing", name.as_str(), statement).await
    }

    async fn create_group(&self, group: &ThingGroup) -> Result<()> {
        let ThingGroup { name, parent, created } = group;
        if let Some(parent) = parent {
            self.group_must_exist(parent).await?;
        }
        let statement = query("INSERT INTO thing_groups (name, parent, created) VALUES (?, ?, ?)")
            .bind(name)
            .bind(parent)
            .bind(created.as_millis());
        self.insert("thing group", name, statement).await
    }

    async fn groups(&self) -> Result<Vec<ThingGroup>> {
        self.list(query("SELECT * FROM thing_groups ORDER BY name"), rows::group).await
    }

    async fn add_to_group(&self, thing: &ThingName, group: &str) -> Result<()> {
        self.thing(thing).await?;
        self.group_must_exist(group).await?;
        let statement =
            query("INSERT OR IGNORE INTO memberships (thing, thing_group) VALUES (?, ?)");
        self.change(statement.bind(thing.as_str()).bind(group)).await.map(|_| ())
    }

    async fn remove_from_group(&self, thing: &ThingName, group: &str) -> Result<()> {
        let statement = query("DELETE FROM memberships WHERE thing = ? AND thing_group = ?");
        self.change(statement.bind(thing.as_str()).bind(group)).await.map(|_| ())
    }

    async fn memberships(&self, group: Option<&str>) -> Result<Vec<(ThingName, String)>> {
        use sqlx::Row as _;
        let statement = match group {
            Some(group) => {
                query("SELECT * FROM memberships WHERE thing_group = ? ORDER BY thing").bind(group)
            }
            None => query("SELECT * FROM memberships ORDER BY thing, thing_group"),
        };
        self.list(statement, |row| {
            Ok((rows::thing_name(row, "thing")?, row.try_get("thing_group").map_err(storage)?))
        })
        .await
    }

    async fn create_certificate(&self, certificate: &Certificate) -> Result<()> {
        self.insert("certificate", certificate.id.as_str(), insert_certificate(certificate)).await
    }

    async fn certificate(&self, id: &CertificateId) -> Result<Certificate> {
        let statement = query("SELECT * FROM certificates WHERE id = ?").bind(id.as_str());
        self.find(statement, rows::certificate).await?.ok_or_else(|| not_found("certificate", id))
    }

    async fn certificates(&self, page: &Page) -> Result<Vec<Certificate>> {
        let after = page.after.as_deref().unwrap_or_default();
        let statement = query("SELECT * FROM certificates WHERE id > ? ORDER BY id LIMIT ?");
        self.list(statement.bind(after).bind(page.rows_max), rows::certificate).await
    }

    async fn set_certificate_status(
        &self,
        id: &CertificateId,
        status: CertificateStatus,
    ) -> Result<()> {
        let statement = query("UPDATE certificates SET status = ? WHERE id = ?")
            .bind(status.as_str())
            .bind(id.as_str());
        self.change_one("certificate", id.as_str(), statement).await
    }

    async fn attach_thing(&self, thing: &ThingName, certificate: &CertificateId) -> Result<()> {
        self.thing(thing).await?;
        self.certificate(certificate).await?;
        let statement =
            query("INSERT OR IGNORE INTO thing_attachments (thing, certificate) VALUES (?, ?)");
        self.change(statement.bind(thing.as_str()).bind(certificate.as_str())).await.map(|_| ())
    }

    async fn detach_thing(&self, thing: &ThingName, certificate: &CertificateId) -> Result<()> {
        let statement = query("DELETE FROM thing_attachments WHERE thing = ? AND certificate = ?");
        self.change(statement.bind(thing.as_str()).bind(certificate.as_str())).await.map(|_| ())
    }

    async fn thing_attachments(&self) -> Result<Vec<(ThingName, CertificateId)>> {
        let statement = query("SELECT * FROM thing_attachments ORDER BY thing, certificate");
        self.list(statement, |row| {
            Ok((rows::thing_name(row, "thing")?, rows::certificate_id(row, "certificate")?))
        })
        .await
    }

    async fn enroll(&self, device: &NewDevice<'_>) -> Result<()> {
        let NewDevice { thing, certificate, policy, group } = *device;
        let (name, id) = (thing.name.as_str(), certificate.id.as_str());
        // Dropped without a commit, the transaction leaves nothing behind.
        let mut all = self.pool.begin_with("BEGIN IMMEDIATE").await.map_err(storage)?;
        for (kind, text, wanted) in [
            ("thing group", "SELECT 1 FROM thing_groups WHERE name = ?", group),
            ("policy", "SELECT 1 FROM policies WHERE name = ?", policy.as_str()),
        ] {
            let found = query(text).bind(wanted).fetch_optional(&mut *all).await;
            found.map_err(storage)?.ok_or_else(|| not_found(kind, wanted))?;
        }
        let inserted = insert_thing(thing)?.execute(&mut *all).await;
        inserted.map_err(|error| insert_error("thing", name, error))?;
        let inserted = insert_certificate(certificate).execute(&mut *all).await;
        inserted.map_err(|error| insert_error("certificate", id, error))?;
        for tie in [
            query("INSERT INTO thing_attachments (thing, certificate) VALUES (?, ?)")
                .bind(name)
                .bind(id),
            query("INSERT INTO memberships (thing, thing_group) VALUES (?, ?)")
                .bind(name)
                .bind(group),
            query(
                "INSERT OR IGNORE INTO policy_attachments (policy, target_kind, target)
                 VALUES (?, 'certificate', ?)",
            )
            .bind(policy.as_str())
            .bind(id),
        ] {
            tie.execute(&mut *all).await.map_err(storage)?;
        }
        all.commit().await.map_err(storage)?;
        self.changed();
        Ok(())
    }

    async fn create_policy(&self, policy: &Policy) -> Result<()> {
        let Policy { name, document, created } = policy;
        let statement = query("INSERT INTO policies (name, document, created) VALUES (?, ?, ?)")
            .bind(name.as_str())
            .bind(document)
            .bind(created.as_millis());
        self.insert("policy", name.as_str(), statement).await
    }

    async fn replace_policy(&self, name: &PolicyName, document: &str) -> Result<()> {
        let statement = query("UPDATE policies SET document = ? WHERE name = ?")
            .bind(document)
            .bind(name.as_str());
        self.change_one("policy", name.as_str(), statement).await
    }

    async fn policies(&self) -> Result<Vec<Policy>> {
        self.list(query("SELECT * FROM policies ORDER BY name"), rows::policy).await
    }

    async fn attach_policy(&self, policy: &PolicyName, target: &PolicyTarget) -> Result<()> {
        let known = query("SELECT * FROM policies WHERE name = ?").bind(policy.as_str());
        self.find(known, rows::policy).await?.ok_or_else(|| not_found("policy", policy))?;
        match target {
            PolicyTarget::Certificate(id) => self.certificate(id).await.map(|_| ())?,
            PolicyTarget::Group(name) => self.group_must_exist(name).await?,
        }
        let (kind, name) = target_columns(target);
        let statement = query(
            "INSERT OR IGNORE INTO policy_attachments (policy, target_kind, target) VALUES (?, ?, ?)",
        );
        self.change(statement.bind(policy.as_str()).bind(kind).bind(name)).await.map(|_| ())
    }

    async fn detach_policy(&self, policy: &PolicyName, target: &PolicyTarget) -> Result<()> {
        let (kind, name) = target_columns(target);
        let statement = query(
            "DELETE FROM policy_attachments WHERE policy = ? AND target_kind = ? AND target = ?",
        );
        self.change(statement.bind(policy.as_str()).bind(kind).bind(name)).await.map(|_| ())
    }

    async fn policy_attachments(&self) -> Result<Vec<(PolicyName, PolicyTarget)>> {
        let statement =
            query("SELECT * FROM policy_attachments ORDER BY policy, target_kind, target");
        self.list(statement, |row| {
            Ok((rows::policy_name(row, "policy")?, rows::policy_target(row)?))
        })
        .await
    }

    async fn create_document(
        &self,
        kind: DocumentKind,
        name: &str,
        body: &str,
        now: Timestamp,
    ) -> Result<Document> {
        let statement =
            query("INSERT INTO documents (kind, name, body, version, created, modified) VALUES (?, ?, ?, 1, ?, ?)")
                .bind(kind.as_str())
                .bind(name)
                .bind(body)
                .bind(now.as_millis())
                .bind(now.as_millis());
        self.insert(kind.as_str(), name, statement).await?;
        self.document(kind, name).await
    }

    async fn replace_document(
        &self,
        kind: DocumentKind,
        name: &str,
        body: &str,
        expected_version: Option<u64>,
        now: Timestamp,
    ) -> Result<Document> {
        let expected = expected_version.and_then(|version| i64::try_from(version).ok());
        let statement = query(
            "UPDATE documents SET body = ?, version = version + 1, modified = ?
             WHERE kind = ? AND name = ? AND version = coalesce(?, version)",
        )
        .bind(body)
        .bind(now.as_millis())
        .bind(kind.as_str())
        .bind(name)
        .bind(expected);
        let changed = self.change(statement).await?;
        let stored = self.document(kind, name).await?;
        match expected_version {
            Some(expected) if changed == 0 => {
                let (kind, name, actual) = (kind.as_str(), name.to_owned(), stored.version);
                Err(RegistryError::VersionConflict { kind, name, expected, actual })
            }
            _ => Ok(stored),
        }
    }

    async fn document(&self, kind: DocumentKind, name: &str) -> Result<Document> {
        let statement = query("SELECT * FROM documents WHERE kind = ? AND name = ?")
            .bind(kind.as_str())
            .bind(name);
        self.find(statement, |row| rows::document(kind, row))
            .await?
            .ok_or_else(|| not_found(kind.as_str(), name))
    }

    async fn documents(&self, kind: DocumentKind) -> Result<Vec<Document>> {
        let statement =
            query("SELECT * FROM documents WHERE kind = ? ORDER BY name").bind(kind.as_str());
        self.list(statement, |row| rows::document(kind, row)).await
    }

    async fn delete_document(&self, kind: DocumentKind, name: &str) -> Result<()> {
        let statement = query("DELETE FROM documents WHERE kind = ? AND name = ?")
            .bind(kind.as_str())
            .bind(name);
        self.change_one(kind.as_str(), name, statement).await
    }

    fn revision(&self) -> watch::Receiver<u64> {
        self.revision.subscribe()
    }
}
