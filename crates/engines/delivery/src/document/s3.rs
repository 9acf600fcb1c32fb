//! `S3Configuration`: the backup.

use picket_wire_hec::Members;

use crate::backup::key::KeyTemplate;

/// How backup objects are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compression {
    /// As they are.
    None,
    /// One gzip member.
    Gzip,
}

/// Where backups go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct S3Destination {
    /// The bucket's name.
    pub(crate) bucket: String,
    /// Keys of data objects.
    pub(crate) data: KeyTemplate,
    /// Keys of failed records.
    pub(crate) errors: KeyTemplate,
    pub(crate) compression: Compression,
}

pub(super) fn read(members: &mut Members) -> Option<S3Destination> {
    members.required_text("RoleARN", 512);
    let bucket = members.required_text("BucketARN", 2048).and_then(|arn| {
        let bucket = bucket_of(&arn);
        if bucket.is_none() {
            members.refuse(
                "BucketARN",
                "must be arn:aws:s3:::BUCKET, 1 to 255 of letters, digits, _ . -",
            );
        }
        bucket
    });
    let prefix = members.text("Prefix", 1024);
    let error_prefix = members.text("ErrorOutputPrefix", 1024);
    let data = KeyTemplate::data(prefix.as_deref().unwrap_or_default())
        .map_err(|problem| members.refuse("Prefix", problem))
        .ok();
    let errors =
        KeyTemplate::errors(prefix.as_deref().unwrap_or_default(), error_prefix.as_deref())
            .map_err(|problem| members.refuse("ErrorOutputPrefix", problem))
            .ok();
    read_hints(members);
    let compression = members
        .choice("CompressionFormat", &["UNCOMPRESSED", "GZIP", "ZIP", "Snappy", "HADOOP_SNAPPY"]);
    if let Some(other @ ("ZIP" | "Snappy" | "HADOOP_SNAPPY")) = compression {
        members.refuse(
            "CompressionFormat",
            format!("`{other}` is not supported; use UNCOMPRESSED or GZIP"),
        );
    }
    members.object("EncryptionConfiguration", read_encryption);
    read_logging(members);
    let compression =
        if compression == Some("GZIP") { Compression::Gzip } else { Compression::None };
    Some(S3Destination { bucket: bucket?, data: data?, errors: errors?, compression })
}

/// Backups are written batch by batch, so the hints are checked and have no effect.
fn read_hints(members: &mut Members) {
    let both = members.object("BufferingHints", |hints| {
        let size = hints.number("SizeInMBs", 1..=128);
        let interval = hints.number("IntervalInSeconds", 0..=900);
        Some(size.is_some() == interval.is_some())
    });
    if both == Some(false) {
        members.refuse("BufferingHints", "must hold both SizeInMBs and IntervalInSeconds");
    }
}

fn read_encryption(members: &mut Members) -> Option<()> {
    members.choice("NoEncryptionConfig", &["NoEncryption"]);
    let key = members.object("KMSEncryptionConfig", |kms| kms.required_text("AWSKMSKeyARN", 512));
    if key.is_some() {
        members.refuse("KMSEncryptionConfig", "is not supported; encrypt the disk");
    }
    Some(())
}

/// `CloudWatchLoggingOptions`: delivery errors go to the log and to the stream's status.
pub(super) fn read_logging(members: &mut Members) {
    members.object("CloudWatchLoggingOptions", |options| {
        let enabled = options.flag("Enabled");
        for name in ["LogGroupName", "LogStreamName"] {
            if enabled == Some(true) && !options.has(name) {
                options.refuse(name, "is required when logging is enabled");
            }
            options.text(name, 512);
        }
        Some(())
    });
}

fn bucket_of(arn: &str) -> Option<String> {
    let mut parts = arn.splitn(6, ':');
    let good_head = parts.next() == Some("arn")
        && parts.next().is_some_and(|partition| !partition.is_empty())
        && [parts.next(), parts.next(), parts.next()] == [Some("s3"), Some(""), Some("")];
    let bucket = parts.next()?;
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    let fine = good_head && (1..=255).contains(&bucket.len()) && bucket.chars().all(good);
    // `.` and `..` would lead out of the backup directory.
    (fine && !bucket.chars().all(|c| c == '.')).then(|| bucket.to_owned())
}
