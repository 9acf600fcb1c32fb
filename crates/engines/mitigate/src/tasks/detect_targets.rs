//! Which violations a detect task is for.

use std::collections::{BTreeSet, HashSet};

use picket_core::Timestamp;
use picket_ports::RemedySubject;
use picket_ports::alarms::{AlarmFilter, Episode, Violation};
use picket_ports::registry::{DocumentKind, Page};

use super::start::{Settled, publishes};
use super::target::{Step, Target};
use super::task::{ActionDefinition, DetectRequest, DetectTarget, Tally};
use crate::actions::Effect;
use crate::checked::{self, did_you_mean, shown};
use crate::{Mitigation, MitigationAction, MitigationError, documents};

/// Most violations that can be named.
pub(crate) const VIOLATIONS_MAX: usize = 25;
/// Most actions.
pub(crate) const ACTIONS_MAX: usize = 5;
/// Events read in one go.
const PAGE: u32 = 500;
/// The one type of action that AWS has for violations.
const AWS_TYPE: &str = "ADD_THINGS_TO_THING_GROUP";

impl Mitigation {
    pub(super) async fn settle_detect(
        &self,
        request: &DetectRequest,
        now: Timestamp,
    ) -> Result<Settled, MitigationError> {
        if request.range.is_some_and(|(from, to)| from > to) {
            let text = "`violationEventOccurrenceRange` ends before it begins";
            return Err(MitigationError::invalid(text));
        }
        let actions = self.detect_actions(&request.actions).await?;
        let actions: Vec<ActionDefinition> = actions.into_iter().map(Into::into).collect();
        let has_message = publishes(&actions);
        let target = |violation: &Violation| target_of(violation, actions.len(), has_message);
        let targets = match &request.target {
            DetectTarget::Violations(ids) => {
                let mut targets = Vec::new();
                for episode in self.episodes(ids).await? {
                    let mut target = target(&episode.violation);
                    if let Some(why) = left_out(&episode, request) {
                        target.skip(&why, now);
                    }
                    targets.push(target);
                }
                targets
            }
            DetectTarget::Profile { profile, behavior } => {
                let found = self.violations_of(profile, behavior.as_deref(), (request, now));
                found.await?.iter().map(target).collect()
            }
        };
        Ok(Settled { actions, targets, tally: Tally::default(), audits: BTreeSet::new() })
    }

    /// The actions of a detect task or its plan.
    pub(crate) async fn detect_actions(
        &self,
        names: &[String],
    ) -> Result<Vec<MitigationAction>, MitigationError> {
        checked::list("actions", names, ACTIONS_MAX)?;
        let actions = self.named_actions("actions", names).await?;
        let odd = actions.iter().find(|action| action.params.action_type() != AWS_TYPE);
        match odd.filter(|_| self.config.aws_pairings_only) {
            None => Ok(actions),
            Some(action) => Err(MitigationError::Invalid(format!(
                "mitigation action {} is of type {}; only {AWS_TYPE} can be applied to violations \
                 while `mitigation.aws_pairings_only` is on",
                action.name,
                action.params.action_type()
            ))),
        }
    }

    /// The violations of these ids, each once, in this order.
    pub(crate) async fn episodes(&self, ids: &[String]) -> Result<Vec<Episode>, MitigationError> {
        if ids.is_empty() || ids.len() > VIOLATIONS_MAX {
            return Err(MitigationError::Invalid(format!(
                "`violationIds` has {} members; it must have 1 to {VIOLATIONS_MAX}",
                ids.len()
            )));
        }
        let mut found = Vec::new();
        let mut seen = HashSet::new();
        for id in ids.iter().filter(|id| seen.insert(id.as_str())) {
            checked::name("violationIds", id)?;
            let episode = self.alarms.episode(id).await?;
            found.push(episode.ok_or_else(|| {
                MitigationError::Invalid(format!(
                    "there is no violation {id}, or its events are not kept any more"
                ))
            })?);
        }
        Ok(found)
    }

    /// The violations of a profile, newest first.
    async fn violations_of(
        &self,
        profile: &str,
        behavior: Option<&str>,
        (request, now): (&DetectRequest, Timestamp),
    ) -> Result<Vec<Violation>, MitigationError> {
        let filter = AlarmFilter {
            profile: Some(profile.to_owned()),
            behavior: behavior.map(str::to_owned),
            suppressed: if request.includes_suppressed { None } else { Some(false) },
            ..AlarmFilter::default()
        };
        let active = self.alarms.active(&filter).await?;
        let is_active: HashSet<String> =
            active.iter().map(|violation| violation.violation_id.clone()).collect();
        let mut found = Vec::new();
        let mut seen = HashSet::new();
        let is_wanted = |violation: &Violation| {
            !request.only_active || is_active.contains(&violation.violation_id)
        };
        // An alarm may have been on for longer than events are kept.
        let without_range = active.into_iter().filter(|_| request.range.is_none());
        for violation in without_range {
            if seen.insert(violation.violation_id.clone()) {
                found.push(violation);
            }
        }
        let (from, to) = request.range.unwrap_or((Timestamp::from_millis(0), now));
        let to = to.plus(std::time::Duration::from_millis(1));
        let mut page = Page::first(PAGE);
        loop {
            let events = self.alarms.history_page(&filter, from, to, &page).await?;
            for event in events.rows {
                let violation = event.violation;
                if is_wanted(&violation) && seen.insert(violation.violation_id.clone()) {
                    found.push(violation);
                }
            }
            match events.next {
                Some(after) if found.len() <= self.config.targets_max => page.after = Some(after),
                _ => break,
            }
        }
        if found.is_empty() {
            self.check_profile(profile).await?;
        }
        Ok(found)
    }

    /// Refuses a profile that there is not.
    async fn check_profile(&self, profile: &str) -> Result<(), MitigationError> {
        let profiles = self.registry.documents(DocumentKind::SecurityProfile).await?;
        if profiles.iter().any(|document| document.name == profile) {
            return Ok(());
        }
        Err(MitigationError::Invalid(format!(
            "there is no security profile `{}`{}",
            shown(profile),
            did_you_mean(profile, profiles.iter().map(|document| document.name.as_str()))
        )))
    }
}

/// Why a violation that was named is not one that was asked for.
fn left_out(episode: &Episode, request: &DetectRequest) -> Option<String> {
    let Episode { violation, events } = episode;
    if request.only_active && violation.ended.is_some() {
        return Some("the violation is over, and only active ones were asked for".to_owned());
    }
    if violation.suppressed && !request.includes_suppressed {
        return Some(
            "the violation is of a muted behavior, and these were not asked for".to_owned(),
        );
    }
    let (from, to) = request.range?;
    let is_in = |time: Timestamp| from <= time && time <= to;
    let happened = is_in(violation.started) || events.iter().any(|event| is_in(event.time));
    (!happened).then(|| "nothing happened to the violation in the time asked for".to_owned())
}

fn target_of(violation: &Violation, actions: usize, has_message: bool) -> Target {
    let message = has_message.then(|| documents::of_violation(violation).to_string());
    Target {
        id: violation.violation_id.clone(),
        thing: Some(violation.thing.clone()),
        check: None,
        subjects: vec![RemedySubject::Thing(violation.thing.clone())],
        message,
        steps: (0..actions).map(Step::pending).collect(),
    }
}

/// Whom an action on a violation concerns.
pub(crate) fn is_of_account(effect: &Effect) -> bool {
    matches!(effect, Effect::Remedy(picket_ports::Remedy::EnableLogging { .. }))
}
