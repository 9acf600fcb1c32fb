//! Topics.

use std::collections::BTreeMap;

use picket_ports::RegistryError;
use picket_ports::registry::DocumentKind;
use serde_json::json;

use super::tags::{TagPairs, check_tags};
use super::{attributes, is_topic_name, topic_name};
use crate::book::Topic;
use crate::document::{State, TopicDocument};
use crate::engine::NotifyEngine;
use crate::error::TopicError;

const KIND: DocumentKind = DocumentKind::NotificationTopic;

impl NotifyEngine {
    /// `CreateTopic`. The same name gives the same ARN; other attributes or tags than it has are refused.
    ///
    /// # Errors
    /// When the name, an attribute or a tag is wrong, or there are too many.
    pub async fn create_topic(
        &self,
        name: &str,
        attributes: BTreeMap<String, String>,
        tags: TagPairs,
    ) -> Result<String, TopicError> {
        if name.ends_with(".fifo") {
            return Err(TopicError::invalid(
                "Invalid parameter: Topic Name Reason: there are no FIFO topics here",
            ));
        }
        if !is_topic_name(name) {
            return Err(TopicError::invalid(
                "Invalid parameter: Topic Name Reason: it must be 1 to 256 letters, digits, - and _",
            ));
        }
        for (name, value) in &attributes {
            attributes::check_topic(name, value)?;
        }
        check_tags(&tags)?;
        let arn = self.account.sns_topic_arn(name);
        let _changing = self.changing.lock().await;
        self.refresh().await?;
        if let Some(topic) = self.book().topics.get(name) {
            return self.same_topic(topic, &attributes, &tags).await.map(|()| arn);
        }
        if self.book().topics.len() >= self.config.topics_max {
            return Err(TopicError::TooManyTopics(self.config.topics_max));
        }
        let attributes = attributes.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        let document = TopicDocument { attributes, subscriptions_deleted: 0 };
        let body = json!(document).to_string();
        self.registry.create_document(KIND, name, &body, self.clock.now()).await?;
        if !tags.is_empty() {
            self.registry.tag(&arn, &tags).await?;
        }
        self.refresh().await?;
        Ok(arn)
    }

    async fn same_topic(
        &self,
        topic: &Topic,
        attributes: &BTreeMap<String, String>,
        tags: &TagPairs,
    ) -> Result<(), TopicError> {
        let other = attributes
            .iter()
            .any(|(name, value)| topic.attribute(name).unwrap_or_default() != value);
        if other {
            return Err(TopicError::invalid(
                "Invalid parameter: Attributes Reason: Topic already exists with different attributes",
            ));
        }
        let present = self.registry.tags(&topic.arn).await?;
        if !tags.is_empty() && tags.iter().any(|tag| !present.contains(tag)) {
            return Err(TopicError::invalid(
                "Invalid parameter: Tags Reason: Topic already exists with different tags",
            ));
        }
        Ok(())
    }

    /// `DeleteTopic`, with its subscriptions. Fine if there is none.
    ///
    /// # Errors
    /// When the ARN is none, or the registry fails.
    pub async fn delete_topic(&self, arn: &str) -> Result<(), TopicError> {
        let name = match topic_name(&self.account, arn) {
            Ok(name) => name,
            // A topic of another account cannot be here, and what is not here is deleted.
            Err(TopicError::NoSuchTopic(_)) => return Ok(()),
            Err(error) => return Err(error),
        };
        let _changing = self.changing.lock().await;
        self.refresh().await?;
        let ids: Vec<String> =
            self.book().of_topic(name).iter().map(|one| one.id.to_string()).collect();
        for id in ids {
            gone(self.registry.delete_document(DocumentKind::Subscription, &id).await)?;
        }
        gone(self.registry.delete_document(KIND, name).await)?;
        self.registry.untag_all(&self.account.sns_topic_arn(name)).await?;
        self.refresh().await?;
        Ok(())
    }

    /// The ARNs of all topics, by name.
    pub fn topic_arns(&self) -> Vec<String> {
        self.book().topics.values().map(|topic| topic.arn.clone()).collect()
    }

    /// `GetTopicAttributes`.
    ///
    /// # Errors
    /// When there is no such topic.
    pub fn topic_attributes(&self, arn: &str) -> Result<BTreeMap<String, String>, TopicError> {
        let topic = self.topic(arn)?;
        let book = self.book();
        let count = |state: State| {
            let subscriptions = book.of_topic(&topic.name).iter();
            subscriptions.filter(|one| one.document.state == state).count().to_string()
        };
        let computed = [
            ("TopicArn", topic.arn.clone()),
            ("Owner", self.account.id.clone()),
            ("SubscriptionsConfirmed", count(State::Confirmed)),
            ("SubscriptionsPending", count(State::Pending)),
            ("SubscriptionsDeleted", topic.document.subscriptions_deleted.to_string()),
            ("EffectiveDeliveryPolicy", topic.policy.topic_json().to_string()),
        ];
        let mut attributes: BTreeMap<String, String> = [
            ("DisplayName", String::new()),
            ("Policy", default_policy(&topic.arn, &self.account.id)),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
        attributes.extend(topic.document.attributes.clone());
        attributes.extend(computed.map(|(name, value)| (name.to_owned(), value)));
        Ok(attributes)
    }

    /// `SetTopicAttributes`. An empty value takes the attribute away.
    ///
    /// # Errors
    /// When there is no such topic, or the attribute is wrong.
    pub async fn set_topic_attribute(
        &self,
        arn: &str,
        name: &str,
        value: &str,
    ) -> Result<(), TopicError> {
        self.topic(arn)?;
        attributes::check_topic(name, value)?;
        let _changing = self.changing.lock().await;
        self.refresh().await?;
        let topic = self.topic(arn)?;
        let mut document = topic.document.clone();
        if value.is_empty() {
            document.attributes.remove(name);
        } else {
            document.attributes.insert(name.to_owned(), value.to_owned());
        }
        self.replace_topic(&topic, &document).await
    }

    /// Stores a topic's changed document.
    pub(super) async fn replace_topic(
        &self,
        topic: &Topic,
        document: &TopicDocument,
    ) -> Result<(), TopicError> {
        let body = json!(document).to_string();
        let expected = Some(topic.version);
        self.registry
            .replace_document(KIND, &topic.name, &body, expected, self.clock.now())
            .await?;
        self.refresh().await?;
        Ok(())
    }
}

/// What is not there counts as deleted.
pub(super) fn gone(deleted: Result<(), RegistryError>) -> Result<(), RegistryError> {
    match deleted {
        Err(RegistryError::NotFound { .. }) => Ok(()),
        other => other,
    }
}

/// What AWS says of a topic without a policy: its owner may do everything.
fn default_policy(arn: &str, account: &str) -> String {
    json!({
        "Version": "2008-10-17",
        "Id": "__default_policy_ID",
        "Statement": [{
            "Sid": "__default_statement_ID",
            "Effect": "Allow",
            "Principal": { "AWS": "*" },
            "Action": [
                "SNS:GetTopicAttributes", "SNS:SetTopicAttributes", "SNS:AddPermission",
                "SNS:RemovePermission", "SNS:DeleteTopic", "SNS:Subscribe",
                "SNS:ListSubscriptionsByTopic", "SNS:Publish",
            ],
            "Resource": arn,
            "Condition": { "StringEquals": { "AWS:SourceOwner": account } },
        }],
    })
    .to_string()
}
