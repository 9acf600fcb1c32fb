use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, Float64Array, Int64Array, ListBuilder, RecordBatch, StringArray, StringBuilder,
    TimestampMillisecondArray,
};
use datafusion::datasource::MemTable;
use datafusion::logical_expr::{Expr, ident};
use datafusion::prelude::{SessionConfig, SessionContext};
use picket_core::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::value::{Reader, Value};

/// One event: time, order, group, number, text and ports.
type Event = (i64, &'static str, Option<i64>, Option<&'static str>, &'static [&'static str]);

/// Newest first, as searches see events.
const EVENTS: &[Event] = &[
    (9000, "a", Some(5), Some("x"), &["22", "80"]),
    (8000, "b", Some(1), Some("10"), &[]),
    (7000, "a", None, Some("9"), &["22"]),
    (6000, "a", Some(3), None, &["21", "22"]),
    (5000, "b", Some(3), Some("x"), &["443"]),
    (5000, "a", Some(8), Some("1.50"), &[]),
];

fn batch(events: &[(usize, Event)]) -> RecordBatch {
    let mut ports = ListBuilder::new(StringBuilder::new());
    for (_, (.., values)) in events {
        values.iter().for_each(|value| ports.values().append_value(value));
        ports.append(!values.is_empty());
    }
    let times: TimestampMillisecondArray = events.iter().map(|(_, event)| Some(event.0)).collect();
    let orders: Int64Array = events.iter().map(|(at, _)| i64::try_from(*at).ok()).collect();
    let groups: StringArray = events.iter().map(|(_, event)| Some(event.1)).collect();
    let numbers: Int64Array = events.iter().map(|(_, event)| event.2).collect();
    let halves = events.iter().map(|(_, event)| event.2.map(|n| f64::from(n as i32) / 2.0));
    let texts: StringArray = events.iter().map(|(_, event)| event.3).collect();
    RecordBatch::try_from_iter_with_nullable([
        ("_time", Arc::new(times) as ArrayRef, true),
        ("_seq", Arc::new(orders), true),
        ("group", Arc::new(groups), true),
        ("n", Arc::new(numbers), true),
        ("half", Arc::new(halves.collect::<Float64Array>()), true),
        ("text", Arc::new(texts), true),
        ("ports{}", Arc::new(ports.finish()), true),
    ])
    .unwrap()
}

/// The events dealt out to so many partitions, each with batches of one event.
fn partitions(count: usize) -> Vec<Vec<RecordBatch>> {
    let events: Vec<_> = EVENTS.iter().copied().enumerate().collect();
    (0..count)
        .map(|part| {
            let own = events.iter().filter(|(at, _)| at % count == part);
            own.map(|event| batch(std::slice::from_ref(event))).collect()
        })
        .collect()
}

/// What a call gives for each group in order, or for all events; values joined by `|`.
fn results(call: &str, by: Option<&str>, partition_count: usize) -> Result<String, SplError> {
    let (call, end) = parse_call(call, 0)?;
    assert_eq!(end, call.default_name().len());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    runtime.block_on(async {
        let config = SessionConfig::new().with_target_partitions(partition_count);
        let session = SessionContext::new_with_config(config);
        let data = partitions(partition_count);
        let table = MemTable::try_new(batch(&[]).schema(), data).unwrap();
        let frame = session.read_table(Arc::new(table)).unwrap();
        let eval = EvalCx::utc(Timestamp::from_millis(0));
        let cx = AggregateCx {
            time: Some(ident("_time")),
            order: Some(ident("_seq")),
            span_seconds: None,
            eval: &eval,
        };
        let lowered = call.lower(frame.schema(), &cx)?.alias("result");
        let groups: Vec<Expr> = by.map(ident).into_iter().collect();
        let mut frame = frame.aggregate(groups, vec![lowered]).unwrap();
        if let Some(by) = by {
            frame = frame.sort(vec![ident(by).sort(true, false)]).unwrap();
        }
        let batches = frame.collect().await.unwrap();
        let mut printed = Vec::new();
        for batch in batches {
            let column = batch.column_by_name("result").unwrap();
            let reader = Reader::new(column).unwrap();
            printed.extend((0..batch.num_rows()).map(|row| {
                let value = reader.value(row);
                match value {
                    None => "null".to_owned(),
                    // Sums of fractions depend on their order in the last digits.
                    Some(Value::Number(n)) => {
                        format!("{:.6}", n).parse::<f64>().unwrap().to_string()
                    }
                    Some(value) => Value::into_items(value).join("|"),
                }
            }));
        }
        Ok(printed.join(" ; "))
    })
}

#[test]
fn every_function_gives_its_result_however_events_are_split() {
    for (call, all, by_group) in [
        ("count", "6", "4 ; 2"),
        ("c", "6", "4 ; 2"),
        ("count(n)", "5", "3 ; 2"),
        ("count(ports{})", "6", "5 ; 1"),
        ("count(missing)", "0", "0 ; 0"),
        ("count(eval(n>2))", "4", "3 ; 1"),
        ("count(eval(match(text, \"^x\")))", "2", "1 ; 1"),
        ("count(eval(nullif(n, 3)))", "3", "2 ; 1"),
        ("dc(n)", "4", "3 ; 2"),
        ("distinct_count(text)", "4", "3 ; 2"),
        ("dc(ports{})", "4", "3 ; 1"),
        ("dc(missing)", "0", "0 ; 0"),
        ("sum(n)", "20", "16 ; 4"),
        ("sum(half)", "10", "8 ; 2"),
        ("sum(text)", "20.5", "10.5 ; 10"),
        ("sum(ports{})", "610", "167 ; 443"),
        ("sum(eval(n*2))", "40", "32 ; 8"),
        ("sum(missing)", "null", "null ; null"),
        ("avg(n)", "4", "5.333333 ; 2"),
        ("mean(text)", "6.833333", "5.25 ; 10"),
        ("min(n)", "1", "3 ; 1"),
        ("max(half)", "4", "4 ; 1.5"),
        ("min(text)", "1.50", "1.50 ; 10"),
        ("max(text)", "x", "x ; x"),
        ("max(ports{})", "443", "80 ; 443"),
        ("max(_time)", "9", "9 ; 8"),
        ("range(n)", "7", "5 ; 2"),
        ("sumsq(n)", "108", "98 ; 10"),
        ("var(n)", "7", "6.333333 ; 2"),
        ("varp(n)", "5.6", "4.222222 ; 1"),
        ("stdevp(half)", "1.183216", "1.027402 ; 0.5"),
        ("median(n)", "3", "5 ; 3"),
        ("p50(n)", "3", "5 ; 3"),
        ("perc95(n)", "8", "8 ; 3"),
        ("exactperc99.9(n)", "8", "8 ; 3"),
        ("perc0(n)", "1", "3 ; 1"),
        ("mode(text)", "x", "x ; 10"),
        ("mode(n)", "3", "5 ; 1"),
        ("values(text)", "1.50|10|9|x", "1.50|9|x ; 10|x"),
        ("values(ports{})", "21|22|443|80", "21|22|80 ; 443"),
        ("values(missing)", "null", "null ; null"),
        ("list(n)", "5|1|3|3|8", "5|3|8 ; 1|3"),
        ("list(ports{})", "22|80|22|21|22|443", "22|80|22|21|22 ; 443"),
        ("first(n)", "5", "5 ; 1"),
        ("last(n)", "8", "8 ; 3"),
        ("first(ports{})", "22", "22 ; 443"),
        ("last(ports{})", "443", "22 ; 443"),
        ("latest(text)", "x", "x ; 10"),
        ("earliest(text)", "1.50", "1.50 ; x"),
        ("earliest(n)", "8", "8 ; 3"),
        ("earliest_time(n)", "5", "5 ; 5"),
        ("latest_time(text)", "9", "9 ; 8"),
        ("rate(n)", "-0.75", "-0.75 ; -0.666667"),
    ] {
        for partition_count in [1, 2, 3, 6] {
            assert_eq!(results(call, None, partition_count).unwrap(), all, "{call}");
            let found = results(call, Some("group"), partition_count).unwrap();
            assert_eq!(found, by_group, "{call} by group in {partition_count}");
        }
    }
}

#[test]
fn one_value_has_no_spread() {
    let mut one = tally::tally(Measure::Deviation { sample: true });
    one.add(tally::Sample { value: Value::Integer(4), time: None, order: 0 });
    assert_eq!(one.result(), Some(Value::Number(0.0)));
}

#[test]
fn calls_are_read_as_they_are_typed() {
    for (source, name, function, field) in [
        ("dc(p) as x", "dc(p)", "dc", "p"),
        ("count( value.count ) by y", "count( value.count )", "count", "value.count"),
        ("count(open-ports), sum(x)", "count(open-ports)", "count", "open-ports"),
        ("max('my field')", "max('my field')", "max", "my field"),
        ("values(\"My Field\")", "values(\"My Field\")", "values", "My Field"),
        ("P99.9(x)", "P99.9(x)", "P99.9", "x"),
        ("avg by z", "avg", "avg", "*"),
        ("sum(*_b)", "sum(*_b)", "sum", "*_b"),
    ] {
        let (call, end) = parse_call(source, 0).unwrap_or_else(|e| panic!("{source}: {e}"));
        assert_eq!((call.default_name(), source.get(..end).unwrap()), (name, name));
        assert_eq!(call.function_name(), function);
        assert!(matches!(call.argument(), Argument::Field(found) if found == field), "{source}");
    }
    let (call, _) = parse_call("sum(*_b)", 0).unwrap();
    assert_eq!(call.pattern(), Some("*_b"));
    assert_eq!(call.with_argument("x_b").default_name(), "sum(x_b)");
}

#[test]
fn expressions_of_fields_inside_a_call_are_read_to_their_end() {
    let source = "stats count(eval(p=\"tcp\" OR match(q, \"\\)\"))) as n";
    let (call, end) = parse_call(source, 6).unwrap();
    assert_eq!(source.get(end..).unwrap(), " as n");
    assert_eq!(call.fields(), ["p", "q"]);
    assert_eq!(call.default_name(), "count(eval(p=\"tcp\" OR match(q, \"\\)\")))");
    let (call, _) = parse_call("latest(x)", 0).unwrap();
    assert_eq!(call.fields(), ["x", "_time"]);
    assert!(call.needs_order() && call.needs_time());
}

#[test]
fn what_is_no_call_says_what_is() {
    for (source, message) in [
        ("cuont", "there is no stats function `cuont`; did you mean `count`?"),
        ("sum()", "sum() takes a field"),
        ("perc(x)", "takes a percentage from 0 to 100"),
        ("p101(x)", "takes a percentage from 0 to 100"),
        ("sum95(x)", "there is no stats function `sum95`"),
        ("sum(a b)", "quote field names with blanks"),
        ("sum(a/b)", ""),
        ("sum(lower(a))", "put expressions in eval(…)"),
        ("sum(a", "the search ends where `)` is expected"),
        ("avg(eval(nosuch(x)))", "there is no function `nosuch`"),
        ("sparkline(count)", "not supported"),
        ("=", "expected a stats function"),
    ] {
        match parse_call(source, 0) {
            Err(error) => assert!(error.message.contains(message), "{source}: {error}"),
            Ok(_) => assert_eq!(message, "", "{source}"),
        }
    }
    assert!(results("per_second(n)", None, 1).unwrap_err().message.contains("timechart"));
    assert!(results("sum(eval(n>1))", None, 1).is_err());
}

#[test]
fn a_list_is_cut_and_a_percentile_of_many_values_is_near() {
    let mut list = tally::tally(Measure::List);
    let mut percentile = tally::tally(Measure::Percentile { percent: 90.0, exact: false });
    let mut exact = tally::tally(Measure::Percentile { percent: 90.0, exact: true });
    for n in 0..20_000_i64 {
        let value = Value::Integer(n * 7919 % 20_000);
        let sample = || tally::Sample { value: value.clone(), time: None, order: 20_000 - n };
        list.add(sample());
        percentile.add(sample());
        exact.add(sample());
    }
    assert_eq!(Value::into_items(list.result().unwrap()).len(), 100);
    assert_eq!(exact.result(), Some(Value::Number(18_000.0)));
    let near = percentile.result().unwrap().number().unwrap();
    assert!((near - 18_000.0).abs() < 200.0, "{near}");
    assert!(percentile.size() < 64 * 1024, "{}", percentile.size());
}

proptest! {
    #[test]
    fn merging_parts_equals_adding_all(
        samples in prop::collection::vec((-50_i64..50, 0_usize..4), 1..60),
        percent in 1_u8..100,
    ) {
        let percentile = Measure::Percentile { percent: f64::from(percent), exact: false };
        for measure in [
            Measure::Sum, Measure::SumOfSquares, Measure::Min, Measure::Max, Measure::Range,
            Measure::Distinct, Measure::Values, Measure::List, Measure::Mode, Measure::First,
            Measure::Last, percentile,
        ] {
            let mut whole = tally::tally(measure);
            let mut parts: Vec<_> = (0..4).map(|_| tally::tally(measure)).collect();
            for (order, (value, part)) in samples.iter().enumerate() {
                let order = i64::try_from(order).unwrap();
                let sample = || tally::Sample { value: Value::Integer(*value), time: None, order };
                whole.add(sample());
                parts[*part].add(sample());
            }
            let mut merged = tally::tally(measure);
            parts.iter().rev().for_each(|part| merged.merge(part.save()));
            prop_assert_eq!(merged.result(), whole.result(), "{:?}", measure);
        }
    }
}
