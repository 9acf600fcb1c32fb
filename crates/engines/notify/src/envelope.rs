//! What AWS's protocols wrap a message in (spec delivery §3.3).

use picket_core::Timestamp;
use serde_json::{Map, Value};

use crate::message::{Attribute, Message, Purpose};

/// Members in the order in which they are written.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Envelope(Vec<(&'static str, Value)>);

impl Envelope {
    pub(crate) fn put(&mut self, name: &'static str, value: impl Into<Value>) {
        self.0.push((name, value.into()));
    }

    fn put_some(&mut self, name: &'static str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.put(name, value);
        }
    }

    /// The beginning of every notification, to `Timestamp`.
    pub(crate) fn notification(message: &Message, topic_arn: &str, text: &str) -> Self {
        let mut envelope = Self::default();
        envelope.put("Type", type_of(&message.purpose));
        envelope.put("MessageId", message.id.as_str());
        envelope.put("TopicArn", topic_arn);
        envelope.put_some("Subject", message.subject.as_deref());
        envelope.put("Message", text);
        envelope.put("Timestamp", instant(message.at));
        envelope
    }

    /// The beginning of what asks to confirm, to `Timestamp`.
    pub(crate) fn question(
        message: &Message,
        topic_arn: &str,
        token: &str,
        subscribe_url: &str,
    ) -> Self {
        let mut envelope = Self::default();
        envelope.put("Type", type_of(&message.purpose));
        envelope.put("MessageId", message.id.as_str());
        envelope.put("Token", token);
        envelope.put("TopicArn", topic_arn);
        envelope.put("Message", message.text.as_str());
        envelope.put("SubscribeURL", subscribe_url);
        envelope.put("Timestamp", instant(message.at));
        envelope
    }

    /// What is signed: `name\nvalue\n` of the members that are, in AWS's order.
    pub(crate) fn signed_text(&self) -> String {
        const SIGNED: &[&str] = &[
            "Message",
            "MessageId",
            "Subject",
            "SubscribeURL",
            "Timestamp",
            "Token",
            "TopicArn",
            "Type",
        ];
        let mut text = String::new();
        for name in SIGNED {
            let found = self.0.iter().find(|(member, _)| member == name);
            if let Some((_, Value::String(value))) = found {
                text.push_str(name);
                text.push('\n');
                text.push_str(value);
                text.push('\n');
            }
        }
        text
    }

    /// `MessageAttributes`, where the message has some.
    pub(crate) fn put_attributes(&mut self, attributes: &[(String, Attribute)]) {
        if attributes.is_empty() {
            return;
        }
        let members = attributes.iter().map(|(name, Attribute { data_type, value })| {
            (name.clone(), serde_json::json!({ "Type": data_type, "Value": value }))
        });
        self.put("MessageAttributes", members.collect::<Map<_, _>>());
    }

    /// In one line, without spaces.
    pub(crate) fn compact(self) -> String {
        let members: Map<String, Value> =
            self.0.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Value::Object(members).to_string()
    }

    /// As HTTP receivers get it: a member a line.
    pub(crate) fn pretty(&self) -> String {
        let lines: Vec<String> =
            self.0.iter().map(|(name, value)| format!("  \"{name}\" : {value}")).collect();
        format!("{{\n{}\n}}", lines.join(",\n"))
    }
}

/// AWS's word for a purpose.
pub(crate) const fn type_of(purpose: &Purpose) -> &'static str {
    match purpose {
        Purpose::Notification => "Notification",
        Purpose::Confirmation { .. } => "SubscriptionConfirmation",
        Purpose::Farewell { .. } => "UnsubscribeConfirmation",
    }
}

fn instant(at: Timestamp) -> String {
    at.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message() -> Message {
        Message {
            id: "719a6bbf-f51b-5320-920f-3385b5e9aa56".to_owned(),
            topic: "dd-audit".to_owned(),
            at: Timestamp::from_millis(1_735_689_607_031),
            purpose: Purpose::Notification,
            subject: None,
            text: "{\"a\":1}".to_owned(),
            texts: Vec::new(),
            attributes: Vec::new(),
            mail: None,
        }
    }

    #[test]
    fn a_record_for_a_stream_is_the_one_of_the_reference() {
        let message = message();
        let arn = "arn:aws:sns:eu-west-1:123456789012:dd-audit";
        let mut envelope = Envelope::notification(&message, arn, message.text_for("firehose"));
        envelope.put("UnsubscribeURL", "https://u");
        assert_eq!(
            envelope.compact(),
            r#"{"Type":"Notification","MessageId":"719a6bbf-f51b-5320-920f-3385b5e9aa56","TopicArn":"arn:aws:sns:eu-west-1:123456789012:dd-audit","Message":"{\"a\":1}","Timestamp":"2025-01-01T00:00:07.031Z","UnsubscribeURL":"https://u"}"#
        );
    }

    #[test]
    fn a_body_for_http_has_a_member_a_line_and_signs_its_own_members() {
        let message = Message { subject: Some("s".to_owned()), ..message() };
        let mut envelope = Envelope::notification(&message, "arn", "text");
        envelope.put_attributes(&[(
            "k".to_owned(),
            Attribute { data_type: "String".to_owned(), value: "v".to_owned() },
        )]);
        assert_eq!(
            envelope.pretty(),
            "{\n  \"Type\" : \"Notification\",\n  \"MessageId\" : \"719a6bbf-f51b-5320-920f-3385b5e9aa56\",\n  \
             \"TopicArn\" : \"arn\",\n  \"Subject\" : \"s\",\n  \"Message\" : \"text\",\n  \
             \"Timestamp\" : \"2025-01-01T00:00:07.031Z\",\n  \
             \"MessageAttributes\" : {\"k\":{\"Type\":\"String\",\"Value\":\"v\"}}\n}"
        );
        assert_eq!(
            envelope.signed_text(),
            "Message\ntext\nMessageId\n719a6bbf-f51b-5320-920f-3385b5e9aa56\nSubject\ns\n\
             Timestamp\n2025-01-01T00:00:07.031Z\nTopicArn\narn\nType\nNotification\n"
        );
    }

    #[test]
    fn a_question_is_signed_with_its_token_and_address() {
        let purpose = Purpose::Confirmation { token: "t".to_owned() };
        let message = Message { purpose, ..message() };
        let envelope = Envelope::question(&message, "arn", "t", "https://s");
        let names: Vec<&str> = envelope.0.iter().map(|(name, _)| *name).collect();
        assert_eq!(
            names,
            ["Type", "MessageId", "Token", "TopicArn", "Message", "SubscribeURL", "Timestamp"]
        );
        assert!(envelope.signed_text().starts_with("Message\n{\"a\":1}\nMessageId\n"));
        assert!(envelope.signed_text().contains("\nSubscribeURL\nhttps://s\nTimestamp\n"));
        assert!(
            envelope
                .signed_text()
                .ends_with("\nToken\nt\nTopicArn\narn\nType\nSubscriptionConfirmation\n")
        );
    }
}
