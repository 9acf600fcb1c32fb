//! Single messages whose fate somebody wants to know.

use super::Session;
use crate::delivery::DropReason;

/// What has become of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// QoS 0: it was handed out to be sent. Nothing more is ever known of it.
    Sent,
    /// The client has acknowledged it.
    Acknowledged,
    /// It has left the session and does not reach the client.
    Dropped(DropReason),
}

/// Numbers of messages that are watched, and what is known and was not asked for yet.
#[derive(Debug, Default)]
pub(super) struct Watch {
    open: Vec<u64>,
    known: Vec<(u64, Fate)>,
}

impl Session {
    /// Messages taken in so far. Each has the number of those before it.
    pub fn taken(&self) -> u64 {
        self.next_number
    }

    /// Lets [`Session::take_fates`] tell what becomes of the message with this number, which is still
    /// here. Until then somebody has to ask, or to call [`Session::unwatch`].
    pub fn watch(&mut self, number: u64) {
        self.watch.get_or_insert_default().open.push(number);
    }

    /// Nobody wants to know any more.
    pub fn unwatch(&mut self, number: u64) {
        let Some(watch) = &mut self.watch else { return };
        watch.open.retain(|open| *open != number);
        watch.known.retain(|(known, _)| *known != number);
        if watch.open.is_empty() && watch.known.is_empty() {
            self.watch = None;
        }
    }

    /// What has become of watched messages since the last call, by number. These are watched no more.
    pub fn take_fates(&mut self) -> Vec<(u64, Fate)> {
        let Some(watch) = &mut self.watch else { return Vec::new() };
        let known = std::mem::take(&mut watch.known);
        if watch.open.is_empty() {
            self.watch = None;
        }
        known
    }

    pub(super) fn note_fate(&mut self, number: u64, fate: Fate) {
        let Some(watch) = &mut self.watch else { return };
        let Some(at) = watch.open.iter().position(|open| *open == number) else { return };
        watch.open.swap_remove(at);
        watch.known.push((number, fate));
    }

    /// Everything leaves the session.
    pub(super) fn note_end(&mut self) {
        let Some(watch) = &mut self.watch else { return };
        let ended = Fate::Dropped(DropReason::SessionEnded);
        watch.known.extend(watch.open.drain(..).map(|number| (number, ended)));
    }
}
