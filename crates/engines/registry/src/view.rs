//! One consistent picture of the registry, and what changed between two.

use std::sync::Arc;

use ahash::{AHashMap, AHashSet};
use picket_core::CertificateId;
use picket_ports::RegistryError;
use picket_ports::directory::{
    CertificateEntry, DirectoryChange, PolicyText, Principal, ThingEntry,
};
use picket_ports::registry::{Page, PolicyTarget, Registry};

const PAGE: u32 = 10_000;

/// Everything the door needs, indexed the way it asks.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct View {
    certificates: AHashMap<CertificateId, CertificateEntry>,
    things: AHashMap<String, Arc<ThingEntry>>,
    attached: AHashSet<(CertificateId, String)>,
    /// Thing → its groups with all ancestors, in name order.
    groups: AHashMap<String, Vec<String>>,
    certificate_policies: AHashMap<CertificateId, Vec<Arc<PolicyText>>>,
    group_policies: AHashMap<String, Vec<Arc<PolicyText>>>,
}

impl View {
    /// Reads the whole registry. Policies and things that have not changed keep their allocation from
    /// `before`, so that whoever caches by pointer keeps its cache.
    pub(crate) async fn load(
        registry: &dyn Registry,
        before: &Self,
    ) -> Result<Self, RegistryError> {
        let mut view = Self::default();
        view.load_certificates(registry).await?;
        view.load_things(registry, before).await?;
        view.load_groups(registry).await?;
        view.load_policies(registry, before).await?;
        Ok(view)
    }

    async fn load_certificates(&mut self, registry: &dyn Registry) -> Result<(), RegistryError> {
        let mut page = Page::first(PAGE);
        loop {
            let found = registry.certificates(&page).await?;
            let Some(last) = found.last() else { return Ok(()) };
            page.after = Some(last.id.to_string());
            for certificate in found {
                let (id, status, not_after) =
                    (certificate.id, certificate.status, certificate.not_after);
                self.certificates.insert(id.clone(), CertificateEntry { id, status, not_after });
            }
        }
    }

    async fn load_things(
        &mut self,
        registry: &dyn Registry,
        before: &Self,
    ) -> Result<(), RegistryError> {
        let mut page = Page::first(PAGE);
        loop {
            let found = registry.things(&page).await?;
            let Some(last) = found.last() else { break };
            page.after = Some(last.name.to_string());
            for thing in found {
                let key = thing.name.to_string();
                let entry = ThingEntry {
                    name: thing.name,
                    type_name: thing.type_name,
                    attributes: thing.attributes,
                };
                let kept = before.things.get(&key).filter(|old| ***old == entry).cloned();
                self.things.insert(key, kept.unwrap_or_else(|| Arc::new(entry)));
            }
        }
        for (thing, certificate) in registry.thing_attachments().await? {
            self.attached.insert((certificate, thing.to_string()));
        }
        Ok(())
    }

    async fn load_groups(&mut self, registry: &dyn Registry) -> Result<(), RegistryError> {
        let parents: AHashMap<String, Option<String>> =
            registry.groups().await?.into_iter().map(|group| (group.name, group.parent)).collect();
        for (thing, group) in registry.memberships(None).await? {
            let groups = self.groups.entry(thing.to_string()).or_default();
            let mut next = Some(group);
            while let Some(group) = next {
                if groups.contains(&group) {
                    break;
                }
                next = parents.get(&group).cloned().flatten();
                groups.push(group);
            }
        }
        for groups in self.groups.values_mut() {
            groups.sort_unstable();
        }
        Ok(())
    }

    async fn load_policies(
        &mut self,
        registry: &dyn Registry,
        before: &Self,
    ) -> Result<(), RegistryError> {
        let old: AHashMap<&str, &Arc<PolicyText>> = before
            .certificate_policies
            .values()
            .chain(before.group_policies.values())
            .flatten()
            .map(|policy| (policy.name.as_str(), policy))
            .collect();
        let mut policies = AHashMap::new();
        for policy in registry.policies().await? {
            let text = PolicyText { name: policy.name.clone(), document: policy.document };
            let kept = old
                .get(policy.name.as_str())
                .filter(|old| ****old == text)
                .map(|old| (*old).clone());
            policies.insert(policy.name, kept.unwrap_or_else(|| Arc::new(text)));
        }
        for (name, target) in registry.policy_attachments().await? {
            let Some(policy) = policies.get(&name).cloned() else { continue };
            match target {
                PolicyTarget::Certificate(id) => {
                    self.certificate_policies.entry(id).or_default().push(policy)
                }
                PolicyTarget::Group(group) => {
                    self.group_policies.entry(group).or_default().push(policy)
                }
            }
        }
        Ok(())
    }

    pub(crate) fn certificate(&self, id: &CertificateId) -> Option<CertificateEntry> {
        self.certificates.get(id).cloned()
    }

    /// Spec iot-core §4.5: only a thing that is attached to the certificate and named like the client
    /// id contributes itself and its groups.
    pub(crate) fn principal(&self, certificate: &CertificateId, client_id: &str) -> Principal {
        let attached = self.attached.contains(&(certificate.clone(), client_id.to_owned()));
        let thing = self.things.get(client_id).filter(|_| attached).cloned();
        let mut policies = self.certificate_policies.get(certificate).cloned().unwrap_or_default();
        if thing.is_some() {
            for group in self.groups_of(client_id) {
                policies.extend(self.group_policies.get(group).into_iter().flatten().cloned());
            }
        }
        Principal { certificate: Some(certificate.clone()), thing, policies }
    }

    pub(crate) fn is_registered(&self, name: &str) -> bool {
        self.things.contains_key(name)
    }

    pub(crate) fn groups_of(&self, thing: &str) -> &[String] {
        self.groups.get(thing).map_or(&[], Vec::as_slice)
    }

    /// What live sessions must be told when `self` replaces `before`.
    pub(crate) fn changes_since(&self, before: &Self) -> Vec<DirectoryChange> {
        let mut changes: Vec<DirectoryChange> = before
            .certificates
            .iter()
            .filter(|(id, old)| self.certificates.get(*id) != Some(old))
            .map(|(id, _)| DirectoryChange::Certificate(id.clone()))
            .collect();
        let same_rights = self.things == before.things
            && self.attached == before.attached
            && self.groups == before.groups
            && self.certificate_policies == before.certificate_policies
            && self.group_policies == before.group_policies;
        if !same_rights {
            changes.push(DirectoryChange::Rights);
        }
        changes
    }
}
