//! Topics and subscriptions as people look at them.

use picket_core::Timestamp;

use super::shown;
use crate::book::Subscription;
use crate::document::State;
use crate::engine::NotifyEngine;
use crate::error::TopicError;
use crate::message::{Failed, Tally, unpack};
use crate::store;

/// A topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicView {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// When it was created.
    pub created: Timestamp,
}

/// A subscription with what became of its messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscriptionView {
    /// UUID text, the last part of the ARN.
    pub id: String,
    /// Its ARN.
    pub arn: String,
    /// Its topic's ARN.
    pub topic_arn: String,
    /// Its protocol.
    pub protocol: String,
    /// Where messages go.
    pub endpoint: String,
    /// Whether it gets messages.
    pub is_confirmed: bool,
    /// What became of its messages so far.
    pub tally: Tally,
    /// Messages that wait or are on their way.
    pub waiting: usize,
}

/// A message that could not be delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undelivered {
    /// The message's id.
    pub message_id: String,
    /// When it was given up.
    pub at: Timestamp,
    /// How often it was tried.
    pub attempts: u32,
    /// What the last attempt said.
    pub error: String,
    /// The message.
    pub message: String,
}

impl NotifyEngine {
    /// All topics, by name.
    pub fn topic_views(&self) -> Vec<TopicView> {
        let book = self.book();
        let view = |topic: &std::sync::Arc<crate::book::Topic>| TopicView {
            name: topic.name.clone(),
            arn: topic.arn.clone(),
            created: topic.created,
        };
        book.topics.values().map(view).collect()
    }

    /// All subscriptions, by their id.
    pub fn subscription_views(&self) -> Vec<SubscriptionView> {
        let book = self.book();
        let shown = book.subscriptions.values().filter(|one| one.document.state != State::Left);
        shown.map(|one| self.view(one)).collect()
    }

    /// The subscriptions of a topic, by their id.
    ///
    /// # Errors
    /// When there is no such topic.
    pub fn subscriptions_of(&self, topic_arn: &str) -> Result<Vec<SubscriptionView>, TopicError> {
        let topic = self.topic(topic_arn)?;
        let mut views = self.subscription_views();
        views.retain(|view| view.topic_arn == topic.arn);
        Ok(views)
    }

    fn view(&self, subscription: &Subscription) -> SubscriptionView {
        let document = &subscription.document;
        let lane = self.lanes.lane(subscription.id);
        SubscriptionView {
            id: subscription.id.to_string(),
            arn: subscription.arn.clone(),
            topic_arn: self.account.sns_topic_arn(&document.topic),
            protocol: document.protocol.clone(),
            endpoint: document.endpoint.clone(),
            is_confirmed: subscription.is_confirmed(),
            tally: lane.tally(),
            waiting: lane.waiting(),
        }
    }

    /// What could not be delivered to a subscription and is kept, oldest first.
    ///
    /// # Errors
    /// When there is no such subscription, or the state cannot be read.
    pub async fn undelivered(&self, arn: &str) -> Result<Vec<Undelivered>, TopicError> {
        let subscription = self.subscription(arn)?;
        let mut kept = Vec::new();
        let prefix = store::failed_of(subscription.id);
        store::each(&*self.store, &prefix, |_, value| {
            if let Ok(Failed { message, failures, error, at }) = unpack(value) {
                let text = message.text_for(subscription.protocol.name()).to_owned();
                kept.push(Undelivered {
                    message_id: message.id,
                    at,
                    attempts: failures,
                    error: shown(&error),
                    message: text,
                });
            }
        })
        .await?;
        Ok(kept)
    }
}
