//! The book of alarms, for others.

use std::time::Duration;

use async_trait::async_trait;
use picket_core::Timestamp;
use picket_ports::alarms::{
    AlarmFilter, AlarmNews, Episode, Verification, VerifyError, Violation, ViolationEvent,
};
use picket_ports::registry::{Page, Rows};
use picket_ports::{Alarms, AlarmsError, StateBatch};

use super::{AlarmBook, history, verification};
use crate::engine::DetectEngine;
use crate::storage::StorageError;

/// How long a verification waits for evaluation to store what it found. More means that nothing can be
/// stored at the moment.
const PEN_MAX: Duration = Duration::from_secs(5);
/// Rows of one read inside.
const ROWS: usize = 1000;

impl From<StorageError> for AlarmsError {
    fn from(error: StorageError) -> Self {
        Self(error.to_string())
    }
}

impl AlarmBook {
    pub(super) async fn active_rows(
        &self,
        filter: &AlarmFilter,
        after: Option<&str>,
        rows_max: usize,
    ) -> Result<Rows<Violation>, AlarmsError> {
        let found = |id: &str| self.verifications.state(id);
        let page = self.active.page(filter, (after, rows_max), &found);
        let rows = self.verifications.fill(&*self.store, page.alarms).await?;
        Ok(Rows { rows, next: page.next })
    }

    pub(super) async fn event_rows(
        &self,
        query: &history::Query<'_>,
    ) -> Result<Rows<ViolationEvent>, AlarmsError> {
        let page = history::page(&*self.store, &self.verifications, query).await?;
        Ok(Rows { rows: page.events, next: page.next })
    }

    pub(super) async fn episode(&self, violation_id: &str) -> Result<Option<Episode>, AlarmsError> {
        let events = history::episode(&*self.store, violation_id).await?;
        let events = self.verifications.fill_events(&*self.store, events).await?;
        let violation = match self.active.get(violation_id) {
            Some(mut alarm) => {
                alarm.verification = self.verifications.read(&*self.store, violation_id).await?;
                Some(alarm)
            }
            None => events.last().map(|event| event.violation.clone()),
        };
        Ok(violation.map(|violation| Episode { violation, events }))
    }

    pub(super) async fn verify(
        &self,
        violation_id: &str,
        verification: Verification,
    ) -> Result<Violation, VerifyError> {
        if let Some(problem) = verification::problem(&verification) {
            return Err(VerifyError::Invalid(problem));
        }
        let busy = |_| AlarmsError("nothing can be stored at the moment".to_owned());
        let mut pen = tokio::time::timeout(PEN_MAX, self.news.pen()).await.map_err(busy)?;
        let Some(Episode { violation, events }) = self.episode(violation_id).await? else {
            return Err(VerifyError::NotFound(violation_id.chars().take(128).collect()));
        };
        let before = violation.verification.state;
        let failed = |error: StorageError| VerifyError::Storage(error.into());
        let mut batch = StateBatch::default();
        verification::save((violation_id, &events), before, &verification, &mut batch)
            .map_err(failed)?;
        let violation = Violation { verification: verification.clone(), ..violation };
        let told = violation.clone();
        let state = verification.state;
        let news = AlarmNews::Verified { violation: told, verification, before };
        self.news.write(&mut pen, (self.clock.now(), news), &mut batch).map_err(failed)?;
        let stored = self.store.commit(batch).await;
        if stored.is_ok() {
            self.verifications.set(violation_id, state);
        }
        // Whoever did not hear of its success cannot know that it was not stored.
        self.news.written(pen);
        stored.map_err(|error| failed(error.into()))?;
        Ok(violation)
    }
}

#[async_trait]
impl Alarms for DetectEngine {
    async fn active(&self, filter: &AlarmFilter) -> Result<Vec<Violation>, AlarmsError> {
        Ok(self.shared.book.active_rows(filter, None, usize::MAX).await?.rows)
    }

    async fn active_count(&self, filter: &AlarmFilter) -> Result<u64, AlarmsError> {
        let book = &self.shared.book;
        Ok(book.active.count(filter, &|id| book.verifications.state(id)) as u64)
    }

    async fn active_page(
        &self,
        filter: &AlarmFilter,
        page: &Page,
    ) -> Result<Rows<Violation>, AlarmsError> {
        let rows_max = page.rows_max.max(1) as usize;
        self.shared.book.active_rows(filter, page.after.as_deref(), rows_max).await
    }

    async fn history(
        &self,
        filter: &AlarmFilter,
        from: Timestamp,
        to: Timestamp,
        events_max: usize,
    ) -> Result<Vec<ViolationEvent>, AlarmsError> {
        let mut found = Vec::new();
        let mut after: Option<String> = None;
        while found.len() < events_max {
            let rows_max = ROWS.min(events_max - found.len());
            let query = history::Query { filter, from, to, after: after.as_deref(), rows_max };
            let page = self.shared.book.event_rows(&query).await?;
            found.extend(page.rows);
            match page.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        Ok(found)
    }

    async fn history_page(
        &self,
        filter: &AlarmFilter,
        from: Timestamp,
        to: Timestamp,
        page: &Page,
    ) -> Result<Rows<ViolationEvent>, AlarmsError> {
        let (after, rows_max) = (page.after.as_deref(), page.rows_max.max(1) as usize);
        self.shared.book.event_rows(&history::Query { filter, from, to, after, rows_max }).await
    }

    async fn episode(&self, violation_id: &str) -> Result<Option<Episode>, AlarmsError> {
        self.shared.book.episode(violation_id).await
    }

    async fn verify(
        &self,
        violation_id: &str,
        verification: Verification,
    ) -> Result<Violation, VerifyError> {
        self.shared.book.verify(violation_id, verification).await
    }
}
