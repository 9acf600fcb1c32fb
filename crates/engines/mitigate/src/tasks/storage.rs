//! How tasks stand in the store, as JSON tagged with its format.
//!
//! `t` tasks · `g` targets by task and number · `s` tasks by the time they started, newest first ·
//! `r` tasks that are not over · `f` a finding's number in a task, by finding and task. Behind that a
//! byte for the kind of task.

use std::sync::Arc;

use picket_core::Timestamp;
use picket_ports::{LogError, StateBatch, StateStore};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::target::Target;
use super::task::{Task, TaskKind};
use crate::MitigationError;

/// A stored value. A new format is a new variant.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "format", content = "value")]
enum Stored<T> {
    #[serde(rename = "1")]
    V1(T),
}

/// The state `mitigation`.
#[derive(Debug, Clone)]
pub(crate) struct TaskStore(Arc<dyn StateStore>);

type Outcome<T> = Result<T, MitigationError>;

fn write<T: Serialize>(value: &T) -> Outcome<Vec<u8>> {
    serde_json::to_vec(&Stored::V1(value))
        .map_err(|error| MitigationError::Unavailable(error.to_string()))
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Outcome<T> {
    let Stored::V1(value) = serde_json::from_slice(bytes)
        .map_err(|error| MitigationError::Unavailable(format!("what is stored: {error}")))?;
    Ok(value)
}

fn key(space: u8, kind: TaskKind, rest: &[u8]) -> Vec<u8> {
    let mut key = Vec::with_capacity(rest.len() + 2);
    key.push(space);
    key.push(match kind {
        TaskKind::Detect => b'd',
        TaskKind::Audit => b'a',
    });
    key.extend(rest);
    key
}

/// Ids hold no zero byte, so no id is the beginning of another one's keys.
fn targets_prefix(kind: TaskKind, task_id: &str) -> Vec<u8> {
    let mut key = key(b'g', kind, task_id.as_bytes());
    key.push(0);
    key
}

fn target_key(kind: TaskKind, task_id: &str, number: u32) -> Vec<u8> {
    let mut key = targets_prefix(kind, task_id);
    key.extend(number.to_be_bytes());
    key
}

/// Newest first: the time is written upside down.
fn started_key(kind: TaskKind, started: Timestamp, task_id: &str) -> Vec<u8> {
    let shifted = started.as_millis().wrapping_add(i64::MIN).cast_unsigned();
    let mut key = key(b's', kind, &(!shifted).to_be_bytes());
    key.extend(task_id.as_bytes());
    key
}

fn finding_key(finding_id: &str, task_id: &str) -> Vec<u8> {
    key(b'f', TaskKind::Audit, format!("{finding_id}\0{task_id}").as_bytes())
}

impl TaskStore {
    pub(crate) fn new(store: Arc<dyn StateStore>) -> Self {
        Self(store)
    }

    pub(crate) async fn commit(&self, batch: StateBatch) -> Result<(), LogError> {
        self.0.commit(batch).await
    }

    pub(crate) async fn task(&self, kind: TaskKind, id: &str) -> Outcome<Option<Task>> {
        let bytes = self.0.get(&key(b't', kind, id.as_bytes())).await?;
        bytes.map(|bytes| read(&bytes)).transpose()
    }

    pub(crate) async fn target(
        &self,
        kind: TaskKind,
        task_id: &str,
        number: u32,
    ) -> Outcome<Option<Target>> {
        let bytes = self.0.get(&target_key(kind, task_id, number)).await?;
        bytes.map(|bytes| read(&bytes)).transpose()
    }

    /// Targets from `first` on, with their numbers, `targets_max` at most.
    pub(crate) async fn targets(
        &self,
        (kind, task_id): (TaskKind, &str),
        first: u32,
        targets_max: usize,
    ) -> Outcome<Vec<(u32, Target)>> {
        let prefix = targets_prefix(kind, task_id);
        let after = first.checked_sub(1).map(|before| target_key(kind, task_id, before));
        let pairs = self.0.scan(&prefix, after.as_deref(), targets_max).await?;
        let mut targets = Vec::with_capacity(pairs.len());
        for (key, value) in pairs {
            let number = key.get(prefix.len()..).and_then(|bytes| bytes.try_into().ok());
            targets.push((number.map_or(0, u32::from_be_bytes), read(&value)?));
        }
        Ok(targets)
    }

    /// The number of a finding among the targets of a task.
    pub(crate) async fn number_of_finding(
        &self,
        task_id: &str,
        finding_id: &str,
    ) -> Outcome<Option<u32>> {
        let bytes = self.0.get(&finding_key(finding_id, task_id)).await?;
        Ok(bytes.and_then(|bytes| bytes.try_into().ok()).map(u32::from_be_bytes))
    }

    /// Ids of the tasks that are not over.
    pub(crate) async fn running(&self) -> Outcome<Vec<(TaskKind, String)>> {
        let mut found = Vec::new();
        for kind in TaskKind::ALL {
            let prefix = key(b'r', kind, &[]);
            let mut after: Option<Vec<u8>> = None;
            loop {
                let page = self.0.scan(&prefix, after.as_deref(), 100).await?;
                let Some((last, _)) = page.last() else { break };
                after = Some(last.clone());
                for (key, _) in page {
                    let id = key.get(prefix.len()..).unwrap_or_default();
                    found.push((kind, String::from_utf8_lossy(id).into_owned()));
                }
            }
        }
        Ok(found)
    }

    /// Ids of tasks with when they started, newest first: those behind the task `after`, or else those
    /// that started at `to` and before.
    pub(crate) async fn started(
        &self,
        kind: TaskKind,
        after: Result<(Timestamp, &str), Timestamp>,
        tasks_max: usize,
    ) -> Outcome<Vec<(Timestamp, String)>> {
        let after = match after {
            Ok((started, id)) => started_key(kind, started, id),
            // No task has an empty id, so this is before those of `to` itself.
            Err(to) => started_key(kind, to, ""),
        };
        let page = self.0.scan(&key(b's', kind, &[]), Some(&after), tasks_max).await?;
        let read = |(key, _): (Vec<u8>, Vec<u8>)| {
            let time = key.get(2..10)?.try_into().ok()?;
            let started = (!u64::from_be_bytes(time)).cast_signed().wrapping_add(i64::MIN);
            let id = String::from_utf8_lossy(key.get(10..)?).into_owned();
            Some((Timestamp::from_millis(started), id))
        };
        Ok(page.into_iter().filter_map(read).collect())
    }
}

/// Adds a new task with its targets.
pub(crate) fn put_new(task: &Task, targets: &[Target], batch: &mut StateBatch) -> Outcome<()> {
    let kind = task.kind();
    put_task(task, batch)?;
    batch.put(started_key(kind, task.started, &task.id), Vec::new());
    batch.put(key(b'r', kind, task.id.as_bytes()), Vec::new());
    for (number, target) in (0..).zip(targets) {
        put_target((kind, &task.id), number, target, batch)?;
        if kind == TaskKind::Audit {
            batch.put(finding_key(&target.id, &task.id), u32::to_be_bytes(number).to_vec());
        }
    }
    Ok(())
}

/// Writes a task as it is now.
pub(crate) fn put_task(task: &Task, batch: &mut StateBatch) -> Outcome<()> {
    batch.put(key(b't', task.kind(), task.id.as_bytes()), write(task)?);
    Ok(())
}

/// Writes a target as it is now.
pub(crate) fn put_target(
    (kind, task_id): (TaskKind, &str),
    number: u32,
    target: &Target,
    batch: &mut StateBatch,
) -> Outcome<()> {
    batch.put(target_key(kind, task_id, number), write(target)?);
    Ok(())
}

/// Notes that a task is over.
pub(crate) fn put_over(task: &Task, batch: &mut StateBatch) -> Outcome<()> {
    batch.delete(key(b'r', task.kind(), task.id.as_bytes()));
    put_task(task, batch)
}

/// Removes some targets of a task that is over.
pub(crate) fn delete_targets(task: &Task, targets: &[(u32, Target)], batch: &mut StateBatch) {
    for (number, target) in targets {
        batch.delete(target_key(task.kind(), &task.id, *number));
        if task.kind() == TaskKind::Audit {
            batch.delete(finding_key(&target.id, &task.id));
        }
    }
}

/// Removes a task that is over and has no targets any more.
pub(crate) fn delete_task(task: &Task, batch: &mut StateBatch) {
    batch.delete(key(b't', task.kind(), task.id.as_bytes()));
    batch.delete(started_key(task.kind(), task.started, &task.id));
}
