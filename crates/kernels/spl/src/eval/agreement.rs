//! Properties: nothing that is typed panics, and DataFusion and the interpreter agree.

use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray, TimestampMillisecondArray,
};
use datafusion::common::DFSchema;
use proptest::collection::vec;
use proptest::prelude::*;

use super::testing::{cx, run};
use super::{compile, parse_expression};
use crate::value::{Kind, Reader, Value};

/// Pieces of expressions, sense or not.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "a", "'b c'", "\"x\"", "1", "2.5", "(", ")", ",", "AND", "OR", "NOT", "XOR", "=", "!=",
            "<", ">=", "+", "-", ".", "*", "/", "%", "LIKE", "IN", "if(", "case(", "match(",
            "mvmap(", "\"", "'", "\\", "{}", "|", "now()", "ä", "@", "1e", "0x",
        ])
        .prop_map(str::to_owned),
        "\\PC{0,4}",
    ]
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(pieces in vec(piece(), 0..24), start in 0_usize..8) {
        let source = pieces.join(" ");
        if let Ok((expression, end)) = parse_expression(&source, start) {
            prop_assert!(end <= source.len() && source.is_char_boundary(end));
            let batch = super::testing::example();
            let schema = DFSchema::try_from(batch.schema()).unwrap();
            if let Ok(expr) = expression.lower(&schema, &cx()) {
                run(expr, &batch);
            }
        }
    }

    #[test]
    fn datafusion_and_the_interpreter_agree(source in condition(), rows in vec(row(), 1..12)) {
        let batch = batch(&rows);
        let schema = DFSchema::try_from(batch.schema()).unwrap();
        let (expression, _) = parse_expression(&source, 0).unwrap();
        let compiled = || compile::compile(&expression, &schema, &cx()).unwrap();
        let kind = match compiled().kind() {
            Kind::Time => Kind::Number,
            kind => kind,
        };
        let native = run(compiled().lower(kind), &batch);
        let interpreted = run(compiled().interpreted(kind), &batch);
        prop_assert_eq!(printed(&native), printed(&interpreted), "{}", source);
    }
}

fn printed(column: &ArrayRef) -> Vec<Option<String>> {
    let reader = Reader::new(column).unwrap();
    let text = |row| reader.value(row).map(|value| Value::into_text(value).into_owned());
    (0..column.len()).map(text).collect()
}

/// A cell of each column.
type Cells = (Option<i64>, Option<f64>, Option<String>, Option<i64>);

fn row() -> impl Strategy<Value = Cells> {
    let whole = prop_oneof![-4_i64..5, any::<i64>()];
    let real = prop_oneof![(-8_i32..9).prop_map(|n| f64::from(n) / 2.0), -1e12..1e12];
    let text = prop::sample::select(vec!["", "a", "A", "ab", "1", "01", "-2.5", "1e1", "x%y", "ä"]);
    let time = -3000_i64..3000;
    (
        prop::option::of(whole),
        prop::option::of(real),
        prop::option::of(text.prop_map(str::to_owned)),
        prop::option::of(time),
    )
}

fn batch(rows: &[Cells]) -> RecordBatch {
    let times: TimestampMillisecondArray = rows.iter().map(|row| row.3).collect();
    RecordBatch::try_from_iter_with_nullable([
        ("n", Arc::new(rows.iter().map(|row| row.0).collect::<Int64Array>()) as ArrayRef, true),
        ("r", Arc::new(rows.iter().map(|row| row.1).collect::<Float64Array>()) as ArrayRef, true),
        ("t", Arc::new(rows.iter().map(|row| row.2.as_deref()).collect::<StringArray>()), true),
        ("_time", Arc::new(times), true),
    ])
    .unwrap()
}

fn number() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        prop::sample::select(vec!["n", "r", "_time", "missing", "0", "1", "-2", "0.5", "3000"])
            .prop_map(str::to_owned),
        any::<i32>().prop_map(|n| n.to_string()),
    ];
    leaf.prop_recursive(2, 8, 2, |inner| {
        let operator = prop::sample::select(vec!["+", "-", "*", "/", "%"]);
        prop_oneof![
            (inner.clone(), operator, inner.clone()).prop_map(|(a, o, b)| format!("({a} {o} {b})")),
            inner.clone().prop_map(|a| format!("-{a}")),
            (inner.clone(), inner).prop_map(|(a, b)| format!("if(n > 0, {a}, {b})")),
        ]
    })
}

fn comparison() -> impl Strategy<Value = String> {
    let operator = prop::sample::select(vec!["=", "!=", "<", "<=", ">", ">="]);
    let text = prop::sample::select(vec!["\"a\"", "\"1\"", "\"\"", "\"zz\"", "t", "n"]);
    prop_oneof![
        (number(), operator.clone(), number()).prop_map(|(a, o, b)| format!("{a} {o} {b}")),
        (operator, text).prop_map(|(o, b)| format!("t {o} {b}")),
        prop::sample::select(vec![
            "isnull(n)",
            "isnotnull(t)",
            "isnull(missing)",
            "t LIKE \"%a%\"",
            "t LIKE \"x\\%y\"",
            "t LIKE \"_\"",
            "n IN (1, 2, -3)",
            "t IN (\"a\", \"ab\")",
            "n IN (1, missing)",
            "isnull(n/0)",
        ])
        .prop_map(str::to_owned),
    ]
}

fn condition() -> impl Strategy<Value = String> {
    let condition = comparison().prop_recursive(2, 8, 2, |inner| {
        let logic = prop::sample::select(vec!["AND", "OR", "XOR"]);
        prop_oneof![
            (inner.clone(), logic, inner.clone()).prop_map(|(a, o, b)| format!("({a} {o} {b})")),
            inner.prop_map(|a| format!("NOT ({a})")),
        ]
    });
    prop_oneof![condition, number()]
}
