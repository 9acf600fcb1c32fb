//! How findings stand in the store, as JSON tagged with its format.
//!
//! `a` audits · `s` audits by the time they began · `f` findings by audit and place · `i` place by
//! finding id.

use picket_core::Timestamp;
use picket_ports::{Finding, FindingsError, LogError, StateBatch, StateStore};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Audits looked at in one go.
const AUDITS: usize = 100;

/// A stored value. A new format is a new variant.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "format", content = "value")]
enum Stored<T> {
    #[serde(rename = "1")]
    V1(T),
}

/// What is kept of an audit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredAudit {
    pub(crate) started: Timestamp,
    /// How many places have been given; the first is 1.
    pub(crate) findings: u32,
}

pub(crate) fn failed(error: LogError) -> FindingsError {
    FindingsError(error.to_string())
}

fn write<T: Serialize>(value: T) -> Result<Vec<u8>, FindingsError> {
    serde_json::to_vec(&Stored::V1(value)).map_err(|error| FindingsError(error.to_string()))
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, FindingsError> {
    let Stored::V1(value) =
        serde_json::from_slice(bytes).map_err(|error| FindingsError(error.to_string()))?;
    Ok(value)
}

fn key(kind: u8, text: &str) -> Vec<u8> {
    let mut key = vec![kind];
    key.extend(text.as_bytes());
    key
}

/// Task ids hold no zero byte, so no id is the beginning of another one's keys.
fn findings_prefix(task_id: &str) -> Vec<u8> {
    let mut key = key(b'f', task_id);
    key.push(0);
    key
}

fn finding_key(task_id: &str, place: u32) -> Vec<u8> {
    let mut key = findings_prefix(task_id);
    key.extend(place.to_be_bytes());
    key
}

fn started_key(started: Timestamp, task_id: &str) -> Vec<u8> {
    let mut key = vec![b's'];
    key.extend(started.as_millis().wrapping_add(i64::MIN).cast_unsigned().to_be_bytes());
    key.extend(task_id.as_bytes());
    key
}

pub(crate) async fn audit(
    store: &dyn StateStore,
    task_id: &str,
) -> Result<Option<StoredAudit>, FindingsError> {
    let bytes = store.get(&key(b'a', task_id)).await.map_err(failed)?;
    bytes.map(|bytes| read(&bytes)).transpose()
}

pub(crate) fn put_audit(
    task_id: &str,
    audit: &StoredAudit,
    batch: &mut StateBatch,
) -> Result<(), FindingsError> {
    batch.put(key(b'a', task_id), write(audit)?);
    batch.put(started_key(audit.started, task_id), Vec::new());
    Ok(())
}

pub(crate) fn delete_audit(task_id: &str, audit: &StoredAudit, batch: &mut StateBatch) {
    batch.delete(key(b'a', task_id));
    batch.delete(started_key(audit.started, task_id));
}

/// Audits that began before `earliest`.
pub(crate) async fn audits_before(
    store: &dyn StateStore,
    earliest: Timestamp,
) -> Result<Vec<(String, StoredAudit)>, FindingsError> {
    let end = started_key(earliest, "");
    let mut found = Vec::new();
    let mut after: Option<Vec<u8>> = None;
    loop {
        let page = store.scan(b"s", after.as_deref(), AUDITS).await.map_err(failed)?;
        let Some((last, _)) = page.last() else { return Ok(found) };
        after = Some(last.clone());
        for (key, _) in page {
            if key >= end {
                return Ok(found);
            }
            let task_id = String::from_utf8_lossy(key.get(9..).unwrap_or_default()).into_owned();
            if let Some(audit) = audit(store, &task_id).await? {
                found.push((task_id, audit));
            }
        }
    }
}

/// The audit a finding belongs to, and its place there.
pub(crate) async fn place(
    store: &dyn StateStore,
    finding_id: &str,
) -> Result<Option<(String, u32)>, FindingsError> {
    let bytes = store.get(&key(b'i', finding_id)).await.map_err(failed)?;
    bytes.map(|bytes| read(&bytes)).transpose()
}

pub(crate) fn put_finding(
    task_id: &str,
    place: u32,
    finding: &Finding,
    batch: &mut StateBatch,
) -> Result<(), FindingsError> {
    batch.put(finding_key(task_id, place), write(finding)?);
    batch.put(key(b'i', &finding.finding_id), write((task_id, place))?);
    Ok(())
}

pub(crate) fn delete_finding(task_id: &str, place: u32, finding: &Finding, batch: &mut StateBatch) {
    batch.delete(finding_key(task_id, place));
    batch.delete(key(b'i', &finding.finding_id));
}

pub(crate) async fn finding(
    store: &dyn StateStore,
    task_id: &str,
    place: u32,
) -> Result<Option<Finding>, FindingsError> {
    let bytes = store.get(&finding_key(task_id, place)).await.map_err(failed)?;
    bytes.map(|bytes| read(&bytes)).transpose()
}

/// Findings of an audit behind the place `after`, with their places, `findings_max` at most.
pub(crate) async fn findings_of(
    store: &dyn StateStore,
    task_id: &str,
    after: Option<u32>,
    findings_max: usize,
) -> Result<Vec<(u32, Finding)>, FindingsError> {
    let after = after.map(|place| finding_key(task_id, place));
    let prefix = findings_prefix(task_id);
    let pairs = store.scan(&prefix, after.as_deref(), findings_max).await.map_err(failed)?;
    let mut found = Vec::with_capacity(pairs.len());
    for (key, value) in pairs {
        let place = key.get(prefix.len()..).and_then(|bytes| bytes.try_into().ok());
        let place = place.map(u32::from_be_bytes);
        let place = place.ok_or_else(|| FindingsError("a key has no place in it".to_owned()))?;
        found.push((place, read(&value)?));
    }
    Ok(found)
}
