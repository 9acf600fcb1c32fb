use std::collections::BTreeSet;
use std::fs;

use super::testing::{cx, example, value};
use super::*;

#[test]
fn the_corpus_of_expressions_holds() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/corpus/eval");
    let mut wrong = Vec::new();
    let mut count = 0;
    for file in fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "txt") {
            continue;
        }
        for line in fs::read_to_string(&path).unwrap().lines() {
            if line.starts_with('#') || line.is_empty() {
                continue;
            }
            let (expression, expected) = line.split_once(" =>").unwrap();
            let found = value(expression);
            count += 1;
            if found != expected.strip_prefix(' ').unwrap_or(expected) {
                wrong.push(format!("{line}\n    found {found}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 200, "{count}");
}

#[test]
fn an_expression_ends_where_it_cannot_go_on() {
    for (source, expression) in [
        ("port=21 as x", "port=21"),
        ("a + b, c=d", "a + b"),
        ("thing=\"x\" | stats count", "thing=\"x\""),
        ("a=b] more", "a=b"),
        ("a)", "a"),
        ("count by thing", "count"),
        ("a b", "a"),
        ("a = b = c", "a = b"),
    ] {
        let (parsed, end) = parse_expression(source, 0).unwrap();
        assert_eq!(source.get(..end).unwrap(), expression);
        assert_eq!(parsed.span(), 0..end);
    }
}

#[test]
fn spans_and_errors_count_from_the_start_of_the_search() {
    let source = "index=iot | where lowr(thing)=1";
    let error = parse_expression(source, 18).unwrap_err();
    assert_eq!((error.at, error.position(source)), (18, (1, 19)));
    let (parsed, end) = parse_expression("x=1 | eval y=a+1", 13).unwrap();
    assert_eq!((parsed.span(), end), (13..16, 16));
}

#[test]
fn the_fields_of_an_expression_are_known() {
    let source = "if('a{}.b' > c.d, mvfilter(match(e, \"f\")), \"g\" . g - 1)";
    let (parsed, _) = parse_expression(source, 0).unwrap();
    assert_eq!(parsed.fields(), BTreeSet::from(["a{}.b", "c.d", "e", "g"]));
}

#[test]
fn deep_nesting_is_refused_and_long_chains_are_not() {
    let deep = format!("{}1{}", "(".repeat(33), ")".repeat(33));
    assert!(parse_expression(&deep, 0).unwrap_err().message.contains("nesting"));
    assert!(parse_expression(&"NOT ".repeat(100_000), 0).is_err());
    assert!(parse_expression(&"-".repeat(100_000), 0).is_err());
    let long = vec!["port!=1"; 5000].join(" AND ");
    assert_eq!(value(&long), "true");
    assert_eq!(value(&vec!["1"; 5000].join("+")), "5000");
    assert_eq!(value(&vec!["port"; 5000].join("+")), "44415000");
}

/// What the expression becomes for the example row.
fn lowered(source: &str) -> String {
    let schema = DFSchema::try_from(example().schema()).unwrap();
    let (expression, _) = parse_expression(source, 0).unwrap();
    let predicate = expression.lower_predicate(&schema, &cx());
    predicate.or_else(|_| expression.lower(&schema, &cx())).unwrap().to_string()
}

#[test]
fn what_datafusion_knows_is_left_to_it() {
    for source in [
        "port > 1024",
        "1024 < port",
        "thing = \"pump-17\"",
        "thing != \"x\" AND isnotnull(port)",
        "isnull('ports{}') OR NOT temperature >= 20",
        "_time >= relative_time(now(), \"-1h@h\")",
        "port IN (21, 22)",
        "thing LIKE \"pump%\"",
        "port * 8 / 1024 > 1.5",
        "if(port=21, 1, 0)",
        "missing = 1",
        "port + 1",
    ] {
        assert!(!lowered(source).contains("spl_eval"), "{source}: {}", lowered(source));
    }
}

#[test]
fn the_parts_of_a_condition_are_seen_one_by_one() {
    let text = lowered("port > 1024 AND match(thing, \"^pump\")");
    assert!(text.contains("port > Int64(1024) AND spl_eval"), "{text}");
}

#[test]
fn a_field_cannot_hold_a_condition_and_a_filter_needs_one() {
    let schema = DFSchema::try_from(example().schema()).unwrap();
    let (condition, _) = parse_expression("port=1", 0).unwrap();
    assert!(condition.lower(&schema, &cx()).unwrap_err().message.contains("if(condition"));
    let (text, _) = parse_expression("thing", 0).unwrap();
    assert!(text.lower_predicate(&schema, &cx()).unwrap_err().message.contains("not a condition"));
    let (null, _) = parse_expression("if(1=1, null(), missing)", 0).unwrap();
    assert!(null.is_null(&schema, &cx()).unwrap());
}
