//! Writes values into Arrow columns.

use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, BooleanBuilder, Float64Builder, Int64Builder, ListBuilder, StringBuilder,
    TimestampMillisecondBuilder,
};
use datafusion::arrow::datatypes::{DataType, Field};

use super::{Kind, Value, number};

/// A column of `kind` with `values`. A value that the kind cannot hold becomes null, except that
/// text takes everything.
pub fn build<'a>(kind: Kind, values: impl Iterator<Item = Option<Value<'a>>>) -> ArrayRef {
    match kind {
        Kind::Bool => {
            let mut column = BooleanBuilder::new();
            values.for_each(|value| column.append_option(value.and_then(|v| v.truth())));
            Arc::new(column.finish())
        }
        Kind::Integer => {
            let mut column = Int64Builder::new();
            values.for_each(|value| column.append_option(value.and_then(|v| integer(&v))));
            Arc::new(column.finish())
        }
        Kind::Number => {
            let mut column = Float64Builder::new();
            values.for_each(|value| column.append_option(value.and_then(|v| v.number())));
            Arc::new(column.finish())
        }
        Kind::Time => {
            let mut column = TimestampMillisecondBuilder::new();
            values.for_each(|value| column.append_option(value.and_then(|v| millis(&v))));
            Arc::new(column.finish())
        }
        Kind::Null | Kind::Text => {
            let mut column = StringBuilder::new();
            values.for_each(|value| column.append_option(value.map(Value::into_text)));
            Arc::new(column.finish())
        }
        Kind::Multi => {
            let item = Field::new("item", DataType::Utf8, true);
            let mut column = ListBuilder::new(StringBuilder::new()).with_field(item);
            values.for_each(|value| {
                let some = value.is_some();
                let items = value.map(Value::into_items).unwrap_or_default();
                items.iter().for_each(|item| column.values().append_value(item));
                column.append(some);
            });
            Arc::new(column.finish())
        }
    }
}

fn integer(value: &Value<'_>) -> Option<i64> {
    match value {
        Value::Integer(n) => Some(*n),
        other => number::whole(other.number()?),
    }
}

/// Seconds as milliseconds; null where they are no point in time.
pub(crate) fn millis(value: &Value<'_>) -> Option<i64> {
    let millis = (value.number()? * 1000.0).round();
    (millis.abs() < 9.0e15).then_some(millis as i64)
}
