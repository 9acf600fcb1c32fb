//! Storing an event's text without the values that stand in columns anyway.
//!
//! The shape of an event is its text with a mark in the place of every leaf; events of one kind share
//! one shape. Where shape and columns give back the text byte for byte, the text is left out.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, ListArray, RecordBatch, StringArray, StringBuilder,
};
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::arrow::error::ArrowError;

use crate::cast_to;
use crate::json::{Leaf, Leaves, Walker};
use crate::limits::Limits;
use crate::shredder::fixed;

/// The column that holds the shape of an event whose `_raw` is null.
pub const SHAPE: &str = "_shape";

/// A mark is this, `"` for a string or `-` for a bare value, the path, and [`MARK_END`]. Valid JSON has
/// no such byte.
const MARK: char = '\u{1}';
const MARK_END: char = '\u{2}';
/// Different shapes in one batch; events of further shapes keep their text.
const SHAPES_MAX: usize = 1024;

/// `batch`, a batch of the shredder, with `_raw` null where a shape in the new column [`SHAPE`] takes
/// its place. All other columns stay.
///
/// # Errors
/// A batch that lacks `_raw`.
pub fn fold_raw(batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let schema = batch.schema();
    let at = schema.index_of(fixed::RAW)?;
    let raws = batch.column(at).as_string::<i32>();
    let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    let mut unfolder = Unfolder::new(&names, batch.columns())?;
    let mut shapes = Shapes::default();
    let mut kept = StringBuilder::new();
    let mut folded = StringBuilder::new();
    let mut unfolded = String::new();
    for (row, raw) in raws.iter().enumerate() {
        let raw = raw.unwrap_or_default();
        let shape = shapes.of(raw).filter(|shape| {
            unfolded.clear();
            unfolder.append(shape, row, &mut unfolded) && unfolded == raw
        });
        kept.append_option(if shape.is_some() { None } else { Some(raw) });
        folded.append_option(shape);
    }
    let mut fields: Vec<Field> =
        schema.fields().iter().map(|field| field.as_ref().clone()).collect();
    let mut columns = batch.columns().to_vec();
    fields[at] = Field::new(fixed::RAW, DataType::Utf8, true);
    columns[at] = Arc::new(kept.finish());
    fields.push(Field::new(SHAPE, DataType::Utf8, true));
    columns.push(Arc::new(folded.finish()));
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
}

/// The texts of the events whose columns are `names` and `columns`: `_raw` where it is not null, else
/// what the shape gives. Columns may have been cast to a wider type since they were folded.
///
/// # Errors
/// Columns of types that the shredder does not make, or no column `_raw`.
pub fn unfold_raw(names: &[&str], columns: &[ArrayRef]) -> Result<StringArray, ArrowError> {
    let column =
        |wanted: &str| names.iter().position(|name| *name == wanted).map(|at| &columns[at]);
    let raw = column(fixed::RAW)
        .ok_or_else(|| ArrowError::InvalidArgumentError("there is no column `_raw`".to_owned()))?;
    let raw = raw.as_string::<i32>();
    let Some(shapes) = column(SHAPE) else { return Ok(raw.clone()) };
    let shapes = shapes.as_string::<i32>();
    let mut unfolder = Unfolder::new(names, columns)?;
    let mut texts = StringBuilder::new();
    let mut text = String::new();
    for row in 0..raw.len() {
        if raw.is_valid(row) || shapes.is_null(row) {
            texts.append_value(if raw.is_valid(row) { raw.value(row) } else { "" });
            continue;
        }
        text.clear();
        unfolder.append(shapes.value(row), row, &mut text);
        texts.append_value(&text);
    }
    Ok(texts.finish())
}

/// Finds the shapes of events, each distinct one kept once.
#[derive(Default)]
struct Shapes {
    walker: Walker,
    shape: String,
    known: HashMap<String, (), ahash::RandomState>,
}

impl Shapes {
    fn of(&mut self, raw: &str) -> Option<&str> {
        self.shape.clear();
        let mut marks = Marks { raw, shape: &mut self.shape, at: 0, is_foldable: true };
        let is_json = self.walker.walk(raw, &Limits::default(), &mut marks).is_ok();
        marks.copy_up_to(raw.len());
        if !is_json || !marks.is_foldable {
            return None;
        }
        if !self.known.contains_key(self.shape.as_str()) {
            if self.known.len() == SHAPES_MAX {
                return None;
            }
            self.known.insert(self.shape.clone(), ());
        }
        Some(&self.shape)
    }
}

/// Copies a text and puts marks in the place of its leaves.
struct Marks<'a> {
    raw: &'a str,
    shape: &'a mut String,
    /// Where the next piece of literal text begins.
    at: usize,
    is_foldable: bool,
}

impl Marks<'_> {
    fn copy_up_to(&mut self, end: usize) {
        self.shape.push_str(self.raw.get(self.at..end).unwrap_or_default());
        self.at = end;
    }

    fn mark(&mut self, kind: char, path: &str, span: Range<usize>) {
        self.copy_up_to(span.start);
        self.shape.extend([MARK, kind]);
        self.shape.push_str(path);
        self.shape.push(MARK_END);
        self.at = span.end;
    }
}

impl Leaves for Marks<'_> {
    fn leaf(&mut self, path: &str, leaf: Leaf<'_>) {
        let source = self.raw.get(leaf.span.clone()).unwrap_or_default();
        let (kind, bare) = match source.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
            Some(inner) => ('"', inner),
            None => ('-', source),
        };
        self.is_foldable &= bare == leaf.value && !path.contains([MARK, MARK_END]);
        self.mark(kind, path, leaf.span);
    }

    fn cut(&mut self) {
        self.is_foldable = false;
    }
}

/// A column's cells as text.
enum Cells {
    Single(StringArray),
    Many { lists: ListArray, items: StringArray, row: usize, used: usize },
}

impl Cells {
    fn new(column: &ArrayRef) -> Result<Self, ArrowError> {
        let Some(lists) = column.as_list_opt::<i32>() else {
            return Ok(Self::Single(cast_to(column, &DataType::Utf8)?.as_string().clone()));
        };
        let items = lists.values().as_string().clone();
        Ok(Self::Many { lists: lists.clone(), items, row: usize::MAX, used: 0 })
    }

    /// The next value of `row`, which is asked for as often as the shape has the path.
    fn next(&mut self, row: usize) -> Option<&str> {
        match self {
            Self::Single(values) => values.is_valid(row).then(|| values.value(row)),
            Self::Many { lists, items, row: last, used } => {
                if *last != row {
                    (*last, *used) = (row, 0);
                }
                let offsets = lists.value_offsets();
                let start = usize::try_from(*offsets.get(row)?).ok()?;
                let end = usize::try_from(*offsets.get(row + 1)?).ok()?;
                let at = start + *used;
                *used += 1;
                (at < end && lists.is_valid(row)).then(|| items.value(at))
            }
        }
    }
}

/// A shape that has been taken apart.
struct Pieces {
    head: String,
    /// For each mark: its column, if there is one, whether it is in quotes, and the text after it.
    marks: Vec<(Option<usize>, bool, String)>,
}

/// Puts the values of a row into its shape.
struct Unfolder {
    by_path: HashMap<String, usize, ahash::RandomState>,
    cells: Vec<Cells>,
    by_shape: HashMap<String, usize, ahash::RandomState>,
    shapes: Vec<Pieces>,
}

impl Unfolder {
    fn new(names: &[&str], columns: &[ArrayRef]) -> Result<Self, ArrowError> {
        let mut by_path = HashMap::default();
        let mut cells = Vec::new();
        for (name, column) in names.iter().zip(columns) {
            if !fixed::ALL.contains(name) && *name != SHAPE {
                by_path.insert((*name).to_owned(), cells.len());
                cells.push(Cells::new(column)?);
            }
        }
        Ok(Self { by_path, cells, by_shape: HashMap::default(), shapes: Vec::new() })
    }

    fn take_apart(&self, shape: &str) -> Pieces {
        let mut parts = shape.split(MARK);
        let head = parts.next().unwrap_or_default().to_owned();
        let marks = parts.map(|part| {
            let (mark, literal) = part.split_once(MARK_END).unwrap_or((part, ""));
            let column = mark.get(1..).and_then(|path| self.by_path.get(path)).copied();
            (column, mark.starts_with('"'), literal.to_owned())
        });
        Pieces { head, marks: marks.collect() }
    }

    /// Appends the text of `row` to `text`. False if a column has no value for a mark.
    fn append(&mut self, shape: &str, row: usize, text: &mut String) -> bool {
        let known = self.by_shape.get(shape).copied();
        let at = known.unwrap_or_else(|| {
            let pieces = self.take_apart(shape);
            self.shapes.push(pieces);
            self.by_shape.insert(shape.to_owned(), self.shapes.len() - 1);
            self.shapes.len() - 1
        });
        let Some(Pieces { head, marks }) = self.shapes.get(at) else { return false };
        text.push_str(head);
        let mut is_whole = true;
        for (column, quoted, literal) in marks {
            let cells = column.and_then(|column| self.cells.get_mut(column));
            let value = cells.and_then(|cells| cells.next(row));
            is_whole &= value.is_some();
            let quote = if *quoted { "\"" } else { "" };
            text.push_str(quote);
            text.push_str(value.unwrap_or_default());
            text.push_str(quote);
            text.push_str(literal);
        }
        is_whole
    }
}
