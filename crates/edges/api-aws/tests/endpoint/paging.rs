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
