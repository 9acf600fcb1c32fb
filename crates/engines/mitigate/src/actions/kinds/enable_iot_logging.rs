//! `ENABLE_IOT_LOGGING`: logging is switched on for the account.

use picket_ports::Remedy;
use serde::Deserialize;

use super::{ActionKind, Effect, members};
use crate::MitigationError;
use crate::audit_checks::{Helps, LOGGING};
use crate::checked::{one_of, role_arn};

/// Here, too, AWS has two capitals.
const MEMBER: &str = "enableIoTLoggingParams";
const LEVELS: &[&str] = &["DEBUG", "INFO", "ERROR", "WARN"];

pub(super) const KIND: ActionKind = ActionKind {
    action_type: "ENABLE_IOT_LOGGING",
    member: MEMBER,
    helps: Helps::With(LOGGING),
    read: |params| {
        let Params { role_arn_for_logging, log_level } = members(MEMBER, params)?;
        role_arn("roleArnForLogging", &role_arn_for_logging)?;
        if log_level == "DISABLED" {
            let text = "`logLevel` is `DISABLED`, which does not enable logging; it must be one of \
                        DEBUG, INFO, ERROR, WARN";
            return Err(MitigationError::invalid(text));
        }
        one_of("logLevel", &log_level, LEVELS)?;
        let remedy = Remedy::EnableLogging { role_arn: role_arn_for_logging, level: log_level };
        Ok(Effect::Remedy(remedy))
    },
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Params {
    role_arn_for_logging: String,
    log_level: String,
}
