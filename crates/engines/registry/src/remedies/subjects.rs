//! From whom a remedy concerns to the entries it changes.

use std::collections::BTreeSet;

use picket_core::{CertificateId, PolicyName, ThingName};
use picket_ports::registry::{Certificate, Page, PolicyTarget, Rows};
use picket_ports::{RegistryError, RemedyError, RemedySubject};

use super::storage;
use crate::ControlPlane;
use crate::checked::shown;

/// Rows read in one go.
const PAGE: u32 = 250;

impl ControlPlane {
    /// The things a subject stands for: itself, or all that have the certificate.
    pub(super) async fn things_behind(
        &self,
        subject: &RemedySubject,
    ) -> Result<Vec<ThingName>, RemedyError> {
        match subject {
            RemedySubject::Thing(name) => Ok(vec![self.registered_thing(name).await?]),
            RemedySubject::Certificate(id) => {
                let id = self.registered_certificate(id).await?.id;
                let registry = &self.parts.registry;
                let things = every(|page| {
                    let (id, registry) = (id.clone(), registry.clone());
                    async move { registry.things_of_certificate(&id, &page).await }
                });
                let things: Vec<_> = things.await?.into_iter().map(|(thing, _)| thing).collect();
                some(things, || format!("certificate {id} is attached to no thing"))
            }
            other => Err(nothing(format!("{} is neither a thing nor a certificate", word(other)))),
        }
    }

    /// The certificates a subject stands for: itself, or all that the thing has.
    pub(super) async fn certificates_behind(
        &self,
        subject: &RemedySubject,
    ) -> Result<Vec<Certificate>, RemedyError> {
        match subject {
            RemedySubject::Certificate(id) => Ok(vec![self.registered_certificate(id).await?]),
            RemedySubject::Thing(name) => {
                let thing = self.registered_thing(name).await?;
                let registry = &self.parts.registry;
                let attached = every(|page| {
                    let (thing, registry) = (thing.clone(), registry.clone());
                    async move { registry.certificates_of_thing(&thing, &page).await }
                });
                let mut found = Vec::new();
                for (id, _) in attached.await? {
                    match self.parts.registry.certificate(&id).await {
                        Ok(certificate) => found.push(certificate),
                        // Removed just now.
                        Err(RegistryError::NotFound { .. }) => {}
                        Err(other) => return Err(storage(other)),
                    }
                }
                some(found, || format!("thing {thing} has no certificate"))
            }
            other => Err(nothing(format!("{} is neither a thing nor a certificate", word(other)))),
        }
    }

    /// The registered authorities a subject stands for: itself, or those that have signed its
    /// certificates. Picket's own authority is not among them: it cannot be deactivated.
    pub(super) async fn authorities_behind(
        &self,
        subject: &RemedySubject,
    ) -> Result<Vec<CertificateId>, RemedyError> {
        if let RemedySubject::Authority(id) = subject {
            return Ok(vec![id.clone()]);
        }
        let certificates = self.certificates_behind(subject).await?;
        let signers: BTreeSet<CertificateId> =
            certificates.into_iter().filter_map(|certificate| certificate.ca).collect();
        some(signers.into_iter().collect(), || {
            format!("no registered CA certificate has signed a certificate of {}", word(subject))
        })
    }

    /// The policies a subject stands for: itself, or those attached to its certificates. Policies of
    /// groups are not among them: they are not the device's own.
    pub(super) async fn policies_behind(
        &self,
        subject: &RemedySubject,
    ) -> Result<Vec<PolicyName>, RemedyError> {
        if let RemedySubject::Policy(name) = subject {
            return Ok(vec![name.clone()]);
        }
        let mut found = BTreeSet::new();
        for certificate in self.certificates_behind(subject).await? {
            let (target, registry) =
                (PolicyTarget::Certificate(certificate.id), &self.parts.registry);
            let policies = every(|page| {
                let (target, registry) = (target.clone(), registry.clone());
                async move { registry.policies_of(&target, &page).await }
            });
            found.extend(policies.await?);
        }
        some(found.into_iter().collect(), || {
            format!("no policy is attached to a certificate of {}", word(subject))
        })
    }

    async fn registered_thing(&self, name: &str) -> Result<ThingName, RemedyError> {
        let unknown = || nothing(format!("thing {} is not registered", shown(name)));
        let name = ThingName::new(name).map_err(|_| unknown())?;
        match self.parts.registry.thing(&name).await {
            Ok(thing) => Ok(thing.name),
            Err(RegistryError::NotFound { .. }) => Err(unknown()),
            Err(other) => Err(storage(other)),
        }
    }

    async fn registered_certificate(&self, id: &CertificateId) -> Result<Certificate, RemedyError> {
        match self.parts.registry.certificate(id).await {
            Ok(certificate) => Ok(certificate),
            Err(RegistryError::NotFound { .. }) => {
                Err(nothing(format!("certificate {id} is not registered")))
            }
            Err(other) => Err(storage(other)),
        }
    }
}

/// There is nothing to apply a remedy to.
pub(super) fn nothing(why: String) -> RemedyError {
    RemedyError::NoSubject(why)
}

fn some<T>(found: Vec<T>, otherwise: impl Fn() -> String) -> Result<Vec<T>, RemedyError> {
    if found.is_empty() { Err(nothing(otherwise())) } else { Ok(found) }
}

fn word(subject: &RemedySubject) -> String {
    match subject {
        RemedySubject::Thing(name) => format!("thing {}", shown(name)),
        RemedySubject::Certificate(id) => format!("certificate {id}"),
        RemedySubject::Authority(id) => format!("CA certificate {id}"),
        RemedySubject::Policy(name) => format!("policy {name}"),
        RemedySubject::Account => "the account".to_owned(),
    }
}

/// All rows of a list.
async fn every<T, F>(read: impl Fn(Page) -> F) -> Result<Vec<T>, RemedyError>
where
    F: Future<Output = Result<Rows<T>, RegistryError>>,
{
    let mut all = Vec::new();
    let mut page = Page::first(PAGE);
    loop {
        let Rows { rows, next } = read(page).await.map_err(storage)?;
        all.extend(rows);
        match next {
            Some(after) => page = Page { after: Some(after), rows_max: PAGE },
            None => return Ok(all),
        }
    }
}
