//! Batches against a naive walk over the parsed JSON, and the corpus.

use std::collections::BTreeMap;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use datafusion::arrow::datatypes::DataType;
use picket_core::Timestamp;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::{Limits, Row, Shredder, cast_to, fixed, fold_raw, unfold_raw};

type Cells = BTreeMap<String, Vec<String>>;

fn row<'a>(raw: &'a [u8], fields: &'a [(String, Vec<String>)]) -> Row<'a> {
    Row {
        time: Timestamp::from_millis(1_000),
        index_time: Timestamp::from_millis(2_000),
        sequence: 7,
        id: None,
        index: "i",
        host: "h",
        source: "src",
        sourcetype: "st",
        raw,
        fields,
    }
}

fn shred(raws: &[&[u8]], limits: Limits) -> (RecordBatch, Shredder) {
    let mut shredder = Shredder::new(limits);
    for raw in raws {
        shredder.push(&row(raw, &[])).unwrap();
    }
    let batch = shredder.finish().unwrap();
    (batch, shredder)
}

fn texts(array: &ArrayRef, row: usize) -> Vec<String> {
    if array.is_null(row) {
        return Vec::new();
    }
    if let DataType::List(_) = array.data_type() {
        let items = array.as_list::<i32>().value(row);
        return items.as_string::<i32>().iter().flatten().map(str::to_owned).collect();
    }
    let text = cast_to(array, &DataType::Utf8).unwrap();
    vec![text.as_string::<i32>().value(row).to_owned()]
}

/// The extracted cells of one row: absent ones left out.
fn cells(batch: &RecordBatch, row: usize) -> Cells {
    let mut cells = Cells::new();
    for (field, array) in batch.schema().fields().iter().zip(batch.columns()) {
        let values = texts(array, row);
        if !fixed::ALL.contains(&field.name().as_str()) && !values.is_empty() {
            cells.insert(field.name().clone(), values);
        }
    }
    cells
}

fn naive(value: &Value) -> Cells {
    let mut cells = Cells::new();
    if let Value::Object(members) = value {
        for (key, member) in members {
            naive_walk(key, member, &mut cells);
        }
    }
    cells.retain(|path, _| !path.is_empty() && !fixed::ALL.contains(&path.as_str()));
    cells
}

fn naive_walk(path: &str, value: &Value, cells: &mut Cells) {
    let text = match value {
        Value::Object(members) => {
            for (key, member) in members {
                naive_walk(&format!("{path}.{key}"), member, cells);
            }
            return;
        }
        Value::Array(items) => {
            for item in items {
                naive_walk(&format!("{path}{{}}"), item, cells);
            }
            return;
        }
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    cells.entry(path.to_owned()).or_default().push(text);
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (-1000..1000_i32).prop_map(|n| Value::from(f64::from(n) / 4.0)),
        ".{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 64, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            members(inner).prop_map(Value::Object),
        ]
    })
}

fn members(inner: impl Strategy<Value = Value>) -> impl Strategy<Value = Map<String, Value>> {
    let key = prop_oneof!["[ab]", "[a-c.{}_]{0,3}", ".{0,4}", Just("host".to_owned())];
    prop::collection::vec((key, inner), 0..6).prop_map(|pairs| pairs.into_iter().collect())
}

fn any_object() -> impl Strategy<Value = Value> {
    members(any_json()).prop_map(Value::Object)
}

proptest! {
    #[test]
    fn cells_equal_a_naive_walk(events in prop::collection::vec(any_object(), 1..12), pretty: bool) {
        let print = |event| if pretty { serde_json::to_string_pretty(event) } else { serde_json::to_string(event) };
        let raws: Vec<String> = events.iter().map(|event| print(event).unwrap()).collect();
        let raws: Vec<&[u8]> = raws.iter().map(String::as_bytes).collect();
        let (batch, _) = shred(&raws, Limits::default());
        prop_assert_eq!(batch.num_rows(), events.len());
        for (at, event) in events.iter().enumerate() {
            prop_assert_eq!(cells(&batch, at), naive(event));
        }
    }

    #[test]
    fn folded_text_unfolds_to_what_it_was(
        events in prop::collection::vec(prop_oneof![
            8 => any_object().prop_map(|event| event.to_string()),
            1 => any_object().prop_map(|event| serde_json::to_string_pretty(&event).unwrap()),
            1 => ".{0,20}",
        ], 1..12),
    ) {
        let raws: Vec<&[u8]> = events.iter().map(String::as_bytes).collect();
        let (batch, _) = shred(&raws, Limits::default());
        let folded = fold_raw(&batch).unwrap();
        prop_assert_eq!(unfold(&folded), events);
    }

    #[test]
    fn arbitrary_bytes_never_panic_and_keep_their_text(
        raws in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 1..8),
    ) {
        let raws: Vec<&[u8]> = raws.iter().map(Vec::as_slice).collect();
        let (batch, _) = shred(&raws, Limits::default());
        let text = batch.column_by_name(fixed::RAW).unwrap().as_string::<i32>();
        for (at, raw) in raws.iter().enumerate() {
            prop_assert_eq!(text.value(at), String::from_utf8_lossy(raw));
        }
    }

    #[test]
    fn a_text_is_read_as_json_exactly_when_a_json_parser_takes_it(
        text in r#"\{("[ab]":("x"|1|-0\.5e3|01|tru|true|\[1,?\]|\{\}|null),?){0,3}\}?"#,
    ) {
        let mut none = Nothing;
        let ours = crate::json::Walker::default().walk(&text, &Limits::default(), &mut none);
        prop_assert_eq!(ours.is_ok(), serde_json::from_str::<Value>(&text).is_ok());
    }

    #[test]
    fn damaged_json_leaves_no_trace_in_other_rows(event in any_object(), at in any::<prop::sample::Index>()) {
        let good = serde_json::to_string(&event).unwrap();
        let mut broken = good.clone().into_bytes();
        let cut = at.index(broken.len());
        broken.truncate(cut);
        let (batch, _) = shred(&[good.as_bytes(), &broken, good.as_bytes()], Limits::default());
        prop_assert_eq!(cells(&batch, 0), naive(&event));
        prop_assert_eq!(cells(&batch, 2), naive(&event));
    }
}

fn unfold(folded: &RecordBatch) -> Vec<String> {
    let schema = folded.schema();
    let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    let unfolded = unfold_raw(&names, folded.columns()).unwrap();
    unfolded.iter().map(|text| text.unwrap().to_owned()).collect()
}

#[test]
fn events_of_one_shape_are_folded_and_odd_ones_are_kept_whole() {
    let raws = [
        r#"{"name":"a","value":{"ports":[22,8883]}}"#,
        r#"{"name":"b","value":{"ports":[1,2]}}"#,
        r#"{"name":"with \"escape\"","value":{"ports":[1,2]}}"#,
        r#"{"name":"c","host":"in the body"}"#,
        "plain text k=v",
    ];
    let (batch, _) = shred(&raws.map(str::as_bytes), Limits::default());
    let folded = fold_raw(&batch).unwrap();
    let kept = folded.column_by_name(fixed::RAW).unwrap();
    let is_kept: Vec<bool> = (0..raws.len()).map(|row| kept.is_valid(row)).collect();
    assert_eq!(is_kept, [false, false, true, true, true]);
    let shapes = folded.column_by_name(crate::SHAPE).unwrap().as_string::<i32>();
    assert_eq!(shapes.value(0), shapes.value(1));
    assert_eq!(unfold(&folded), raws);
}

struct Nothing;

impl crate::json::Leaves for Nothing {
    fn leaf(&mut self, _path: &str, _leaf: crate::json::Leaf<'_>) {}
    fn cut(&mut self) {}
}

/// Corpus lines: `{"why", "raw": [events], "types": {column: type}, "cells": [per event]}`.
#[test]
fn the_corpus_reads_as_written() {
    for line in include_str!("../corpus/events.jsonl").lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let why = &case["why"];
        let raws: Vec<&[u8]> = case["raw"]
            .as_array()
            .unwrap()
            .iter()
            .map(|raw| raw.as_str().unwrap().as_bytes())
            .collect();
        let (batch, _) = shred(&raws, Limits::default());
        for (name, kind) in case["types"].as_object().unwrap() {
            let field = batch.schema().field_with_name(name).unwrap().clone();
            let short = match field.data_type() {
                DataType::Int64 => "int",
                DataType::Float64 => "float",
                DataType::Utf8 => "text",
                DataType::List(_) => "list",
                _ => "other",
            };
            assert_eq!(short, kind, "{why}: type of {name}");
        }
        for (at, expected) in case["cells"].as_array().unwrap().iter().enumerate() {
            assert_eq!(&json!(cells(&batch, at)), expected, "{why}: row {at}");
        }
    }
}

#[test]
fn index_time_fields_become_columns_and_win_over_the_event() {
    let fields = [
        ("picket_id".to_owned(), vec!["id-1".to_owned()]),
        ("picket_trace".to_owned(), vec!["reports/0/1".to_owned(), "reports/0/2".to_owned()]),
        ("a".to_owned(), vec!["indexed".to_owned()]),
    ];
    let mut shredder = Shredder::new(Limits::default());
    shredder.push(&row(br#"{"a":1,"b":2}"#, &fields)).unwrap();
    let batch = shredder.finish().unwrap();
    assert_eq!(batch.column_by_name(fixed::ID).unwrap().as_string::<i32>().value(0), "id-1");
    let expected = json!({"a":["indexed"],"b":["2"],"picket_trace":["reports/0/1","reports/0/2"]});
    assert_eq!(json!(cells(&batch, 0)), expected);
    assert!(shredder.is_empty());
}

#[test]
fn what_lies_beyond_a_limit_is_counted_and_the_rest_is_kept() {
    let limits = Limits {
        columns_max: 2,
        depth_max: 3,
        path_bytes_max: 8,
        value_bytes_max: 4,
        event_values_max: 4,
        ..Limits::default()
    };
    let check = |raw: &str, expected: Value, parts: u64| {
        let (batch, shredder) = shred(&[raw.as_bytes()], limits);
        assert_eq!(json!(cells(&batch, 0)), expected, "{raw}");
        assert_eq!((shredder.cuts().events, shredder.cuts().parts), (1, parts), "{raw}");
    };
    check(r#"{"a":1,"b":2,"c":3}"#, json!({"a":["1"],"b":["2"]}), 1);
    check(r#"{"a":{"b":{"c":{"d":[1,2]},"e":5}}}"#, json!({"a.b.e":["5"]}), 1);
    check(r#"{"long_path_name":1,"a":2}"#, json!({"a":["2"]}), 1);
    check(r#"{"a":"12345","b":"1234"}"#, json!({"b":["1234"]}), 1);
    check(r#"{"a":[1,2,3,4,5,6]}"#, json!({"a{}":["1","2","3","4"]}), 2);
}

#[test]
fn a_hundred_thousand_brackets_do_not_exhaust_the_stack() {
    let raw = format!("{{\"a\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let (batch, shredder) = shred(&[raw.as_bytes()], Limits::default());
    assert!(cells(&batch, 0).is_empty());
    assert_eq!(shredder.cuts().parts, 1);
}

#[test]
fn an_empty_batch_has_the_fixed_columns() {
    let (batch, _) = shred(&[], Limits::default());
    let schema = batch.schema();
    let names: Vec<_> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    assert_eq!(names, fixed::ALL);
}
