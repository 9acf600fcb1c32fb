//! What the front door asks.

use std::sync::Arc;

use picket_core::CertificateId;
use picket_ports::directory::{CertificateEntry, Principal, ThingEntry};

use super::View;
use super::certificates::CertificateRow;
use super::groups::GroupRow;
use super::table::Row as _;

/// Up to so many things of a certificate are looked at one by one.
const LOOKED_AT_MAX: usize = 4;

impl View {
    pub(crate) fn certificate(&self, id: &CertificateId) -> Option<CertificateEntry> {
        let row = self.certificates.get(self.certificate_row(id)?)?;
        Some(CertificateEntry { id: id.clone(), status: row.status, not_after: row.not_after })
    }

    /// Spec iot-core §4.5: a thing contributes itself and its groups if it is attached to the
    /// certificate and named like the client id, or has the certificate for itself.
    pub(crate) fn principal(&self, certificate: &CertificateId, client_id: &str) -> Principal {
        let mut principal =
            Principal { certificate: Some(certificate.clone()), ..Principal::default() };
        let row = self.certificate_row(certificate).and_then(|id| self.certificates.get(id));
        let Some(row) = row else { return principal };
        let thing = self.named_thing(row, client_id).or_else(|| row.sole_thing());
        principal.is_exclusive = thing.is_some() && thing == row.sole_thing();
        let mut policies: Vec<_> = row
            .policies
            .iter()
            .filter_map(|id| self.policies.get(id))
            .map(|row| &row.text)
            .collect();
        if let Some(thing) = thing.and_then(|id| self.things.get(id)) {
            principal.thing = Some(Arc::clone(&thing.entry));
            for group in self.line(thing.groups.iter()) {
                let found = group.policies.iter().filter_map(|id| self.policies.get(id));
                policies.extend(found.map(|row| &row.text));
            }
        }
        policies.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        policies.dedup_by(|a, b| Arc::ptr_eq(a, b));
        principal.policies = policies.into_iter().cloned().collect();
        principal
    }

    /// The only thing that this certificate is attached to.
    pub(crate) fn only_thing(&self, certificate: &CertificateId) -> Option<Arc<ThingEntry>> {
        let row = self.certificates.get(self.certificate_row(certificate)?)?;
        let mut things = row.things();
        let only = things.next().filter(|_| things.next().is_none());
        Some(Arc::clone(&self.things.get(only?)?.entry))
    }

    /// The thing of this name that is attached to the certificate. To look at the few it has is faster
    /// than to look the name up among all things.
    fn named_thing(&self, certificate: &CertificateRow, name: &str) -> Option<u32> {
        if certificate.count_things() > LOOKED_AT_MAX {
            return self.things.find(name).filter(|thing| certificate.is_attached(*thing));
        }
        let is_it = |id: &u32| self.things.get(*id).is_some_and(|thing| thing.key() == name);
        certificate.things().find(is_it)
    }

    pub(crate) fn is_registered(&self, name: &str) -> bool {
        self.things.find(name).is_some()
    }

    /// In name order.
    pub(crate) fn groups_of(&self, thing: &str) -> Vec<String> {
        let row = self.things.find(thing).and_then(|id| self.things.get(id));
        let Some(row) = row else { return Vec::new() };
        let groups = self.line(row.groups.iter());
        let mut names: Vec<String> = groups.iter().map(|group| group.name.to_string()).collect();
        names.sort_unstable();
        names
    }

    /// These groups and all that they lie in, each once.
    fn line(&self, direct: impl Iterator<Item = u32>) -> Vec<&GroupRow> {
        let mut seen = Vec::new();
        for group in direct {
            let mut next = Some(group);
            while let Some(id) = next.filter(|id| !seen.contains(id)) {
                seen.push(id);
                next = self.groups.get(id).and_then(|row| row.parent);
            }
        }
        seen.into_iter().filter_map(|id| self.groups.get(id)).filter(|row| row.is_there).collect()
    }
}
