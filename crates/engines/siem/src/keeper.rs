//! The task that removes what is past its retention, merges small segments and follows the registry.

use std::sync::Arc;
use std::time::Duration;

use crate::engine::Shared;
use crate::segment::{Segment, SegmentError, read_segment, write_segments};

/// How often retention and small segments are looked at.
const ROUND: Duration = Duration::from_secs(30);
/// So many small segments of one index are worth a merge.
const MERGE_SEGMENTS_MIN: usize = 8;

/// Runs until the server stops.
pub(crate) async fn run(shared: Arc<Shared>) {
    let mut revision = shared.indexes.revision();
    // Not at once: a start has more urgent work.
    let mut round = tokio::time::interval_at(tokio::time::Instant::now() + ROUND, ROUND);
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
                if let Err(error) = merge_small(&shared, &mut leaving).await {
                    tracing::warn!(%error, "small segments could not be merged; trying again");
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

/// Puts one segment in the place of many small ones that follow each other in time, for each index.
pub(crate) async fn merge_small(
    shared: &Shared,
    leaving: &mut Vec<Arc<Segment>>,
) -> Result<(), SegmentError> {
    for small in mergeable(shared.view.segments(), shared.config.seal_bytes) {
        let mut batches = Vec::new();
        for segment in &small {
            batches.extend(read_segment(&shared.files, &segment.path(), None).await?);
        }
        let number = shared.segment_numbers(1);
        let merged = write_segments(&shared.files, batches, number).await?;
        shared.catalogue.commit(&merged, &small, None).await?;
        shared.view.replace(&small, merged);
        tracing::debug!(segments = small.len(), "small segments were merged");
        leaving.extend(small);
    }
    Ok(())
}

/// Groups of segments, each of one index and together no larger than `bytes_max` of text.
fn mergeable(mut segments: Vec<Arc<Segment>>, bytes_max: u64) -> Vec<Vec<Arc<Segment>>> {
    segments.retain(|segment| segment.raw_bytes < bytes_max / 2);
    segments.sort_by(|a, b| (&a.index, a.min_time).cmp(&(&b.index, b.min_time)));
    let mut groups: Vec<(u64, Vec<Arc<Segment>>)> = Vec::new();
    for segment in segments {
        match groups.last_mut() {
            Some((bytes, group))
                if *bytes + segment.raw_bytes <= bytes_max
                    && group.last().is_some_and(|last| last.index == segment.index) =>
            {
                *bytes += segment.raw_bytes;
                group.push(segment);
            }
            _ => groups.push((segment.raw_bytes, vec![segment])),
        }
    }
    let groups = groups.into_iter().map(|(_, group)| group);
    groups.filter(|group| group.len() >= MERGE_SEGMENTS_MIN).collect()
}
