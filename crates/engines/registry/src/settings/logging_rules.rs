//! The logging options and levels in memory: which lines of the log are wanted (spec iot-core §2.8).

use std::sync::atomic::{AtomicBool, Ordering};

use arc_swap::ArcSwap;
use picket_ports::Directory as _;
use picket_ports::registry::DocumentKind;

use super::{
    EventLogging, LogLevel, LogTargetKind, LoggingLevel, LoggingOptions, LoggingOptionsV1,
};
use super::{logging, logging_levels};
use crate::typed_documents::Typed;
use crate::{ControlError, ControlPlane};

/// What is logged now. An operation that changes it has changed it here when it is answered.
#[derive(Debug, Default)]
pub(crate) struct LoggingRules {
    is_on: AtomicBool,
    rules: ArcSwap<Rules>,
}

#[derive(Debug, Default)]
struct Rules {
    /// `None` while nothing was ever set up, or where all is switched off.
    default_level: Option<LogLevel>,
    events: Vec<EventLogging>,
    levels: Vec<LoggingLevel>,
}

/// Whom a line is about.
#[derive(Debug, Clone, Copy)]
pub(super) struct About<'a> {
    pub(super) client_id: Option<&'a str>,
    pub(super) principal: Option<&'a str>,
    pub(super) source_ip: &'a str,
    pub(super) groups: &'a [String],
}

impl LoggingRules {
    pub(super) fn is_on(&self) -> bool {
        self.is_on.load(Ordering::Relaxed)
    }

    /// Whether levels are set for single groups of things.
    pub(super) fn asks_groups(&self) -> bool {
        let is_group = |level: &LoggingLevel| level.target.kind == LogTargetKind::ThingGroup;
        self.rules.load().levels.iter().any(is_group)
    }

    /// Where a line of this event and level goes: `None` if it is not wanted, `Some(None)` for the usual
    /// place.
    pub(super) fn destination(
        &self,
        event: &str,
        level: LogLevel,
        about: &About<'_>,
    ) -> Option<Option<String>> {
        let rules = self.rules.load();
        let configured = rules.events.iter().find(|it| it.event_type == event);
        // The closest that is set decides; of several targets the one that wants most.
        let of_targets = rules.levels.iter().filter(|it| about.is(it)).map(|it| it.level);
        let of_event = configured.and_then(|it| it.level);
        let wanted =
            of_targets.max_by_key(|level| level.verbosity()).or(of_event).or(rules.default_level)?;
        let is_wanted = rules.default_level.is_some() && level.verbosity() <= wanted.verbosity();
        is_wanted.then(|| configured.and_then(|it| it.destination.clone()))
    }
}

impl About<'_> {
    fn is(&self, level: &LoggingLevel) -> bool {
        let name = level.target.name.as_deref();
        match level.target.kind {
            // It is the default level as well.
            LogTargetKind::Default => false,
            LogTargetKind::ClientId => name == self.client_id,
            LogTargetKind::PrincipalId => name == self.principal,
            LogTargetKind::SourceIp => name == Some(self.source_ip),
            LogTargetKind::ThingGroup => {
                name.is_some_and(|name| self.groups.iter().any(|group| group == name))
            }
        }
    }
}

impl LogLevel {
    /// How much is logged at the level; a line's own level is the least that lets it in.
    const fn verbosity(self) -> u8 {
        match self {
            Self::Disabled => 0,
            Self::Error => 1,
            Self::Warn => 2,
            Self::Info => 3,
            Self::Debug => 4,
        }
    }
}

impl ControlPlane {
    /// The groups of a thing, ancestors included.
    pub(super) fn groups_of_thing(&self, thing: &str) -> Vec<String> {
        self.parts.directory.groups_of(thing)
    }

    /// Reads what is logged, after a change and at the start.
    pub(super) async fn read_logging_rules(&self) -> Result<(), ControlError> {
        let _held = self.locks.hold(&["logging-rules"]).await;
        let v2: Option<Typed<LoggingOptions>> =
            self.typed(DocumentKind::Setting, logging::V2).await?;
        let v1: Option<LoggingOptionsV1> = self.logging_options_v1().await?;
        let levels: Vec<Typed<LoggingLevel>> = self.all_typed(logging_levels::KIND).await?;
        let levels: Vec<LoggingLevel> = levels.into_iter().map(|level| level.value).collect();
        let rules = match (v2, v1) {
            (Some(Typed { value: options, .. }), _) => Rules {
                default_level: (!options.disables_all).then_some(options.default_level),
                events: options.events,
                levels,
            },
            (None, Some(v1)) => Rules { default_level: Some(v1.level), ..Rules::default() },
            (None, None) => Rules::default(),
        };
        self.logging_rules.is_on.store(rules.logs_anything(), Ordering::Relaxed);
        self.logging_rules.rules.store(rules.into());
        Ok(())
    }
}

impl Rules {
    fn logs_anything(&self) -> bool {
        let all = self.levels.iter().map(|it| it.level).chain(self.default_level);
        let mut all = all.chain(self.events.iter().filter_map(|it| it.level));
        self.default_level.is_some() && all.any(|level| level != LogLevel::Disabled)
    }
}
