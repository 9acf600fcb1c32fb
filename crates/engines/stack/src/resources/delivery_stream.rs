//! `AWS::KinesisFirehose::DeliveryStream`. Its properties are called as in the API.

use picket_core::Account;
use picket_ports::registry::DocumentKind;
use serde_json::{Map, Value};

use super::{Item, Property, ResourceType, Shape, check_name};

const BUFFERING: &[Property] = &[
    Property::new("IntervalInSeconds", "IntervalInSeconds", Shape::Whole),
    Property::new("SizeInMBs", "SizeInMBs", Shape::Whole),
];
const RETRY: &[Property] = &[Property::new("DurationInSeconds", "DurationInSeconds", Shape::Whole)];
const LOGGING: &[Property] = &[
    Property::new("Enabled", "Enabled", Shape::Flag),
    Property::new("LogGroupName", "LogGroupName", Shape::Text),
    Property::new("LogStreamName", "LogStreamName", Shape::Text),
];
const PARAMETER: &[Property] = &[
    Property::required("ParameterName", "ParameterName", Shape::Text),
    Property::required("ParameterValue", "ParameterValue", Shape::Text),
];
const PROCESSOR: &[Property] = &[
    Property::required("Type", "Type", Shape::Text),
    Property::new("Parameters", "Parameters", Shape::List(&Shape::Object(PARAMETER))),
];
const PROCESSING: &[Property] = &[
    Property::new("Enabled", "Enabled", Shape::Flag),
    Property::new("Processors", "Processors", Shape::List(&Shape::Object(PROCESSOR))),
];
const BACKUP: &[Property] = &[
    Property::required("BucketARN", "BucketARN", Shape::Text),
    Property::required("RoleARN", "RoleARN", Shape::Text),
    Property::new("Prefix", "Prefix", Shape::Text),
    Property::new("ErrorOutputPrefix", "ErrorOutputPrefix", Shape::Text),
    Property::new("BufferingHints", "BufferingHints", Shape::Object(BUFFERING)),
    Property::new("CompressionFormat", "CompressionFormat", Shape::Text),
    Property::new("CloudWatchLoggingOptions", "CloudWatchLoggingOptions", Shape::Object(LOGGING)),
];
const SPLUNK: &[Property] = &[
    Property::required("HECEndpoint", "HECEndpoint", Shape::Text),
    Property::required("HECEndpointType", "HECEndpointType", Shape::OneOf(&["Event", "Raw"])),
    Property::required("S3Configuration", "S3Configuration", Shape::Object(BACKUP)),
    Property::new("HECToken", "HECToken", Shape::Text),
    Property::new(
        "HECAcknowledgmentTimeoutInSeconds",
        "HECAcknowledgmentTimeoutInSeconds",
        Shape::Whole,
    ),
    Property::new("RetryOptions", "RetryOptions", Shape::Object(RETRY)),
    Property::new("S3BackupMode", "S3BackupMode", Shape::OneOf(&["FailedEventsOnly", "AllEvents"])),
    Property::new("BufferingHints", "BufferingHints", Shape::Object(BUFFERING)),
    Property::new("ProcessingConfiguration", "ProcessingConfiguration", Shape::Object(PROCESSING)),
    Property::new("CloudWatchLoggingOptions", "CloudWatchLoggingOptions", Shape::Object(LOGGING)),
];
const PROPERTIES: &[Property] = &[
    Property::required("DeliveryStreamName", "DeliveryStreamName", Shape::Text),
    Property::new("DeliveryStreamType", "DeliveryStreamType", Shape::OneOf(&["DirectPut"])),
    Property::required(
        "SplunkDestinationConfiguration",
        "SplunkDestinationConfiguration",
        Shape::Object(SPLUNK),
    ),
];

#[derive(Debug)]
pub(super) struct DeliveryStream;

impl ResourceType for DeliveryStream {
    fn name(&self) -> &'static str {
        "AWS::KinesisFirehose::DeliveryStream"
    }

    fn doc(&self) -> &'static str {
        "A durable buffer that hands records to a Splunk HTTP Event Collector."
    }

    fn properties(&self) -> &'static [Property] {
        PROPERTIES
    }

    fn name_property(&self) -> &'static str {
        "DeliveryStreamName"
    }

    fn name_problem(&self, name: &str) -> Option<String> {
        check_name(name, 64, "_.-")
    }

    fn attributes(&self, name: &str, account: &Account) -> Vec<(&'static str, String)> {
        vec![("Arn", account.delivery_stream_arn(name))]
    }

    fn item(
        &self,
        name: &str,
        mut members: Map<String, Value>,
    ) -> Result<Item, (&'static str, String)> {
        members.insert("DeliveryStreamName".to_owned(), Value::from(name));
        let (kind, name) = (DocumentKind::DeliveryStream, name.to_owned());
        Ok(Item::Document { kind, name, body: Value::Object(members) })
    }
}
