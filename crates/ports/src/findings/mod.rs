//! Findings of audits (spec device-defender §7.5).

#[cfg(feature = "testsuite")]
#[expect(clippy::unwrap_used, reason = "a stand-in for tests")]
pub mod by_hand;

use std::collections::BTreeMap;

use async_trait::async_trait;
use picket_core::{Classified, ErrorCode, Timestamp};
use serde::{Deserialize, Serialize};

use crate::registry::{Page, Rows};

/// A resource an audit speaks of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FindingResource {
    /// AWS's `resourceType`, `DEVICE_CERTIFICATE`.
    pub resource_type: String,
    /// AWS's `resourceIdentifier`: one member, `deviceCertificateId` and its like; a policy version has
    /// two texts below one member, written here as JSON.
    pub resource_identifier: serde_json::Value,
    /// AWS's `additionalInfo`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub additional_info: BTreeMap<String, String>,
}

/// One finding. Serialises in AWS's shape, but for the times, which are epoch milliseconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// New for every task.
    pub finding_id: String,
    /// The audit.
    pub task_id: String,
    /// The check, `DEVICE_CERTIFICATE_SHARED_CHECK`.
    pub check_name: String,
    /// When the audit began.
    pub task_start_time: Timestamp,
    /// When it was found.
    pub finding_time: Timestamp,
    /// `CRITICAL`, `HIGH`, `MEDIUM` or `LOW`.
    pub severity: String,
    /// What is not compliant.
    pub non_compliant_resource: FindingResource,
    /// What else is concerned.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub related_resources: Vec<FindingResource>,
    /// For a person.
    pub reason_for_non_compliance: String,
    /// For a program.
    pub reason_for_non_compliance_code: String,
    /// Whether a suppression covers it.
    pub is_suppressed: bool,
}

/// Why findings could not be read or stored.
#[derive(Debug, thiserror::Error)]
#[error("the findings could not be read or stored: {0}")]
pub struct FindingsError(pub String);

impl Classified for FindingsError {
    fn code(&self) -> ErrorCode {
        ErrorCode::Unavailable
    }
}

/// The book of findings. Implemented by the audit engine.
#[async_trait]
pub trait Findings: std::fmt::Debug + Send + Sync {
    /// One finding.
    async fn finding(&self, finding_id: &str) -> Result<Option<Finding>, FindingsError>;

    /// A page of the findings of one audit, in the order in which they were found; `None` if there is no
    /// such audit.
    async fn findings_of(
        &self,
        task_id: &str,
        page: &Page,
    ) -> Result<Option<Rows<Finding>>, FindingsError>;
}
