//! What people configure: things, groups, certificates, policies, and named documents (security
//! profiles, topic rules, delivery streams, …).
//!
//! One trait for each kind of entry; [`Registry`] is all of them. The traits hold rows and keep them
//! consistent (uniqueness, references, versions); the rules of the AWS operations are the registry
//! engine's. Every change is durable when its call resolves, and is on the [`Feed`] by then.

#[cfg(feature = "testsuite")]
#[expect(clippy::unwrap_used, reason = "a conformance suite is test code")]
pub mod conformance;

mod audit_trail;
mod certificates;
mod devices;
mod documents;
mod feed;
mod groups;
mod policies;
mod tags;
mod things;

use picket_core::{Classified, ErrorCode};

pub use audit_trail::{AuditTrail, ChangeFilter, ChangeRecord};
pub use certificates::{Certificate, CertificateMode, CertificateStatus, Certificates};
pub use devices::{Devices, NewDevice};
pub use documents::{Document, DocumentKind, Documents};
pub use feed::{ChangeSet, Feed, RegistryChange};
pub use groups::{GroupFilter, Groups, ThingGroup};
pub use policies::{Policies, Policy, PolicyTarget, PolicyVersion};
pub use tags::Tags;
pub use things::{Thing, ThingFilter, Things};

/// Why the registry could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// It is not there.
    #[error("{kind} `{name}` does not exist")]
    NotFound {
        /// `thing`, `thing group`, `certificate`, `policy`, or the document kind.
        kind: &'static str,
        /// Its name.
        name: String,
    },
    /// It is there already.
    #[error("{kind} `{name}` exists already")]
    AlreadyExists {
        /// As in `NotFound`.
        kind: &'static str,
        /// Its name.
        name: String,
    },
    /// Somebody changed it in between.
    #[error("{kind} `{name}` is at version {actual}, not {expected}")]
    VersionConflict {
        /// As in `NotFound`.
        kind: &'static str,
        /// Its name.
        name: String,
        /// What the caller expected.
        expected: u64,
        /// What is stored.
        actual: u64,
    },
    /// Something else still refers to it.
    #[error("{kind} `{name}` is still in use: {by}")]
    InUse {
        /// As in `NotFound`.
        kind: &'static str,
        /// Its name.
        name: String,
        /// What refers to it: `a thing`, `a policy`, `a child group`, `a target`.
        by: &'static str,
    },
    /// The database failed.
    #[error("the registry failed: {0}")]
    Storage(String),
}

impl Classified for RegistryError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::NotFound { .. } => ErrorCode::NotFound,
            Self::AlreadyExists { .. } => ErrorCode::AlreadyExists,
            Self::VersionConflict { .. } | Self::InUse { .. } => ErrorCode::Conflict,
            Self::Storage(_) => ErrorCode::Unavailable,
        }
    }
}

type Result<T> = std::result::Result<T, RegistryError>;

/// A page request: `rows_max` rows at most, after where the page before ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// [`Rows::next`] of the page before. A text that none of our pages ended with gives some page,
    /// never an error; whoever hands it out signs it.
    pub after: Option<String>,
    /// Most rows; at least 1.
    pub rows_max: u32,
}

impl Page {
    /// The first page of `rows_max` rows.
    pub const fn first(rows_max: u32) -> Self {
        Self { after: None, rows_max }
    }
}

/// One page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rows<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// Where the next page begins; `None` when this was the last.
    pub next: Option<String>,
}

/// The order of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Oldest first.
    Ascending,
    /// Newest first.
    Descending,
}

/// The registry's storage, whole.
pub trait Registry:
    std::fmt::Debug
    + Things
    + Groups
    + Certificates
    + Policies
    + Documents
    + Tags
    + AuditTrail
    + Devices
    + Feed
{
}

impl<T> Registry for T where
    T: std::fmt::Debug
        + Things
        + Groups
        + Certificates
        + Policies
        + Documents
        + Tags
        + AuditTrail
        + Devices
        + Feed
{
}
