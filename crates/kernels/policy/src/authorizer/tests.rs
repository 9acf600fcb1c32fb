use super::*;
use crate::ThingFacts;

fn decide(policies: &[&str], subject: &Subject, action: Action, resource: &str) -> Decision {
    let documents: Vec<_> =
        policies.iter().map(|json| Arc::new(PolicyDocument::parse(json).unwrap())).collect();
    Authorizer::compile(&Account::default(), &documents, subject).decide(action, resource)
}

fn statement(effect: &str, action: &str, resource: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"{effect}","Action":"{action}",
        "Resource":"arn:aws:iot:us-east-1:000000000000:{resource}"}}}}"#
    )
}

fn pump() -> Subject {
    Subject {
        client_id: Some("pump-17".to_owned()),
        thing: Some(ThingFacts { name: "pump-17".to_owned(), ..ThingFacts::default() }),
        is_attached: true,
        ..Subject::default()
    }
}

fn allows(action: &str, resource: &str, asked: (Action, &str)) -> bool {
    decide(&[&statement("Allow", action, resource)], &pump(), asked.0, asked.1).is_allowed()
}

#[test]
fn actions_match_without_case_and_with_wildcards() {
    for action in ["iot:Publish", "IOT:publish", "iot:*", "*", "iot:Pub*", "iot:Publis?"] {
        assert!(allows(action, "topic/*", (Action::Publish, "topic/a/b")), "{action}");
    }
    assert!(!allows("iot:Publish", "topic/*", (Action::RetainPublish, "topic/a")));
}

#[test]
fn mqtt_wildcards_are_ordinary_characters_in_a_policy() {
    assert!(allows("iot:Subscribe", "topicfilter/a/+/b", (Action::Subscribe, "topicfilter/a/+/b")));
    assert!(!allows(
        "iot:Subscribe",
        "topicfilter/a/+/b",
        (Action::Subscribe, "topicfilter/a/x/b")
    ));
    assert!(allows("iot:Subscribe", "topicfilter/a/*", (Action::Subscribe, "topicfilter/a/#")));
    assert!(allows(
        "iot:Subscribe",
        "topicfilter/$share/*/a",
        (Action::Subscribe, "topicfilter/$share/group/a")
    ));
}

#[test]
fn the_whole_arn_is_compared() {
    let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["iot:Connect"],
        "Resource":["arn:aws:iot:eu-west-1:*:client/*","arn:aws:iot:*:*:client/a"]}]}"#;
    assert!(decide(&[policy], &pump(), Action::Connect, "client/a").is_allowed());
    assert!(!decide(&[policy], &pump(), Action::Connect, "client/b").is_allowed());
    let everything =
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
    assert!(decide(&[everything], &pump(), Action::ListRetainedMessages, "*").is_allowed());
}

#[test]
fn variables_are_replaced_and_unresolvable_ones_keep_the_statement_from_applying() {
    let own = "client/${iot:Connection.Thing.ThingName}";
    assert!(allows("iot:Connect", own, (Action::Connect, "client/pump-17")));
    assert!(!allows("iot:Connect", own, (Action::Connect, "client/pump-18")));
    assert!(!allows("iot:Connect", "client/${iot:Nothing}", (Action::Connect, "client/pump-17")));
    let deny = statement("Deny", "iot:Connect", "${iot:Nothing}*");
    let allow = statement("Allow", "iot:*", "*");
    assert!(decide(&[&deny, &allow], &pump(), Action::Connect, "client/x").is_allowed());
}

#[test]
fn a_client_id_cannot_smuggle_a_wildcard_into_a_topic_filter() {
    let policy = statement("Allow", "iot:*", "topicfilter/${iot:ClientId}/*");
    let check = |client: &str, filter: &str| {
        let subject = Subject { client_id: Some(client.to_owned()), ..Subject::default() };
        decide(&[&policy], &subject, Action::Subscribe, filter).is_allowed()
    };
    assert!(check("a", "topicfilter/a/b"));
    assert!(!check("+", "topicfilter/+/b"));
    assert!(!check("*", "topicfilter/other/b"));
}

#[test]
fn a_deny_wins_wherever_it_stands_and_names_its_statement() {
    let allow = statement("Allow", "*", "*");
    let deny = statement("Deny", "iot:Publish", "topic/secret*");
    for policies in [[&*allow, &*deny], [&*deny, &*allow]] {
        let decision = decide(&policies, &pump(), Action::Publish, "topic/secret/a");
        let Decision::ExplicitDeny(origin) = decision else { panic!("{decision:?}") };
        assert_eq!(policies[origin.document as usize], deny);
        assert!(decide(&policies, &pump(), Action::Publish, "topic/open").is_allowed());
    }
    assert_eq!(decide(&[], &pump(), Action::Publish, "topic/a"), Decision::ImplicitDeny);
}

#[test]
fn not_action_and_not_resource_cover_everything_else() {
    let policy = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","NotAction":"iot:Connect",
        "NotResource":"arn:aws:iot:*:*:topic/secret"}}"#;
    assert!(decide(&[policy], &pump(), Action::Publish, "topic/open").is_allowed());
    assert!(!decide(&[policy], &pump(), Action::Publish, "topic/secret").is_allowed());
    assert!(!decide(&[policy], &pump(), Action::Connect, "client/a").is_allowed());
}

#[test]
fn connect_attributes_decide_on_connect_only() {
    let policy = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iot:*","Resource":"*",
        "Condition":{"ForAllValues:StringEquals":{"iot:ConnectAttributes":["LastWill"]}}}}"#;
    let persistent = Subject { persistent_connect: true, ..pump() };
    assert!(decide(&[policy], &pump(), Action::Connect, "client/pump-17").is_allowed());
    assert!(!decide(&[policy], &persistent, Action::Connect, "client/pump-17").is_allowed());
    assert!(decide(&[policy], &persistent, Action::Publish, "topic/a").is_allowed());
}

#[test]
fn policies_of_2008_take_variables_as_text() {
    let policy = r#"{"Version":"2008-10-17","Statement":{"Effect":"Allow","Action":"iot:Connect",
        "Resource":"arn:aws:iot:us-east-1:000000000000:client/${iot:ClientId}"}}"#;
    assert!(!decide(&[policy], &pump(), Action::Connect, "client/pump-17").is_allowed());
}

fn check_malformed(json: &str, expected: &str) {
    let error = PolicyDocument::parse(json).unwrap_err().to_string();
    let expected = format!("the policy document is malformed at {expected}");
    assert!(error.contains(&expected), "{error}");
}

#[test]
fn malformed_documents_name_the_place() {
    check_malformed("{", "line 1 column 1: this is not valid JSON");
    check_malformed("[]", "the top: it must be a JSON object");
    check_malformed(r#"{"Statement":[]}"#, "the top: `Version` is missing");
    check_malformed(r#"{"Version":"2020","Statement":[]}"#, "Version: it must be \"2012-10-17\"");
    check_malformed(
        r#"{"Version":"2012-10-17","Statement":[]}"#,
        "Statement: it must not be empty",
    );
    check_malformed(
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"allow"}]}"#,
        "Statement[0].Effect: it must be \"Allow\" or \"Deny\"",
    );
    check_malformed(
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Resource":"*"}}"#,
        "Statement: `Action` is missing",
    );
    check_malformed(
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":[7]}}"#,
        "Statement.Resource: it must be a string or a list",
    );
    check_malformed(
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resorce":"*"}}"#,
        "Statement: unknown member `Resorce`; did you mean `Resource`?",
    );
    check_malformed(
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*","Principal":"*"}}"#,
        "Statement: unknown member `Principal`",
    );
}

#[test]
fn white_space_does_not_count_against_the_size() {
    let document = statement("Allow", "*", "*");
    assert!(PolicyDocument::parse(&(document.clone() + &" ".repeat(5000))).is_ok());
    check_malformed(&statement("Allow", "*", &"x".repeat(2048)), "the top: it has");
}
