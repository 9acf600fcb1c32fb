//! Notification topics and who is subscribed to them.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use picket_core::{ErrorCode, Timestamp};
use picket_notify::{
    NotifyEngine, Publication, Subscribe, SubscriptionView, TopicView, Undelivered,
};
use picket_ports::MailText;
use serde::{Deserialize, Serialize};

use super::{Body, Name, Names};
use crate::audit::Changed;
use crate::error::{ApiError, ApiResult};
use crate::state::Shared;

#[derive(Debug, Serialize)]
pub(crate) struct TopicList {
    topics: Vec<TopicRow>,
}

#[derive(Debug, Serialize)]
pub(crate) struct TopicRow {
    name: String,
    arn: String,
    created_ms: Timestamp,
    subscriptions: Vec<SubscriptionRow>,
}

#[derive(Debug, Serialize)]
pub(crate) struct SubscriptionRow {
    id: String,
    protocol: String,
    endpoint: String,
    confirmed: bool,
    delivered: u64,
    failed: u64,
    waiting: usize,
    last_error: Option<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct NewSubscription {
    subscription: SubscriptionRow,
    /// What a webhook's messages are signed with; shown this once.
    secret: Option<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct UndeliveredList {
    messages: Vec<UndeliveredRow>,
}

#[derive(Debug, Serialize)]
pub(crate) struct UndeliveredRow {
    message_id: String,
    time_ms: Timestamp,
    attempts: u32,
    error: String,
    message: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct Sent {
    message_id: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewTopicBody {
    name: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewSubscriptionBody {
    protocol: String,
    endpoint: String,
}

impl From<SubscriptionView> for SubscriptionRow {
    fn from(view: SubscriptionView) -> Self {
        let SubscriptionView { id, protocol, endpoint, is_confirmed, tally, waiting, .. } = view;
        Self {
            id,
            protocol,
            endpoint,
            confirmed: is_confirmed,
            delivered: tally.delivered,
            failed: tally.failed,
            waiting,
            last_error: tally.last_error,
        }
    }
}

impl From<Undelivered> for UndeliveredRow {
    fn from(kept: Undelivered) -> Self {
        let Undelivered { message_id, at, attempts, error, message } = kept;
        Self { message_id, time_ms: at, attempts, error, message }
    }
}

fn row(topic: TopicView, subscriptions: Vec<SubscriptionView>) -> TopicRow {
    let TopicView { name, arn, created } = topic;
    let subscriptions = subscriptions.into_iter().map(SubscriptionRow::from).collect();
    TopicRow { name, arn, created_ms: created, subscriptions }
}

/// The topic of that name.
fn topic(notify: &NotifyEngine, name: &str) -> ApiResult<TopicView> {
    let found = notify.topic_views().into_iter().find(|topic| topic.name == name);
    found.ok_or_else(|| {
        ApiError::new(ErrorCode::NotFound, "there is no notification topic of this name")
    })
}

/// The subscription of that id to that topic.
fn subscription(notify: &NotifyEngine, name: &str, id: &str) -> ApiResult<SubscriptionView> {
    let topic = topic(notify, name)?;
    let found = notify.subscriptions_of(&topic.arn)?.into_iter().find(|one| one.id == id);
    found.ok_or_else(|| {
        ApiError::new(ErrorCode::NotFound, "the topic has no subscription of this id")
    })
}

pub(crate) async fn list(State(state): State<Shared>) -> Json<TopicList> {
    let mut by_topic: BTreeMap<String, Vec<SubscriptionView>> = BTreeMap::new();
    for view in state.notify.subscription_views() {
        by_topic.entry(view.topic_arn.clone()).or_default().push(view);
    }
    let topics = state.notify.topic_views().into_iter().map(|topic| {
        let subscriptions = by_topic.remove(&topic.arn).unwrap_or_default();
        row(topic, subscriptions)
    });
    Json(TopicList { topics: topics.collect() })
}

pub(crate) async fn create(
    State(state): State<Shared>,
    Body(new): Body<NewTopicBody>,
) -> ApiResult<(StatusCode, Extension<Changed>, Json<TopicRow>)> {
    let exists = || {
        let text = "there is a notification topic of this name already";
        ApiError::new(ErrorCode::AlreadyExists, text)
    };
    if topic(&state.notify, &new.name).is_ok() {
        return Err(exists());
    }
    let arn = state.notify.create_topic(&new.name, BTreeMap::new(), Vec::new()).await?;
    let made = topic(&state.notify, &new.name)?;
    Ok((StatusCode::CREATED, Extension(Changed(arn)), Json(row(made, Vec::new()))))
}

pub(crate) async fn delete(
    State(state): State<Shared>,
    Name(name): Name,
) -> ApiResult<(StatusCode, Extension<Changed>)> {
    let topic = topic(&state.notify, &name)?;
    state.notify.delete_topic(&topic.arn).await?;
    Ok((StatusCode::NO_CONTENT, Extension(Changed(topic.arn))))
}

pub(crate) async fn subscribe(
    State(state): State<Shared>,
    Name(name): Name,
    Body(new): Body<NewSubscriptionBody>,
) -> ApiResult<(StatusCode, Extension<Changed>, Json<NewSubscription>)> {
    let topic_arn = topic(&state.notify, &name)?.arn;
    let NewSubscriptionBody { protocol, endpoint } = new;
    let mut asked = Subscribe { topic_arn, protocol, endpoint, ..Subscribe::default() };
    if asked.protocol == "firehose" {
        // AWS's API asks for a role, which is stored and not assumed; here there is none to choose.
        let role = format!("arn:aws:iam::{}:role/picket-console", state.notify.account().id);
        asked.attributes.insert("SubscriptionRoleArn".to_owned(), role);
    }
    let subscribed = state.notify.subscribe(asked).await?;
    let id = subscribed.arn.rsplit(':').next().unwrap_or_default();
    let view = subscription(&state.notify, &name, id)?;
    let secret = subscribed.secret.map(|secret| secret.expose().to_owned());
    let made = NewSubscription { subscription: view.into(), secret };
    Ok((StatusCode::CREATED, Extension(Changed(subscribed.arn)), Json(made)))
}

pub(crate) async fn unsubscribe(
    State(state): State<Shared>,
    Names(name, id): Names,
) -> ApiResult<(StatusCode, Extension<Changed>)> {
    let arn = subscription(&state.notify, &name, &id)?.arn;
    state.notify.unsubscribe(&arn, true).await?;
    Ok((StatusCode::NO_CONTENT, Extension(Changed(arn))))
}

pub(crate) async fn undelivered(
    State(state): State<Shared>,
    Names(name, id): Names,
) -> ApiResult<Json<UndeliveredList>> {
    let arn = subscription(&state.notify, &name, &id)?.arn;
    let kept = state.notify.undelivered(&arn).await?;
    Ok(Json(UndeliveredList { messages: kept.into_iter().map(UndeliveredRow::from).collect() }))
}

pub(crate) async fn test(
    State(state): State<Shared>,
    Name(name): Name,
) -> ApiResult<(StatusCode, Extension<Changed>, Json<Sent>)> {
    let arn = topic(&state.notify, &name)?.arn;
    let at = state.clock.now();
    let text =
        format!("This is a test of the notification topic {name}, sent from the console at {at}.");
    let message = serde_json::json!({ "test": true, "topic": name, "message": text }).to_string();
    let subject = "Test of a notification topic".to_owned();
    let publication =
        Publication { message, mail: Some(MailText { subject, text }), ..Publication::default() };
    let message_id = state.notify.publish(&arn, publication).await?;
    Ok((StatusCode::OK, Extension(Changed(arn)), Json(Sent { message_id })))
}
