//! What nobody has to sign: the links to confirm and to unsubscribe, and the signing certificate.

use bytes::Bytes;
use http::Method;
use http::request::Parts;
use picket_notify::NotifyEngine;
use picket_ports::registry::ChangeRecord;
use picket_wire_aws::query;
use picket_wire_aws::sigv4::{Claim, SignatureError, SignatureFault};
use serde_json::json;

use crate::answer::Answer;
use crate::endpoint::{AwsDeps, Only};
use crate::operation::{ApiResult, Operation};

const CERTIFICATE: &str = "/SimpleNotificationService-";
/// Longest query of a link.
const QUERY_BYTES_MAX: usize = 2_048;

/// A link that somebody follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Link {
    Confirm {
        topic_arn: String,
        token: String,
    },
    Unsubscribe {
        subscription_arn: String,
    },
    /// The file's name.
    Certificate(String),
}

impl Link {
    /// Reads the head of a request that is not signed; `None` where it is something else.
    pub(crate) fn read(head: &Parts, claim: &Result<Claim, SignatureError>) -> Option<Self> {
        let is_unsigned = matches!(claim, Err(error) if error.fault == SignatureFault::Missing);
        if head.method != Method::GET || !is_unsigned || head.extensions.get::<Only>().is_some() {
            return None;
        }
        let path = head.uri.path();
        if path.starts_with(CERTIFICATE) {
            return path.strip_prefix('/').map(|name| Self::Certificate(name.to_owned()));
        }
        let text = head.uri.query().filter(|text| path == "/" && text.len() <= QUERY_BYTES_MAX)?;
        let pairs = query::pairs(text.as_bytes()).ok()?;
        let found = |name: &str| {
            let pair = pairs.iter().find(|(key, _)| key == name);
            pair.map(|(_, value)| value.clone()).unwrap_or_default()
        };
        match found("Action").as_str() {
            "ConfirmSubscription" => {
                Some(Self::Confirm { topic_arn: found("TopicArn"), token: found("Token") })
            }
            "Unsubscribe" => Some(Self::Unsubscribe { subscription_arn: found("SubscriptionArn") }),
            _ => None,
        }
    }

    /// The operation in whose words the answer is.
    pub(crate) const fn operation(&self) -> &'static Operation {
        match self {
            Self::Confirm { .. } => &super::confirm_subscription::OPERATION,
            Self::Unsubscribe { .. } | Self::Certificate(_) => &super::unsubscribe::OPERATION,
        }
    }

    /// Does what the link says. A change is in the audit trail before it is answered.
    pub(crate) async fn follow(self, deps: &AwsDeps, source: &str, request_id: &str) -> ApiResult {
        let (notify, operation) = (&deps.notify, self.operation().name);
        let (outcome, about) = match self {
            Self::Certificate(name) => return certificate(notify, &name),
            Self::Confirm { topic_arn, token } => {
                let confirmed = notify.confirm_subscription(&topic_arn, &token, false, false).await;
                let about = confirmed.as_ref().ok().cloned().unwrap_or(topic_arn);
                (confirmed.map(|arn| json!({ "SubscriptionArn": arn })), about)
            }
            Self::Unsubscribe { subscription_arn } => {
                let done = notify.unsubscribe(&subscription_arn, false).await;
                (done.map(|()| json!({})), subscription_arn)
            }
        };
        let record = ChangeRecord {
            at: deps.clock.now(),
            actor: "a link in a message".to_owned(),
            access_key: None,
            source: source.to_owned(),
            service: "sns".to_owned(),
            operation: operation.to_owned(),
            resource: about.chars().take(512).flat_map(char::escape_debug).collect(),
            request_id: request_id.to_owned(),
            error: outcome.as_ref().err().map(ToString::to_string),
        };
        if let Err(error) = deps.control.registry().record_change(&record).await {
            tracing::error!(%error, ?record, "a change is not in the audit trail");
        }
        Ok(Answer::json(outcome?))
    }
}

fn certificate(notify: &NotifyEngine, name: &str) -> ApiResult {
    let (pem, file_name) = notify.signing_certificate();
    if name != file_name {
        return Err(picket_notify::TopicError::NoSuchResource("the certificate".to_owned()).into());
    }
    Ok(Answer::bytes("application/x-pem-file", Bytes::copy_from_slice(pem.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use picket_wire_aws::sigv4::Head;

    fn read(method: Method, target: &str) -> Option<Link> {
        let (head, ()) =
            http::Request::builder().method(method).uri(target).body(()).unwrap().into_parts();
        let claim =
            Claim::read(&Head { method: &head.method, uri: &head.uri, headers: &head.headers });
        Link::read(&head, &claim)
    }

    #[test]
    fn only_unsigned_gets_of_the_three_are_links() {
        let confirm = "/?Action=ConfirmSubscription&TopicArn=arn%3Aaws&Token=t";
        let expected = Link::Confirm { topic_arn: "arn:aws".to_owned(), token: "t".to_owned() };
        assert_eq!(read(Method::GET, confirm), Some(expected));
        assert_eq!(read(Method::POST, confirm), None);
        assert!(read(Method::GET, "/?Action=Unsubscribe&SubscriptionArn=a").is_some());
        assert!(read(Method::GET, "/SimpleNotificationService-1.pem").is_some());
        for other in
            ["/", "/?Action=ListTopics", "/x?Action=Unsubscribe", "/?Action=%FF", "/things"]
        {
            assert_eq!(read(Method::GET, other), None, "{other}");
        }
        let signed = format!("{confirm}&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=0");
        assert_eq!(read(Method::GET, &signed), None);
        let long = format!("{confirm}{}", "x".repeat(QUERY_BYTES_MAX));
        assert_eq!(read(Method::GET, &long), None);
    }
}
