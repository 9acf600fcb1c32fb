//! Gathering records into the body of one request.

use std::ops::Range;

use bytes::Bytes;
use picket_core::Timestamp;

use crate::backup::lines::Cause;

/// Records of one batch at most, whatever their size.
const RECORDS_MAX: usize = 50_000;

/// A record in the body of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) sequence: u64,
    pub(crate) arrived: Timestamp,
    /// Where its bytes end; they begin where those of the entry before end.
    end: usize,
}

/// A record the transform gave up on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unprocessed {
    pub(crate) arrived: Timestamp,
    /// As it came in.
    pub(crate) data: Bytes,
    pub(crate) cause: Cause,
}

/// What the transform made of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Bytes to deliver, possibly none.
    Data(Bytes),
    /// Left out on purpose.
    Dropped,
    /// Given up.
    Failed(Cause),
}

/// A stretch of a stream's log on its way.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Batch {
    /// Sequences, complete and in order.
    pub(crate) sequences: Range<u64>,
    pub(crate) oldest: Timestamp,
    pub(crate) entries: Vec<Entry>,
    /// The bytes of all entries, nothing between them.
    pub(crate) body: Vec<u8>,
    pub(crate) unprocessed: Vec<Unprocessed>,
    /// Records a function left out on purpose.
    pub(crate) left_out: u64,
    /// The records as they came in, joined; only kept where the backup takes all.
    pub(crate) source: Vec<u8>,
    /// Size of the records as they came in.
    pub(crate) source_bytes: u64,
}

impl Batch {
    /// The part of the body that belongs to entry `place`.
    pub(crate) fn span(&self, place: usize) -> Range<usize> {
        let start = place.checked_sub(1).and_then(|before| self.entries.get(before));
        let end = self.entries.get(place).map_or(self.body.len(), |entry| entry.end);
        start.map_or(0, |entry| entry.end)..end
    }

    fn is_empty(&self) -> bool {
        self.sequences.is_empty()
    }
}

/// The buffer of a stream: takes records in order and cuts batches.
#[derive(Debug)]
pub(crate) struct Assembler {
    open: Batch,
    sealed: Vec<Batch>,
    size_bytes: usize,
    keep_source: bool,
}

/// A record as the assembler takes it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Incoming<'a> {
    pub(crate) sequence: u64,
    pub(crate) arrived: Timestamp,
    pub(crate) data: &'a Bytes,
}

impl Assembler {
    /// An empty buffer. A batch is cut at `size_bytes` of body, or of records where these are larger.
    pub(crate) const fn new(size_bytes: usize, keep_source: bool) -> Self {
        let open = Batch {
            sequences: 0..0,
            oldest: Timestamp::from_millis(0),
            entries: Vec::new(),
            body: Vec::new(),
            unprocessed: Vec::new(),
            left_out: 0,
            source: Vec::new(),
            source_bytes: 0,
        };
        Self { open, sealed: Vec::new(), size_bytes, keep_source }
    }

    /// Changes the settings from the next record on.
    pub(crate) const fn configure(&mut self, size_bytes: usize, keep_source: bool) {
        self.size_bytes = size_bytes;
        self.keep_source = keep_source;
    }

    /// Takes a record whose bytes `write` appends to the body. After an error it must have left the body
    /// as it was.
    pub(crate) fn write(
        &mut self,
        record: Incoming<'_>,
        write: impl FnOnce(&mut Vec<u8>) -> Result<(), Cause>,
    ) {
        self.begin(record);
        let before = self.open.body.len();
        match write(&mut self.open.body) {
            Ok(()) => self.end_entry(record, before),
            Err(cause) => {
                let (arrived, data) = (record.arrived, record.data.clone());
                self.open.unprocessed.push(Unprocessed { arrived, data, cause });
            }
        }
        self.seal_if_full();
    }

    /// Takes a record the transform has been run on.
    pub(crate) fn add(&mut self, record: Incoming<'_>, outcome: Outcome) {
        match outcome {
            Outcome::Data(data) => self.write(record, |body| {
                body.extend_from_slice(&data);
                Ok(())
            }),
            Outcome::Failed(cause) => self.write(record, |_| Err(cause)),
            Outcome::Dropped => {
                self.begin(record);
                self.open.left_out += 1;
                self.seal_if_full();
            }
        }
    }

    /// When the first record came into the buffer that is open now, by its arrival; `None` when empty.
    pub(crate) fn oldest(&self) -> Option<Timestamp> {
        (!self.open.is_empty()).then_some(self.open.oldest)
    }

    /// Cuts a batch whatever its size.
    pub(crate) fn seal(&mut self) {
        if !self.open.is_empty() {
            self.sealed.push(std::mem::take(&mut self.open));
        }
    }

    /// The batches that were cut, oldest first.
    pub(crate) fn take_sealed(&mut self) -> Vec<Batch> {
        std::mem::take(&mut self.sealed)
    }

    fn begin(&mut self, record: Incoming<'_>) {
        if self.open.is_empty() {
            self.open.sequences = record.sequence..record.sequence;
            self.open.oldest = record.arrived;
        }
        self.open.sequences.end = record.sequence + 1;
        self.open.oldest = self.open.oldest.min(record.arrived);
        self.open.source_bytes += record.data.len() as u64;
        if self.keep_source {
            self.open.source.extend_from_slice(record.data);
        }
    }

    /// Books the bytes after `before` as the record's. If they do not fit any more, they begin the next
    /// batch.
    fn end_entry(&mut self, record: Incoming<'_>, before: usize) {
        let Incoming { sequence, arrived, data } = record;
        let overflows = self.open.body.len() > self.size_bytes && before > 0;
        if !overflows {
            let end = self.open.body.len();
            self.open.entries.push(Entry { sequence, arrived, end });
            return;
        }
        let body = self.open.body.split_off(before);
        let kept =
            self.open.source.len().saturating_sub(if self.keep_source { data.len() } else { 0 });
        let source = self.open.source.split_off(kept);
        self.open.sequences.end = sequence;
        self.open.source_bytes -= data.len() as u64;
        self.seal();
        let end = body.len();
        self.open = Batch {
            sequences: sequence..sequence + 1,
            oldest: arrived,
            entries: vec![Entry { sequence, arrived, end }],
            body,
            source,
            source_bytes: data.len() as u64,
            ..Batch::default()
        };
    }

    fn seal_if_full(&mut self) {
        let records = self.open.sequences.end - self.open.sequences.start;
        let source_max = u64::try_from(self.size_bytes).unwrap_or(u64::MAX);
        if self.open.body.len() >= self.size_bytes
            || self.open.source_bytes >= source_max
            || records >= RECORDS_MAX as u64
        {
            self.seal();
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fill(assembler: &mut Assembler, sizes: &[usize]) {
        for (sequence, size) in (1..).zip(sizes) {
            let data = Bytes::from(vec![b'x'; *size]);
            let arrived = Timestamp::from_millis(i64::try_from(sequence).unwrap());
            let record = Incoming { sequence, arrived, data: &data };
            assembler.add(record, Outcome::Data(data.clone()));
        }
    }

    #[test]
    fn a_batch_is_cut_before_the_record_that_does_not_fit() {
        let mut assembler = Assembler::new(10, true);
        fill(&mut assembler, &[4, 4, 4, 20, 1]);
        assembler.seal();
        let batches = assembler.take_sealed();
        let shape: Vec<_> =
            batches.iter().map(|b| (b.sequences.clone(), b.body.len(), b.source.len())).collect();
        assert_eq!(shape, [(1..3, 8, 8), (3..4, 4, 4), (4..5, 20, 20), (5..6, 1, 1)]);
        assert_eq!(assembler.oldest(), None);
    }

    #[test]
    fn failed_and_dropped_records_are_part_of_their_batch() {
        let mut assembler = Assembler::new(10, false);
        let data = Bytes::from_static(b"abc");
        let at = Timestamp::from_millis(5);
        let cause = Cause { code: "c", message: String::new(), attempts: 1, ended: at };
        for (sequence, outcome) in
            [(7, Outcome::Dropped), (8, Outcome::Failed(cause)), (9, Outcome::Data(data.clone()))]
        {
            assembler.add(Incoming { sequence, arrived: at, data: &data }, outcome);
        }
        assembler.seal();
        let batch = assembler.take_sealed().pop().unwrap();
        assert_eq!(
            (batch.sequences.clone(), batch.left_out, batch.unprocessed.len()),
            (7..10, 1, 1)
        );
        assert_eq!((batch.span(0), batch.source_bytes), (0..3, 9));
    }

    proptest! {
        #[test]
        fn no_record_is_lost_or_doubled(
            sizes in prop::collection::vec(0usize..30, 0..60),
            size_bytes in 1usize..50,
        ) {
            let mut assembler = Assembler::new(size_bytes, true);
            fill(&mut assembler, &sizes);
            assembler.seal();
            let mut next = 1;
            let mut bytes = 0;
            for batch in assembler.take_sealed() {
                prop_assert_eq!(batch.sequences.start, next);
                next = batch.sequences.end;
                prop_assert_eq!(batch.entries.len() as u64, next - batch.sequences.start);
                prop_assert_eq!(&batch.body, &batch.source);
                let filled = (0..batch.entries.len()).filter(|it| !batch.span(*it).is_empty());
                prop_assert!(batch.body.len() <= size_bytes || filled.count() == 1);
                let spans: usize = (0..batch.entries.len()).map(|it| batch.span(it).len()).sum();
                prop_assert_eq!(spans, batch.body.len());
                bytes += spans;
            }
            prop_assert_eq!(next, sizes.len() as u64 + 1);
            prop_assert_eq!(bytes, sizes.iter().sum::<usize>());
        }
    }
}
