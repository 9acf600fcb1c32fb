//! The audit trail.

use async_trait::async_trait;
use picket_core::Timestamp;
use picket_ports::registry::{AuditTrail, ChangeFilter, ChangeRecord, Page, Rows};
use rusqlite::{Connection, Row, params};

use crate::failure::Outcome;
use crate::{Result, SqliteRegistry, paging, rows};

// So that other writes need not wait for long while old records are removed.
const FORGOTTEN_AT_ONCE: i64 = 5_000;

fn insert(database: &Connection, record: &ChangeRecord) -> Outcome<()> {
    let text = "INSERT INTO change_records
                    (at, actor, access_key, source, service, operation, resource, request_id, error)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    let parameters = params![
        record.at.as_millis(),
        record.actor,
        record.access_key,
        record.source,
        record.service,
        record.operation,
        record.resource,
        record.request_id,
        record.error,
    ];
    rows::change(database, text, parameters).map(|_| ())
}

fn read(row: &Row<'_>) -> Outcome<ChangeRecord> {
    Ok(ChangeRecord {
        at: rows::time(row, 1)?,
        actor: rows::text(row, 2)?,
        access_key: rows::maybe_text(row, 3)?,
        source: rows::text(row, 4)?,
        service: rows::text(row, 5)?,
        operation: rows::text(row, 6)?,
        resource: rows::text(row, 7)?,
        request_id: rows::text(row, 8)?,
        error: rows::maybe_text(row, 9)?,
    })
}

fn is_wanted(row: &Row<'_>, filter: &ChangeFilter) -> Outcome<bool> {
    let is = |column, wanted: &Option<String>| -> Outcome<bool> {
        Ok(match wanted {
            Some(wanted) => rows::text_ref(row, column)? == wanted,
            None => true,
        })
    };
    let has_prefix = match &filter.resource_prefix {
        Some(prefix) => rows::text_ref(row, 7)?.starts_with(prefix.as_str()),
        None => true,
    };
    Ok(has_prefix && is(2, &filter.actor)? && is(6, &filter.operation)?)
}

/// The cursor: when, and which of the records of that time.
fn key(row: &Row<'_>) -> Outcome<String> {
    Ok(format!("{}/{}", row.get::<_, i64>(1)?, row.get::<_, i64>(0)?))
}

/// Walks back in time and drops what the filter does not want.
fn list(database: &Connection, filter: &ChangeFilter, page: &Page) -> Outcome<Rows<ChangeRecord>> {
    let text = "SELECT number, at, actor, access_key, source, service, operation, resource,
                       request_id, error
                FROM change_records WHERE (at, number) < (?1, ?2) AND at >= ?3
                ORDER BY at DESC, number DESC";
    let after =
        paging::read_time_key(page).and_then(|(at, number)| Some((at, number.parse().ok()?)));
    let (at, number) = after.unwrap_or((i64::MAX, i64::MAX));
    let earliest = filter.earliest.map_or(i64::MIN, Timestamp::as_millis);
    let mut statement = database.prepare_cached(text)?;
    let mut found = statement.query(params![at, number, earliest])?;
    let (mut wanted, mut scanned, mut last) = (Vec::new(), 0_usize, None);
    while let Some(row) = found.next()? {
        if wanted.len() == paging::rows_max(page) || scanned == paging::ROWS_SCANNED_MAX {
            return Ok(Rows { rows: wanted, next: last });
        }
        scanned += 1;
        if is_wanted(row, filter)? {
            wanted.push(read(row)?);
        }
        last = Some(key(row)?);
    }
    Ok(Rows { rows: wanted, next: None })
}

#[async_trait]
impl AuditTrail for SqliteRegistry {
    async fn record_change(&self, record: &ChangeRecord) -> Result<()> {
        let record = record.clone();
        self.write(move |database, _| insert(database, &record)).await
    }

    async fn recorded_changes(
        &self,
        filter: &ChangeFilter,
        page: &Page,
    ) -> Result<Rows<ChangeRecord>> {
        let (filter, page) = (filter.clone(), page.clone());
        self.read(move |database| list(database, &filter, &page)).await
    }

    async fn forget_changes(&self, earliest: Timestamp) -> Result<u64> {
        let mut forgotten = 0;
        loop {
            let removed = self.write(move |database, _| {
                let text = "DELETE FROM change_records WHERE number IN
                                (SELECT number FROM change_records WHERE at < ?1 LIMIT ?2)";
                rows::change(database, text, [earliest.as_millis(), FORGOTTEN_AT_ONCE])
            });
            match removed.await? {
                0 => return Ok(forgotten),
                some => forgotten += u64::try_from(some).unwrap_or(u64::MAX),
            }
        }
    }
}
