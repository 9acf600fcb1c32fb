//! `AttachThingPrincipal` and `DetachThingPrincipal`.

use picket_core::{CertificateId, ThingName};
use picket_ports::registry::Page;

use crate::checked::{self, shown};
use crate::{ControlError, ControlPlane};

/// `thingPrincipalType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttachmentKind {
    /// `EXCLUSIVE_THING`: the principal is this thing's alone.
    Exclusive,
    /// `NON_EXCLUSIVE_THING`: other things may have it too.
    NonExclusive,
}

impl AttachmentKind {
    /// AWS's spelling.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Exclusive => "EXCLUSIVE_THING",
            Self::NonExclusive => "NON_EXCLUSIVE_THING",
        }
    }

    /// Reads AWS's spelling.
    pub fn parse(text: &str) -> Result<Self, ControlError> {
        [Self::Exclusive, Self::NonExclusive].into_iter().find(|it| it.as_str() == text).ok_or_else(
            || {
                ControlError::Invalid(format!(
                    "value `{}` at `thingPrincipalType` must be EXCLUSIVE_THING or \
                     NON_EXCLUSIVE_THING",
                    shown(text)
                ))
            },
        )
    }

    pub(crate) const fn of(is_exclusive: bool) -> Self {
        if is_exclusive { Self::Exclusive } else { Self::NonExclusive }
    }
}

impl ControlPlane {
    /// `AttachThingPrincipal`. Again is fine, and changes the kind of the attachment.
    pub async fn attach_thing_principal(
        &self,
        thing: &str,
        principal: &str,
        kind: AttachmentKind,
    ) -> Result<(), ControlError> {
        let thing = checked::thing_name(thing)?;
        let certificate = self.principal_certificate(principal)?;
        self.attach(&thing, &certificate, kind).await
    }

    /// As [`ControlPlane::attach_thing_principal`], for names that have been checked.
    pub(crate) async fn attach(
        &self,
        thing: &ThingName,
        certificate: &CertificateId,
        kind: AttachmentKind,
    ) -> Result<(), ControlError> {
        // Two callers could each find the certificate free and take it for a thing of their own.
        let held = self.locks.hold(&[&format!("certificate/{certificate}/things")]).await;
        self.thing(thing).await?;
        self.certificate(certificate).await?;
        self.check_exclusive(thing, certificate, kind).await?;
        let is_exclusive = kind == AttachmentKind::Exclusive;
        self.parts.registry.attach_thing(thing, certificate, is_exclusive).await?;
        drop(held);
        self.in_force().await;
        Ok(())
    }

    /// A certificate that is one thing's alone is attached to no other.
    async fn check_exclusive(
        &self,
        thing: &ThingName,
        certificate: &CertificateId,
        kind: AttachmentKind,
    ) -> Result<(), ControlError> {
        // Two rows show whether there is another thing; where one is exclusive, it is the only one.
        let rows = self.parts.registry.things_of_certificate(certificate, &Page::first(2)).await?;
        let Some((other, is_theirs)) = rows.rows.into_iter().find(|(it, _)| it != thing) else {
            return Ok(());
        };
        if is_theirs {
            return Err(ControlError::Invalid(format!(
                "certificate {certificate} is attached to thing {other} exclusively; detach it there \
                 first"
            )));
        }
        if kind == AttachmentKind::Exclusive {
            return Err(ControlError::Invalid(format!(
                "certificate {certificate} cannot be thing {thing}'s exclusively: it is attached to \
                 thing {other}"
            )));
        }
        Ok(())
    }

    /// `DetachThingPrincipal`. Fine if they are not attached; both must be there.
    pub async fn detach_thing_principal(
        &self,
        thing: &str,
        principal: &str,
    ) -> Result<(), ControlError> {
        let thing = checked::thing_name(thing)?;
        let certificate = self.principal_certificate(principal)?;
        self.thing(&thing).await?;
        self.certificate(&certificate).await?;
        self.parts.registry.detach_thing(&thing, &certificate).await?;
        self.in_force().await;
        Ok(())
    }
}
