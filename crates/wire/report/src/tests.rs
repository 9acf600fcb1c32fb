//! What agents send, what is refused and with which words, and round trips.

use std::net::IpAddr;
use std::path::Path;

use proptest::prelude::*;

use super::*;

fn json(text: &str) -> Result<Report, ReportError> {
    decode(Format::Json, text.as_bytes())
}

/// A JSON report with `metrics` as its block of built-in metrics.
fn with_metrics(metrics: &str) -> String {
    format!(r#"{{"header":{{"report_id":1,"version":"1.0"}},"metrics":{metrics}}}"#)
}

fn with_custom(custom: &str) -> String {
    format!(r#"{{"hed":{{"rid":1,"v":"1.0"}},"cmet":{custom}}}"#)
}

/// The same document as CBOR, with whatever odd shapes it has.
fn as_cbor(text: &str) -> Vec<u8> {
    let value: serde_json::Value = serde_json::from_str(text).unwrap();
    let mut out = Vec::new();
    ciborium::into_writer(&value, &mut out).unwrap();
    out
}

fn check_refused(document: &str, message: &str) {
    assert_eq!(json(document).unwrap_err().to_string(), message, "{document}");
    assert_eq!(decode(Format::Cbor, &as_cbor(document)).unwrap_err().to_string(), message);
}

/// Each corpus file holds `{"sent": REPORT, "means": REPORT in plain long form}`.
#[test]
fn reports_of_real_agents_mean_what_they_should() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let mut files = 0;
    for entry in std::fs::read_dir(corpus).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let case: serde_json::Value = serde_json::from_str(&text).unwrap();
        let (sent, means) = (case["sent"].to_string(), case["means"].to_string());
        let report = json(&sent).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        assert_eq!(Ok(&report), decode(Format::Cbor, &as_cbor(&sent)).as_ref());
        let written = encode(Format::Json, Names::Long, &report);
        let written: serde_json::Value = serde_json::from_slice(&written).unwrap();
        let expected: serde_json::Value = serde_json::from_str(&means).unwrap();
        assert_eq!(written, expected, "{}", path.display());
        files += 1;
    }
    assert!(files >= 8, "the corpus is where it should be");
}

#[test]
fn a_refusal_names_the_field_in_long_names() {
    check_refused(
        &with_metrics(r#"{"tp":{"pts":[{"pt":22},{"pt":22},{"pt":22},{"pt":"ssh"}]}}"#),
        "metrics.listening_tcp_ports.ports[3].port: must be a whole number, not text",
    );
    check_refused(
        &with_metrics(r#"{"listening_udp_ports":{"ports":[{"interface":"eth0"}]}}"#),
        "metrics.listening_udp_ports.ports[0].port: is missing",
    );
    check_refused(
        &with_metrics(r#"{"tp":{"pts":[{"pt":70000}]}}"#),
        "metrics.listening_tcp_ports.ports[0].port: must be between 1 and 65535, not 70000",
    );
    check_refused(
        &with_metrics(r#"{"ns":{"bi":-1}}"#),
        "metrics.network_stats.bytes_in: must be a whole number from 0 to 18446744073709551615",
    );
    check_refused(
        &with_metrics(r#"{"tc":{"ec":{"cs":[{"rad":"nowhere:1"}]}}}"#),
        "metrics.tcp_connections.established_connections.connections[0].remote_addr: must be an IP \
         address and a port, for example 192.0.2.1:443",
    );
    check_refused(&with_metrics("[]"), "metrics: must be an object, not a list");
}

#[test]
fn the_header_and_one_block_are_required() {
    check_refused("{}", "header: is missing");
    check_refused(r#"{"hed":{"v":"1.0"},"met":{}}"#, "header.report_id: is missing");
    check_refused(r#"{"hed":{"rid":0,"v":"1.0"},"met":{}}"#, "header.report_id: must be positive");
    check_refused(r#"{"hed":{"rid":1},"met":{}}"#, "header.version: is missing");
    check_refused(
        r#"{"hed":{"rid":1,"v":"2.0"},"met":{}}"#,
        "header.version: major version 2 is not understood; send 1.0",
    );
    check_refused(r#"{"hed":{"rid":1,"v":"1.0"}}"#, "has neither `metrics` nor `custom_metrics`");
    check_refused(
        r#"{"hed":{"rid":1,"v":"1.0"},"header":{"rid":2,"v":"1.0"},"met":{}}"#,
        "header: is given twice",
    );
}

#[test]
fn the_id_is_known_even_if_a_later_field_is_wrong() {
    assert_eq!(json(&with_metrics("7")).unwrap_err().report_id, Some(1));
    assert_eq!(json(r#"{"hed":{"rid":5}}"#).unwrap_err().report_id, Some(5));
    assert_eq!(json("{").unwrap_err().report_id, None);
}

#[test]
fn a_negative_number_is_told_from_other_wrong_ones() {
    for (delta, is_negative) in
        [("-1", true), ("-0.5", true), ("1.5", false), ("1e30", false), ("true", false)]
    {
        let report = with_metrics(&format!(r#"{{"ns":{{"bi":{delta}}}}}"#));
        assert_eq!(json(&report).unwrap_err().is_negative, is_negative, "{delta}");
    }
}

#[test]
fn a_custom_value_must_be_a_list_of_one_object() {
    check_refused(
        &with_custom(r#"{"m":{"number":0}}"#),
        "custom_metrics.m: must be a list of exactly one object, for example [{\"number\": 1}], not \
         an object",
    );
    check_refused(
        &with_custom(r#"{"m":[]}"#),
        "custom_metrics.m: must be a list of exactly one object, for example [{\"number\": 1}]; it \
         has 0 entries",
    );
    check_refused(
        &with_custom(r#"{"m":[{"number":1,"ip_list":[]}]}"#),
        "custom_metrics.m[0]: must have exactly one member",
    );
    check_refused(
        &with_custom(r#"{"m":[{"numbers":[1]}]}"#),
        "custom_metrics.m[0].numbers: is no kind of value; the kinds are number, number_list, \
         string_list and ip_list",
    );
}

#[test]
fn a_custom_value_that_breaks_a_rule_is_left_out_and_the_report_accepted() {
    let custom = r#"{"long":[{"number":0.1234567890123456}],"texts":[{"string_list":["a b"]}],
        "ips":[{"ip_list":["10.0.0.0/8"]}],"aws:x":[{"number":1}],"fine":[{"number":-71.5}]}"#;
    let report = json(&with_custom(custom)).unwrap();
    let kept = vec![("fine".to_owned(), CustomValue::Number(-71.5))];
    assert_eq!(report.custom_metrics, Some(kept));
    let names: Vec<_> = report.not_retained.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["long", "texts", "ips", "aws:x"]);
}

#[test]
fn a_32_bit_float_in_cbor_is_not_taken_for_a_number_of_too_many_digits() {
    // {"hed":{"rid":1,"v":"1.0"},"cmet":{"t":[{"number":21.1 as a 32-bit float}]}}
    let mut bytes =
        b"\xa2\x63hed\xa2\x63rid\x01\x61v\x631.0\x64cmet\xa1\x61t\x81\xa1\x66number\xfa".to_vec();
    bytes.extend(21.1_f32.to_be_bytes());
    let report = decode(Format::Cbor, &bytes).unwrap();
    assert!(report.not_retained.is_empty());
}

#[test]
fn indefinite_lengths_and_numbers_as_text_are_read_from_cbor() {
    // The C agent: indefinite maps and lists, local port as text.
    let bytes =
        b"\xbf\x63hed\xbf\x63rid\x07\x61v\x631.0\xff\x63met\xbf\x62tc\xbf\x62ec\xbf\x62cs\x9f\
        \xbf\x63rad\x6b10.0.0.1:80\x62lp\x6549152\xff\xff\x61t\x01\xff\xff\xff\xff";
    let report = decode(Format::Cbor, bytes).unwrap();
    let connections = report.metrics.unwrap().established_connections.unwrap();
    assert_eq!(connections.connections.unwrap()[0].local_port, Some(49152));
    assert_eq!((report.report_id, connections.total), (7, Some(1)));
}

#[test]
fn limits_hold_on_size_lists_metrics_and_depth() {
    let large = with_metrics(&format!("{{\"x\":\"{}\"}}", "a".repeat(REPORT_BYTES_MAX)));
    assert!(json(&large).unwrap_err().to_string().ends_with("at most 131072 are allowed"));

    let ports = vec![r#"{"pt":1}"#; LIST_ENTRIES_MAX + 1].join(",");
    check_refused(
        &with_metrics(&format!(r#"{{"tp":{{"pts":[{ports}]}}}}"#)),
        "metrics.listening_tcp_ports.ports: has 1001 entries; at most 1000 are allowed",
    );

    let many: Vec<_> =
        (0..=CUSTOM_METRICS_MAX).map(|n| format!(r#""m{n}":[{{"number":1}}]"#)).collect();
    check_refused(
        &with_custom(&format!("{{{}}}", many.join(","))),
        "custom_metrics: holds 1001 metrics; at most 1000 are allowed",
    );

    let deep = with_metrics(&format!(r#"{{"x":{}{}}}"#, "[".repeat(5000), "]".repeat(5000)));
    let problem = json(&deep).unwrap_err().problem;
    assert!(problem.contains("nested deeper than 16 levels"), "{problem}");
    let deep_cbor = [vec![0x81; 60_000], vec![0]].concat();
    assert!(decode(Format::Cbor, &deep_cbor).is_err());
}

#[test]
fn bytes_after_the_document_are_refused() {
    assert!(json(&format!("{} x", with_metrics("{}"))).is_err());
    let mut bytes = as_cbor(&with_metrics("{}"));
    bytes.push(0);
    let problem = decode(Format::Cbor, &bytes).unwrap_err().problem;
    assert_eq!(problem, "not valid CBOR: 1 bytes follow the document");
}

fn interface() -> impl Strategy<Value = Option<String>> {
    proptest::option::of("\\PC{0,8}")
}

fn count() -> impl Strategy<Value = Option<u64>> {
    proptest::option::of(any::<u64>())
}

fn listening() -> impl Strategy<Value = ListeningPorts> {
    let port =
        (1..=u16::MAX, interface()).prop_map(|(port, interface)| ListeningPort { port, interface });
    (proptest::option::of(proptest::collection::vec(port, 0..5)), count())
        .prop_map(|(ports, total)| ListeningPorts { ports, total })
}

fn stats() -> impl Strategy<Value = NetworkStats> {
    (count(), count(), count(), count()).prop_map(
        |(bytes_in, bytes_out, packets_in, packets_out)| NetworkStats {
            bytes_in,
            bytes_out,
            packets_in,
            packets_out,
        },
    )
}

fn established() -> impl Strategy<Value = Connections> {
    let remote = (any::<IpAddr>(), proptest::option::of(any::<u16>()))
        .prop_map(|(ip, port)| RemoteAddress { ip, port });
    let connection = (remote, proptest::option::of(any::<u16>()), interface()).prop_map(
        |(remote, local_port, local_interface)| Connection { remote, local_port, local_interface },
    );
    (proptest::option::of(proptest::collection::vec(connection, 0..4)), count())
        .prop_map(|(connections, total)| Connections { connections, total })
}

fn custom() -> impl Strategy<Value = CustomValue> {
    let number = (-1_000_000_i32..1_000_000).prop_map(|n| f64::from(n) / 8.0);
    prop_oneof![
        number.clone().prop_map(CustomValue::Number),
        proptest::collection::vec(number, 0..4).prop_map(CustomValue::NumberList),
        proptest::collection::vec("[A-Za-z0-9:_/.-]{0,6}", 0..4).prop_map(CustomValue::StringList),
        proptest::collection::vec(any::<IpAddr>(), 0..4).prop_map(CustomValue::IpList),
    ]
}

fn report() -> impl Strategy<Value = Report> {
    let metrics = (
        proptest::option::of(listening()),
        proptest::option::of(listening()),
        proptest::option::of(stats()),
        proptest::option::of(established()),
    )
        .prop_map(|(tcp, udp, network_stats, established_connections)| DeviceMetrics {
            listening_tcp_ports: tcp,
            listening_udp_ports: udp,
            network_stats,
            established_connections,
        });
    let custom = proptest::collection::btree_map("[a-zA-Z0-9_-]{1,9}", custom(), 0..4)
        .prop_map(|map| map.into_iter().collect::<Vec<_>>());
    (1..=u64::MAX, any::<u16>(), metrics, proptest::option::of(custom)).prop_map(
        |(report_id, minor, metrics, custom_metrics)| Report {
            report_id,
            version: Version { major: 1, minor },
            metrics: Some(metrics),
            custom_metrics,
            not_retained: Vec::new(),
        },
    )
}

proptest! {
    #[test]
    fn every_report_comes_back_from_every_encoding(report in report()) {
        for format in [Format::Json, Format::Cbor] {
            for names in [Names::Long, Names::Short] {
                let bytes = encode(format, names, &report);
                let decoded = decode(format, &bytes);
                prop_assert_eq!(decoded.as_ref(), Ok(&report));
            }
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        for format in [Format::Json, Format::Cbor] {
            prop_assert!(decode(format, &bytes).is_err());
            prop_assert!(Response::decode(format, &bytes).is_err());
        }
    }

    #[test]
    fn a_damaged_report_never_panics(report in report(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        for format in [Format::Json, Format::Cbor] {
            let mut bytes = encode(format, Names::Short, &report);
            let at = at.index(bytes.len());
            bytes[at] = byte;
            drop(decode(format, &bytes));
        }
    }
}
