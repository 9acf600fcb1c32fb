//! The task that takes events from the log into memory and from memory into segments.
//!
//! The log is the only way in, so that a restart replays exactly what had not reached a segment.
//! Segments and the place in the log up to which they reach are committed in one step; a file that
//! was written without being committed is removed at the next start.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use datafusion::arrow::array::{AsArray, RecordBatch};
use datafusion::arrow::error::ArrowError;
use picket_core::Timestamp;
use picket_ports::{LogError, LogRecord, Position};
use picket_shred::{Row, fixed};
use tokio::sync::oneshot::{self, error::TryRecvError};
use tokio::time::Instant;

use crate::engine::Shared;
use crate::entry::{Entry, EntryV1, RECORD_EVENTS_MAX};
use crate::ids::SeenIds;
use crate::segment::{Segment, SegmentError, indexes_among, read_segment, write_segments};

const READ_RECORDS_MAX: usize = 1024;
const READ_BYTES_MAX: usize = 8 << 20;
/// How often age and retention are looked at.
const TICK: Duration = Duration::from_millis(500);
/// Pause after a failure of the disk.
const RETRY: Duration = Duration::from_secs(2);
/// The index-time field that carries the sender's id.
const ID_FIELD: &str = "picket_id";

type Written = Result<Vec<Segment>, SegmentError>;

/// The numbers of a generation that goes into segments. Another attempt has the same ones, so that
/// it writes the same files, whatever of an earlier attempt may have become durable.
#[derive(Debug, Clone, Copy)]
struct Attempt {
    first_number: u64,
    last_sequence: u64,
}

/// A generation that is being written.
#[derive(Debug)]
struct Sealing {
    attempt: Attempt,
    written: oneshot::Receiver<Written>,
    done: Option<Written>,
}

impl Sealing {
    /// How writing ended, if it has.
    fn answer(&mut self) -> Option<Written> {
        self.done.take().or_else(|| match self.written.try_recv() {
            Ok(written) => Some(written),
            Err(TryRecvError::Closed) => Some(Err(SegmentError::Unanswered)),
            Err(TryRecvError::Empty) => None,
        })
    }
}

#[derive(Debug, thiserror::Error)]
enum IndexingError {
    #[error(transparent)]
    Log(#[from] LogError),
    #[error("events could not be turned into columns: {0}")]
    Columns(#[from] ArrowError),
}

#[derive(Debug)]
pub(crate) struct Indexer {
    shared: Arc<Shared>,
    seen: SeenIds,
    /// The next record to read.
    next: u64,
    sealing: Option<Sealing>,
    /// The generation that waits for another attempt.
    failed: Option<Attempt>,
    retry_at: Option<Instant>,
}

impl Indexer {
    pub(crate) fn new(shared: Arc<Shared>, consumed: u64) -> Self {
        let seen = SeenIds::new(shared.config.dedup_ids_max);
        Self { shared, seen, next: consumed + 1, sealing: None, failed: None, retry_at: None }
    }

    /// Runs until the server stops. What is in memory then stays in the log.
    pub(crate) async fn run(mut self) {
        self.recall_ids().await;
        while !self.shared.tasks.is_stopping() {
            let more = match self.index_some().await {
                Ok(more) => more,
                Err(IndexingError::Log(error)) => {
                    tracing::error!(%error, "the log could not be read; trying again");
                    self.pause(RETRY).await;
                    false
                }
                Err(error @ IndexingError::Columns(_)) => {
                    // Going on would lose the record; a restart replays it.
                    tracing::error!(%error, "indexing stopped; events stay in the log");
                    return;
                }
            };
            if let Err(error) = self.seal_if_due().await {
                tracing::error!(%error, "segments could not be written; trying again");
                self.retry_at = Some(Instant::now() + RETRY);
            }
            if !more {
                self.wait().await;
            }
        }
    }

    async fn pause(&self, time: Duration) {
        tokio::select! {
            () = tokio::time::sleep(time) => {}
            () = self.shared.tasks.stopping() => {}
        }
    }

    /// Waits for anything that could be work.
    async fn wait(&mut self) {
        let next = Position { partition: 0, sequence: self.next };
        let may_read = !self.is_full();
        let shared = self.shared.clone();
        let sealed = async {
            match &mut self.sealing {
                Some(sealing) if sealing.done.is_none() => {
                    let written = (&mut sealing.written).await;
                    sealing.done = Some(written.unwrap_or(Err(SegmentError::Unanswered)));
                }
                _ => std::future::pending().await,
            }
        };
        tokio::select! {
            () = shared.log.wait_for(next), if may_read => {}
            () = sealed => {}
            () = shared.seal_now.notified() => {}
            () = tokio::time::sleep(TICK) => {}
            () = shared.tasks.stopping() => {}
        }
    }

    /// Reads the ids of the newest segments, until enough are remembered.
    async fn recall_ids(&mut self) {
        let mut segments = self.shared.view.segments();
        segments.sort_by_key(|segment| segment.number);
        let mut budget = self.shared.config.dedup_ids_max as u64;
        let mut newest = Vec::new();
        for segment in segments.iter().rev() {
            newest.push(segment);
            budget = budget.saturating_sub(segment.rows);
            if budget == 0 {
                break;
            }
        }
        for segment in newest.into_iter().rev() {
            if self.shared.tasks.is_stopping() {
                return;
            }
            match read_segment(&self.shared.files, &segment.path(), Some(fixed::ID)).await {
                Ok(batches) => self.remember(&batches),
                Err(error) => tracing::error!(
                    %error,
                    segment = %segment.path(),
                    "the ids of a segment are not known; repeats of its events will be stored again"
                ),
            }
        }
        tracing::debug!(ids = self.seen.len(), "ids recalled");
    }

    fn remember(&mut self, batches: &[RecordBatch]) {
        for batch in batches {
            let Some(ids) = batch.column(0).as_string_opt::<i32>() else { continue };
            for id in ids.iter().flatten() {
                self.seen.insert(id);
            }
        }
    }

    /// Takes the next records into memory. False at the end of the log.
    async fn index_some(&mut self) -> Result<bool, IndexingError> {
        if self.is_full() {
            return Ok(false);
        }
        let from = Position { partition: 0, sequence: self.next };
        let records = self.shared.log.read(from, READ_RECORDS_MAX, READ_BYTES_MAX).await?;
        let Some(last) = records.last().map(|record| record.position.sequence) else {
            self.caught_up(self.next - 1);
            return Ok(false);
        };
        for record in &records {
            self.index_record(record)?;
        }
        self.caught_up(last);
        Ok(true)
    }

    fn caught_up(&self, sequence: u64) {
        self.shared.searchable.send_if_modified(|searchable| {
            let moved = *searchable < sequence;
            *searchable = (*searchable).max(sequence);
            moved
        });
        if sequence + 1 >= self.shared.first_own_sequence {
            self.shared.replayed.send_replace(true);
        }
    }

    fn index_record(&mut self, record: &LogRecord) -> Result<(), IndexingError> {
        let sequence = record.position.sequence;
        let is_replay = sequence < self.shared.first_own_sequence;
        let Entry::V1(entry) = match postcard::from_bytes(&record.payload) {
            Ok(entry) => entry,
            Err(error) => {
                tracing::error!(%error, sequence, "a record of the log cannot be read; it is skipped");
                self.next = sequence + 1;
                return Ok(());
            }
        };
        let fresh = self.fresh(&entry);
        if is_replay {
            self.shared.ledger.received(entry.events.len() as u64);
        } else {
            self.shared.pending_bytes.fetch_sub(record.payload.len() as u64, Ordering::Relaxed);
        }
        let fields: Vec<_> = fresh.iter().map(|&at| fields_of(&entry, at)).collect();
        let rows = fresh.iter().zip(&fields);
        let rows = rows.filter_map(|(&at, fields)| row(&entry, at, sequence, fields));
        self.shared.view.push(rows)?;
        self.next = sequence + 1;
        self.shared.ledger.delivered(fresh.len() as u64);
        let repeats = entry.events.len() - fresh.len();
        if repeats > 0 {
            self.shared.ledger.dropped("duplicate", repeats as u64);
        }
        Ok(())
    }

    /// Places of the events that have not been stored before.
    fn fresh(&mut self, entry: &EntryV1<'_>) -> Vec<usize> {
        let id_field = entry.texts.iter().position(|text| *text == ID_FIELD);
        let id_field = id_field.and_then(|number| u32::try_from(number).ok());
        let mut fresh = Vec::with_capacity(entry.events.len());
        for (at, event) in entry.events.iter().enumerate() {
            let named = event.fields.iter().find(|(name, _)| Some(*name) == id_field);
            let id = named.and_then(|(_, values)| values.first()).filter(|id| !id.is_empty());
            if id.is_none_or(|id| self.seen.insert(id)) {
                fresh.push(at);
            }
        }
        fresh
    }

    /// Whether memory holds as much as it may until segments have been written.
    fn is_full(&self) -> bool {
        let busy = self.sealing.is_some() || self.failed.is_some();
        busy && self.shared.view.filling().bytes >= self.shared.config.seal_bytes
    }

    async fn seal_if_due(&mut self) -> Result<(), SegmentError> {
        if let Some(sealing) = &mut self.sealing
            && let Some(written) = sealing.answer()
        {
            let attempt = sealing.attempt;
            self.sealing = None;
            self.failed = Some(attempt);
            self.end_sealing(written?, attempt.last_sequence).await?;
            self.failed = None;
        }
        if self.sealing.is_none() && self.is_due() {
            self.begin_sealing()?;
        }
        Ok(())
    }

    fn is_due(&self) -> bool {
        if self.retry_at.is_some_and(|at| Instant::now() < at) {
            return false;
        }
        let filling = self.shared.view.filling();
        let age = filling.oldest.map(|oldest| self.shared.clock.now().since(oldest));
        let asked = self.shared.seal_asked.load(Ordering::SeqCst);
        let is_asked = *self.shared.consumed.borrow() < asked && asked < self.next;
        self.failed.is_some()
            || is_asked
            || filling.bytes >= self.shared.config.seal_bytes
            || age.is_some_and(|age| age >= self.shared.config.seal_age())
    }

    fn begin_sealing(&mut self) -> Result<(), SegmentError> {
        self.retry_at = None;
        let (attempt, batches) = match self.failed.take() {
            Some(attempt) => (attempt, self.shared.view.sealing()),
            None => {
                let batches = self.shared.view.begin_sealing()?;
                let first_number =
                    self.shared.segment_numbers(indexes_among(&batches).len() as u64);
                (Attempt { first_number, last_sequence: self.next - 1 }, batches)
            }
        };
        let files = self.shared.files.clone();
        let (answer, written) = oneshot::channel();
        self.shared.tasks.spawn("siem-seal", async move {
            let result = write_segments(&files, batches, attempt.first_number).await;
            // Nobody listens when the server is stopping; the log still has the events.
            drop(answer.send(result));
        });
        self.sealing = Some(Sealing { attempt, written, done: None });
        Ok(())
    }

    async fn end_sealing(
        &self,
        segments: Vec<Segment>,
        last_sequence: u64,
    ) -> Result<(), SegmentError> {
        self.shared.catalogue.commit(&segments, &[], Some(last_sequence)).await?;
        self.shared.view.end_sealing(segments);
        self.shared.consumed.send_replace(last_sequence);
        let keep = Position { partition: 0, sequence: last_sequence + 1 };
        if let Err(error) = self.shared.log.trim(keep).await {
            tracing::warn!(%error, "the log was not trimmed; it will be after the next segment");
        }
        Ok(())
    }
}

type Fields = Vec<(String, Vec<String>)>;

fn fields_of(entry: &EntryV1<'_>, at: usize) -> Fields {
    let Some(event) = entry.events.get(at) else { return Fields::new() };
    let owned = |values: &Vec<&str>| values.iter().map(|&value| value.to_owned()).collect();
    event
        .fields
        .iter()
        .map(|(name, values)| (entry.text(*name).to_owned(), owned(values)))
        .collect()
}

fn row<'r>(
    entry: &'r EntryV1<'_>,
    at: usize,
    sequence: u64,
    fields: &'r Fields,
) -> Option<Row<'r>> {
    let event = entry.events.get(at)?;
    Some(Row {
        time: Timestamp::from_millis(event.time),
        index_time: Timestamp::from_millis(entry.index_time),
        sequence: sequence.saturating_mul(RECORD_EVENTS_MAX as u64) + at as u64,
        id: None,
        index: entry.text(event.index),
        host: entry.text(event.host),
        source: entry.text(event.source),
        sourcetype: entry.text(event.sourcetype),
        raw: event.raw.0,
        fields,
    })
}
