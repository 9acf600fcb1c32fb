//! The retained messages: the last one of each topic (spec iot-core §3.4).

use std::sync::Arc;

use async_trait::async_trait;

use crate::messages::Message;

/// A page of retained messages in the order of topics.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RetainedPage {
    /// The messages.
    pub messages: Vec<Arc<Message>>,
    /// The topic to go on after; absent on the last page.
    pub next: Option<String>,
}

/// Reads retained messages. To set or clear one, publish with RETAIN. Implemented by the broker.
#[async_trait]
pub trait RetainedMessages: std::fmt::Debug + Send + Sync {
    /// The message retained on `topic`, unless it has expired.
    async fn retained(&self, topic: &str) -> Option<Arc<Message>>;

    /// Up to `page_max` messages whose topic comes after `after`.
    async fn list_retained(&self, after: Option<&str>, page_max: usize) -> RetainedPage;

    /// How many there are.
    async fn retained_count(&self) -> usize;
}
