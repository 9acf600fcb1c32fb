//! Filling a batch, event by event.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, RecordBatch, StringBuilder, TimestampMillisecondBuilder, UInt64Builder,
};
use datafusion::arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use datafusion::arrow::error::ArrowError;
use picket_core::Timestamp;

use crate::column::Column;
use crate::json::{Leaf, Leaves, Walker};
use crate::key_value;
use crate::limits::Limits;
use crate::shape::SHAPE;

/// Most bytes of text in one batch: Arrow's offsets are 32 bits wide.
const BATCH_BYTES_MAX: usize = 1 << 30;
/// Most bytes of one event; what is longer is cut.
const EVENT_BYTES_MAX: usize = 128 << 20;

/// The columns every batch has, in this order: name, type, whether a cell may be null.
///
/// They belong to the event as a whole; a member of the event's JSON with one of these names gets no
/// column of its own and stays reachable through `_raw`.
pub mod fixed {
    use super::{DataType, Field, TimeUnit};

    /// Event time, milliseconds UTC.
    pub const TIME: &str = "_time";
    /// Time of writing, milliseconds UTC.
    pub const INDEX_TIME: &str = "_indextime";
    /// The text of the event.
    pub const RAW: &str = "_raw";
    /// The index it is in.
    pub const INDEX: &str = "index";
    /// Splunk metadata.
    pub const HOST: &str = "host";
    /// Splunk metadata.
    pub const SOURCE: &str = "source";
    /// Splunk metadata.
    pub const SOURCETYPE: &str = "sourcetype";
    /// Number of the event: higher arrived later.
    pub const SEQUENCE: &str = "_seq";
    /// The sender's deterministic id, or null.
    pub const ID: &str = "_id";

    /// All names, in column order.
    pub const ALL: &[&str] =
        &[TIME, INDEX_TIME, RAW, INDEX, HOST, SOURCE, SOURCETYPE, SEQUENCE, ID];

    /// The fields of the fixed columns, in column order.
    pub fn fields() -> Vec<Field> {
        let time = DataType::Timestamp(TimeUnit::Millisecond, None);
        ALL.iter()
            .map(|&name| match name {
                TIME | INDEX_TIME => Field::new(name, time.clone(), false),
                SEQUENCE => Field::new(name, DataType::UInt64, false),
                ID => Field::new(name, DataType::Utf8, true),
                _ => Field::new(name, DataType::Utf8, false),
            })
            .collect()
    }
}

/// One event.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// Event time.
    pub time: Timestamp,
    /// Time of writing.
    pub index_time: Timestamp,
    /// Number of the event.
    pub sequence: u64,
    /// The sender's deterministic id. When absent, the index-time field `picket_id` is taken.
    pub id: Option<&'a str>,
    /// The index.
    pub index: &'a str,
    /// Splunk metadata.
    pub host: &'a str,
    /// Splunk metadata.
    pub source: &'a str,
    /// Splunk metadata.
    pub sourcetype: &'a str,
    /// The event as sent. Bytes that are no UTF-8 become replacement characters.
    pub raw: &'a [u8],
    /// Index-time fields. A name that the event has as well keeps these values only; `picket_id` is
    /// no column but the id.
    pub fields: &'a [(String, Vec<String>)],
}

/// The batch has no room for the row; finish it and push the row into the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the batch is full")]
pub struct BatchFull;

/// What the limits left without a column. The events themselves are kept whole in `_raw`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cuts {
    /// Events of which some part got no column.
    pub events: u64,
    /// Parts that got none: values, subtrees, or the rest of a text.
    pub parts: u64,
}

/// Fills one batch after another.
#[derive(Debug)]
pub struct Shredder {
    limits: Limits,
    walker: Walker,
    rows: Rows,
    cuts: Cuts,
    touched: Vec<Touched>,
}

impl Shredder {
    /// An empty batch with these limits.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            walker: Walker::default(),
            rows: Rows::default(),
            cuts: Cuts::default(),
            touched: Vec::new(),
        }
    }

    /// Rows in the batch.
    pub fn len(&self) -> usize {
        self.rows.count as usize
    }

    /// Whether the batch has no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.count == 0
    }

    /// Bytes of event text in the batch.
    pub fn bytes(&self) -> usize {
        self.rows.bytes
    }

    /// What the limits have left out since this shredder was made.
    pub fn cuts(&self) -> Cuts {
        self.cuts
    }

    /// Adds an event.
    ///
    /// # Errors
    /// [`BatchFull`] at 1 GiB of text; an empty batch takes any event, cut at 128 MiB.
    pub fn push(&mut self, row: &Row<'_>) -> Result<(), BatchFull> {
        let raw = row.raw.get(..EVENT_BYTES_MAX).unwrap_or(row.raw);
        let raw = String::from_utf8_lossy(raw);
        let indexed: usize =
            row.fields.iter().flat_map(|(_, values)| values).map(String::len).sum();
        let bytes = raw.len() + indexed;
        if !self.is_empty() && self.rows.bytes + bytes > BATCH_BYTES_MAX {
            return Err(BatchFull);
        }
        self.rows.bytes += bytes;
        let parts_before = self.cuts.parts;
        self.rows.fixed.push(row, &raw);
        self.touched.clear();
        let mut cells = Cells {
            rows: &mut self.rows,
            limits: &self.limits,
            cuts: &mut self.cuts,
            touched: &mut self.touched,
            values: 0,
        };
        cells.indexed(row.fields);
        if self.walker.walk(&raw, &self.limits, &mut cells).is_err() {
            cells.take_back(parts_before);
            if key_value::pairs(&raw, &self.limits, |key, value| cells.put(key, value, false)) {
                cells.cuts.parts += 1;
            }
        }
        self.cuts.events += u64::from(self.cuts.parts > parts_before);
        self.rows.count += 1;
        Ok(())
    }

    /// The batch, whose place an empty one takes. Fixed columns first, then paths in the order in
    /// which they first occurred.
    ///
    /// # Errors
    /// None are known; Arrow's checks are handed on.
    pub fn finish(&mut self) -> Result<RecordBatch, ArrowError> {
        std::mem::take(&mut self.rows).finish()
    }
}

#[derive(Debug, Default)]
struct Rows {
    count: u32,
    bytes: usize,
    fixed: FixedColumns,
    by_path: HashMap<Box<str>, usize, ahash::RandomState>,
    columns: Vec<Column>,
}

impl Rows {
    fn finish(mut self) -> Result<RecordBatch, ArrowError> {
        let mut fields = fixed::fields();
        let mut arrays = self.fixed.finish();
        for column in self.columns {
            if column.is_empty() {
                continue;
            }
            let name = column.name.to_string();
            let array = column.finish(self.count as usize)?;
            fields.push(Field::new(name, array.data_type().clone(), true));
            arrays.push(array);
        }
        RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)
    }
}

#[derive(Debug, Default)]
struct FixedColumns {
    time: TimestampMillisecondBuilder,
    index_time: TimestampMillisecondBuilder,
    raw: StringBuilder,
    index: StringBuilder,
    host: StringBuilder,
    source: StringBuilder,
    sourcetype: StringBuilder,
    sequence: UInt64Builder,
    id: StringBuilder,
}

impl FixedColumns {
    fn push(&mut self, row: &Row<'_>, raw: &str) {
        self.time.append_value(row.time.as_millis());
        self.index_time.append_value(row.index_time.as_millis());
        self.raw.append_value(raw);
        self.index.append_value(row.index);
        self.host.append_value(row.host);
        self.source.append_value(row.source);
        self.sourcetype.append_value(row.sourcetype);
        self.sequence.append_value(row.sequence);
        self.id.append_option(row.id.or_else(|| id_among(row.fields)));
    }

    fn finish(&mut self) -> Vec<ArrayRef> {
        vec![
            Arc::new(self.time.finish()),
            Arc::new(self.index_time.finish()),
            Arc::new(self.raw.finish()),
            Arc::new(self.index.finish()),
            Arc::new(self.host.finish()),
            Arc::new(self.source.finish()),
            Arc::new(self.sourcetype.finish()),
            Arc::new(self.sequence.finish()),
            Arc::new(self.id.finish()),
        ]
    }
}

/// The index-time field that holds the id.
const ID_FIELD: &str = "picket_id";

fn id_among(fields: &[(String, Vec<String>)]) -> Option<&str> {
    let (_, values) = fields.iter().find(|(name, _)| name == ID_FIELD)?;
    values.first().map(String::as_str)
}

/// A column that the text of the event wrote to.
#[derive(Debug, Clone, Copy)]
struct Touched {
    column: usize,
    /// Whether all its values were numbers before.
    all_numbers: bool,
}

/// Takes the values of one event.
struct Cells<'s> {
    rows: &'s mut Rows,
    limits: &'s Limits,
    cuts: &'s mut Cuts,
    touched: &'s mut Vec<Touched>,
    values: usize,
}

impl Cells<'_> {
    fn indexed(&mut self, fields: &[(String, Vec<String>)]) {
        let row = self.rows.count;
        for (name, values) in fields.iter().filter(|(name, _)| name != ID_FIELD) {
            for value in values {
                let Some(column) = self.room(name, value) else { continue };
                column.push(row, value, false);
                column.indexed_row = Some(row);
            }
        }
    }

    fn put(&mut self, path: &str, value: &str, number: bool) {
        let row = self.rows.count;
        let Some(index) = self.column(path, value) else { return };
        let column = &mut self.rows.columns[index];
        if column.indexed_row == Some(row) {
            return;
        }
        self.touched.push(Touched { column: index, all_numbers: column.all_numbers() });
        column.push(row, value, number);
    }

    /// Forgets what [`Cells::put`] took, and what was cut since there were `parts` cuts.
    fn take_back(&mut self, parts: u64) {
        let row = self.rows.count;
        for touched in self.touched.drain(..).rev() {
            self.rows.columns[touched.column].take_back(row, touched.all_numbers);
        }
        self.cuts.parts = parts;
        self.values = 0;
    }

    fn room(&mut self, path: &str, value: &str) -> Option<&mut Column> {
        let index = self.column(path, value)?;
        self.rows.columns.get_mut(index)
    }

    /// The column of `path`, if the limits let it take `value`.
    fn column(&mut self, path: &str, value: &str) -> Option<usize> {
        let too_much = self.values == self.limits.event_values_max
            || value.len() > self.limits.value_bytes_max;
        if too_much {
            self.cuts.parts += 1;
            return None;
        }
        if let Some(&index) = self.rows.by_path.get(path) {
            self.values += 1;
            return Some(index);
        }
        if fixed::ALL.contains(&path) || path == SHAPE {
            return None;
        }
        let no_column = path.is_empty()
            || path.len() > self.limits.path_bytes_max
            || self.rows.columns.len() == self.limits.columns_max;
        if no_column {
            self.cuts.parts += 1;
            return None;
        }
        self.values += 1;
        let index = self.rows.columns.len();
        self.rows.columns.push(Column::new(path));
        self.rows.by_path.insert(path.into(), index);
        Some(index)
    }
}

impl Leaves for Cells<'_> {
    fn leaf(&mut self, path: &str, leaf: Leaf<'_>) {
        self.put(path, leaf.value, leaf.number);
    }

    fn cut(&mut self) {
        self.cuts.parts += 1;
    }
}
