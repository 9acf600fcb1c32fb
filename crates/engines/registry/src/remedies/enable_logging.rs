//! `ENABLE_IOT_LOGGING`: logging is switched on for the account, whoever is the subject.

use picket_ports::{PlannedChange, RemedyError};

use super::{Mode, failure};
use crate::{ControlError, ControlPlane, LogLevel, LoggingChange, LoggingOptions};

impl ControlPlane {
    pub(super) async fn enable_logging(
        &self,
        role_arn: &str,
        level: &str,
        mode: Mode,
    ) -> Result<Vec<PlannedChange>, RemedyError> {
        let level = LogLevel::parse("logLevel", level).map_err(failure)?;
        if level == LogLevel::Disabled {
            let text = "logging cannot be enabled at the level DISABLED";
            return Err(failure(ControlError::invalid(text)));
        }
        let before = match self.logging_options().await {
            Ok(options) => Some(options),
            Err(ControlError::NotConfigured(_)) => None,
            Err(other) => return Err(failure(other)),
        };
        let is_done = before.as_ref().is_some_and(|options| {
            !options.disables_all
                && options.default_level == level
                && options.role_arn.as_deref() == Some(role_arn)
        });
        if mode == Mode::Apply && !is_done {
            let change = LoggingChange {
                role_arn: Some(role_arn.to_owned()),
                default_level: Some(level),
                disables_all: Some(false),
                events: None,
            };
            self.set_logging_options(change).await.map_err(failure)?;
        }
        Ok(vec![PlannedChange {
            operation: "SetV2LoggingOptions".to_owned(),
            resource: "the account's logging".to_owned(),
            before: before.map_or_else(|| "never set up".to_owned(), |options| said(&options)),
            after: format!("{} as {role_arn}", level.as_str()),
            is_done,
        }])
    }
}

fn said(options: &LoggingOptions) -> String {
    if options.disables_all {
        return "switched off".to_owned();
    }
    let level = options.default_level.as_str();
    match &options.role_arn {
        Some(role_arn) => format!("{level} as {role_arn}"),
        None => format!("{level} without a role"),
    }
}
