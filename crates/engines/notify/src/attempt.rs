//! One attempt, and what becomes of it.

use std::sync::Arc;
use std::time::Duration;

use picket_core::Timestamp;
use picket_ports::StateBatch;
use uuid::Uuid;

use crate::book::{Subscription, Topic};
use crate::document::State;
use crate::engine::NotifyEngine;
use crate::lane::{Entry, Lane};
use crate::message::{Failed, Message, Purpose, Tally, Waiting, pack, unpack};
use crate::protocols::{self, Parcel};
use crate::store;
use crate::ways::Failure;

/// Pause after the store has failed.
const STORE_PAUSE: Duration = Duration::from_secs(1);

/// How an attempt ended.
enum Outcome {
    Delivered,
    /// Nobody waits for it any more; the word is for the ledger.
    Obsolete(&'static str),
    /// The store could not be read.
    Unread,
    Failed(Box<Trouble>),
}

/// The store failed; that is in the log.
#[derive(Debug)]
struct NotStored;

struct Trouble {
    failure: Failure,
    message: Message,
    /// When it is tried again; `None` to give up.
    pause: Option<Duration>,
    redrive: Option<String>,
}

impl NotifyEngine {
    /// The shortest time between two attempts at a subscription, where it is throttled.
    pub(crate) fn gap_of(&self, id: Uuid) -> Option<Duration> {
        let book = self.book();
        let subscription = book.subscriptions.get(&id)?;
        let topic = book.topics.get(&subscription.document.topic)?;
        if !subscription.protocol.takes_delivery_policy() {
            return None;
        }
        let per_second = subscription.policy.over(&topic.policy).per_second_max?;
        Some(Duration::from_secs_f64(1.0 / f64::from(per_second)))
    }

    /// Makes one attempt and books how it ended.
    pub(crate) async fn attempt(self: Arc<Self>, lane: Arc<Lane>, entry: Entry) {
        let outcome = match self.lanes.seats.acquire().await {
            Ok(_seat) => self.make(lane.id, entry).await,
            Err(_) => Outcome::Unread,
        };
        let again = self.settle(&lane, entry, outcome).await;
        lane.ended(again);
    }

    async fn make(&self, id: Uuid, entry: Entry) -> Outcome {
        let book = self.book();
        let Some(subscription) = book.subscriptions.get(&id) else {
            return Outcome::Obsolete("unsubscribed");
        };
        let Some(topic) = book.topics.get(&subscription.document.topic) else {
            return Outcome::Obsolete("topic_deleted");
        };
        let message: Message = match self.store.get(&store::message(entry.sequence)).await {
            Ok(Some(bytes)) => match unpack(&bytes) {
                Ok(message) => message,
                Err(error) => {
                    tracing::error!(%error, sequence = entry.sequence, "a message cannot be read");
                    return Outcome::Obsolete("unreadable");
                }
            },
            Ok(None) => return Outcome::Obsolete("unreadable"),
            Err(error) => {
                tracing::warn!(%error, "a message cannot be read at the moment");
                return Outcome::Unread;
            }
        };
        if let Some(reason) = obsolete(subscription, &message, self.clock.now()) {
            return Outcome::Obsolete(reason);
        }
        self.deliver(topic, subscription, message, entry.failures).await
    }

    async fn deliver(
        &self,
        topic: &Topic,
        subscription: &Subscription,
        message: Message,
        failures: u32,
    ) -> Outcome {
        let attempt = failures.saturating_add(1);
        let parcel = Parcel { topic, subscription, message: &message, attempt };
        let delivering = subscription.protocol.deliver(&self.ways, &parcel);
        // The client's own limit comes first; this one is for what it does not cover.
        let limit = self.config.attempt_timeout() + self.config.connect_timeout();
        let delivered = match tokio::time::timeout(limit, delivering).await {
            Ok(delivered) => delivered,
            Err(_) => Err(Failure::passing("timeout", "no answer in time")),
        };
        let Err(failure) = delivered else { return Outcome::Delivered };
        let plan = match &message.purpose {
            // A handshake goes on until it expires, as long as the receiver may come up.
            Purpose::Confirmation { .. } => crate::retry::RetryPlan::PATIENT,
            _ => subscription.plan(topic),
        };
        let pause = plan.pause(attempt).filter(|_| !failure.is_final);
        let pause = pause.map(|pause| self.paced(pause.max(failure.pause.unwrap_or_default())));
        let redrive = subscription.attribute("RedrivePolicy").and_then(redrive_of);
        Outcome::Failed(Box::new(Trouble { failure, message, pause, redrive }))
    }

    fn paced(&self, pause: Duration) -> Duration {
        pause.mul_f64(f64::from(self.config.retry_pace_permille) / 1_000.0)
    }

    /// Makes the outcome durable. Gives the entry when there is to be another attempt.
    async fn settle(&self, lane: &Lane, entry: Entry, outcome: Outcome) -> Option<Entry> {
        let now = self.clock.now();
        let later = Entry { due: now.plus(STORE_PAUSE), ..entry };
        let trouble = match outcome {
            Outcome::Unread => return Some(later),
            Outcome::Delivered => {
                let tally = lane.succeeded();
                return self.close(lane, entry, Some(&tally), "").await.err().map(|_| later);
            }
            Outcome::Obsolete(reason) => {
                return self.close(lane, entry, None, reason).await.err().map(|_| later);
            }
            Outcome::Failed(trouble) => *trouble,
        };
        let id = lane.id;
        let failures = entry.failures.saturating_add(1);
        let Trouble { failure, message, pause, redrive } = trouble;
        let tally = lane.failed(&failure.text, pause.is_none());
        tracing::debug!(subscription = %id, failures, ?failure, ?pause, "a delivery failed");
        let Some(pause) = pause else {
            tracing::warn!(subscription = %id, message = message.id, failures, reason = failure.reason,
                error = failure.text, "a message is given up");
            self.redrive(redrive, &message).await;
            let failed = Failed { message, failures, error: failure.text, at: now };
            let kept = self.keep(lane, entry, &failed, &tally).await;
            return match kept {
                Ok(()) => self.close(lane, entry, None, failure.reason).await.err().map(|_| later),
                Err(NotStored) => Some(later),
            };
        };
        let again = Entry { due: now.plus(pause), failures, ..entry };
        let mut batch = StateBatch::default();
        let waiting = pack(&Waiting { failures, due: again.due });
        if let (Ok(waiting), Ok(tally)) = (waiting, pack(&tally)) {
            batch.put(store::waiting(id, entry.sequence), waiting);
            batch.put(store::tally(id), tally);
        }
        // Where it is not stored, the next start begins with fewer failures: no harm.
        drop(self.store_batch(batch).await);
        Some(again)
    }

    /// Removes a delivery that is over, and its message with the last one.
    async fn close(
        &self,
        lane: &Lane,
        entry: Entry,
        tally: Option<&Tally>,
        dropped: &'static str,
    ) -> Result<(), NotStored> {
        let sequence = entry.sequence;
        let mut batch = StateBatch::default();
        batch.delete(store::waiting(lane.id, sequence));
        if let Some(Ok(tally)) = tally.map(pack) {
            batch.put(store::tally(lane.id), tally);
        }
        let was_last = self.lanes.is_last(sequence);
        if was_last {
            batch.delete(store::message(sequence));
        }
        self.store_batch(batch).await?;
        if self.lanes.release(sequence) && !was_last {
            let mut batch = StateBatch::default();
            batch.delete(store::message(sequence));
            // Without its deliveries it goes at the next start.
            drop(self.store_batch(batch).await);
        }
        if dropped.is_empty() {
            self.ledger.delivered(1);
        } else {
            self.ledger.dropped(dropped, 1);
        }
        Ok(())
    }

    /// Keeps a message that is given up.
    async fn keep(
        &self,
        lane: &Lane,
        entry: Entry,
        failed: &Failed,
        tally: &Tally,
    ) -> Result<(), NotStored> {
        let mut batch = StateBatch::default();
        if let (Ok(failed), Ok(tally)) = (pack(failed), pack(tally)) {
            batch.put(store::failed(lane.id, entry.sequence), failed);
            batch.put(store::tally(lane.id), tally);
        }
        for gone in lane.keep(entry.sequence, self.config.failed_max) {
            batch.delete(store::failed(lane.id, gone));
        }
        self.store_batch(batch).await
    }

    /// Puts a message that is given up where the subscription's redrive policy says.
    async fn redrive(&self, stream_arn: Option<String>, message: &Message) {
        let Some(stream_arn) = stream_arn else { return };
        let topic_arn = self.account.sns_topic_arn(&message.topic);
        let mut envelope =
            crate::envelope::Envelope::notification(message, &topic_arn, &message.text);
        envelope.put_attributes(&message.attributes);
        let put = protocols::put_into_stream(&self.ways, &stream_arn, envelope.compact()).await;
        if let Err(failure) = put {
            tracing::error!(
                stream_arn,
                error = failure.text,
                message = message.id,
                "a message that was given up could not be put where its redrive policy says"
            );
        }
    }

    async fn store_batch(&self, batch: StateBatch) -> Result<(), NotStored> {
        self.store.commit(batch).await.map_err(|error| {
            tracing::warn!(%error, "the state of a delivery could not be stored");
            NotStored
        })
    }
}

/// Why nobody waits for a message any more.
fn obsolete(
    subscription: &Subscription,
    message: &Message,
    now: Timestamp,
) -> Option<&'static str> {
    let document = &subscription.document;
    let (token, state) = match &message.purpose {
        Purpose::Notification => {
            return (document.state != State::Confirmed).then_some("unsubscribed");
        }
        Purpose::Confirmation { token } => (token, State::Pending),
        Purpose::Farewell { token } => (token, State::Left),
    };
    let is_present = document.token.as_ref().is_some_and(|present| present.expose() == token);
    if !is_present || document.state != state {
        return Some("answered");
    }
    document.token_expires.is_none_or(|expires| expires <= now).then_some("expired")
}

/// The stream in a `RedrivePolicy`.
pub(crate) fn redrive_of(policy: &str) -> Option<String> {
    let policy: serde_json::Value = serde_json::from_str(policy).ok()?;
    policy.get("deadLetterTargetArn")?.as_str().map(str::to_owned)
}
