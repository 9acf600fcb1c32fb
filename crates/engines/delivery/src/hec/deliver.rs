//! Delivering one batch: send, await the acknowledgement, retry within the budget, set bad events aside
//! (spec delivery §2.5, §6).
//!
//! Firehose retries a batch with one bad event as a whole and then backs all of it up. We know which
//! event was refused, so only that one goes to the backup, and at once; the events before and after it
//! are delivered.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use picket_core::Clock;
use picket_wire_hec::split::Splitter;
use picket_wire_hec::{EndpointKind, Envelope, Limits, raw_lines};
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::channel::Acknowledged;
use super::classify::{HecFailure, Remedy};
use super::client::Accepted;
use super::jittered;
use crate::backup::lines::Cause;
use crate::books::Books;
use crate::route::Route;

/// Events of one batch that are set aside one by one; with more, the batch is retried as a whole.
const SET_ASIDE_MAX: usize = 64;
/// A body above this is suspected of being too large when its first, good event is refused.
const SAFE_BODY_BYTES: usize = 1024 * 1024;

/// A part of the body that was given up.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) range: Range<usize>,
    pub(crate) cause: Cause,
}

/// The engine is stopping; the batch is neither delivered nor given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stopped;

/// The delivery of one batch.
#[derive(Debug)]
pub(crate) struct Delivering<'a> {
    pub(crate) routes: watch::Receiver<Arc<Route>>,
    pub(crate) clock: &'a dyn Clock,
    pub(crate) books: &'a Books,
    /// Start nothing new.
    pub(crate) soft: &'a CancellationToken,
    /// Do not even wait for answers.
    pub(crate) hard: &'a CancellationToken,
    pub(crate) backoff: Duration,
    pub(crate) spent: Spent,
}

/// What the batch has cost so far.
#[derive(Debug, Default)]
pub(crate) struct Spent {
    attempts: u32,
    first_failure: Option<Instant>,
    /// Time since then that acknowledgements were waited for; it is not charged.
    ack_wait: Duration,
    set_aside: usize,
}

/// How a portion of the body ended.
enum End {
    Done,
    GivenUp(HecFailure),
    /// The event at this range of the portion is bad.
    SetAside(Range<usize>, HecFailure),
    Halve(HecFailure),
}

impl Delivering<'_> {
    /// Delivers `body`. `ends` are the places where its records end. What is given up is returned, in
    /// the order of the body.
    pub(crate) async fn deliver(
        mut self,
        body: &Bytes,
        ends: &[usize],
    ) -> Result<Vec<Refused>, Stopped> {
        let mut refused = Vec::new();
        let mut portions = VecDeque::new();
        portions.push_back(0..body.len());
        while let Some(range) = portions.pop_front() {
            // A collector answers white space with "No data", again and again.
            if raw_lines::is_blank(body.get(range.clone()).unwrap_or_default()) {
                continue;
            }
            match self.portion(body.slice(range.clone())).await? {
                End::Done => {}
                End::GivenUp(failure) => refused.push(self.refuse(range, failure)),
                End::Halve(failure) => match middle_of(&range, ends) {
                    Some(middle) => {
                        portions.push_front(middle..range.end);
                        portions.push_front(range.start..middle);
                    }
                    None => refused.push(self.refuse(range, failure)),
                },
                End::SetAside(event, mut failure) => {
                    let bad = range.start + event.start..range.start + event.end;
                    portions.push_front(bad.end..range.end);
                    if !self.is_kept(&mut failure).await? {
                        portions.push_front(range.start..bad.start);
                    }
                    refused.push(self.refuse(bad, failure));
                }
            }
        }
        refused.sort_by_key(|part| part.range.start);
        Ok(refused)
    }

    fn refuse(&self, range: Range<usize>, failure: HecFailure) -> Refused {
        let HecFailure { code, message, .. } = failure;
        let (attempts, ended) = (self.spent.attempts, self.clock.now());
        Refused { range, cause: Cause { code, message, attempts, ended } }
    }

    /// Whether what stood before a bad event is surely kept by the collector. If that cannot be told, it
    /// is sent again.
    async fn is_kept(&mut self, failure: &mut HecFailure) -> Result<bool, Stopped> {
        let route = self.routes.borrow().clone();
        match failure.part.take() {
            Some(part) => {
                let mut parts = FuturesUnordered::from_iter([part]);
                Ok(self.acknowledged(&mut parts, route.ack_timeout).await?.is_ok())
            }
            None => Ok(route.client().is_some_and(|client| client.is_unconfirmed())),
        }
    }

    async fn portion(&mut self, body: Bytes) -> Result<End, Stopped> {
        // Acknowledgements of all attempts: any of them completes the portion.
        let mut acks: FuturesUnordered<Acknowledged> = FuturesUnordered::new();
        let mut failures = 0;
        loop {
            let route = self.routes.borrow_and_update().clone();
            let Some(client) = route.client() else { return Ok(End::GivenUp(gone())) };
            self.spent.attempts += 1;
            self.books.posted(body.len());
            let hard = self.hard;
            let posted = tokio::select! {
                () = hard.cancelled() => return Err(Stopped),
                () = any(&mut acks) => return Ok(End::Done),
                posted = client.post(body.clone()) => posted,
            };
            let failure = match posted {
                Ok(Accepted::Unconfirmed) => return Ok(End::Done),
                Ok(Accepted::Awaiting(acknowledged)) => {
                    acks.push(acknowledged);
                    match self.acknowledged(&mut acks, route.ack_timeout).await? {
                        Ok(()) => return Ok(End::Done),
                        Err(failure) => failure,
                    }
                }
                Err(failure) => failure,
            };
            self.books.failed(failure.code, &failure.message);
            self.spent.first_failure.get_or_insert_with(Instant::now);
            match failure.remedy {
                Remedy::Retry => {}
                Remedy::GiveUp => return Ok(End::GivenUp(failure)),
                Remedy::Halve => return Ok(End::Halve(failure)),
                Remedy::SetAside { number } => match self.find_bad(&route, &body, number) {
                    Bad::Event(range) => return Ok(End::SetAside(range, failure)),
                    Bad::TooLarge => return Ok(End::Halve(failure)),
                    Bad::Unknown => {}
                },
            }
            failures += 1;
            match self.pause(&route, &failure, failures, &mut acks).await? {
                Pause::Over => {}
                Pause::Acknowledged => return Ok(End::Done),
                Pause::Exhausted => return Ok(End::GivenUp(failure)),
            }
        }
    }

    /// Finds the event the collector refused.
    fn find_bad(&mut self, route: &Route, body: &[u8], number: u64) -> Bad {
        if route.destination.kind != EndpointKind::Event || self.spent.set_aside >= SET_ASIDE_MAX {
            return Bad::Unknown;
        }
        let limits = Limits::default();
        let Some(range) = event_range(body, number, &limits) else { return Bad::Unknown };
        let event = body.get(range.clone()).unwrap_or_default();
        if number == 0 && body.len() > SAFE_BODY_BYTES && Envelope::parse(event, &limits).is_ok() {
            return Bad::TooLarge;
        }
        self.spent.set_aside += 1;
        Bad::Event(range)
    }

    /// Waits until one of `acks` is confirmed; at most `timeout`.
    async fn acknowledged(
        &mut self,
        acks: &mut FuturesUnordered<Acknowledged>,
        timeout: Duration,
    ) -> Result<Result<(), HecFailure>, Stopped> {
        let began = Instant::now();
        let lost = || {
            let message = "the collector has forgotten the channel; a load balancer without sticky \
                           sessions, or a restart";
            HecFailure::retry("Splunk.ProxyWithoutStickySessions", message)
        };
        let ended = tokio::select! {
            () = self.hard.cancelled() => return Err(Stopped),
            ended = tokio::time::timeout(timeout, first(acks)) => ended,
        };
        if self.spent.first_failure.is_some() {
            self.spent.ack_wait += began.elapsed();
        }
        self.books.ack_waited(began.elapsed());
        Ok(match ended {
            Ok(true) => Ok(()),
            Ok(false) => Err(lost()),
            Err(_) => Err(HecFailure::retry(
                "Splunk.AckTimeout",
                format!(
                    "no acknowledgement within {} ms; the events may be indexed nevertheless",
                    timeout.as_millis()
                ),
            )),
        })
    }

    /// Waits before the next attempt, as long as there is budget.
    async fn pause(
        &mut self,
        route: &Route,
        failure: &HecFailure,
        failures: u32,
        acks: &mut FuturesUnordered<Acknowledged>,
    ) -> Result<Pause, Stopped> {
        let since = self.spent.first_failure.map_or(Duration::ZERO, |first| first.elapsed());
        let spent = since.saturating_sub(self.spent.ack_wait);
        let left = route.destination.retry_budget.saturating_sub(spent);
        if left.is_zero() {
            return Ok(Pause::Exhausted);
        }
        let doubled = self.backoff.saturating_mul(1 << (failures - 1).min(10));
        let pause = jittered(doubled).max(failure.retry_after.unwrap_or_default()).min(left);
        tracing::debug!(code = failure.code, pause_ms = pause.as_millis(), "a request is repeated");
        let changed = async {
            if self.routes.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            () = self.soft.cancelled() => Err(Stopped),
            () = any(acks) => Ok(Pause::Acknowledged),
            () = tokio::time::sleep(pause) => Ok(Pause::Over),
            () = changed => Ok(Pause::Over),
        }
    }
}

enum Pause {
    Over,
    Acknowledged,
    Exhausted,
}

enum Bad {
    Event(Range<usize>),
    TooLarge,
    Unknown,
}

fn gone() -> HecFailure {
    HecFailure::retry("Picket.StreamDeleted", "the delivery stream was deleted before delivery")
}

/// Resolves when one of `acks` is confirmed, and never otherwise.
async fn any(acks: &mut FuturesUnordered<Acknowledged>) {
    if !first(acks).await {
        std::future::pending::<()>().await;
    }
}

/// True when one of `acks` is confirmed; false when none ever will be.
async fn first(acks: &mut FuturesUnordered<Acknowledged>) -> bool {
    while let Some(ended) = acks.next().await {
        if ended.is_ok() {
            return true;
        }
    }
    false
}

/// Where event `number` stands in `body`.
fn event_range(body: &[u8], number: u64, limits: &Limits) -> Option<Range<usize>> {
    let mut splitter = Splitter::new(limits.depth_max, limits.event_bytes_max);
    let mut end = 0;
    for _ in 0..number {
        end = splitter.next_object(body)?.ok()?.end;
    }
    match splitter.next_object(body) {
        Some(Ok(range)) => Some(range),
        // Not even an object: what follows cannot be told from it.
        _ => (end < body.len()).then_some(end..body.len()),
    }
}

/// The end of a record near the middle of `range`, if it holds more than one.
fn middle_of(range: &Range<usize>, ends: &[usize]) -> Option<usize> {
    let wanted = range.start + range.len() / 2;
    let inside = ends.iter().copied().filter(|end| *end > range.start && *end < range.end);
    inside.min_by_key(|end| end.abs_diff(wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_found_by_number() {
        let body = br#"{"event":1}{"event":2} {"a"#;
        let at = |number| event_range(body, number, &Limits::default());
        assert_eq!(at(0), Some(0..11));
        assert_eq!(at(1), Some(11..22));
        assert_eq!(at(2), Some(22..26), "the rest, which is no object");
        assert_eq!(at(3), None);
    }

    #[test]
    fn a_portion_is_halved_at_the_end_of_a_record() {
        assert_eq!(middle_of(&(0..100), &[10, 40, 90, 100]), Some(40));
        assert_eq!(middle_of(&(40..100), &[10, 40, 90, 100]), Some(90));
        assert_eq!(middle_of(&(90..100), &[10, 40, 90, 100]), None);
    }
}
