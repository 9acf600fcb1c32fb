//! Topics and subscriptions as they stand in the registry.

use std::collections::BTreeMap;

use picket_core::{Secret, Timestamp};
use serde::{Deserialize, Serialize};

/// A topic's document; its name is the document's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct TopicDocument {
    /// AWS's attributes that were set, by name.
    pub(crate) attributes: BTreeMap<String, String>,
    /// Subscriptions that it once had.
    pub(crate) subscriptions_deleted: u64,
}

/// Where a subscription stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum State {
    /// The receiver has not confirmed it.
    Pending,
    /// It gets messages.
    Confirmed,
    /// It is over. The receiver is told, and can bring it back for a while; nobody else sees it.
    Left,
}

/// A subscription's document; its name is a UUID, the last part of its ARN.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SubscriptionDocument {
    /// The topic's name.
    pub(crate) topic: String,
    pub(crate) protocol: String,
    pub(crate) endpoint: String,
    pub(crate) state: State,
    /// What the receiver confirms with.
    pub(crate) token: Option<Secret>,
    /// Until when.
    pub(crate) token_expires: Option<Timestamp>,
    /// Only signed calls may end it.
    #[serde(default)]
    pub(crate) authenticate_on_unsubscribe: bool,
    /// Whether a signed call confirmed it.
    #[serde(default)]
    pub(crate) was_authenticated: bool,
    /// AWS's attributes that were set, by name.
    #[serde(default)]
    pub(crate) attributes: BTreeMap<String, String>,
    /// What a webhook's messages are signed with.
    #[serde(default)]
    pub(crate) secret: Option<Secret>,
}
