//! Why an operation on topics and subscriptions was refused.

use picket_core::{Classified, ErrorCode};
use picket_ports::{LogError, NotifyError, RegistryError};

/// Why an operation on topics and subscriptions was refused.
#[derive(Debug, thiserror::Error)]
pub enum TopicError {
    /// An argument is malformed or breaks a rule.
    #[error("{0}")]
    Invalid(String),
    /// There is no such topic.
    #[error("Topic does not exist: {0}")]
    NoSuchTopic(String),
    /// There is no such subscription.
    #[error("Subscription does not exist: {0}")]
    NoSuchSubscription(String),
    /// The tags of something that is not there.
    #[error("Resource does not exist: {0}")]
    NoSuchResource(String),
    /// Whoever confirmed the subscription asked for a signature.
    #[error("{0}")]
    NotAuthorized(String),
    /// There are as many topics as there can be.
    #[error("there are {0} topics, which is as many as notify.topics_max allows")]
    TooManyTopics(usize),
    /// The topic has as many subscriptions as it can.
    #[error("the topic has {0} subscriptions, which is as many as notify.subscriptions_max allows")]
    TooManySubscriptions(usize),
    /// There would be more tags than a topic can have.
    #[error("a topic can have {0} tags at most")]
    TooManyTags(usize),
    /// The registry or the store failed.
    #[error("{0}")]
    Storage(String),
}

impl Classified for TopicError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Invalid(_) => ErrorCode::Invalid,
            Self::NoSuchTopic(_) | Self::NoSuchSubscription(_) | Self::NoSuchResource(_) => {
                ErrorCode::NotFound
            }
            Self::NotAuthorized(_) => ErrorCode::Forbidden,
            Self::TooManyTopics(_) | Self::TooManySubscriptions(_) | Self::TooManyTags(_) => {
                ErrorCode::LimitExceeded
            }
            Self::Storage(_) => ErrorCode::Unavailable,
        }
    }
}

impl TopicError {
    pub(crate) fn invalid(text: impl Into<String>) -> Self {
        Self::Invalid(text.into())
    }
}

impl From<RegistryError> for TopicError {
    fn from(error: RegistryError) -> Self {
        match error {
            RegistryError::VersionConflict { .. } | RegistryError::AlreadyExists { .. } => {
                Self::Invalid("somebody else changed it at the same time; try again".to_owned())
            }
            other => Self::Storage(other.to_string()),
        }
    }
}

impl From<LogError> for TopicError {
    fn from(error: LogError) -> Self {
        Self::Storage(error.to_string())
    }
}

impl From<TopicError> for NotifyError {
    fn from(error: TopicError) -> Self {
        match error {
            TopicError::NoSuchTopic(arn) => Self::NoSuchTopic(arn),
            TopicError::Storage(text) => Self::Storage(text),
            other => Self::Invalid(other.to_string()),
        }
    }
}
