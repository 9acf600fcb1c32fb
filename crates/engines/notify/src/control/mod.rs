//! The operations on topics and subscriptions.

mod attributes;
mod confirm;
mod subscriptions;
mod tags;
mod topics;
mod views;

use std::sync::Arc;

use picket_core::Account;
use uuid::Uuid;

use crate::book::{Subscription, Topic};
use crate::document::State;
use crate::engine::NotifyEngine;
use crate::error::TopicError;

pub use subscriptions::{Subscribe, Subscribed};
pub use tags::TagPairs;
pub use views::{SubscriptionView, TopicView, Undelivered};

impl NotifyEngine {
    /// The topic of an ARN.
    pub(crate) fn topic(&self, arn: &str) -> Result<Arc<Topic>, TopicError> {
        let name = topic_name(&self.account, arn)?;
        self.book().topics.get(name).cloned().ok_or_else(|| TopicError::NoSuchTopic(shown(arn)))
    }

    /// The subscription of an ARN, unless it has left.
    pub(crate) fn subscription(&self, arn: &str) -> Result<Arc<Subscription>, TopicError> {
        let invalid = || TopicError::invalid("Invalid parameter: SubscriptionArn");
        let (topic_arn, id) = arn.rsplit_once(':').ok_or_else(invalid)?;
        topic_name(&self.account, topic_arn).map_err(|_| invalid())?;
        let id = Uuid::parse_str(id).map_err(|_| invalid())?;
        let book = self.book();
        let found = book.subscriptions.get(&id).filter(|one| one.arn == arn);
        found
            .filter(|one| one.document.state != State::Left)
            .cloned()
            .ok_or_else(|| TopicError::NoSuchSubscription(shown(arn)))
    }
}

/// A topic's name in its ARN.
fn topic_name<'a>(account: &Account, arn: &'a str) -> Result<&'a str, TopicError> {
    let ours = account.sns_topic_arn("");
    if let Some(name) = arn.strip_prefix(&ours)
        && is_topic_name(name)
    {
        return Ok(name);
    }
    if arn.starts_with("arn:")
        && arn.split(':').count() == 6
        && arn.split(':').nth(2) == Some("sns")
    {
        return Err(TopicError::NoSuchTopic(shown(arn)));
    }
    Err(TopicError::invalid(format!(
        "Invalid parameter: TopicArn Reason: `{}` is no topic's ARN; they are {ours}NAME",
        shown(arn)
    )))
}

fn is_topic_name(name: &str) -> bool {
    let valid = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    (1..=256).contains(&name.len()) && name.chars().all(valid)
}

/// A text as it may stand in a message.
fn shown(text: &str) -> String {
    text.chars().take(300).flat_map(char::escape_debug).collect()
}
