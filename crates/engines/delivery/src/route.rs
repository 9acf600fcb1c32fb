//! A stream's document put to work: where its records go and through what.

use std::sync::Arc;
use std::time::Duration;

use picket_core::{Secret, Tasks};
use picket_outbound::{Looseness, OutboundRules};
use picket_ports::registry::Document;
use picket_transform::{EventTime, NativeTransform};
use picket_wire_hec::{Channel, EndpointKind};
use tokio_util::sync::CancellationToken;

use crate::backup::key::KeyTemplate;
use crate::config::DeliveryConfig;
use crate::document::{BackupMode, Compression, S3Destination, SplunkDestination, StreamDocument};
use crate::hec::{HecClient, HecOptions};
use crate::process::Transform;

/// Stands for our own collector in a document's `HECEndpoint`.
const OWN_HEC: &str = "picket://hec";

/// What a stream does with its records at the moment.
#[derive(Debug)]
pub(crate) struct Route {
    /// Of the document.
    pub(crate) version: u64,
    pub(crate) destination: SplunkDestination,
    pub(crate) endpoint: String,
    pub(crate) interval: Duration,
    pub(crate) ack_timeout: Duration,
    pub(crate) transform: Transform,
    /// Absent when the stream has been deleted: what is left goes to the backup.
    client: Option<HecClient>,
}

/// What routes are made with.
#[derive(Debug)]
pub(crate) struct RouteMaker {
    pub(crate) config: Arc<DeliveryConfig>,
    pub(crate) rules: OutboundRules,
    pub(crate) tls: rustls::ClientConfig,
    pub(crate) tasks: Tasks,
}

impl RouteMaker {
    /// Reads the document and sets the client up. The problems are for people.
    pub(crate) fn make(
        &self,
        document: &Document,
        channel: Channel,
        hard: &CancellationToken,
    ) -> Result<Route, Vec<String>> {
        let parsed = StreamDocument::parse(&document.name, &document.body)
            .map_err(|problems| problems.iter().map(ToString::to_string).collect::<Vec<_>>())?;
        let destination = parsed.splunk;
        let problem = |text: String| vec![format!("HECEndpoint: {text}")];
        let endpoint = match (destination.endpoint.as_str(), &self.config.own_hec) {
            (OWN_HEC, Some(own)) => own.clone(),
            (OWN_HEC, None) => {
                return Err(problem(
                    "there is no collector of our own (delivery.own_hec)".to_owned(),
                ));
            }
            (other, _) => other.to_owned(),
        };
        let target = self.rules.check(&endpoint, Looseness::default());
        let target = target.map_err(|refused| problem(refused.to_string()))?;
        let resolver = self.rules.resolver(target.is_allowed_by_name);
        let options = HecOptions {
            config: &self.config,
            tls: self.tls.clone(),
            url: target.url.to_string(),
            resolver,
            kind: destination.kind,
            token: destination.token.clone(),
            channel,
        };
        let client = HecClient::open(options, &self.tasks, hard)
            .map_err(|error| problem(error.to_string()))?;
        let interval_max = self.config.interval_max_ms.map_or(Duration::MAX, Duration::from_millis);
        let ack_timeout = self.config.ack_timeout_ms.map(Duration::from_millis);
        Ok(Route {
            version: document.version,
            interval: destination.interval.min(interval_max),
            ack_timeout: ack_timeout.unwrap_or(destination.ack_timeout),
            transform: self.transform(&destination, self.config.is_identified(&endpoint)),
            endpoint,
            destination,
            client: Some(client),
        })
    }

    fn transform(&self, destination: &SplunkDestination, identified: bool) -> Transform {
        let Some(step) = &destination.function else { return Transform::None };
        let Some(native) = self.config.native_functions.get(step.name()) else {
            return Transform::Function(step.clone());
        };
        let transform = NativeTransform {
            sourcetype: native.sourcetype.clone(),
            audit_topic_arn: native.audit_topic_arn.clone(),
            fields: identified,
            event_time: if identified { EventTime::Payload } else { EventTime::Receive },
        };
        Transform::Native(Arc::new(transform), step.clone())
    }
}

impl Route {
    /// The way of a deleted stream's records: to the backup, with the settings it had.
    pub(crate) fn to_backup(&self) -> Self {
        Self {
            version: self.version,
            destination: self.destination.clone(),
            endpoint: self.endpoint.clone(),
            interval: Duration::ZERO,
            ack_timeout: self.ack_timeout,
            transform: self.transform.clone(),
            client: None,
        }
    }

    pub(crate) const fn client(&self) -> Option<&HecClient> {
        self.client.as_ref()
    }

    pub(crate) const fn is_gone(&self) -> bool {
        self.client.is_none()
    }

    pub(crate) const fn backup(&self) -> &S3Destination {
        &self.destination.backup
    }
}

/// The way of the records of a stream that was deleted while nobody ran: to a bucket of that name.
pub(crate) fn orphaned() -> Result<Route, String> {
    let backup = S3Destination {
        bucket: "deleted-delivery-streams".to_owned(),
        data: KeyTemplate::data("")?,
        errors: KeyTemplate::errors("", None)?,
        compression: Compression::None,
    };
    let destination = SplunkDestination {
        endpoint: String::new(),
        kind: EndpointKind::Raw,
        token: Secret::new(""),
        ack_timeout: Duration::ZERO,
        retry_budget: Duration::ZERO,
        backup_mode: BackupMode::FailedEventsOnly,
        backup,
        interval: Duration::ZERO,
        size_bytes: 1024 * 1024,
        function: None,
    };
    Ok(Route {
        version: 0,
        endpoint: String::new(),
        interval: Duration::ZERO,
        ack_timeout: Duration::ZERO,
        transform: Transform::None,
        destination,
        client: None,
    })
}
