//! How messages reach subscribers: one file for each protocol.

mod email;
mod email_json;
mod firehose;
mod http;
mod mqtt;
mod signed;
mod webhook;

use async_trait::async_trait;

use crate::book::{Subscription, Topic};
use crate::message::Message;
use crate::retry::RetryPlan;
use crate::ways::{Failure, Ways};

pub(crate) use firehose::{put as put_into_stream, stream_of};

/// Every protocol.
pub(crate) const ALL: &[&dyn Protocol] = &[
    &http::HTTP,
    &http::HTTPS,
    &webhook::Webhook,
    &email::Email,
    &email_json::EmailJson,
    &mqtt::Mqtt,
    &firehose::Firehose,
];

/// AWS's protocols that are not here, with the reason.
const REFUSED: &[(&str, &str)] = &[
    (
        "lambda",
        "functions do not take notifications here; subscribe a delivery stream with a transform",
    ),
    ("sqs", "there are no queues here; use the protocol mqtt or webhook"),
    ("sms", "there is no way to send text messages; use a webhook of a provider"),
    ("application", "there is no mobile push; use a webhook of a provider"),
];

/// A way to deliver. Retries, limits and books are the engine's.
#[async_trait]
pub(crate) trait Protocol: std::fmt::Debug + Send + Sync {
    /// Its name in `Subscribe`.
    fn name(&self) -> &'static str;

    /// Whether the receiver has to confirm a subscription before it gets messages.
    fn asks_receiver(&self) -> bool {
        false
    }

    /// Whether `RawMessageDelivery` is possible.
    fn takes_raw(&self) -> bool {
        false
    }

    /// Whether a `DeliveryPolicy` counts.
    fn takes_delivery_policy(&self) -> bool {
        false
    }

    /// What is wrong with an endpoint, as far as that can be told without connecting.
    fn check(&self, ways: &Ways, endpoint: &str) -> Result<(), String>;

    /// When failed deliveries are tried again, where nobody says otherwise.
    fn plan(&self) -> RetryPlan;

    /// Makes one attempt.
    async fn deliver(&self, ways: &Ways, parcel: &Parcel<'_>) -> Result<(), Failure>;
}

/// A message for one subscription.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parcel<'a> {
    pub(crate) topic: &'a Topic,
    pub(crate) subscription: &'a Subscription,
    pub(crate) message: &'a Message,
    /// Which attempt this is, from 1.
    pub(crate) attempt: u32,
}

impl Parcel<'_> {
    /// The text that this subscription gets.
    pub(crate) fn text(&self) -> &str {
        self.message.text_for(self.subscription.protocol.name())
    }
}

/// The protocol `name`, or why there is none.
pub(crate) fn find(name: &str) -> Result<&'static dyn Protocol, String> {
    if let Some(found) = ALL.iter().find(|protocol| protocol.name() == name) {
        return Ok(*found);
    }
    if let Some((_, reason)) = REFUSED.iter().find(|(refused, _)| *refused == name) {
        return Err(format!("the protocol {name} is not supported: {reason}"));
    }
    let shown: String = name.chars().take(32).flat_map(char::escape_debug).collect();
    let near = ALL
        .iter()
        .map(|protocol| protocol.name())
        .max_by(|a, b| strsim::jaro_winkler(&shown, a).total_cmp(&strsim::jaro_winkler(&shown, b)));
    Err(format!("there is no protocol `{shown}`; did you mean {}?", near.unwrap_or("https")))
}

/// `<base>/?Action=Unsubscribe&SubscriptionArn=…`.
pub(crate) fn unsubscribe_url(ways: &Ways, subscription: &Subscription) -> String {
    format!("{}/?Action=Unsubscribe&SubscriptionArn={}", ways.base_url(), subscription.arn)
}

/// `<base>/?Action=ConfirmSubscription&TopicArn=…&Token=…`.
pub(crate) fn confirm_url(ways: &Ways, topic: &Topic, token: &str) -> String {
    let base = ways.base_url();
    format!("{base}/?Action=ConfirmSubscription&TopicArn={}&Token={token}", topic.arn)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_here_is_refused_with_the_nearest_right_thing() {
        assert!(find("https").is_ok());
        for (name, words) in [
            ("sqs", "no queues here"),
            ("lambda", "delivery stream"),
            ("htps", "did you mean https?"),
            ("e-mail", "did you mean email"),
            ("HTTPS", "there is no protocol"),
        ] {
            let error = find(name).unwrap_err();
            assert!(error.contains(words), "{name}: {error}");
        }
    }

    #[test]
    fn every_file_of_a_protocol_is_in_the_list() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/protocols");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name != "mod.rs" && name != "signed.rs")
            .map(|name| name.trim_end_matches(".rs").replace('_', "-"))
            .collect();
        files.sort();
        let mut names: Vec<&str> =
            ALL.iter().map(|protocol| protocol.name()).filter(|name| *name != "https").collect();
        names.sort_unstable();
        assert_eq!(files, names);
    }
}
