//! `ListThingPrincipals`, `ListPrincipalThings` and their second versions.

use picket_core::{CertificateId, ThingName};
use picket_ports::registry::{Page, Rows};

use super::AttachmentKind;
use crate::{ControlError, ControlPlane, checked};

impl ControlPlane {
    /// `ListThingPrincipals` and `ListThingPrincipalsV2`: the certificates of a thing, by id. With a
    /// `kind`, those that are attached so; a page may then have fewer rows than were asked for.
    pub async fn list_thing_principals(
        &self,
        thing: &str,
        kind: Option<AttachmentKind>,
        page: &Page,
    ) -> Result<Rows<(CertificateId, AttachmentKind)>, ControlError> {
        let thing = checked::thing_name(thing)?;
        self.thing(&thing).await?;
        let rows = self.parts.registry.certificates_of_thing(&thing, page).await?;
        Ok(of_kind(rows, kind))
    }

    /// `ListPrincipalThings` and `ListPrincipalThingsV2`: the things of a certificate, by name.
    pub async fn list_principal_things(
        &self,
        principal: &str,
        kind: Option<AttachmentKind>,
        page: &Page,
    ) -> Result<Rows<(ThingName, AttachmentKind)>, ControlError> {
        let certificate = self.principal_certificate(principal)?;
        self.certificate(&certificate).await?;
        let rows = self.parts.registry.things_of_certificate(&certificate, page).await?;
        Ok(of_kind(rows, kind))
    }
}

fn of_kind<T>(rows: Rows<(T, bool)>, kind: Option<AttachmentKind>) -> Rows<(T, AttachmentKind)> {
    let Rows { rows, next } = rows;
    let rows =
        rows.into_iter().map(|(item, is_exclusive)| (item, AttachmentKind::of(is_exclusive)));
    Rows { rows: rows.filter(|(_, found)| kind.is_none_or(|kind| kind == *found)).collect(), next }
}
