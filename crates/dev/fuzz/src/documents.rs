//! Policy documents, topic rules, security profiles and device reports.

use std::sync::Arc;

use picket_core::Account;
use picket_iot_sql::{SqlVersion, Statement};
use picket_policy::{Action, Authorizer, PolicyDocument, Subject, explain};
use picket_profile::{Vocabulary, parse, parse_custom_metric, parse_dimension};
use picket_wire_report::{Format, decode};

pub(crate) fn policy(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(document) = PolicyDocument::parse(text) else { return };
    let documents = [Arc::new(document)];
    let account = Account::default();
    let subject = Subject {
        client_id: Some("pump-17".to_owned()),
        source_ip: Some(std::net::Ipv4Addr::LOCALHOST.into()),
        ..Subject::default()
    };
    let authorizer = Authorizer::compile(&account, &documents, &subject);
    for action in Action::ALL {
        for name in ["pump-17", "things/pump-17/data", "a/+/#", "*", ""] {
            let decision = authorizer.check(*action, name);
            let refusal = authorizer.refusal(*action, name);
            assert_eq!(decision.is_allowed(), refusal.is_none(), "{action:?} on {name}");
            explain(&documents, &subject, *action, &action.arn(&account, name));
        }
    }
}

pub(crate) fn topic_rule(bytes: &[u8]) {
    let Ok(sql) = std::str::from_utf8(bytes) else { return };
    for version in [SqlVersion::V2015, SqlVersion::V2016] {
        Statement::parse(sql, version).ok();
    }
}

/// As a custom metric and as a dimension as well; what they give, profiles may name.
pub(crate) fn security_profile(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let custom: Vec<_> = parse_custom_metric("pressure", text).into_iter().collect();
    let dimensions: Vec<_> = parse_dimension("wards", text).into_iter().collect();
    let vocabulary =
        Vocabulary { custom: &custom, dimensions: &dimensions, ..Vocabulary::default() };
    parse("fleet", text, &vocabulary).ok();
}

pub(crate) fn report_json(bytes: &[u8]) {
    decode(Format::Json, bytes).ok();
}

pub(crate) fn report_cbor(bytes: &[u8]) {
    decode(Format::Cbor, bytes).ok();
}
