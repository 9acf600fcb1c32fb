//! Confirming a subscription.

use super::topic_name;
use crate::document::State;
use crate::engine::NotifyEngine;
use crate::error::TopicError;

const TOKEN_CHARS_MAX: usize = 256;

impl NotifyEngine {
    /// `ConfirmSubscription`; gives the subscription's ARN. Confirming twice is fine.
    ///
    /// # Errors
    /// When there is no such topic, or the token is not one of its subscriptions' or has expired.
    pub async fn confirm_subscription(
        &self,
        topic_arn: &str,
        token: &str,
        authenticate_on_unsubscribe: bool,
        is_signed: bool,
    ) -> Result<String, TopicError> {
        self.topic(topic_arn)?;
        let name = topic_name(&self.account, topic_arn)?;
        let invalid = || TopicError::invalid("Invalid token");
        if token.is_empty() || token.len() > TOKEN_CHARS_MAX {
            return Err(invalid());
        }
        let _changing = self.changing.lock().await;
        self.refresh().await?;
        let book = self.book();
        let found = book.of_topic(name).iter().find(|one| {
            one.document.token.as_ref().is_some_and(|present| present.expose() == token)
        });
        let subscription = found.ok_or_else(invalid)?;
        if subscription.is_confirmed() {
            return Ok(subscription.arn.clone());
        }
        let now = self.clock.now();
        if subscription.document.token_expires.is_none_or(|expires| expires <= now) {
            return Err(TopicError::invalid("Invalid token: it has expired; subscribe again"));
        }
        let mut document = subscription.document.clone();
        document.state = State::Confirmed;
        document.authenticate_on_unsubscribe = authenticate_on_unsubscribe && is_signed;
        document.was_authenticated = is_signed;
        self.replace_subscription(subscription, &document).await?;
        Ok(subscription.arn.clone())
    }
}
