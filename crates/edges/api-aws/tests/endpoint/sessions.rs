//! Sessions of roles: who begins one, and what the endpoint lets one do.

use std::time::Duration;

use http::Method;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use picket_core::Secret;
use picket_ports::registry::{ChangeFilter, Page};
use picket_wire_aws::sigv4::Signer;
use serde_json::{Value, json};

use crate::rig::{Ask, Reply, Rig};

const ROLE: &str = "arn:aws:iam::000000000000:role/r";

fn form(pairs: &[(&str, &str)]) -> Ask {
    let encoded = |text| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let pairs = pairs.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value)));
    Ask::form(&pairs.collect::<Vec<_>>().join("&"))
}

async fn iam(rig: &Rig, pairs: &[(&str, &str)]) {
    let reply = rig.admin("iam", form(pairs)).await;
    assert_eq!(reply.status, 200, "{reply:?}");
}

fn document(statements: &Value) -> String {
    json!({"Version": "2012-10-17", "Statement": statements}).to_string()
}

/// The role `r`, which everybody of the account may take over, with the rights of `statements`.
async fn role(rig: &Rig, statements: &Value) {
    let trust = json!([{"Effect": "Allow", "Principal": {"AWS": "000000000000"},
        "Action": "sts:AssumeRole"}]);
    let trust = document(&trust);
    iam(rig, &[("Action", "CreateRole"), ("RoleName", "r"), ("AssumeRolePolicyDocument", &trust)])
        .await;
    rights(rig, statements).await;
}

async fn rights(rig: &Rig, statements: &Value) {
    let rights = document(statements);
    iam(
        rig,
        &[
            ("Action", "PutRolePolicy"),
            ("RoleName", "r"),
            ("PolicyName", "own"),
            ("PolicyDocument", &rights),
        ],
    )
    .await;
}

fn assume() -> Ask {
    form(&[("Action", "AssumeRole"), ("RoleArn", ROLE), ("RoleSessionName", "shift")])
}

/// What signs as a session, and the token to send along.
struct Session {
    key: String,
    secret: Secret,
    token: String,
}

impl Session {
    async fn begin(rig: &Rig) -> Self {
        let reply = rig.admin("sts", assume()).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        let part = |name: &str| {
            let rest = reply.text.split(&format!("<{name}>")).nth(1).unwrap();
            rest.split('<').next().unwrap().to_owned()
        };
        let secret = Secret::new(part("SecretAccessKey"));
        Self { key: part("AccessKeyId"), secret, token: part("SessionToken") }
    }

    async fn ask(&self, rig: &Rig, service: &str, ask: Ask) -> Reply {
        let signer = Signer::new(&self.key, self.secret.clone(), "us-east-1", service);
        let ask = ask.with("x-amz-security-token", &self.token);
        rig.send(rig.signed(&ask, &signer)).await
    }
}

#[tokio::test]
async fn a_session_does_what_its_role_may_and_is_told_what_it_may_not() {
    let rig = Rig::new().await;
    let things = "arn:aws:iot:us-east-1:000000000000:thing/seen*";
    role(
        &rig,
        &json!([{"Effect": "Allow", "Action": ["iot:CreateThing", "iot:DescribeThing"], "Resource": things}]),
    )
    .await;
    let session = Session::begin(&rig).await;
    let ask = async |ask: Ask| session.ask(&rig, "iot", ask).await;
    assert_eq!(ask(Ask::post("/things/seen", "")).await.status, 200);
    assert_eq!(ask(Ask::get("/things/seen")).await.status, 200);
    let denied = "AccessDeniedException";
    let who = "arn:aws:sts::000000000000:assumed-role/r/shift is not authorized to perform: iot:";
    ask(Ask::get("/things/other")).await.is_error(403, denied, who);
    ask(Ask::new(Method::DELETE, "/things/seen")).await.is_error(403, denied, "iot:DeleteThing");
    // With a second resource the right on one does not do.
    let grouped = Ask::post("/things/seen2", r#"{"billingGroupName":"b"}"#);
    ask(grouped).await.is_error(403, denied, "cannot be told here");
    ask(Ask::get("/things")).await.is_error(403, denied, "iot:ListThings");
    let identity = form(&[("Action", "GetCallerIdentity")]);
    let reply = session.ask(&rig, "sts", identity).await;
    assert!(reply.text.contains("<Arn>arn:aws:sts::000000000000:assumed-role/r/shift</Arn>"));
    let user = form(&[("Action", "GetUser")]);
    session.ask(&rig, "iam", user).await.is_error(403, "AccessDenied", "iam:GetUser");
    rights(&rig, &json!([{"Effect": "Allow", "Action": "iam:*", "Resource": "*"}])).await;
    let user = form(&[("Action", "GetUser")]);
    session.ask(&rig, "iam", user).await.is_error(400, "ValidationError", "`UserName`");
    rig.end().await;
}

#[tokio::test]
async fn a_session_hands_on_only_roles_that_it_may_pass() {
    let rig = Rig::new().await;
    role(&rig, &json!([{"Effect": "Allow", "Action": "iot:*", "Resource": "*"}])).await;
    let session = Session::begin(&rig).await;
    let body = json!({ "roleArn": ROLE }).to_string();
    let create = || Ask::post("/role-aliases/a", body.clone());
    let refused = session.ask(&rig, "iot", create()).await;
    refused.is_error(403, "AccessDeniedException", "iam:PassRole on resource: arn:aws:iam");
    rights(
        &rig,
        &json!([{"Effect": "Allow", "Action": ["iot:*", "iam:PassRole"], "Resource": "*"}]),
    )
    .await;
    assert_eq!(session.ask(&rig, "iot", create()).await.status, 200);
    rig.end().await;
}

#[tokio::test]
async fn a_session_ends_with_its_time_and_with_its_role() {
    let rig = Rig::new().await;
    role(&rig, &json!([{"Effect": "Allow", "Action": "*", "Resource": "*"}])).await;
    let session = Session::begin(&rig).await;
    let things = || Ask::get("/things");
    assert_eq!(session.ask(&rig, "iot", things()).await.status, 200);
    let bare = Session {
        token: "abc".to_owned(),
        secret: session.secret.clone(),
        key: session.key.clone(),
    };
    let refused = bare.ask(&rig, "iot", things()).await;
    refused.is_error(403, "UnrecognizedClientException", "security token");
    let signer = Signer::new(&session.key, session.secret.clone(), "us-east-1", "iot");
    let refused = rig.send(rig.signed(&things(), &signer)).await;
    refused.is_error(403, "UnrecognizedClientException", "its session token has to come along");
    rig.clock.advance(Duration::from_secs(3_600));
    let refused = session.ask(&rig, "iot", things()).await;
    refused.is_error(403, "ExpiredTokenException", "the session ended at");
    let identity = form(&[("Action", "GetCallerIdentity")]);
    session.ask(&rig, "sts", identity).await.is_error(403, "ExpiredToken", "the session ended at");
    let session = Session::begin(&rig).await;
    iam(&rig, &[("Action", "DeleteRolePolicy"), ("RoleName", "r"), ("PolicyName", "own")]).await;
    let refused = session.ask(&rig, "iot", things()).await;
    refused.is_error(403, "AccessDeniedException", "no policy of the role allows iot:ListThings");
    iam(&rig, &[("Action", "DeleteRole"), ("RoleName", "r")]).await;
    let refused = session.ask(&rig, "iot", things()).await;
    refused.is_error(403, "UnrecognizedClientException", "does not exist any more");
    rig.end().await;
}

#[tokio::test]
async fn who_begins_a_session_and_who_is_refused_one_is_in_the_audit_trail() {
    let rig = Rig::new().await;
    role(&rig, &json!([{"Effect": "Allow", "Action": "*", "Resource": "*"}])).await;
    let session = Session::begin(&rig).await;
    let refused = rig.viewer("sts", assume()).await;
    refused.is_error(
        403,
        "AccessDenied",
        "user/viewer is not authorized to perform: sts:AssumeRole",
    );
    session.ask(&rig, "iot", Ask::post("/things/by-session", "")).await;
    let page = Page::first(100);
    let records = rig.registry.recorded_changes(&ChangeFilter::default(), &page).await.unwrap();
    let [made, denied, begun] = &records.rows[..3] else { panic!("three records") };
    assert_eq!(
        (made.actor.as_str(), &made.access_key),
        ("assumed-role/r/shift", &Some(session.key.clone()))
    );
    assert_eq!((denied.actor.as_str(), denied.error.as_deref()), ("viewer", Some("AccessDenied")));
    assert!(denied.resource.contains(ROLE), "{denied:?}");
    assert_eq!(begun.resource, format!("role/r session/shift accesskey/{}", session.key));
    let all = format!("{:?}", records.rows);
    assert!(!all.contains(session.secret.expose()) && !all.contains(&session.token));
    rig.end().await;
}
