//! Evaluates expressions over one row of example data, as a search would.

use std::sync::{Arc, LazyLock};

use datafusion::arrow::array::{
    ArrayRef, AsArray, Float64Array, Int64Array, ListBuilder, RecordBatch, StringArray,
    StringBuilder, TimestampMillisecondArray,
};
use datafusion::common::DFSchema;
use datafusion::logical_expr::Expr;
use datafusion::prelude::SessionContext;
use picket_core::Timestamp;

use super::{EvalCx, parse_expression};
use crate::value::{Kind, Reader, Value};

/// 2024-01-09T18:46:40.250Z.
pub(crate) fn cx() -> EvalCx {
    EvalCx::utc(Timestamp::from_millis(1_704_826_000_250))
}

/// A row: `_time`, `thing` pump-17, `port` 8883, `temperature` 21.5, `code` "0012", `empty`,
/// `ports{}` and `ports` (21, 22), `'open-ports'` 3, `value.count` 4, `flag` "true".
pub(crate) fn example() -> RecordBatch {
    let mut ports = ListBuilder::new(StringBuilder::new());
    ports.append_value([Some("21"), Some("22")]);
    let ports: ArrayRef = Arc::new(ports.finish());
    let text = |text: &str| -> ArrayRef { Arc::new(StringArray::from(vec![Some(text)])) };
    let whole = |n: i64| -> ArrayRef { Arc::new(Int64Array::from(vec![n])) };
    let time = TimestampMillisecondArray::from(vec![1_704_826_000_000]);
    RecordBatch::try_from_iter_with_nullable([
        ("_time", Arc::new(time) as ArrayRef, true),
        ("thing", text("pump-17"), true),
        ("port", whole(8883), true),
        ("temperature", Arc::new(Float64Array::from(vec![21.5])), true),
        ("code", text("0012"), true),
        ("empty", text(""), true),
        ("ports", ports.clone(), true),
        ("ports{}", ports, true),
        ("open-ports", whole(3), true),
        ("value.count", whole(4), true),
        ("flag", text("true"), true),
    ])
    .unwrap()
}

/// The column that `expr` gives for `batch`.
pub(crate) fn run(expr: Expr, batch: &RecordBatch) -> ArrayRef {
    let schema = DFSchema::try_from(batch.schema()).unwrap();
    static SESSION: LazyLock<SessionContext> = LazyLock::new(SessionContext::new);
    let physical = SESSION.create_physical_expr(expr, &schema).unwrap();
    physical.evaluate(batch).unwrap().into_array(batch.num_rows()).unwrap()
}

/// The value of `source` for the example row; `null` for none, values joined by `|`, errors as such.
pub(crate) fn value(source: &str) -> String {
    let batch = example();
    let schema = DFSchema::try_from(batch.schema()).unwrap();
    let (expression, end) = match parse_expression(source, 0) {
        Ok(parsed) => parsed,
        Err(error) => return format!("error: {error}"),
    };
    assert_eq!(source.get(end..).unwrap().trim(), "", "{source} was not read to its end");
    let lowered = match expression.is_condition(&schema, &cx()) {
        Ok(true) => expression.lower_predicate(&schema, &cx()),
        _ => expression.lower(&schema, &cx()),
    };
    match lowered {
        Ok(expr) => print(&run(expr, &batch)),
        Err(error) => format!("error: {error}"),
    }
}

fn print(column: &ArrayRef) -> String {
    if Kind::of(column.data_type()) == Kind::Bool {
        let truths = column.as_boolean().iter().next().flatten();
        return truths.map_or("unknown".to_owned(), |truth| truth.to_string());
    }
    let reader = Reader::new(column).unwrap();
    reader.value(0).map_or("null".to_owned(), |value| Value::into_items(value).join("|"))
}
