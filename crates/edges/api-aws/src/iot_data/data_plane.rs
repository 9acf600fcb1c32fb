//! What the data operations need, and what a device may do over HTTPS.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use ahash::AHashMap;
use parking_lot::Mutex;
use picket_core::CertificateId;
use picket_policy::{Action, Authorizer};
use picket_ports::registry::CertificateStatus;
use picket_ports::{
    CloudMetrics, Connections, DeviceCounters, Directory, MessageTap, Publish, ReportIntake,
    RetainedMessages,
};
use picket_registry::RightsBook;
use picket_wire_aws::{AwsCode, AwsError};

use crate::call::{Call, Caller};
use crate::operation::ApiResult;

/// Certificates whose DER is remembered; when there are more, all are forgotten.
const REMEMBERED_MAX: usize = 10_000;

/// The parts of the server behind the data operations.
#[derive(Debug)]
pub struct DataPlane {
    publish: Arc<dyn Publish>,
    rules: Arc<dyn MessageTap>,
    reports: Arc<dyn ReportIntake>,
    connections: Arc<dyn Connections>,
    retained: Arc<dyn RetainedMessages>,
    cloud_metrics: Arc<dyn CloudMetrics>,
    directory: Arc<dyn Directory>,
    rights: Arc<RightsBook>,
    /// Read from the registry once: a certificate never changes.
    ders: Mutex<AHashMap<CertificateId, Arc<[u8]>>>,
}

/// What a [`DataPlane`] is made of.
#[derive(Debug, Clone)]
pub struct DataPlaneParts {
    /// Takes messages.
    pub publish: Arc<dyn Publish>,
    /// The rules, for a report: its subscribers, if any, do not see it.
    pub rules: Arc<dyn MessageTap>,
    /// Takes reports of device metrics.
    pub reports: Arc<dyn ReportIntake>,
    /// Connections and sessions.
    pub connections: Arc<dyn Connections>,
    /// Retained messages.
    pub retained: Arc<dyn RetainedMessages>,
    /// Counts what a device does.
    pub cloud_metrics: Arc<dyn CloudMetrics>,
    /// Certificates and things.
    pub directory: Arc<dyn Directory>,
    /// What a device may do; the same book as the front door's, so that policies are compiled once.
    pub rights: Arc<RightsBook>,
}

impl DataPlane {
    /// A data plane over `parts`.
    pub fn new(parts: DataPlaneParts) -> Arc<Self> {
        let DataPlaneParts {
            publish,
            rules,
            reports,
            connections,
            retained,
            cloud_metrics,
            directory,
            rights,
        } = parts;
        let ders = Mutex::default();
        Arc::new(Self {
            publish,
            rules,
            reports,
            connections,
            retained,
            cloud_metrics,
            directory,
            rights,
            ders,
        })
    }

    pub(super) fn publisher(&self) -> &dyn Publish {
        &*self.publish
    }

    pub(super) fn rules(&self) -> &dyn MessageTap {
        &*self.rules
    }

    pub(super) fn reports(&self) -> &dyn ReportIntake {
        &*self.reports
    }

    pub(super) fn connections(&self) -> &dyn Connections {
        &*self.connections
    }

    pub(super) fn retained(&self) -> &dyn RetainedMessages {
        &*self.retained
    }

    /// The counters of the thing that a device's certificate stands for, if there is one.
    fn counters(&self, certificate: &CertificateId) -> Option<Arc<dyn DeviceCounters>> {
        let thing = self.directory.principal(certificate, "").thing?;
        Some(self.cloud_metrics.device(thing.name.as_str()))
    }
}

/// What the caller of a data operation may do.
pub(super) enum Rights {
    /// An admin.
    All,
    /// A device, as the policies of its certificate say.
    Device { authorizer: Authorizer, counters: Option<Arc<dyn DeviceCounters>> },
}

impl Rights {
    /// Whether `action` is allowed on `name`. A denial of a publish is charged to the thing.
    pub(super) fn check(&self, action: Action, name: &str) -> Result<(), AwsError> {
        let Self::Device { authorizer, counters } = self else { return Ok(()) };
        let Some(reason) = authorizer.refusal(action, name) else { return Ok(()) };
        if let Some(counters) = counters.as_ref().filter(|_| is_publish(action)) {
            counters.authorization_failure(Some(name));
        }
        Err(AwsError::new(AwsCode::Forbidden, reason))
    }

    /// Counts a message that was taken.
    pub(super) fn count_message(&self, topic: &str, payload_bytes: usize) {
        if let Self::Device { counters: Some(counters), .. } = self {
            counters.message_in(topic, payload_bytes);
        }
    }
}

const fn is_publish(action: Action) -> bool {
    matches!(action, Action::Publish | Action::RetainPublish)
}

impl Call {
    /// The parts behind the data operations.
    pub(super) fn data(&self) -> &DataPlane {
        &self.shared.deps.data
    }

    /// What the caller may do now.
    pub(super) async fn rights(&self) -> ApiResult<Rights> {
        let Caller::Device(certificate) = &self.caller else { return Ok(Rights::All) };
        let der = self.der(certificate).await?;
        let data = self.data();
        // Asked again: the body may have come long after the connection and the head.
        let entry = data.directory.certificate(certificate);
        if entry.is_none_or(|entry| entry.status != CertificateStatus::Active) {
            let text = "the certificate is not ACTIVE any more";
            return Err(AwsError::new(AwsCode::Forbidden, text).into());
        }
        let caller = picket_registry::Caller {
            source_ip: self.source_ip(),
            ..picket_registry::Caller::new(certificate, &der)
        };
        let authorizer = data.rights.rights(&caller);
        Ok(Rights::Device { authorizer, counters: data.counters(certificate) })
    }

    async fn der(&self, id: &CertificateId) -> ApiResult<Arc<[u8]>> {
        if let Some(der) = self.data().ders.lock().get(id) {
            return Ok(Arc::clone(der));
        }
        let certificate = self.control().describe_certificate(id.as_str()).await?;
        let der = picket_pki::der_of(&certificate.pem).map_err(|error| {
            AwsError::new(AwsCode::Forbidden, format!("the certificate cannot be read: {error}"))
        })?;
        let der: Arc<[u8]> = der.into();
        let mut ders = self.data().ders.lock();
        if ders.len() >= REMEMBERED_MAX {
            ders.clear();
        }
        ders.insert(id.clone(), Arc::clone(&der));
        Ok(der)
    }

    fn source_ip(&self) -> Option<IpAddr> {
        self.source.parse::<SocketAddr>().ok().map(|address| address.ip().to_canonical())
    }
}
