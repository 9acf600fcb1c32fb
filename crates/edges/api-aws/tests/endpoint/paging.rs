//! Pages and their tokens.

use serde_json::Value;

use crate::rig::{Ask, Rig};

async fn with_aliases(count: usize) -> Rig {
    let rig = Rig::new().await;
    for n in 0..count {
        let body = r#"{"roleArn":"arn:aws:iam::000000000000:role/r"}"#;
        let reply = rig.admin("iot", Ask::post(&format!("/role-aliases/a{n}"), body)).await;
        assert_eq!(reply.status, 200, "{reply:?}");
    }
    rig
}

fn encoded(token: &str) -> String {
    token.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D")
}

async fn page(rig: &Rig, query: &str) -> Value {
    let reply = rig.admin("iot", Ask::get(&format!("/role-aliases?{query}"))).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.json()
}

#[tokio::test]
async fn pages_follow_each_other_in_either_order_and_the_last_has_no_token() {
    let rig = with_aliases(7).await;
    for (order, first) in
        [("", "a0"), ("&isAscendingOrder=true", "a0"), ("&isAscendingOrder=false", "a6")]
    {
        let (mut names, mut marker) = (Vec::new(), String::new());
        loop {
            let found = page(&rig, &format!("pageSize=3{order}{marker}")).await;
            let rows = found["roleAliases"].as_array().unwrap();
            names.extend(rows.iter().map(|name| name.as_str().unwrap().to_owned()));
            let Some(next) = found["nextMarker"].as_str() else { break };
            marker = format!("&marker={}", encoded(next));
        }
        assert_eq!(names.len(), 7, "{order}: {names:?}");
        assert_eq!(names.first().map(String::as_str), Some(first), "{order}");
    }
    assert_eq!(page(&rig, "pageSize=7").await.get("nextMarker"), None);
    rig.end().await;
}

#[tokio::test]
async fn a_token_from_elsewhere_or_altered_is_refused() {
    let rig = with_aliases(3).await;
    let found = page(&rig, "pageSize=1").await;
    let token = found["nextMarker"].as_str().unwrap();
    let refused = async |target: String, as_viewer: bool| {
        let ask = Ask::get(&target);
        let reply =
            if as_viewer { rig.viewer("iot", ask).await } else { rig.admin("iot", ask).await };
        reply.is_error(400, "InvalidRequestException", "pagination token");
    };
    refused(format!("/role-aliases?marker={}", encoded(token)), true).await;
    refused(format!("/tags?resourceArn=x&nextToken={}", encoded(token)), false).await;
    let flipped = if token.starts_with('A') { token.replacen('A', "B", 1) } else { "AAAA".into() };
    for wrong in [flipped, "x".into(), "a0".into(), "A".repeat(2_000), "%20".into()] {
        refused(format!("/role-aliases?marker={wrong}"), false).await;
    }
    rig.end().await;
}

#[tokio::test]
async fn a_token_goes_on_with_the_list_it_was_given_for_and_no_other() {
    let rig = Rig::new().await;
    for n in 0..6 {
        let body = format!(r#"{{"attributePayload":{{"attributes":{{"a":"{}"}}}}}}"#, n % 2);
        assert_eq!(rig.admin("iot", Ask::post(&format!("/things/t{n}"), body)).await.status, 200);
        for group in ["g", "h"] {
            let made = Ask::post(&format!("/thing-groups/{group}"), "");
            assert_eq!(rig.admin("iot", made).await.status, 200);
            let body = format!(r#"{{"thingName":"t{n}","thingGroupName":"{group}"}}"#);
            let put = Ask { body: body.into(), ..Ask::put("/thing-groups/addThingToThingGroup") };
            assert_eq!(rig.admin("iot", put).await.status, 200);
        }
    }
    for (list, same, others) in [
        (
            "/things?attributeName=a&attributeValue=0&maxResults=1",
            "/things?maxResults=2&attributeValue=0&attributeName=a",
            &["/things?attributeName=a&attributeValue=1", "/things", "/things?attributeName=a"][..],
        ),
        (
            "/thing-groups/g/things?maxResults=2",
            "/thing-groups/g/things?maxResults=1",
            &["/thing-groups/h/things", "/thing-groups/g/things?recursive=true"],
        ),
    ] {
        let found = rig.admin("iot", Ask::get(list)).await.json();
        let token = encoded(found["nextToken"].as_str().unwrap());
        let with = |target: &str| {
            let join = if target.contains('?') { '&' } else { '?' };
            Ask::get(&format!("{target}{join}nextToken={token}"))
        };
        assert_eq!(rig.admin("iot", with(same)).await.status, 200);
        for other in others {
            let reply = rig.admin("iot", with(other)).await;
            reply.is_error(400, "InvalidRequestException", "for the same arguments");
        }
    }
    rig.end().await;
}

#[tokio::test]
async fn a_token_is_bound_to_what_headers_and_forms_ask_for() {
    let rig = Rig::new().await;
    let document = "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow\
                    %22%2C%22Principal%22%3A%7B%22Service%22%3A%22iot.amazonaws.com%22%7D%2C%22Action\
                    %22%3A%22sts%3AAssumeRole%22%7D%5D%7D";
    for n in 0..3 {
        let form =
            format!("Action=CreateRole&Path=/p/&RoleName=r{n}&AssumeRolePolicyDocument={document}");
        let reply = rig.admin("iam", Ask::form(&form)).await;
        assert_eq!(reply.status, 200, "{reply:?}");
    }
    let list = |form: String| Ask::form(&format!("Action=ListRoles{form}"));
    let found = rig.admin("iam", list("&PathPrefix=/p/&MaxItems=1".to_owned())).await;
    let marker = found.text.split("<Marker>").nth(1).unwrap().split('<').next().unwrap();
    let marker = encoded(marker);
    let same = list(format!("&MaxItems=2&PathPrefix=/p/&Marker={marker}"));
    assert_eq!(rig.admin("iam", same).await.status, 200);
    let other = list(format!("&PathPrefix=/&Marker={marker}"));
    rig.admin("iam", other).await.is_error(400, "ValidationError", "for the same arguments");
    rig.end().await;
}
