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
    let no_json = |text: &str, place: &str, fault: &str| {
        check_malformed(text, &format!("{place}: this is not valid JSON: {fault}"));
    };
    no_json("{", "line 1 column 1", "EOF while parsing an object");
    no_json("{} x", "line 1 column 4", "trailing characters");
    no_json("{\n\"Version\": 1,\n}", "line 3 column 1", "trailing comma");
    no_json(r#"{"Id": "\ud800"}"#, "line 1 column 15", "unexpected end of hex escape");
    no_json(&"[".repeat(2000), "line 1 column 128", "recursion limit exceeded");
    check_malformed("[]", "the top: it must be a JSON object");
    check_malformed(r#"{"Statement":[]}"#, "the top: `Version` is missing");
    check_malformed(
        "{\n\"Version\":\"2020\",\"Statement\":[]}",
        "Version (line 2): it must be \"2012-10-17\"",
    );
    check_malformed(
        r#"{"Version":"2012-10-17","Statement":[]}"#,
        "Statement (line 1): it must not be empty",
    );
    assert!(PolicyDocument::parse_stored(r#"{"Version":"2012-10-17","Statement":[]}"#).is_ok());
    check_malformed(
        "{\"Version\":\"2012-10-17\",\"Statement\":[\n{\"Effect\":\n\"allow\"}]}",
        "Statement[0].Effect (line 3): it must be \"Allow\" or \"Deny\"",
    );
    let statement = |members: &str| {
        format!(r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow",{members}}}}}"#)
    };
    for (members, expected) in [
        (r#""Resource":"*""#, "Statement (line 1): `Action` is missing"),
        (r#""Action":"*""#, "Statement (line 1): `Resource` is missing"),
        (
            r#""Action":"*","NotAction":"*","Resource":"*""#,
            "Statement (line 1): `Action` and `NotAction` exclude each other",
        ),
        (r#""Action":[],"Resource":"*""#, "Statement.Action (line 1): it must not be empty"),
        (r#""Action":"*","Resource":[7]"#, "Statement.Resource[0] (line 1): it must be a string"),
        (
            r#""Action":7,"Resource":"*""#,
            "Statement.Action (line 1): it must be a string or a list",
        ),
        (
            r#""Action":"*","Resource":"*","Condition":{"Bool":{"iot:ClientId":["true",[]]}}"#,
            "Statement.Condition.Bool.iot:ClientId[1] (line 1): values must be strings, numbers",
        ),
        (
            r#""Action":"*","Resorce":"*""#,
            "Statement (line 1): unknown member `Resorce`; did you mean `Resource`?",
        ),
        (
            r#""Action":"*","Resource":"*","Principal":"*""#,
            "Statement (line 1): unknown member `Principal`; known are `Sid`, `Effect`, `Action`,",
        ),
        (
            r#""Action":"*","Resource":"*","Resource":"a""#,
            "Statement.Resource (line 1): it is there twice",
        ),
        (
            r#""Action":"*","Resource":"*","Condition":{"Null":{"iot:ClientId":null}}"#,
            "Statement.Condition.Null.iot:ClientId (line 1): values must be strings",
        ),
    ] {
        check_malformed(&statement(members), expected);
    }
}

#[test]
fn a_refusal_tells_which_statement_or_that_there_is_none() {
    let deny = r#"{"Version":"2012-10-17","Statement":[
        {"Effect":"Allow","Action":"iot:Publish","Resource":"*"},
        {"Sid":"secret","Effect":"Deny","Action":"*","Resource":"*secret*"}]}"#;
    let document = PolicyDocument::parse(deny).unwrap().named("fleet");
    let rights = Authorizer::compile(&Account::default(), &[Arc::new(document)], &pump());
    assert_eq!(rights.refusal(Action::Publish, "a"), None);
    assert_eq!(
        rights.refusal(Action::Publish, "a/secret").as_deref(),
        Some("statement 2 (secret) of policy fleet denies iot:Publish on topic/a/secret")
    );
    assert_eq!(
        rights.refusal(Action::Connect, "pump-17").as_deref(),
        Some("no policy statement allows iot:Connect on client/pump-17")
    );
}

#[test]
fn a_policy_that_is_the_same_for_all_asks_nothing() {
    let parse = |json: &str| PolicyDocument::parse(json).unwrap();
    assert!(parse(&statement("Allow", "iot:*", "*")).is_same_for_all());
    let own = parse(&statement("Allow", "iot:*", "client/${iot:ClientId}"));
    assert!(!own.is_same_for_all() && !own.asks_certificate());
    let named = "client/${iot:Certificate.Subject.CommonName}";
    assert!(parse(&statement("Allow", "iot:*", named)).asks_certificate());
}

#[test]
fn a_list_of_retained_messages_has_no_resource_of_its_own() {
    let everything =
        statement("Allow", "iot:*", "x").replace("arn:aws:iot:us-east-1:000000000000:x", "*");
    let ask = |policy: &str| decide(&[policy], &pump(), Action::ListRetainedMessages, "*");
    assert!(ask(&everything).is_allowed());
    assert!(!ask(&statement("Allow", "iot:*", "*")).is_allowed());
}

#[test]
fn white_space_does_not_count_against_the_size() {
    let document = statement("Allow", "*", "*");
    assert!(PolicyDocument::parse(&(document.clone() + &" ".repeat(5000))).is_ok());
    check_malformed(&statement("Allow", "*", &"x".repeat(2048)), "the top: it has");
}
