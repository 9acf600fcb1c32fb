//! What becomes of certificates that register themselves.

use serde::{Deserialize, Serialize};

use crate::checked::TextRule;
use crate::just_in_time::Template;
use crate::{ControlError, just_in_time};

const ROLE_ARN: TextRule = TextRule {
    chars_min: 20,
    chars_max: 2048,
    pattern: "arn:…",
    is_allowed: |c| c.is_ascii_graphic(),
};

/// `registrationConfig`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegistrationConfig {
    /// The provisioning template, JSON text. Without one a certificate is registered as
    /// PENDING_ACTIVATION and an event says so.
    pub template_body: Option<String>,
    /// The role AWS would take on for it. Kept and shown; nothing here needs a role.
    pub role_arn: Option<String>,
    /// The name of a provisioning template. There are none here, so it must not be given.
    #[serde(skip)]
    pub template_name: Option<String>,
}

impl RegistrationConfig {
    /// Checks everything a certificate would trip over when it comes.
    pub fn check(&self) -> Result<(), ControlError> {
        if let Some(name) = &self.template_name {
            return Err(ControlError::Invalid(format!(
                "`templateName` is `{}`, but stored provisioning templates are not offered; give the \
                 template as `templateBody`",
                crate::checked::shown(name)
            )));
        }
        if let Some(role) = &self.role_arn {
            ROLE_ARN.check("roleArn", role)?;
            if !role.starts_with("arn:") {
                return Err(ControlError::invalid("`roleArn` is not an ARN"));
            }
        }
        self.template().map(|_| ())
    }

    /// The template, if there is one.
    pub(crate) fn template(&self) -> Result<Option<Template>, ControlError> {
        // AWS takes an empty text for none.
        let body = self.template_body.as_deref().filter(|body| !body.is_empty());
        let template = body.map(just_in_time::parse_template).transpose();
        template.map_err(|error| ControlError::Invalid(error.to_string()))
    }
}
