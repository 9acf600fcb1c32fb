//! What evaluation keeps of the records of a round.

use std::sync::Arc;

use picket_core::Timestamp;
use picket_profile::Measured;

use super::book::SeriesId;
use super::codec;

/// What the datapoints of one device come from; a record may give several at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Origin {
    /// A report; values as it gives them, traffic as the report's own deltas.
    Report,
    /// A connect.
    Connection,
    /// A closed window; values of this one window, whatever period a behaviour looks at.
    Window,
    /// A disconnect, whose values are exported and read back but not evaluated.
    Disconnection,
}

impl Origin {
    pub(super) const ALL: [Self; 4] =
        [Self::Report, Self::Connection, Self::Window, Self::Disconnection];
}

/// The datapoints of one device from one record.
#[derive(Debug)]
pub(super) struct KeptDatapoints {
    pub(super) thing: Arc<str>,
    pub(super) at: Timestamp,
    pub(super) sequence: u64,
    pub(super) origin: Origin,
    /// Where its values end in the buffer.
    pub(super) end: usize,
}

/// The datapoints to keep of some records, encoded as they come, so that a value costs no allocation.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    pub(super) bytes: Vec<u8>,
    pub(super) records: Vec<KeptDatapoints>,
}

impl Kept {
    /// Begins the datapoints that `thing` has from the record at `sequence`. `at` is the arrival of the
    /// report or the end of the window: the time of the datapoints. The values follow by
    /// [`Kept::value`]; without any, nothing is kept. What was begun last goes on if it is the same.
    pub(crate) fn begin(
        &mut self,
        thing: &Arc<str>,
        at: Timestamp,
        (sequence, origin): (u64, Origin),
    ) {
        if self.records.last().is_some_and(|last| {
            (last.sequence, last.origin, last.at) == (sequence, origin, at) && last.thing == *thing
        }) {
            return;
        }
        self.drop_empty();
        let end = self.bytes.len();
        self.records.push(KeptDatapoints { thing: thing.clone(), at, sequence, origin, end });
    }

    /// Adds a value to what was begun last. Each series once.
    pub(crate) fn value(&mut self, series: SeriesId, measured: &Measured) {
        let Some(record) = self.records.last_mut() else { return };
        codec::encode(&mut self.bytes, series, measured);
        record.end = self.bytes.len();
    }

    /// Records that have values, with them.
    pub(super) fn records(&self) -> impl Iterator<Item = (&KeptDatapoints, &[u8])> {
        let mut start = 0;
        self.records.iter().filter_map(move |record| {
            let values = self.bytes.get(start..record.end)?;
            start = record.end;
            (!values.is_empty()).then_some((record, values))
        })
    }

    fn drop_empty(&mut self) {
        let [.., before, last] = self.records.as_slice() else {
            if self.bytes.is_empty() {
                self.records.clear();
            }
            return;
        };
        if last.end == before.end {
            self.records.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_without_values_leave_nothing_and_the_same_goes_on() {
        let mut kept = Kept::default();
        let thing: Arc<str> = Arc::from("pump");
        for ms in 0..3 {
            let at = Timestamp::from_millis(ms);
            kept.begin(&thing, at, (1, Origin::Report));
            kept.begin(&thing, at, (2, Origin::Window));
            kept.value(SeriesId(4), &Measured::Count(7));
            kept.begin(&thing, at, (2, Origin::Window));
            kept.value(SeriesId(5), &Measured::Count(7));
            kept.begin(&thing, at, (3, Origin::Window));
        }
        let records: Vec<_> = kept.records().map(|(it, values)| (it.sequence, values)).collect();
        assert_eq!(records.len(), 3);
        assert!(records.iter().all(|(sequence, values)| *sequence == 2 && values.len() == 4));
        assert!(kept.records.len() <= 4);
    }
}
