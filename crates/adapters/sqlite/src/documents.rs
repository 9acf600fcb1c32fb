//! Named documents.

use async_trait::async_trait;
use picket_core::Timestamp;
use picket_ports::registry::{Document, DocumentKind, Documents, Page, RegistryChange, Rows};
use rusqlite::{Connection, Row, params};

use crate::failure::{Outcome, insert_failure, not_found, version_conflict};
use crate::feed::Changes;
use crate::{Result, SqliteRegistry, paging, rows};

fn read(kind: DocumentKind, row: &Row<'_>) -> Outcome<Document> {
    Ok(Document {
        kind,
        name: rows::text(row, 0)?,
        body: rows::text(row, 1)?,
        version: rows::number(row, 2)?,
        created: rows::time(row, 3)?,
        modified: rows::time(row, 4)?,
    })
}

fn find(database: &Connection, kind: DocumentKind, name: &str) -> Outcome<Document> {
    let text = "SELECT name, body, version, created, modified FROM documents
                WHERE kind = ?1 AND name = ?2";
    let found = rows::first(database, text, [kind.as_str(), name], |row| read(kind, row))?;
    found.ok_or_else(|| not_found(kind.as_str(), name))
}

fn list(database: &Connection, kind: DocumentKind, page: &Page) -> Outcome<Rows<Document>> {
    let text = "SELECT name, body, version, created, modified FROM documents
                WHERE kind = ?1 AND name >= ?2 ORDER BY name LIMIT ?3";
    let parameters = params![kind.as_str(), paging::lowest(page, None), paging::limit(page)];
    let mut statement = database.prepare_cached(text)?;
    let (rows_max, key) = (paging::rows_max(page), |document: &Document| document.name.clone());
    paging::collect(&mut statement, parameters, rows_max, |row| read(kind, row), key)
}

fn insert(database: &Connection, document: Document, changes: &mut Changes) -> Outcome<Document> {
    let Document { kind, name, body, version, created, modified } = &document;
    let text = "INSERT INTO documents (kind, name, body, version, created, modified)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let parameters = params![
        kind.as_str(),
        name,
        body,
        rows::signed(*version),
        created.as_millis(),
        modified.as_millis()
    ];
    let inserted = database.prepare_cached(text)?.execute(parameters);
    inserted.map_err(|error| insert_failure(kind.as_str(), name, error))?;
    changes.push(RegistryChange::Document(*kind, name.clone()));
    Ok(document)
}

struct Replacement {
    kind: DocumentKind,
    name: String,
    body: String,
    expected_version: Option<u64>,
    now: Timestamp,
}

fn replace(database: &Connection, by: Replacement, changes: &mut Changes) -> Outcome<Document> {
    let stored = find(database, by.kind, &by.name)?;
    if let Some(expected) = by.expected_version.filter(|expected| *expected != stored.version) {
        return Err(version_conflict(by.kind.as_str(), &by.name, (expected, stored.version)));
    }
    let text = "UPDATE documents SET body = ?3, version = version + 1, modified = ?4
                WHERE kind = ?1 AND name = ?2";
    let parameters = params![by.kind.as_str(), by.name, by.body, by.now.as_millis()];
    rows::change(database, text, parameters)?;
    changes.push(RegistryChange::Document(by.kind, by.name));
    Ok(Document { body: by.body, version: stored.version + 1, modified: by.now, ..stored })
}

#[async_trait]
impl Documents for SqliteRegistry {
    async fn create_document(
        &self,
        kind: DocumentKind,
        name: &str,
        body: &str,
        now: Timestamp,
    ) -> Result<Document> {
        let (name, body) = (name.to_owned(), body.to_owned());
        let document = Document { kind, name, body, version: 1, created: now, modified: now };
        self.write(|database, changes| insert(database, document, changes)).await
    }

    async fn replace_document(
        &self,
        kind: DocumentKind,
        name: &str,
        body: &str,
        expected_version: Option<u64>,
        now: Timestamp,
    ) -> Result<Document> {
        let (name, body) = (name.to_owned(), body.to_owned());
        let by = Replacement { kind, name, body, expected_version, now };
        self.write(|database, changes| replace(database, by, changes)).await
    }

    async fn document(&self, kind: DocumentKind, name: &str) -> Result<Document> {
        let name = name.to_owned();
        self.read(move |database| find(database, kind, &name)).await
    }

    async fn documents(&self, kind: DocumentKind) -> Result<Vec<Document>> {
        self.read(move |database| {
            let text = "SELECT name, body, version, created, modified FROM documents
                        WHERE kind = ?1 ORDER BY name";
            rows::all(database, text, [kind.as_str()], |row| read(kind, row))
        })
        .await
    }

    async fn documents_page(&self, kind: DocumentKind, page: &Page) -> Result<Rows<Document>> {
        let page = page.clone();
        self.read(move |database| list(database, kind, &page)).await
    }

    async fn document_count(&self, kind: DocumentKind) -> Result<u64> {
        self.read(move |database| {
            let text = "SELECT count(*) FROM documents WHERE kind = ?1";
            let counted = rows::first(database, text, [kind.as_str()], |row| rows::number(row, 0))?;
            Ok(counted.unwrap_or_default())
        })
        .await
    }

    async fn delete_document(&self, kind: DocumentKind, name: &str) -> Result<()> {
        let name = name.to_owned();
        self.write(move |database, changes| {
            let text = "DELETE FROM documents WHERE kind = ?1 AND name = ?2";
            if rows::change(database, text, [kind.as_str(), &name])? == 0 {
                return Err(not_found(kind.as_str(), &name));
            }
            changes.push(RegistryChange::Document(kind, name));
            Ok(())
        })
        .await
    }
}
