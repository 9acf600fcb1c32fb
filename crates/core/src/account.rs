//! The AWS account and region this installation answers as, and the ARNs built from them.

use serde::{Deserialize, Serialize};

/// The account and region every ARN carries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Region name, for example `us-east-1`.
    pub region: String,
    /// Twelve digits.
    pub id: String,
}

impl Default for Account {
    fn default() -> Self {
        Self { region: "us-east-1".to_owned(), id: "000000000000".to_owned() }
    }
}

impl Account {
    /// `arn:aws:iot:REGION:ACCOUNT:RESOURCE`, for example with `thing/pump-17` or `topic/a/b`.
    pub fn iot_arn(&self, resource: &str) -> String {
        format!("arn:aws:iot:{}:{}:{resource}", self.region, self.id)
    }

    /// `arn:aws:firehose:REGION:ACCOUNT:deliverystream/NAME`.
    pub fn delivery_stream_arn(&self, name: &str) -> String {
        format!("arn:aws:firehose:{}:{}:deliverystream/{name}", self.region, self.id)
    }

    /// `arn:aws:sns:REGION:ACCOUNT:NAME`.
    pub fn sns_topic_arn(&self, name: &str) -> String {
        format!("arn:aws:sns:{}:{}:{name}", self.region, self.id)
    }
}
