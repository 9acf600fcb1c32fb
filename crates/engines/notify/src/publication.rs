//! Publishing: what a message may be.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use picket_ports::MailText;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::book::Topic;
use crate::engine::NotifyEngine;
use crate::error::TopicError;
use crate::intake::{Draft, Target};
use crate::message::{Attribute, Message, Purpose};
use crate::protocols;

const SUBJECT_CHARS_MAX: usize = 99;
const ATTRIBUTES_MAX: usize = 100;

/// A message before it is taken.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Publication {
    /// A line for mails.
    pub subject: Option<String>,
    /// The message; not empty.
    pub message: String,
    /// `MessageStructure=json`: the message is an object with a text for each protocol, and `default`.
    pub is_structured: bool,
    /// What filter policies look at.
    pub attributes: BTreeMap<String, Attribute>,
    /// See [`picket_ports::Notification::deduplication_id`].
    pub deduplication_id: Option<String>,
    /// See [`picket_ports::Notification::mail`].
    pub mail: Option<MailText>,
}

impl NotifyEngine {
    /// Stores a message for every confirmed subscription of a topic that wants it. Resolves after the fsync
    /// with the message id.
    ///
    /// # Errors
    /// When there is no such topic, the message breaks a rule, or it cannot be stored.
    pub async fn publish(
        &self,
        topic_arn: &str,
        publication: Publication,
    ) -> Result<String, TopicError> {
        let topic = self.topic(topic_arn)?;
        let deduplication = publication.deduplication_id.as_ref().map(|id| {
            let mut hash = Sha256::new();
            hash.update(topic.name.as_bytes());
            // A topic's name cannot hold this byte, so no two pairs make the same text.
            hash.update([0]);
            hash.update(id.as_bytes());
            hash.finalize().into()
        });
        let message = self.message_of(&topic, publication).map_err(TopicError::Invalid)?;
        let draft = Draft { message, target: Target::Confirmed, deduplication };
        self.submit(draft).await.map_err(TopicError::Storage)
    }

    /// The largest message that a topic takes, in bytes.
    ///
    /// # Errors
    /// When there is no such topic.
    pub fn message_bytes_max(&self, topic_arn: &str) -> Result<usize, TopicError> {
        Ok(self.topic(topic_arn)?.message_bytes_max())
    }

    fn message_of(&self, topic: &Topic, publication: Publication) -> Result<Message, String> {
        let Publication { subject, message, is_structured, attributes, mail, .. } = publication;
        check_size(topic, &message, &attributes)?;
        subject.as_deref().map(check_subject).transpose()?;
        if attributes.len() > ATTRIBUTES_MAX {
            return Err(format!(
                "Invalid parameter: more than {ATTRIBUTES_MAX} message attributes"
            ));
        }
        for (name, attribute) in &attributes {
            check_attribute(name, attribute)?;
        }
        let (text, texts) = match is_structured {
            true => split(&message)?,
            false => (message, Vec::new()),
        };
        Ok(Message {
            id: uuid::Uuid::new_v4().to_string(),
            topic: topic.name.clone(),
            at: self.clock.now(),
            purpose: Purpose::Notification,
            subject,
            text,
            texts,
            attributes: attributes.into_iter().collect(),
            mail: mail.map(|MailText { subject, text }| (subject, text)),
        })
    }
}

fn check_size(
    topic: &Topic,
    message: &str,
    attributes: &BTreeMap<String, Attribute>,
) -> Result<(), String> {
    if message.is_empty() {
        return Err("Invalid parameter: Empty message".to_owned());
    }
    let of_attribute = |(name, attribute): (&String, &Attribute)| {
        name.len() + attribute.data_type.len() + attribute.value.len()
    };
    let bytes = message.len() + attributes.iter().map(of_attribute).sum::<usize>();
    let bytes_max = topic.message_bytes_max();
    if bytes > bytes_max {
        return Err(format!(
            "Invalid parameter: Message too long: {bytes} bytes; the topic takes {bytes_max}"
        ));
    }
    Ok(())
}

fn check_subject(subject: &str) -> Result<(), String> {
    let problem = match subject {
        "" => "it is empty",
        text if text.chars().count() > SUBJECT_CHARS_MAX => "it has 100 characters or more",
        text if text.chars().any(char::is_control) => "it holds control characters",
        text if text.starts_with(char::is_whitespace) => "it begins with a space",
        _ => return Ok(()),
    };
    Err(format!("Invalid parameter: Subject: {problem}"))
}

fn check_attribute(name: &str, attribute: &Attribute) -> Result<(), String> {
    let shown: String = name.chars().take(64).flat_map(char::escape_debug).collect();
    let bad =
        |text: &str| Err(format!("Invalid parameter: the message attribute `{shown}` {text}"));
    let valid = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let lower = name.to_ascii_lowercase();
    if name.is_empty() || name.len() > 256 || !name.chars().all(valid) {
        return bad("must have a name of 1 to 256 letters, digits, -, _ and .");
    }
    if lower.starts_with("aws.") || lower.starts_with("amazon.") || name.starts_with('.') {
        return bad("has a name that is AWS's own or begins with a dot");
    }
    let Attribute { data_type, value } = attribute;
    if data_type.len() > 256 || value.is_empty() {
        return bad(
            "must have a value that is not empty, and a DataType of 256 characters at most",
        );
    }
    match data_type.split('.').next().unwrap_or_default() {
        "String" if data_type == "String.Array" => match serde_json::from_str::<Value>(value) {
            Ok(Value::Array(_)) => Ok(()),
            _ => bad("is a String.Array, but its value is no JSON array"),
        },
        "String" => Ok(()),
        "Number" => match serde_json::from_str::<Value>(value) {
            Ok(Value::Number(_)) => Ok(()),
            _ => bad("is a Number, but its value is none"),
        },
        "Binary" => match STANDARD.decode(value) {
            Ok(_) => Ok(()),
            Err(_) => bad("is Binary, but its value is no base64"),
        },
        _ => bad("has an unknown DataType; there are String, String.Array, Number and Binary"),
    }
}

type Texts = Vec<(String, String)>;

/// The texts of `MessageStructure=json`: `default`, and those of protocols that there are.
fn split(message: &str) -> Result<(String, Texts), String> {
    let problem = |text: &str| format!("Invalid parameter: Message Structure - {text}");
    let Ok(Value::Object(members)) = serde_json::from_str::<Value>(message) else {
        return Err(problem("JSON message body failed to parse as an object"));
    };
    let mut default = None;
    let mut texts = Vec::new();
    for (name, value) in members {
        let Value::String(text) = value else {
            return Err(problem("every member must be a text"));
        };
        if name == "default" {
            default = Some(text);
        } else if protocols::find(&name).is_ok() {
            texts.push((name, text));
        }
    }
    let default = default.filter(|text| !text.is_empty());
    let default = default.ok_or_else(|| problem("No default entry in JSON message body"))?;
    Ok((default, texts))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_structured_message_has_a_text_for_each_protocol() {
        let (default, texts) = split(r#"{"default":"d","mqtt":"m","sqs":"s"}"#).unwrap();
        assert_eq!((default.as_str(), texts), ("d", vec![("mqtt".to_owned(), "m".to_owned())]));
        for bad in ["", "[]", "{}", r#"{"default":1}"#, r#"{"default":""}"#, r#"{"mqtt":"x"}"#] {
            assert!(split(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn attributes_are_what_they_say() {
        let check = |data_type: &str, value: &str| {
            let (data_type, value) = (data_type.to_owned(), value.to_owned());
            check_attribute("k", &Attribute { data_type, value }).is_ok()
        };
        for (data_type, good, bad) in [
            ("String", "x", ""),
            ("String.Array", "[1]", "1"),
            ("Number", "-1.5e3", "x"),
            ("Number.int", "1", "0x1"),
            ("Binary.png", "AAAA", "!"),
        ] {
            assert!(check(data_type, good), "{data_type}");
            assert!(!check(data_type, bad), "{data_type}");
        }
        assert!(!check("Text", "x"));
        for name in ["", "AWS.x", "a b", ".x"] {
            let attribute = Attribute { data_type: "String".to_owned(), value: "x".to_owned() };
            assert!(check_attribute(name, &attribute).is_err(), "{name}");
        }
    }

    #[test]
    fn subjects_are_short_lines() {
        assert!(check_subject("Alarm: cam-9").is_ok());
        for bad in ["", " x", "a\nb", "\u{7}", &"x".repeat(100)] {
            assert!(check_subject(bad).is_err(), "{bad}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_message_and_no_attribute_makes_it_panic(text in "\\PC{0,60}", kind in "\\PC{0,12}") {
            drop(split(&text));
            drop(check_subject(&text));
            drop(check_attribute(&text, &Attribute { data_type: kind, value: text.clone() }));
        }
    }
}
