//! Actions: named documents that say what to do (spec device-defender §8.3).

mod kinds;
mod params;

use picket_core::Timestamp;
use picket_ports::RegistryError;
use picket_ports::registry::{Document, DocumentKind, Page, Rows};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::checked::{self, did_you_mean, one_of};
use crate::{Mitigation, MitigationError};

pub(crate) use kinds::Effect;
pub use params::ActionParams;

const KIND: DocumentKind = DocumentKind::MitigationAction;

/// Every `actionType`.
pub const ACTION_TYPES: [&str; 6] = [
    "UPDATE_DEVICE_CERTIFICATE",
    "UPDATE_CA_CERTIFICATE",
    "ADD_THINGS_TO_THING_GROUP",
    "REPLACE_DEFAULT_POLICY_VERSION",
    "ENABLE_IOT_LOGGING",
    "PUBLISH_FINDING_TO_SNS",
];

/// A mitigation action.
#[derive(Debug, Clone, PartialEq)]
pub struct MitigationAction {
    /// Its name.
    pub name: String,
    /// UUID text; another one when an action of the same name is created again.
    pub id: String,
    /// Its ARN.
    pub arn: String,
    /// The role it says it is applied with. Picket needs none; it is kept for AWS's clients.
    pub role_arn: String,
    /// What it does.
    pub params: ActionParams,
    /// When it was created.
    pub created: Timestamp,
    /// When it was last changed.
    pub modified: Timestamp,
}

/// An action to be created.
#[derive(Debug, Clone, PartialEq)]
pub struct NewAction {
    /// Its name.
    pub name: String,
    /// Its role.
    pub role_arn: String,
    /// What it does.
    pub params: ActionParams,
    /// Its tags.
    pub tags: Vec<(String, String)>,
}

/// What becomes of an action. What is `None` stays; the type may change.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ActionChange {
    /// Its role.
    pub role_arn: Option<String>,
    /// What it does.
    pub params: Option<ActionParams>,
}

/// The body of an action's document. A new format is a new variant.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "format")]
enum Stored {
    #[serde(rename = "1")]
    V1(Record),
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    action_id: String,
    role_arn: String,
    action_params: ActionParams,
}

impl Mitigation {
    /// The ARN of action `name`.
    pub fn action_arn(&self, name: &str) -> String {
        self.account.iot_arn(&format!("mitigationaction/{name}"))
    }

    /// `CreateMitigationAction`.
    pub async fn create_action(&self, new: NewAction) -> Result<MitigationAction, MitigationError> {
        let NewAction { name, role_arn, params, tags } = new;
        checked::name("actionName", &name)?;
        checked::role_arn("roleArn", &role_arn)?;
        checked::tags(&tags)?;
        // One lock for all, since they are counted.
        let _held = self.changing_actions.lock().await;
        let there = self.registry.documents(KIND).await?;
        if let Some(existing) = there.iter().find(|document| document.name == name) {
            let MitigationAction { name, id, arn, .. } = self.action_of(existing)?;
            return Err(MitigationError::ActionExists { name, id, arn });
        }
        let count_max = self.config.actions_max;
        if there.len() >= count_max {
            return Err(MitigationError::LimitExceeded(format!(
                "there are {count_max} mitigation actions, which is the most there may be"
            )));
        }
        let arn = self.action_arn(&name);
        // Before the action, so that one that is there has its tags.
        self.registry.untag_all(&arn).await?;
        if !tags.is_empty() {
            self.registry.tag(&arn, &tags).await?;
        }
        let action_id = Uuid::new_v4().to_string();
        let body = body_of(&Record { action_id, role_arn, action_params: params })?;
        let now = self.clock.now();
        let made = self.registry.create_document(KIND, &name, &body, now).await?;
        self.action_of(&made)
    }

    /// `DescribeMitigationAction`.
    pub async fn action(&self, name: &str) -> Result<MitigationAction, MitigationError> {
        checked::name("actionName", name)?;
        self.action_of(&self.action_document(name).await?)
    }

    /// `UpdateMitigationAction`. Tasks that have started go on with the action as it was then.
    pub async fn update_action(
        &self,
        name: &str,
        change: ActionChange,
    ) -> Result<MitigationAction, MitigationError> {
        checked::name("actionName", name)?;
        let ActionChange { role_arn, params } = change;
        role_arn.iter().try_for_each(|role_arn| checked::role_arn("roleArn", role_arn))?;
        let _held = self.changing_actions.lock().await;
        let document = self.action_document(name).await?;
        let mut record = record_of(&document)?;
        record.role_arn = role_arn.unwrap_or(record.role_arn);
        record.action_params = params.unwrap_or(record.action_params);
        let (body, now) = (body_of(&record)?, self.clock.now());
        let expected = Some(document.version);
        let changed = self.registry.replace_document(KIND, name, &body, expected, now).await?;
        self.action_of(&changed)
    }

    /// `DeleteMitigationAction`; fine if there is none.
    pub async fn delete_action(&self, name: &str) -> Result<(), MitigationError> {
        checked::name("actionName", name)?;
        let _held = self.changing_actions.lock().await;
        match self.registry.delete_document(KIND, name).await {
            Ok(()) => Ok(self.registry.untag_all(&self.action_arn(name)).await?),
            Err(RegistryError::NotFound { .. }) => Ok(()),
            Err(other) => Err(other.into()),
        }
    }

    /// `ListMitigationActions`, newest first; with an `action_type` those of this type.
    pub async fn list_actions(
        &self,
        action_type: Option<&str>,
        page: &Page,
    ) -> Result<Rows<MitigationAction>, MitigationError> {
        action_type.iter().try_for_each(|text| one_of("actionType", text, &ACTION_TYPES))?;
        let is_wanted = |action: &MitigationAction| {
            action_type.is_none_or(|wanted| wanted == action.params.action_type())
        };
        let mut listed: Vec<(String, MitigationAction)> = self
            .actions()
            .await?
            .into_iter()
            .filter(is_wanted)
            .map(|action| (place(&action), action))
            .collect();
        listed.sort_by(|(one, _), (other, _)| one.cmp(other));
        let after = page.after.as_deref();
        listed.retain(|(place, _)| after.is_none_or(|after| place.as_str() > after));
        let rows_max = usize::try_from(page.rows_max.max(1)).unwrap_or(usize::MAX);
        let has_more = listed.len() > rows_max;
        listed.truncate(rows_max);
        let next = listed.last().filter(|_| has_more).map(|(place, _)| place.clone());
        Ok(Rows { rows: listed.into_iter().map(|(_, action)| action).collect(), next })
    }

    /// Every action, by name.
    pub async fn actions(&self) -> Result<Vec<MitigationAction>, MitigationError> {
        let documents = self.registry.documents(KIND).await?;
        documents.iter().map(|document| self.action_of(document)).collect()
    }

    /// The actions of these names, in this order. What is not there is refused, as the operations that
    /// name actions have no `ResourceNotFoundException`.
    pub(crate) async fn named_actions(
        &self,
        member: &str,
        names: &[String],
    ) -> Result<Vec<MitigationAction>, MitigationError> {
        let all = self.actions().await?;
        let find = |name: &String| {
            all.iter().find(|action| action.name == *name).cloned().ok_or_else(|| {
                MitigationError::Invalid(format!(
                    "there is no mitigation action `{}`, which is in `{member}`{}",
                    checked::shown(name),
                    did_you_mean(name, all.iter().map(|action| action.name.as_str()))
                ))
            })
        };
        names.iter().map(find).collect()
    }

    async fn action_document(&self, name: &str) -> Result<Document, MitigationError> {
        match self.registry.document(KIND, name).await {
            Ok(document) => Ok(document),
            Err(RegistryError::NotFound { .. }) => {
                Err(MitigationError::NotFound { kind: "mitigation action", name: name.to_owned() })
            }
            Err(other) => Err(other.into()),
        }
    }

    fn action_of(&self, document: &Document) -> Result<MitigationAction, MitigationError> {
        let Record { action_id, role_arn, action_params } = record_of(document)?;
        Ok(MitigationAction {
            arn: self.action_arn(&document.name),
            name: document.name.clone(),
            id: action_id,
            role_arn,
            params: action_params,
            created: document.created,
            modified: document.modified,
        })
    }
}

fn record_of(document: &Document) -> Result<Record, MitigationError> {
    let Stored::V1(record) = serde_json::from_str(&document.body).map_err(|error| {
        MitigationError::Unavailable(format!(
            "the stored mitigation action {} cannot be read: {error}",
            document.name
        ))
    })?;
    Ok(record)
}

fn body_of(record: &Record) -> Result<String, MitigationError> {
    serde_json::to_string(&Stored::V1(record.clone()))
        .map_err(|error| MitigationError::Unavailable(error.to_string()))
}

/// A text whose order is the list's: newest first.
fn place(action: &MitigationAction) -> String {
    let created = i64::MAX.saturating_sub(action.created.as_millis().max(0));
    format!("{created:019}/{}", action.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_is_listed() {
        let kinds: Vec<_> = kinds::ALL.iter().map(|kind| kind.action_type).collect();
        assert_eq!(kinds, ACTION_TYPES);
    }
}
