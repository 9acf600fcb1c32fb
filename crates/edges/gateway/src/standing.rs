//! What the registry says of a certificate. Asked in the handshake, after it (a session that was taken
//! up again has none), at CONNECT, and whenever the registry changes (spec iot-core §3.1, §2.6).

use picket_core::{CertificateId, Timestamp};
use picket_ports::Directory;
use picket_ports::registry::CertificateStatus;

/// What the registry says of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It may connect.
    Active,
    /// It may introduce itself, again, and then has to go.
    Pending,
    /// It is not registered, and may introduce itself.
    Welcome,
    /// It is not registered.
    Unknown,
    /// It is registered and has been switched off or withdrawn.
    Off(CertificateStatus),
    /// It is past its end of validity.
    Expired,
}

impl Standing {
    /// For people: what is wrong with the certificate.
    pub(crate) const fn problem(self) -> &'static str {
        match self {
            Self::Active => "the certificate is ACTIVE",
            Self::Pending => "the certificate is PENDING_ACTIVATION",
            Self::Welcome => "the certificate is not registered yet",
            Self::Unknown => "the certificate is not registered",
            Self::Off(CertificateStatus::Revoked) => "the certificate is REVOKED",
            Self::Off(_) => "the certificate is INACTIVE",
            Self::Expired => "the certificate has expired",
        }
    }
}

/// How certificates are judged.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms {
    /// Whether those past their end of validity may connect.
    pub(crate) allow_expired: bool,
    /// Whether there is somebody to whom a certificate can introduce itself.
    pub(crate) just_in_time: bool,
}

impl Terms {
    /// The standing of the certificate `id`. `der` is needed to welcome one that is not registered.
    pub(crate) fn standing(
        self,
        directory: &dyn Directory,
        id: &CertificateId,
        der: Option<&[u8]>,
        now: Timestamp,
    ) -> Standing {
        let Some(entry) = directory.certificate(id) else {
            let is_welcome = |der: &[u8]| self.just_in_time && directory.is_welcome(der);
            return if der.is_some_and(is_welcome) { Standing::Welcome } else { Standing::Unknown };
        };
        match entry.status {
            CertificateStatus::Active if !self.allow_expired && entry.not_after < now => {
                Standing::Expired
            }
            CertificateStatus::Active => Standing::Active,
            CertificateStatus::PendingActivation if self.just_in_time => Standing::Pending,
            status => Standing::Off(status),
        }
    }
}
