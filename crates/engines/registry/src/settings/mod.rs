//! Role aliases, logging and registry events (spec iot-core §2.8).

mod event_configurations;
mod logging;
mod logging_levels;
mod role_aliases;

pub use event_configurations::{EVENT_CONFIGURATION_KINDS, EventConfigurations};
pub use logging::{EventLogging, LogLevel, LoggingChange, LoggingOptions, LoggingOptionsV1};
pub use logging_levels::{LogTarget, LogTargetKind, LoggingLevel};
pub use role_aliases::{RoleAlias, RoleAliasChange};

#[cfg(test)]
mod tests;
