//! Logging options, the present ones (v2) and the old ones (v1).

use picket_ports::registry::DocumentKind;
use serde::{Deserialize, Serialize};

use super::logging_levels::{self, DEFAULT_TARGET};
use crate::checked::{TextRule, shown};
use crate::identities::RoleArn;
use crate::typed_documents::Typed;
use crate::{ControlError, ControlPlane};

pub(super) const V2: &str = "logging-v2";
const V1: &str = "logging-v1";
/// Most configurations of single events.
const EVENTS_MAX: usize = 100;

const EVENT_TEXT: TextRule = TextRule {
    chars_min: 1,
    chars_max: 512,
    pattern: "printable ASCII",
    is_allowed: |c| c == ' ' || c.is_ascii_graphic(),
};

/// How much is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum LogLevel {
    /// Everything.
    Debug,
    /// What happens.
    Info,
    /// What goes wrong.
    Error,
    /// What looks wrong.
    Warn,
    /// Nothing.
    Disabled,
}

impl LogLevel {
    const ALL: [Self; 5] = [Self::Debug, Self::Info, Self::Error, Self::Warn, Self::Disabled];

    /// AWS's spelling.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Error => "ERROR",
            Self::Warn => "WARN",
            Self::Disabled => "DISABLED",
        }
    }

    /// Reads AWS's spelling; `member` is the request's member it is in.
    pub fn parse(member: &str, text: &str) -> Result<Self, ControlError> {
        Self::ALL.into_iter().find(|level| level.as_str() == text).ok_or_else(|| {
            let levels = Self::ALL.map(Self::as_str).join(", ");
            ControlError::Invalid(format!(
                "`{member}` is `{}`; it must be one of {levels}",
                shown(text)
            ))
        })
    }
}

/// How one type of event is logged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventLogging {
    /// The type of event.
    pub event_type: String,
    /// Its level, where it is not the default.
    pub level: Option<LogLevel>,
    /// Its log group, where it is not the default.
    pub destination: Option<String>,
}

/// The options of `SetV2LoggingOptions`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoggingOptions {
    /// The role logs are written with.
    pub role_arn: Option<String>,
    /// The level where no other is set.
    pub default_level: LogLevel,
    /// Whether nothing at all is logged.
    pub disables_all: bool,
    /// How single types of events are logged.
    pub events: Vec<EventLogging>,
}

/// What `SetV2LoggingOptions` changes; what is `None` stays. Without any level ever set the level is
/// DISABLED: nothing is logged that nobody has asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LoggingChange {
    /// The role logs are written with.
    pub role_arn: Option<String>,
    /// The level where no other is set.
    pub default_level: Option<LogLevel>,
    /// Whether nothing at all is logged.
    pub disables_all: Option<bool>,
    /// How single types of events are logged.
    pub events: Option<Vec<EventLogging>>,
}

/// The options of `SetLoggingOptions`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoggingOptionsV1 {
    /// The role logs are written with.
    pub role_arn: String,
    /// The level.
    pub level: LogLevel,
}

impl ControlPlane {
    /// `SetV2LoggingOptions`. A default level takes the place of the one that is set for the target DEFAULT.
    pub async fn set_logging_options(&self, change: LoggingChange) -> Result<(), ControlError> {
        let sets_default = change.default_level.is_some();
        self.change_logging_options(change).await?;
        if sets_default {
            self.remove_document(logging_levels::KIND, DEFAULT_TARGET).await?;
        }
        self.read_logging_rules().await
    }

    pub(super) async fn change_logging_options(
        &self,
        change: LoggingChange,
    ) -> Result<(), ControlError> {
        if let Some(role_arn) = &change.role_arn {
            check_role(role_arn)?;
        }
        check_events(change.events.as_deref().unwrap_or_default())?;
        let _held = self.locks.hold(&[V2]).await;
        let before: Option<Typed<LoggingOptions>> = self.typed(DocumentKind::Setting, V2).await?;
        let old = before.as_ref().map(|before| before.value.clone());
        let old = old.unwrap_or(LoggingOptions {
            role_arn: None,
            default_level: LogLevel::Disabled,
            disables_all: false,
            events: Vec::new(),
        });
        let after = LoggingOptions {
            role_arn: change.role_arn.or(old.role_arn),
            default_level: change.default_level.unwrap_or(old.default_level),
            disables_all: change.disables_all.unwrap_or(old.disables_all),
            events: change.events.unwrap_or(old.events),
        };
        self.put_setting(V2, before.map(|before| before.document).as_ref(), &after).await
    }

    /// `GetV2LoggingOptions`. `NotConfigured` when they were never set.
    pub async fn logging_options(&self) -> Result<LoggingOptions, ControlError> {
        let found: Option<Typed<LoggingOptions>> = self.typed(DocumentKind::Setting, V2).await?;
        found.map(|found| found.value).ok_or_else(not_configured)
    }

    /// `SetLoggingOptions`.
    pub async fn set_logging_options_v1(
        &self,
        options: &LoggingOptionsV1,
    ) -> Result<(), ControlError> {
        check_role(&options.role_arn)?;
        let _held = self.locks.hold(&[V1]).await;
        let before: Option<Typed<LoggingOptionsV1>> = self.typed(DocumentKind::Setting, V1).await?;
        self.put_setting(V1, before.map(|before| before.document).as_ref(), options).await?;
        self.read_logging_rules().await
    }

    /// `GetLoggingOptions`; `None` when they were never set.
    pub async fn logging_options_v1(&self) -> Result<Option<LoggingOptionsV1>, ControlError> {
        let found: Option<Typed<LoggingOptionsV1>> = self.typed(DocumentKind::Setting, V1).await?;
        Ok(found.map(|found| found.value))
    }

    pub(super) async fn put_setting<T: Serialize>(
        &self,
        name: &str,
        before: Option<&picket_ports::registry::Document>,
        value: &T,
    ) -> Result<(), ControlError> {
        match before {
            Some(before) => self.replace_typed(before, value).await,
            None => self.add_typed(DocumentKind::Setting, name, value).await.map(drop),
        }
    }
}

pub(super) fn not_configured() -> ControlError {
    ControlError::NotConfigured(
        "logging has never been set up; SetV2LoggingOptions does".to_owned(),
    )
}

fn check_role(role_arn: &str) -> Result<(), ControlError> {
    if RoleArn::parse(role_arn).is_some() {
        return Ok(());
    }
    Err(ControlError::Invalid(format!(
        "`roleArn` is `{}`; it must be of the form arn:aws:iam::123456789012:role/NAME",
        shown(role_arn)
    )))
}

fn check_events(events: &[EventLogging]) -> Result<(), ControlError> {
    if events.len() > EVENTS_MAX {
        return Err(ControlError::Invalid(format!(
            "there are {} event configurations; at most {EVENTS_MAX} are allowed",
            events.len()
        )));
    }
    for (at, event) in events.iter().enumerate() {
        EVENT_TEXT.check("eventType", &event.event_type)?;
        if let Some(destination) = &event.destination {
            EVENT_TEXT.check("logDestination", destination)?;
        }
        if events.iter().take(at).any(|earlier| earlier.event_type == event.event_type) {
            return Err(ControlError::Invalid(format!(
                "the event type `{}` is configured twice",
                event.event_type
            )));
        }
    }
    Ok(())
}
