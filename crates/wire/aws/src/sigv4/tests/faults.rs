//! Every way to be refused, with its kind and its words.

use super::*;

const GOOD: &str = "AWS4-HMAC-SHA256 Credential=AKID/20250102/us-east-1/iot/aws4_request, \
     SignedHeaders=host;x-amz-date, \
     Signature=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn check(headers: &str, fault: SignatureFault, words: &str) {
    let parts = request(&format!("GET /endpoint\n{headers}"));
    let error = verify(&parts, SECRET, b"", at(NOW)).unwrap_err();
    assert_eq!(error.fault, fault, "{error}");
    assert!(error.message.contains(words), "{error}");
}

fn check_authorization(authorization: &str, words: &str) {
    let headers = format!("host: h\nx-amz-date: {NOW}\nauthorization: {authorization}");
    check(&headers, SignatureFault::Incomplete, words);
}

#[test]
fn an_unsigned_request_is_missing_its_token() {
    check("host: h", SignatureFault::Missing, "not signed");
}

#[test]
fn malformed_authorizations_say_what_is_wrong_with_them() {
    check_authorization("Basic YTpi", "begins with `Basic`");
    check_authorization("AWS4-HMAC-SHA512 x", "begins with `AWS4-HMAC-SHA512`");
    check_authorization("AWS4-HMAC-SHA256", "begins with");
    check_authorization("AWS4-HMAC-SHA256 x", "no Credential");
    check_authorization(&GOOD.replace("Signature=", "X="), "no Signature");
    check_authorization(
        &GOOD.replace("SignedHeaders=host;x-amz-date", "SignedHeaders="),
        "no SignedHeaders",
    );
    check_authorization(&format!("{GOOD}, Signature=1"), "Signature twice");
    check_authorization(&GOOD.replace("/iot/", "/"), "KEY/yyyymmdd/REGION");
    check_authorization(&GOOD.replace("aws4_request", "aws5_request"), "aws4_request");
    check_authorization(&GOOD.replace("20250102", "2025-1-2"), "yyyymmdd");
    check_authorization(&GOOD.replace("20250102", "20250103"), "not the day");
    check_authorization(&GOOD.replace("cdef", "CDEF"), "lower-case hexadecimal");
    check_authorization(&GOOD.replace("host;x-amz-date", "x-amz-date;host"), "not in order");
    check_authorization(&GOOD.replace("host;x-amz-date", "host;;x-amz-date"), "separated by");
    check_authorization(
        &GOOD.replace("host;x-amz-date", "x-amz-date"),
        "`host` is not in SignedHeaders",
    );
}

#[test]
fn the_time_has_to_be_there_and_near() {
    let authorization = format!("authorization: {GOOD}");
    check(
        &format!("host: h\n{authorization}"),
        SignatureFault::Incomplete,
        "neither X-Amz-Date nor Date",
    );
    check(
        &format!("host: h\nx-amz-date: yesterday\n{authorization}"),
        SignatureFault::Incomplete,
        "20250101T000000Z",
    );
    let mut parts = request("GET /endpoint\nhost: h");
    signer("iot").sign(&mut parts, b"", at(NOW)).unwrap();
    let verify_at = |text: &str| verify(&parts, SECRET, b"", at(text));
    for fine in ["20250102T031905Z", "20250102T024905Z"] {
        verify_at(fine).unwrap();
    }
    let late = verify_at("20250102T031906Z").unwrap_err();
    assert_eq!(late.fault, SignatureFault::Expired);
    assert!(late.message.contains("signature expired"), "{late}");
    let early = verify_at("20250102T024904Z").unwrap_err();
    assert_eq!(early.fault, SignatureFault::Expired);
    assert!(early.message.contains("not yet current"), "{early}");
}

#[test]
fn headers_that_change_the_meaning_have_to_be_signed() {
    let mut parts = request("GET /endpoint\nhost: h");
    signer("iot").sign(&mut parts, b"", at(NOW)).unwrap();
    parts.headers.insert("x-amzn-trace-id", "1".parse().unwrap());
    verify(&parts, SECRET, b"", at(NOW)).unwrap();
    parts.headers.insert("x-amzn-principal", "arn:x".parse().unwrap());
    let error = verify(&parts, SECRET, b"", at(NOW)).unwrap_err();
    assert!(error.message.contains("`x-amzn-principal` is not in SignedHeaders"), "{error}");
}

#[test]
fn a_signed_header_that_got_lost_is_named() {
    let mut parts = request("GET /endpoint\nhost: h\nx-amz-note: 1");
    signer("iot").sign(&mut parts, b"", at(NOW)).unwrap();
    parts.headers.remove("x-amz-note");
    let error = verify(&parts, SECRET, b"", at(NOW)).unwrap_err();
    assert!(error.message.contains("`x-amz-note` is signed, but"), "{error}");
}

#[test]
fn a_mismatch_shows_the_canonical_request_and_guesses_the_mistake() {
    let explain = |change: fn(&mut Parts), body: &[u8]| {
        let mut parts = request("GET /things/a%3Ab\nhost: localhost:4566");
        change(&mut parts);
        signer("iot").sign(&mut parts, body, at(NOW)).unwrap();
        parts.uri = "/things/a%3Ab".parse().unwrap();
        parts.headers.insert("host", "localhost:4566".parse().unwrap());
        verify(&parts, SECRET, b"body", at(NOW)).unwrap_err().message
    };
    let message = explain(|_| (), b"");
    assert!(message.contains("fits an empty body"), "{message}");
    assert!(message.contains("\nhost:localhost:4566\n"), "{message}");
    assert!(message.contains("/things/a%253Ab"), "{message}");
    let message = explain(|parts| parts.uri = "/things/a:b".parse().unwrap(), b"body");
    assert!(message.contains("encoded again"), "{message}");
    let no_port =
        |parts: &mut Parts| drop(parts.headers.insert("host", "localhost".parse().unwrap()));
    let message = explain(no_port, b"body");
    assert!(message.contains("host without its port"), "{message}");
    let message = explain(|parts| parts.uri = "/other".parse().unwrap(), b"body");
    assert!(message.contains("Check the secret access key"), "{message}");
}

#[test]
fn a_body_that_is_not_the_announced_one_is_refused() {
    let mut parts = request("PUT /b/k\nhost: h\nx-amz-content-sha256: 00");
    signer("s3").sign(&mut parts, b"", at(NOW)).unwrap();
    let error = verify(&parts, SECRET, b"body", at(NOW)).unwrap_err();
    assert!(error.message.contains("x-amz-content-sha256 is `00`"), "{error}");
    let mut parts = request("PUT /b/k\nhost: h\nx-amz-content-sha256: UNSIGNED-PAYLOAD");
    signer("s3").sign(&mut parts, b"", at(NOW)).unwrap();
    assert_eq!(verify(&parts, SECRET, b"body", at(NOW)).unwrap().body, "body");
}

#[test]
fn presigned_queries_are_checked_part_by_part() {
    let query = signer("iot").presign("h", "/endpoint", 60, at(NOW)).unwrap();
    let refuse = |query: &str, words: &str| {
        let parts = request(&format!("GET /endpoint?{query}\nhost: h"));
        let error = verify(&parts, SECRET, b"", at(NOW)).unwrap_err();
        assert_eq!(error.fault, SignatureFault::Incomplete, "{error}");
        assert!(error.message.contains(words), "{error}");
    };
    refuse(&query.replace("Expires=60", "Expires=604801"), "from 1 to 604800");
    refuse(&query.replace("Expires=60", "Expires=-1"), "from 1 to 604800");
    refuse(&query.replace("HMAC-SHA256", "HMAC-SHA1"), "X-Amz-Algorithm");
    refuse(&query.replace("X-Amz-Date", "X-Date"), "no X-Amz-Date");
    refuse(&format!("{query}&X-Amz-Date=1"), "X-Amz-Date twice");
    let parts = request(&format!("GET /endpoint?{query}\nhost: h\nauthorization: {GOOD}"));
    let error = verify(&parts, SECRET, b"", at(NOW)).unwrap_err();
    assert!(error.message.contains("signed twice"), "{error}");
}

#[test]
fn only_the_regions_that_are_configured_are_served() {
    let rules = Rules { regions: vec!["eu-west-1".to_owned()], ..Rules::default() };
    let mut parts = request("GET /endpoint\nhost: h");
    signer("iot").sign(&mut parts, b"", at(NOW)).unwrap();
    let claim = Claim::read(&head(&parts)).unwrap();
    let error = Verifier::new(rules).check(&head(&parts), &claim, at(NOW)).unwrap_err();
    assert!(error.message.contains("answers for eu-west-1"), "{error}");
}
