//! `REPLACE_DEFAULT_POLICY_VERSION`: a version that allows nothing becomes a policy's default.

use picket_core::PolicyName;
use picket_ports::registry::{Page, Policy};
use picket_ports::{PlannedChange, RemedyError, RemedySubject};
use serde_json::Value;

use super::subjects::nothing;
use super::{Mode, Progress, failure, storage};
use crate::{ControlError, ControlPlane};

/// The policy that allows nothing: AWS's template `BLANK_POLICY`.
pub const BLANK_POLICY: &str = r#"{"Version":"2012-10-17","Statement":[]}"#;

/// Targets of a policy that are counted; more are only said to be more.
const COUNTED_MAX: u32 = 250;

impl ControlPlane {
    pub(super) async fn blank_policies(
        &self,
        subject: &RemedySubject,
        mode: Mode,
    ) -> Result<Vec<PlannedChange>, RemedyError> {
        let mut progress = Progress::default();
        for name in self.policies_behind(subject).await? {
            progress.note(self.blank_policy(&name, mode).await);
        }
        progress.ended()
    }

    async fn blank_policy(
        &self,
        name: &PolicyName,
        mode: Mode,
    ) -> Result<PlannedChange, RemedyError> {
        // Many devices share a policy: of all who come at once, one makes the version.
        let _held = self.remedying.hold(&[name.as_str()]).await;
        let gone = |error| match error {
            ControlError::NotFound { .. } => nothing(format!("policy {name} does not exist")),
            other => failure(other),
        };
        let policy = self.policy(name).await.map_err(gone)?;
        let is_done = is_blank(&policy.document());
        let (version, next) = (policy.default_version, policy.last_version + 1);
        let change = PlannedChange {
            operation: "CreatePolicyVersion".to_owned(),
            resource: format!("policy {name}"),
            before: match is_done {
                true => format!("version {version} allows nothing"),
                false => format!("version {version} in force{}", self.reach_of(name).await?),
            },
            after: match is_done {
                true => format!("version {version} allows nothing"),
                false => format!("version {next}, which allows nothing, in force"),
            },
            is_done,
        };
        if is_done {
            return Ok(change);
        }
        self.check_version_room(&policy)?;
        if mode == Mode::Apply {
            let made = self.add_policy_version(name, BLANK_POLICY, true).await;
            made.map_err(gone)?;
        }
        Ok(change)
    }

    /// Whom else it concerns: a policy may be shared by a whole fleet.
    async fn reach_of(&self, name: &PolicyName) -> Result<String, RemedyError> {
        let page = Page::first(COUNTED_MAX);
        let targets = self.parts.registry.targets_of(name, &page).await.map_err(storage)?;
        let more = if targets.next.is_some() { "more than " } else { "" };
        Ok(match targets.rows.len() {
            0 => ", attached to nothing".to_owned(),
            1 => ", attached to one certificate or group".to_owned(),
            count => format!(", attached to {more}{count} certificates and groups"),
        })
    }

    /// For the plan: what creating the version would refuse.
    fn check_version_room(&self, policy: &Policy) -> Result<(), RemedyError> {
        let versions_max = self.parts.limits.policy_versions_max;
        if policy.versions.len() < versions_max {
            return Ok(());
        }
        Err(failure(ControlError::VersionsLimitExceeded(format!(
            "policy {} has {} versions; at most {versions_max} are allowed, so delete one first",
            policy.name,
            policy.versions.len()
        ))))
    }
}

/// Whether a policy's document has no statement.
fn is_blank(document: &str) -> bool {
    let parsed: Option<Value> = serde_json::from_str(document).ok();
    let statements = parsed.as_ref().and_then(|policy| policy.get("Statement"));
    statements.and_then(Value::as_array).is_some_and(Vec::is_empty)
}
