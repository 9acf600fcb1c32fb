//! `republish`: the result becomes a message on another topic.

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use picket_iot_sql::{Input, SqlVersion, Template};
use picket_ports::messages::{MessageProperties, Origin};
use picket_ports::{Message, PublishError};
use serde_json::Value;

use super::{Action, ActionCx, ActionFailure, ActionKind, Remedy};
use crate::document::Members;

/// Most `republish` actions a message goes through; ends loops.
const DEPTH_MAX: u8 = 10;
/// Most user properties.
const USER_PROPERTIES_MAX: usize = 100;

pub(super) const KIND: ActionKind = ActionKind {
    name: "republish",
    doc: "Publishes the result on another topic, as the engine itself.",
    parse,
};

#[derive(Debug)]
struct Republish {
    topic: Template,
    qos: u8,
    headers: Headers,
}

#[derive(Debug, Default)]
struct Headers {
    payload_format: Option<Template>,
    content_type: Option<Template>,
    response_topic: Option<Template>,
    correlation_data: Option<Template>,
    expiry: Option<Template>,
    user: Vec<(Template, Template)>,
}

fn parse(members: &mut Members<'_>, version: SqlVersion) -> Option<Box<dyn Action>> {
    members.only(&["roleArn", "topic", "qos", "headers"]);
    // Actions run as the engine itself; the role is stored with the rule and has no effect here.
    members.text("roleArn");
    let topic = members.required_text("topic").and_then(|text| topic(members, text, version));
    let qos = match members.value("qos").map(Value::as_u64) {
        None | Some(Some(0)) => 0,
        Some(Some(1)) => 1,
        Some(_) => {
            members.problem("qos", "it must be 0 or 1");
            0
        }
    };
    let headers = members.object("headers", |members| headers(members, version));
    Some(Box::new(Republish { topic: topic?, qos, headers: headers.unwrap_or_default() }))
}

/// A topic that begins with `$` is written with `$$`.
fn topic(members: &mut Members<'_>, text: &str, version: SqlVersion) -> Option<Template> {
    let text = match text.strip_prefix('$') {
        Some(literal) if literal.starts_with('$') => literal,
        Some(rest) if !rest.starts_with('{') => {
            members.problem("topic", "write `$$` for a topic that begins with `$`");
            return None;
        }
        _ => text,
    };
    members.parse_template("topic", text, version)
}

fn headers(members: &mut Members<'_>, version: SqlVersion) -> Headers {
    members.only(&[
        "payloadFormatIndicator",
        "contentType",
        "responseTopic",
        "correlationData",
        "messageExpiry",
        "userProperties",
    ]);
    let user = members.objects("userProperties", |pair| {
        pair.only(&["key", "value"]);
        pair.required_text("key");
        pair.required_text("value");
        Some((pair.template("key", version)?, pair.template("value", version)?))
    });
    if user.len() > USER_PROPERTIES_MAX {
        let problem = format!("at most {USER_PROPERTIES_MAX} user properties are allowed");
        members.problem("userProperties", problem);
    }
    Headers {
        payload_format: members.template("payloadFormatIndicator", version),
        content_type: members.template("contentType", version),
        response_topic: members.template("responseTopic", version),
        correlation_data: members.template("correlationData", version),
        expiry: members.template("messageExpiry", version),
        user: user.into_iter().flatten().collect(),
    }
}

impl Headers {
    /// The properties for one message, or what is wrong with a rendered value.
    fn render(&self, input: &Input<'_>) -> Result<MessageProperties, String> {
        let text = |template: &Option<Template>| {
            template.as_ref().map(|t| t.render(input).into_owned()).filter(|t| !t.is_empty())
        };
        let payload_format = match text(&self.payload_format).as_deref() {
            None => None,
            Some("UNSPECIFIED_BYTES") => Some(0),
            Some("UTF8_DATA") => Some(1),
            Some(other) => {
                return Err(format!(
                    "payloadFormatIndicator is `{other}`, not UNSPECIFIED_BYTES or UTF8_DATA"
                ));
            }
        };
        let correlation_data = match text(&self.correlation_data) {
            None => None,
            Some(text) => {
                let bytes = STANDARD.decode(text).map_err(|_| "correlationData is not base64")?;
                Some(Bytes::from(bytes))
            }
        };
        let expiry_seconds = match text(&self.expiry) {
            None => None,
            Some(text) => {
                let seconds = text
                    .parse()
                    .map_err(|_| format!("messageExpiry is `{text}`, not a number of seconds"))?;
                Some(seconds)
            }
        };
        let pair = |(key, value): &(Template, Template)| {
            (key.render(input).into_owned(), value.render(input).into_owned())
        };
        Ok(MessageProperties {
            payload_format,
            expiry_seconds,
            content_type: text(&self.content_type),
            response_topic: text(&self.response_topic),
            correlation_data,
            user: self.user.iter().map(pair).collect(),
        })
    }
}

#[async_trait]
impl Action for Republish {
    fn kind(&self) -> &'static str {
        KIND.name
    }

    fn failed_action(&self) -> &'static str {
        "RepublishAction"
    }

    async fn run(&self, cx: &ActionCx<'_>) -> Result<(), ActionFailure> {
        let topic = self.topic.render(cx.input);
        let failure = |message: String, remedy| ActionFailure {
            resource: topic.to_string(),
            message,
            remedy,
        };
        if cx.message.depth >= DEPTH_MAX {
            let message = format!("the message has been republished {DEPTH_MAX} times already");
            return Err(failure(message, Remedy::Nothing));
        }
        let properties =
            self.headers.render(cx.input).map_err(|problem| failure(problem, Remedy::Nothing))?;
        let Some(publisher) = cx.publisher else {
            let message = "the broker is not ready".to_owned();
            return Err(failure(message, Remedy::Retry));
        };
        let message = Message {
            topic: topic.as_ref().into(),
            payload: cx.emission.bytes.clone(),
            qos: self.qos,
            retain: false,
            properties,
            origin: Origin::Service("republish"),
            arrived: cx.now,
            traces: cx.message.traces.clone(),
            depth: cx.message.depth + 1,
        };
        publisher.publish(message).await.map_err(|error| {
            let remedy = match error {
                PublishError::BadTopic { .. } => Remedy::Nothing,
                // The rule behind it has tried as often as rules try.
                PublishError::RuleFailed { .. }
                | PublishError::NotStored { .. }
                | PublishError::RetainedFull { .. } => Remedy::Later,
            };
            failure(error.to_string(), remedy)
        })
    }
}
