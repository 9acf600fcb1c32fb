//! The registry as the front door needs it: in memory, read on every connection, changed at once.

use std::sync::Arc;

use picket_core::{CertificateId, PolicyName, ThingName, Timestamp};
use tokio::sync::broadcast;

use crate::registry::CertificateStatus;

/// What is known of a certificate at the door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateEntry {
    /// SHA-256 of the DER, hex.
    pub id: CertificateId,
    /// Only ACTIVE ones may connect.
    pub status: CertificateStatus,
    /// The certificate's own end of validity.
    pub not_after: Timestamp,
}

/// A thing as policies see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThingEntry {
    /// Its name.
    pub name: ThingName,
    /// Its type's name, if it has one.
    pub type_name: Option<String>,
    /// Its attributes.
    pub attributes: Vec<(String, String)>,
}

/// A policy's default version. Compare `Arc` pointers to see whether a policy has changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyText {
    /// The policy's name.
    pub name: PolicyName,
    /// The JSON document.
    pub document: String,
}

/// Everything that decides what a connection may do (spec iot-core §4.3, §4.5).
#[derive(Debug, Clone, Default)]
pub struct Principal {
    /// The certificate, absent on the plaintext listener.
    pub certificate: Option<CertificateId>,
    /// The thing whose name equals the client id and that is attached to the certificate; else the
    /// thing to which the certificate is attached exclusively.
    pub thing: Option<Arc<ThingEntry>>,
    /// Whether the certificate is attached to that thing exclusively, and to no other.
    pub is_exclusive: bool,
    /// Policies of the certificate and of the thing's groups and their ancestors, each once, in name
    /// order.
    pub policies: Vec<Arc<PolicyText>>,
}

/// A change that may concern live sessions. A certificate that has only just been registered is not
/// announced, nor are its attachments of that moment: no session can have it yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DirectoryChange {
    /// This certificate's status changed or it was removed: close its sessions unless still ACTIVE.
    Certificate(CertificateId),
    /// What sessions of this certificate may do has changed (attachment, group, thing): evaluate anew.
    RightsOf(CertificateId),
    /// What any session may do may have changed (a policy's text, a group): evaluate anew.
    Rights,
    /// Which things there are, or which groups they are in, has changed: for those who keep answers of
    /// [`Directory::is_registered`] or [`Directory::groups_of`]. Says nothing of sessions.
    Things,
}

/// Read access for the hot path. Implemented by the registry engine; never blocks.
pub trait Directory: std::fmt::Debug + Send + Sync {
    /// The certificate with this id, if it is registered.
    fn certificate(&self, id: &CertificateId) -> Option<CertificateEntry>;

    /// The rights context of a connection with this certificate and client id.
    fn principal(&self, certificate: &CertificateId, client_id: &str) -> Principal;

    /// The only thing that this certificate is attached to, exclusively or not: to charge it with what the
    /// certificate does where no client id tells which thing that is.
    fn only_thing(&self, certificate: &CertificateId) -> Option<Arc<ThingEntry>> {
        self.principal(certificate, "").thing
    }

    /// Whether a certificate (DER) that is not registered may introduce itself: an active authority
    /// with automatic registration has signed it. The default knows no authorities.
    fn is_welcome(&self, der: &[u8]) -> bool {
        let _ = der;
        false
    }

    /// Whether `name` is a registered thing.
    fn is_registered(&self, name: &str) -> bool;

    /// The names of the static groups `thing` is in, ancestors included.
    fn groups_of(&self, thing: &str) -> Vec<String>;

    /// Changes from now on. A receiver that lags must evaluate everything anew.
    fn changes(&self) -> broadcast::Receiver<DirectoryChange>;
}
