//! What attributes may be set to.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::book::Subscription;
use crate::delivery_policy::DeliveryPolicy;
use crate::engine::NotifyEngine;
use crate::error::TopicError;
use crate::filter::{FilterPolicy, Scope};
use crate::protocols::{Protocol, stream_of};

type Check = Result<(), String>;

/// AWS's attributes for which there is nothing here that could keep their promise.
const REFUSED: &[(&str, &str)] = &[
    (
        "KmsMasterKeyId",
        "messages are not encrypted with KMS keys here; encrypt the data directory's disk",
    ),
    ("FifoTopic", "there are no FIFO topics here"),
    ("ContentBasedDeduplication", "there are no FIFO topics here"),
    ("FifoThroughputScope", "there are no FIFO topics here"),
    ("ArchivePolicy", "there are no FIFO topics here, so there is no archive"),
    ("ReplayPolicy", "there are no FIFO topics here, so there is no archive"),
    ("DataProtectionPolicy", "messages are not searched for data to protect"),
];

const TOPIC: &[&str] = &[
    "Policy",
    "DisplayName",
    "DeliveryPolicy",
    "SignatureVersion",
    "MaximumMessageSize",
    "TracingConfig",
];
/// Roles and rates for delivery logs, stored as they are.
const FEEDBACK: &[&str] =
    &["SuccessFeedbackRoleArn", "SuccessFeedbackSampleRate", "FailureFeedbackRoleArn"];
const FEEDBACK_OF: &[&str] = &["HTTP", "Firehose", "Lambda", "SQS", "Application"];

const SUBSCRIPTION: &[&str] = &[
    "DeliveryPolicy",
    "FilterPolicy",
    "FilterPolicyScope",
    "RawMessageDelivery",
    "RedrivePolicy",
    "SubscriptionRoleArn",
    SECRET,
];

/// Ours: what a webhook's messages are signed with.
pub(super) const SECRET: &str = "WebhookSecret";

fn invalid(problem: impl std::fmt::Display) -> TopicError {
    TopicError::invalid(format!("Invalid parameter: Attributes Reason: {problem}"))
}

fn unknown(name: &str, known: &[&str]) -> TopicError {
    if let Some((_, reason)) = REFUSED.iter().find(|(refused, _)| *refused == name) {
        return invalid(format!("{name} is not supported: {reason}"));
    }
    let shown: String = name.chars().take(64).flat_map(char::escape_debug).collect();
    let near = known
        .iter()
        .max_by(|a, b| strsim::jaro_winkler(&shown, a).total_cmp(&strsim::jaro_winkler(&shown, b)));
    invalid(format!("there is no attribute `{shown}`; did you mean {}?", near.unwrap_or(&"")))
}

/// Checks an attribute of a topic.
pub(super) fn check_topic(name: &str, value: &str) -> Result<(), TopicError> {
    let problem = |text: &str| Err(invalid(format!("{name}: {text}")));
    match name {
        // An empty value takes the attribute away; an empty key is the absence of one.
        known if value.is_empty() && (TOPIC.contains(&known) || known == "KmsMasterKeyId") => {
            Ok(())
        }
        "DisplayName" if value.chars().count() > 100 || value.chars().any(char::is_control) => {
            problem("it must be one line of at most 100 characters")
        }
        "Policy" => match serde_json::from_str::<Value>(value) {
            Ok(Value::Object(_)) if value.len() <= 30_720 => Ok(()),
            _ => problem("it must be a JSON object of at most 30,720 bytes"),
        },
        "DeliveryPolicy" => DeliveryPolicy::of_topic(value).map(|_| ()).map_err(invalid),
        "SignatureVersion" if value != "1" && value != "2" => problem("it must be 1 or 2"),
        "MaximumMessageSize" => match value.parse::<u32>() {
            Ok(bytes) if (1_024..=1_048_576).contains(&bytes) => Ok(()),
            _ => problem("it must be from 1024 to 1048576"),
        },
        "TracingConfig" if value != "PassThrough" => {
            problem("only PassThrough is possible: nothing here writes traces of its own")
        }
        known if TOPIC.contains(&known) => Ok(()),
        known if is_feedback(known) && value.len() <= 2_048 => Ok(()),
        other => Err(unknown(other, TOPIC)),
    }
}

fn is_feedback(name: &str) -> bool {
    FEEDBACK_OF.iter().any(|of| name.strip_prefix(of).is_some_and(|rest| FEEDBACK.contains(&rest)))
}

impl NotifyEngine {
    /// Checks the attributes of a subscription of `protocol`, each by itself and with the others.
    pub(super) fn check_subscription(
        &self,
        protocol: &dyn Protocol,
        attributes: &BTreeMap<String, String>,
    ) -> Result<(), TopicError> {
        let scope = match attributes.get("FilterPolicyScope").map(String::as_str) {
            None | Some("" | "MessageAttributes") => Scope::Attributes,
            Some("MessageBody") => Scope::Body,
            Some(_) => {
                return Err(invalid(
                    "FilterPolicyScope: it must be MessageAttributes or MessageBody",
                ));
            }
        };
        for (name, value) in attributes {
            self.check_one(protocol, name, value, scope)?;
        }
        let role = attributes.get("SubscriptionRoleArn").filter(|arn| !arn.is_empty());
        if protocol.name() == "firehose" && role.is_none() {
            return Err(invalid("SubscriptionRoleArn: it is required for the protocol firehose"));
        }
        Ok(())
    }

    fn check_one(
        &self,
        protocol: &dyn Protocol,
        name: &str,
        value: &str,
        scope: Scope,
    ) -> Result<(), TopicError> {
        let of_protocol = protocol.name();
        let check: Check = match name {
            "FilterPolicyScope" => Ok(()),
            "RawMessageDelivery" => match value {
                "" | "false" => Ok(()),
                "true" if protocol.takes_raw() => Ok(()),
                "true" => Err(format!(
                    "RawMessageDelivery: Delivery protocol [{of_protocol}] does not support raw message delivery"
                )),
                _ => Err("RawMessageDelivery: it must be true or false".to_owned()),
            },
            "FilterPolicy" if value.is_empty() => Ok(()),
            "FilterPolicy" => FilterPolicy::parse(value, scope).map(|_| ()),
            "DeliveryPolicy" if value.is_empty() => Ok(()),
            "DeliveryPolicy" if !protocol.takes_delivery_policy() => {
                Err(format!("DeliveryPolicy: the protocol {of_protocol} has none"))
            }
            "DeliveryPolicy" => DeliveryPolicy::of_subscription(value).map(|_| ()),
            "RedrivePolicy" if value.is_empty() => Ok(()),
            "RedrivePolicy" => self.check_redrive(value),
            "SubscriptionRoleArn" if value.is_empty() || is_role(value) => Ok(()),
            "SubscriptionRoleArn" => Err("SubscriptionRoleArn: it is no role's ARN".to_owned()),
            SECRET if of_protocol != "webhook" => {
                Err(format!("{SECRET}: only the protocol webhook has one"))
            }
            SECRET if (16..=256).contains(&value.len()) => Ok(()),
            SECRET => Err(format!("{SECRET}: it must have 16 to 256 characters")),
            other => return Err(unknown(other, SUBSCRIPTION)),
        };
        check.map_err(invalid)
    }

    fn check_redrive(&self, value: &str) -> Check {
        let target = crate::attempt::redrive_of(value).ok_or_else(|| {
            "RedrivePolicy: it must be {\"deadLetterTargetArn\":\"…\"}".to_owned()
        })?;
        if target.contains(":sqs:") {
            return Err(
                "RedrivePolicy: there are no queues here; name a delivery stream".to_owned()
            );
        }
        stream_of(&self.account, &target)
            .map(|_| ())
            .map_err(|text| format!("RedrivePolicy: {text}"))
    }
}

fn is_role(arn: &str) -> bool {
    let mut parts = arn.splitn(6, ':');
    let head = (parts.next(), parts.next(), parts.next());
    matches!(head, (Some("arn"), Some(_), Some("iam"))) && arn.contains(":role/")
}

/// Whether an attribute of a new subscription differs from that of one that exists.
pub(super) fn differ(existing: &Subscription, attributes: &BTreeMap<String, String>) -> bool {
    attributes.iter().any(|(name, value)| match name.as_str() {
        SECRET => existing.document.secret.as_ref().is_none_or(|own| own.expose() != value),
        name => existing.attribute(name).unwrap_or_default() != value,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_of_topics_are_checked_by_name_and_value() {
        for (name, value, is_good) in [
            ("DisplayName", "Fleet alerts", true),
            ("DisplayName", "a\nb", false),
            ("SignatureVersion", "2", true),
            ("SignatureVersion", "3", false),
            ("MaximumMessageSize", "1024", true),
            ("MaximumMessageSize", "1023", false),
            ("Policy", r#"{"Statement":[]}"#, true),
            ("Policy", "[]", false),
            ("TracingConfig", "Active", false),
            ("KmsMasterKeyId", "", true),
            ("KmsMasterKeyId", "alias/aws/sns", false),
            ("HTTPSuccessFeedbackRoleArn", "arn:aws:iam::1:role/x", true),
            ("FifoTopic", "true", false),
            ("DisplayNam", "x", false),
        ] {
            assert_eq!(check_topic(name, value).is_ok(), is_good, "{name}={value}");
        }
        let error = check_topic("DisplayNam", "x").unwrap_err().to_string();
        assert!(error.contains("did you mean DisplayName"), "{error}");
        let error = check_topic("FifoTopic", "true").unwrap_err().to_string();
        assert!(error.contains("no FIFO topics"), "{error}");
    }
}
