//! The values of one path while a batch is being filled.

use std::fmt::Write as _;
use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, Float64Array, Int64Array, ListArray, NullBufferBuilder, StringArray,
};
use datafusion::arrow::buffer::{Buffer, OffsetBuffer, ScalarBuffer};
use datafusion::arrow::datatypes::{DataType, Field};
use datafusion::arrow::error::ArrowError;

/// Values as text in one buffer, each with the row it belongs to.
#[derive(Debug)]
pub(crate) struct Column {
    pub(crate) name: Box<str>,
    text: String,
    /// End of each value in `text`.
    ends: Vec<i32>,
    /// Row of each value; never falls.
    rows: Vec<u32>,
    all_numbers: bool,
    /// Last row whose values are index-time fields, which win over the event's own.
    pub(crate) indexed_row: Option<u32>,
}

impl Column {
    pub(crate) fn new(name: &str) -> Self {
        Self {
            name: name.into(),
            text: String::new(),
            ends: Vec::new(),
            rows: Vec::new(),
            all_numbers: true,
            indexed_row: None,
        }
    }

    pub(crate) fn push(&mut self, row: u32, value: &str, number: bool) {
        self.text.push_str(value);
        // The shredder bounds the bytes of a batch far below 2 GiB.
        self.ends.push(i32::try_from(self.text.len()).unwrap_or(i32::MAX));
        self.rows.push(row);
        self.all_numbers &= number;
    }

    pub(crate) fn all_numbers(&self) -> bool {
        self.all_numbers
    }

    /// Takes back the values of `row`, the newest one, and the flag as it was before them.
    pub(crate) fn take_back(&mut self, row: u32, all_numbers: bool) {
        while self.rows.last() == Some(&row) {
            self.rows.pop();
            self.ends.pop();
        }
        self.text.truncate(self.ends.last().map_or(0, |&end| usize::try_from(end).unwrap_or(0)));
        self.all_numbers = all_numbers;
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    fn values(&self) -> impl Iterator<Item = &str> {
        let mut start = 0;
        self.ends.iter().map(move |&end| {
            let end = usize::try_from(end).unwrap_or(0);
            let value = self.text.get(start..end).unwrap_or_default();
            start = end;
            value
        })
    }

    fn is_multivalue(&self) -> bool {
        self.name.contains("{}") || self.rows.windows(2).any(|pair| pair[0] == pair[1])
    }

    /// The column of a batch of `rows` rows.
    pub(crate) fn finish(self, rows: usize) -> Result<ArrayRef, ArrowError> {
        if self.is_multivalue() {
            return self.into_list(rows);
        }
        if self.all_numbers {
            if let Some(numbers) = self.integers() {
                return Ok(Arc::new(Int64Array::new(
                    self.spread(&numbers, rows),
                    self.nulls(rows),
                )));
            }
            if let Some(numbers) = self.floats() {
                return Ok(Arc::new(Float64Array::new(
                    self.spread(&numbers, rows),
                    self.nulls(rows),
                )));
            }
        }
        self.into_text(rows)
    }

    fn integers(&self) -> Option<Vec<i64>> {
        self.values().map(|text| if text == "-0" { None } else { text.parse().ok() }).collect()
    }

    /// The values as floats, if each prints as it was written.
    fn floats(&self) -> Option<Vec<f64>> {
        let mut printed = String::new();
        let read = |text: &str| {
            let number: f64 = text.parse().ok()?;
            printed.clear();
            write!(printed, "{number}").ok()?;
            (printed == text).then_some(number)
        };
        self.values().map(read).collect()
    }

    fn spread<T: Copy + Default + datafusion::arrow::datatypes::ArrowNativeType>(
        &self,
        values: &[T],
        rows: usize,
    ) -> ScalarBuffer<T> {
        let mut cells = vec![T::default(); rows];
        for (&row, &value) in self.rows.iter().zip(values) {
            if let Some(cell) = cells.get_mut(row as usize) {
                *cell = value;
            }
        }
        cells.into()
    }

    fn nulls(&self, rows: usize) -> Option<datafusion::arrow::buffer::NullBuffer> {
        let mut nulls = NullBufferBuilder::new(rows);
        let mut next = 0;
        for &row in &self.rows {
            let row = row as usize;
            if row >= next {
                nulls.append_n_nulls(row - next);
                nulls.append_non_null();
                next = row + 1;
            }
        }
        nulls.append_n_nulls(rows.saturating_sub(next));
        nulls.finish()
    }

    fn into_text(self, rows: usize) -> Result<ArrayRef, ArrowError> {
        let mut offsets = Vec::with_capacity(rows + 1);
        offsets.push(0);
        let mut last = 0;
        for (&row, &end) in self.rows.iter().zip(&self.ends) {
            offsets.resize(row as usize + 1, last);
            offsets.push(end);
            last = end;
        }
        offsets.resize(rows + 1, last);
        let nulls = self.nulls(rows);
        let offsets = OffsetBuffer::new(offsets.into());
        let text = Buffer::from_vec(self.text.into_bytes());
        Ok(Arc::new(StringArray::try_new(offsets, text, nulls)?))
    }

    fn into_list(self, rows: usize) -> Result<ArrayRef, ArrowError> {
        let mut offsets = vec![0_i32; rows + 1];
        for &row in &self.rows {
            if let Some(count) = offsets.get_mut(row as usize + 1) {
                *count += 1;
            }
        }
        let mut sum = 0;
        for offset in &mut offsets {
            sum += *offset;
            *offset = sum;
        }
        let nulls = self.nulls(rows);
        let mut ends = Vec::with_capacity(self.ends.len() + 1);
        ends.push(0);
        ends.extend_from_slice(&self.ends);
        let text = Buffer::from_vec(self.text.into_bytes());
        let items = StringArray::try_new(OffsetBuffer::new(ends.into()), text, None)?;
        let list = ListArray::try_new(
            list_item(),
            OffsetBuffer::new(offsets.into()),
            Arc::new(items),
            nulls,
        )?;
        debug_assert_eq!(list.len(), rows);
        Ok(Arc::new(list))
    }
}

/// The field of the items of every list column.
pub(crate) fn list_item() -> Arc<Field> {
    Arc::new(Field::new("item", DataType::Utf8, true))
}
