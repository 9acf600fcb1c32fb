//! `mqtt`: the endpoint is a topic of our own broker, the message its payload.

use async_trait::async_trait;
use picket_ports::{Message as Publication, PublishError};

use super::{Parcel, Protocol};
use crate::retry::RetryPlan;
use crate::ways::{Failure, Ways};

const TOPIC_BYTES_MAX: usize = 256;
const LEVELS_MAX: usize = 8;

/// Our own protocol for MQTT topics. MQTT 5 subscribers get the message's id and the topic's ARN as user
/// properties.
#[derive(Debug)]
pub(super) struct Mqtt;

#[async_trait]
impl Protocol for Mqtt {
    fn name(&self) -> &'static str {
        "mqtt"
    }

    fn check(&self, _ways: &Ways, endpoint: &str) -> Result<(), String> {
        let problem = match endpoint {
            "" => "is empty",
            topic if topic.len() > TOPIC_BYTES_MAX => "is longer than 256 bytes",
            topic if topic.contains(['+', '#', '\0']) => "holds a wildcard",
            topic if topic.starts_with('$') => "begins with $, which is AWS's",
            topic if topic.split('/').count() > LEVELS_MAX => "has more than 8 levels",
            _ => return Ok(()),
        };
        Err(format!("the endpoint is no topic that can be published to: it {problem}"))
    }

    fn plan(&self) -> RetryPlan {
        RetryPlan::INSIDE
    }

    async fn deliver(&self, ways: &Ways, parcel: &Parcel<'_>) -> Result<(), Failure> {
        let Parcel { topic, subscription, message, .. } = *parcel;
        let endpoint = subscription.document.endpoint.as_str();
        let payload = parcel.text().to_owned().into();
        let mut publication =
            Publication::from_service("notify", endpoint, payload, ways.clock.now());
        publication.properties.user = vec![
            ("picket-event-id".to_owned(), message.id.clone()),
            ("picket-topic".to_owned(), topic.arn.clone()),
        ];
        ways.publish.publish(publication).await.map_err(|error| match error {
            PublishError::BadTopic { .. } => Failure::lasting("bad_topic", error),
            error => Failure::passing("not_published", error),
        })
    }
}
