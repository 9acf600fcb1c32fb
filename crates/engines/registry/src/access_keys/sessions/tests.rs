use std::sync::Arc;
use std::time::Duration;

use picket_core::Timestamp;
use picket_ports::registry::{Document, DocumentKind};
use serde_json::json;

use super::*;

const NOW: Timestamp = Timestamp::from_millis(1_000_000);
const ROLE: &str = "arn:aws:iam::000000000000:role/r";
const IOT: &str = "credentials.iot.amazonaws.com";

fn trusting(principal: &serde_json::Value) -> String {
    json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}]})
    .to_string()
}

fn allowing(action: &str, resource: &str) -> String {
    json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": action, "Resource": resource}]})
    .to_string()
}

fn document(kind: DocumentKind, name: &str, body: &serde_json::Value) -> Document {
    let (body, version) = (body.to_string(), 1);
    Document { kind, name: name.to_owned(), body, version, created: NOW, modified: NOW }
}

/// A role `r` with one inline policy and the attached ones.
fn role(id: &str, trust: &str, inline: &str, attached: &[&str]) -> Document {
    document(
        DocumentKind::Role,
        "r",
        &json!({
            "format": "1",
            "id": id,
            "path": "/",
            "trust_policy": trust,
            "description": null,
            "session_seconds_max": 7200,
            "inline_policies": {"own": inline},
            "attached_policies": attached,
        }),
    )
}

fn roles(trust: &serde_json::Value, inline: &str) -> Roles {
    let mut roles = Roles::default();
    roles.put(&role("AROA1", &trusting(trust), inline, &[])).unwrap();
    roles
}

fn user(name: &str, role: UserRole) -> KeyOwner {
    let (user, access_key) = (name.to_owned(), "AKIA".to_owned());
    KeyOwner { user, rights: KeyRights::User(role), access_key, secret: Secret::new("s") }
}

fn asking(assumer: Assumer<'_>) -> AssumeRole<'_> {
    AssumeRole {
        role_arn: ROLE,
        session_name: "shift",
        seconds: None,
        assumer,
        account: "000000000000",
        external_id: None,
        source_ip: None,
        facts: Vec::new(),
    }
}

fn sessions() -> Sessions {
    Sessions::new([7; 32])
}

fn begin(roles: &Roles, request: AssumeRole<'_>) -> Result<NewRoleSession, AssumeError> {
    sessions().begin(roles, request, NOW)
}

fn find(roles: &Roles, made: &NewRoleSession, now: Timestamp) -> Result<KeyOwner, SignerError> {
    sessions().find(roles, (&made.access_key, &made.token), now)
}

fn session_of(owner: &KeyOwner) -> Arc<RoleSession> {
    match &owner.rights {
        KeyRights::Session(session) => Arc::clone(session),
        KeyRights::User(_) => panic!("{owner:?} is no session"),
    }
}

fn allows(owner: &KeyOwner, action: &str) -> bool {
    session_of(owner).refusal(&SessionRequest { action, ..SessionRequest::default() }).is_none()
}

#[test]
fn a_session_is_known_by_its_token_until_its_end() {
    let roles = roles(&json!({"Service": IOT}), &allowing("iot:List*", "*"));
    let made = begin(&roles, asking(Assumer::Service(IOT))).unwrap();
    assert!(made.access_key.starts_with(TEMPORARY) && made.access_key.len() == 20);
    assert_eq!(made.expires, NOW.plus(Duration::from_secs(3_600)));
    let owner = find(&roles, &made, NOW).unwrap();
    assert_eq!(owner.user, "assumed-role/r/shift");
    assert_eq!((&owner.secret, &owner.access_key), (&made.secret, &made.access_key));
    assert!(allows(&owner, "iot:ListThings") && !allows(&owner, "iot:DeleteThing"));
    assert_eq!(find(&roles, &made, NOW).unwrap(), owner);
    let late = find(&roles, &made, made.expires);
    assert_eq!(late, Err(SignerError::Expired { at: made.expires }));
    let other = NewRoleSession { access_key: "ASIAOTHER".to_owned(), ..made.clone() };
    assert_eq!(find(&roles, &other, NOW), Err(SignerError::NoSuchSession));
    let forged = Sessions::new([8; 32]).find(&roles, (&made.access_key, &made.token), NOW);
    assert_eq!(forged, Err(SignerError::NoSuchSession));
}

#[test]
fn a_session_ends_with_its_role_even_if_another_takes_the_name() {
    let trust = json!({"Service": IOT});
    let mut roles = roles(&trust, &allowing("*", "*"));
    let made = begin(&roles, asking(Assumer::Service(IOT))).unwrap();
    roles.remove(DocumentKind::Role, "r");
    let gone = Err(SignerError::RoleGone { role: ROLE.to_owned() });
    assert_eq!(find(&roles, &made, NOW), gone);
    roles.put(&role("AROA2", &trusting(&trust), &allowing("*", "*"), &[])).unwrap();
    assert_eq!(find(&roles, &made, NOW), gone);
}

#[test]
fn a_session_has_the_rights_that_its_role_has_now() {
    let trust = json!({"Service": IOT});
    let mut roles = roles(&trust, &allowing("iot:*", "*"));
    let made = begin(&roles, asking(Assumer::Service(IOT))).unwrap();
    let before = find(&roles, &made, NOW).unwrap();
    let arn = "arn:aws:iam::000000000000:policy/ops/p";
    let attach = role("AROA1", &trusting(&trust), &allowing("sns:*", "*"), &[arn]);
    roles.put(&attach).unwrap();
    // What cannot be found may have been a denial.
    let lost = find(&roles, &made, NOW).unwrap();
    assert!(!allows(&lost, "sns:Publish") && !allows(&lost, "iot:ListThings"));
    assert_ne!(lost, before);
    let managed = |document: &str| json!({"format": "1", "id": "ANPA1", "path": "/ops/", "description": null, "document": document});
    let policy = document(DocumentKind::ManagedPolicy, "p", &managed(&allowing("iot:List*", "*")));
    roles.put(&policy).unwrap();
    let now = find(&roles, &made, NOW).unwrap();
    assert!(allows(&now, "sns:Publish") && allows(&now, "iot:ListThings"));
    assert!(!allows(&now, "iot:DeleteThing"));
    let broken = document(DocumentKind::ManagedPolicy, "p", &managed("{"));
    roles.put(&broken).unwrap();
    assert!(!allows(&find(&roles, &made, NOW).unwrap(), "sns:Publish"));
    let owned = "arn:aws:iam::aws:policy/service-role/AWSIoTLogging";
    roles.put(&role("AROA1", &trusting(&trust), &allowing("sns:*", "*"), &[owned])).unwrap();
    assert!(allows(&find(&roles, &made, NOW).unwrap(), "logs:CreateLogGroup"));
}

#[test]
fn the_trust_policy_decides_who_begins_a_session() {
    let (admin, viewer) = (user("ada", UserRole::Admin), user("vic", UserRole::Viewer));
    let may = |trust: serde_json::Value, assumer: Assumer<'_>| {
        begin(&roles(&trust, &allowing("*", "*")), asking(assumer)).map(drop)
    };
    let account = json!({"AWS": "arn:aws:iam::000000000000:root"});
    let vic = json!({"AWS": ["arn:aws:iam::000000000000:user/vic"]});
    assert!(may(account.clone(), Assumer::Key(&admin)).is_ok());
    assert!(may(account, Assumer::Key(&viewer)).is_err());
    assert!(may(vic.clone(), Assumer::Key(&viewer)).is_ok());
    let refused = may(vic, Assumer::Key(&admin)).unwrap_err().to_string();
    assert_eq!(refused, "because the role's trust policy does not allow it");
    assert!(may(json!({"Service": "iot.amazonaws.com"}), Assumer::Service(IOT)).is_err());
    let nobody =
        AssumeRole { role_arn: "arn:aws:iam::000000000000:role/x", ..asking(Assumer::Key(&admin)) };
    let refused = begin(&Roles::default(), nobody).unwrap_err().to_string();
    assert!(refused.starts_with("because there is no role arn:"), "{refused}");
    let elsewhere = AssumeRole { account: "111111111111", ..asking(Assumer::Service(IOT)) };
    assert!(begin(&roles(&json!({"Service": IOT}), &allowing("*", "*")), elsewhere).is_err());
}

#[test]
fn a_session_begins_another_only_if_its_own_role_says_so_and_for_an_hour() {
    let trust = json!({"AWS": [ROLE], "Service": IOT});
    let chain = |inline: &str, seconds: Option<u32>| {
        let roles = roles(&trust, inline);
        let first = begin(&roles, asking(Assumer::Service(IOT))).unwrap();
        let first = find(&roles, &first, NOW).unwrap();
        begin(&roles, AssumeRole { seconds, ..asking(Assumer::Key(&first)) })
    };
    assert!(chain(&allowing("sts:AssumeRole", ROLE), None).is_ok());
    assert!(matches!(chain(&allowing("iot:*", "*"), None), Err(AssumeError::Denied(_))));
    let long = chain(&allowing("sts:AssumeRole", ROLE), Some(3_601)).unwrap_err().to_string();
    assert!(long.contains("from 900 to 3600"), "{long}");
}

#[test]
fn a_user_asks_for_no_more_seconds_than_the_role_has_and_a_service_gets_no_more() {
    let trust = json!({"AWS": "*", "Service": IOT});
    let (roles, admin) = (roles(&trust, &allowing("*", "*")), user("ada", UserRole::Admin));
    let lasts = |assumer, seconds| {
        let made = begin(&roles, AssumeRole { seconds: Some(seconds), ..asking(assumer) })?;
        Ok::<_, AssumeError>(made.expires.since(NOW).as_secs())
    };
    assert_eq!(lasts(Assumer::Key(&admin), 7_200), Ok(7_200));
    for seconds in [899, 7_201] {
        let refused = lasts(Assumer::Key(&admin), seconds).unwrap_err().to_string();
        assert!(refused.contains("from 900 to 7200"), "{refused}");
    }
    assert_eq!(lasts(Assumer::Service(IOT), 43_200), Ok(7_200));
}

#[test]
fn facts_of_a_session_and_when_it_began_are_there_for_policies() {
    let own = "arn:aws:iot:us-east-1:000000000000:thing/${credentials-iot:ThingName}";
    let revoked = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "*", "Resource": own},
        {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition":
            {"DateLessThan": {"aws:TokenIssueTime": "1970-01-01T00:16:40Z"}}}]});
    let roles = roles(&json!({"Service": IOT}), &revoked.to_string());
    let facts = vec![("credentials-iot:ThingName".to_owned(), "pump-17".to_owned())];
    let may = |at: i64, thing: &str| {
        let request = AssumeRole { facts: facts.clone(), ..asking(Assumer::Service(IOT)) };
        let at = Timestamp::from_millis(at);
        let made = sessions().begin(&roles, request, at).unwrap();
        let owner = find(&roles, &made, at).unwrap();
        let resource = format!("arn:aws:iot:us-east-1:000000000000:thing/{thing}");
        let asked = SessionRequest {
            action: "iot:DescribeThing",
            resource: Some(&resource),
            ..SessionRequest::default()
        };
        session_of(&owner).refusal(&asked).is_none()
    };
    assert!(may(1_000_000, "pump-17"));
    assert!(!may(1_000_000, "pump-18"));
    // Begun before the sessions were revoked.
    assert!(!may(999_000, "pump-17"));
}
