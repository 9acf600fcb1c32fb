//! Certificates, and the things they are attached to.

use async_trait::async_trait;
use picket_core::{CertificateId, ThingName};
use picket_ports::registry::{
    Certificate, CertificateMode, CertificateStatus, Certificates, Order, Page, RegistryChange,
    Rows,
};
use rusqlite::{Connection, Row, params};

use crate::failure::{Outcome, damaged, in_use, insert_failure, not_found, version_conflict};
use crate::feed::Changes;
use crate::{Result, SqliteRegistry, paging, rows, things};

const KIND: &str = "certificate";

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, pem, status, ca, mode, not_before, not_after, created, modified, version
             FROM certificates JOIN certificate_texts USING (number) ",
            $rest
        )
    };
}

fn read(row: &Row<'_>) -> Outcome<Certificate> {
    let ca = rows::maybe_text(row, 3)?.map(CertificateId::new).transpose().map_err(damaged)?;
    let mode = rows::text_ref(row, 4)?;
    Ok(Certificate {
        id: rows::certificate_id(row, 0)?,
        pem: rows::text(row, 1)?,
        status: status(row, 2)?,
        ca,
        mode: CertificateMode::parse(mode).ok_or_else(|| damaged(format!("mode `{mode}`")))?,
        not_before: rows::time(row, 5)?,
        not_after: rows::time(row, 6)?,
        created: rows::time(row, 7)?,
        modified: rows::time(row, 8)?,
        version: rows::number(row, 9)?,
    })
}

pub(crate) fn status(row: &Row<'_>, column: usize) -> Outcome<CertificateStatus> {
    let text = rows::text_ref(row, column)?;
    CertificateStatus::parse(text).ok_or_else(|| damaged(format!("status `{text}`")))
}

fn fact(certificate: &Certificate) -> RegistryChange {
    RegistryChange::Certificate {
        id: certificate.id.clone(),
        status: certificate.status,
        not_after: certificate.not_after,
    }
}

pub(crate) fn must_exist(database: &Connection, id: &CertificateId) -> Outcome<()> {
    match rows::exists(database, "SELECT 1 FROM certificates WHERE id = ?1", [id.as_str()])? {
        true => Ok(()),
        false => Err(not_found(KIND, id)),
    }
}

pub(crate) fn insert(
    database: &Connection,
    certificate: &Certificate,
    changes: &mut Changes,
) -> Outcome<()> {
    let text = "INSERT INTO certificates
                    (id, status, ca, mode, not_before, not_after, created, modified, version)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    let parameters = params![
        certificate.id.as_str(),
        certificate.status.as_str(),
        certificate.ca.as_ref().map(CertificateId::as_str),
        certificate.mode.as_str(),
        certificate.not_before.as_millis(),
        certificate.not_after.as_millis(),
        certificate.created.as_millis(),
        certificate.modified.as_millis(),
        rows::signed(certificate.version),
    ];
    let inserted = database.prepare_cached(text)?.insert(parameters);
    let number = inserted.map_err(|error| insert_failure(KIND, &certificate.id, error))?;
    let text = "INSERT INTO certificate_texts (number, pem) VALUES (?1, ?2)";
    rows::change(database, text, params![number, certificate.pem])?;
    changes.push(fact(certificate));
    Ok(())
}

fn replace(database: &Connection, certificate: &Certificate, changes: &mut Changes) -> Outcome<()> {
    let id = &certificate.id;
    let text = "UPDATE certificates SET status = ?2, modified = ?3, version = ?4
                WHERE id = ?1 AND version = ?4 - 1";
    let parameters = params![
        id.as_str(),
        certificate.status.as_str(),
        certificate.modified.as_millis(),
        rows::signed(certificate.version),
    ];
    if rows::change(database, text, parameters)? == 0 {
        let text = "SELECT version FROM certificates WHERE id = ?1";
        let found = rows::first(database, text, [id.as_str()], |row| rows::number(row, 0))?;
        let stored = found.ok_or_else(|| not_found(KIND, id))?;
        return Err(version_conflict(KIND, id, (certificate.version.saturating_sub(1), stored)));
    }
    changes.push(fact(certificate));
    Ok(())
}

fn delete(
    database: &Connection,
    (id, detach_policies): (CertificateId, bool),
    changes: &mut Changes,
) -> Outcome<()> {
    must_exist(database, &id)?;
    let things = "SELECT 1 FROM thing_attachments WHERE certificate = ?1";
    if rows::exists(database, things, [id.as_str()])? {
        return Err(in_use(KIND, &id, "a thing"));
    }
    let policies =
        "SELECT 1 FROM policy_attachments WHERE target_kind = 'certificate' AND target = ?1";
    if rows::exists(database, policies, [id.as_str()])? {
        if !detach_policies {
            return Err(in_use(KIND, &id, "a policy"));
        }
        let text =
            "DELETE FROM policy_attachments WHERE target_kind = 'certificate' AND target = ?1";
        rows::change(database, text, [id.as_str()])?;
    }
    rows::change(database, "DELETE FROM certificates WHERE id = ?1", [id.as_str()])?;
    changes.push(RegistryChange::CertificateRemoved(id));
    Ok(())
}

fn list(
    database: &Connection,
    (ca, order): (Option<&CertificateId>, Order),
    page: &Page,
) -> Outcome<Rows<Certificate>> {
    let text = match (ca, order) {
        (None, Order::Ascending) => {
            select!("WHERE (created, id) > (?1, ?2) AND ?3 IS NULL ORDER BY created, id LIMIT ?4")
        }
        (None, Order::Descending) => {
            select!(
                "WHERE (created, id) < (?1, ?2) AND ?3 IS NULL
                 ORDER BY created DESC, id DESC LIMIT ?4"
            )
        }
        (Some(_), Order::Ascending) => {
            select!("WHERE ca = ?3 AND (created, id) > (?1, ?2) ORDER BY created, id LIMIT ?4")
        }
        (Some(_), Order::Descending) => {
            select!(
                "WHERE ca = ?3 AND (created, id) < (?1, ?2)
                 ORDER BY created DESC, id DESC LIMIT ?4"
            )
        }
    };
    let (created, id) = paging::read_time_key(page).unwrap_or(paging::beginning(order));
    let parameters = params![created, id, ca.map(CertificateId::as_str), paging::limit(page)];
    let mut statement = database.prepare_cached(text)?;
    paging::collect(&mut statement, parameters, paging::rows_max(page), read, |certificate| {
        paging::time_key(certificate.created, certificate.id.as_str())
    })
}

pub(crate) fn attach(
    database: &Connection,
    (thing, certificate, is_exclusive): (ThingName, CertificateId, bool),
    changes: &mut Changes,
) -> Outcome<()> {
    let text =
        "INSERT INTO thing_attachments (thing, certificate, is_exclusive) VALUES (?1, ?2, ?3)
                ON CONFLICT DO UPDATE SET is_exclusive = excluded.is_exclusive
                WHERE is_exclusive <> excluded.is_exclusive";
    let parameters = params![thing.as_str(), certificate.as_str(), is_exclusive];
    if rows::change(database, text, parameters)? > 0 {
        changes.push(RegistryChange::Attached { thing, certificate, is_exclusive });
    }
    Ok(())
}

fn detach(
    database: &Connection,
    (thing, certificate): (ThingName, CertificateId),
    changes: &mut Changes,
) -> Outcome<()> {
    let text = "DELETE FROM thing_attachments WHERE thing = ?1 AND certificate = ?2";
    if rows::change(database, text, [thing.as_str(), certificate.as_str()])? > 0 {
        changes.push(RegistryChange::Detached(thing, certificate));
    }
    Ok(())
}

#[async_trait]
impl Certificates for SqliteRegistry {
    async fn create_certificate(&self, certificate: &Certificate) -> Result<()> {
        let certificate = certificate.clone();
        self.write(move |database, changes| insert(database, &certificate, changes)).await
    }

    async fn certificate(&self, id: &CertificateId) -> Result<Certificate> {
        let id = id.clone();
        self.read(move |database| {
            let found = rows::first(database, select!("WHERE id = ?1"), [id.as_str()], read)?;
            found.ok_or_else(|| not_found(KIND, &id))
        })
        .await
    }

    async fn certificates(
        &self,
        ca: Option<&CertificateId>,
        order: Order,
        page: &Page,
    ) -> Result<Rows<Certificate>> {
        let (ca, page) = (ca.cloned(), page.clone());
        self.read(move |database| list(database, (ca.as_ref(), order), &page)).await
    }

    async fn count_certificates(&self) -> Result<u64> {
        self.read(|database| rows::count(database, "SELECT count(*) FROM certificates")).await
    }

    async fn replace_certificate(&self, certificate: &Certificate) -> Result<()> {
        let certificate = certificate.clone();
        self.write(move |database, changes| replace(database, &certificate, changes)).await
    }

    async fn delete_certificate(&self, id: &CertificateId, detach_policies: bool) -> Result<()> {
        let which = (id.clone(), detach_policies);
        self.write(|database, changes| delete(database, which, changes)).await
    }

    async fn attach_thing(
        &self,
        thing: &ThingName,
        certificate: &CertificateId,
        is_exclusive: bool,
    ) -> Result<()> {
        let (thing, certificate) = (thing.clone(), certificate.clone());
        self.write(move |database, changes| {
            things::must_exist(database, thing.as_str())?;
            must_exist(database, &certificate)?;
            attach(database, (thing, certificate, is_exclusive), changes)
        })
        .await
    }

    async fn detach_thing(&self, thing: &ThingName, certificate: &CertificateId) -> Result<()> {
        let which = (thing.clone(), certificate.clone());
        self.write(|database, changes| detach(database, which, changes)).await
    }

    async fn certificates_of_thing(
        &self,
        thing: &ThingName,
        page: &Page,
    ) -> Result<Rows<(CertificateId, bool)>> {
        let (thing, page) = (thing.clone(), page.clone());
        self.read(move |database| {
            let text = "SELECT certificate, is_exclusive FROM thing_attachments
                        WHERE thing = ?1 AND certificate > ?2 ORDER BY certificate LIMIT ?3";
            let after = page.after.as_deref().unwrap_or_default();
            let parameters = params![thing.as_str(), after, paging::limit(&page)];
            let read = |row: &Row<'_>| Ok((rows::certificate_id(row, 0)?, row.get(1)?));
            let mut statement = database.prepare_cached(text)?;
            paging::collect(&mut statement, parameters, paging::rows_max(&page), read, |(id, _)| {
                id.to_string()
            })
        })
        .await
    }

    async fn things_of_certificate(
        &self,
        certificate: &CertificateId,
        page: &Page,
    ) -> Result<Rows<(ThingName, bool)>> {
        let (certificate, page) = (certificate.clone(), page.clone());
        self.read(move |database| {
            let text = "SELECT thing, is_exclusive FROM thing_attachments
                        WHERE certificate = ?1 AND thing > ?2 ORDER BY thing LIMIT ?3";
            let after = page.after.as_deref().unwrap_or_default();
            let parameters = params![certificate.as_str(), after, paging::limit(&page)];
            let read = |row: &Row<'_>| Ok((rows::thing_name(row, 0)?, row.get(1)?));
            let mut statement = database.prepare_cached(text)?;
            paging::collect(
                &mut statement,
                parameters,
                paging::rows_max(&page),
                read,
                |(name, _)| name.to_string(),
            )
        })
        .await
    }
}
