//! Putting rows in the order of fields.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, Int64Array, RecordBatch};
use datafusion::arrow::compute::{SortColumn, SortOptions, lexsort_to_indices, take_record_batch};
use datafusion::arrow::datatypes::DataType;
use datafusion::arrow::error::ArrowError;

use crate::flow::{Flow, Key};
use crate::run::{RunCx, RunError};
use crate::value::sort::{Order, keys};

/// A field to sort by.
#[derive(Debug, Clone)]
pub(crate) struct SortField {
    pub(crate) name: String,
    pub(crate) order: Order,
    pub(crate) is_descending: bool,
}

impl SortField {
    /// Ascending, numbers as numbers.
    pub(crate) fn ascending(name: impl Into<String>) -> Self {
        Self { name: name.into(), order: Order::Auto, is_descending: false }
    }
}

/// `flow` in the order of `fields`; rows that are alike in them keep their order. At most `rows_max` rows
/// stay.
pub(crate) async fn sort(
    flow: Flow,
    fields: &[SortField],
    rows_max: Option<usize>,
    cx: &RunCx,
) -> Result<Flow, RunError> {
    let known: Vec<SortField> =
        fields.iter().filter(|field| flow.has(&field.name)).cloned().collect();
    if !known.iter().all(|field| is_native(&flow, field)) {
        let batch = cx.collect(&flow, None).await?;
        return Ok(flow.replaced_by(&sorted(&batch, &known, rows_max)?)?);
    }
    let mut flow = flow;
    let mut keys = Vec::new();
    let mut columns = Vec::new();
    for field in known {
        let column = flow.hidden_name();
        columns.push((column.clone(), flow.column(&field.name)));
        keys.push(Key { column, is_descending: field.is_descending });
    }
    flow.sort_first_by(keys);
    let flow = flow.with_columns(columns)?;
    Ok(match rows_max {
        Some(rows) => flow.head(rows)?,
        None => flow,
    })
}

/// Whether the engine sorts the column just as the field asks.
fn is_native(flow: &Flow, field: &SortField) -> bool {
    matches!(field.order, Order::Auto | Order::Numbers)
        && flow.data_type(&field.name).is_some_and(|data_type| {
            data_type.is_numeric() || matches!(data_type, DataType::Timestamp(..))
        })
}

/// The rows of `batch` in the order of `fields`.
pub(crate) fn sorted(
    batch: &RecordBatch,
    fields: &[SortField],
    rows_max: Option<usize>,
) -> Result<RecordBatch, ArrowError> {
    let mut columns = Vec::with_capacity(fields.len() + 1);
    for field in fields {
        let Some(column) = batch.column_by_name(&field.name) else { continue };
        let options = SortOptions { descending: field.is_descending, nulls_first: false };
        columns.push(SortColumn { values: keys(column, field.order)?, options: Some(options) });
    }
    let rows = i64::try_from(batch.num_rows()).unwrap_or(i64::MAX);
    // The number of the row keeps the sort stable.
    let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(0..rows));
    columns.push(SortColumn { values: numbers, options: None });
    take_record_batch(batch, &lexsort_to_indices(&columns, rows_max)?)
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::{AsArray, StringArray};

    use super::*;

    #[test]
    fn rows_that_are_alike_keep_their_order_and_nulls_come_last() {
        let key: ArrayRef =
            Arc::new(StringArray::from(vec![Some("2"), None, Some("10"), Some("2")]));
        let row: ArrayRef = Arc::new(StringArray::from(vec!["a", "b", "c", "d"]));
        let batch = RecordBatch::try_from_iter([("k", key), ("r", row)]).unwrap();
        let rows = |is_descending| {
            let field = SortField { is_descending, ..SortField::ascending("k") };
            let sorted = sorted(&batch, &[field], None).unwrap();
            sorted.column(1).as_string::<i32>().iter().flatten().collect::<Vec<_>>().join("")
        };
        assert_eq!(rows(false), "adcb");
        assert_eq!(rows(true), "cadb");
    }
}
