//! `aws-chunked` bodies that are not what they should be, and trailers.

use super::*;

fn streaming(kind: &str, trailer: &str) -> Parts {
    let mut parts = request(&format!(
        "PUT /bucket/key
        host: localhost
        x-amz-content-sha256: {kind}
        x-amz-decoded-content-length: 5
        x-amz-trailer: {trailer}",
    ));
    if trailer.is_empty() {
        parts.headers.remove("x-amz-trailer");
    }
    signer("s3").sign(&mut parts, b"", at(NOW)).unwrap();
    parts
}

fn check(body: &str, expected: Result<&str, &str>) {
    let parts = streaming("STREAMING-UNSIGNED-PAYLOAD-TRAILER", "x-amz-checksum-crc32");
    let result = verify(&parts, SECRET, body.as_bytes(), at(NOW));
    match (result, expected) {
        (Ok(verified), Ok(expected)) => assert_eq!(verified.body, expected, "{body:?}"),
        (Err(error), Err(expected)) => {
            assert!(error.message.contains(expected), "{body:?}: {error}")
        }
        (result, _) => panic!("{body:?}: {result:?}"),
    }
}

#[test]
fn unsigned_chunks_with_a_trailer_come_out_whole() {
    check("3\r\nhel\r\n2\r\nlo\r\n0\r\nx-amz-checksum-crc32:AAAA\r\n\r\n", Ok("hello"));
    check("5;ext=1\r\nhello\r\n0\r\nX-Amz-Checksum-Crc32: AAAA\r\n", Ok("hello"));
    let parts = streaming("STREAMING-UNSIGNED-PAYLOAD-TRAILER", "x-amz-checksum-crc32");
    let body = b"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:AAAA\r\n\r\n";
    let trailers = verify(&parts, SECRET, body, at(NOW)).unwrap().trailers;
    assert_eq!(trailers, [("x-amz-checksum-crc32".to_owned(), "AAAA".to_owned())]);
}

#[test]
fn broken_chunks_are_refused_with_the_place() {
    let trailer = "0\r\nx-amz-checksum-crc32:AAAA\r\n\r\n";
    check("", Err("in the middle of a chunk"));
    check("5\r\nhel", Err("in the middle of a chunk"));
    check("ffffffffffffffff\r\n", Err("in the middle of a chunk"));
    check("fffffffffffffffff\r\n", Err("byte 0"));
    check("+5\r\nhello\r\n", Err("byte 0"));
    check("\r\n", Err("byte 0"));
    check(&format!("5\r\nhelloXX{trailer}"), Err("byte 8"));
    check(
        &format!("4\r\nhell\r\n{trailer}"),
        Err("hold 4 bytes; x-amz-decoded-content-length says 5"),
    );
    check("5\r\nhello\r\n0\r\n\r\n", Err("x-amz-trailer announces"));
    check("5\r\nhello\r\n0\r\nother:1\r\n\r\n", Err("x-amz-trailer announces"));
    check("5\r\nhello\r\n0\r\nno colon\r\n", Err("begin a trailer"));
    check(&"1".repeat(10_000), Err("byte 0"));
}

#[test]
fn a_signed_stream_without_signatures_is_refused() {
    let parts = streaming("STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "");
    let error = verify(&parts, SECRET, b"5\r\nhello\r\n0\r\n\r\n", at(NOW)).unwrap_err();
    assert_eq!(error.fault, SignatureFault::Mismatch);
    assert!(error.message.contains("chunk 1"), "{error}");
}

proptest::proptest! {
    #[test]
    fn no_body_makes_it_panic(body in "([0-9a-f]{1,3}|\r\n|;chunk-signature=|:|x){0,30}") {
        for kind in ["STREAMING-UNSIGNED-PAYLOAD-TRAILER", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"] {
            drop(verify(&streaming(kind, "x"), SECRET, body.as_bytes(), at(NOW)));
        }
    }
}
