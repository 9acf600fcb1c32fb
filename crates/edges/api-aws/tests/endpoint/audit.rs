//! The audit trail.

use picket_ports::registry::{ChangeFilter, ChangeRecord, Page};

use crate::rig::{Ask, Rig};

async fn records(rig: &Rig) -> Vec<ChangeRecord> {
    let page = Page::first(100);
    rig.registry.recorded_changes(&ChangeFilter::default(), &page).await.unwrap().rows
}

#[tokio::test]
async fn every_change_that_was_tried_is_there_when_its_answer_comes() {
    let rig = Rig::new().await;
    let body = || r#"{"roleArn":"arn:aws:iam::000000000000:role/r"}"#;
    let create = || Ask::post("/role-aliases/a%40b", body());
    let made = rig.admin("iot", create()).await;
    let [record] = &records(&rig).await[..] else { panic!("one record") };
    assert_eq!(record.actor, "admin");
    assert_eq!(record.access_key.as_deref(), Some(rig.admin.key.id.as_str()));
    assert_eq!((record.service.as_str(), record.operation.as_str()), ("iot", "CreateRoleAlias"));
    assert_eq!((record.resource.as_str(), &record.error), ("rolealias/a@b", &None));
    assert_eq!(record.request_id, made.header("x-amzn-requestid"));
    assert!(record.source.starts_with("127.0.0.1:"), "{}", record.source);
    rig.admin("iot", create()).await;
    rig.viewer("iot", create()).await;
    let errors: Vec<Option<String>> =
        records(&rig).await.into_iter().map(|record| record.error).collect();
    let expected = ["AccessDeniedException", "ResourceAlreadyExistsException"];
    assert_eq!(errors[..2], expected.map(|code| Some(code.to_owned())));
    rig.end().await;
}

#[tokio::test]
async fn reads_and_strangers_are_not_in_it() {
    let rig = Rig::new().await;
    rig.admin("iot", Ask::get("/endpoint")).await;
    let create = Ask::post("/role-aliases/a", "{}");
    rig.send(rig.plain(&create)).await;
    rig.send(rig.signed(&create, &rig.forger("iot"))).await;
    assert_eq!(records(&rig).await, []);
    rig.end().await;
}

#[tokio::test]
async fn what_was_changed_is_named_and_no_secret_is() {
    let rig = Rig::new().await;
    let made = rig.admin("iam", Ask::form("Action=CreateAccessKey&UserName=viewer")).await;
    let id = made.text.split("<AccessKeyId>").nth(1).unwrap().split('<').next().unwrap();
    let [record] = &records(&rig).await[..] else { panic!("one record") };
    assert_eq!(record.resource, format!("user/viewer accesskey/{id}"));
    let secret = made.text.split("<SecretAccessKey>").nth(1).unwrap().split('<').next().unwrap();
    assert_eq!(secret.len(), 40);
    assert!(!format!("{record:?}").contains(secret));
    let body = r#"{"logTarget":{"targetType":"CLIENT_ID","targetName":"p"},"logLevel":"INFO"}"#;
    rig.admin("iot", Ask::post("/v2LoggingLevel", body)).await;
    assert_eq!(records(&rig).await[0].resource, "target/p");
    let tag = r#"{"resourceArn":"arn:aws:iot:us-east-1:000000000000:rule/r","tags":[]}"#;
    rig.admin("iot", Ask::post("/tags", tag)).await;
    let latest = records(&rig).await.into_iter().next().unwrap();
    assert_eq!(latest.resource, "arn:aws:iot:us-east-1:000000000000:rule/r");
    assert_eq!(latest.error.as_deref(), Some("ResourceNotFoundException"));
    rig.end().await;
}

#[tokio::test]
async fn what_a_thing_joins_and_which_tags_change_are_named_and_no_tag_s_value_is() {
    let rig = Rig::new().await;
    let put = |target: &str, body: &str| Ask { body: body.to_owned().into(), ..Ask::put(target) };
    let group = "arn:aws:iot:us-east-1:000000000000:thinggroup/g";
    for (ask, resource) in [
        (
            Ask::post("/thing-groups/g", r#"{"tags":[{"Key":"k","Value":"v"}]}"#),
            "thinggroup/g tag/k",
        ),
        (
            Ask::post("/thing-groups/below", r#"{"parentGroupName":"g"}"#),
            "thinggroup/below parent/g",
        ),
        (Ask::post("/things/t", r#"{"thingTypeName":null}"#), "thing/t"),
        (
            put(
                "/thing-groups/updateThingGroupsForThing",
                r#"{"thingName":"t","thingGroupsToAdd":["g"],"thingGroupsToRemove":["below"]}"#,
            ),
            "thing/t joins/g leaves/below",
        ),
        (
            Ask::post("/untag", format!(r#"{{"resourceArn":"{group}","tagKeys":["k","l"]}}"#)),
            &format!("{group} tag/k tag/l"),
        ),
    ] {
        let reply = rig.admin("iot", ask).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        let latest = records(&rig).await.into_iter().next().unwrap();
        assert_eq!((latest.resource.as_str(), latest.error), (resource, None));
    }
    rig.end().await;
}

#[tokio::test]
async fn changes_of_profiles_dimensions_and_metrics_are_named_by_their_arns() {
    let rig = Rig::new().await;
    let all = "arn:aws:iot:us-east-1:000000000000:all/things";
    let encoded = all.replace(':', "%3A").replace('/', "%2F");
    let attach = format!("/security-profiles/p%3Aq/targets?securityProfileTargetArn={encoded}");
    let metric = r#"{"metricType":"number","clientRequestToken":"t"}"#;
    let dimension = r#"{"type":"TOPIC_FILTER","stringValues":["a"],"clientRequestToken":"t"}"#;
    for (ask, resource) in [
        (Ask::post("/security-profiles/p%3Aq", "{}"), "securityprofile/p:q".to_owned()),
        (Ask::new(http::Method::PUT, &attach), format!("securityprofile/p:q {all}")),
        (Ask::post("/custom-metric/m", metric), "custommetric/m".to_owned()),
        (Ask::post("/dimensions/d", dimension), "dimension/d".to_owned()),
    ] {
        let reply = rig.admin("iot", ask).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        let latest = records(&rig).await.into_iter().next().unwrap();
        assert_eq!((latest.resource, latest.error), (resource, None));
    }
    let check = Ask::post("/security-profile-behaviors/validate", r#"{"behaviors":[]}"#);
    assert_eq!(rig.viewer("iot", check).await.status, 200);
    assert_eq!(records(&rig).await.len(), 4);
    rig.end().await;
}
