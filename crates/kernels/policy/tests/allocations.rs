//! A decision is taken for every message of every device, so it must not allocate.

use std::hint::black_box;
use std::sync::Arc;

use picket_core::Account;
use picket_policy::{
    Action, Authorizer, CertificateFacts, NameField, PolicyDocument, Subject, ThingFacts,
};

const FLEET: &str = include_str!("../examples/ten_statements.json");
const HARD: &str = r#"{"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "NotAction": "iot:Connect", "NotResource": "*/never"},
    {"Effect": "Deny", "Action": "*", "Resource": "*?e*c?r*e?*t*"},
    {"Effect": "Allow", "Action": "iot:*",
     "Resource": "arn:aws:iot:*:*:*/${iot:Certificate.Subject.CommonName}/${iot:ClientId}/*",
     "Condition": {"ForAllValues:StringLike": {"iot:ConnectAttributes": ["Last*"]},
                   "IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "2001:db8::/32"]}}}]}"#;

fn pump() -> Subject {
    Subject {
        client_id: Some("pump-17".to_owned()),
        source_ip: Some([10, 0, 0, 7].into()),
        thing: Some(ThingFacts { name: "pump-17".to_owned(), ..ThingFacts::default() }),
        is_attached: true,
        certificate: Some(CertificateFacts {
            subject: vec![(NameField::CommonName, "pump".to_owned())],
            ..CertificateFacts::default()
        }),
        ..Subject::default()
    }
}

#[test]
fn a_decision_allocates_nothing() {
    let parse = |text| Arc::new(PolicyDocument::parse(text).unwrap().named("p"));
    let documents = [parse(FLEET), parse(HARD)];
    let rights = Authorizer::compile(&Account::default(), &documents, &pump());
    let names = ["pump-17", "things/pump-17/a", "e/secret", "pump/pump-17/x", "#", "", "ä/never"];
    let mut allowed = 0;
    let count = allocation_counter::measure(|| {
        for action in Action::ALL {
            for name in names {
                allowed += usize::from(black_box(&rights).allows(*action, name));
            }
        }
    });
    assert_eq!((count.count_total, count.bytes_total), (0, 0));
    // It did decide, both ways.
    assert!((10..Action::ALL.len() * names.len()).contains(&allowed), "{allowed}");
    let refused = allocation_counter::measure(|| drop(rights.refusal(Action::Publish, "e/secret")));
    assert!(refused.count_total > 0, "the counter counts");
}
