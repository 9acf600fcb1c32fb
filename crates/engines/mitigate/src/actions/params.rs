//! `actionParams`: exactly one member, which says what type of action it is.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::kinds::{self, ActionKind, Effect};
use crate::MitigationError;
use crate::checked::{did_you_mean, shown};

/// What an action does, in AWS's shape, checked. Serialises in that shape.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "Value", into = "Value")]
pub struct ActionParams {
    kind: &'static ActionKind,
    /// The parameters as they were given.
    params: Value,
    effect: Effect,
}

impl ActionParams {
    /// Reads `actionParams`.
    ///
    /// # Errors
    /// `Invalid` unless there is exactly one member, which AWS knows, with the parameters it asks for.
    pub fn read(params: &Value) -> Result<Self, MitigationError> {
        let Some(members) = params.as_object() else {
            return Err(MitigationError::invalid("`actionParams` must be an object"));
        };
        let mut given = members.iter().filter(|(_, value)| !value.is_null());
        let (Some((member, params)), None) = (given.next(), given.next()) else {
            let count = members.len();
            return Err(MitigationError::Invalid(format!(
                "`actionParams` has {count} members; it must have exactly one, of {}",
                kinds::ALL.iter().map(|kind| kind.member).collect::<Vec<_>>().join(", ")
            )));
        };
        let kind = kinds::ALL.iter().find(|kind| kind.member == member).ok_or_else(|| {
            MitigationError::Invalid(format!(
                "`actionParams` has the unknown member `{}`{}",
                shown(member),
                did_you_mean(member, kinds::ALL.iter().map(|kind| kind.member))
            ))
        })?;
        Ok(Self { kind, params: params.clone(), effect: (kind.read)(params)? })
    }

    /// AWS's `actionType`.
    pub fn action_type(&self) -> &'static str {
        self.kind.action_type
    }

    /// In AWS's shape.
    pub fn to_json(&self) -> Value {
        Value::Object(Map::from_iter([(self.kind.member.to_owned(), self.params.clone())]))
    }

    pub(crate) fn kind(&self) -> &'static ActionKind {
        self.kind
    }

    pub(crate) fn effect(&self) -> &Effect {
        &self.effect
    }
}

impl PartialEq for ActionParams {
    fn eq(&self, other: &Self) -> bool {
        self.kind.member == other.kind.member && self.params == other.params
    }
}

impl TryFrom<Value> for ActionParams {
    type Error = MitigationError;

    fn try_from(value: Value) -> Result<Self, MitigationError> {
        Self::read(&value)
    }
}

impl From<ActionParams> for Value {
    fn from(params: ActionParams) -> Self {
        params.to_json()
    }
}

#[cfg(test)]
mod tests {
    use picket_ports::Remedy;
    use serde_json::json;

    use super::*;

    #[test]
    fn each_type_is_read_from_its_member_and_written_back() {
        let role = "arn:aws:iam::000000000000:role/logs";
        let topic = "arn:aws:sns:us-east-1:000000000000:ops";
        let groups = vec!["q".to_owned()];
        let cases = [
            (
                "UPDATE_DEVICE_CERTIFICATE",
                json!({"updateDeviceCertificateParams": {"action": "DEACTIVATE"}}),
                Effect::Remedy(Remedy::DeactivateCertificate),
            ),
            (
                "UPDATE_CA_CERTIFICATE",
                json!({"updateCACertificateParams": {"action": "DEACTIVATE"}}),
                Effect::Remedy(Remedy::DeactivateAuthority),
            ),
            (
                "ADD_THINGS_TO_THING_GROUP",
                json!({"addThingsToThingGroupParams":
                    {"thingGroupNames": ["q"], "overrideDynamicGroups": true}}),
                Effect::Remedy(Remedy::JoinGroups { groups, override_dynamic_groups: true }),
            ),
            (
                "REPLACE_DEFAULT_POLICY_VERSION",
                json!({"replaceDefaultPolicyVersionParams": {"templateName": "BLANK_POLICY"}}),
                Effect::Remedy(Remedy::BlankPolicy),
            ),
            (
                "ENABLE_IOT_LOGGING",
                json!({"enableIoTLoggingParams": {"roleArnForLogging": role, "logLevel": "WARN"}}),
                Effect::Remedy(Remedy::EnableLogging {
                    role_arn: role.to_owned(),
                    level: "WARN".to_owned(),
                }),
            ),
            (
                "PUBLISH_FINDING_TO_SNS",
                json!({"publishFindingToSnsParams": {"topicArn": topic}}),
                Effect::Publish(topic.to_owned()),
            ),
        ];
        assert_eq!(cases.len(), kinds::ALL.len());
        for (action_type, params, effect) in cases {
            let read = ActionParams::read(&params).unwrap();
            assert_eq!((read.action_type(), read.effect()), (action_type, &effect));
            assert_eq!(read.to_json(), params);
            let stored = serde_json::to_string(&read).unwrap();
            assert_eq!(serde_json::from_str::<ActionParams>(&stored).unwrap(), read);
        }
    }

    #[test]
    fn what_aws_refuses_is_refused_with_the_right_word() {
        let names: Vec<String> = (0..11).map(|n| format!("g{n}")).collect();
        let role = "arn:aws:iam::000000000000:role/logs";
        let cases = [
            (json!([]), "must be an object"),
            (json!({}), "has 0 members"),
            (
                json!({"updateDeviceCertificateParams": {"action": "DEACTIVATE"},
                       "updateCACertificateParams": {"action": "DEACTIVATE"}}),
                "has 2 members; it must have exactly one",
            ),
            (
                json!({"updateCaCertificateParams": {"action": "DEACTIVATE"}}),
                "did you mean `updateCACertificateParams`?",
            ),
            (json!({"updateDeviceCertificateParams": {}}), "missing field `action`"),
            (
                json!({"updateDeviceCertificateParams": {"action": "REVOKE"}}),
                "`action` is `REVOKE`; it must be DEACTIVATE",
            ),
            (
                json!({"updateDeviceCertificateParams": {"action": "DEACTIVATE", "force": true}}),
                "unknown field `force`",
            ),
            (json!({"addThingsToThingGroupParams": {"thingGroupNames": []}}), "1 to 10"),
            (json!({"addThingsToThingGroupParams": {"thingGroupNames": names}}), "has 11 members"),
            (json!({"addThingsToThingGroupParams": {"thingGroupNames": ["a/b"]}}), "`a/b`"),
            (
                json!({"replaceDefaultPolicyVersionParams": {"templateName": "BLANK"}}),
                "it must be BLANK_POLICY; did you mean",
            ),
            (
                json!({"enableIoTLoggingParams":
                    {"roleArnForLogging": role, "logLevel": "DISABLED"}}),
                "which does not enable logging",
            ),
            (
                json!({"enableIoTLoggingParams": {"roleArnForLogging": "x", "logLevel": "INFO"}}),
                "`roleArnForLogging` is `x`",
            ),
            (
                json!({"publishFindingToSnsParams": {"topicArn": "arn:aws:sqs:r:0:q"}}),
                "must be of the form arn:aws:sns",
            ),
        ];
        for (params, expected) in cases {
            let text = ActionParams::read(&params).unwrap_err().to_string();
            assert!(text.contains(expected), "{params}: {text}");
        }
    }
}
