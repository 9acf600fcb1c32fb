//! Publishing to notification topics (AWS SNS, spec delivery §3).

use async_trait::async_trait;
use picket_core::{Classified, ErrorCode};

/// How a message reads in a mail, where the message itself is for machines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MailText {
    /// One line; under 100 characters.
    pub subject: String,
    /// The text, in lines.
    pub text: String,
}

/// One message for the subscribers of a topic.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Notification {
    /// The topic's ARN.
    pub topic_arn: String,
    /// A line for mails; under 100 characters.
    pub subject: Option<String>,
    /// The message; not empty.
    pub message: String,
    /// With the same text as one that was published in the last hours, the message is taken for a
    /// repetition and not sent again. Absent where every call is a message of its own.
    pub deduplication_id: Option<String>,
    /// What subscribers by mail get instead of `subject` and `message`; absent where they get the message.
    pub mail: Option<MailText>,
}

/// Why a notification was not taken.
#[derive(Debug, thiserror::Error)]
pub enum NotifyError {
    /// There is no such topic.
    #[error("the topic `{0}` does not exist")]
    NoSuchTopic(String),
    /// The message breaks a limit.
    #[error("{0}")]
    Invalid(String),
    /// It could not be stored; try again.
    #[error("the notification could not be stored: {0}")]
    Storage(String),
}

impl Classified for NotifyError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::NoSuchTopic(_) => ErrorCode::NotFound,
            Self::Invalid(_) => ErrorCode::Invalid,
            Self::Storage(_) => ErrorCode::Unavailable,
        }
    }
}

/// Takes notifications. Implemented by the notify engine.
#[async_trait]
pub trait Notify: std::fmt::Debug + Send + Sync {
    /// Stores the message for every subscriber of the topic; resolves after the fsync with the message
    /// id. From then on it is delivered, with retries, through restarts.
    async fn notify(&self, notification: Notification) -> Result<String, NotifyError>;
}
