//! `http` and `https`: AWS's own, with the handshake and signatures (spec delivery §3.3).

use async_trait::async_trait;
use picket_outbound::Looseness;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, USER_AGENT};

use super::{Parcel, Protocol, signed};
use crate::envelope::type_of;
use crate::message::Purpose;
use crate::retry::RetryPlan;
use crate::ways::{Failure, Ways};

/// Receivers take either; AWS asks for no more.
const LOOSENESS: Looseness = Looseness { query: true, plain_http: true };

/// AWS's protocols for URLs.
#[derive(Debug)]
pub(super) struct Http {
    name: &'static str,
    scheme: &'static str,
}

pub(super) static HTTP: Http = Http { name: "http", scheme: "http://" };
pub(super) static HTTPS: Http = Http { name: "https", scheme: "https://" };

#[async_trait]
impl Protocol for Http {
    fn name(&self) -> &'static str {
        self.name
    }

    fn asks_receiver(&self) -> bool {
        true
    }

    fn takes_raw(&self) -> bool {
        true
    }

    fn takes_delivery_policy(&self) -> bool {
        true
    }

    fn check(&self, ways: &Ways, endpoint: &str) -> Result<(), String> {
        if !endpoint.starts_with(self.scheme) {
            return Err(format!("the endpoint must begin with {}", self.scheme));
        }
        ways.check(endpoint, LOOSENESS)
            .map_err(|refused| format!("the endpoint is refused: {refused}"))
    }

    fn plan(&self) -> RetryPlan {
        RetryPlan::HTTP
    }

    async fn deliver(&self, ways: &Ways, parcel: &Parcel<'_>) -> Result<(), Failure> {
        let Parcel { topic, subscription, message, .. } = *parcel;
        let is_notification = message.purpose == Purpose::Notification;
        let is_raw = is_notification && subscription.is_raw();
        let body = match is_raw {
            true => parcel.text().to_owned(),
            false => signed::body(ways, parcel).await?,
        };
        let policy = subscription.policy.over(&topic.policy);
        let content_type = policy.content_type.filter(|_| is_notification);
        let content_type = content_type.as_deref().unwrap_or("text/plain; charset=UTF-8");
        let mut headers = HeaderMap::new();
        put(&mut headers, CONTENT_TYPE, content_type);
        put(&mut headers, USER_AGENT, "Amazon Simple Notification Service Agent");
        let own = HeaderName::from_static;
        put(&mut headers, own("x-amz-sns-message-type"), type_of(&message.purpose));
        put(&mut headers, own("x-amz-sns-message-id"), &message.id);
        put(&mut headers, own("x-amz-sns-topic-arn"), &topic.arn);
        if !matches!(message.purpose, Purpose::Confirmation { .. }) {
            put(&mut headers, own("x-amz-sns-subscription-arn"), &subscription.arn);
        }
        if is_raw {
            put(&mut headers, own("x-amz-sns-rawdelivery"), "true");
        }
        ways.post(&subscription.document.endpoint, LOOSENESS, headers, body).await
    }
}

/// Sets a header; what cannot stand in one is left out.
pub(super) fn put(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}
