//! Signatures of others: AWS's published examples, botocore's, and wrong ones of every kind.

mod botocore;
mod chunks;
mod faults;
mod published;

use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use picket_core::{Secret, Timestamp};

use super::{Claim, Head, Rules, SignatureError, SignatureFault, Signer, Verified, Verifier};
use crate::timestamp::parse_amz_date;

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const NOW: &str = "20250102T030405Z";

fn at(text: &str) -> Timestamp {
    parse_amz_date(text).unwrap()
}

/// A request as text: the request line, headers, nothing else.
fn request(text: &str) -> Parts {
    try_request(text).unwrap()
}

fn try_request(text: &str) -> Option<Parts> {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let (method, target) = lines.next()?.split_once(' ')?;
    let mut builder = http::Request::builder().method(method).uri(target);
    for line in lines {
        let (name, value) = line.split_once(':')?;
        builder = builder.header(name, value.trim());
    }
    Some(builder.body(()).ok()?.into_parts().0)
}

fn head(parts: &Parts) -> Head<'_> {
    Head { method: &parts.method, uri: &parts.uri, headers: &parts.headers }
}

/// Everything a server does with a request.
fn verify(
    parts: &Parts,
    secret: &str,
    body: &[u8],
    now: Timestamp,
) -> Result<Verified, SignatureError> {
    let verifier = Verifier::new(Rules::default());
    let claim = Claim::read(&head(parts))?;
    verifier.check(&head(parts), &claim, now)?;
    verifier.verify(&head(parts), &claim, &Secret::new(secret), Bytes::copy_from_slice(body))
}

fn signer(service: &str) -> Signer {
    Signer::new("AKIDEXAMPLE", Secret::new(SECRET), "us-east-1", service)
}

#[test]
fn what_we_sign_we_accept() {
    let mut parts = request(
        "POST /things/a%3Ab/x?b=2&a=1
        Host: localhost:4566
        Content-Type: application/json
        X-Amz-Target: x",
    );
    signer("iot").sign(&mut parts, b"{}", at(NOW)).unwrap();
    assert_eq!(verify(&parts, SECRET, b"{}", at(NOW)).unwrap().body, "{}");
    assert!(verify(&parts, SECRET, b"{ }", at(NOW)).is_err());
}

#[test]
fn a_presigned_websocket_address_is_good_with_and_without_a_token_that_came_later() {
    let query = signer("iotdevicegateway").presign("localhost:443", "/mqtt", 300, at(NOW)).unwrap();
    for query in [query.clone(), format!("{query}&X-Amz-Security-Token=late%2Ftoken%3D")] {
        let parts = request(&format!("GET /mqtt?{query}\nHost: localhost:443"));
        verify(&parts, SECRET, b"", at(NOW)).unwrap();
    }
    let parts = request(&format!("GET /mqtt?{query}&more=1\nHost: localhost:443"));
    assert_eq!(verify(&parts, SECRET, b"", at(NOW)).unwrap_err().fault, SignatureFault::Mismatch);
}

#[test]
fn a_presigned_request_may_leave_its_body_open_where_its_query_says_so() {
    // Signed by botocore's SigV4QueryAuth with UNSIGNED-PAYLOAD for the payload and in the query.
    let query = "X-Amz-Content-Sha256=UNSIGNED-PAYLOAD&X-Amz-Algorithm=AWS4-HMAC-SHA256\
         &X-Amz-Credential=AKIDEXAMPLE%2F20250102%2Fus-east-1%2Fiotdata%2Faws4_request\
         &X-Amz-Date=20250102T030405Z&X-Amz-Expires=300&X-Amz-SignedHeaders=host";
    let right = "8f6bfc603e22039fa7359840195e58debae200f04a109c97aeaf0b4775808f26";
    let posted = |query: &str| {
        let parts = request(&format!(
            "POST /topics/a?{query}&X-Amz-Signature={right}\nHost: localhost:4566"
        ));
        verify(&parts, SECRET, b"whatever", at(NOW))
    };
    assert_eq!(posted(query).unwrap().body, "whatever");
    let hashed = query.replace("UNSIGNED-PAYLOAD", super::EMPTY_SHA256);
    assert_eq!(posted(&hashed).unwrap_err().fault, SignatureFault::Mismatch);
}

proptest::proptest! {
    #[test]
    fn any_change_to_what_was_signed_is_noticed(place in 0_usize..400, to in 33_u8..127) {
        let text = "POST /things/a%3Ab?b=2&a=1\nhost: localhost:4566\nx-amz-note: some words\ncontent-type: a/b";
        let mut parts = request(text);
        signer("iot").sign(&mut parts, b"body", at(NOW)).unwrap();
        let signed: String = parts
            .headers
            .iter()
            .map(|(name, value)| format!("{name}: {}\n", value.to_str().unwrap()))
            .collect();
        let whole = format!("POST /things/a%3Ab?b=2&a=1\n{signed}");
        let place = place % whole.len();
        let mut bytes = whole.clone().into_bytes();
        proptest::prop_assume!(bytes[place] != b'\n' && bytes[place] != b' ');
        bytes[place] = to;
        let changed = String::from_utf8(bytes).unwrap();
        proptest::prop_assume!(changed != whole);
        let Some(changed) = try_request(&changed) else { return Ok(()) };
        // The key's id is what the secret is looked up by; the signature does not cover it.
        let Ok(claim) = Claim::read(&head(&changed)) else { return Ok(()) };
        proptest::prop_assume!(claim.access_key == "AKIDEXAMPLE");
        // Upper and lower case are the same in header names, and `b%3a` is `b%3A`.
        let same = changed.headers == parts.headers
            && changed.uri.to_string().eq_ignore_ascii_case(&parts.uri.to_string())
            && changed.method == parts.method;
        proptest::prop_assume!(!same);
        proptest::prop_assert!(verify(&changed, SECRET, b"body", at(NOW)).is_err());
    }

    #[test]
    fn no_header_makes_reading_panic(authorization in "[ -~]{0,120}", query in "[!-~]{0,80}") {
        let uri = format!("/?{}", query.replace(['#', '"', '<', '>', '`', '{', '}', '|', '\\', '^'], ""));
        let Ok(built) = http::Request::get(uri).header("authorization", authorization).body(()) else {
            return Ok(());
        };
        drop(Claim::read(&head(&built.into_parts().0)));
    }

    #[test]
    fn almost_right_headers_never_panic(
        text in "AWS4-HMAC-SHA256 (Credential=[a/0-9]{0,30}|SignedHeaders=[a;]{0,9}|Signature=[0-9a-f]{60,66}|,| ){0,8}",
    ) {
        let built = http::Request::get("/").header("authorization", text);
        let parts = built.header("x-amz-date", NOW).body(()).unwrap().into_parts().0;
        drop(Claim::read(&head(&parts)));
    }
}

#[test]
fn an_hour_of_expiry_is_an_hour() {
    let query = signer("iot").presign("h", "/endpoint", 3600, at(NOW)).unwrap();
    let parts = request(&format!("GET /endpoint?{query}\nHost: h"));
    let after = |seconds| at(NOW).plus(Duration::from_secs(seconds));
    verify(&parts, SECRET, b"", after(3600)).unwrap();
    let error = verify(&parts, SECRET, b"", after(3601)).unwrap_err();
    assert_eq!(error.fault, SignatureFault::Expired, "{error}");
}
