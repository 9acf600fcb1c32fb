//! Compares the authorizer and its explanations with a slow and obvious reading of the same JSON that
//! was written apart from them, on generated cases and on those in `corpus/`.

#![expect(clippy::unwrap_used, clippy::string_slice, reason = "a model may assume its own input")]

mod evaluator;
mod generators;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use evaluator::{Verdict, verdict};
use picket_core::Account;
use picket_policy::{
    Action, Authorizer, CertificateFacts, CompiledPolicy, Decision, NameField, Outcome,
    PolicyDocument, Subject, ThingFacts, explain,
};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde_json::Value;

fn pairs(value: &Value) -> Vec<(NameField, String)> {
    let pairs = value.as_array().cloned().unwrap_or_default();
    let field = |name: &Value| {
        let name = name.as_str().unwrap();
        *NameField::ALL.iter().find(|field| field.as_str() == name).unwrap()
    };
    pairs.iter().map(|pair| (field(&pair[0]), pair[1].as_str().unwrap().to_owned())).collect()
}

/// The connection as this crate wants it.
fn subject(who: &Value) -> Subject {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let thing = who["thing"].as_object().map(|thing| ThingFacts {
        name: text(&thing["name"]).unwrap(),
        type_name: thing.get("type").and_then(text),
        attributes: thing
            .get("attributes")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
            .map(|(name, value)| (name.clone(), text(value).unwrap()))
            .collect(),
    });
    let certificate = who["certificate"].as_object().map(|facts| CertificateFacts {
        id: facts.get("id").and_then(text).unwrap_or_default(),
        serial_number: facts.get("serialNumber").and_then(text).unwrap_or_default(),
        subject: facts.get("subject").map(pairs).unwrap_or_default(),
        issuer: facts.get("issuer").map(pairs).unwrap_or_default(),
    });
    Subject {
        client_id: text(&who["clientId"]),
        source_ip: who["sourceIp"].as_str().map(|ip| ip.parse().unwrap()),
        is_attached: thing.is_some(),
        thing,
        certificate,
        persistent_connect: who["persistent"] == true,
        last_will_topic: text(&who["willTopic"]),
    }
}

fn as_verdict(decision: Decision) -> Verdict {
    let place = decision.statement().map(|at| (at.document as usize, at.statement as usize));
    match (decision, place) {
        (Decision::Allowed(_), Some((document, statement))) => Verdict::Allow(document, statement),
        (_, Some((document, statement))) => Verdict::Deny(document, statement),
        (_, None) => Verdict::Nothing,
    }
}

/// What the explanation says, and that it is in accord with itself.
fn explained(
    documents: &[Arc<PolicyDocument>],
    subject: &Subject,
    action: Action,
    name: &str,
) -> Verdict {
    let arn = action.arn(&Account::default(), name);
    let explanation = explain(documents, subject, action, &arn);
    for report in &explanation.statements {
        assert_eq!(report.obstacles().is_empty(), report.applies, "{report:?}");
    }
    let report = explanation.decided_by.map(|at| &explanation.statements[at]);
    let place = report.map(|report| (report.document as usize, report.index as usize));
    match (explanation.outcome, place) {
        (Outcome::Allowed, Some((document, statement))) => Verdict::Allow(document, statement),
        (Outcome::ExplicitDeny, Some((document, statement))) => Verdict::Deny(document, statement),
        (Outcome::ImplicitDeny, None) => Verdict::Nothing,
        inconsistent => panic!("{inconsistent:?}"),
    }
}

fn parsed(documents: &[Value]) -> Vec<Arc<PolicyDocument>> {
    let parse = |document: &Value| PolicyDocument::parse(&document.to_string()).unwrap();
    documents.iter().map(|document| Arc::new(parse(document))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2200))]

    #[test]
    fn the_authorizer_and_the_explanation_agree_with_the_model(
        documents in prop::collection::vec(generators::document(), 0..4),
        who in generators::connection(),
        names in prop::collection::vec(generators::name(), 1..4),
    ) {
        let subject = subject(&who);
        let parsed = parsed(&documents);
        let authorizer = Authorizer::compile(&Account::default(), &parsed, &subject);
        for action in generators::ACTIONS {
            let asked = Action::parse(action).unwrap();
            for name in names.iter().map(String::as_str).chain(["*", "a"]) {
                let expected = verdict(&documents, &who, action, name);
                let decision = as_verdict(authorizer.check(asked, name));
                prop_assert_eq!(decision, expected, "{} {}", action, name);
                let explained = explained(&parsed, &subject, asked, name);
                prop_assert_eq!(explained, expected, "{} {} explained", action, name);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn a_policy_that_is_the_same_for_all_is_the_same_for_all(
        document in generators::document(),
        who in generators::connection(),
        names in prop::collection::vec(generators::name(), 1..4),
    ) {
        let mut document = document;
        for statement in document["Statement"].as_array_mut().unwrap() {
            statement.as_object_mut().unwrap().remove("Condition");
        }
        let text = document.to_string().replace("${iot", "$(iot").replace("${aws", "$(aws");
        let text = text.replace("${IOT", "$(IOT").replace("${a", "a");
        let parsed = Arc::new(PolicyDocument::parse(&text).unwrap());
        prop_assert!(parsed.is_same_for_all(), "{}", text);
        let compile = |subject: &Subject| -> Authorizer {
            let policy = CompiledPolicy::new(&Account::default(), Arc::clone(&parsed), subject);
            [Arc::new(policy)].into_iter().collect()
        };
        let (shared, own) = (compile(&Subject::default()), compile(&subject(&who)));
        for action in Action::ALL {
            for name in &names {
                prop_assert_eq!(shared.check(*action, name), own.check(*action, name));
            }
        }
    }

    #[test]
    fn arbitrary_text_never_panics(text in ".{0,200}") {
        let _outcome = PolicyDocument::parse(&text);
    }

    #[test]
    fn a_document_with_one_character_changed_never_panics(
        document in generators::document(),
        at in any::<prop::sample::Index>(),
        other in any::<char>(),
    ) {
        let mut text: Vec<char> = document.to_string().chars().collect();
        let at = at.index(text.len());
        text[at] = other;
        if let Ok(document) = PolicyDocument::parse(&text.iter().collect::<String>()) {
            let document = Arc::new(document);
            let subject = Subject::default();
            let authorizer = Authorizer::compile(&Account::default(), &[Arc::clone(&document)], &subject);
            let _decision = authorizer.check(Action::Publish, "a");
            let _report = explain(&[document], &subject, Action::Publish, "arn");
        }
    }
}

/// Agreement on cases in which nothing applies would prove little.
#[test]
fn generated_cases_come_out_in_every_way_and_for_every_reason() {
    let mut runner = TestRunner::deterministic();
    let cases = (
        prop::collection::vec(generators::document(), 0..4),
        generators::connection(),
        prop::collection::vec(generators::name(), 1..4),
    );
    let mut seen: BTreeMap<&str, u32> = BTreeMap::new();
    for _ in 0..CASES_COUNTED {
        let (documents, who, names) = cases.new_tree(&mut runner).unwrap().current();
        let ways: BTreeSet<&str> = generators::ACTIONS
            .iter()
            .flat_map(|action| names.iter().map(move |name| (action, name)))
            .flat_map(|(action, name)| ways(&documents, verdict(&documents, &who, action, name)))
            .collect();
        for way in ways {
            *seen.entry(way).or_default() += 1;
        }
    }
    for (way, cases_min) in [
        ("nothing", 250),
        ("allow", 120),
        ("deny", 70),
        ("by a variable", 60),
        ("by a condition", 80),
        ("by what it does not name", 70),
    ] {
        let cases = seen.get(way).copied().unwrap_or_default();
        assert!(cases >= cases_min, "{way}: {cases} of {CASES_COUNTED} cases; all: {seen:?}");
    }
}

const CASES_COUNTED: u32 = 500;

/// What a verdict is, and what stands in the statement that decided.
fn ways(documents: &[Value], verdict: Verdict) -> Vec<&'static str> {
    let (way, document, index) = match verdict {
        Verdict::Nothing => return vec!["nothing"],
        Verdict::Allow(document, statement) => ("allow", document, statement),
        Verdict::Deny(document, statement) => ("deny", document, statement),
    };
    let statement = &documents[document]["Statement"][index];
    let has = |member: &str| statement.get(member).is_some();
    let has_variable = statement["Resource"].to_string().contains("${iot:");
    let marks = [
        ("by a variable", has_variable),
        ("by a condition", has("Condition")),
        ("by what it does not name", has("NotAction") || has("NotResource")),
    ];
    let held = marks.iter().filter(|(_, holds)| *holds).map(|(mark, _)| *mark);
    std::iter::once(way).chain(held).collect()
}

/// Every file of `corpus/` holds cases: documents, a connection, requests with what they come to.
#[test]
fn the_cases_of_the_corpus_come_out_as_written() {
    let mut asked = 0;
    for file in std::fs::read_dir("corpus").unwrap() {
        let path = file.unwrap().path();
        let cases: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        for case in cases.as_array().unwrap() {
            let title = format!("{}: {}", path.display(), case["case"]);
            let documents = case["documents"].as_array().unwrap();
            let who = &case["who"];
            let subject = subject(who);
            let parsed = parsed(documents);
            let authorizer = Authorizer::compile(&Account::default(), &parsed, &subject);
            for (request, expected) in case["requests"].as_object().unwrap() {
                let (action, name) = request.split_once(' ').unwrap();
                let asked_action = Action::parse(action).unwrap();
                let decision = as_verdict(authorizer.check(asked_action, name));
                let word = match decision {
                    Verdict::Allow(..) => "allow",
                    Verdict::Deny(..) => "deny",
                    Verdict::Nothing => "nothing",
                };
                assert_eq!(word, expected.as_str().unwrap(), "{title}: {request}");
                assert_eq!(decision, verdict(documents, who, action, name), "{title}: {request}");
                let explained = explained(&parsed, &subject, asked_action, name);
                assert_eq!(decision, explained, "{title}: {request}");
                asked += 1;
            }
        }
    }
    assert!(asked > 100, "{asked} requests");
}
