//! What a person may do.

use serde::{Deserialize, Serialize};

/// What a user may do; each may do what the ones before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Sees states, alarms and charts.
    Viewer,
    /// Also runs searches of their own.
    Analyst,
    /// Also makes changes.
    Admin,
}

impl Role {
    /// The role's name in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Analyst => "analyst",
            Self::Admin => "admin",
        }
    }
}
