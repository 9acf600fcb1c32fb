//! `registrationConfig`.

use picket_registry::RegistrationConfig;
use serde::Deserialize;
use serde_json::{Value, json};

/// As it is sent.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ConfigInput {
    template_body: Option<String>,
    role_arn: Option<String>,
    template_name: Option<String>,
}

impl From<ConfigInput> for RegistrationConfig {
    fn from(input: ConfigInput) -> Self {
        let ConfigInput { template_body, role_arn, template_name } = input;
        Self { template_body, role_arn, template_name }
    }
}

/// As it is shown.
pub(super) fn config_json(config: &RegistrationConfig) -> Value {
    let RegistrationConfig { template_body, role_arn, template_name } = config;
    json!({ "templateBody": template_body, "roleArn": role_arn, "templateName": template_name })
}
