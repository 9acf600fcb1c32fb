//! A template with the values of one certificate in it.

use std::collections::BTreeMap;

use picket_pki::Registrable;
use picket_ports::registry::CertificateStatus;
use sha2::{Digest, Sha256};

use super::parameters::Values;
use super::resources::{PolicyResource, ThingOverrides, ThingResource};
use super::text::Text;
use super::{Template, TemplateError};

/// What is to be there when a device has been provisioned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::just_in_time) struct Plan {
    pub(in crate::just_in_time) thing: Option<PlannedThing>,
    pub(in crate::just_in_time) policies: Vec<PlannedPolicy>,
    /// What the certificate becomes.
    pub(in crate::just_in_time) status: CertificateStatus,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::just_in_time) struct PlannedThing {
    pub(in crate::just_in_time) name: String,
    pub(in crate::just_in_time) type_name: Option<String>,
    pub(in crate::just_in_time) billing_group: Option<String>,
    pub(in crate::just_in_time) attributes: BTreeMap<String, String>,
    pub(in crate::just_in_time) groups: Vec<String>,
    pub(in crate::just_in_time) overrides: ThingOverrides,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::just_in_time) struct PlannedPolicy {
    pub(in crate::just_in_time) name: String,
    /// The document it must have; without one it must be there.
    pub(in crate::just_in_time) document: Option<String>,
}

impl Template {
    /// What the template asks for `certificate`.
    pub(in crate::just_in_time) fn plan(
        &self,
        certificate: &Registrable,
    ) -> Result<Plan, TemplateError> {
        let values = self.parameters.values(certificate)?;
        let policies = self.policies.iter().map(|policy| planned_policy(policy, &values));
        Ok(Plan {
            thing: self.thing.as_ref().map(|thing| planned_thing(thing, &values)).transpose()?,
            policies: policies.collect::<Result<_, _>>()?,
            status: self.certificate.status,
        })
    }
}

fn planned_thing(thing: &ThingResource, values: &Values) -> Result<PlannedThing, TemplateError> {
    let optional = |text: &Option<Text>| text.as_ref().map(|text| text.render(values)).transpose();
    let attributes = thing.attributes.iter();
    let attributes = attributes.map(|(name, text)| Ok((name.clone(), text.render(values)?)));
    let groups = thing.groups.iter().map(|text| text.render(values));
    Ok(PlannedThing {
        name: thing.name.render(values)?,
        type_name: optional(&thing.type_name)?,
        billing_group: optional(&thing.billing_group)?,
        attributes: attributes.collect::<Result<_, TemplateError>>()?,
        groups: groups.collect::<Result<_, _>>()?,
        overrides: thing.overrides,
    })
}

fn planned_policy(
    policy: &PolicyResource,
    values: &Values,
) -> Result<PlannedPolicy, TemplateError> {
    let document = policy.document.clone();
    let name = match (&policy.name, &document) {
        (Some(name), _) => name.render(values)?,
        // As on AWS, a policy without a name is named by its document.
        (None, Some(document)) => hex::encode(Sha256::digest(document)),
        (None, None) => String::new(),
    };
    Ok(PlannedPolicy { name, document })
}
