//! Rows by the values of fields.

use datafusion::arrow::datatypes::DataType;
use datafusion::functions_nested::expr_fn::array_distinct;
use datafusion::logical_expr::Operator;
use datafusion::prelude::ident;

use crate::flow::Flow;
use crate::run::RunError;
use crate::search::balanced;

/// Most fields to group by: each that has lists deepens the plan.
pub(super) const KEYS_MAX: usize = 30;

/// The columns that hold the values of fields to group by, one value a row.
#[derive(Debug)]
pub(super) struct Keys {
    pub(super) flow: Flow,
    /// For each field its column.
    pub(super) columns: Vec<String>,
}

/// Gives each of `fields` a column with one value a row: a row with several values in one of them is
/// repeated for each. The fields themselves stay as they are for aggregates. With `is_distinct`, a value
/// that a row has twice counts once.
pub(super) fn explode(flow: Flow, fields: &[String], is_distinct: bool) -> Result<Keys, RunError> {
    let mut flow = flow;
    let mut columns = Vec::with_capacity(fields.len());
    let mut copies = Vec::new();
    let mut lists = Vec::new();
    for field in fields {
        if matches!(flow.data_type(field), Some(type_) if !matches!(type_, DataType::List(_))) {
            columns.push(field.clone());
            continue;
        }
        let copy = flow.hidden_name();
        let value = flow.column(field);
        if flow.has(field) {
            lists.push(copy.clone());
            copies.push((copy.clone(), if is_distinct { array_distinct(value) } else { value }));
        } else {
            copies.push((copy.clone(), value));
        }
        columns.push(copy);
    }
    if !copies.is_empty() {
        flow = flow.with_columns(copies)?;
    }
    for list in lists {
        flow = flow.unnest(&[list])?;
    }
    Ok(Keys { flow, columns })
}

/// Only rows that have a value in all of `columns`.
pub(super) fn with_values(flow: Flow, columns: &[String]) -> Result<Flow, RunError> {
    let conditions = columns.iter().map(|column| ident(column).is_not_null()).collect();
    Ok(match balanced(conditions, Operator::And) {
        Some(all) => flow.filter(all)?,
        None => flow,
    })
}
