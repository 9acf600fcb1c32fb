use picket_core::Account;

use super::*;

const POLICY: &str = r#"{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "own",
      "Effect": "Allow",
      "Action": ["iot:Publish", "iot:Receive"],
      "Resource": [
        "arn:aws:iot:us-east-1:000000000000:topic/things/${iot:Connection.Thing.ThingName}/*",
        "arn:aws:iot:us-east-1:000000000000:topic/all"
      ],
      "Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}
    },
    {"Effect": "Deny", "Action": "iot:*", "Resource": "*secret*"}
  ]
}"#;

fn subject(thing: Option<&str>, ip: &str) -> Subject {
    Subject {
        client_id: thing.map(str::to_owned),
        source_ip: Some(ip.parse().unwrap()),
        thing: thing.map(|name| crate::ThingFacts { name: name.to_owned(), ..Default::default() }),
        is_attached: thing.is_some(),
        ..Subject::default()
    }
}

fn explained(thing: Option<&str>, ip: &str, topic: &str) -> Explanation {
    let document = PolicyDocument::parse(POLICY).unwrap().named("fleet");
    let arn = Action::Publish.arn(&Account::default(), topic);
    explain(&[Arc::new(document)], &subject(thing, ip), Action::Publish, &arn)
}

#[test]
fn the_deciding_statement_is_named_with_its_lines() {
    let allowed = explained(Some("pump"), "10.0.0.7", "things/pump/a");
    assert_eq!(allowed.outcome, Outcome::Allowed);
    let report = &allowed.statements[allowed.decided_by.unwrap()];
    assert_eq!((report.policy.as_str(), report.sid.as_deref()), ("fleet", Some("own")));
    assert_eq!((report.line_first, report.line_last), (4, 13));
    let resource = &report.resource.patterns[0];
    assert!(resource.matches && resource.line == 9, "{resource:?}");
    let read = "arn:aws:iot:us-east-1:000000000000:topic/things/pump/*";
    assert_eq!(resource.read.as_deref(), Some(read));

    let denied = explained(Some("pump"), "10.0.0.7", "things/pump/secret");
    assert_eq!(denied.outcome, Outcome::ExplicitDeny);
    assert_eq!(denied.decided_by, Some(1));
    assert_eq!(denied.statements[1].line_first, 14);
}

#[test]
fn a_near_miss_says_what_kept_it_from_applying() {
    let elsewhere = explained(Some("pump"), "192.168.1.1", "things/pump/a");
    assert_eq!((elsewhere.outcome, elsewhere.decided_by), (Outcome::ImplicitDeny, None));
    let report = &elsewhere.statements[0];
    assert!(report.is_near_miss());
    assert_eq!(
        report.obstacles(),
        ["the condition IpAddress of aws:SourceIp on `10.0.0.0/8` does not hold: here it is \
          `192.168.1.1`"]
    );
    let other = explained(Some("pump"), "10.0.0.7", "things/valve/a");
    let obstacles = other.statements[0].obstacles();
    assert!(obstacles[0].contains("topic/things/pump/*` or `arn:"), "{obstacles:?}");
    assert!(explained(None, "10.0.0.7", "all").statements[0].applies);
}

#[test]
fn variables_without_a_value_are_told_and_listed() {
    let nobody = explained(None, "10.0.0.7", "things/pump/a");
    assert_eq!(nobody.missing, ["iot:Connection.Thing.ThingName"]);
    let problem = nobody.statements[0].resource.patterns[0].problem.as_deref();
    assert_eq!(problem, Some("${iot:Connection.Thing.ThingName} has no value here"));
    assert!(
        nobody.statements[0].obstacles()[0]
            .contains("/*` (${iot:Connection.Thing.ThingName} has no value here) or `arn:")
    );
}

#[test]
fn an_explanation_survives_the_way_over_json() {
    let explanation = explained(Some("pump"), "192.168.1.1", "things/pump/a");
    let json = serde_json::to_string(&explanation).unwrap();
    assert!(json.contains(r#""outcome":"IMPLICIT_DENY""#));
    assert_eq!(serde_json::from_str::<Explanation>(&json).unwrap(), explanation);
}

#[test]
fn a_text_marks_the_lines_that_decide() {
    let denied = explained(Some("pump"), "10.0.0.7", "things/pump/secret");
    let expected = r#"EXPLICIT_DENY: iot:Publish on arn:aws:iot:us-east-1:000000000000:topic/things/pump/secret

denied by statement 2 of policy fleet, line 14:
     13 |     },
>>   14 |     {"Effect": "Deny", "Action": "iot:*", "Resource": "*secret*"}
     15 |   ]

overruled: statement 1 (own) of policy fleet, lines 4-13 allows it
"#;
    assert_eq!(denied.to_text(&[POLICY]), expected);

    let missed = explained(Some("pump"), "192.168.1.1", "things/valve/a").to_text(&[POLICY]);
    let expected = r#"IMPLICIT_DENY: iot:Publish on arn:aws:iot:us-east-1:000000000000:topic/things/valve/a

no statement applies

about this action, but not applying:
  statement 1 (own) of policy fleet, lines 4-13 would allow it, but
    - the resource does not match `arn:aws:iot:us-east-1:000000000000:topic/things/pump/*` or `arn:aws:iot:us-east-1:000000000000:topic/all`
    - the condition IpAddress of aws:SourceIp on `10.0.0.0/8` does not hold: here it is `192.168.1.1`
  statement 2 of policy fleet, line 14 would deny it, but
    - the resource does not match `*secret*`
"#;
    assert_eq!(missed, expected);
}

#[test]
fn an_action_that_does_not_exist_is_told_with_the_nearest() {
    let document = r#"{"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": ["iot:Publsh", "greengrass:Discover"], "Resource": "*"},
        {"Effect": "Deny", "NotAction": ["iot:Publsh"], "Resource": "*secret*"}]}"#;
    let parsed = Arc::new(PolicyDocument::parse(document).unwrap().named("fleet"));
    let explanation = explain(&[parsed], &Subject::default(), Action::Publish, "arn:a");
    assert_eq!(explanation.outcome, Outcome::ImplicitDeny);
    assert!(!explanation.statements[0].action.holds && explanation.statements[1].action.holds);
    let text = explanation.to_text(&[document]);
    let told = "statement 1 of policy fleet, line 2 names an unknown action `iot:Publsh`; did you \
                mean `iot:Publish`?\n";
    assert!(text.contains(told), "{text}");
    assert!(!text.contains("unknown action `greengrass"), "{text}");
}

#[test]
fn a_text_shows_control_characters_and_does_not_obey_them() {
    let text = explained(Some("pump"), "10.0.0.7", "a\u{1b}[2J").to_text(&[POLICY]);
    assert!(text.contains("topic/a\\u{1b}[2J") && !text.contains('\u{1b}'), "{text}");
}
