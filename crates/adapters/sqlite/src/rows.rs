//! Rows as the port's types, and the database's errors as the port's.

use picket_core::{CertificateId, PolicyName, ThingName, Timestamp};
use picket_ports::RegistryError;
use picket_ports::registry::{
    Certificate, CertificateStatus, Document, DocumentKind, Policy, PolicyTarget, Thing, ThingGroup,
};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

pub(crate) fn storage(error: sqlx::Error) -> RegistryError {
    RegistryError::Storage(error.to_string())
}

fn damaged(error: impl std::fmt::Display) -> RegistryError {
    RegistryError::Storage(format!("a stored row is damaged: {error}"))
}

/// Maps the violation of a primary key to `AlreadyExists`.
pub(crate) fn insert_error(kind: &'static str, name: &str, error: sqlx::Error) -> RegistryError {
    match &error {
        sqlx::Error::Database(cause) if cause.is_unique_violation() => {
            RegistryError::AlreadyExists { kind, name: name.to_owned() }
        }
        _ => storage(error),
    }
}

pub(crate) fn not_found(kind: &'static str, name: impl ToString) -> RegistryError {
    RegistryError::NotFound { kind, name: name.to_string() }
}

fn text(row: &SqliteRow, column: &'static str) -> Result<String, RegistryError> {
    row.try_get(column).map_err(damaged)
}

fn time(row: &SqliteRow, column: &'static str) -> Result<Timestamp, RegistryError> {
    row.try_get(column).map(Timestamp::from_millis).map_err(damaged)
}

pub(crate) fn thing_name(
    row: &SqliteRow,
    column: &'static str,
) -> Result<ThingName, RegistryError> {
    ThingName::new(text(row, column)?).map_err(damaged)
}

pub(crate) fn policy_name(
    row: &SqliteRow,
    column: &'static str,
) -> Result<PolicyName, RegistryError> {
    PolicyName::new(text(row, column)?).map_err(damaged)
}

pub(crate) fn certificate_id(
    row: &SqliteRow,
    column: &'static str,
) -> Result<CertificateId, RegistryError> {
    CertificateId::new(text(row, column)?).map_err(damaged)
}

pub(crate) fn thing(row: &SqliteRow) -> Result<Thing, RegistryError> {
    Ok(Thing {
        name: thing_name(row, "name")?,
        type_name: row.try_get("type_name").map_err(damaged)?,
        attributes: serde_json::from_str(&text(row, "attributes")?).map_err(damaged)?,
        created: time(row, "created")?,
    })
}

pub(crate) fn group(row: &SqliteRow) -> Result<ThingGroup, RegistryError> {
    let parent = row.try_get("parent").map_err(damaged)?;
    Ok(ThingGroup { name: text(row, "name")?, parent, created: time(row, "created")? })
}

pub(crate) fn certificate(row: &SqliteRow) -> Result<Certificate, RegistryError> {
    let status = text(row, "status")?;
    Ok(Certificate {
        id: certificate_id(row, "id")?,
        pem: text(row, "pem")?,
        status: CertificateStatus::parse(&status)
            .ok_or_else(|| damaged(format!("status `{status}`")))?,
        not_after: time(row, "not_after")?,
        created: time(row, "created")?,
    })
}

pub(crate) fn policy(row: &SqliteRow) -> Result<Policy, RegistryError> {
    Ok(Policy {
        name: policy_name(row, "name")?,
        document: text(row, "document")?,
        created: time(row, "created")?,
    })
}

pub(crate) fn document(kind: DocumentKind, row: &SqliteRow) -> Result<Document, RegistryError> {
    let version: i64 = row.try_get("version").map_err(damaged)?;
    Ok(Document {
        kind,
        name: text(row, "name")?,
        body: text(row, "body")?,
        version: u64::try_from(version).map_err(damaged)?,
        created: time(row, "created")?,
        modified: time(row, "modified")?,
    })
}

/// A policy target as its two columns.
pub(crate) fn target_columns(target: &PolicyTarget) -> (&'static str, &str) {
    match target {
        PolicyTarget::Certificate(id) => ("certificate", id.as_str()),
        PolicyTarget::Group(name) => ("group", name),
    }
}

pub(crate) fn policy_target(row: &SqliteRow) -> Result<PolicyTarget, RegistryError> {
    match text(row, "target_kind")?.as_str() {
        "certificate" => Ok(PolicyTarget::Certificate(certificate_id(row, "target")?)),
        "group" => Ok(PolicyTarget::Group(text(row, "target")?)),
        other => Err(damaged(format!("policy target kind `{other}`"))),
    }
}
