//! The document of a delivery stream: the shape of `CreateDeliveryStream`, read strictly
//! (spec delivery §1.3). Only the Splunk destination exists so far.

mod processing;
mod s3;
mod splunk;

use picket_wire_hec::{Invalid, Members};

pub(crate) use processing::FunctionStep;
pub(crate) use s3::{Compression, S3Destination};
pub(crate) use splunk::{BackupMode, SplunkDestination};

/// Largest document, in bytes.
const DOCUMENT_BYTES_MAX: usize = 256 * 1024;
/// Tags a stream may have.
const TAGS_MAX: usize = 50;
/// Destinations of Firehose this engine does not have.
const OTHER_DESTINATIONS: &[&str] = &[
    "S3DestinationConfiguration",
    "ExtendedS3DestinationConfiguration",
    "RedshiftDestinationConfiguration",
    "ElasticsearchDestinationConfiguration",
    "AmazonopensearchserviceDestinationConfiguration",
    "AmazonOpenSearchServerlessDestinationConfiguration",
    "HttpEndpointDestinationConfiguration",
    "SnowflakeDestinationConfiguration",
    "IcebergDestinationConfiguration",
];

/// A stream's document, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StreamDocument {
    pub(crate) splunk: SplunkDestination,
}

/// Checks the document of the delivery stream `name` before it is stored.
///
/// # Errors
/// Everything that is wrong with it, each problem with its place: JSON, unknown members (with the
/// nearest right one), values and ranges, destinations and options that are not supported.
pub fn validate(name: &str, document_json: &str) -> Result<(), Vec<Invalid>> {
    StreamDocument::parse(name, document_json).map(drop)
}

impl StreamDocument {
    pub(crate) fn parse(name: &str, json: &str) -> Result<Self, Vec<Invalid>> {
        let refuse = |problem: String| vec![Invalid { path: "stream".to_owned(), problem }];
        if let Some(problem) = name_problem(name) {
            return Err(refuse(problem));
        }
        if json.len() > DOCUMENT_BYTES_MAX {
            return Err(refuse(format!("is larger than {DOCUMENT_BYTES_MAX} bytes")));
        }
        let mut members = Members::parse("stream", json)?;
        if members.text("DeliveryStreamName", 64).is_some_and(|inner| inner != name) {
            members
                .refuse("DeliveryStreamName", format!("must be `{name}`, as the stream is called"));
        }
        if members.text("DeliveryStreamType", 64).is_some_and(|kind| kind != "DirectPut") {
            members.refuse("DeliveryStreamType", "must be DirectPut; nothing else is supported");
        }
        read_ignorable(&mut members);
        for &other in OTHER_DESTINATIONS {
            if members.value(other).is_some() {
                members.refuse(other, "is not supported; use SplunkDestinationConfiguration");
            }
        }
        let splunk = members.object("SplunkDestinationConfiguration", splunk::read);
        let problems = members.finish();
        match splunk {
            Some(splunk) if problems.is_empty() => Ok(Self { splunk }),
            None if problems.is_empty() => {
                Err(refuse("needs a SplunkDestinationConfiguration".to_owned()))
            }
            _ => Err(problems),
        }
    }
}

/// Members that are stored and shown by the API and have no effect on delivery.
fn read_ignorable(members: &mut Members) {
    members.object("DirectPutSourceConfiguration", |source| {
        source.number("ThroughputHintInMBs", 1..=100)
    });
    members.object("DeliveryStreamEncryptionConfigurationInput", |input| {
        input.text("KeyARN", 512);
        input.choice("KeyType", &["AWS_OWNED_CMK", "CUSTOMER_MANAGED_CMK"])
    });
    let tags = members.objects("Tags", |tag| {
        tag.text("Value", 256);
        tag.required_text("Key", 128)
    });
    if tags.is_some_and(|tags| tags.len() > TAGS_MAX) {
        members.refuse("Tags", format!("are more than {TAGS_MAX}"));
    }
}

fn name_problem(name: &str) -> Option<String> {
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    let fine = (1..=64).contains(&name.len()) && name.chars().all(good);
    (!fine).then(|| "must be called by 1 to 64 letters, digits, `_`, `.` and `-`".to_owned())
}

#[cfg(test)]
mod tests;
