//! The task that removes what is past its retention and follows the registry.

use std::sync::Arc;
use std::time::Duration;

use crate::engine::Shared;
use crate::segment::{Segment, SegmentError};

/// How often retention is looked at.
const ROUND: Duration = Duration::from_secs(30);

/// Runs until the server stops.
pub(crate) async fn run(shared: Arc<Shared>) {
    let mut revision = shared.indexes.revision();
    let mut round = tokio::time::interval(ROUND);
    // Segments whose entry is gone and whose file may still be read by a search.
    let mut leaving = Vec::new();
    loop {
        tokio::select! {
            changed = revision.changed() => {
                if changed.is_err() {
                    // The registry is closed: the server is going down.
                    shared.tasks.stopping().await;
                    return;
                }
                if let Err(error) = shared.indexes.refresh().await {
                    tracing::warn!(%error, "the indexes could not be read again");
                }
            }
            _ = round.tick() => {
                if let Err(error) = retire(&shared, &mut leaving).await {
                    tracing::warn!(%error, "old segments could not be removed; trying again");
                }
            }
            () = shared.tasks.stopping() => return,
        }
    }
}

/// Takes segments out of the catalogue that are past their retention, and removes the files of those
/// that no search reads any more.
pub(crate) async fn retire(
    shared: &Shared,
    leaving: &mut Vec<Arc<Segment>>,
) -> Result<(), SegmentError> {
    let now = shared.clock.now();
    let is_old = |segment: &Arc<Segment>| {
        let keep = shared.indexes.retention(&segment.index, shared.config.retention_days);
        keep.is_some_and(|keep| now.since(segment.max_time) > keep)
    };
    let old: Vec<_> = shared.view.segments().into_iter().filter(is_old).collect();
    if !old.is_empty() {
        shared.catalogue.commit(&[], &old, None).await?;
        shared.view.replace(&old, Vec::new());
        tracing::info!(segments = old.len(), "segments past their retention are removed");
        leaving.extend(old);
    }
    let mut index = 0;
    while let Some(segment) = leaving.get(index) {
        if Arc::strong_count(segment) > 1 {
            index += 1;
            continue;
        }
        shared.files.remove(&segment.path()).await?;
        leaving.swap_remove(index);
    }
    Ok(())
}
