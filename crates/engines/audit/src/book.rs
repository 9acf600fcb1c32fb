//! The book: written by audits, read by everybody.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use picket_core::{Clock, Tasks, Timestamp};
use picket_ports::registry::{Page, Rows};
use picket_ports::{
    Finding, Findings, FindingsError, LogError, StateBatch, StateStore, StateStores,
};
use tokio::sync::Mutex;

use crate::storage::{self, StoredAudit};

/// How long findings are kept after their audit has begun.
pub const RETENTION: Duration = Duration::from_secs(90 * 86_400);

/// How often what is too old is removed.
const PRUNE_EVERY: Duration = Duration::from_secs(3600);
/// Findings written or removed in one commit.
const FINDINGS_PER_COMMIT: usize = 500;

/// Why the book could not be opened.
#[derive(Debug, thiserror::Error)]
#[error("the book of findings cannot be opened")]
pub struct OpenError(#[from] LogError);

/// What audits have found, in the state `audit`.
#[derive(Debug)]
pub struct FindingBook {
    store: Arc<dyn StateStore>,
    clock: Arc<dyn Clock>,
    /// Held while findings are added or removed.
    writing: Mutex<()>,
}

impl FindingBook {
    /// Opens the book and starts removing what is too old.
    pub async fn open(
        states: &dyn StateStores,
        clock: Arc<dyn Clock>,
        tasks: &Tasks,
    ) -> Result<Arc<Self>, OpenError> {
        let store = states.open_state("audit").await?;
        let book = Arc::new(Self { store, clock, writing: Mutex::default() });
        tasks.spawn("audit-prune", Arc::clone(&book).keep_pruned(tasks.clone()));
        Ok(book)
    }

    /// Adds what the audit `task_id`, which began at `started`, has found; may be called several times
    /// for one audit. A finding whose id is known takes the place it had, so a call that was cut short
    /// may be made again. Resolves after the fsync.
    pub async fn record(
        &self,
        task_id: &str,
        started: Timestamp,
        findings: &[Finding],
    ) -> Result<(), FindingsError> {
        let _writing = self.writing.lock().await;
        let known = storage::audit(&*self.store, task_id).await?;
        let mut audit = known.unwrap_or(StoredAudit { started, findings: 0 });
        for chunk in findings.chunks(FINDINGS_PER_COMMIT) {
            let mut batch = StateBatch::default();
            for finding in chunk {
                let place = match storage::place(&*self.store, &finding.finding_id).await? {
                    Some((audit_of, place)) if audit_of == task_id => place,
                    Some((audit_of, _)) => {
                        return Err(FindingsError(format!(
                            "finding {} belongs to the audit {audit_of}",
                            finding.finding_id
                        )));
                    }
                    None => {
                        audit.findings += 1;
                        audit.findings
                    }
                };
                storage::put_finding(task_id, place, finding, &mut batch)?;
            }
            storage::put_audit(task_id, &audit, &mut batch)?;
            self.store.commit(batch).await.map_err(storage::failed)?;
        }
        if findings.is_empty() {
            let mut batch = StateBatch::default();
            storage::put_audit(task_id, &audit, &mut batch)?;
            self.store.commit(batch).await.map_err(storage::failed)?;
        }
        Ok(())
    }

    /// Removes audits that began longer ago than [`RETENTION`]; returns how many.
    pub async fn prune(&self) -> Result<usize, FindingsError> {
        let _writing = self.writing.lock().await;
        let now = self.clock.now().as_millis();
        let age = i64::try_from(RETENTION.as_millis()).unwrap_or(i64::MAX);
        let earliest = Timestamp::from_millis(now.saturating_sub(age));
        let old = storage::audits_before(&*self.store, earliest).await?;
        for (task_id, audit) in &old {
            self.remove(task_id, audit).await?;
        }
        Ok(old.len())
    }

    /// The audit's own entry goes last, so that a removal that was cut short is taken up again.
    async fn remove(&self, task_id: &str, audit: &StoredAudit) -> Result<(), FindingsError> {
        loop {
            let found =
                storage::findings_of(&*self.store, task_id, None, FINDINGS_PER_COMMIT).await?;
            let is_last = found.len() < FINDINGS_PER_COMMIT;
            let mut batch = StateBatch::default();
            for (place, finding) in &found {
                storage::delete_finding(task_id, *place, finding, &mut batch);
            }
            if is_last {
                storage::delete_audit(task_id, audit, &mut batch);
            }
            self.store.commit(batch).await.map_err(storage::failed)?;
            if is_last {
                return Ok(());
            }
        }
    }

    async fn keep_pruned(self: Arc<Self>, tasks: Tasks) {
        loop {
            match self.prune().await {
                Ok(0) => {}
                Ok(count) => tracing::info!(count, "old audits were removed"),
                Err(error) => tracing::warn!(%error, "old audits could not be removed"),
            }
            tokio::select! {
                () = tasks.stopping() => return,
                () = tokio::time::sleep(PRUNE_EVERY) => {}
            }
        }
    }
}

#[async_trait]
impl Findings for FindingBook {
    async fn finding(&self, finding_id: &str) -> Result<Option<Finding>, FindingsError> {
        match storage::place(&*self.store, finding_id).await? {
            None => Ok(None),
            Some((task_id, place)) => storage::finding(&*self.store, &task_id, place).await,
        }
    }

    async fn findings_of(
        &self,
        task_id: &str,
        page: &Page,
    ) -> Result<Option<Rows<Finding>>, FindingsError> {
        if storage::audit(&*self.store, task_id).await?.is_none() {
            return Ok(None);
        }
        let rows_max = usize::try_from(page.rows_max.max(1)).unwrap_or(usize::MAX - 1);
        let after = page.after.as_deref().and_then(|place| place.parse().ok());
        let mut found = storage::findings_of(&*self.store, task_id, after, rows_max + 1).await?;
        let has_more = found.len() > rows_max;
        found.truncate(rows_max);
        let next = found.last().filter(|_| has_more).map(|(place, _)| place.to_string());
        let rows = found.into_iter().map(|(_, finding)| finding).collect();
        Ok(Some(Rows { rows, next }))
    }
}
