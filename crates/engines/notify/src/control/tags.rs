//! Tags of topics.

use std::collections::BTreeMap;

use crate::engine::NotifyEngine;
use crate::error::TopicError;

/// Keys with values.
pub type TagPairs = Vec<(String, String)>;

const TAGS_MAX: usize = 50;

/// Checks tags by themselves.
pub(super) fn check_tags(tags: &TagPairs) -> Result<(), TopicError> {
    let valid = |c: char| c.is_alphanumeric() || c == ' ' || "_.:/=+-@".contains(c);
    for (key, value) in tags {
        let (key_chars, value_chars) = (key.chars().count(), value.chars().count());
        let in_order = (1..=128).contains(&key_chars)
            && value_chars <= 256
            && !key.starts_with("aws:")
            && key.chars().chain(value.chars()).all(valid);
        if !in_order {
            return Err(TopicError::invalid(
                "Invalid parameter: Tags Reason: a key has 1 to 128 and a value 0 to 256 letters, digits, \
                 spaces and _.:/=+-@, and a key does not begin with aws:",
            ));
        }
    }
    if tags.len() > TAGS_MAX {
        return Err(TopicError::TooManyTags(TAGS_MAX));
    }
    Ok(())
}

impl NotifyEngine {
    /// `TagResource`.
    ///
    /// # Errors
    /// When there is no such topic, a tag is wrong, or there would be too many.
    pub async fn tag_topic(&self, arn: &str, tags: TagPairs) -> Result<(), TopicError> {
        self.tagged(arn)?;
        check_tags(&tags)?;
        let _changing = self.changing.lock().await;
        let mut all: BTreeMap<String, String> =
            self.registry.tags(arn).await?.into_iter().collect();
        all.extend(tags.iter().cloned());
        if all.len() > TAGS_MAX {
            return Err(TopicError::TooManyTags(TAGS_MAX));
        }
        Ok(self.registry.tag(arn, &tags).await?)
    }

    /// `UntagResource`.
    ///
    /// # Errors
    /// When there is no such topic.
    pub async fn untag_topic(&self, arn: &str, keys: &[String]) -> Result<(), TopicError> {
        self.tagged(arn)?;
        Ok(self.registry.untag(arn, keys).await?)
    }

    /// `ListTagsForResource`, by key.
    ///
    /// # Errors
    /// When there is no such topic.
    pub async fn topic_tags(&self, arn: &str) -> Result<TagPairs, TopicError> {
        self.tagged(arn)?;
        Ok(self.registry.tags(arn).await?)
    }

    fn tagged(&self, arn: &str) -> Result<(), TopicError> {
        match self.topic(arn) {
            Ok(_) => Ok(()),
            Err(TopicError::NoSuchTopic(arn)) => Err(TopicError::NoSuchResource(arn)),
            Err(error) => Err(error),
        }
    }
}
