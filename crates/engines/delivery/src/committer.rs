//! The task that remembers how far a stream has come: only what has been delivered or backed up, without
//! a gap.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use picket_ports::event_log::Position;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::job::Finished;
use crate::state::{self, StreamState};
use crate::stream::Stream;

/// Least time between two trims of the log.
const TRIM_EVERY: Duration = Duration::from_secs(1);
/// Pause after the state could not be stored.
const RETRY: Duration = Duration::from_secs(1);

/// Commits until all senders are gone and everything that ended is stored.
pub(crate) async fn run(
    stream: Arc<Stream>,
    mut state: StreamState,
    mut ends: mpsc::Receiver<Finished>,
) {
    let mut waiting: BTreeMap<u64, Finished> = BTreeMap::new();
    let mut trimmed: Option<Instant> = None;
    while let Some(first) = ends.recv().await {
        waiting.insert(first.sequences.start, first);
        while let Ok(more) = ends.try_recv() {
            waiting.insert(more.sequences.start, more);
        }
        let mut next = state.next;
        while let Some(finished) = waiting.remove(&next) {
            next = finished.sequences.end;
        }
        if next == state.next {
            continue;
        }
        state.next = next;
        if !commit(&stream, state).await {
            return;
        }
        if trimmed.is_none_or(|at| at.elapsed() >= TRIM_EVERY) {
            trimmed = Some(Instant::now());
            trim(&stream, next).await;
        }
    }
    trim(&stream, state.next).await;
    if stream.route().is_gone() && state.next >= stream.log.next_sequence(0) {
        tracing::info!(stream = %stream.name, "the deleted stream has nothing left");
        stream.end();
    }
}

/// Stores the state, trying until it works. False when the engine stops before.
async fn commit(stream: &Stream, state: StreamState) -> bool {
    loop {
        match state::save(&*stream.common.store, &stream.name, state).await {
            Ok(()) => return true,
            Err(error) => stream.books.note("Picket.PositionNotStored", &error.to_string()),
        }
        tokio::select! {
            () = stream.common.tasks.stopping() => return false,
            () = tokio::time::sleep(RETRY) => {}
        }
    }
}

async fn trim(stream: &Stream, next: u64) {
    let before = Position { partition: 0, sequence: next };
    if let Err(error) = stream.log.trim(before).await {
        tracing::warn!(stream = %stream.name, %error, "the log could not be trimmed; it grows until it can");
    }
}
