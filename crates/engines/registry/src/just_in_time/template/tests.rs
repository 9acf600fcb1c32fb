use picket_pki::Registrable;
use picket_ports::registry::CertificateStatus;
use proptest::prelude::*;
use rcgen::DnType;
use serde_json::{Value, json};

use super::{Override, Plan, parse};
use crate::test_pki::{authority, certificate};

const ID: &str = "AWS::IoT::Certificate::Id";
const POLICY: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iot:Connect","Resource":"*"}]}"#;

/// The template in AWS's guide, as the members of JSON objects.
fn whole() -> Value {
    json!({
        "Parameters": {
            "AWS::IoT::Certificate::CommonName": {"Type": "String"},
            "AWS::IoT::Certificate::SerialNumber": {"Type": "String"},
            "AWS::IoT::Certificate::Country": {"Type": "String", "Default": "nowhere"},
            "AWS::IoT::Certificate::Id": {"Type": "String"},
            "Site": {"Type": "String", "Default": "west"},
        },
        "Resources": {
            "thing": {
                "Type": "AWS::IoT::Thing",
                "Properties": {
                    "ThingName": {"Fn::Join": ["-", ["dev", {"Ref": "AWS::IoT::Certificate::CommonName"}]]},
                    "AttributePayload": {
                        "version": "v1",
                        "serial": {"Ref": "AWS::IoT::Certificate::SerialNumber"},
                        "country": {"Ref": "AWS::IoT::Certificate::Country"},
                        "site": {"Ref": "Site"},
                    },
                    "ThingTypeName": "pump",
                    "ThingGroups": ["ward", {"Fn::Join": ["", ["site-", {"Ref": "Site"}]]}],
                    "BillingGroup": "hospital",
                },
                "OverrideSettings": {
                    "AttributePayload": "MERGE",
                    "ThingTypeName": "REPLACE",
                    "ThingGroups": "FAIL",
                },
            },
            "certificate": {
                "Type": "AWS::IoT::Certificate",
                "Properties": {"CertificateId": {"Ref": ID}, "Status": "ACTIVE"},
                "OverrideSettings": {"Status": "DO_NOTHING"},
            },
            "policy": {"Type": "AWS::IoT::Policy", "Properties": {"PolicyName": "device"}},
            "written": {"Type": "AWS::IoT::Policy", "Properties": {"PolicyDocument": POLICY}},
        },
    })
}

fn presented(names: &[(DnType, &str)]) -> Registrable {
    Registrable::read(&certificate(&authority("Wards"), names)).unwrap()
}

fn planned(template: &Value, names: &[(DnType, &str)]) -> Result<Plan, String> {
    let template = parse(&template.to_string()).map_err(|error| error.to_string())?;
    template.plan(&presented(names)).map_err(|error| error.to_string())
}

fn serial() -> DnType {
    DnType::from_oid(&[2, 5, 4, 5])
}

#[test]
fn a_template_is_filled_from_the_certificate() {
    let names = [(DnType::CommonName, "pump-17"), (serial(), "S-1")];
    let plan = planned(&whole(), &names).unwrap();
    let thing = plan.thing.unwrap();
    assert_eq!(thing.name, "dev-pump-17");
    assert_eq!(thing.type_name.as_deref(), Some("pump"));
    assert_eq!(thing.billing_group.as_deref(), Some("hospital"));
    assert_eq!(thing.groups, ["ward", "site-west"]);
    let attributes: Vec<_> =
        thing.attributes.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let expected = [("country", "nowhere"), ("serial", "S-1"), ("site", "west"), ("version", "v1")];
    assert_eq!(attributes, expected);
    let overrides = thing.overrides;
    assert_eq!(overrides.attributes, Override::Merge);
    assert_eq!(overrides.type_name, Override::Replace);
    assert_eq!(overrides.groups, Override::Fail);
    assert_eq!(plan.status, CertificateStatus::Active);
    let policies: Vec<_> =
        plan.policies.iter().map(|it| (it.name.len(), it.document.as_deref())).collect();
    assert_eq!(policies, [("device".len(), None), (64, Some(POLICY))], "named by its document");
}

#[test]
fn every_parameter_of_a_certificate_comes_from_its_subject() {
    let names = [
        (DnType::CountryName, "DE"),
        (DnType::OrganizationName, "Wards"),
        (DnType::OrganizationalUnitName, "Pumps"),
        (DnType::from_oid(&[2, 5, 4, 46]), "Q-1"),
        (DnType::StateOrProvinceName, "Bavaria"),
        (DnType::CommonName, "pump-17"),
        (serial(), "S-1"),
    ];
    let words = [
        "Country",
        "Organization",
        "OrganizationalUnit",
        "DistinguishedNameQualifier",
        "StateName",
        "CommonName",
        "SerialNumber",
    ];
    let parameter = |word: &&str| format!("AWS::IoT::Certificate::{word}");
    let mut template = json!({"Parameters": {ID: {"Type": "String"}}, "Resources": {
        "thing": {"Type": "AWS::IoT::Thing", "Properties": {"ThingName": "x", "AttributePayload": {}}},
        "certificate": {"Type": "AWS::IoT::Certificate", "Properties": {"CertificateId": {"Ref": ID}}},
    }});
    for word in &words {
        template["Parameters"][parameter(word)] = json!({"Type": "String"});
        template["Resources"]["thing"]["Properties"]["AttributePayload"][word] =
            json!({"Ref": parameter(word)});
    }
    let attributes = planned(&template, &names).unwrap().thing.unwrap().attributes;
    for (word, (_, value)) in words.iter().zip(&names) {
        assert_eq!(attributes[*word], *value, "{word}");
    }
    let error = planned(&template, &names[1..]).unwrap_err();
    let expected = "the certificate has no value for parameter `AWS::IoT::Certificate::Country`, \
                    which the provisioning template declares";
    assert_eq!(error, expected);
}

/// The template with the member at `pointer` set to `value`; a null takes it away.
fn with(pointer: &str, value: Value) -> Value {
    let mut template = whole();
    let (parent, member) = pointer.rsplit_once('/').unwrap();
    let parent = template.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    if value.is_null() {
        parent.remove(member).unwrap();
    } else {
        parent.insert(member.to_owned(), value);
    }
    template
}

/// Each template is refused with a text that begins so.
fn check_refused(cases: impl IntoIterator<Item = (Value, &'static str)>) {
    for (template, problem) in cases {
        let error = parse(&template.to_string()).unwrap_err().to_string();
        let expected = format!("provisioning template: {problem}");
        assert!(error.starts_with(&expected), "{error}\nshould be\n{expected}");
    }
}

#[test]
fn an_unknown_or_missing_section_or_resource_is_named() {
    check_refused([
        (with("/Mappings", json!({})), "`Mappings` is unknown; known are Parameters, Resources"),
        (with("/Resource", json!({})), "`Resource` is unknown; did you mean `Resources`?"),
        (with("/Resources", Value::Null), "`Resources` is missing"),
        (with("/Resources", json!([])), "`Resources` must be a JSON object"),
        (with("/Resources/certificate", Value::Null), "`Resources` has no AWS::IoT::Certificate"),
        (
            with("/Resources/x", json!({"Type": "AWS::IoT::Thingy", "Properties": {}})),
            "`Resources.x.Type` `AWS::IoT::Thingy` is unknown; did you mean `AWS::IoT::Thing`?",
        ),
        (
            with("/Resources/x", json!({"Type": "AWS::IoT::Thing", "Properties": {}})),
            "`Resources.x` is a second AWS::IoT::Thing; one can be made",
        ),
    ]);
}

#[test]
fn what_is_wrong_with_a_thing_is_said_with_its_place() {
    let thing = "/Resources/thing/Properties/ThingName";
    check_refused([
        (
            with("/Resources/thing/Properties/ThingNames", json!("x")),
            "`Resources.thing.Properties.ThingNames` is unknown; did you mean `ThingName`?",
        ),
        (with(thing, Value::Null), "`Resources.thing.Properties.ThingName` is missing"),
        (
            with(thing, json!(17)),
            "`Resources.thing.Properties.ThingName` must be a text, a `Ref` or a `Fn::Join`",
        ),
        (
            with(thing, json!({"Ref": "AWS::IoT::Certificate::Organization"})),
            "`Resources.thing.Properties.ThingName` refers to \
             `AWS::IoT::Certificate::Organization`, which `Parameters` does not declare",
        ),
        (
            with(thing, json!({"Ref": "Sitee"})),
            "`Resources.thing.Properties.ThingName` refers to `Sitee`, which is unknown; did you \
             mean `Site`?",
        ),
        (
            with(thing, json!({"Fn::Sub": "x"})),
            "`Resources.thing.Properties.ThingName.Fn::Sub` is unknown; known are Ref, Fn::Join",
        ),
        (
            with(thing, json!({"Fn::Join": ["x"]})),
            "`Resources.thing.Properties.ThingName.Fn::Join` must be `[delimiter, [text, …]]`",
        ),
        (
            with(thing, json!({"Fn::Join": ["", ["a", {"Ref": "No"}]]})),
            "`Resources.thing.Properties.ThingName.Fn::Join[1]` refers to `No`, which is unknown",
        ),
        (
            with("/Resources/thing/Properties/ThingGroups", json!("ward")),
            "`Resources.thing.Properties.ThingGroups` must be a list of texts",
        ),
        (
            with("/Resources/thing/OverrideSettings/ThingTypeName", json!("MERGE")),
            "`Resources.thing.OverrideSettings.ThingTypeName` must be DO_NOTHING, REPLACE or FAIL",
        ),
        (
            with("/Resources/thing/OverrideSettings/ThingGroups", json!("merge")),
            "`Resources.thing.OverrideSettings.ThingGroups` must be DO_NOTHING, REPLACE, MERGE or",
        ),
    ]);
}

#[test]
fn what_is_wrong_with_a_certificate_a_policy_or_a_parameter_is_said_with_its_place() {
    let policy = "/Resources/policy/Properties";
    check_refused([
        (
            with("/Resources/certificate/Properties/CertificateId", json!("x")),
            "`Resources.certificate.Properties.CertificateId` must be {\"Ref\": \
             \"AWS::IoT::Certificate::Id\"}",
        ),
        (
            with("/Resources/certificate/Properties/Status", json!("REVOKED")),
            "`Resources.certificate.Properties.Status` must be ACTIVE or INACTIVE",
        ),
        (
            with("/Resources/certificate/Properties/CertificatePem", json!("x")),
            "`Resources.certificate.Properties.CertificatePem` is unknown",
        ),
        (with(policy, json!({})), "`Resources.policy.Properties` needs a PolicyName or a"),
        (
            with(policy, json!({"PolicyDocument": "{}"})),
            "`Resources.policy.Properties.PolicyDocument` is no policy: ",
        ),
        (
            with(policy, json!({"PolicyDocument": {"Ref": "Site"}})),
            "`Resources.policy.Properties.PolicyDocument` must be literal; use policy variables",
        ),
        (
            with("/Resources/policy/OverrideSettings", json!({})),
            "`Resources.policy.OverrideSettings` cannot be given for a policy",
        ),
        (
            with("/Parameters/AWS::IoT::Certificate::Comon", json!({"Type": "String"})),
            "`Parameters.AWS::IoT::Certificate::Comon` is unknown; did you mean \
             `AWS::IoT::Certificate::Co",
        ),
        (
            with("/Parameters/Floor", json!({"Type": "String"})),
            "`Parameters.Floor` has no value: nothing but the certificate is known",
        ),
        (
            with("/Parameters/Floor", json!({"Type": "Number", "Default": "1"})),
            "`Parameters.Floor.Type` must be `String`",
        ),
        (
            with("/Parameters/Floor", json!({"Type": "String", "Default": 1})),
            "`Parameters.Floor.Default` must be a text",
        ),
    ]);
}

#[test]
fn what_is_no_template_at_all_is_refused() {
    for (body, problem) in [
        ("", "the provisioning template is not JSON: EOF"),
        ("[]", "provisioning template: `template` must be a JSON object"),
        (&"[".repeat(5000), "the provisioning template is not JSON: recursion limit"),
        (&" ".repeat(10_241), "the provisioning template has 10241 characters; at most 10240"),
    ] {
        let error = parse(body).unwrap_err().to_string();
        assert!(error.starts_with(problem), "{error}");
    }
}

#[test]
fn a_certificate_cannot_make_a_template_grow_without_bound() {
    let joined =
        json!({"Fn::Join": ["", vec![json!({"Ref": "AWS::IoT::Certificate::CommonName"}); 60]]});
    let template = with("/Resources/thing/Properties/ThingName", joined);
    let long = "x".repeat(64);
    let error = planned(&template, &[(DnType::CommonName, &long), (serial(), "1")]).unwrap_err();
    let expected = "provisioning template: `Resources.thing.Properties.ThingName.Fn::Join[32]` becomes \
                    longer than 2048 characters";
    assert_eq!(error, expected);
}

fn any_json() -> impl Strategy<Value = Value> {
    let words = prop::sample::select(vec![
        "Ref",
        "Fn::Join",
        "Type",
        "Properties",
        "Parameters",
        "Resources",
        "ThingName",
        "x",
        ID,
        "AWS::IoT::Thing",
        "AWS::IoT::Certificate",
        "AWS::IoT::Policy",
        "CertificateId",
        "String",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        words.clone().prop_map(Value::from),
        "\\PC{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((words.clone(), inner), 0..6)
                .prop_map(|members| members.into_iter().map(|(k, v)| (k.to_owned(), v)).collect()),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn any_json_is_read_or_refused(value in any_json()) {
        let _ends = parse(&value.to_string());
        let mut template = whole();
        template["Resources"]["thing"] = value.clone();
        let _ends = parse(&template.to_string());
        template = whole();
        template["Resources"]["thing"]["Properties"]["ThingName"] = value;
        let _ends = parse(&template.to_string());
    }
}
