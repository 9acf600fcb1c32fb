//! One group of changes on its way into the store.

use std::sync::Arc;

use ahash::AHashMap;
use picket_ports::{Message, StateBatch};
use picket_session::Changes;

use crate::records::{FilterRecord, Record, SessionRecord, Table};
use crate::slot::Slot;

/// A batch is closed once it has this many bytes. What one session has changed is never parted.
const BATCH_BYTES_MAX: usize = 4 << 20;

/// What the store learns about one session.
#[derive(Debug, Default)]
pub(crate) struct SlotChanges {
    pub(crate) number: u64,
    /// The record to write, or that there is none any more.
    pub(crate) record: Option<Option<Box<SessionRecord>>>,
    /// By number; `None` for a subscription that has ended.
    pub(crate) filters: Vec<(u64, Option<FilterRecord>)>,
    pub(crate) messages: Changes,
}

#[derive(Debug)]
enum Piece {
    Slot(SlotChanges),
    Retained(u64, Option<Arc<Message>>),
}

/// Changes taken off, not yet written. Encoded only when it is their turn, and again for each attempt:
/// messages are shared with the queues until then.
#[derive(Debug, Default)]
pub(crate) struct Group {
    pieces: Vec<Piece>,
    done: usize,
}

impl Group {
    /// Takes the changes off `slot`. Returns how many messages they tell of.
    pub(crate) fn add_slot(&mut self, slot: &Slot) -> usize {
        let Some((changes, told)) = slot.take_changes() else { return 0 };
        self.pieces.push(Piece::Slot(changes));
        told
    }

    pub(crate) fn add_retained(&mut self, retained: AHashMap<u64, Option<Arc<Message>>>) {
        self.pieces.extend(retained.into_iter().map(|(number, m)| Piece::Retained(number, m)));
    }

    /// The batch that comes next, and what to call [`Group::done`] with once it is stored.
    pub(crate) fn next_batch(&self) -> Option<(StateBatch, usize)> {
        let mut batch = StateBatch::default();
        let mut bytes = 0;
        let mut end = self.done;
        for piece in self.pieces.get(self.done..).unwrap_or_default() {
            if bytes >= BATCH_BYTES_MAX {
                break;
            }
            let before = batch.puts.len();
            match piece {
                Piece::Slot(changes) => write_slot(&mut batch, changes),
                Piece::Retained(number, message) => {
                    let key = Table::Retained.key(*number, 0);
                    write(&mut batch, key, message.as_ref());
                }
            }
            let written = batch.puts.get(before..).unwrap_or_default();
            bytes += written.iter().map(|(key, value)| key.len() + value.len()).sum::<usize>();
            end += 1;
        }
        (!batch.is_empty()).then_some((batch, end))
    }

    /// Pieces up to `end` are stored.
    pub(crate) fn done(&mut self, end: usize) {
        self.done = end;
    }
}

fn write_slot(batch: &mut StateBatch, changes: &SlotChanges) {
    let number = changes.number;
    if let Some(record) = &changes.record {
        write(batch, Table::Sessions.key(number, 0), record.as_deref());
    }
    for (part, filter) in &changes.filters {
        write(batch, Table::Filters.key(number, *part), filter.as_ref());
    }
    for (part, delivery) in &changes.messages.kept {
        write(batch, Table::Copies.key(number, *part), Some(delivery));
    }
    for part in &changes.messages.gone {
        batch.delete(Table::Copies.key(number, *part));
    }
    if let Some(window) = &changes.messages.window {
        let key = Table::Windows.key(number, 0);
        write(batch, key, Some(window).filter(|window| !window.is_empty()));
    }
}

fn write<R: Record>(batch: &mut StateBatch, key: [u8; 17], record: Option<&R>) {
    match record.map(Record::encode) {
        Some(Ok(bytes)) => batch.put(key, bytes),
        // Nothing in these forms can fail to be written; should it, the old state must not stay.
        Some(Err(error)) => {
            tracing::error!(%error, "a record could not be written");
            batch.delete(key);
        }
        None => batch.delete(key),
    }
}
