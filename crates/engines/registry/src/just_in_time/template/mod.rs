//! Provisioning templates, as far as just-in-time provisioning uses them (spec iot-core §2.6).
//!
//! A template is JSON: `Parameters`, which the certificate fills, and `Resources`: one certificate, at
//! most one thing, any number of policies. Texts may be literal, `{"Ref": PARAMETER}` or
//! `{"Fn::Join": [DELIMITER, [TEXT, …]]}`. Whatever else is in it is an error that says where and what.

mod parameters;
mod plan;
mod resources;
mod section;
mod text;

use serde_json::Value;

use parameters::Parameters;
use resources::{CertificateResource, PolicyResource, Resources, ThingResource};
use section::Section;

pub(super) use plan::{Plan, PlannedPolicy, PlannedThing};
pub(super) use resources::Override;

/// AWS's limit.
const BODY_CHARS_MAX: usize = 10_240;

/// Why a template cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TemplateError {
    /// Longer than AWS takes.
    #[error("the provisioning template has {0} characters; at most {BODY_CHARS_MAX} are taken")]
    TooLong(usize),
    /// Not JSON.
    #[error("the provisioning template is not JSON: {0}")]
    NotJson(#[source] serde_json::Error),
    /// A member that is wrong, missing or unknown.
    #[error("provisioning template: `{path}` {problem}")]
    Member {
        /// Its place, for example `Resources.thing.Properties.ThingName`.
        path: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The certificate has no value for a parameter.
    #[error(
        "the certificate has no value for parameter `{0}`, which the provisioning template declares"
    )]
    NoValue(String),
    /// What a text becomes is too long.
    #[error("provisioning template: `{path}` becomes longer than {len_max} characters")]
    LongText {
        /// Its place.
        path: String,
        /// The limit.
        len_max: usize,
    },
}

/// A template that has been checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Template {
    parameters: Parameters,
    thing: Option<ThingResource>,
    certificate: CertificateResource,
    policies: Vec<PolicyResource>,
}

/// Reads the text of a template.
pub(crate) fn parse(body: &str) -> Result<Template, TemplateError> {
    let len = body.chars().count();
    if len > BODY_CHARS_MAX {
        return Err(TemplateError::TooLong(len));
    }
    let root: Value = serde_json::from_str(body).map_err(TemplateError::NotJson)?;
    let root = Section::new(&root, "template")?;
    root.allow(&["Parameters", "Resources"])?;
    let parameters = match root.optional("Parameters") {
        Some(parameters) => Parameters::read(&Section::new(parameters, "Parameters")?)?,
        None => Parameters::default(),
    };
    let resources = Section::new(root.required("Resources")?, "Resources")?;
    let Resources { thing, certificate, policies } = Resources::read(&resources, &parameters)?;
    Ok(Template { parameters, thing, certificate, policies })
}

#[cfg(test)]
mod tests;
