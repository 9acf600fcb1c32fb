use proptest::prelude::*;

use super::*;

const THING: &str = "arn:aws:iot:us-east-1:000000000000:thing/pump-17";

fn policy(statements: &str) -> Arc<IamPolicy> {
    let text = format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#);
    Arc::new(IamPolicy::parse("p", &text.replace('\'', "\"")).unwrap())
}

fn facts() -> Facts {
    Facts::default()
        .with("aws:SourceIp", Some("10.0.0.7"))
        .with("aws:TokenIssueTime", Some("2026-07-01T12:00:00Z"))
        .with("credentials-iot:ThingName", Some("pump-17"))
}

fn allows(statements: &str, action: &str, resource: Option<&str>) -> bool {
    let facts = facts();
    refusal(&[policy(statements)], &Asked { action, resource, facts: &facts }).is_none()
}

#[test]
fn actions_of_all_services_and_resources_with_wildcards_and_variables_are_compared() {
    let allow = |action: &str, resource: &str| {
        format!("{{'Effect':'Allow','Action':'{action}','Resource':'{resource}'}}")
    };
    for (statement, action, resource, expected) in [
        (allow("*", "*"), "sns:Publish", None, true),
        (allow("SNS:publ*", "*"), "sns:Publish", None, true),
        (allow("iot:Describe*", "*:thing/pump-*"), "iot:DescribeThing", Some(THING), true),
        (allow("iot:Describe*", "*:thing/valve-*"), "iot:DescribeThing", Some(THING), false),
        (allow("iot:Describe*", "*"), "iot:DeleteThing", Some(THING), false),
        (
            allow("iot:*", "*:thing/${credentials-iot:ThingName}"),
            "iot:DescribeThing",
            Some(THING),
            true,
        ),
        (allow("iot:*", "*:thing/${aws:PrincipalTag/t}"), "iot:DescribeThing", Some(THING), false),
        // Which resource is meant is not known: only one for all of them will do.
        (allow("iot:*", "arn:aws:iot:*"), "iot:AttachPolicy", None, false),
        (allow("iot:*", "*"), "iot:AttachPolicy", None, true),
    ] {
        assert_eq!(allows(&statement, action, resource), expected, "{statement} {action}");
    }
}

#[test]
fn the_negated_forms_mean_everything_else() {
    let both = |rest: &str| format!("{{'Effect':'Allow',{rest}}}");
    assert!(allows(&both("'NotAction':'iam:*','Resource':'*'"), "iot:X", None));
    assert!(!allows(&both("'NotAction':'iam:*','Resource':'*'"), "iam:X", None));
    let others = both("'Action':'*','NotResource':'*:thing/valve'");
    assert!(allows(&others, "iot:DescribeThing", Some(THING)));
    assert!(!allows(&others, "iot:DescribeThing", None));
    let own = both("'Action':'*','NotResource':'*:thing/pump-17'");
    assert!(!allows(&own, "iot:DescribeThing", Some(THING)));
}

#[test]
fn conditions_hold_fail_or_cannot_be_told() {
    for (condition, expected) in [
        ("'IpAddress':{'aws:SourceIp':'10.0.0.0/8'}", true),
        ("'IpAddress':{'AWS:sourceip':['11.0.0.0/8','10.0.0.7']}", true),
        ("'NotIpAddress':{'aws:SourceIp':'10.0.0.0/8'}", false),
        ("'StringLike':{'credentials-iot:ThingName':'pump-*'}", true),
        ("'StringEquals':{'credentials-iot:ThingTypeName':'pump'}", false),
        ("'StringEqualsIfExists':{'credentials-iot:ThingTypeName':'pump'}", true),
        ("'StringNotEquals':{'credentials-iot:ThingTypeName':'pump'}", true),
        ("'Null':{'credentials-iot:ThingTypeName':true}", true),
        ("'Null':{'credentials-iot:ThingName':true}", false),
        ("'Null':{'aws:PrincipalTag/team':true}", false),
        ("'DateGreaterThan':{'aws:TokenIssueTime':'2026-01-01T00:00:00Z'}", true),
        ("'DateLessThan':{'aws:TokenIssueTime':'2026-01-01T00:00:00Z'}", false),
        ("'StringEqualsIfExists':{'aws:PrincipalTag/team':'a'}", false),
        ("'StringEquals':{'aws:SourceIp':'${aws:PrincipalTag/ip}'}", false),
        ("'Bizarre':{'aws:SourceIp':'x'}", false),
    ] {
        let allow =
            format!("{{'Effect':'Allow','Action':'*','Resource':'*','Condition':{{{condition}}}}}");
        assert_eq!(allows(&allow, "iot:X", None), expected, "{condition}");
    }
}

#[test]
fn a_denial_that_cannot_be_told_denies_and_names_its_policy() {
    let all = "{'Effect':'Allow','Action':'*','Resource':'*'}";
    for denial in [
        "{'Effect':'Deny','Action':'iot:Delete*','Resource':'*:thing/valve'}",
        "{'Effect':'Deny','Action':'*','Resource':'*','Condition':{'Bool':{'aws:Odd':'true'}}}",
        "{'Effect':'Deny','Action':'*','Resource':'*:thing/${aws:PrincipalTag/t}'}",
    ] {
        assert!(!allows(&format!("{all},{denial}"), "iot:DeleteThing", None), "{denial}");
    }
    let other = "{'Effect':'Deny','Action':'iot:Delete*','Resource':'*:thing/valve'}";
    assert!(allows(&format!("{all},{other}"), "iot:DeleteThing", Some(THING)));
    let (facts, none) = (Facts::default(), []);
    let asked = Asked { action: "iot:X", resource: None, facts: &facts };
    let text = refusal(&none, &asked).unwrap();
    assert_eq!(text, "because no policy of the role allows iot:X");
    let text = refusal(&[policy(other), policy(all)], &Asked { action: "iot:DeleteX", ..asked });
    assert_eq!(text.as_deref(), Some("with an explicit deny in policy p"));
}

fn admits(statements: &str, assumer: Assumer<'_>) -> Admission {
    let text = format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#);
    let trust = TrustPolicy::parse(&text.replace('\'', "\"")).unwrap();
    trust.admission(assumer, &Facts::default().with("sts:ExternalId", Some("x")))
}

#[test]
fn a_trust_policy_tells_services_users_and_accounts_apart() {
    let arns = ["arn:aws:iam::000000000000:user/ada".to_owned()];
    let ada = Assumer::Identity { account: "000000000000", arns: &arns };
    let iot = Assumer::Service("credentials.iot.amazonaws.com");
    let allow = |principal: &str| {
        format!("{{'Effect':'Allow','Principal':{principal},'Action':'sts:AssumeRole'}}")
    };
    let service = allow("{'Service':['iot.amazonaws.com','credentials.iot.amazonaws.com']}");
    assert_eq!(admits(&service, iot), Admission::ByName);
    assert!(matches!(admits(&service, ada), Admission::Refused(_)));
    let named = allow("{'AWS':'arn:aws:iam::000000000000:user/ada'}");
    assert_eq!(admits(&named, ada), Admission::ByName);
    for wide in ["'*'", "{'AWS':'000000000000'}", "{'AWS':'arn:aws:iam::000000000000:root'}"] {
        assert_eq!(admits(&allow(wide), ada), Admission::ByAccount, "{wide}");
        assert!(matches!(admits(&allow(wide), iot), Admission::Refused(_)), "{wide}");
    }
    let other = allow("{'AWS':['arn:aws:iam::000000000001:root','arn:aws:iam::1:user/ada']}");
    assert!(matches!(admits(&other, ada), Admission::Refused(_)));
    let denied = "{'Effect':'Deny','Principal':'*','Action':'sts:*'}";
    assert!(matches!(admits(&format!("{named},{denied}"), ada), Admission::Refused(_)));
    let inverted =
        "{'Effect':'Allow','NotPrincipal':{'AWS':'1'},'Action':'sts:AssumeRole'}".to_owned();
    assert!(matches!(admits(&inverted, ada), Admission::Refused(_)));
}

#[test]
fn a_trust_policy_may_ask_for_an_external_id() {
    let arns = ["a".to_owned()];
    let ada = Assumer::Identity { account: "1", arns: &arns };
    let asks = |key: &str, value: &str| {
        format!(
            "{{'Effect':'Allow','Principal':{{'AWS':'a'}},'Action':'sts:AssumeRole',
               'Condition':{{'StringEquals':{{'{key}':'{value}'}}}}}}"
        )
    };
    assert_eq!(admits(&asks("sts:ExternalId", "x"), ada), Admission::ByName);
    assert!(matches!(admits(&asks("sts:ExternalId", "y"), ada), Admission::Refused(_)));
    let untold = admits(&asks("aws:MultiFactorAuthPresent", "true"), ada);
    assert!(matches!(untold, Admission::Refused(why) if why.contains("cannot be told")));
}

#[test]
fn what_is_there_twice_or_unknown_is_malformed() {
    for text in [
        "",
        "[]",
        "{}",
        r#"{"Statement":[]}"#,
        r#"{"Version":"2020-01-01","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#,
        r#"{"Statement":{"Effect":"Deny","Effect":"Allow","Action":"*","Resource":"*"}}"#,
        r#"{"Statement":{"Effect":"Allow","Action":"*","NotAction":"x","Resource":"*"}}"#,
        r#"{"Statement":{"Effect":"Allow","Action":"*"}}"#,
        r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Principal":"*"}}"#,
    ] {
        assert!(IamPolicy::parse("p", text).is_err(), "{text}");
    }
}

proptest! {
    #[test]
    fn a_denial_more_never_allows_more(
        action in "(iot|sns):[AB*?]{1,2}",
        resource in "(\\*|arn:aws:iot:[ab*]{0,3})",
        effects in proptest::collection::vec(any::<bool>(), 1..4),
        asked in "(iot|sns):[AB]{1,2}",
        on in proptest::option::of("arn:aws:iot:[ab]{0,3}"),
    ) {
        let statement = |is_allow: &bool| {
            let effect = if *is_allow { "Allow" } else { "Deny" };
            format!("{{'Effect':'{effect}','Action':'{action}','Resource':'{resource}'}}")
        };
        let all = effects.iter().map(statement).collect::<Vec<_>>().join(",");
        let with = format!("{all},{}", statement(&false));
        prop_assert!(!allows(&with, &asked, on.as_deref()) || allows(&all, &asked, on.as_deref()));
        if effects.contains(&false) && allows(&all, &asked, on.as_deref()) {
            // Then the statement is not about what is asked, so that nothing allows it.
            prop_assert!(false, "{all} allows {asked}");
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in ".{0,200}") {
        drop(IamPolicy::parse("p", &text));
        drop(TrustPolicy::parse(&text));
    }
}
