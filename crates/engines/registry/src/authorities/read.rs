//! `DescribeCACertificate` and `ListCACertificates`.

use picket_ports::registry::{Order, Page, Rows};

use super::RegisteredAuthority;
use crate::certificates::certificate_id;
use crate::paging::page_of;
use crate::{ControlError, ControlPlane};

impl ControlPlane {
    /// `DescribeCACertificate`.
    pub async fn describe_ca_certificate(
        &self,
        id: &str,
    ) -> Result<RegisteredAuthority, ControlError> {
        self.authority(&certificate_id("certificateId", id)?).await
    }

    /// `ListCACertificates`, by time of registration. With a `template_name`, those that use the stored
    /// template of that name: none, since there are no stored templates.
    pub async fn list_ca_certificates(
        &self,
        template_name: Option<&str>,
        order: Order,
        page: &Page,
    ) -> Result<Rows<RegisteredAuthority>, ControlError> {
        let mut listed: Vec<(String, RegisteredAuthority)> = match template_name {
            Some(_) => Vec::new(),
            None => {
                self.authorities().await?.into_iter().map(|it| (place(&it, order), it)).collect()
            }
        };
        listed.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        let Rows { rows, next } = page_of(listed, page, |(place, _)| place.as_str());
        Ok(Rows { rows: rows.into_iter().map(|(_, authority)| authority).collect(), next })
    }
}

/// A text whose order is the list's.
fn place(authority: &RegisteredAuthority, order: Order) -> String {
    let millis = u64::try_from(authority.created.as_millis()).unwrap_or(0);
    let millis = match order {
        Order::Ascending => millis,
        Order::Descending => u64::MAX - millis,
    };
    format!("{millis:020}/{}", authority.id())
}
