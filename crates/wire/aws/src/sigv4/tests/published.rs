//! Signatures that AWS has published in its documentation.

use super::*;

const S3_SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

#[test]
fn the_plainest_request_of_aws_s_test_suite() {
    let parts = request(
        "GET /
        Host:example.amazonaws.com
        X-Amz-Date:20150830T123600Z
        Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
    );
    verify(&parts, SECRET, b"", at("20150830T123600Z")).unwrap();
}

#[test]
fn iam_list_users_of_the_general_reference() {
    let parts = request(
        "GET /?Action=ListUsers&Version=2010-05-08
        Host: iam.amazonaws.com
        Content-Type: application/x-www-form-urlencoded; charset=utf-8
        X-Amz-Date: 20150830T123600Z
        Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, SignedHeaders=content-type;host;x-amz-date, Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
    );
    verify(&parts, SECRET, b"", at("20150830T123600Z")).unwrap();
}

#[test]
fn s3_get_object_of_the_api_reference() {
    let parts = request(
        "GET /test.txt
        Host: examplebucket.s3.amazonaws.com
        Range: bytes=0-9
        x-amz-content-sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
        x-amz-date: 20130524T000000Z
        Authorization: AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
    );
    verify(&parts, S3_SECRET, b"", at("20130524T000000Z")).unwrap();
}

#[test]
fn the_presigned_address_of_the_s3_api_reference() {
    let parts = request(
        "GET /test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404
        Host: examplebucket.s3.amazonaws.com",
    );
    verify(&parts, S3_SECRET, b"", at("20130524T010000Z")).unwrap();
}

#[test]
fn the_chunked_upload_of_the_s3_api_reference() {
    let parts = request(
        "PUT /examplebucket/chunkObject.txt
        Host: s3.amazonaws.com
        x-amz-date: 20130524T000000Z
        x-amz-storage-class: REDUCED_REDUNDANCY
        x-amz-content-sha256: STREAMING-AWS4-HMAC-SHA256-PAYLOAD
        Content-Encoding: aws-chunked
        x-amz-decoded-content-length: 66560
        Content-Length: 66824
        Authorization: AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class,Signature=4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
    );
    let mut body = Vec::new();
    let chunks = [
        (65_536, "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648"),
        (1_024, "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497"),
        (0, "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9"),
    ];
    for (size, signature) in chunks {
        body.extend(format!("{size:x};chunk-signature={signature}\r\n").bytes());
        body.extend(std::iter::repeat_n(b'a', size));
        body.extend(b"\r\n");
    }
    assert_eq!(body.len(), 66_824);
    let verified = verify(&parts, S3_SECRET, &body, at("20130524T000000Z")).unwrap();
    assert_eq!(verified.body, vec![b'a'; 66_560]);
    // One bit of the data, and the second chunk's signature is wrong.
    body[65_800] ^= 1;
    let error = verify(&parts, S3_SECRET, &body, at("20130524T000000Z")).unwrap_err();
    assert!(error.message.contains("chunk 2"), "{error}");
}
