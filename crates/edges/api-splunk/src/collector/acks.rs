//! Acknowledgement ids: numbered per token and channel, true once searchable, gone after true
//! (spec delivery §5.7).

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use picket_core::Timestamp;
use picket_wire_hec::Channel;

/// Whose ids: token name and channel.
pub(crate) type AckKey = (Arc<str>, Channel);

/// How many ids are kept, and for how long.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AckLimits {
    pub(crate) channels_max: usize,
    pub(crate) channel_acks_max: usize,
    pub(crate) acks_max: usize,
    pub(crate) idle: Duration,
}

/// The ids of one channel.
#[derive(Debug)]
struct ChannelAcks {
    next: u64,
    /// Id → the sequence that has to be searchable.
    waiting: BTreeMap<u64, u64>,
    used: Timestamp,
}

/// All ids that have been given out and not been reported as true.
#[derive(Debug)]
pub(crate) struct AckBook {
    limits: AckLimits,
    /// Where a new channel's numbers start. Never falls, so that a channel that was forgotten – by
    /// cleaning up or by a restart – does not get a number a sender may still be waiting for.
    first: u64,
    waiting: usize,
    channels: HashMap<AckKey, ChannelAcks>,
}

impl AckBook {
    /// An empty book whose channels start at `first`.
    pub(crate) fn new(limits: AckLimits, first: u64) -> Self {
        Self { limits, first, waiting: 0, channels: HashMap::new() }
    }

    /// Whether another id of this channel could be given out.
    pub(crate) fn has_room(&self, key: &AckKey) -> bool {
        let channel_has_room = match self.channels.get(key) {
            Some(channel) => channel.waiting.len() < self.limits.channel_acks_max,
            None => self.channels.len() < self.limits.channels_max,
        };
        channel_has_room && self.waiting < self.limits.acks_max
    }

    /// The next id of the channel; true once `sequence` is searchable.
    pub(crate) fn issue(&mut self, key: AckKey, sequence: u64, now: Timestamp) -> u64 {
        let first = self.first;
        let channel = self.channels.entry(key).or_insert_with(|| ChannelAcks {
            next: first,
            waiting: BTreeMap::new(),
            used: now,
        });
        let id = channel.next;
        channel.next += 1;
        channel.used = now;
        channel.waiting.insert(id, sequence);
        self.waiting += 1;
        id
    }

    /// What has become of `ids`, each asked for once. Ids that are true are forgotten with this answer.
    pub(crate) fn query(
        &mut self,
        key: &AckKey,
        ids: &[u64],
        searchable: u64,
        now: Timestamp,
    ) -> Vec<(u64, bool)> {
        let Some(channel) = self.channels.get_mut(key) else {
            return ids.iter().map(|id| (*id, false)).collect();
        };
        channel.used = now;
        let mut answer = Vec::with_capacity(ids.len());
        for id in ids {
            let done = channel.waiting.get(id).is_some_and(|sequence| *sequence <= searchable);
            if done {
                channel.waiting.remove(id);
                self.waiting -= 1;
            }
            answer.push((*id, done));
        }
        answer
    }

    /// Forgets channels that have been idle for too long.
    pub(crate) fn sweep(&mut self, now: Timestamp) {
        let idle = self.limits.idle;
        let (first, waiting) = (&mut self.first, &mut self.waiting);
        self.channels.retain(|_, channel| {
            let keep = now.since(channel.used) < idle;
            if !keep {
                *first = (*first).max(channel.next);
                *waiting -= channel.waiting.len();
            }
            keep
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHANNEL: &str = "0aeeac95-ac74-4aa9-b30d-6c4c0ac581ba";

    fn book() -> AckBook {
        let idle = Duration::from_secs(600);
        AckBook::new(AckLimits { channels_max: 2, channel_acks_max: 2, acks_max: 3, idle }, 0)
    }

    fn key(token: &str) -> AckKey {
        (Arc::from(token), Channel::parse(CHANNEL).unwrap())
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    #[test]
    fn an_id_turns_true_once_and_is_gone_after_that() {
        let mut book = book();
        assert_eq!(book.issue(key("a"), 5, at(0)), 0);
        assert_eq!(book.issue(key("a"), 6, at(0)), 1);
        assert_eq!(book.issue(key("b"), 6, at(0)), 0);
        assert_eq!(
            book.query(&key("a"), &[0, 1, 7], 5, at(0)),
            [(0, true), (1, false), (7, false)]
        );
        assert_eq!(book.query(&key("a"), &[0], 5, at(0)), [(0, false)]);
        assert_eq!(book.query(&key("c"), &[0], 5, at(0)), [(0, false)]);
    }

    #[test]
    fn every_limit_holds() {
        let mut book = book();
        book.issue(key("a"), 1, at(0));
        book.issue(key("a"), 1, at(0));
        assert!(!book.has_room(&key("a")) && book.has_room(&key("b")));
        book.issue(key("b"), 1, at(0));
        assert!(!book.has_room(&key("b")), "three ids are waiting");
        book.query(&key("a"), &[0, 1], 1, at(0));
        assert!(book.has_room(&key("b")) && !book.has_room(&key("c")), "two channels exist");
    }

    #[test]
    fn a_forgotten_channel_does_not_start_over() {
        let mut book = book();
        book.issue(key("a"), 1, at(0));
        book.issue(key("a"), 1, at(599));
        book.sweep(at(1100));
        assert!(!book.has_room(&key("a")));
        book.sweep(at(1199));
        assert_eq!(book.issue(key("a"), 1, at(1199)), 2);
    }
}
