//! Removing what has expired: subscriptions that nobody confirmed, deduplication ids, and what was kept of
//! subscriptions that are gone.

use std::sync::Arc;
use std::time::Duration;

use picket_core::Timestamp;
use picket_ports::{LogError, StateBatch};
use uuid::Uuid;

use crate::document::State;
use crate::engine::NotifyEngine;
use crate::error::TopicError;
use crate::message::unpack;
use crate::store;

const EVERY: Duration = Duration::from_secs(60);

pub(crate) async fn run(engine: Arc<NotifyEngine>) {
    loop {
        tokio::select! {
            () = engine.tasks.stopping() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
        if let Err(error) = engine.sweep().await {
            tracing::warn!(%error, "what has expired could not be removed; trying again in a minute");
        }
    }
}

impl NotifyEngine {
    pub(crate) async fn sweep(&self) -> Result<(), TopicError> {
        self.forget_unconfirmed().await?;
        self.forget_remembered().await?;
        self.forget_lanes().await?;
        Ok(())
    }

    async fn forget_unconfirmed(&self) -> Result<(), TopicError> {
        let now = self.clock.now();
        let is_over = |expires: Option<Timestamp>| expires.is_none_or(|at| at <= now);
        let book = self.book();
        let over: Vec<Uuid> = book
            .subscriptions
            .values()
            .filter(|one| one.document.state != State::Confirmed)
            .filter(|one| is_over(one.document.token_expires))
            .map(|one| one.id)
            .collect();
        for id in over {
            self.remove_subscription(id).await?;
        }
        Ok(())
    }

    async fn forget_remembered(&self) -> Result<(), LogError> {
        let now = self.clock.now();
        let mut batch = StateBatch::default();
        store::each(&*self.store, b"d", |key, value| {
            let until = unpack::<(String, Timestamp)>(value).map(|(_, until)| until);
            if until.map_or(true, |until| until <= now) {
                batch.delete(key);
            }
        })
        .await?;
        if batch.is_empty() { Ok(()) } else { self.store.commit(batch).await }
    }

    async fn forget_lanes(&self) -> Result<(), LogError> {
        let book = self.book();
        let mut batch = StateBatch::default();
        for lane in self.lanes.all() {
            let id = lane.id;
            if book.subscriptions.contains_key(&id) || !self.lanes.remove_if_empty(id) {
                continue;
            }
            batch.delete(store::tally(id));
            store::each(&*self.store, &store::failed_of(id), |key, _| batch.delete(key)).await?;
        }
        if batch.is_empty() { Ok(()) } else { self.store.commit(batch).await }
    }
}
