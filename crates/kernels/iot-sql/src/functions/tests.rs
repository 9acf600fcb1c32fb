use super::*;
use crate::{Outcome, Statement};

const PAYLOAD: &[u8] = b"{}";

fn value(expression: &str) -> String {
    let sql = format!("SELECT VALUE {expression}");
    let statement =
        Statement::parse(&sql, SqlVersion::V2016).unwrap_or_else(|e| panic!("{sql}: {e}"));
    let user = [("site", "north"), ("site", "south")].map(|(k, v)| (k.to_owned(), v.to_owned()));
    let payload = bytes::Bytes::from_static(PAYLOAD);
    let evaluation = statement.evaluate(&Input {
        topic: "plant/pump-17/data",
        payload: &payload,
        client_id: Some("pump-17"),
        principal: Some("ab12"),
        account_id: "000000000000",
        now: picket_core::Timestamp::from_millis(1_735_689_600_120),
        trace_id: None,
        properties: crate::MqttProperties {
            content_type: Some("application/json"),
            user: &user,
            ..crate::MqttProperties::default()
        },
        random: &|| 0x1234_5678_9abc_def0_1234_5678_9abc_def0,
    });
    match evaluation.outcome {
        Outcome::Emit(emission) => String::from_utf8(emission.bytes.to_vec()).unwrap(),
        other => panic!("{expression}: {other:?}"),
    }
}

#[test]
fn every_function_keeps_its_examples() {
    for function in ALL {
        assert!(!function.examples.is_empty(), "{} has no example", function.name);
        assert!(function.doc.ends_with('.'), "{}", function.name);
        for (expression, expected) in function.examples {
            assert_eq!(value(expression), *expected, "{expression}");
        }
    }
}

#[test]
fn names_are_sorted_and_unique() {
    let names: Vec<_> = ALL.iter().map(|function| function.name).collect();
    let mut sorted = names.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(names, sorted);
}
