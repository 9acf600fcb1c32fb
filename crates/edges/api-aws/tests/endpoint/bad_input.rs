//! Bodies, parameters and bytes that are not what they should be.

use std::time::Duration;

use picket_api_aws::AwsConfig;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::rig::{Ask, Rig};

const ALIAS: &str = "/role-aliases/a";

#[tokio::test]
async fn bad_json_is_told_what_and_where() {
    let rig = Rig::new().await;
    let cases = [
        ("{", "the body is not JSON"),
        ("[]", "not a JSON object"),
        ("\"x\"", "not a JSON object"),
        ("{\"roleArn\":1}", "the member `roleArn`: invalid type"),
        ("{\"roleArn\":\"r\",\"tags\":[{\"Key\":5}]}", "the member `tags[0].Key`: invalid type"),
        ("{\"roleArn\":\"r\",\"credentialDurationSeconds\":\"x\"}", "credentialDurationSeconds"),
        ("{\"roleArn\":\"r\",\"credentialDurationSeconds\":-1}", "credentialDurationSeconds"),
        ("{\"credentialDurationSeconds\":900}", "missing field `roleArn`"),
        ("", "missing field `roleArn`"),
        ("\u{feff}{}", "the body is not JSON"),
    ];
    for (body, words) in cases {
        let reply = rig.admin("iot", Ask::post(ALIAS, body.to_owned())).await;
        reply.is_error(400, "InvalidRequestException", words);
    }
    let target = "AWSCognitoIdentityService.DescribeIdentityPool";
    let ask = Ask::post("/", "{\"IdentityPoolId\":{}}").with("x-amz-target", target);
    let reply = rig.admin("cognito-identity", ask).await;
    reply.is_error(400, "SerializationException", "the member `IdentityPoolId`");
    let form = Ask::form("Action=GetRole&RoleName.member.1=x");
    rig.admin("iam", form).await.is_error(400, "ValidationError", "the member `RoleName`");
    rig.end().await;
}

#[tokio::test]
async fn unknown_members_and_nulls_do_no_harm() {
    let rig = Rig::new().await;
    let body = r#"{"roleArn":"arn:aws:iam::000000000000:role/r","new":{"x":[1]},"tags":null}"#;
    assert_eq!(rig.admin("iot", Ask::post(ALIAS, body)).await.status, 200);
    rig.end().await;
}

#[tokio::test]
async fn deep_and_large_bodies_are_refused() {
    let rig = Rig::with(AwsConfig { body_bytes_max: 100_000, ..AwsConfig::default() }).await;
    let deep = format!("{{\"roleArn\":{}1{}}}", "[".repeat(10_000), "]".repeat(10_000));
    let reply = rig.admin("iot", Ask::post(ALIAS, deep)).await;
    reply.is_error(400, "InvalidRequestException", "nested more than 32 levels");
    let reply = rig.admin("iot", Ask::post(ALIAS, vec![b' '; 100_000])).await;
    reply.is_error(400, "InvalidRequestException", "missing field");
    let reply = rig.admin("iot", Ask::post(ALIAS, vec![b' '; 100_001])).await;
    reply.is_error(413, "RequestEntityTooLargeException", "larger than 100000 bytes");
    rig.end().await;
}

#[tokio::test]
async fn numbers_and_flags_in_the_query_have_their_ranges() {
    let rig = Rig::new().await;
    for (target, words) in [
        ("/role-aliases?pageSize=0", "from 1 to 250"),
        ("/role-aliases?pageSize=251", "from 1 to 250"),
        ("/role-aliases?pageSize=x%0A", "`x\\\\n`"),
        ("/role-aliases?isAscendingOrder=yes", "must be true or false"),
        ("/tags", "`resourceArn` is missing"),
        ("/endpoint?endpointType=%FF", "not UTF-8"),
    ] {
        let reply = rig.admin("iot", Ask::get(target)).await;
        reply.is_error(400, "InvalidRequestException", words);
    }
    rig.end().await;
}

/// Sends bytes and reads what comes until the connection ends.
async fn talk(rig: &Rig, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(rig.server.local_addr()).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    tokio::time::timeout(Duration::from_secs(10), read).await.unwrap().unwrap_or_default();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn bytes_that_are_no_http_end_the_connection_and_nothing_else() {
    let rig = Rig::new().await;
    let garbage: Vec<u8> =
        (0..4_096_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    for bytes in [
        &garbage[..],
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET  HTTP/1.1\r\nhost: h\r\n\r\n",
        b"POST /role-aliases/a HTTP/1.1\r\nhost: h\r\ncontent-length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"\r\n\r\n\r\n",
    ] {
        let answer = talk(&rig, bytes).await;
        assert!(!answer.contains("HTTP/1.1 200"), "{answer}");
    }
    let mut long = b"GET / HTTP/1.1\r\nhost: h\r\nx-long: ".to_vec();
    long.extend(vec![b'a'; 200_000]);
    let answer = talk(&rig, &long).await;
    assert!(answer.starts_with("HTTP/1.1 431") || answer.is_empty(), "{answer}");
    assert_eq!(rig.admin("iot", Ask::get("/endpoint")).await.status, 200);
    rig.end().await;
}

#[tokio::test]
async fn a_body_that_never_comes_is_given_up_on() {
    let rig = Rig::with(AwsConfig { request_timeout_seconds: 1, ..AwsConfig::default() }).await;
    let request = rig.signed(&Ask::post(ALIAS, "{}"), &rig.signer(&rig.admin, "iot"));
    let mut head = format!("POST {ALIAS} HTTP/1.1\r\ncontent-length: 2\r\n");
    for (name, value) in request.headers() {
        head.push_str(&format!("{name}: {}\r\n", value.to_str().unwrap()));
    }
    let mut stream = TcpStream::connect(rig.server.local_addr()).await.unwrap();
    stream.write_all(format!("{head}\r\n").as_bytes()).await.unwrap();
    let mut answer = vec![0; 4_096];
    let read = tokio::time::timeout(Duration::from_secs(10), stream.read(&mut answer)).await;
    let count = read.unwrap().unwrap();
    let answer = String::from_utf8_lossy(&answer[..count]).into_owned();
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    assert!(answer.contains("its body took too long"), "{answer}");
    rig.end().await;
}

#[tokio::test]
async fn an_unknown_caller_s_body_is_not_read() {
    let rig = Rig::new().await;
    let head = "POST /role-aliases/a HTTP/1.1\r\nhost: h\r\ncontent-length: 500000\r\n\r\n";
    let mut stream = TcpStream::connect(rig.server.local_addr()).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = vec![0; 4_096];
    let read = tokio::time::timeout(Duration::from_secs(5), stream.read(&mut answer)).await;
    let count = read.unwrap().unwrap();
    let answer = String::from_utf8_lossy(&answer[..count]).into_owned();
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
    rig.end().await;
}
