//! Logging levels of single targets.

use picket_ports::registry::{DocumentKind, Page, Rows};
use serde::{Deserialize, Serialize};

use super::{LogLevel, LoggingChange};
use crate::checked::{TextRule, shown};
use crate::paging::page_of;
use crate::typed_documents::Typed;
use crate::{ControlError, ControlPlane};

pub(super) const KIND: DocumentKind = DocumentKind::LoggingLevel;
/// The name of the level of the target DEFAULT.
pub(super) const DEFAULT_TARGET: &str = "DEFAULT/";
/// Most levels of targets.
const LEVELS_MAX: usize = 1_000;

const TARGET_NAME: TextRule = TextRule {
    chars_min: 1,
    chars_max: 256,
    pattern: "[a-zA-Z0-9.:\\s_\\-]+",
    is_allowed: |c| c.is_ascii_alphanumeric() || c == ' ' || ".:_-".contains(c),
};

/// What a target is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum LogTargetKind {
    /// Everything that no other target covers.
    Default,
    /// The things of a group.
    ThingGroup,
    /// A client id.
    ClientId,
    /// An address.
    SourceIp,
    /// A principal.
    PrincipalId,
}

impl LogTargetKind {
    const ALL: [Self; 5] =
        [Self::Default, Self::ThingGroup, Self::ClientId, Self::SourceIp, Self::PrincipalId];

    /// AWS's spelling.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Default => "DEFAULT",
            Self::ThingGroup => "THING_GROUP",
            Self::ClientId => "CLIENT_ID",
            Self::SourceIp => "SOURCE_IP",
            Self::PrincipalId => "PRINCIPAL_ID",
        }
    }

    /// Reads AWS's spelling.
    pub fn parse(text: &str) -> Result<Self, ControlError> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or_else(|| {
            let kinds = Self::ALL.map(Self::as_str).join(", ");
            ControlError::Invalid(format!(
                "`targetType` is `{}`; it must be one of {kinds}",
                shown(text)
            ))
        })
    }
}

/// What a level is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogTarget {
    /// What it is.
    pub kind: LogTargetKind,
    /// Its name; `None` for the default.
    pub name: Option<String>,
}

impl LogTarget {
    fn check(&self) -> Result<(), ControlError> {
        match (self.kind, &self.name) {
            (LogTargetKind::Default, None) => Ok(()),
            (LogTargetKind::Default, Some(_)) => {
                Err(ControlError::invalid("the target type DEFAULT takes no `targetName`"))
            }
            (_, Some(name)) => TARGET_NAME.check("targetName", name),
            (kind, None) => Err(ControlError::Invalid(format!(
                "the target type {} needs a `targetName`",
                kind.as_str()
            ))),
        }
    }

    fn document_name(&self) -> String {
        format!("{}/{}", self.kind.as_str(), self.name.as_deref().unwrap_or_default())
    }
}

/// A level of a target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoggingLevel {
    /// What it is for.
    pub target: LogTarget,
    /// The level.
    pub level: LogLevel,
}

impl ControlPlane {
    /// `SetV2LoggingLevel`. `NotConfigured` before the options are set. The level of the target DEFAULT is
    /// the default level of the options.
    pub async fn set_logging_level(&self, level: &LoggingLevel) -> Result<(), ControlError> {
        level.target.check()?;
        self.logging_options().await?;
        self.put_logging_level(level).await?;
        if level.target.kind == LogTargetKind::Default {
            let default_level = Some(level.level);
            let change = LoggingChange { default_level, ..LoggingChange::default() };
            self.change_logging_options(change).await?;
        }
        self.read_logging_rules().await
    }

    async fn put_logging_level(&self, level: &LoggingLevel) -> Result<(), ControlError> {
        let name = level.target.document_name();
        let _held = self.locks.hold(&["logging-levels"]).await;
        let before: Option<Typed<LoggingLevel>> = self.typed(KIND, &name).await?;
        if let Some(before) = before {
            return self.replace_typed(&before.document, level).await;
        }
        if self.parts.registry.documents(KIND).await?.len() >= LEVELS_MAX {
            return Err(ControlError::Invalid(format!(
                "there are {LEVELS_MAX} logging levels, which is the most there may be"
            )));
        }
        self.add_typed(KIND, &name, level).await.map(drop)
    }

    /// `DeleteV2LoggingLevel`; fine if there is none.
    pub async fn delete_logging_level(&self, target: &LogTarget) -> Result<(), ControlError> {
        target.check()?;
        self.remove_document(KIND, &target.document_name()).await?;
        self.read_logging_rules().await
    }

    /// `ListV2LoggingLevels`, by kind and name of the target; those of one kind if given.
    pub async fn logging_levels(
        &self,
        kind: Option<LogTargetKind>,
        page: &Page,
    ) -> Result<Rows<LoggingLevel>, ControlError> {
        self.logging_options().await?;
        let mut levels: Vec<Typed<LoggingLevel>> = self.all_typed(KIND).await?;
        levels.retain(|level| kind.is_none_or(|kind| level.value.target.kind == kind));
        let Rows { rows, next } = page_of(levels, page, |level| level.document.name.as_str());
        Ok(Rows { rows: rows.into_iter().map(|level| level.value).collect(), next })
    }
}
