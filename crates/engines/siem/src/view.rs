//! What a search sees: the events in memory and the segments, moved from one to the other in one step.

use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::error::ArrowError;
use parking_lot::Mutex;
use picket_core::Timestamp;
use picket_shred::{BatchFull, Limits, Row, Shredder};

use crate::segment::{Segment, time_range};

/// A batch is closed when its events have this many bytes, so that a search seldom has to.
const BATCH_BYTES: usize = 8 << 20;
/// More small batches than this are made into one.
const SMALL_BATCHES_MAX: usize = 64;
const SMALL_BATCH_ROWS: usize = 4096;

/// Some events in memory.
#[derive(Debug, Clone)]
pub(crate) struct RecentBatch {
    pub(crate) batch: RecordBatch,
    pub(crate) min_time: Timestamp,
    pub(crate) max_time: Timestamp,
}

impl RecentBatch {
    fn new(batch: RecordBatch) -> Self {
        let (min_time, max_time) = time_range(&batch);
        Self { batch, min_time, max_time }
    }
}

/// All that can be found at one moment.
#[derive(Debug, Clone, Default)]
pub(crate) struct Snapshot {
    pub(crate) recent: Vec<RecentBatch>,
    pub(crate) segments: Vec<Arc<Segment>>,
}

impl Snapshot {
    /// Without what lies outside `from <= time < to` as a whole, and without segments of indexes that
    /// `wants_index` refuses.
    pub(crate) fn pruned(
        mut self,
        from: Timestamp,
        to: Timestamp,
        wants_index: impl Fn(&str) -> bool,
    ) -> Self {
        let overlaps = |min: Timestamp, max: Timestamp| min < to && max >= from;
        self.recent.retain(|recent| overlaps(recent.min_time, recent.max_time));
        self.segments.retain(|segment| {
            overlaps(segment.min_time, segment.max_time) && wants_index(&segment.index)
        });
        self
    }

    /// Events in it.
    pub(crate) fn rows(&self) -> u64 {
        let recent: usize = self.recent.iter().map(|recent| recent.batch.num_rows()).sum();
        recent as u64 + self.segments.iter().map(|segment| segment.rows).sum::<u64>()
    }
}

#[derive(Debug)]
struct Inner {
    shredder: Shredder,
    /// Closed batches of the generation that is being filled.
    filling: Vec<RecentBatch>,
    filling_bytes: u64,
    filling_rows: u64,
    /// Arrival of the oldest event in the generation that is being filled.
    oldest: Option<Timestamp>,
    /// The generation that is being written to segments.
    sealing: Vec<RecentBatch>,
    sealing_bytes: u64,
    segments: Vec<Arc<Segment>>,
}

impl Inner {
    fn close_batch(&mut self) -> Result<(), ArrowError> {
        if !self.shredder.is_empty() {
            self.filling.push(RecentBatch::new(self.shredder.finish()?));
        }
        Ok(())
    }

    /// Keeps the number of batches low when every search closes one.
    fn merge_small(&mut self) -> Result<(), ArrowError> {
        let is_small = |recent: &RecentBatch| recent.batch.num_rows() < SMALL_BATCH_ROWS;
        if self.filling.iter().filter(|recent| is_small(recent)).count() <= SMALL_BATCHES_MAX {
            return Ok(());
        }
        let (small, mut large): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.filling).into_iter().partition(is_small);
        let batches: Vec<_> = small.into_iter().map(|recent| recent.batch).collect();
        large.push(RecentBatch::new(crate::segment::unite(&batches)?));
        self.filling = large;
        Ok(())
    }
}

/// Shared by the indexer, which changes it, and searches.
#[derive(Debug)]
pub(crate) struct View {
    inner: Mutex<Inner>,
}

/// How much is in memory.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Filling {
    pub(crate) bytes: u64,
    pub(crate) rows: u64,
    pub(crate) oldest: Option<Timestamp>,
}

impl View {
    pub(crate) fn new(limits: Limits, segments: Vec<Arc<Segment>>) -> Self {
        Self {
            inner: Mutex::new(Inner {
                shredder: Shredder::new(limits),
                filling: Vec::new(),
                filling_bytes: 0,
                filling_rows: 0,
                oldest: None,
                sealing: Vec::new(),
                sealing_bytes: 0,
                segments,
            }),
        }
    }

    /// Adds events; a search sees all of them or none.
    pub(crate) fn push<'r>(&self, rows: impl Iterator<Item = Row<'r>>) -> Result<(), ArrowError> {
        let mut inner = self.inner.lock();
        for row in rows {
            inner.filling_bytes += row.raw.len() as u64;
            inner.filling_rows += 1;
            inner.oldest.get_or_insert(row.index_time);
            if let Err(BatchFull) = inner.shredder.push(&row) {
                inner.close_batch()?;
                // An empty batch takes any event.
                inner
                    .shredder
                    .push(&row)
                    .map_err(|full| ArrowError::from_external_error(Box::new(full)))?;
            }
            if inner.shredder.bytes() >= BATCH_BYTES {
                inner.close_batch()?;
            }
        }
        Ok(())
    }

    pub(crate) fn filling(&self) -> Filling {
        let inner = self.inner.lock();
        Filling { bytes: inner.filling_bytes, rows: inner.filling_rows, oldest: inner.oldest }
    }

    /// Bytes and rows that no segment has, those on their way into one included.
    pub(crate) fn memory(&self) -> Filling {
        let inner = self.inner.lock();
        let sealing_rows: usize = inner.sealing.iter().map(|recent| recent.batch.num_rows()).sum();
        Filling {
            bytes: inner.filling_bytes + inner.sealing_bytes,
            rows: inner.filling_rows + sealing_rows as u64,
            oldest: inner.oldest,
        }
    }

    pub(crate) fn snapshot(&self) -> Result<Snapshot, ArrowError> {
        let mut inner = self.inner.lock();
        inner.close_batch()?;
        inner.merge_small()?;
        let recent = inner.sealing.iter().chain(&inner.filling).cloned().collect();
        Ok(Snapshot { recent, segments: inner.segments.clone() })
    }

    /// Makes the filled generation the one that is being sealed and returns it. Only one can be.
    pub(crate) fn begin_sealing(&self) -> Result<Vec<RecordBatch>, ArrowError> {
        let mut inner = self.inner.lock();
        inner.close_batch()?;
        inner.sealing = std::mem::take(&mut inner.filling);
        inner.sealing_bytes = inner.filling_bytes;
        (inner.filling_bytes, inner.filling_rows, inner.oldest) = (0, 0, None);
        Ok(inner.sealing.iter().map(|recent| recent.batch.clone()).collect())
    }

    /// The generation that is being sealed, for another attempt.
    pub(crate) fn sealing(&self) -> Vec<RecordBatch> {
        self.inner.lock().sealing.iter().map(|recent| recent.batch.clone()).collect()
    }

    /// Puts the segments in the place of the generation that was being sealed.
    pub(crate) fn end_sealing(&self, segments: Vec<Segment>) {
        let mut inner = self.inner.lock();
        inner.sealing.clear();
        inner.sealing_bytes = 0;
        inner.segments.extend(segments.into_iter().map(Arc::new));
    }

    /// Puts `added` in the place of `removed`.
    pub(crate) fn replace(&self, removed: &[Arc<Segment>], added: Vec<Segment>) {
        let mut inner = self.inner.lock();
        inner.segments.retain(|segment| removed.iter().all(|gone| gone.number != segment.number));
        inner.segments.extend(added.into_iter().map(Arc::new));
    }

    pub(crate) fn segments(&self) -> Vec<Arc<Segment>> {
        self.inner.lock().segments.clone()
    }
}
