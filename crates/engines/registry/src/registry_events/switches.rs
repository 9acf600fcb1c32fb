//! Which kinds of events are switched on.

use std::collections::BTreeMap;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use picket_ports::RegistryError;
use picket_ports::registry::DocumentKind;
use serde::Deserialize;

use crate::ControlPlane;

/// The setting that says which kinds are on: `{"configurations":{"THING":true,…}}`. A kind that is not
/// named is off.
pub const EVENT_CONFIGURATIONS: &str = "event-configurations";

/// Kinds of registry events that are published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    /// A thing was created, updated or deleted.
    Thing,
    /// A thing group was.
    ThingGroup,
    /// A thing type was.
    ThingType,
    /// A thing joined or left a group.
    ThingGroupMembership,
    /// A group was put below another, or taken away there.
    ThingGroupHierarchy,
    /// A thing got a type, or lost one.
    ThingTypeAssociation,
}

impl EventKind {
    /// AWS's spelling.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Thing => "THING",
            Self::ThingGroup => "THING_GROUP",
            Self::ThingType => "THING_TYPE",
            Self::ThingGroupMembership => "THING_GROUP_MEMBERSHIP",
            Self::ThingGroupHierarchy => "THING_GROUP_HIERARCHY",
            Self::ThingTypeAssociation => "THING_TYPE_ASSOCIATION",
        }
    }
}

#[derive(Debug, Default, Deserialize)]
struct StoredSwitches {
    #[serde(default)]
    configurations: BTreeMap<String, bool>,
}

#[derive(Debug)]
struct Known {
    documents_revision: u64,
    switches: StoredSwitches,
}

/// The switches as they were read last. They are read again only when a document has changed.
#[derive(Debug, Default)]
pub(crate) struct EventSwitches(ArcSwapOption<Known>);

impl ControlPlane {
    /// Whether events of `kind` are to be published.
    pub(crate) async fn announces(&self, kind: EventKind) -> bool {
        let documents_revision = *self.parts.registry.documents_revision().borrow();
        let known = self.event_switches.0.load_full();
        let known = match known.filter(|known| known.documents_revision == documents_revision) {
            Some(known) => known,
            None => {
                let switches = self.stored_switches().await;
                let known = Arc::new(Known { documents_revision, switches });
                self.event_switches.0.store(Some(Arc::clone(&known)));
                known
            }
        };
        known.switches.configurations.get(kind.as_str()).copied().unwrap_or(false)
    }

    async fn stored_switches(&self) -> StoredSwitches {
        let stored =
            self.parts.registry.document(DocumentKind::Setting, EVENT_CONFIGURATIONS).await;
        let body = match stored {
            Ok(document) => document.body,
            Err(RegistryError::NotFound { .. }) => return StoredSwitches::default(),
            Err(error) => {
                tracing::warn!(%error, "the event configuration was not read; no events are published");
                return StoredSwitches::default();
            }
        };
        serde_json::from_str(&body).unwrap_or_else(|error| {
            tracing::warn!(%error, "the stored event configuration cannot be read");
            StoredSwitches::default()
        })
    }
}
