//! Rows as a user reads them: everything is text.

use datafusion::arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use datafusion::arrow::datatypes::DataType;
use datafusion::arrow::error::ArrowError;
use jiff::tz::TimeZone;
use picket_core::Timestamp;
use serde_json::{Map, Value as Json};

use crate::flow::Flow;
use crate::time::zoned;
use crate::value::{Reader, Value};

/// The field that is shown as a point in time.
const TIME: &str = "_time";

/// The names of columns, and rows that hold the cells that are not absent.
pub(crate) type Table = (Vec<String>, Vec<Map<String, Json>>);

/// The columns of `batch`, rows of `flow`, and its rows. Columns that nobody named and that are empty are
/// left out.
pub(crate) fn render(
    flow: &Flow,
    batch: &RecordBatch,
    zone: &TimeZone,
) -> Result<Table, ArrowError> {
    let mut fields = Vec::new();
    let mut rows: Vec<Map<String, Json>> = vec![Map::new(); batch.num_rows()];
    for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
        let name = field.name();
        if flow.is_optional(name) && is_empty(column) {
            continue;
        }
        fields.push(name.clone());
        let reader = Reader::new(column)?;
        for (number, row) in rows.iter_mut().enumerate() {
            if let Some(value) = reader.value(number) {
                let cell = if name == TIME { time_cell(value, zone) } else { cell(value) };
                row.insert(name.clone(), cell);
            }
        }
    }
    Ok((fields, rows))
}

/// Whether no row has a value in `column`.
pub(crate) fn is_empty(column: &ArrayRef) -> bool {
    match column.data_type() {
        DataType::Null => true,
        DataType::List(_) => {
            let lists = column.as_list::<i32>();
            (0..lists.len()).all(|row| lists.is_null(row) || lists.value_length(row) == 0)
        }
        _ => column.null_count() == column.len(),
    }
}

fn cell(value: Value<'_>) -> Json {
    match value {
        Value::Multi(items) => {
            Json::Array(items.into_iter().map(|item| Json::String(item.into_owned())).collect())
        }
        single => Json::String(single.into_text().into_owned()),
    }
}

/// A number of seconds as ISO 8601 with milliseconds and offset; anything else as it is.
fn time_cell(value: Value<'_>, zone: &TimeZone) -> Json {
    iso_time(&value, zone).map_or_else(|| cell(value), Json::String)
}

/// ISO 8601 with milliseconds and offset, if `value` is a number of seconds.
pub(crate) fn iso_time(value: &Value<'_>, zone: &TimeZone) -> Option<String> {
    let ms = (value.number()? * 1000.0).round();
    if ms.abs() > 9e15 {
        return None;
    }
    let local = zoned(Timestamp::from_millis(ms as i64), zone);
    Some(local.strftime("%Y-%m-%dT%H:%M:%S%.3f%:z").to_string())
}
