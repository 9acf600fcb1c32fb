//! The history of alarms: writing events with their indexes, reading pages, and forgetting.

use futures::StreamExt;
use picket_core::Timestamp;
use picket_ports::alarms::{AlarmFacts, AlarmFilter, VerificationState, ViolationEvent};
use picket_ports::{StateBatch, StateStore};

use super::keys::{self, Tail};
use super::stored::{self, Facts};
use super::verification::Verifications;
use crate::storage::StorageError;

/// Entries read in one go.
const CHUNK: usize = 500;
/// Entries that one page looks at, at most: a filter that fits few ends its page early.
const EXAMINED_MAX: usize = 10_000;
/// Events read at once.
const READS_MAX: usize = 16;
/// Events that are removed, or taken into the indexes, in one batch.
const BATCH: usize = 500;

/// Adds an event and its index entries to `batch`.
pub(crate) fn save(event: &ViolationEvent, batch: &mut StateBatch) -> Result<(), StorageError> {
    batch.put(keys::entry(keys::EVENTS, &Tail::of(event)), stored::write_event(event)?);
    save_index(event, batch)
}

fn save_index(event: &ViolationEvent, batch: &mut StateBatch) -> Result<(), StorageError> {
    let tail = Tail::of(event);
    let facts = stored::write_facts(Facts::of(&event.violation))?;
    batch.put(keys::entry(&keys::of_thing(&event.violation.thing), &tail), facts.clone());
    batch.put(keys::entry(&keys::of_profile(&event.violation.profile), &tail), facts);
    batch.put(keys::in_episode(&tail), Vec::new());
    Ok(())
}

/// Lists an event among those of violations that were found to be `state`.
pub(super) fn save_found(
    event: &ViolationEvent,
    state: VerificationState,
    batch: &mut StateBatch,
) -> Result<(), StorageError> {
    if state != VerificationState::Unknown {
        let key = keys::entry(&keys::of_state(state), &Tail::of(event));
        batch.put(key, stored::write_facts(Facts::of(&event.violation))?);
    }
    Ok(())
}

/// Which events to list: `from <= time < to`, after the place `after`.
pub(super) struct Query<'a> {
    pub(super) filter: &'a AlarmFilter,
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
    pub(super) after: Option<&'a str>,
    pub(super) rows_max: usize,
}

/// A page of events, newest first; absent `next` says that it is the last.
pub(super) struct EventPage {
    pub(super) events: Vec<ViolationEvent>,
    pub(super) next: Option<String>,
}

/// The index that fits a filter best.
struct Index {
    prefix: Vec<u8>,
    /// Its values are whole events, not what an index says of them.
    has_events: bool,
}

impl Index {
    fn for_filter(filter: &AlarmFilter) -> Self {
        let state = filter.verification.filter(|it| *it != VerificationState::Unknown);
        let prefix = match (&filter.thing, state, &filter.profile) {
            (Some(thing), _, _) => keys::of_thing(thing),
            (None, Some(state), _) => keys::of_state(state),
            (None, None, Some(profile)) => keys::of_profile(profile),
            (None, None, None) => {
                return Self { prefix: keys::EVENTS.to_vec(), has_events: true };
            }
        };
        Self { prefix, has_events: false }
    }
}

/// What fits on a page so far.
enum Found {
    Event(Box<ViolationEvent>),
    Place(Tail),
}

/// Reads a page.
pub(super) async fn page(
    store: &dyn StateStore,
    verifications: &Verifications,
    query: &Query<'_>,
) -> Result<EventPage, StorageError> {
    let index = Index::for_filter(query.filter);
    let start = query.after.and_then(Tail::from_cursor).map(|it| keys::entry(&index.prefix, &it));
    let first = keys::before(&index.prefix, query.to);
    let mut after = start.map_or_else(|| first.clone(), |start| start.max(first.clone()));
    let mut found: Vec<(Tail, Found)> = Vec::new();
    let mut examined = 0;
    // As many as fill the page where all fit, and one more to see whether there is another page.
    let mut wanted = query.rows_max.saturating_add(1).min(CHUNK);
    let next = 'all: loop {
        let chunk = store.scan(&index.prefix, Some(&after), wanted).await?;
        let is_last = chunk.len() < wanted;
        wanted = CHUNK;
        for (key, value) in chunk {
            let rest = key.get(index.prefix.len()..).unwrap_or_default();
            let Some(tail) = Tail::read(rest) else { continue };
            if tail.time < query.from {
                break 'all None;
            }
            let fitting = look(&index, &tail, &value, (query.filter, verifications))?;
            if fitting.is_some() && found.len() == query.rows_max {
                break 'all found.last().map(|(tail, _)| tail.cursor());
            }
            found.extend(fitting.map(|it| (tail.clone(), it)));
            examined += 1;
            if examined >= EXAMINED_MAX {
                break 'all Some(tail.cursor());
            }
            after = key;
        }
        if is_last {
            break None;
        }
    };
    let events = read(store, found.into_iter().map(|(_, found)| found)).await?;
    Ok(EventPage { events: verifications.fill_events(store, events).await?, next })
}

/// The entry, if it fits.
fn look(
    index: &Index,
    tail: &Tail,
    value: &[u8],
    (filter, verifications): (&AlarmFilter, &Verifications),
) -> Result<Option<Found>, StorageError> {
    let verification = verifications.state(&tail.violation_id);
    if index.has_events {
        let event = stored::read_event(value)?;
        let facts = AlarmFacts { verification, ..AlarmFacts::of(&event.violation) };
        return Ok(filter.admits(&facts).then(|| Found::Event(Box::new(event))));
    }
    let facts = stored::read_facts(value)?;
    Ok(filter.admits(&facts.with(verification)).then(|| Found::Place(tail.clone())))
}

/// Reads the events that are known by their place only. One that was removed meanwhile is left out.
async fn read(
    store: &dyn StateStore,
    found: impl Iterator<Item = Found>,
) -> Result<Vec<ViolationEvent>, StorageError> {
    let reads = found.map(|found| async move {
        match found {
            Found::Event(event) => Ok(Some(*event)),
            Found::Place(tail) => match store.get(&keys::entry(keys::EVENTS, &tail)).await? {
                Some(bytes) => stored::read_event(&bytes).map(Some),
                None => Ok(None),
            },
        }
    });
    let read: Vec<Result<Option<ViolationEvent>, StorageError>> =
        futures::stream::iter(reads.collect::<Vec<_>>()).buffered(READS_MAX).collect().await;
    read.into_iter().filter_map(Result::transpose).collect()
}

/// The events of a violation, oldest first.
pub(super) async fn episode(
    store: &dyn StateStore,
    violation_id: &str,
) -> Result<Vec<ViolationEvent>, StorageError> {
    let prefix = keys::of_violation(violation_id);
    let entries = store.scan(&prefix, None, CHUNK).await?;
    let tails = entries.iter().filter_map(|(key, _)| {
        keys::tail_in_episode(violation_id, key.get(prefix.len()..)?).map(Found::Place)
    });
    read(store, tails).await
}

/// Removes up to one batch of the events before `before`, and what was said of violations of which
/// nothing is left. `is_on` tells which are still in alarm. Returns whether there may be more.
pub(super) async fn prune(
    store: &dyn StateStore,
    verifications: &Verifications,
    before: Timestamp,
    is_on: &impl Fn(&str) -> bool,
) -> Result<bool, StorageError> {
    let old = store.scan(keys::EVENTS, Some(&keys::before(keys::EVENTS, before)), BATCH).await?;
    let mut batch = StateBatch::default();
    let mut forgotten = Vec::new();
    for (key, value) in &old {
        batch.delete(key.clone());
        let Some(tail) = key.get(keys::EVENTS.len()..).and_then(Tail::read) else { continue };
        batch.delete(keys::in_episode(&tail));
        // A value that cannot be read any more is in no index by name either.
        if let Ok(ViolationEvent { violation, .. }) = stored::read_event(value) {
            batch.delete(keys::entry(&keys::of_thing(&violation.thing), &tail));
            batch.delete(keys::entry(&keys::of_profile(&violation.profile), &tail));
        }
        let state = verifications.state(&tail.violation_id);
        batch.delete(keys::entry(&keys::of_state(state), &tail));
        // The end of an episode is its newest event.
        if tail.is_end() && !is_on(&tail.violation_id) {
            batch.delete(keys::verification(&tail.violation_id));
            forgotten.push(tail.violation_id);
        }
    }
    if !batch.is_empty() {
        store.commit(batch).await?;
        verifications.forget(&forgotten);
    }
    Ok(old.len() == BATCH)
}

/// Takes events that were stored before there were indexes into them, once.
pub(super) async fn index_old(store: &dyn StateStore) -> Result<(), StorageError> {
    if store.get(keys::INDEXED).await?.is_some() {
        return Ok(());
    }
    let mut after: Option<Vec<u8>> = None;
    loop {
        let chunk = store.scan(keys::EVENTS, after.as_deref(), BATCH).await?;
        let mut batch = StateBatch::default();
        for (_, value) in &chunk {
            save_index(&stored::read_event(value)?, &mut batch)?;
        }
        let is_last = chunk.len() < BATCH;
        if is_last {
            batch.put(keys::INDEXED, [1]);
        }
        store.commit(batch).await?;
        if is_last {
            return Ok(());
        }
        after = chunk.into_iter().next_back().map(|(key, _)| key);
    }
}

/// Every event older than `to`, newest first, for tests of what evaluation stored.
#[cfg(test)]
pub(crate) async fn all(
    store: &dyn StateStore,
) -> Result<Vec<ViolationEvent>, picket_ports::LogError> {
    let pairs = store.scan(keys::EVENTS, None, usize::MAX).await?;
    Ok(pairs.iter().filter_map(|(_, value)| stored::read_event(value).ok()).collect())
}
