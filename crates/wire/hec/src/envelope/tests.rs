//! Tests of the envelope parser.

use proptest::prelude::*;

use super::*;

fn parse(object: &str) -> Result<Envelope<'_>, ReplyCode> {
    Envelope::parse(object.as_bytes(), &Limits::default())
}

#[test]
fn the_bytes_of_an_object_event_are_kept_as_sent() {
    let sent = r#"{"sourcetype": "s", "event": {"b": 1.0,  "a":[ 2 ]}, "time": "1735689600.120"}"#;
    let envelope = parse(sent).unwrap();
    assert_eq!(envelope.event, EventBody::Json(r#"{"b": 1.0,  "a":[ 2 ]}"#));
    assert_eq!(envelope.sourcetype.as_deref(), Some("s"));
    assert_eq!(envelope.time, Some(Timestamp::from_millis(1_735_689_600_120)));
}

#[test]
fn the_text_of_a_string_event_is_unescaped() {
    assert_eq!(parse(r#"{"event":"a\nb"}"#).unwrap().event, EventBody::Text("a\nb".into()));
    assert_eq!(parse(r#"{"event":"plain"}"#).unwrap().event, EventBody::Text("plain".into()));
}

#[test]
fn each_fault_has_its_code() {
    for (object, code) in [
        (r#"{"a":1"#, 6),
        (r#"{"event":1]"#, 6),
        (r#"{"event":"\ud800"}"#, 6),
        (r#"{"event":1,"host":7}"#, 6),
        (r#"{}"#, 12),
        (r#"{"evnt":1}"#, 12),
        (r#"{"event":null}"#, 13),
        (r#"{"event":""}"#, 13),
        (r#"{"event":1,"time":"soon"}"#, 15),
        (r#"{"event":1,"time":1e9}"#, 15),
        (r#"{"event":1,"time":null}"#, 15),
        (r#"{"event":1,"fields":[1]}"#, 15),
        (r#"{"event":1,"fields":{"a":{"b":1}}}"#, 15),
        (r#"{"event":1,"fields":{"a":null}}"#, 15),
    ] {
        assert_eq!(parse(object).map_err(ReplyCode::number), Err(code), "{object}");
    }
}

#[test]
fn fields_may_be_texts_numbers_booleans_and_lists() {
    let envelope = parse(r#"{"event":{},"fields":{"a":"x","b":1.50,"c":true,"d":["y","z"]}}"#);
    let fields: Vec<(String, Vec<String>)> = envelope.unwrap().fields;
    let text = |list: &[&str]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(
        fields,
        [
            ("a".to_owned(), text(&["x"])),
            ("b".to_owned(), text(&["1.50"])),
            ("c".to_owned(), text(&["true"])),
            ("d".to_owned(), text(&["y", "z"])),
        ]
    );
}

#[test]
fn fields_without_an_event_are_a_metric_or_nothing() {
    let metric = parse(r#"{"fields":{"metric_name:cpu":1}}"#).unwrap();
    assert_eq!(metric.event, EventBody::Metric(r#"{"metric_name:cpu":1}"#));
    assert_eq!(parse(r#"{"fields":{"a":1}}"#).unwrap().event, EventBody::Nothing);
}

#[test]
fn unknown_keys_are_counted_and_have_no_effect() {
    assert_eq!(parse(r#"{"event":1,"x":{},"y":2}"#).unwrap().unknown_keys, 2);
}

fn walk(body: &[u8], limits: Limits) -> (usize, Option<Rejected>) {
    let mut taken = 0;
    for next in Events::new(body, limits) {
        match next {
            Ok(_) => taken += 1,
            Err(rejected) => return (taken, Some(rejected)),
        }
    }
    (taken, None)
}

#[test]
fn the_objects_before_the_bad_one_are_given_out() {
    let body = br#"{"event":1}{"event":2}{"event":null}{"event":4}"#;
    let rejected = Rejected { number: 2, code: ReplyCode::EventBlank };
    assert_eq!(walk(body, Limits::default()), (2, Some(rejected)));
    assert_eq!(walk(br#"{"event":1}{"ev"#, Limits::default()).0, 1);
    assert_eq!(walk(b"[{\"event\":1},{\"event\":2}]", Limits::default()), (2, None));
}

#[test]
fn an_incorrect_index_names_the_object_after_the_bad_one() {
    let rejected = Rejected { number: 3, code: ReplyCode::IncorrectIndex };
    assert_eq!(rejected.invalid_event_number(), 4);
    assert_eq!(Rejected { code: ReplyCode::NoData, ..rejected }.invalid_event_number(), 3);
}

#[test]
fn depth_size_and_count_are_limited() {
    let limits = Limits { depth_max: 4, event_bytes_max: 64, events_max: 2, ..Limits::default() };
    assert_eq!(walk(br#"{"event":[[[[1]]]]}"#, limits).1.unwrap().code.number(), 6);
    let large = format!("{{\"event\":\"{}\"}}", "x".repeat(64));
    assert_eq!(walk(large.as_bytes(), limits).1.unwrap().code.number(), 6);
    assert_eq!(walk(&br#"{"event":1}"#.repeat(3), limits).0, 2);
    let many = Limits { field_values_max: 1, ..Limits::default() };
    assert_eq!(walk(br#"{"event":1,"fields":{"a":["1","2"]}}"#, many).1.unwrap().code.number(), 15);
}

#[test]
fn nesting_without_end_is_refused_without_a_deep_stack() {
    let body = format!("{{\"event\":{}", "[".repeat(1_000_000));
    assert_eq!(walk(body.as_bytes(), Limits::default()).0, 0);
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(body in prop::collection::vec(any::<u8>(), 0..200)) {
        walk(&body, Limits::default());
    }

    #[test]
    fn arbitrary_json_like_bytes_never_panic(
        parts in prop::collection::vec(prop::sample::select(vec![
            "{", "}", "[", "]", "\"event\"", ":", ",", "1", "\"\\u0041\"", "null", "\"fields\"",
            "\"time\"", " ", "\"", "\\", "1e5", "\u{feff}",
        ]), 0..40),
    ) {
        walk(parts.concat().as_bytes(), Limits::default());
    }

    #[test]
    fn any_text_comes_back_as_sent(text in "\\PC{1,40}", host in "\\PC{1,10}") {
        let object = serde_json::json!({"event": text, "host": host}).to_string();
        let envelope = parse(&object).unwrap();
        prop_assert_eq!(envelope.event, EventBody::Text(text.into()));
        prop_assert_eq!(envelope.host.as_deref(), Some(host.as_str()));
    }
}
