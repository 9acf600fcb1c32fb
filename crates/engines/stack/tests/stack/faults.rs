//! Templates that are wrong: every problem is named, and nothing is changed.

use crate::bench::Bench;

async fn check(template: &str, expected: &[&str]) {
    let bench = Bench::start().await;
    assert_eq!(bench.problems(template).await, expected);
    assert_eq!(bench.count().await, 0, "nothing was changed");
}

#[tokio::test]
async fn unknown_sections_types_members_and_properties_name_the_nearest() {
    check(
        "
AWSTemplateFormatVersion: 2010-09-10
Resorces: {}
Mappings: {}
Resources:
  Good: {Type: AWS::IoT::ThingGroup, Properties: {ThingGroupName: g}}
  Typo: {Type: AWS::IoT::ThingGrup}
  Other: {Type: AWS::S3::Bucket}
  Bare: {Properties: {}}
  Member: {Type: AWS::IoT::ThingGroup, Propertys: {}, DeletionPolicy: Retain}
  b_d: {Type: AWS::IoT::ThingGroup}
",
        &[
            "AWSTemplateFormatVersion: must be 2010-09-09",
            "Resorces: is no section of a template; did you mean `Resources`?",
            "Mappings: this section is not supported yet",
            "Resources.b_d: a logical id is 1 to 255 of A-Z, a-z, 0-9",
            "Resources.Typo.Type: `AWS::IoT::ThingGrup` is not a resource type this version knows; \
             did you mean `AWS::IoT::ThingGroup`?",
            "Resources.Other.Type: `AWS::S3::Bucket` is not a resource type this version knows",
            "Resources.Bare.Type: is missing",
            "Resources.Member.Propertys: is not supported here; did you mean `Properties`?",
            "Resources.Member.DeletionPolicy: is not supported here",
            "Resources.Member.Properties.ThingGroupName: is missing",
        ],
    )
    .await;
}

#[tokio::test]
async fn a_property_that_does_not_fit_names_its_place() {
    check(
        "
Resources:
  P:
    Type: AWS::IoT::SecurityProfile
    Properties:
      SecurityProfileName: bad name
      Behaviors:
        - Name: a
          Metrik: aws:num-messages-sent
          Criteria: {Value: {Count: many, Ports: 21}, MlDetectionConfig: {ConfidenceLevel: HIHG}}
          SuppressAlerts: maybe
      TargetArns: everything
  S:
    Type: AWS::KinesisFirehose::DeliveryStream
    Properties:
      DeliveryStreamName: [s]
      SplunkDestinationConfiguration: {HECEndpointType: event}
  Doc:
    Type: AWS::IoT::Policy
    Properties: {PolicyName: 'a/b', PolicyDocument: '{'}
",
        &[
            "Resources.P.Properties.Behaviors[0].Metrik: is not a property this version knows here; \
             did you mean `Metric`?",
            "Resources.P.Properties.Behaviors[0].Criteria.Value.Count: must be a whole number",
            "Resources.P.Properties.Behaviors[0].Criteria.Value.Ports: must be a list, not a text",
            "Resources.P.Properties.Behaviors[0].Criteria.MlDetectionConfig.ConfidenceLevel: must be \
             one of LOW, MEDIUM, HIGH; did you mean `HIGH`?",
            "Resources.P.Properties.Behaviors[0].SuppressAlerts: must be true or false",
            "Resources.P.Properties.TargetArns: must be a list, not a text",
            "Resources.P.Properties.SecurityProfileName: must be 1 to 128 of a-z, A-Z, 0-9, `:`, `_`, `-`",
            "Resources.S.Properties.DeliveryStreamName: must be a text, not a list",
            "Resources.S.Properties.SplunkDestinationConfiguration.HECEndpointType: must be one of \
             Event, Raw; did you mean `Event`?",
            "Resources.S.Properties.SplunkDestinationConfiguration.HECEndpoint: is missing",
            "Resources.S.Properties.SplunkDestinationConfiguration.S3Configuration: is missing",
            "Resources.Doc.Properties.PolicyName: policy name `a/b` contains '/', which is not allowed",
        ],
    )
    .await;
}

#[tokio::test]
async fn functions_that_lead_nowhere_name_the_nearest() {
    check(
        "
Resources:
  Group: {Type: AWS::IoT::ThingGroup, Properties: {ThingGroupName: !Ref Grup}}
  A: {Type: AWS::IoT::ThingGroup, Properties: {ThingGroupName: !Subb x}}
  B: {Type: AWS::IoT::ThingGroup, Properties: {ThingGroupName: !GetAtt C.Arm}}
  C: {Type: AWS::IoT::ThingGroup, Properties: {ThingGroupName: c}}
  D: {Type: AWS::IoT::ThingGroup, DependsOn: Cc, Properties: {ThingGroupName: !Sub '${C.Name}'}}
",
        &[
            "Resources.D.DependsOn: there is no resource `Cc`; did you mean `C`?",
            "Resources.Group.Properties.ThingGroupName: there is no parameter or resource `Grup`; did \
             you mean `Group`?",
            "Resources.Group.Properties.ThingGroupName: is missing",
            "Resources.A.Properties.ThingGroupName: function `Fn::Subb` is not supported; did you mean \
             `Fn::Sub`?",
            "Resources.A.Properties.ThingGroupName: is missing",
            "Resources.B.Properties.ThingGroupName: `C` has no attribute `Arm`; it has Arn",
            "Resources.B.Properties.ThingGroupName: is missing",
            "Resources.D.Properties.ThingGroupName: `C` has no attribute `Name`; it has Arn",
            "Resources.D.Properties.ThingGroupName: is missing",
        ],
    )
    .await;
}

#[tokio::test]
async fn circles_and_double_names_are_refused() {
    check(
        "
Resources:
  A: {Type: AWS::IoT::ThingGroup, Properties: {ThingGroupName: a, ParentGroupName: !Ref B}}
  B: {Type: AWS::IoT::ThingGroup, Properties: {ThingGroupName: b, ParentGroupName: !Ref A}}
  C: {Type: AWS::IoT::ThingGroup, Properties: {ThingGroupName: c}}
  D: {Type: AWS::IoT::ThingGroup, Properties: {ThingGroupName: c}}
",
        &[
            "Resources: circular dependency between resources: [A, B]",
            "Resources.D.Properties.ThingGroupName: has the name of resource `C`, which is of the same \
             type",
        ],
    )
    .await;
}

#[tokio::test]
async fn a_template_cannot_blow_itself_up() {
    let sub = "${P}".repeat(2000);
    let template = format!(
        "Parameters: {{P: {{Type: String, Default: {}}}}}\nResources: {{I: {{Type: \
         Picket::Siem::Index, Properties: {{Name: i, Description: !Sub '{sub}'}}}}}}",
        "x".repeat(4000)
    );
    check(
        &template,
        &["Resources.I.Properties.Description: functions yield more than 4194304 bytes"],
    )
    .await;
}

#[tokio::test]
async fn a_template_that_is_no_object_says_so() {
    check("[]", &["the template: must be an object, not a list"]).await;
    check("Description: d", &["Resources: is missing"]).await;
}

#[tokio::test]
async fn of_many_faults_the_first_are_listed_at_little_cost() {
    let bench = Bench::start().await;
    let mut template = "Resources:\n".to_owned();
    for number in 0..499 {
        let id = format!("{}{number}", "Resource".repeat(7));
        template.push_str(&format!(
            "  {id}: {{Type: AWS::IoT::ThingGroup, Properties: {{ThingGroupName: g{number}}}}}\n"
        ));
    }
    let wrong = "!Ref ResourceResourceResourceResourceResourceResourceResource00, ";
    template.push_str(&format!(
        "  Last: {{Type: Picket::Hec::Token, Properties: {{Name: t, Token: t, Indexes: [{}]}}}}",
        wrong.repeat(10_000)
    ));
    let begun = std::time::Instant::now();
    assert_eq!(bench.problems(&template).await.len(), 25);
    assert!(begun.elapsed().as_secs() < 30, "{:?}", begun.elapsed());
}
