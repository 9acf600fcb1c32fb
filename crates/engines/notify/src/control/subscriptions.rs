//! Subscriptions.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use picket_core::{Secret, Timestamp};
use picket_ports::registry::DocumentKind;
use rand::Rng as _;
use serde_json::json;
use uuid::Uuid;

use super::attributes::{self, SECRET};
use super::topics::gone;
use crate::book::{Subscription, Topic};
use crate::document::{State, SubscriptionDocument};
use crate::engine::NotifyEngine;
use crate::error::TopicError;
use crate::intake::{Draft, Target};
use crate::message::{Message, Purpose};
use crate::protocols::{self, Protocol};

const KIND: DocumentKind = DocumentKind::Subscription;
/// How long a subscription waits for its confirmation.
pub(super) const UNCONFIRMED_MAX: Duration = Duration::from_secs(2 * 24 * 3_600);

/// What `Subscribe` is asked for.
#[derive(Debug, Clone, Default)]
pub struct Subscribe {
    /// The topic.
    pub topic_arn: String,
    /// One of `http`, `https`, `webhook`, `email`, `email-json`, `mqtt`, `firehose`.
    pub protocol: String,
    /// Where messages go.
    pub endpoint: String,
    /// AWS's attributes, and `WebhookSecret`.
    pub attributes: BTreeMap<String, String>,
}

/// What became of `Subscribe`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscribed {
    /// The subscription's ARN.
    pub arn: String,
    /// Whether the receiver still has to confirm it.
    pub is_pending: bool,
    /// What a webhook's messages are signed with, where it was made by this call. It is not shown again.
    pub secret: Option<Secret>,
}

impl NotifyEngine {
    /// `Subscribe`. The same topic, protocol and endpoint give the same subscription; one that waits for its
    /// confirmation is asked for again.
    ///
    /// # Errors
    /// When there is no such topic, the protocol is not there, the endpoint is none or refused, or an
    /// attribute is wrong.
    pub async fn subscribe(&self, asked: Subscribe) -> Result<Subscribed, TopicError> {
        let topic = self.topic(&asked.topic_arn)?;
        let bad = |text: String| TopicError::invalid(format!("Invalid parameter: {text}"));
        let protocol = protocols::find(&asked.protocol).map_err(bad)?;
        let endpoint = asked.endpoint.as_str();
        protocol
            .check(&self.ways, endpoint)
            .map_err(|text| bad(format!("Endpoint Reason: {text}")))?;
        self.check_subscription(protocol, &asked.attributes)?;
        let changing = self.changing.lock().await;
        self.refresh().await?;
        let book = self.book();
        let is_same = |one: &&Arc<Subscription>| {
            one.document.protocol == asked.protocol && one.document.endpoint == asked.endpoint
        };
        let existing = book.of_topic(&topic.name).iter().find(is_same);
        let subscribed = match existing.filter(|one| one.document.state != State::Left) {
            Some(existing) => again(existing, &asked.attributes)?,
            None => {
                if let Some(left) = existing {
                    self.registry.delete_document(KIND, &left.id.to_string()).await?;
                }
                self.add_subscription(&topic, protocol, asked).await?
            }
        };
        drop(changing);
        if subscribed.is_pending {
            self.ask_receiver(&subscribed.arn).await?;
        }
        Ok(subscribed)
    }

    async fn add_subscription(
        &self,
        topic: &Topic,
        protocol: &dyn Protocol,
        asked: Subscribe,
    ) -> Result<Subscribed, TopicError> {
        let book = self.book();
        if book.of_topic(&topic.name).len() >= self.config.subscriptions_max {
            return Err(TopicError::TooManySubscriptions(self.config.subscriptions_max));
        }
        let id = Uuid::new_v4();
        let is_pending = protocol.asks_receiver();
        let Subscribe { endpoint, mut attributes, .. } = asked;
        let given = attributes.remove(SECRET).map(Secret::new);
        let is_webhook = protocol.name() == "webhook";
        let made = (is_webhook && given.is_none()).then(|| Secret::new(random_hex()));
        attributes.retain(|_, value| !value.is_empty());
        let document = SubscriptionDocument {
            topic: topic.name.clone(),
            protocol: protocol.name().to_owned(),
            endpoint,
            state: if is_pending { State::Pending } else { State::Confirmed },
            token: is_pending.then(|| Secret::new(random_hex())),
            token_expires: is_pending.then(|| self.clock.now().plus(UNCONFIRMED_MAX)),
            authenticate_on_unsubscribe: false,
            was_authenticated: !is_pending,
            attributes,
            secret: given.or_else(|| made.clone()),
        };
        let body = json!(document).to_string();
        self.registry.create_document(KIND, &id.to_string(), &body, self.clock.now()).await?;
        self.refresh().await?;
        Ok(Subscribed { arn: format!("{}:{id}", topic.arn), is_pending, secret: made })
    }

    /// Sends the receiver the question whether they want messages.
    async fn ask_receiver(&self, arn: &str) -> Result<(), TopicError> {
        let subscription = self.subscription(arn)?;
        let Some(token) = subscription.document.token.clone() else { return Ok(()) };
        let topic_arn = self.account.sns_topic_arn(&subscription.document.topic);
        let text = format!(
            "You have chosen to subscribe to the topic {topic_arn}.\nTo confirm the subscription, visit the \
             SubscribeURL included in this message."
        );
        let purpose = Purpose::Confirmation { token: token.expose().to_owned() };
        self.send_question(&subscription, text, purpose).await
    }

    async fn send_question(
        &self,
        subscription: &Subscription,
        text: String,
        purpose: Purpose,
    ) -> Result<(), TopicError> {
        let message = Message {
            id: Uuid::new_v4().to_string(),
            topic: subscription.document.topic.clone(),
            at: self.clock.now(),
            purpose,
            subject: None,
            text,
            texts: Vec::new(),
            attributes: Vec::new(),
            mail: None,
        };
        let target = Target::One(subscription.id);
        let draft = Draft { message, target, deduplication: None };
        self.submit(draft).await.map(|_| ()).map_err(TopicError::Storage)
    }

    /// `Unsubscribe`. The receiver by `http` or `https` is told, and can bring the subscription back.
    ///
    /// # Errors
    /// When there is no such subscription, or only signed calls may end it and this one is not.
    pub async fn unsubscribe(&self, arn: &str, is_signed: bool) -> Result<(), TopicError> {
        let changing = self.changing.lock().await;
        self.refresh().await?;
        let subscription = self.subscription(arn)?;
        if subscription.document.authenticate_on_unsubscribe && !is_signed {
            return Err(TopicError::NotAuthorized(
                "whoever confirmed this subscription asked that only signed calls may end it"
                    .to_owned(),
            ));
        }
        let is_told = matches!(subscription.document.protocol.as_str(), "http" | "https");
        if is_told && subscription.is_confirmed() {
            let token = random_hex();
            let mut document = subscription.document.clone();
            document.state = State::Left;
            document.token = Some(Secret::new(token.clone()));
            document.token_expires = Some(self.clock.now().plus(UNCONFIRMED_MAX));
            self.replace_subscription(&subscription, &document).await?;
            self.count_deleted(&subscription.document.topic).await?;
            drop(changing);
            let text = format!(
                "You have chosen to deactivate subscription {arn}.\nTo cancel this operation and restore the \
                 subscription, visit the SubscribeURL included in this message."
            );
            return self.send_question(&subscription, text, Purpose::Farewell { token }).await;
        }
        gone(self.registry.delete_document(KIND, &subscription.id.to_string()).await)?;
        self.count_deleted(&subscription.document.topic).await?;
        self.refresh().await?;
        Ok(())
    }

    async fn count_deleted(&self, topic: &str) -> Result<(), TopicError> {
        let Some(topic) = self.book().topics.get(topic).cloned() else { return Ok(()) };
        let mut document = topic.document.clone();
        document.subscriptions_deleted += 1;
        self.replace_topic(&topic, &document).await
    }

    /// Removes a subscription that has expired.
    pub(crate) async fn remove_subscription(&self, id: Uuid) -> Result<(), TopicError> {
        let _changing = self.changing.lock().await;
        self.refresh().await?;
        let now = self.clock.now();
        let is_over = |expires: Option<Timestamp>| expires.is_none_or(|at| at <= now);
        let book = self.book();
        let Some(subscription) = book.subscriptions.get(&id) else { return Ok(()) };
        if subscription.is_confirmed() || !is_over(subscription.document.token_expires) {
            return Ok(());
        }
        gone(self.registry.delete_document(KIND, &id.to_string()).await)?;
        self.refresh().await?;
        Ok(())
    }

    /// `SetSubscriptionAttributes`. An empty value takes the attribute away.
    ///
    /// # Errors
    /// When there is no such subscription, or the attribute is wrong.
    pub async fn set_subscription_attribute(
        &self,
        arn: &str,
        name: &str,
        value: &str,
    ) -> Result<(), TopicError> {
        let _changing = self.changing.lock().await;
        self.refresh().await?;
        let subscription = self.subscription(arn)?;
        let mut document = subscription.document.clone();
        let mut wanted = document.attributes.clone();
        wanted.insert(name.to_owned(), value.to_owned());
        self.check_subscription(subscription.protocol, &wanted)?;
        if name == SECRET {
            document.secret = Some(Secret::new(value));
        } else {
            wanted.retain(|_, value| !value.is_empty());
            document.attributes = wanted;
        }
        self.replace_subscription(&subscription, &document).await
    }

    /// Stores a subscription's changed document.
    pub(super) async fn replace_subscription(
        &self,
        subscription: &Subscription,
        document: &SubscriptionDocument,
    ) -> Result<(), TopicError> {
        let body = json!(document).to_string();
        let (name, expected) = (subscription.id.to_string(), Some(subscription.version));
        self.registry.replace_document(KIND, &name, &body, expected, self.clock.now()).await?;
        self.refresh().await?;
        Ok(())
    }

    /// `GetSubscriptionAttributes`.
    ///
    /// # Errors
    /// When there is no such subscription.
    pub fn subscription_attributes(
        &self,
        arn: &str,
    ) -> Result<BTreeMap<String, String>, TopicError> {
        let subscription = self.subscription(arn)?;
        let document = &subscription.document;
        let flag = |is: bool| if is { "true" } else { "false" }.to_owned();
        let computed = [
            ("SubscriptionArn", subscription.arn.clone()),
            ("TopicArn", self.account.sns_topic_arn(&document.topic)),
            ("Protocol", document.protocol.clone()),
            ("Endpoint", document.endpoint.clone()),
            ("Owner", self.account.id.clone()),
            ("PendingConfirmation", flag(!subscription.is_confirmed())),
            ("ConfirmationWasAuthenticated", flag(document.was_authenticated)),
            ("RawMessageDelivery", flag(subscription.is_raw())),
        ];
        let mut attributes = document.attributes.clone();
        attributes.extend(computed.map(|(name, value)| (name.to_owned(), value)));
        if subscription.filter.is_some() {
            let scope = attributes.entry("FilterPolicyScope".to_owned());
            scope.or_insert_with(|| "MessageAttributes".to_owned());
        }
        if subscription.protocol.takes_delivery_policy()
            && let Some(topic) = self.book().topics.get(&document.topic)
        {
            let effective = subscription.policy.over(&topic.policy).subscription_json();
            attributes.insert("EffectiveDeliveryPolicy".to_owned(), effective.to_string());
        }
        Ok(attributes)
    }
}

/// `Subscribe` for a subscription that is there.
fn again(
    existing: &Subscription,
    attributes: &BTreeMap<String, String>,
) -> Result<Subscribed, TopicError> {
    if attributes::differ(existing, attributes) {
        return Err(TopicError::invalid(
            "Invalid parameter: Attributes Reason: Subscription already exists with different attributes",
        ));
    }
    let is_pending = existing.document.state == State::Pending;
    Ok(Subscribed { arn: existing.arn.clone(), is_pending, secret: None })
}

/// 256 random bits.
fn random_hex() -> String {
    let mut bytes = [0_u8; 32];
    rand::rng().fill_bytes(&mut bytes);
    hex::encode(bytes)
}
