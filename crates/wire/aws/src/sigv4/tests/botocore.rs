//! What botocore signs: `corpus/sigv4/botocore.json`, written by `make.py` beside it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::*;

#[derive(Deserialize)]
struct Corpus {
    secret: String,
    now: String,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: String,
    decoded: Option<String>,
}

fn corpus() -> Corpus {
    serde_json::from_str(include_str!("../../../corpus/sigv4/botocore.json")).unwrap()
}

fn parts_of(case: &Case) -> Parts {
    let mut builder = http::Request::builder().method(case.method.as_str()).uri(&case.target);
    for (name, value) in &case.headers {
        builder = builder.header(name, value);
    }
    builder.body(()).unwrap().into_parts().0
}

#[test]
fn everything_that_botocore_signs_is_accepted() {
    let corpus = corpus();
    assert!(corpus.cases.len() > 30);
    for case in &corpus.cases {
        let body = STANDARD.decode(&case.body).unwrap();
        let verified = verify(&parts_of(case), &corpus.secret, &body, at(&corpus.now))
            .unwrap_or_else(|error| panic!("{}: {error}", case.name));
        let expected = case.decoded.as_ref().map_or(body, |text| STANDARD.decode(text).unwrap());
        assert_eq!(verified.body, expected, "{}", case.name);
    }
}

#[test]
fn nothing_of_it_is_accepted_with_another_secret_method_or_host() {
    let corpus = corpus();
    for case in &corpus.cases {
        let body = STANDARD.decode(&case.body).unwrap();
        let refused = |parts: &Parts, secret: &str| {
            let error = verify(parts, secret, &body, at(&corpus.now)).unwrap_err();
            assert_eq!(error.fault, SignatureFault::Mismatch, "{}: {error}", case.name);
            assert!(!error.message.contains("session/token"), "{}: {error}", case.name);
        };
        refused(&parts_of(case), "another secret");
        let mut parts = parts_of(case);
        parts.method = http::Method::PATCH;
        refused(&parts, &corpus.secret);
        let mut parts = parts_of(case);
        parts.headers.insert("host", "elsewhere:4566".parse().unwrap());
        refused(&parts, &corpus.secret);
    }
}
