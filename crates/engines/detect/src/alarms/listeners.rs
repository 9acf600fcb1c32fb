//! Telling the news: one task for each listener, at its own pace.

use std::sync::Arc;
use std::time::Duration;

use picket_core::{Clock, Tasks, Timestamp};
use picket_ports::AlarmListenerError;
use picket_ports::alarms::AlarmNews;

use super::keys;
use super::news::{News, Reader};
use super::stored;
use crate::storage::StorageError;
use crate::worker::pause;

/// News told at once.
const TOLD_MAX: usize = 50;
/// A listener that takes longer has failed.
const TELL_MAX: Duration = Duration::from_secs(30);
const WAIT_MIN: Duration = Duration::from_millis(100);
const WAIT_MAX: Duration = Duration::from_secs(30);

/// Some news in a row.
#[derive(Default)]
struct Portion {
    news: Vec<AlarmNews>,
    /// The number after the last of them.
    end: u64,
    /// News before them that are not told, and why.
    dropped: Option<(&'static str, u64)>,
}

/// How a listener is doing.
struct Mood {
    wait: Duration,
    /// News told at once: fewer after a failure, so that news that a listener cannot take hold up no more
    /// than themselves.
    at_once: usize,
    /// The failure that was logged last.
    logged: String,
}

impl Mood {
    const GOOD: Self = Self { wait: WAIT_MIN, at_once: TOLD_MAX, logged: String::new() };
}

/// Tells the listener at `place` everything until told to stop.
pub(super) async fn run(news: Arc<News>, place: usize, clock: Arc<dyn Clock>, tasks: Tasks) {
    let Some(reader) = news.readers.get(place) else { return };
    let mut written = news.watch();
    let mut mood = Mood::GOOD;
    while !tasks.is_stopping() {
        let next = *written.borrow_and_update();
        if reader.next() >= next {
            tokio::select! {
                changed = written.changed() => if changed.is_err() { return },
                () = tasks.stopping() => return,
            }
            continue;
        }
        let told = tokio::select! {
            told = tell_some(&news, reader, (next, clock.now()), mood.at_once) => told,
            () = tasks.stopping() => return,
        };
        match told {
            Ok(()) => mood = Mood { at_once: (mood.at_once * 2).min(TOLD_MAX), ..Mood::GOOD },
            Err(cause) => {
                note_failure(&mut mood, reader.listener.name(), cause);
                pause(&tasks, mood.wait).await;
                mood.wait = (mood.wait * 2).min(WAIT_MAX);
                mood.at_once = (mood.at_once / 2).max(1);
            }
        }
    }
}

fn note_failure(mood: &mut Mood, listener: &str, cause: String) {
    if mood.logged != cause {
        let waiting = mood.wait;
        tracing::warn!(listener, %cause, ?waiting, "news of alarms were not taken; telling them again");
        mood.logged = cause;
    }
}

/// One step: tells some news, or drops what is too much or too old.
async fn tell_some(
    news: &News,
    reader: &Reader,
    (next, now): (u64, Timestamp),
    at_once: usize,
) -> Result<(), String> {
    let stored = |error: StorageError| error.to_string();
    let name = reader.listener.name();
    let from = reader.next();
    let oldest_kept = next.saturating_sub(news.limits.count_max);
    if from < oldest_kept {
        news.advance(reader, oldest_kept).await.map_err(stored)?;
        drop_some(news, name, ("queue-full", oldest_kept - from));
        return Ok(());
    }
    let portion = read(news, (from, next), now, at_once).await.map_err(stored)?;
    if let Some((reason, count)) = portion.dropped {
        news.advance(reader, from + count).await.map_err(stored)?;
        drop_some(news, name, (reason, count));
        return Ok(());
    }
    if !portion.news.is_empty() {
        let telling = reader.listener.tell(&portion.news);
        let told = tokio::time::timeout(TELL_MAX, telling).await;
        told.map_err(|_| format!("no answer within {TELL_MAX:?}"))?
            .map_err(|AlarmListenerError(cause)| cause)?;
    }
    news.advance(reader, portion.end).await.map_err(stored)?;
    news.ledger.delivered(portion.end - from);
    Ok(())
}

fn drop_some(news: &News, listener: &str, (reason, count): (&'static str, u64)) {
    news.ledger.dropped(reason, count);
    tracing::error!(listener, reason, count, "news of alarms are given up");
}

/// The news from number `from` on.
async fn read(
    news: &News,
    (from, next): (u64, u64),
    now: Timestamp,
    at_once: usize,
) -> Result<Portion, StorageError> {
    let after = from.checked_sub(1).map(keys::news);
    let pairs = news.store.scan(keys::NEWS, after.as_deref(), at_once).await?;
    // Numbers that were given out for what was not stored after all.
    let mut portion = Portion { end: next, ..Portion::default() };
    let Some((last, _)) = pairs.last() else { return Ok(portion) };
    portion.end = keys::number_of(last) + 1;
    for (key, value) in &pairs {
        let number = keys::number_of(key);
        let reason = match stored::read_news(value) {
            Ok((queued, _)) if now.since(queued) > news.limits.age_max => "too-old",
            Ok((_, one)) => {
                portion.news.push(one);
                continue;
            }
            Err(_) => "unreadable",
        };
        // Those before it are told first.
        if !portion.news.is_empty() {
            portion.end = number;
            break;
        }
        if portion.dropped.is_some_and(|(other, _)| other != reason) {
            break;
        }
        portion.dropped = Some((reason, number + 1 - from));
    }
    Ok(portion)
}
