use expect_test::{Expect, expect};

use super::*;

fn parse(text: &str) -> Result<AgentConfig, ConfigError> {
    RawConfig::parse(text, Path::new("agent.toml"))?.validate()
}

fn check_problems(text: &str, expected: Expect) {
    expected.assert_eq(&parse(text).unwrap_err().to_string());
}

#[test]
fn two_keys_are_enough() {
    let config = parse("endpoint = 'iot.example.org'\nthing_name = 'pump-17'").unwrap();
    assert_eq!(config.endpoint, Endpoint::new("iot.example.org", 8883));
    assert_eq!(config.client_id, "pump-17");
    assert_eq!(config.interval, Duration::from_secs(300));
    assert_eq!(config.identity.key, Path::new("private.pem.key"));
    assert!(!config.alpn);
}

#[test]
fn an_endpoint_may_carry_its_port() {
    for (text, host, port) in [
        ("localhost:443", "localhost", 443),
        ("[::1]:8883", "::1", 8883),
        ("::1", "::1", 8883),
        ("10.0.0.1", "10.0.0.1", 8883),
    ] {
        let config = parse(&format!("endpoint = '{text}'\nthing_name = 'a'")).unwrap();
        assert_eq!(config.endpoint, Endpoint::new(host, port));
        assert_eq!(config.alpn, port == 443);
    }
}

#[test]
fn unknown_keys_name_the_nearest() {
    check_problems(
        "endpont = 'x'\n[[custom_metric]]\nname = 'a'\ntyp = 'number'\nzzzzzz = 1",
        expect![[r#"
            the configuration is not valid:
            endpont: is not a key; did you mean `endpoint`?
            custom_metric[0].typ: is not a key; did you mean `type`?
            custom_metric[0].zzzzzz: is not a key"#]],
    );
}

#[test]
fn every_problem_is_reported_at_once() {
    check_problems(
        "interval_seconds = 0\nformat = 'jsn'\nthing_name = 'a/b'
         custom_metric = [
           { name = 'a b', type = 'number', file = 'x' },
           { name = 'a', type = 'numbers', file = 'x' },
           { name = 'b', type = 'number' },
           { name = 'c', type = 'number', command = ['x'], timeout_seconds = 600 },
         ]",
        expect![[r#"
            the configuration is not valid:
            endpoint: is missing; set it to the host name of the server
            thing_name: must not hold `/`, `+` or `#`
            interval_seconds: is 0; it must be 1 to 86400
            format: is `jsn`; it must be json or cbor; did you mean `json`?
            custom_metric[0].name: `a b` must be 1 to 128 of `a-zA-Z0-9:_-`
            custom_metric[1].type: is `numbers`; it must be one of number, number-list, string-list, ip-address-list; did you mean `number`?
            custom_metric[2].command: set either `command` or `file`
            custom_metric[3].timeout_seconds: is 600; it must be 0.01 to 60"#]],
    );
}

#[test]
fn a_value_of_the_wrong_type_says_where() {
    let error = parse("port = 'many'").unwrap_err().to_string();
    assert!(error.starts_with("`agent.toml`: TOML parse error at line 1, column 8"), "{error}");
}

#[test]
fn paths_of_a_file_are_relative_to_it() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("agent.toml");
    std::fs::write(&path, "endpoint = 'x'\nthing_name = 'a'\nca = 'other/ca.pem'").unwrap();
    let config = RawConfig::read(&path).unwrap().validate().unwrap();
    assert_eq!(config.identity.ca, directory.path().join("other/ca.pem"));
    assert_eq!(config.identity.key, directory.path().join("private.pem.key"));
}

#[test]
fn every_key_can_be_set() {
    let config = parse(
        "endpoint = 'x'
         port = 443
         thing_name = 'a'
         client_id = 'b'
         identity = 'dir'
         ca = 'ca'
         certificate = 'certificate'
         key = 'key'
         interval_seconds = 60
         format = 'cbor'
         names = 'short'
         mqtt_version = '3.1.1'
         alpn = false
         memory_max_mib = 0
         list_entries_max = 50
         interfaces_excluded = []
         procfs = '/proc'
         custom_metric = [
           { name = 'a', type = 'string-list', command = ['x'], timeout_seconds = 1.5 },
           { name = 'b', type = 'ip-address-list', file = 'y' },
         ]",
    )
    .unwrap();
    assert_eq!((config.format, config.names), (Format::Cbor, Names::Short));
    assert_eq!((config.alpn, config.memory_max_mib, config.list_entries_max), (false, None, 50));
    assert_eq!(config.custom_metrics.len(), 2);
    assert!(config.interfaces_excluded.is_empty());
}
