//! `SplunkDestinationConfiguration`.

use std::time::Duration;

use picket_core::Secret;
use picket_wire_hec::{EndpointKind, Members};

use super::processing::{self, FunctionStep};
use super::s3::{self, S3Destination};

/// Which records go to the backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BackupMode {
    /// Those that could not be delivered.
    FailedEventsOnly,
    /// All, as they came in, and those that could not be delivered once more.
    AllEvents,
}

/// Where a stream delivers to, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SplunkDestination {
    pub(crate) endpoint: String,
    pub(crate) kind: EndpointKind,
    pub(crate) token: Secret,
    pub(crate) ack_timeout: Duration,
    pub(crate) retry_budget: Duration,
    pub(crate) backup_mode: BackupMode,
    pub(crate) backup: S3Destination,
    pub(crate) interval: Duration,
    pub(crate) size_bytes: usize,
    pub(crate) function: Option<FunctionStep>,
}

pub(super) fn read(members: &mut Members) -> Option<SplunkDestination> {
    let endpoint = members.required_text("HECEndpoint", 2048);
    let kind = required_choice(members, "HECEndpointType", &["Event", "Raw"]);
    let token = read_token(members);
    let ack = members.number("HECAcknowledgmentTimeoutInSeconds", 180..=600).unwrap_or(180);
    let retry = members
        .object("RetryOptions", |options| options.number("DurationInSeconds", 0..=7200))
        .unwrap_or(300);
    let mode = members.choice("S3BackupMode", &["FailedEventsOnly", "AllEvents"]);
    if !members.has("S3Configuration") {
        members.refuse("S3Configuration", "is required");
    }
    let backup = members.object("S3Configuration", s3::read);
    let (interval, size) = members
        .object("BufferingHints", |hints| {
            let interval = hints.number("IntervalInSeconds", 0..=60).unwrap_or(60);
            Some((interval, hints.number("SizeInMBs", 1..=5).unwrap_or(5)))
        })
        .unwrap_or((60, 5));
    let function = members.object("ProcessingConfiguration", processing::read);
    s3::read_logging(members);
    Some(SplunkDestination {
        endpoint: endpoint?,
        kind: if kind? == "Raw" { EndpointKind::Raw } else { EndpointKind::Event },
        token: Secret::new(token?),
        ack_timeout: Duration::from_secs(ack),
        retry_budget: Duration::from_secs(retry),
        backup_mode: match mode {
            Some("AllEvents") => BackupMode::AllEvents,
            _ => BackupMode::FailedEventsOnly,
        },
        backup: backup?,
        interval: Duration::from_secs(interval),
        size_bytes: usize::try_from(size).unwrap_or(5) * 1024 * 1024,
        function: function.flatten(),
    })
}

pub(super) fn required_choice(
    members: &mut Members,
    member: &'static str,
    choices: &[&'static str],
) -> Option<&'static str> {
    if !members.has(member) {
        members.refuse(member, format!("is required: {}", choices.join(" or ")));
    }
    members.choice(member, choices)
}

fn read_token(members: &mut Members) -> Option<String> {
    let by_secret = members.object("SecretsManagerConfiguration", |secret| {
        secret.text("SecretARN", 2048);
        secret.text("RoleARN", 512);
        secret.flag("Enabled")
    });
    if by_secret == Some(true) {
        members.refuse("SecretsManagerConfiguration", "is not supported; give a HECToken");
    }
    if !members.has("HECToken") {
        members.refuse("HECToken", "is required");
    }
    let token = members.text("HECToken", 2048)?;
    // It becomes a header.
    let good = token.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    if !good || token.trim().is_empty() {
        members.refuse("HECToken", "must be printable ASCII and not blank");
        return None;
    }
    Some(token)
}
