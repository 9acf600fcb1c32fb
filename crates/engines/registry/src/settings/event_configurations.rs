//! Which registry events are published.

use std::collections::BTreeMap;

use picket_core::Timestamp;
use picket_ports::RegistryError;
use picket_ports::registry::DocumentKind;
use serde::{Deserialize, Serialize};

use crate::checked::shown;
use crate::{ControlError, ControlPlane, EVENT_CONFIGURATIONS};

/// Every kind of event that AWS has, in its order.
pub const EVENT_CONFIGURATION_KINDS: [&str; 11] = [
    "THING",
    "THING_GROUP",
    "THING_TYPE",
    "THING_GROUP_MEMBERSHIP",
    "THING_GROUP_HIERARCHY",
    "THING_TYPE_ASSOCIATION",
    "JOB",
    "JOB_EXECUTION",
    "POLICY",
    "CERTIFICATE",
    "CA_CERTIFICATE",
];

/// Kinds that nothing here publishes; they can be off only.
const ABSENT: [&str; 2] = ["JOB", "JOB_EXECUTION"];

/// What `DescribeEventConfigurations` answers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventConfigurations {
    /// Every kind, and whether it is published.
    pub configurations: BTreeMap<String, bool>,
    /// When they were first set.
    pub created: Option<Timestamp>,
    /// When they were last changed.
    pub modified: Option<Timestamp>,
}

/// The setting that registry events are switched by.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Record {
    #[serde(default)]
    configurations: BTreeMap<String, bool>,
}

impl ControlPlane {
    /// `DescribeEventConfigurations`: every kind, off unless it was switched on.
    pub async fn event_configurations(&self) -> Result<EventConfigurations, ControlError> {
        let stored =
            self.parts.registry.document(DocumentKind::Setting, EVENT_CONFIGURATIONS).await;
        let (record, times) = match stored {
            Ok(document) => {
                (record_of(&document.body)?, Some((document.created, document.modified)))
            }
            Err(RegistryError::NotFound { .. }) => (Record::default(), None),
            Err(error) => return Err(error.into()),
        };
        let is_on = |kind: &str| record.configurations.get(kind).copied().unwrap_or(false);
        Ok(EventConfigurations {
            configurations: EVENT_CONFIGURATION_KINDS
                .iter()
                .map(|kind| ((*kind).to_owned(), is_on(kind)))
                .collect(),
            created: times.map(|(created, _)| created),
            modified: times.map(|(_, modified)| modified),
        })
    }

    /// `UpdateEventConfigurations`: the kinds that are given change, the others stay.
    pub async fn update_event_configurations(
        &self,
        changes: &BTreeMap<String, bool>,
    ) -> Result<(), ControlError> {
        for (kind, is_on) in changes {
            if !EVENT_CONFIGURATION_KINDS.contains(&kind.as_str()) {
                let (kind, known) = (shown(kind), EVENT_CONFIGURATION_KINDS.join(", "));
                return Err(ControlError::Invalid(format!(
                    "there are no events `{kind}`; there are {known}"
                )));
            }
            if *is_on && ABSENT.contains(&kind.as_str()) {
                return Err(ControlError::Invalid(format!(
                    "events {kind} cannot be switched on: Picket has no jobs"
                )));
            }
        }
        let registry = &self.parts.registry;
        let (kind, now) = (DocumentKind::Setting, self.parts.clock.now());
        let _held = self.locks.hold(&[EVENT_CONFIGURATIONS]).await;
        let stored = match registry.document(kind, EVENT_CONFIGURATIONS).await {
            Ok(document) => Some(document),
            Err(RegistryError::NotFound { .. }) => None,
            Err(error) => return Err(error.into()),
        };
        let mut record = match &stored {
            Some(document) => record_of(&document.body)?,
            None => Record::default(),
        };
        record.configurations.extend(changes.iter().map(|(kind, is_on)| (kind.clone(), *is_on)));
        let body = serde_json::to_string(&record)
            .map_err(|error| ControlError::Internal(error.to_string()))?;
        match stored {
            Some(before) => {
                let version = Some(before.version);
                registry.replace_document(kind, EVENT_CONFIGURATIONS, &body, version, now).await?;
            }
            None => {
                registry.create_document(kind, EVENT_CONFIGURATIONS, &body, now).await?;
            }
        }
        Ok(())
    }
}

fn record_of(body: &str) -> Result<Record, ControlError> {
    serde_json::from_str(body).map_err(|error| {
        ControlError::Internal(format!("the stored event configuration cannot be read: {error}"))
    })
}
