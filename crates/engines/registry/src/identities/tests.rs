use std::collections::BTreeMap;

use super::*;
use crate::test_plane::{START, TestPlane, pairs, refusal};

const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow",
    "Principal":{"Service":"credentials.iot.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
const RIGHTS: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}"#;
const LOGGING: &str = "arn:aws:iam::aws:policy/service-role/AWSIoTLogging";

fn new_role(name: &str) -> NewRole {
    NewRole { name: name.to_owned(), trust_policy: TRUST.to_owned(), ..NewRole::default() }
}

#[tokio::test]
async fn a_role_is_created_read_changed_and_deleted() {
    let test = TestPlane::new().await;
    let plane = &test.plane;
    let new = NewRole { path: Some("/iot/".to_owned()), tags: pairs("k=v"), ..new_role("r") };
    let made = plane.create_role(new).await.unwrap();
    assert!(made.id.starts_with("AROA") && made.id.len() == 21, "{}", made.id);
    assert_eq!((made.session_seconds_max, made.created), (3_600, START));
    assert_eq!(made.trust_policy, TRUST);
    assert_eq!(plane.role_tags("r").await.unwrap(), pairs::<Vec<_>>("k=v"));
    let again = refusal(plane.create_role(new_role("R")).await);
    assert!(again.starts_with("AlreadyExists: role r"), "{again}");
    plane.update_role("r", Some("for pumps".to_owned()), Some(7_200)).await.unwrap();
    let changed = plane.role("r").await.unwrap();
    assert_eq!(changed.description.as_deref(), Some("for pumps"));
    assert_eq!(changed.session_seconds_max, 7_200);
    assert!(refusal(plane.set_trust_policy("r", RIGHTS).await).starts_with("MalformedPolicy: "));
    plane.delete_role("r").await.unwrap();
    assert_eq!(refusal(plane.role("r").await), "NotFound: role r not found");
    test.end().await;
}

#[tokio::test]
async fn a_role_with_policies_cannot_be_deleted_nor_a_policy_that_is_attached() {
    let test = TestPlane::new().await;
    let plane = &test.plane;
    plane.create_role(new_role("r")).await.unwrap();
    plane.put_role_policy("r", "inline", RIGHTS).await.unwrap();
    assert!(refusal(plane.delete_role("r").await).contains("inline policies"));
    assert_eq!(plane.role_policy("r", "inline").await.unwrap(), RIGHTS);
    plane.delete_role_policy("r", "inline").await.unwrap();
    assert!(refusal(plane.delete_role_policy("r", "inline").await).starts_with("NotFound"));
    let new = NewManagedPolicy {
        name: "p".to_owned(),
        document: RIGHTS.to_owned(),
        ..NewManagedPolicy::default()
    };
    let policy = plane.create_managed_policy(new).await.unwrap();
    assert_eq!(policy.arn, "arn:aws:iam::000000000000:policy/p");
    for _ in 0..2 {
        plane.attach_role_policy("r", &policy.arn).await.unwrap();
    }
    assert_eq!(plane.managed_policy(&policy.arn).await.unwrap().attachments, 1);
    assert!(refusal(plane.delete_role("r").await).contains("attached policies"));
    assert!(refusal(plane.delete_managed_policy(&policy.arn).await).contains("attached to 1"));
    plane.detach_role_policy("r", &policy.arn).await.unwrap();
    assert!(refusal(plane.detach_role_policy("r", &policy.arn).await).starts_with("NotFound"));
    plane.delete_managed_policy(&policy.arn).await.unwrap();
    assert!(refusal(plane.attach_role_policy("r", &policy.arn).await).starts_with("NotFound"));
    plane.delete_role("r").await.unwrap();
    test.end().await;
}

#[tokio::test]
async fn the_policies_of_aws_are_there_and_stay() {
    let test = TestPlane::new().await;
    let plane = &test.plane;
    let owned = plane.managed_policies(false, true).await.unwrap();
    assert_eq!(owned.len(), 4);
    for policy in &owned {
        policy_document::check(&policy.document, policy_document::Purpose::Rights, 6_144).unwrap();
    }
    plane.create_role(new_role("r")).await.unwrap();
    plane.attach_role_policy("r", LOGGING).await.unwrap();
    assert_eq!(plane.managed_policy(LOGGING).await.unwrap().attachments, 1);
    let refused = refusal(plane.delete_managed_policy(LOGGING).await);
    assert!(refused.contains("cannot be deleted"), "{refused}");
    test.end().await;
}

#[tokio::test]
async fn a_role_s_longest_session_bounds_its_aliases() {
    let test = TestPlane::new().await;
    let plane = &test.plane;
    plane.create_role(new_role("r")).await.unwrap();
    let arn = plane.role_arn("/", "r");
    let refused = refusal(plane.create_role_alias("a", &arn, Some(3_601), &[]).await);
    assert!(refused.contains("last 3600 seconds at most"), "{refused}");
    plane.create_role_alias("a", &arn, Some(3_600), &[]).await.unwrap();
    test.end().await;
}

#[tokio::test]
async fn the_access_advisor_says_that_it_does_not_know() {
    let test = TestPlane::new().await;
    let plane = &test.plane;
    plane.create_role(new_role("r")).await.unwrap();
    let arn = plane.role_arn("/", "r");
    let job = plane.generate_last_accessed(&arn).await.unwrap();
    assert_eq!(plane.last_accessed(&job.job_id).await.unwrap(), job);
    assert!(job.unknown_because.contains("unknown"));
    assert!(refusal(plane.last_accessed("x").await).starts_with("NotFound: job x"));
    let other = plane.role_arn("/other/", "r");
    assert!(refusal(plane.generate_last_accessed(&other).await).starts_with("NotFound"));
    test.end().await;
}

#[tokio::test]
async fn an_identity_pool_keeps_its_roles() {
    let test = TestPlane::new().await;
    let plane = &test.plane;
    let new = NewIdentityPool { name: "my pool".to_owned(), ..NewIdentityPool::default() };
    let pool = plane.create_identity_pool(new).await.unwrap();
    assert!(pool.id.starts_with("us-east-1:"), "{}", pool.id);
    let roles = |kind: &str, arn: &str| PoolRoles {
        roles: BTreeMap::from([(kind.to_owned(), arn.to_owned())]),
        ..PoolRoles::default()
    };
    let arn = "arn:aws:iam::000000000000:role/r";
    let good = roles("unauthenticated", arn);
    plane.set_identity_pool_roles(&pool.id, good.clone()).await.unwrap();
    assert_eq!(plane.identity_pool(&pool.id).await.unwrap().roles, good);
    for (bad, expected) in
        [(roles("guest", arn), "member `guest`"), (roles("authenticated", "r"), "not the ARN")]
    {
        let refused = refusal(plane.set_identity_pool_roles(&pool.id, bad).await);
        assert!(refused.contains(expected), "{refused}");
    }
    plane.delete_identity_pool(&pool.id).await.unwrap();
    assert!(refusal(plane.identity_pool(&pool.id).await).starts_with("NotFound: identity pool"));
    test.end().await;
}
