//! Who changed what: one record for each change that was asked for.

use async_trait::async_trait;
use picket_core::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Page, Result, Rows};

/// One change, as it was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeRecord {
    /// When it was answered.
    pub at: Timestamp,
    /// Who: the user's name, or the ARN of a device's certificate.
    pub actor: String,
    /// The access key, where one was used.
    pub access_key: Option<String>,
    /// The address it came from, `IP` or `IP:PORT`.
    pub source: String,
    /// The service, for example `iot` or `console`.
    pub service: String,
    /// The operation, for example `CreateThing`.
    pub operation: String,
    /// What it was about, for example `thing/pump-17`; never a secret.
    pub resource: String,
    /// The request's id, which the caller was told.
    pub request_id: String,
    /// `None` when it was done, else the error's code.
    pub error: Option<String>,
}

/// Which records to list; every member that is set must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChangeFilter {
    /// Who.
    pub actor: Option<String>,
    /// The operation.
    pub operation: Option<String>,
    /// The beginning of the resource.
    pub resource_prefix: Option<String>,
    /// Not before this time.
    pub earliest: Option<Timestamp>,
}

/// Storage of the records. They are only ever added, and dropped by age.
#[async_trait]
pub trait AuditTrail: Send + Sync {
    /// Adds a record.
    async fn record_change(&self, record: &ChangeRecord) -> Result<()>;
    /// Records, newest first.
    async fn recorded_changes(
        &self,
        filter: &ChangeFilter,
        page: &Page,
    ) -> Result<Rows<ChangeRecord>>;
    /// Removes records from before `earliest`; returns how many.
    async fn forget_changes(&self, earliest: Timestamp) -> Result<u64>;
}
