use proptest::prelude::*;

use super::*;
use crate::{MqttProperties, Template};

fn with_input<T>(payload: &[u8], use_it: impl FnOnce(&Input<'_>) -> T) -> T {
    let payload = Bytes::copy_from_slice(payload);
    use_it(&Input {
        topic: "plant/pump-17/data",
        payload: &payload,
        client_id: Some("pump-17"),
        principal: Some("ab12"),
        account_id: "000000000000",
        now: picket_core::Timestamp::from_millis(1_735_689_600_120),
        trace_id: None,
        properties: MqttProperties::default(),
        random: &|| 7,
    })
}

fn run_as(version: SqlVersion, sql: &str, payload: &[u8]) -> Evaluation {
    let statement = Statement::parse(sql, version).unwrap_or_else(|e| panic!("{sql}: {e}"));
    with_input(payload, |input| statement.evaluate(input))
}

fn run(sql: &str, payload: &[u8]) -> Evaluation {
    run_as(SqlVersion::V2016, sql, payload)
}

fn check(sql: &str, payload: &str, expected: &str) {
    match run(sql, payload.as_bytes()).outcome {
        Outcome::Emit(emission) => assert_eq!(emission.bytes, expected, "{sql}"),
        other => panic!("{sql}: {other:?}"),
    }
}

fn check_no_match(sql: &str, payload: &str) {
    assert_eq!(run(sql, payload.as_bytes()).outcome, Outcome::NoMatch, "{sql}");
}

fn check_value(expression: &str, expected: &str) {
    check(
        &format!("SELECT VALUE {expression}"),
        r#"{"a":5,"s":"x","o":{"b":1.5},"n":null}"#,
        expected,
    );
}

fn check_error(sql: &str, expected: &str) {
    let error = Statement::parse(sql, SqlVersion::V2016).unwrap_err().to_string();
    assert!(error.contains(expected), "{sql}: {error}");
}

#[test]
fn a_star_alone_passes_the_bytes_through() {
    for payload in [&b"{ \"a\" : 1.0 }"[..], b"\xff\x00 not json", b""] {
        let Evaluation { outcome: Outcome::Emit(emission), payload_unreadable: false } =
            run("SELECT * FROM 'a/#'", payload)
        else {
            panic!("no emission")
        };
        assert!(emission.unchanged);
        assert_eq!(emission.bytes, payload);
    }
}

#[test]
fn a_star_with_more_adds_to_the_object() {
    check("SELECT *, topic(2) AS thing", r#"{"a":1,"thing":0}"#, r#"{"a":1,"thing":"pump-17"}"#);
    check("SELECT *, 1 AS k", "", r#"{"k":1}"#);
    let failed = run("SELECT *, 1 AS k", b"[1]").outcome;
    assert!(matches!(failed, Outcome::Failed(_)));
}

#[test]
fn items_are_named_by_alias_or_by_their_last_segment() {
    check(
        "SELECT a, o.b, a + 1, a AS x.y, 2 AS x.z",
        r#"{"a":1,"o":{"b":2}}"#,
        r#"{"a":1,"b":2,"a + 1":2,"x":{"y":1,"z":2}}"#,
    );
    check("select a as b, missing", r#"{"a":1}"#, r#"{"b":1}"#);
    check("SELECT value FROM 't'", r#"{"value":3}"#, r#"{"value":3}"#);
    check("SELECT VALUE value FROM 't'", r#"{"value":3}"#, "3");
    check("SELECT VALUE missing", "{}", "");
}

#[test]
fn where_lets_only_true_pass() {
    check("SELECT a WHERE a > 3 AND NOT s = 'y'", r#"{"a":5,"s":"x"}"#, r#"{"a":5}"#);
    check("SELECT a WHERE s", r#"{"a":5,"s":"TRUE"}"#, r#"{"a":5}"#);
    check_no_match("SELECT * WHERE a > 3", r#"{"a":1}"#);
    check_no_match("SELECT * WHERE missing = 3", r#"{"a":1}"#);
    check_no_match("SELECT * WHERE missing <> 3", r#"{"a":1}"#);
    check_no_match("SELECT * WHERE a", r#"{"a":1}"#);
}

#[test]
fn an_unreadable_payload_is_undefined_and_reported() {
    let evaluation = run("SELECT a", b"\xff");
    assert!(evaluation.payload_unreadable);
    let Outcome::Emit(emission) = evaluation.outcome else { panic!() };
    assert_eq!(emission.bytes, "{}");
    check_value("encode(*, 'base64')", "\"eyJhIjo1LCJzIjoieCIsIm8iOnsiYiI6MS41fSwibiI6bnVsbH0=\"");
}

#[test]
fn operators_convert_as_documented() {
    check_value("7 / 2", "3");
    check_value("-7 / 2", "-3");
    check_value("7 / 2.0", "3.5");
    check_value("7 % 4", "3");
    check_value("1 / 0", "");
    check_value("'3' * '2.5'", "7.5");
    check_value("1 + 2 * 3 - 4", "3");
    check_value("(1 + 2) * 3", "9");
    check_value("1 + '2'", "\"12\"");
    check_value("'a' + o", "\"a{\\\"b\\\":1.5}\"");
    check_value("true + 1", "");
    check_value("n + 1", "");
    check_value("'10' > 9", "true");
    check_value("'x' > 9", "");
    check_value("1 = 1.0", "true");
    check_value("1 = '1'", "false");
    check_value("1 <> '1'", "true");
    check_value("n = null", "true");
    check_value("n <> null", "false");
    check_value("missing = 1", "");
    check_value("'TRUE' AND true", "true");
    check_value("1 OR true", "");
    check_value("9007199254740993 + 0", "9007199254740993");
    check_value("9223372036854775807 + 1", "9223372036854775808");
    check_value("--a", "5");
    check_value("10.0", "10");
}

#[test]
fn version_2015_keeps_decimals_and_lacks_the_newer_syntax() {
    let Outcome::Emit(emission) =
        run_as(SqlVersion::V2015, "SELECT VALUE a", br#"{"a":10.0}"#).outcome
    else {
        panic!()
    };
    assert_eq!(emission.bytes, "10.0");
    for sql in [
        "SELECT [1] AS a",
        "SELECT {'a': 1} AS a",
        "SELECT (SELECT b FROM c) AS a",
        "SELECT length('a')",
    ] {
        let error = Statement::parse(sql, SqlVersion::V2015).unwrap_err().to_string();
        assert!(error.contains("2016-03-23"), "{error}");
    }
}

#[test]
fn case_and_cast() {
    check_value("CASE a WHEN 4 THEN 'four' WHEN 5 THEN 'five' END", "\"five\"");
    check_value("CASE a WHEN 4 THEN 'four' ELSE 'many' END", "\"many\"");
    check_value("CASE missing WHEN 4 THEN 'four' ELSE 'many' END", "");
    check_value("CASE a WHEN 4 THEN 'four' END", "");
    check_value("cast('12.9' AS Int)", "12");
    check_value("cast(-1.5 as integer)", "-2");
    check_value("cast(true AS Decimal)", "1");
    check_value("cast(0 AS Bool)", "false");
    check_value("cast(a AS String)", "\"5\"");
    check_value("cast(n AS String)", "");
}

#[test]
fn nested_selects_follow_the_shape_of_their_path() {
    let payload =
        r#"{"e":[{"n":"t","v":1},{"n":"h","v":2},{"n":"t","v":3}],"o":{"a":1,"b":2,"c":3}}"#;
    check("SELECT VALUE (SELECT VALUE n FROM e)", payload, r#"["t","h","t"]"#);
    check("SELECT VALUE (SELECT v FROM e WHERE n = 't')", payload, r#"[{"v":1},{"v":3}]"#);
    check("SELECT VALUE (SELECT a, b FROM o)", payload, r#"{"a":1,"b":2}"#);
    check("SELECT get((SELECT v FROM e WHERE n = 'h'), 0).v AS h", payload, r#"{"h":2}"#);
    check("SELECT (SELECT * FROM e WHERE v > 2) AS big", payload, r#"{"big":[{"n":"t","v":3}]}"#);
}

#[test]
fn literals_of_objects_and_arrays() {
    check_value("{'a': a, 'm': missing, \"l\": [1, 's', {}]}", r#"{"a":5,"l":[1,"s",{}]}"#);
    check_value("{'a': {'b': 7}}.a.b", "7");
    check_value("'it''s'", "\"it's\"");
}

#[test]
fn the_filter_may_stand_without_quotes() {
    for sql in [
        "SELECT * FROM 'a/+/#' WHERE a = 1",
        "SELECT * FROM a/+/# WHERE a = 1",
        "SELECT * FROM \"a/+/#\"",
    ] {
        let statement = Statement::parse(sql, SqlVersion::V2015).unwrap();
        assert_eq!(statement.topic_filter(), Some("a/+/#"), "{sql}");
    }
    assert_eq!(Statement::parse("SELECT 1", SqlVersion::V2015).unwrap().topic_filter(), None);
}

#[test]
fn errors_name_the_place_and_the_nearest_word() {
    check_error(
        "SELEC *",
        "line 1, column 1: expected `SELECT`, found `SELEC`; did you mean `SELECT`?",
    );
    check_error(
        "SELECT *\nFORM 'a'",
        "line 2, column 1: expected the end, found `FORM`; did you mean `FROM`?",
    );
    check_error("SELECT * FROM 'a/#/b'", "column 15: `#` must be the last level");
    check_error("SELECT lenght(a)", "unknown function `lenght`; did you mean `length`?");
    check_error("SELECT topic(1, 2)", "topic() takes 0 to 1 arguments, 2 given");
    check_error("SELECT aws_lambda('x', a)", "aws_lambda() is not supported");
    check_error("SELECT 'a", "column 8: this string is not closed");
    check_error("SELECT a != 1", "column 10: write `<>`");
    check_error("SELECT cast(a AS Sting)", "unknown type `Sting`; did you mean `String`?");
    check_error("SELECT a[0]", "use get(array, index)");
    check_error("SELECT a +", "expected an expression, found the end");
    check_error("SELECT regexp_matches(a, '(')", "the regular expression");
    check_error("SELECT *; DROP", "unexpected character ';'");
    check_error("SELECT a WHERE", "expected an expression");
}

#[test]
fn depth_and_length_are_limited() {
    check_error(&format!("SELECT {}1{}", "(".repeat(5000), ")".repeat(5000)), "levels deep");
    check_error(&format!("SELECT {}1", "-".repeat(5000)), "levels deep");
    check_error(&format!("SELECT 1{}", "+1".repeat(5000)), "more than 500 operators");
    check_error(&format!("SELECT a{}", ".b".repeat(5000)), "more than 500 operators");
    check_error(&format!("SELECT [a{}]", ",a".repeat(5000)), "more than 500 operators");
    check_error(&format!("SELECT '{}'", "x".repeat(70_000)), "longer than 65536 bytes");
    check_value(&format!("1{}", "+1".repeat(499)), "500");
}

#[test]
fn results_stay_small_whatever_the_statement_multiplies() {
    let payload = format!(r#"{{"s":"{}","e":[{}1]}}"#, "x".repeat(100_000), "1,".repeat(999));
    let sum = format!("SELECT VALUE numbytes(s{})", "+s".repeat(20));
    check(&sum, &payload, "");
    let encoded = format!("SELECT VALUE {}s{}", "encode(".repeat(25), ",'base64')".repeat(25));
    check(&encoded, &payload, "");
    let product = "SELECT VALUE length((SELECT VALUE (SELECT VALUE 1 FROM e) FROM e))";
    let start = std::time::Instant::now();
    let Outcome::Emit(_) = run(product, payload.as_bytes()).outcome else { panic!() };
    assert!(start.elapsed().as_secs() < 5);
}

#[test]
fn templates_mix_text_and_expressions() {
    let render = |text: &str| {
        let template = Template::parse(text, SqlVersion::V2016).unwrap();
        with_input(br#"{"a":5,"o":{"x":"}"}}"#, |input| template.render(input).into_owned())
    };
    assert_eq!(render("plain"), "plain");
    assert_eq!(render("x/${topic(2)}/${a + 1}-${missing}"), "x/pump-17/6-");
    assert_eq!(render("${get({'k': '}'}, 'k')}!"), "}!");
    assert_eq!(render("$$aws/${o.x}"), "$$aws/}");
    let error = Template::parse("a/${b", SqlVersion::V2016).unwrap_err().to_string();
    assert!(error.contains("column 6: expected `}`"), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn arbitrary_text_never_panics(text in ".{0,80}", payload in any::<Vec<u8>>()) {
        let _template = Template::parse(&text, SqlVersion::V2016);
        if let Ok(statement) = Statement::parse(&text, SqlVersion::V2016) {
            with_input(&payload, |input| statement.evaluate(input));
        }
    }

    #[test]
    fn sequences_of_words_of_the_language_never_panic(
        words in prop::collection::vec(prop::sample::select(vec![
            "SELECT", "*", "FROM", "'a'", "WHERE", "(", ")", ",", "a", ".", "b", "1", "-", "+", "/",
            "0", "9223372036854775807", "1e300", "CASE", "WHEN", "THEN", "END", "[", "]", "{", "}",
            ":", "'x'", "get(", "substring(", "trunc(", "cast(", "AS", "Int", "VALUE", "NOT", "=",
        ]), 0..14),
        payload in prop::sample::select(vec!["{}", "[1]", r#"{"a":{"b":[1,2]}}"#, "", "\"€\""]),
    ) {
        let sql = format!("SELECT {}", words.join(" "));
        if let Ok(statement) = Statement::parse(&sql, SqlVersion::V2016) {
            with_input(payload.as_bytes(), |input| statement.evaluate(input));
        }
    }

    #[test]
    fn arithmetic_agrees_with_plain_integers(a in -1000_i64..1000, b in -1000_i64..1000) {
        for (operator, expected) in [
            ("+", Some(a + b)), ("-", Some(a - b)), ("*", Some(a * b)),
            ("/", a.checked_div(b)), ("%", a.checked_rem(b)),
        ] {
            let expected = expected.map(|n| n.to_string()).unwrap_or_default();
            check_value(&format!("({a}) {operator} ({b})"), &expected);
        }
    }
}
