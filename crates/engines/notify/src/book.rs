//! What the registry says, ready for use.

use std::collections::BTreeMap;
use std::sync::Arc;

use picket_core::{Account, Timestamp};
use picket_ports::registry::{Document, DocumentKind};
use picket_ports::{Registry, RegistryError};
use uuid::Uuid;

use crate::delivery_policy::DeliveryPolicy;
use crate::document::{State, SubscriptionDocument, TopicDocument};
use crate::filter::{FilterPolicy, Scope};
use crate::protocols::{self, Protocol};
use crate::retry::RetryPlan;

/// Largest message of a topic that says nothing else.
const MESSAGE_BYTES_MAX: usize = 262_144;

/// A topic.
#[derive(Debug)]
pub(crate) struct Topic {
    pub(crate) name: String,
    pub(crate) arn: String,
    pub(crate) document: TopicDocument,
    pub(crate) version: u64,
    pub(crate) created: Timestamp,
    pub(crate) policy: DeliveryPolicy,
}

/// A subscription.
#[derive(Debug)]
pub(crate) struct Subscription {
    pub(crate) id: Uuid,
    pub(crate) arn: String,
    pub(crate) document: SubscriptionDocument,
    pub(crate) version: u64,
    pub(crate) protocol: &'static dyn Protocol,
    pub(crate) filter: Option<FilterPolicy>,
    pub(crate) policy: DeliveryPolicy,
}

/// All topics and subscriptions at one moment.
#[derive(Debug, Default)]
pub(crate) struct Book {
    pub(crate) topics: BTreeMap<String, Arc<Topic>>,
    pub(crate) subscriptions: BTreeMap<Uuid, Arc<Subscription>>,
    /// By topic, in the order of their ids.
    by_topic: BTreeMap<String, Vec<Arc<Subscription>>>,
}

impl Topic {
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.document.attributes.get(name).map(String::as_str)
    }

    pub(crate) fn message_bytes_max(&self) -> usize {
        let set = self.attribute("MaximumMessageSize").and_then(|text| text.parse().ok());
        set.unwrap_or(MESSAGE_BYTES_MAX)
    }

    /// Whether signatures are of version 2.
    pub(crate) fn is_second_signature(&self) -> bool {
        self.attribute("SignatureVersion") == Some("2")
    }
}

impl Subscription {
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.document.attributes.get(name).map(String::as_str)
    }

    pub(crate) fn is_raw(&self) -> bool {
        self.attribute("RawMessageDelivery") == Some("true")
    }

    pub(crate) fn is_confirmed(&self) -> bool {
        self.document.state == State::Confirmed
    }

    /// When failed deliveries are tried again.
    pub(crate) fn plan(&self, topic: &Topic) -> RetryPlan {
        let custom = match self.protocol.takes_delivery_policy() {
            true => self.policy.over(&topic.policy).plan,
            false => None,
        };
        custom.unwrap_or_else(|| self.protocol.plan())
    }
}

impl Book {
    /// Reads everything. What cannot be read is left out and logged.
    pub(crate) async fn read(
        registry: &dyn Registry,
        account: &Account,
    ) -> Result<Self, RegistryError> {
        let mut book = Self::default();
        for document in registry.documents(DocumentKind::NotificationTopic).await? {
            match topic_of(&document, account) {
                Ok(topic) => drop(book.topics.insert(topic.name.clone(), Arc::new(topic))),
                Err(problem) => {
                    tracing::warn!(topic = document.name, problem, "a topic cannot be used");
                }
            }
        }
        for document in registry.documents(DocumentKind::Subscription).await? {
            match subscription_of(&document, account) {
                Ok(subscription) => book.insert(subscription),
                Err(problem) => {
                    let subscription = document.name;
                    tracing::warn!(subscription, problem, "a subscription cannot be used");
                }
            }
        }
        Ok(book)
    }

    fn insert(&mut self, subscription: Subscription) {
        let subscription = Arc::new(subscription);
        let of_topic = self.by_topic.entry(subscription.document.topic.clone()).or_default();
        of_topic.push(subscription.clone());
        self.subscriptions.insert(subscription.id, subscription);
    }

    /// The subscriptions of a topic, those that have left too.
    pub(crate) fn of_topic(&self, topic: &str) -> &[Arc<Subscription>] {
        self.by_topic.get(topic).map_or(&[], Vec::as_slice)
    }
}

fn topic_of(document: &Document, account: &Account) -> Result<Topic, String> {
    let parsed: TopicDocument =
        serde_json::from_str(&document.body).map_err(|error| error.to_string())?;
    let policy = parsed.attributes.get("DeliveryPolicy").filter(|text| !text.is_empty());
    let policy = policy.map(|text| DeliveryPolicy::of_topic(text)).transpose()?;
    Ok(Topic {
        name: document.name.clone(),
        arn: account.sns_topic_arn(&document.name),
        document: parsed,
        version: document.version,
        created: document.created,
        policy: policy.unwrap_or_default(),
    })
}

fn subscription_of(document: &Document, account: &Account) -> Result<Subscription, String> {
    let id = Uuid::parse_str(&document.name).map_err(|error| error.to_string())?;
    let parsed: SubscriptionDocument =
        serde_json::from_str(&document.body).map_err(|error| error.to_string())?;
    let protocol = protocols::find(&parsed.protocol)?;
    let given = |name: &str| parsed.attributes.get(name).filter(|text| !text.is_empty());
    let scope = match given("FilterPolicyScope").map(String::as_str) {
        Some("MessageBody") => Scope::Body,
        _ => Scope::Attributes,
    };
    let filter = given("FilterPolicy").map(|text| FilterPolicy::parse(text, scope)).transpose()?;
    let policy = given("DeliveryPolicy").map(|text| DeliveryPolicy::of_subscription(text));
    let policy = policy.transpose()?.unwrap_or_default();
    Ok(Subscription {
        id,
        arn: format!("{}:{id}", account.sns_topic_arn(&parsed.topic)),
        version: document.version,
        protocol,
        filter,
        policy,
        document: parsed,
    })
}
