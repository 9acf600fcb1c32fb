//! `AWS::IoT::Policy`.

use picket_core::{Account, PolicyName};
use serde_json::{Map, Value};

use super::{Item, Property, ResourceType, Shape};

/// Largest policy document, as in AWS.
const DOCUMENT_BYTES_MAX: usize = 404_600;
const PROPERTIES: &[Property] = &[
    Property::required("PolicyName", "policyName", Shape::Text),
    Property::required("PolicyDocument", "policyDocument", Shape::Json),
];

#[derive(Debug)]
pub(super) struct Policy;

impl ResourceType for Policy {
    fn name(&self) -> &'static str {
        "AWS::IoT::Policy"
    }

    fn doc(&self) -> &'static str {
        "What a device may do; attached to certificates and thing groups."
    }

    fn properties(&self) -> &'static [Property] {
        PROPERTIES
    }

    fn name_property(&self) -> &'static str {
        "PolicyName"
    }

    fn name_problem(&self, name: &str) -> Option<String> {
        PolicyName::new(name).err().map(|error| error.to_string())
    }

    fn attributes(&self, name: &str, account: &Account) -> Vec<(&'static str, String)> {
        vec![("Arn", account.iot_arn(&format!("policy/{name}"))), ("Id", name.to_owned())]
    }

    fn item(
        &self,
        name: &str,
        mut members: Map<String, Value>,
    ) -> Result<Item, (&'static str, String)> {
        let wrong = |problem: &str| ("PolicyDocument", problem.to_owned());
        let document = match members.shift_remove("policyDocument") {
            // A document may be written as an object or as text.
            Some(Value::String(text)) => serde_json::from_str(&text)
                .map_err(|error| wrong(&format!("is not JSON: {error}")))?,
            other => other.unwrap_or_default(),
        };
        let has_statements = document.get("Statement").is_some_and(|it| !it.is_null());
        if !has_statements {
            return Err(wrong("must be an object with a Statement"));
        }
        if document.to_string().len() > DOCUMENT_BYTES_MAX {
            return Err(wrong("is larger than a policy may be"));
        }
        let name = PolicyName::new(name).map_err(|error| ("PolicyName", error.to_string()))?;
        Ok(Item::Policy { name, document })
    }
}
