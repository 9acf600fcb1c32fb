//! `firehose`: one record of a delivery stream for each message (spec delivery §3.3).

use async_trait::async_trait;
use picket_core::Account;
use picket_ports::{DeliveryError, Record};

use super::{Parcel, Protocol, unsubscribe_url};
use crate::envelope::Envelope;
use crate::retry::RetryPlan;
use crate::ways::{Failure, Ways};

/// AWS's protocol for delivery streams.
#[derive(Debug)]
pub(super) struct Firehose;

#[async_trait]
impl Protocol for Firehose {
    fn name(&self) -> &'static str {
        "firehose"
    }

    fn takes_raw(&self) -> bool {
        true
    }

    fn check(&self, ways: &Ways, endpoint: &str) -> Result<(), String> {
        stream_of(&ways.account, endpoint).map(|_| ())
    }

    fn plan(&self) -> RetryPlan {
        RetryPlan::INSIDE
    }

    async fn deliver(&self, ways: &Ways, parcel: &Parcel<'_>) -> Result<(), Failure> {
        let data = match parcel.subscription.is_raw() {
            true => parcel.text().to_owned(),
            false => envelope(ways, parcel),
        };
        put(ways, &parcel.subscription.document.endpoint, data).await
    }
}

/// The envelope: not signed, in one line, no newline at its end.
fn envelope(ways: &Ways, parcel: &Parcel<'_>) -> String {
    let Parcel { topic, subscription, message, .. } = *parcel;
    let mut envelope = Envelope::notification(message, &topic.arn, parcel.text());
    envelope.put("UnsubscribeURL", unsubscribe_url(ways, subscription));
    envelope.put_attributes(&message.attributes);
    envelope.compact()
}

/// Puts one record into the stream of that ARN.
pub(crate) async fn put(ways: &Ways, stream_arn: &str, data: String) -> Result<(), Failure> {
    let stream = stream_of(&ways.account, stream_arn)
        .map_err(|problem| Failure::lasting("no_stream", problem))?;
    let record = Record { data: data.into(), arrived: ways.clock.now(), traces: Vec::new() };
    match ways.delivery.put(stream, vec![record]).await {
        Ok(_) => Ok(()),
        Err(error @ DeliveryError::Unavailable { .. }) => {
            Err(Failure::passing("stream_unavailable", error))
        }
        Err(error) => Err(Failure::lasting("stream_refused", error)),
    }
}

/// The stream's name in its ARN, which has to be of our account.
pub(crate) fn stream_of<'a>(account: &Account, arn: &'a str) -> Result<&'a str, String> {
    let prefix = account.delivery_stream_arn("");
    let name = arn.strip_prefix(&prefix).filter(|name| {
        let valid = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
        (1..=64).contains(&name.len()) && name.chars().all(valid)
    });
    name.ok_or_else(|| format!("it must be a delivery stream of this account: {prefix}NAME"))
}
