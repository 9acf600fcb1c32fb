//! Who is let in, and who is told what.

use std::time::Duration;

use http::Method;
use picket_api_aws::AwsConfig;
use picket_core::{Clock as _, Secret, Timestamp};
use picket_registry::{AccessKeyStatus, set_access_key_status};
use picket_wire_aws::sigv4::Signer;

use crate::rig::{Ask, Rig};

fn endpoint() -> Ask {
    Ask::get("/endpoint?endpointType=iot%3AData-ATS")
}

#[tokio::test]
async fn a_signed_request_is_answered_and_has_an_id() {
    let rig = Rig::new().await;
    let reply = rig.admin("iot", endpoint()).await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.json(), serde_json::json!({"endpointAddress": "localhost"}));
    assert_eq!(reply.header("x-amzn-requestid").len(), 36);
    assert_eq!(reply.header("content-type"), "application/json");
    rig.end().await;
}

#[tokio::test]
async fn each_way_to_be_nobody_has_its_error_in_each_protocol() {
    let rig = Rig::new().await;
    let form = || Ask::form("Action=GetCallerIdentity&Version=2011-06-15");
    rig.send(rig.plain(&endpoint())).await.is_error(
        403,
        "MissingAuthenticationTokenException",
        "not signed",
    );
    rig.send(rig.plain(&form())).await.is_error(403, "MissingAuthenticationToken", "not signed");
    let forged = rig.signed(&endpoint(), &rig.forger("iot"));
    rig.send(forged).await.is_error(403, "InvalidSignatureException", "canonical request");
    let forged = rig.signed(&form(), &rig.forger("sts"));
    rig.send(forged).await.is_error(403, "SignatureDoesNotMatch", "canonical request");
    let stranger = |service| Signer::new("AKIAUNKNOWN", Secret::new("s"), "us-east-1", service);
    let reply = rig.send(rig.signed(&endpoint(), &stranger("iot"))).await;
    reply.is_error(403, "UnrecognizedClientException", "AKIAUNKNOWN does not exist");
    let reply = rig.send(rig.signed(&form(), &stranger("sts"))).await;
    reply.is_error(403, "InvalidClientTokenId", "AKIAUNKNOWN does not exist");
    let odd = endpoint().with("authorization", "AWS4-HMAC-SHA256 Credential=x");
    rig.send(rig.plain(&odd)).await.is_error(400, "IncompleteSignatureException", "SignedHeaders");
    assert_eq!(rig.server.endpoint().refused_requests(), 7);
    rig.end().await;
}

#[tokio::test]
async fn a_clock_that_is_off_too_far_is_told_both_times() {
    let rig = Rig::new().await;
    let request = |rig: &Rig| rig.signed(&endpoint(), &rig.signer(&rig.admin, "iot"));
    let old = request(&rig);
    rig.clock.advance(Duration::from_secs(899));
    assert_eq!(rig.send(old.clone()).await.status, 200);
    rig.clock.advance(Duration::from_secs(2));
    rig.send(old).await.is_error(403, "RequestExpired", "signature expired");
    let early = request(&rig);
    let past = rig.clock.now().as_millis() - 901_000;
    rig.clock.set(Timestamp::from_millis(past));
    rig.send(early).await.is_error(403, "RequestExpired", "not yet current");
    rig.end().await;
}

#[tokio::test]
async fn how_far_a_clock_may_be_off_is_configurable() {
    let rig = Rig::with(AwsConfig { clock_skew_seconds: 5, ..AwsConfig::default() }).await;
    let old = rig.signed(&endpoint(), &rig.signer(&rig.admin, "iot"));
    rig.clock.advance(Duration::from_secs(4));
    assert_eq!(rig.send(old.clone()).await.status, 200);
    rig.clock.advance(Duration::from_secs(3));
    rig.send(old).await.is_error(403, "RequestExpired", "at most 5 s of clock skew");
    rig.end().await;
}

#[tokio::test]
async fn a_presigned_request_is_good_until_it_expires() {
    let rig = Rig::new().await;
    let signer = rig.signer(&rig.admin, "iot");
    let query = signer.presign(&rig.host(), "/endpoint", 60, rig.clock.now()).unwrap();
    let request = || rig.plain(&Ask::get(&format!("/endpoint?{query}")));
    assert_eq!(rig.send(request()).await.status, 200);
    rig.clock.advance(Duration::from_secs(61));
    rig.send(request()).await.is_error(403, "RequestExpired", "good until");
    rig.end().await;
}

#[tokio::test]
async fn a_session_token_that_is_left_over_is_refused_and_not_repeated() {
    let rig = Rig::new().await;
    let reply = rig.admin("iot", endpoint().with("x-amz-security-token", "left-over")).await;
    reply.is_error(403, "UnrecognizedClientException", "AWS_SESSION_TOKEN");
    assert!(!reply.text.contains("left-over"));
    rig.end().await;
}

#[tokio::test]
async fn a_key_that_is_switched_off_is_unknown_from_then_on() {
    let rig = Rig::new().await;
    assert_eq!(rig.viewer("iot", endpoint()).await.status, 200);
    let form = Ask::form(&format!(
        "Action=UpdateAccessKey&Version=2010-05-08&AccessKeyId={}&Status=Inactive",
        rig.viewer.key.id
    ));
    assert_eq!(rig.admin("iam", form).await.status, 200);
    rig.viewer("iot", endpoint()).await.is_error(403, "UnrecognizedClientException", "not active");
    let id = &rig.viewer.key.id;
    set_access_key_status(&*rig.registry, &rig.clock, id, AccessKeyStatus::Active).await.unwrap();
    rig.end().await;
}

#[tokio::test]
async fn viewers_read_and_only_admins_change() {
    let rig = Rig::new().await;
    let create =
        || Ask::post("/role-aliases/a", r#"{"roleArn":"arn:aws:iam::000000000000:role/r"}"#);
    let refused = rig.viewer("iot", create()).await;
    refused.is_error(
        403,
        "AccessDeniedException",
        "viewer is not authorized to perform iot:CreateRoleAlias",
    );
    assert_eq!(rig.admin("iot", create()).await.status, 200);
    assert_eq!(rig.viewer("iot", Ask::get("/role-aliases/a")).await.status, 200);
    let form = Ask::form("Action=DeleteRole&Version=2010-05-08&RoleName=r");
    rig.viewer("iam", form).await.is_error(403, "AccessDenied", "needs the role admin");
    let publish = Ask::post("/topics/a", "x");
    let refused = rig.viewer("iotdata", publish).await;
    refused.is_error(403, "ForbiddenException", "iot-data:Publish");
    rig.end().await;
}

#[tokio::test]
async fn only_configured_regions_are_answered() {
    let rig =
        Rig::with(AwsConfig { regions: vec!["eu-west-1".into()], ..AwsConfig::default() }).await;
    let reply = rig.admin("iot", endpoint()).await;
    reply.is_error(403, "InvalidSignatureException", "answers for eu-west-1");
    rig.end().await;
}

#[tokio::test]
async fn a_user_who_asks_too_often_is_throttled_and_others_are_not() {
    let config = AwsConfig { user_requests_per_second_max: 3, ..AwsConfig::default() };
    let rig = Rig::with(config).await;
    let mut throttled = 0;
    for _ in 0..20 {
        let reply = rig.admin("iot", endpoint()).await;
        if reply.status != 200 {
            reply.is_error(400, "ThrottlingException", "more than 3 requests");
            throttled += 1;
        }
    }
    assert!(throttled >= 10, "{throttled}");
    let mut replies = Vec::new();
    for _ in 0..10 {
        replies.push(rig.admin("iotdata", Ask::get("/retainedMessage")).await);
    }
    let refused = replies.iter().find(|reply| reply.status != 200).unwrap();
    refused.is_error(429, "ThrottlingException", "more than 3 requests");
    assert_eq!(rig.viewer("iot", endpoint()).await.status, 200);
    rig.end().await;
}

#[tokio::test]
async fn get_caller_identity_names_the_user() {
    let rig = Rig::new().await;
    let query = "Action=GetCallerIdentity&Version=2011-06-15";
    for ask in [Ask::form(query), Ask::new(Method::GET, &format!("/?{query}"))] {
        let reply = rig.viewer("sts", ask).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        assert_eq!(reply.header("content-type"), "text/xml");
        assert!(
            reply.text.contains("<Arn>arn:aws:iam::000000000000:user/viewer</Arn>"),
            "{reply:?}"
        );
        assert!(reply.text.contains("<RequestId>"), "{reply:?}");
    }
    rig.end().await;
}
