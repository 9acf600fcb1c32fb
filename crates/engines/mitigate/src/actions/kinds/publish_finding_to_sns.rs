//! `PUBLISH_FINDING_TO_SNS`: the violation or the finding is published on a topic. Prose has
//! `PUBLISH_FINDINGS_TO_SNS`; the type is singular.

use serde::Deserialize;

use super::{ActionKind, Effect, members};
use crate::MitigationError;
use crate::audit_checks::Helps;
use crate::checked::shown;

const MEMBER: &str = "publishFindingToSnsParams";
const ARN_CHARS_MAX: usize = 350;

pub(super) const KIND: ActionKind = ActionKind {
    action_type: "PUBLISH_FINDING_TO_SNS",
    member: MEMBER,
    helps: Helps::All,
    read: |params| {
        let Params { topic_arn } = members(MEMBER, params)?;
        check_topic(&topic_arn)?;
        Ok(Effect::Publish(topic_arn))
    },
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Params {
    topic_arn: String,
}

/// Whether there is such a topic is seen when the action is applied.
fn check_topic(arn: &str) -> Result<(), MitigationError> {
    let parts: Vec<&str> = arn.split(':').collect();
    let is_topic = matches!(parts.as_slice(), ["arn", "aws", "sns", region, account, name]
        if !region.is_empty() && account.len() == 12 && !name.is_empty());
    let is_plain = arn.chars().all(|c| c.is_ascii_graphic());
    if is_topic && is_plain && arn.len() <= ARN_CHARS_MAX {
        return Ok(());
    }
    Err(MitigationError::Invalid(format!(
        "`topicArn` is `{}`; it must be of the form arn:aws:sns:REGION:123456789012:NAME, with at most \
         {ARN_CHARS_MAX} characters",
        shown(arn)
    )))
}
