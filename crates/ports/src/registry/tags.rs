//! Tags on resources of any kind.

use async_trait::async_trait;

use super::Result;

/// Storage of tags, by the resource's ARN. That the resource exists is the caller's to check.
#[async_trait]
pub trait Tags: Send + Sync {
    /// Sets tags; a key that is there gets the new value.
    async fn tag(&self, arn: &str, tags: &[(String, String)]) -> Result<()>;
    /// Removes tags; keys that are not there are fine.
    async fn untag(&self, arn: &str, keys: &[String]) -> Result<()>;
    /// Removes all tags of a resource.
    async fn untag_all(&self, arn: &str) -> Result<()>;
    /// The tags of a resource in key order.
    async fn tags(&self, arn: &str) -> Result<Vec<(String, String)>>;
}
