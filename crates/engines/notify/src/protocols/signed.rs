//! What receivers of AWS's signed form get, by HTTP or in a mail.

use crate::envelope::Envelope;
use crate::message::Purpose;
use crate::ways::{Failure, Ways};

use super::{Parcel, confirm_url, unsubscribe_url};

/// The whole body with its signature.
pub(super) async fn body(ways: &Ways, parcel: &Parcel<'_>) -> Result<String, Failure> {
    let Parcel { topic, subscription, message, .. } = *parcel;
    let mut envelope = match &message.purpose {
        Purpose::Notification => Envelope::notification(message, &topic.arn, parcel.text()),
        Purpose::Confirmation { token } | Purpose::Farewell { token } => {
            Envelope::question(message, &topic.arn, token, &confirm_url(ways, topic, token))
        }
    };
    let is_second = topic.is_second_signature();
    let signature = ways.signing.sign(is_second, envelope.signed_text()).await;
    let signature = signature.map_err(|error| Failure::passing("not_signed", error))?;
    envelope.put("SignatureVersion", if is_second { "2" } else { "1" });
    envelope.put("Signature", signature);
    envelope.put("SigningCertURL", format!("{}/{}", ways.base_url(), ways.signing.file_name()));
    if message.purpose == Purpose::Notification {
        envelope.put("UnsubscribeURL", unsubscribe_url(ways, subscription));
        envelope.put_attributes(&message.attributes);
    }
    Ok(envelope.pretty())
}
