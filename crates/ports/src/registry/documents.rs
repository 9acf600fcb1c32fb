//! Named documents: everything configured that is few enough to be read whole.

use async_trait::async_trait;
use picket_core::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Page, Result, Rows};

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $name:literal,)*) => {
        /// Kinds of named documents. Each engine owns the format of its kind.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum DocumentKind { $($(#[$doc])* $kind,)* }

        impl DocumentKind {
            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$kind),*];

            /// The name used in storage and in messages.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$kind => $name,)* }
            }

            /// Reads the name used in storage.
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|kind| kind.as_str() == text)
            }
        }
    };
}

kinds! {
    /// AWS shape of `CreateSecurityProfile` (spec device-defender §3.1), plus `targets`, a list of ARNs.
    SecurityProfile = "security-profile",
    /// AWS shape of a topic rule payload (spec iot-core §5.1).
    TopicRule = "topic-rule",
    /// AWS shape of `CreateDeliveryStream` (spec delivery §1).
    DeliveryStream = "delivery-stream",
    /// Shape of a custom metric (spec device-defender §3.4).
    CustomMetric = "custom-metric",
    /// A SIEM index.
    Index = "index",
    /// A HEC token.
    HecToken = "hec-token",
    /// A person who may log in to the console and call the APIs.
    User = "user",
    /// An access key of a user; its name is the access key id.
    AccessKey = "access-key",
    /// A thing type (spec iot-core §2.2).
    ThingType = "thing-type",
    /// A billing group (spec iot-core §2.3).
    BillingGroup = "billing-group",
    /// A registered certificate authority (spec iot-core §2.6); its name is the certificate's id.
    Authority = "certificate-authority",
    /// A role alias (spec iot-core §2.8).
    RoleAlias = "role-alias",
    /// Settings of which there is one each: logging, events, the registration code.
    Setting = "setting",
    /// A logging level of one target (spec iot-core §2.8).
    LoggingLevel = "logging-level",
    /// An IAM role with its inline policies and attachments (spec iot-core §6).
    Role = "iam-role",
    /// An IAM managed policy (spec iot-core §6).
    ManagedPolicy = "iam-policy",
    /// A Cognito identity pool with its roles (spec iot-core §6).
    IdentityPool = "identity-pool",
    /// A dimension of metrics: topic filters (spec device-defender §2.8).
    Dimension = "dimension",
    /// A mitigation action (spec device-defender §8).
    MitigationAction = "mitigation-action",
    /// A notification topic (spec delivery §3).
    NotificationTopic = "notification-topic",
    /// A subscription to a notification topic; its name is the last part of its ARN.
    Subscription = "notification-subscription",
}

/// A named document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// Its kind.
    pub kind: DocumentKind,
    /// Its name, unique within the kind.
    pub name: String,
    /// JSON text.
    pub body: String,
    /// 1 at creation, one more with each change.
    pub version: u64,
    /// When it was created.
    pub created: Timestamp,
    /// When it was last changed.
    pub modified: Timestamp,
}

/// Storage of documents.
#[async_trait]
pub trait Documents: Send + Sync {
    /// Adds a document; its version becomes 1. `AlreadyExists`.
    async fn create_document(
        &self,
        kind: DocumentKind,
        name: &str,
        body: &str,
        now: Timestamp,
    ) -> Result<Document>;
    /// Replaces a document's body. With `expected_version`, only if that is the stored one, else
    /// `VersionConflict`.
    async fn replace_document(
        &self,
        kind: DocumentKind,
        name: &str,
        body: &str,
        expected_version: Option<u64>,
        now: Timestamp,
    ) -> Result<Document>;
    /// One document.
    async fn document(&self, kind: DocumentKind, name: &str) -> Result<Document>;
    /// All documents of a kind, by name.
    async fn documents(&self, kind: DocumentKind) -> Result<Vec<Document>>;
    /// Documents of a kind in name order, for kinds of which there may be thousands.
    async fn documents_page(&self, kind: DocumentKind, page: &Page) -> Result<Rows<Document>>;
    /// How many documents of a kind there are.
    async fn document_count(&self, kind: DocumentKind) -> Result<u64>;
    /// Removes a document.
    async fn delete_document(&self, kind: DocumentKind, name: &str) -> Result<()>;
}
