//! `Resources`: the thing, the certificate and the policies.

use std::collections::BTreeMap;

use picket_policy::PolicyDocument;
use picket_ports::registry::CertificateStatus;
use serde_json::Value;

use super::TemplateError;
use super::parameters::{CERTIFICATE_ID, Parameters};
use super::section::{Section, unknown};
use super::text::Text;

const THING: &str = "AWS::IoT::Thing";
const CERTIFICATE: &str = "AWS::IoT::Certificate";
const POLICY: &str = "AWS::IoT::Policy";

/// What becomes of a member of a thing that is there already.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::just_in_time) enum Override {
    /// It stays as it is.
    #[default]
    DoNothing,
    /// It becomes the template's.
    Replace,
    /// The template's is added to it.
    Merge,
    /// The device is refused if it is not the template's.
    Fail,
}

/// What becomes of a thing that is there already.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::just_in_time) struct ThingOverrides {
    pub(in crate::just_in_time) attributes: Override,
    pub(in crate::just_in_time) type_name: Override,
    pub(in crate::just_in_time) groups: Override,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ThingResource {
    pub(super) name: Text,
    pub(super) type_name: Option<Text>,
    pub(super) billing_group: Option<Text>,
    pub(super) attributes: BTreeMap<String, Text>,
    pub(super) groups: Vec<Text>,
    pub(super) overrides: ThingOverrides,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CertificateResource {
    pub(super) status: CertificateStatus,
}

/// A policy by name, by document, or both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PolicyResource {
    pub(super) name: Option<Text>,
    pub(super) document: Option<String>,
}

/// All of them.
pub(super) struct Resources {
    pub(super) thing: Option<ThingResource>,
    pub(super) certificate: CertificateResource,
    pub(super) policies: Vec<PolicyResource>,
}

impl Resources {
    pub(super) fn read(
        section: &Section<'_>,
        parameters: &Parameters,
    ) -> Result<Self, TemplateError> {
        let (mut thing, mut certificate, mut policies) = (None, None, Vec::new());
        for (name, value) in section.members() {
            let resource = Section::new(value, section.path(name))?;
            resource.allow(&["Type", "Properties", "OverrideSettings"])?;
            let kind = resource.required("Type")?.as_str().unwrap_or_default();
            let second = || section.problem(name, format!("is a second {kind}; one can be made"));
            match kind {
                THING if thing.is_some() => return Err(second()),
                CERTIFICATE if certificate.is_some() => return Err(second()),
                THING => thing = Some(read_thing(&resource, parameters)?),
                CERTIFICATE => certificate = Some(read_certificate(&resource, parameters)?),
                POLICY => policies.push(read_policy(&resource, parameters)?),
                odd => {
                    let known = [THING, CERTIFICATE, POLICY];
                    let problem =
                        format!("`{}` {}", crate::checked::shown(odd), unknown(odd, &known));
                    return Err(resource.problem("Type", problem));
                }
            }
        }
        let certificate = certificate.ok_or_else(|| TemplateError::Member {
            path: "Resources".to_owned(),
            problem: format!("has no {CERTIFICATE}"),
        })?;
        Ok(Self { thing, certificate, policies })
    }
}

fn properties<'a>(resource: &Section<'a>, known: &[&str]) -> Result<Section<'a>, TemplateError> {
    let properties = Section::new(resource.required("Properties")?, resource.path("Properties"))?;
    properties.allow(known)?;
    Ok(properties)
}

fn optional_text(
    section: &Section<'_>,
    member: &str,
    parameters: &Parameters,
) -> Result<Option<Text>, TemplateError> {
    let value = section.optional(member);
    value.map(|value| Text::read(value, section.path(member), parameters)).transpose()
}

fn read_thing(
    resource: &Section<'_>,
    parameters: &Parameters,
) -> Result<ThingResource, TemplateError> {
    let known = ["ThingName", "AttributePayload", "ThingTypeName", "ThingGroups", "BillingGroup"];
    let given = properties(resource, &known)?;
    let name = given.required("ThingName")?;
    let mut attributes = BTreeMap::new();
    if let Some(payload) = given.section("AttributePayload")? {
        for (name, value) in payload.members() {
            let text = Text::read(value, payload.path(name), parameters)?;
            attributes.insert(name.clone(), text);
        }
    }
    let groups = match given.optional("ThingGroups") {
        None => Vec::new(),
        Some(Value::Array(groups)) => {
            let path = given.path("ThingGroups");
            let read = |(place, group): (usize, &Value)| {
                Text::read(group, format!("{path}[{place}]"), parameters)
            };
            groups.iter().enumerate().map(read).collect::<Result<_, _>>()?
        }
        Some(_) => return Err(given.problem("ThingGroups", "must be a list of texts")),
    };
    Ok(ThingResource {
        name: Text::read(name, given.path("ThingName"), parameters)?,
        type_name: optional_text(&given, "ThingTypeName", parameters)?,
        billing_group: optional_text(&given, "BillingGroup", parameters)?,
        attributes,
        groups,
        overrides: thing_overrides(resource)?,
    })
}

fn thing_overrides(resource: &Section<'_>) -> Result<ThingOverrides, TemplateError> {
    let mut overrides = ThingOverrides::default();
    let Some(settings) = resource.section("OverrideSettings")? else { return Ok(overrides) };
    settings.allow(&["AttributePayload", "ThingTypeName", "ThingGroups"])?;
    overrides.attributes = override_setting(&settings, "AttributePayload", true)?;
    overrides.type_name = override_setting(&settings, "ThingTypeName", false)?;
    overrides.groups = override_setting(&settings, "ThingGroups", true)?;
    Ok(overrides)
}

fn override_setting(
    settings: &Section<'_>,
    member: &str,
    can_merge: bool,
) -> Result<Override, TemplateError> {
    let Some(value) = settings.optional(member) else { return Ok(Override::default()) };
    match value.as_str().unwrap_or_default() {
        "DO_NOTHING" => Ok(Override::DoNothing),
        "REPLACE" => Ok(Override::Replace),
        "FAIL" => Ok(Override::Fail),
        "MERGE" if can_merge => Ok(Override::Merge),
        _ if can_merge => {
            Err(settings.problem(member, "must be DO_NOTHING, REPLACE, MERGE or FAIL"))
        }
        _ => Err(settings.problem(member, "must be DO_NOTHING, REPLACE or FAIL")),
    }
}

/// The certificate is always the one that has come, which is not in use before: its override setting
/// is checked and never asked.
fn read_certificate(
    resource: &Section<'_>,
    parameters: &Parameters,
) -> Result<CertificateResource, TemplateError> {
    let given = properties(resource, &["CertificateId", "Status"])?;
    let path = given.path("CertificateId");
    let id = Text::read(given.required("CertificateId")?, path, parameters)?;
    if !id.is_parameter(CERTIFICATE_ID) {
        let problem =
            format!("must be {{\"Ref\": \"{CERTIFICATE_ID}\"}}, the certificate that comes");
        return Err(given.problem("CertificateId", problem));
    }
    if let Some(settings) = resource.section("OverrideSettings")? {
        settings.allow(&["Status"])?;
        override_setting(&settings, "Status", false)?;
    }
    let status = match optional_text(&given, "Status", parameters)? {
        None => CertificateStatus::Active,
        Some(text) => {
            let literal = text.literal().unwrap_or_default();
            if literal.eq_ignore_ascii_case("ACTIVE") {
                CertificateStatus::Active
            } else if literal.eq_ignore_ascii_case("INACTIVE") {
                CertificateStatus::Inactive
            } else {
                return Err(given.problem("Status", "must be ACTIVE or INACTIVE"));
            }
        }
    };
    Ok(CertificateResource { status })
}

fn read_policy(
    resource: &Section<'_>,
    parameters: &Parameters,
) -> Result<PolicyResource, TemplateError> {
    let given = properties(resource, &["PolicyName", "PolicyDocument"])?;
    if resource.optional("OverrideSettings").is_some() {
        return Err(resource.problem("OverrideSettings", "cannot be given for a policy"));
    }
    let name = optional_text(&given, "PolicyName", parameters)?;
    let document = match given.optional("PolicyDocument") {
        None => None,
        Some(Value::String(text)) => Some(text.clone()),
        // What a device says of itself does not get into its rights; policy variables do that safely.
        Some(Value::Object(members))
            if members.contains_key("Ref") || members.keys().any(|it| it.starts_with("Fn::")) =>
        {
            let problem = "must be literal; use policy variables such as \
                           `${iot:Certificate.Subject.CommonName}` for what differs";
            return Err(given.problem("PolicyDocument", problem));
        }
        Some(value @ Value::Object(_)) => Some(value.to_string()),
        Some(_) => return Err(given.problem("PolicyDocument", "must be a policy as a text")),
    };
    if let Some(document) = &document {
        PolicyDocument::parse(document)
            .map_err(|error| given.problem("PolicyDocument", format!("is no policy: {error}")))?;
    }
    if name.is_none() && document.is_none() {
        return Err(resource.problem("Properties", "needs a PolicyName or a PolicyDocument"));
    }
    Ok(PolicyResource { name, document })
}
