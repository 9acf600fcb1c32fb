//! Which findings an audit task is for.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use picket_core::{CertificateId, PolicyName};
use picket_ports::findings::FindingResource;
use picket_ports::registry::Page;
use picket_ports::{Finding, RemedySubject};

use super::start::{Settled, publishes};
use super::target::{Step, Target};
use super::task::{ActionDefinition, AuditRequest, AuditTarget, Tally};
use crate::audit_checks::check_name;
use crate::{Mitigation, MitigationError, checked, documents};

/// Most findings that can be named.
const FINDINGS_MAX: usize = 25;
/// Most actions for a check.
const ACTIONS_MAX: usize = 5;
/// Most reason codes for a check.
const CODES_MAX: usize = 25;
/// Findings read in one go.
const PAGE: u32 = 500;

impl Mitigation {
    pub(super) async fn settle_audit(
        &self,
        request: &AuditRequest,
    ) -> Result<Settled, MitigationError> {
        check_request(request)?;
        let (actions, by_check) = self.audit_actions(request).await?;
        let has_message = publishes(&actions);
        let mut settled = Settled {
            actions,
            targets: Vec::new(),
            tally: Tally::default(),
            audits: BTreeSet::new(),
        };
        for check in request.actions.keys() {
            settled.tally.checks.insert(check.clone(), Default::default());
        }
        let mut take = |finding: Finding| {
            settled.take(&finding, request, (&by_check, has_message));
            self.check_targets(settled.targets.len())
        };
        match &request.target {
            AuditTarget::Findings(ids) => {
                self.named_findings(ids).await?.into_iter().try_for_each(&mut take)?;
            }
            AuditTarget::Audit { task_id, .. } => self.findings_of(task_id, &mut take).await?,
        }
        Ok(settled)
    }

    /// All actions of the request, each once, and for each check their places in that list.
    async fn audit_actions(
        &self,
        request: &AuditRequest,
    ) -> Result<(Vec<ActionDefinition>, BTreeMap<String, Vec<usize>>), MitigationError> {
        let mut definitions: Vec<ActionDefinition> = Vec::new();
        let mut by_check = BTreeMap::new();
        for (check, names) in &request.actions {
            let mut places = Vec::new();
            for action in self.named_actions("auditCheckToActionsMapping", names).await? {
                if !action.params.kind().helps.with(check) {
                    return Err(MitigationError::Invalid(format!(
                        "mitigation action {} is of type {}, which does not help with findings of \
                         {check}",
                        action.name,
                        action.params.action_type()
                    )));
                }
                let known = definitions.iter().position(|known| known.name == action.name);
                places.push(known.unwrap_or_else(|| {
                    definitions.push(action.into());
                    definitions.len() - 1
                }));
            }
            by_check.insert(check.clone(), places);
        }
        Ok((definitions, by_check))
    }

    async fn named_findings(&self, ids: &[String]) -> Result<Vec<Finding>, MitigationError> {
        let mut found = Vec::new();
        let mut seen = HashSet::new();
        for id in ids.iter().filter(|id| seen.insert(id.as_str())) {
            let finding = self.findings.finding(id).await?;
            found.push(finding.ok_or_else(|| {
                MitigationError::Invalid(format!(
                    "there is no finding {id}, or it is not kept any more"
                ))
            })?);
        }
        Ok(found)
    }

    /// Hands over all findings of an audit, however many: most may be of checks that nobody asks for.
    async fn findings_of(
        &self,
        task_id: &str,
        mut take: impl FnMut(Finding) -> Result<(), MitigationError> + Send,
    ) -> Result<(), MitigationError> {
        let mut page = Page::first(PAGE);
        loop {
            let rows = self.findings.findings_of(task_id, &page).await?.ok_or_else(|| {
                MitigationError::Invalid(format!(
                    "there is no audit {task_id}, or it is not kept any more"
                ))
            })?;
            rows.rows.into_iter().try_for_each(&mut take)?;
            match rows.next {
                Some(after) => page.after = Some(after),
                None => return Ok(()),
            }
        }
    }
}

impl Settled {
    /// Counts a finding, and makes it a target if it is to be mitigated. Of an audit, checks that nothing
    /// is asked for do not count; a finding that is named does.
    fn take(
        &mut self,
        finding: &Finding,
        request: &AuditRequest,
        (by_check, has_message): (&BTreeMap<String, Vec<usize>>, bool),
    ) {
        let is_named = matches!(request.target, AuditTarget::Findings(_));
        self.audits.insert(finding.task_id.clone());
        let places = by_check.get(&finding.check_name);
        if places.is_none() && !is_named {
            return;
        }
        let of_check = self.tally.checks.entry(finding.check_name.clone()).or_default();
        of_check.total += 1;
        match places {
            Some(places) if is_wanted(finding, &request.target) => {
                self.targets.push(target_of(finding, places, has_message));
            }
            _ => of_check.skipped += 1,
        }
    }
}

fn check_request(request: &AuditRequest) -> Result<(), MitigationError> {
    match &request.target {
        AuditTarget::Findings(ids) => {
            if ids.is_empty() || ids.len() > FINDINGS_MAX {
                return Err(MitigationError::Invalid(format!(
                    "`findingIds` has {} members; it must have 1 to {FINDINGS_MAX}",
                    ids.len()
                )));
            }
            ids.iter().try_for_each(|id| checked::name("findingIds", id))?;
        }
        AuditTarget::Audit { task_id, reason_codes } => {
            checked::name("auditTaskId", task_id)?;
            for (check, codes) in reason_codes.iter().flatten() {
                check_name("auditCheckToReasonCodeFilter", check)?;
                checked::list("auditCheckToReasonCodeFilter", codes, CODES_MAX)?;
                let member = "auditCheckToReasonCodeFilter";
                codes.iter().try_for_each(|code| checked::name(member, code))?;
            }
        }
    }
    if request.actions.is_empty() {
        return Err(MitigationError::invalid("`auditCheckToActionsMapping` names no check"));
    }
    for (check, names) in &request.actions {
        check_name("auditCheckToActionsMapping", check)?;
        checked::list("auditCheckToActionsMapping", names, ACTIONS_MAX)?;
    }
    Ok(())
}

/// Suppressed findings are not mitigated. With a filter, those it does not name are not either.
fn is_wanted(finding: &Finding, target: &AuditTarget) -> bool {
    if finding.is_suppressed {
        return false;
    }
    let AuditTarget::Audit { reason_codes: Some(wanted), .. } = target else { return true };
    let codes = wanted.get(&finding.check_name);
    codes.is_some_and(|codes| codes.contains(&finding.reason_for_non_compliance_code))
}

fn target_of(finding: &Finding, places: &[usize], has_message: bool) -> Target {
    let message = has_message.then(|| documents::of_finding(finding).to_string());
    Target {
        id: finding.finding_id.clone(),
        thing: None,
        check: Some(finding.check_name.clone()),
        subjects: subjects_of(finding),
        message,
        steps: places.iter().copied().map(Step::pending).collect(),
    }
}

/// What a finding speaks of. An issuer that was revoked is mitigated by what it has signed.
fn subjects_of(finding: &Finding) -> Vec<RemedySubject> {
    let resource = &finding.non_compliant_resource;
    match resource.resource_type.as_str() {
        "ISSUER_CERTIFICATE" => finding
            .related_resources
            .iter()
            .filter(|related| related.resource_type == "DEVICE_CERTIFICATE")
            .filter_map(subject_of)
            .collect(),
        _ => subject_of(resource).into_iter().collect(),
    }
}

fn subject_of(resource: &FindingResource) -> Option<RemedySubject> {
    let identifier = &resource.resource_identifier;
    let certificate = |member: &str| CertificateId::new(identifier.get(member)?.as_str()?).ok();
    match resource.resource_type.as_str() {
        "DEVICE_CERTIFICATE" => certificate("deviceCertificateId").map(RemedySubject::Certificate),
        "CA_CERTIFICATE" => certificate("caCertificateId").map(RemedySubject::Authority),
        "IOT_POLICY" => {
            let name = identifier.get("policyVersionIdentifier")?.get("policyName")?.as_str()?;
            PolicyName::new(name).ok().map(RemedySubject::Policy)
        }
        "ACCOUNT_SETTINGS" => Some(RemedySubject::Account),
        _ => None,
    }
}
