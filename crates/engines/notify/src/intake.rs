//! Taking messages: several at a time become one durable batch.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use picket_core::Timestamp;
use picket_ports::StateBatch;
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use crate::book::Subscription;
use crate::engine::NotifyEngine;
use crate::lane::Entry;
use crate::message::{Message, Waiting, pack, unpack};
use crate::store;

/// Messages that are stored together at most.
const ROUND_MAX: usize = 64;

/// Who gets a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    /// Every confirmed subscription of its topic that wants it.
    Confirmed,
    /// One, however it stands.
    One(Uuid),
}

/// A message that is to be stored.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) message: Message,
    pub(crate) target: Target,
    /// Hash of the topic and the deduplication id.
    pub(crate) deduplication: Option<[u8; 32]>,
}

/// A draft and who waits for it.
#[derive(Debug)]
pub(crate) struct Request {
    draft: Draft,
    reply: oneshot::Sender<Result<String, String>>,
}

type Stored = oneshot::Receiver<Result<String, String>>;

impl Draft {
    pub(crate) fn with_reply(self) -> (Request, Stored) {
        let (reply, stored) = oneshot::channel();
        (Request { draft: self, reply }, stored)
    }
}

/// What a round becomes.
#[derive(Debug, Default)]
struct Round {
    batch: StateBatch,
    /// New deliveries.
    entries: Vec<(Uuid, Entry)>,
    /// How many of them each subscription gets.
    counts: HashMap<Uuid, usize>,
    /// New messages, and for how many subscriptions each is.
    messages: Vec<(u64, u32)>,
    /// Deliveries for which there was no room.
    full: Vec<Uuid>,
    /// Deduplication ids that came in this round.
    seen: HashMap<[u8; 32], String>,
    replies: Vec<(oneshot::Sender<Result<String, String>>, String)>,
}

/// Stores what comes until the server stops.
pub(crate) async fn run(engine: Arc<NotifyEngine>, mut requests: mpsc::Receiver<Request>) {
    loop {
        let first = tokio::select! {
            () = engine.tasks.stopping() => return,
            first = requests.recv() => first,
        };
        let Some(first) = first else { return };
        let mut round = Round::default();
        let mut next = Some(first);
        while let Some(request) = next {
            engine.take(&mut round, request).await;
            next = if round.replies.len() < ROUND_MAX { requests.try_recv().ok() } else { None };
        }
        engine.commit(round).await;
    }
}

impl NotifyEngine {
    async fn take(&self, round: &mut Round, request: Request) {
        let Request { draft: Draft { message, target, deduplication }, reply } = request;
        let id = message.id.clone();
        if let Some(hash) = deduplication {
            match self.known(round, &hash).await {
                // Whoever waits for the first one's storing in this round waits with it.
                Ok(Some(known)) => return round.replies.push((reply, known)),
                Ok(None) => {}
                Err(error) => return drop(reply.send(Err(error))),
            }
        }
        let book = self.book();
        let targets: Vec<Arc<Subscription>> = match target {
            Target::One(id) => book.subscriptions.get(&id).into_iter().cloned().collect(),
            Target::Confirmed => {
                let mut bodies = Bodies::default();
                let mut wanted = |one: &&Arc<Subscription>| {
                    one.is_confirmed() && bodies.are_wanted_by(one, &message)
                };
                book.of_topic(&message.topic).iter().filter(|one| wanted(one)).cloned().collect()
            }
        };
        if let Err(error) = self.add(round, &message, &targets, deduplication) {
            return drop(reply.send(Err(error.to_string())));
        }
        round.replies.push((reply, id));
    }

    fn add(
        &self,
        round: &mut Round,
        message: &Message,
        targets: &[Arc<Subscription>],
        deduplication: Option<[u8; 32]>,
    ) -> Result<(), postcard::Error> {
        let now = self.clock.now();
        let packed = pack(message)?;
        let waiting = pack(&Waiting { failures: 0, due: now })?;
        if let Some(hash) = deduplication {
            let until = now.plus(self.config.remembered());
            round.batch.put(store::remembered(&hash), pack(&(message.id.as_str(), until))?);
            round.seen.insert(hash, message.id.clone());
        }
        let (with_room, full): (Vec<_>, Vec<_>) = targets.iter().partition(|target| {
            let in_round = round.counts.get(&target.id).copied().unwrap_or_default();
            self.lanes.waiting(target.id) + in_round < self.config.waiting_max
        });
        round.full.extend(full.iter().map(|target| target.id));
        if with_room.is_empty() {
            return Ok(());
        }
        let sequence = self.sequence.fetch_add(1, Ordering::Relaxed);
        round.batch.put(store::message(sequence), packed);
        for target in &with_room {
            round.batch.put(store::waiting(target.id, sequence), waiting.clone());
            round.entries.push((target.id, Entry { due: now, sequence, failures: 0 }));
            *round.counts.entry(target.id).or_default() += 1;
        }
        round.messages.push((sequence, u32::try_from(with_room.len()).unwrap_or(u32::MAX)));
        Ok(())
    }

    /// The id under which a message with this deduplication id was taken before.
    async fn known(&self, round: &Round, hash: &[u8; 32]) -> Result<Option<String>, String> {
        if let Some(id) = round.seen.get(hash) {
            return Ok(Some(id.clone()));
        }
        let stored = self.store.get(&store::remembered(hash)).await;
        let Some(bytes) = stored.map_err(|error| error.to_string())? else { return Ok(None) };
        match unpack::<(String, Timestamp)>(&bytes) {
            Ok((id, until)) if until > self.clock.now() => Ok(Some(id)),
            _ => Ok(None),
        }
    }

    async fn commit(self: &Arc<Self>, round: Round) {
        let Round { batch, entries, messages, full, replies, .. } = round;
        if !batch.is_empty()
            && let Err(error) = self.store.commit(batch).await
        {
            tracing::error!(%error, "messages could not be stored");
            for (reply, _) in replies {
                drop(reply.send(Err(error.to_string())));
            }
            return;
        }
        for (sequence, count) in messages {
            self.lanes.hold(sequence, count);
        }
        self.ledger.received((entries.len() + full.len()) as u64);
        self.ledger.dropped("waiting_full", full.len() as u64);
        for id in full {
            self.lanes.lane(id).note_full();
        }
        for (id, entry) in entries {
            self.enqueue(id, entry);
        }
        for (reply, id) in replies {
            // Whoever published may have gone; the message is stored all the same.
            drop(reply.send(Ok(id)));
        }
    }
}

/// The texts of one message as JSON, each read once however many filters look at it.
#[derive(Default)]
struct Bodies<'m>(Vec<(&'m str, Option<Value>)>);

impl<'m> Bodies<'m> {
    fn are_wanted_by(&mut self, subscription: &Subscription, message: &'m Message) -> bool {
        let Some(filter) = &subscription.filter else { return true };
        if !filter.looks_at_body() {
            return filter.matches(&message.attributes, None);
        }
        let text = message.text_for(subscription.protocol.name());
        if !self.0.iter().any(|(known, _)| std::ptr::eq(*known, text)) {
            self.0.push((text, serde_json::from_str(text).ok()));
        }
        let read = self.0.iter().find(|(known, _)| std::ptr::eq(*known, text));
        filter.matches(&message.attributes, read.and_then(|(_, body)| body.as_ref()))
    }
}
