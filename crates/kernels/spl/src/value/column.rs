//! Reads the cells of Arrow columns as values.

use std::borrow::Cow;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Float64Array, Int64Array, ListArray, StringArray,
    TimestampMillisecondArray,
};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::TimestampMillisecondType;
use datafusion::arrow::datatypes::{DataType, Float64Type, Int64Type, TimeUnit};
use datafusion::arrow::error::ArrowError;

use super::{Kind, Value, number};

/// A column, ready to be read cell by cell.
#[derive(Debug, Clone)]
pub enum Reader {
    /// No cell has a value.
    Null,
    /// Truths.
    Bool(BooleanArray),
    /// Whole numbers.
    Integer(Int64Array),
    /// Numbers.
    Number(Float64Array),
    /// Text.
    Text(StringArray),
    /// Points in time.
    Time(TimestampMillisecondArray),
    /// Lists of text, and the items of all lists.
    Multi(ListArray, StringArray),
}

impl Reader {
    /// A reader of `column`; types that events do not have are converted.
    ///
    /// # Errors
    /// Types that cannot be read as text.
    pub fn new(column: &ArrayRef) -> Result<Self, ArrowError> {
        let kind = Kind::of(column.data_type());
        let wanted = match kind {
            Kind::Null => return Ok(Self::Null),
            Kind::Time => {
                let DataType::Timestamp(_, zone) = column.data_type() else {
                    return Ok(Self::Null);
                };
                DataType::Timestamp(TimeUnit::Millisecond, zone.clone())
            }
            kind => kind.data_type(),
        };
        let column = match column.data_type() == &wanted {
            true => column.clone(),
            false => cast(column, &wanted)?,
        };
        Ok(match kind {
            Kind::Null => Self::Null,
            Kind::Bool => Self::Bool(column.as_boolean().clone()),
            Kind::Integer => Self::Integer(column.as_primitive::<Int64Type>().clone()),
            Kind::Number => Self::Number(column.as_primitive::<Float64Type>().clone()),
            Kind::Text => Self::Text(column.as_string::<i32>().clone()),
            Kind::Time => Self::Time(column.as_primitive::<TimestampMillisecondType>().clone()),
            Kind::Multi => {
                let lists = column.as_list::<i32>();
                Self::Multi(lists.clone(), lists.values().as_string::<i32>().clone())
            }
        })
    }

    /// The cell of row `row`; null also for an empty list.
    pub fn value(&self, row: usize) -> Option<Value<'_>> {
        match self {
            Self::Null => None,
            Self::Bool(cells) => cells.is_valid(row).then(|| Value::Bool(cells.value(row))),
            Self::Integer(cells) => cells.is_valid(row).then(|| Value::Integer(cells.value(row))),
            Self::Number(cells) => cells.is_valid(row).then(|| Value::Number(cells.value(row))),
            Self::Text(cells) => {
                cells.is_valid(row).then(|| Value::Text(Cow::Borrowed(cells.value(row))))
            }
            Self::Time(cells) => cells.is_valid(row).then(|| seconds(cells.value(row))),
            Self::Multi(lists, items) => {
                if lists.is_null(row) {
                    return None;
                }
                let range = item_range(lists, row);
                let items = range.filter(|at| items.is_valid(*at)).map(|at| items.value(at));
                Value::from_items(items.map(Cow::Borrowed).collect())
            }
        }
    }

    /// How many values the cell of row `row` has.
    pub fn count(&self, row: usize) -> usize {
        match self {
            Self::Multi(lists, items) if lists.is_valid(row) => {
                item_range(lists, row).filter(|at| items.is_valid(*at)).count()
            }
            other => usize::from(other.value(row).is_some()),
        }
    }
}

fn item_range(lists: &ListArray, row: usize) -> std::ops::Range<usize> {
    let start = lists.value_offsets().get(row).copied().unwrap_or_default();
    let end = lists.value_offsets().get(row + 1).copied().unwrap_or(start);
    usize::try_from(start).unwrap_or_default()..usize::try_from(end).unwrap_or_default()
}

/// A point in time as seconds; whole seconds stay whole.
fn seconds(millis: i64) -> Value<'static> {
    match millis % 1000 {
        0 => Value::Integer(millis / 1000),
        _ => Value::Number(number::from_whole(millis) / 1000.0),
    }
}
