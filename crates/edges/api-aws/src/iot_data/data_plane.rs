//! What the data operations need, and what a device may do over HTTPS.

use std::net::IpAddr;
use std::sync::Arc;

use ahash::AHashMap;
use parking_lot::Mutex;
use picket_core::{Account, CertificateId};
use picket_policy::{Action, Authorizer, ResourceKind};
use picket_ports::directory::ThingEntry;
use picket_ports::registry::CertificateStatus;
use picket_ports::{
    CloudMetrics, Connections, DeviceCounters, Directory, MessageTap, Publish, ReportIntake,
    RetainedMessages, RoleSession, SessionRequest,
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
}

/// What the caller of a data operation may do.
pub(super) enum Rights {
    /// An admin.
    All,
    /// The session of a role, as the role's policies say.
    Session { session: Arc<RoleSession>, account: Account, source_ip: Option<IpAddr> },
    /// A device, as the policies of its certificate say.
    Device(DeviceRights),
}

/// What a device may do.
pub(crate) struct DeviceRights {
    pub(crate) authorizer: Authorizer,
    /// What it does is charged to the thing that the certificate stands for; without one, to the
    /// certificate itself (spec iot-core §4.6).
    pub(crate) counters: Arc<dyn DeviceCounters>,
    /// The thing.
    pub(crate) thing: Option<Arc<ThingEntry>>,
}

impl Rights {
    /// Whether `action` is allowed on `name`. A denial of a publish is charged to the thing.
    pub(super) fn check(&self, action: Action, name: &str) -> Result<(), AwsError> {
        let reason = match self {
            Self::All => None,
            Self::Session { session, account, source_ip } => {
                let arn = action.arn(account, name);
                let resource =
                    (action.resource_kind() != ResourceKind::Everything).then_some(&*arn);
                let (action, source_ip) = (action.name(), *source_ip);
                let why = session.refusal(&SessionRequest {
                    action,
                    resource,
                    source_ip,
                    client_id: None,
                });
                why.map(|why| format!("the role does not allow {action} on {arn} {why}"))
            }
            Self::Device(DeviceRights { authorizer, .. }) => authorizer.refusal(action, name),
        };
        let Some(reason) = reason else { return Ok(()) };
        if is_publish(action)
            && let Self::Device(DeviceRights { counters, .. }) = self
        {
            counters.authorization_failure(Some(name));
        }
        Err(AwsError::new(AwsCode::Forbidden, reason))
    }

    /// Counts a message that was taken.
    pub(super) fn count_message(&self, topic: &str, payload_bytes: usize) {
        if let Self::Device(DeviceRights { counters, .. }) = self {
            counters.message_in(topic, payload_bytes);
        }
    }
}

const fn is_publish(action: Action) -> bool {
    matches!(action, Action::Publish | Action::RetainPublish)
}

impl Call {
    /// The parts behind the data operations.
    pub(crate) fn data(&self) -> &DataPlane {
        &self.shared.deps.data
    }

    /// What the caller may do now.
    pub(super) async fn rights(&self) -> ApiResult<Rights> {
        if let Some(session) = self.caller.session() {
            return Ok(Rights::Session {
                session: Arc::clone(session),
                account: self.control().account().clone(),
                source_ip: self.source_ip(),
            });
        }
        // Whether a user may was decided before.
        let Caller::Device(certificate) = &self.caller else { return Ok(Rights::All) };
        self.device_rights(certificate, None).await.map(Rights::Device)
    }

    /// What the policies of a certificate let it do. With the name of a thing that it is attached to, those
    /// of the thing's groups as well; the answer has no thing where it is not.
    pub(crate) async fn device_rights(
        &self,
        certificate: &CertificateId,
        thing: Option<&str>,
    ) -> ApiResult<DeviceRights> {
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
        let principal = data.directory.principal(certificate, thing.unwrap_or_default());
        let authorizer = data.rights.rights_of(&caller, &principal);
        let charged = principal.thing.clone().or_else(|| data.directory.only_thing(certificate));
        let identity = charged.as_ref().map_or(certificate.as_str(), |it| it.name.as_str());
        let counters = data.cloud_metrics.device(identity);
        let is_meant = |it: &Arc<ThingEntry>| thing.is_none_or(|thing| it.name.as_str() == thing);
        let thing = principal.thing.filter(is_meant);
        Ok(DeviceRights { authorizer, counters, thing })
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
}
