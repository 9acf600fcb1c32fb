use std::collections::BTreeMap;
use std::time::Duration;

use picket_ports::registry::Page;

use super::*;
use crate::test_plane::{START, TestPlane, refusal, thing};

const ROLE: &str = "arn:aws:iam::000000000000:role/service-role/logger";

#[tokio::test]
async fn a_role_alias_lives_and_dies() {
    let test = TestPlane::new().await;
    let plane = &test.plane;
    let made = plane.create_role_alias("a@b", ROLE, None, &[]).await.unwrap();
    assert_eq!((made.credential_seconds, made.created), (3_600, START));
    let again = refusal(plane.create_role_alias("a@b", ROLE, None, &[]).await);
    assert!(again.starts_with("AlreadyExists: role alias a@b"), "{again}");
    test.clock.advance(Duration::from_secs(60));
    let change = RoleAliasChange { credential_seconds: Some(900), ..RoleAliasChange::default() };
    let changed = plane.update_role_alias("a@b", change).await.unwrap();
    assert_eq!((changed.credential_seconds, changed.role_arn.as_str()), (900, ROLE));
    assert_eq!(changed.modified, START.plus(Duration::from_secs(60)));
    plane.delete_role_alias("a@b").await.unwrap();
    for result in [plane.delete_role_alias("a@b").await, plane.role_alias("a@b").await.map(drop)] {
        assert_eq!(refusal(result), "NotFound: role alias a@b not found");
    }
    test.end().await;
}

#[tokio::test]
async fn bad_role_aliases_are_refused() {
    let test = TestPlane::new().await;
    let check = async |name: &str, role: &str, seconds: u32, expected: &str| {
        let refused = refusal(test.plane.create_role_alias(name, role, Some(seconds), &[]).await);
        assert!(refused.starts_with("Invalid: ") && refused.contains(expected), "{refused}");
    };
    check("a:b", ROLE, 900, "`roleAlias` holds ':'").await;
    check("a", "arn:aws:iam::0:role/x", 900, "`roleArn` is `arn:aws:iam::0:role/x`").await;
    check("a", ROLE, 899, "from 900 to 43200").await;
    check("a", ROLE, 43_201, "from 900 to 43200").await;
    assert_eq!(test.plane.role_aliases().await.unwrap(), []);
    test.end().await;
}

#[tokio::test]
async fn there_are_a_hundred_role_aliases_at_most_also_when_all_come_at_once() {
    let test = TestPlane::new().await;
    let made = futures::future::join_all((0..110).map(|n| {
        let plane = test.plane.clone();
        async move { plane.create_role_alias(&format!("a{n}"), ROLE, None, &[]).await }
    }))
    .await;
    assert_eq!(made.iter().filter(|made| made.is_ok()).count(), 100);
    let refused = refusal(made.into_iter().find(Result::is_err).unwrap());
    assert!(refused.starts_with("LimitExceeded: there are 100"), "{refused}");
    test.end().await;
}

#[tokio::test]
async fn logging_options_keep_what_a_change_does_not_name() {
    let test = TestPlane::new().await;
    let plane = &test.plane;
    assert!(refusal(plane.logging_options().await).starts_with("NotConfigured: "));
    let role_arn = Some(ROLE.to_owned());
    plane.set_logging_options(LoggingChange { role_arn, ..Default::default() }).await.unwrap();
    assert_eq!(plane.logging_options().await.unwrap().default_level, LogLevel::Disabled);
    let change = LoggingChange {
        default_level: Some(LogLevel::Info),
        disables_all: Some(true),
        ..LoggingChange::default()
    };
    plane.set_logging_options(change).await.unwrap();
    let options = plane.logging_options().await.unwrap();
    assert_eq!(options.role_arn.as_deref(), Some(ROLE));
    assert!(options.disables_all);
    let change = LoggingChange { role_arn: Some("x".to_owned()), ..LoggingChange::default() };
    assert!(refusal(plane.set_logging_options(change).await).contains("`roleArn` is `x`"));
    assert_eq!(plane.logging_options_v1().await.unwrap(), None);
    let old = LoggingOptionsV1 { role_arn: ROLE.to_owned(), level: LogLevel::Error };
    plane.set_logging_options_v1(&old).await.unwrap();
    assert_eq!(plane.logging_options_v1().await.unwrap(), Some(old));
    test.end().await;
}

#[tokio::test]
async fn levels_are_kept_for_each_target_once_logging_is_set_up() {
    let test = TestPlane::new().await;
    let plane = &test.plane;
    let level = |kind, name: &str, level| LoggingLevel {
        target: LogTarget { kind, name: (!name.is_empty()).then(|| name.to_owned()) },
        level,
    };
    let group = level(LogTargetKind::ThingGroup, "fleet", LogLevel::Debug);
    assert!(refusal(plane.set_logging_level(&group).await).starts_with("NotConfigured: "));
    plane.set_logging_options(LoggingChange::default()).await.unwrap();
    plane.set_logging_level(&group).await.unwrap();
    let other = level(LogTargetKind::ThingGroup, "fleet", LogLevel::Error);
    plane.set_logging_level(&other).await.unwrap();
    let client = level(LogTargetKind::ClientId, "pump", LogLevel::Info);
    plane.set_logging_level(&client).await.unwrap();
    let nameless = level(LogTargetKind::ClientId, "", LogLevel::Info);
    assert!(refusal(plane.set_logging_level(&nameless).await).contains("needs a `targetName`"));
    let page = Page::first(10);
    let listed = plane.logging_levels(None, &page).await.unwrap().rows;
    assert_eq!(listed, [client, other.clone()]);
    let listed = plane.logging_levels(Some(LogTargetKind::ThingGroup), &page).await.unwrap();
    assert_eq!(listed.rows, std::slice::from_ref(&other));
    for _ in 0..2 {
        plane.delete_logging_level(&other.target).await.unwrap();
    }
    assert_eq!(plane.logging_levels(None, &page).await.unwrap().rows.len(), 1);
    test.end().await;
}

#[tokio::test]
async fn events_are_off_until_they_are_switched_on_and_then_they_come() {
    let mut test = TestPlane::new().await;
    let off = test.plane.event_configurations().await.unwrap();
    assert_eq!((off.configurations.len(), off.created), (11, None));
    assert!(off.configurations.values().all(|is_on| !is_on));
    test.plane.create_thing(thing("before")).await.unwrap();
    let on = |kind: &str, is_on| BTreeMap::from([(kind.to_owned(), is_on)]);
    test.plane.update_event_configurations(&on("THING", true)).await.unwrap();
    test.plane.update_event_configurations(&on("POLICY", true)).await.unwrap();
    test.plane.create_thing(thing("after")).await.unwrap();
    let topics: Vec<String> = test.published().into_iter().map(|(topic, _)| topic).collect();
    assert_eq!(topics, ["$aws/events/thing/after/created"]);
    let now = test.plane.event_configurations().await.unwrap();
    assert_eq!(now.created, Some(START));
    assert_eq!(now.configurations.values().filter(|is_on| **is_on).count(), 2);
    let refused = refusal(test.plane.update_event_configurations(&on("JOB", true)).await);
    assert!(refused.contains("Picket has no jobs"), "{refused}");
    test.plane.update_event_configurations(&on("JOB", false)).await.unwrap();
    let refused = refusal(test.plane.update_event_configurations(&on("THNG", true)).await);
    assert!(refused.contains("no events `THNG`"), "{refused}");
    test.end().await;
}
