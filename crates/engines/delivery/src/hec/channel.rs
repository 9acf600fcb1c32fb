//! One data channel and the acknowledgements that are awaited on it.
//!
//! A collector numbers the requests of a channel upwards. A collector that has lost its memory starts
//! again at 0, and its numbers then stand for other requests than ours do. So a number that is not higher
//! than one we knew when the request was sent proves such a loss: everything awaited is then given up as
//! unconfirmed, and a new channel is opened.

use std::collections::HashMap;

use picket_wire_hec::Channel;
use tokio::sync::oneshot;

/// Ids in one acknowledgement query.
const QUERY_IDS_MAX: usize = 1000;

/// Resolves when the request has been acknowledged; with an error when it never will be.
pub(crate) type Acknowledged = oneshot::Receiver<()>;

/// The channel of a client.
#[derive(Debug)]
pub(crate) struct ChannelBook {
    channel: Channel,
    /// Highest id seen on this channel.
    highest: Option<u64>,
    pending: HashMap<u64, oneshot::Sender<()>>,
}

/// What has to be known of the channel at the time a request is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sending {
    pub(crate) channel: Channel,
    floor: Option<u64>,
}

impl ChannelBook {
    pub(crate) fn new(channel: Channel) -> Self {
        Self { channel, highest: None, pending: HashMap::new() }
    }

    pub(crate) const fn channel(&self) -> Channel {
        self.channel
    }

    pub(crate) const fn sending(&self) -> Sending {
        Sending { channel: self.channel, floor: self.highest }
    }

    /// The request `sent` was given `id`. `None` if the id cannot be awaited: the channel has been
    /// replaced, before or by this call.
    pub(crate) fn issued(&mut self, sent: Sending, id: u64) -> Option<Acknowledged> {
        if sent.channel != self.channel {
            return None;
        }
        if sent.floor.is_some_and(|floor| id <= floor) || self.pending.contains_key(&id) {
            self.replace(sent.channel);
            return None;
        }
        self.highest = self.highest.max(Some(id));
        let (done, acknowledged) = oneshot::channel();
        self.pending.insert(id, done);
        Some(acknowledged)
    }

    /// Ids to ask for, lowest first. Those nobody waits for any more are forgotten.
    pub(crate) fn next_query(&mut self) -> Vec<u64> {
        self.pending.retain(|_, done| !done.is_closed());
        let mut ids: Vec<u64> = self.pending.keys().copied().collect();
        ids.sort_unstable();
        ids.truncate(QUERY_IDS_MAX);
        ids
    }

    /// The collector says that `ids` are done; returns how many were awaited.
    pub(crate) fn acknowledged(&mut self, channel: Channel, ids: &[u64]) -> usize {
        if channel != self.channel {
            return 0;
        }
        let done = ids.iter().filter_map(|id| self.pending.remove(id));
        done.filter_map(|done| done.send(()).ok()).count()
    }

    /// Opens a new channel in place of `old` and gives up what is awaited.
    pub(crate) fn replace(&mut self, old: Channel) {
        if old == self.channel {
            *self = Self::new(Channel::random());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_come_back_out_of_order_are_all_awaited() {
        let mut book = ChannelBook::new(Channel::random());
        let (one, two) = (book.sending(), book.sending());
        let mut second = book.issued(two, 1).unwrap();
        let mut first = book.issued(one, 0).unwrap();
        assert_eq!(book.next_query(), [0, 1]);
        assert_eq!(book.acknowledged(book.channel(), &[0, 7]), 1);
        assert_eq!(first.try_recv(), Ok(()));
        assert!(second.try_recv().is_err());
        drop(second);
        assert_eq!(book.next_query(), [0; 0]);
    }

    #[test]
    fn an_id_that_starts_again_ends_the_channel() {
        let mut book = ChannelBook::new(Channel::random());
        let mut awaited = book.issued(book.sending(), 5).unwrap();
        let old = book.channel();
        assert!(book.issued(book.sending(), 0).is_none(), "the collector has lost its memory");
        assert_ne!(book.channel(), old);
        assert_eq!(awaited.try_recv(), Err(oneshot::error::TryRecvError::Closed));
        assert_eq!(book.acknowledged(old, &[5]), 0);
        assert!(book.issued(book.sending(), 0).is_some());
    }
}
