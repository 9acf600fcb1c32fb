//! Role aliases, logging and registry events (spec iot-core §2.8).

mod event_configurations;
mod iot_logs;
mod logging;
mod logging_levels;
mod logging_rules;
mod role_aliases;

pub use event_configurations::{EVENT_CONFIGURATION_KINDS, EventConfigurations};
pub use iot_logs::IotLogs;
pub use logging::{EventLogging, LogLevel, LoggingChange, LoggingOptions, LoggingOptionsV1};
pub use logging_levels::{LogTarget, LogTargetKind, LoggingLevel};
pub(crate) use logging_rules::LoggingRules;
pub use role_aliases::{RoleAlias, RoleAliasChange};

#[cfg(test)]
mod tests;
