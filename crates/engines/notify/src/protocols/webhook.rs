//! `webhook`: a POST of the message as it is, for receivers that were not made for SNS.
//!
//! | header | value |
//! |---|---|
//! | `x-picket-event-id` | the message's id, the same for every attempt: receivers drop what they have |
//! | `x-picket-topic` | the topic's ARN |
//! | `x-picket-attempt` | from 1 |
//! | `x-picket-timestamp` | seconds since the epoch at which the request was signed |
//! | `x-picket-signature` | `v1=` and the hex HMAC-SHA256 of `timestamp.body` by the subscription's secret |

use async_trait::async_trait;
use hmac::{Hmac, KeyInit as _, Mac as _};
use picket_outbound::Looseness;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName};
use sha2::Sha256;

use super::http::put;
use super::{Parcel, Protocol};
use crate::retry::RetryPlan;
use crate::ways::{Failure, Ways};

const LOOSENESS: Looseness = Looseness { query: true, plain_http: false };

/// Our own protocol for URLs.
#[derive(Debug)]
pub(super) struct Webhook;

#[async_trait]
impl Protocol for Webhook {
    fn name(&self) -> &'static str {
        "webhook"
    }

    fn takes_delivery_policy(&self) -> bool {
        true
    }

    fn check(&self, ways: &Ways, endpoint: &str) -> Result<(), String> {
        ways.check(endpoint, LOOSENESS)
            .map_err(|refused| format!("the endpoint is refused: {refused}"))
    }

    fn plan(&self) -> RetryPlan {
        RetryPlan::PATIENT
    }

    async fn deliver(&self, ways: &Ways, parcel: &Parcel<'_>) -> Result<(), Failure> {
        let Parcel { topic, subscription, message, attempt } = *parcel;
        let body = parcel.text().to_owned();
        let seconds = ways.clock.now().as_millis().div_euclid(1_000);
        let is_json = serde_json::from_str::<serde::de::IgnoredAny>(&body).is_ok();
        let mut headers = HeaderMap::new();
        let content_type = if is_json { "application/json" } else { "text/plain; charset=utf-8" };
        put(&mut headers, CONTENT_TYPE, content_type);
        let own = HeaderName::from_static;
        put(&mut headers, own("x-picket-event-id"), &message.id);
        put(&mut headers, own("x-picket-topic"), &topic.arn);
        put(&mut headers, own("x-picket-attempt"), &attempt.to_string());
        if let Some(secret) = &subscription.document.secret {
            put(&mut headers, own("x-picket-timestamp"), &seconds.to_string());
            let signature = signature(secret.expose(), seconds, &body);
            put(&mut headers, own("x-picket-signature"), &signature);
        }
        ways.post(&subscription.document.endpoint, LOOSENESS, headers, body).await
    }
}

fn signature(secret: &str, seconds: i64, body: &str) -> String {
    // A key of any length is fine for HMAC, so this cannot fail.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return String::new();
    };
    mac.update(seconds.to_string().as_bytes());
    mac.update(b".");
    mac.update(body.as_bytes());
    format!("v1={}", hex::encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_covers_the_time_and_the_body() {
        // printf '%s' '1735689600.{"a":1}' | openssl dgst -sha256 -hmac s3cret
        assert_eq!(
            signature("s3cret", 1_735_689_600, r#"{"a":1}"#),
            "v1=001b1d6d25a16f185f812cb373872e3d8e2f35ce399ec77c7679d37ced2b62b2"
        );
        let other = signature("s3cret", 1_735_689_601, r#"{"a":1}"#);
        assert_ne!(signature("s3cret", 1_735_689_600, r#"{"a":1}"#), other);
    }
}
