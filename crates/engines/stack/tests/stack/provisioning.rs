//! What applying a template does to the registry.

use picket_core::PolicyName;
use picket_ports::registry::{DocumentKind, Documents, Policies};
use picket_stack::{Parameters, ResourceState, StackError};
use serde_json::json;

use crate::bench::{Bench, NOW, states};

const GROUPS: &str = "
Resources:
  Child:
    Type: AWS::IoT::ThingGroup
    Properties: {ThingGroupName: child, ParentGroupName: !Ref Parent}
  Parent:
    Type: AWS::IoT::ThingGroup
    Properties: {ThingGroupName: parent}
  Policy:
    Type: AWS::IoT::Policy
    Properties:
      PolicyName: p
      PolicyDocument: {Version: '2012-10-17', Statement: []}
Outputs:
  Arn: {Value: !GetAtt Child.Arn}
  Both: {Value: !Join ['|', [!Ref Child, !Sub ['${x}/${Policy.Arn}', {x: !Ref 'AWS::Region'}]]]}
";

#[tokio::test]
async fn what_another_resource_needs_comes_first() {
    let bench = Bench::start().await;
    let outcome = bench.apply(GROUPS).await.unwrap();
    let order: Vec<&str> = outcome.resources.iter().map(|it| it.id.as_str()).collect();
    assert_eq!(order, ["Parent", "Policy", "Child"]);
    assert_eq!(outcome.outputs["Arn"], "arn:aws:iot:eu-west-1:111122223333:thinggroup/child");
    assert_eq!(
        outcome.outputs["Both"],
        "child|eu-west-1/arn:aws:iot:eu-west-1:111122223333:policy/p"
    );
}

#[tokio::test]
async fn a_run_that_was_cut_off_is_completed_by_the_next() {
    for done in 0..=3 {
        let bench = Bench::start().await;
        bench.apply(GROUPS).await.unwrap();
        let whole = bench.count().await;
        // As a kill after `done` resources would have left it.
        let bench = Bench::start().await;
        let parent = "{Type: AWS::IoT::ThingGroup, Properties: {ThingGroupName: parent}}";
        let policy = "{Type: AWS::IoT::Policy, Properties: {PolicyName: p, PolicyDocument: \
                      {Version: '2012-10-17', Statement: []}}}";
        let child = "{Type: AWS::IoT::ThingGroup, Properties: {ThingGroupName: child, \
                     ParentGroupName: parent}}";
        for (id, part) in [("A", parent), ("B", policy), ("C", child)].into_iter().take(done) {
            bench.apply(&format!("Resources: {{{id}: {part}}}")).await.unwrap();
        }
        let outcome = bench.apply(GROUPS).await.unwrap();
        assert_eq!(outcome.with_state(ResourceState::Created).count(), 3 - done);
        assert_eq!(outcome.with_state(ResourceState::Unchanged).count(), done);
        assert_eq!(bench.count().await, whole);
    }
}

#[tokio::test]
async fn what_somebody_changed_is_left_as_it_is_and_reported() {
    let bench = Bench::start().await;
    bench.apply(GROUPS).await.unwrap();
    let name = PolicyName::new("p").unwrap();
    let mut policy = bench.registry.policy(&name).await.unwrap();
    policy.versions[0].document = r#"{"Statement":[{"Effect":"Deny"}]}"#.into();
    policy.revision += 1;
    bench.registry.replace_policy(&policy).await.unwrap();
    let outcome = bench.apply(GROUPS).await.unwrap();
    assert_eq!(states(&outcome)["Policy"], ResourceState::KeptAsIs);
    assert_eq!(states(&outcome)["Child"], ResourceState::Unchanged);
    assert!(bench.registry.policy(&name).await.unwrap().document().contains("Deny"));
}

#[tokio::test]
async fn spelling_and_order_of_a_stored_document_make_no_difference() {
    let bench = Bench::start().await;
    let kind = DocumentKind::Index;
    let body = "{ \"retentionDays\": 7, \"description\": \"d\" }";
    bench.registry.create_document(kind, "i", body, NOW).await.unwrap();
    let template = "Resources: {I: {Type: Picket::Siem::Index, Properties: \
                    {Name: i, Description: d, RetentionDays: '7'}}}";
    let outcome = bench.apply(template).await.unwrap();
    assert_eq!(states(&outcome)["I"], ResourceState::Unchanged);
}

#[tokio::test]
async fn parameters_fill_in_and_are_checked() {
    let bench = Bench::start().await;
    let template = "
Parameters:
  Days: {Type: Number, Default: 7, MinValue: 1, MaxValue: 30}
  Name: {Type: String, AllowedPattern: '[a-z]+', ConstraintDescription: small letters}
  Lists: {Type: CommaDelimitedList, Default: 'a, b'}
Resources:
  Index:
    Type: Picket::Siem::Index
    Properties: {Name: !Ref Name, RetentionDays: !Ref Days, Description: !Ref 'AWS::NoValue'}
  Token:
    Type: Picket::Hec::Token
    Properties: {Name: t, Token: secret, Indexes: !Ref Lists}
";
    let good = Parameters::new().with("Name", "iot");
    bench.provisioner.apply(template, &good, NOW).await.unwrap();
    assert_eq!(bench.body(DocumentKind::Index, "iot").await, json!({"retentionDays": 7}));
    let token = bench.body(DocumentKind::HecToken, "t").await;
    assert_eq!(token["indexes"], json!(["a", "b"]));
    let bad = Parameters::new().with("Name", "hunter2").with("Days", "31").with("Dais", "1");
    let error = bench.provisioner.apply(template, &bad, NOW).await.unwrap_err().to_string();
    for expected in [
        "Parameters.Dais: was given a value and is not declared in the template; did you mean `Days`?",
        "Parameters.Days: its value must be from 1 to 30",
        "Parameters.Name: its value does not match AllowedPattern: small letters",
    ] {
        assert!(error.contains(expected), "{error}");
    }
    assert!(!error.contains("hunter2"), "{error}");
    let none = bench.apply(template).await.unwrap_err().to_string();
    assert!(none.contains("Parameters.Name: has no default and was given no value"), "{none}");
}

#[tokio::test]
async fn what_an_engine_says_of_a_document_keeps_the_template_from_being_applied() {
    let bench = Bench::start().await;
    let provisioner = bench.provisioner.clone().with_check(DocumentKind::Index, |name, body| {
        Err(vec![format!("{name} is odd"), body.to_owned()])
    });
    let template = "Resources: {I: {Type: Picket::Siem::Index, Properties: {Name: i}}}";
    let error = provisioner.apply(template, &Parameters::new(), NOW).await.unwrap_err();
    let StackError::Invalid(problems) = error else { panic!("{error}") };
    let shown: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(shown, ["Resources.I.Properties: i is odd", "Resources.I.Properties: {}"]);
    assert_eq!(bench.count().await, 0);
}

#[tokio::test]
async fn a_parent_that_is_nowhere_names_the_resource() {
    let bench = Bench::start().await;
    let template = "Resources: {G: {Type: AWS::IoT::ThingGroup, Properties: \
                    {ThingGroupName: g, ParentGroupName: nowhere}}}";
    let error = bench.apply(template).await.unwrap_err();
    assert!(matches!(&error, StackError::Registry { resource, .. } if resource == "G"), "{error}");
}
