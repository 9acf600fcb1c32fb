//! A book of findings that tests fill by hand.

use std::collections::BTreeMap;
use std::sync::Mutex;

use async_trait::async_trait;
use picket_core::Timestamp;

use super::{Finding, FindingResource, Findings, FindingsError};
use crate::registry::{Page, Rows};

/// Findings as they were put in.
#[derive(Debug, Default)]
pub struct FindingsByHand {
    /// In the order in which they were found.
    pub findings: Mutex<Vec<Finding>>,
}

/// A finding of the audit `audit-1` about a resource, with its type and identifier.
pub fn finding(id: &str, check: &str, resource: (&str, serde_json::Value)) -> Finding {
    let (resource_type, resource_identifier) = resource;
    Finding {
        finding_id: id.to_owned(),
        task_id: "audit-1".to_owned(),
        check_name: check.to_owned(),
        task_start_time: Timestamp::from_millis(1_735_689_600_000),
        finding_time: Timestamp::from_millis(1_735_689_600_743),
        severity: "CRITICAL".to_owned(),
        non_compliant_resource: FindingResource {
            resource_type: resource_type.to_owned(),
            resource_identifier,
            additional_info: BTreeMap::new(),
        },
        related_resources: Vec::new(),
        reason_for_non_compliance: "Because.".to_owned(),
        reason_for_non_compliance_code: "BECAUSE".to_owned(),
        is_suppressed: false,
    }
}

#[async_trait]
impl Findings for FindingsByHand {
    async fn finding(&self, finding_id: &str) -> Result<Option<Finding>, FindingsError> {
        let findings = self.findings.lock().unwrap();
        Ok(findings.iter().find(|it| it.finding_id == finding_id).cloned())
    }

    async fn findings_of(
        &self,
        task_id: &str,
        page: &Page,
    ) -> Result<Option<Rows<Finding>>, FindingsError> {
        let findings = self.findings.lock().unwrap();
        let all: Vec<_> = findings.iter().filter(|it| it.task_id == task_id).cloned().collect();
        if all.is_empty() {
            return Ok(None);
        }
        let begin: usize = page.after.as_deref().map_or(0, |after| after.parse().unwrap());
        let end = begin + page.rows_max as usize;
        let next = (all.len() > end).then(|| end.to_string());
        Ok(Some(Rows { rows: all.into_iter().skip(begin).take(end - begin).collect(), next }))
    }
}
