//! What a follower makes of facts: the least there is to a view.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use picket_core::{CertificateId, PolicyName, ThingName, Timestamp};

use crate::registry::{CertificateStatus, PolicyTarget, Registry, RegistryChange, Thing};

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct View {
    things: BTreeMap<ThingName, Arc<Thing>>,
    groups: BTreeMap<String, Option<String>>,
    certificates: BTreeMap<CertificateId, (CertificateStatus, Timestamp)>,
    policies: BTreeMap<PolicyName, Arc<str>>,
    memberships: BTreeSet<(ThingName, String)>,
    attachments: BTreeMap<(ThingName, CertificateId), bool>,
    rights: BTreeSet<(PolicyName, PolicyTarget)>,
}

impl View {
    /// The view that a snapshot makes.
    pub(super) async fn of(registry: &dyn Registry) -> (Self, u64) {
        let mut view = Self::default();
        let revision = registry.snapshot(&mut |fact| view.apply(&fact)).await.unwrap();
        (view, revision)
    }

    pub(super) fn apply(&mut self, fact: &RegistryChange) {
        match fact.clone() {
            RegistryChange::Thing(thing) => {
                self.things.insert(thing.name.clone(), thing);
            }
            RegistryChange::Group { name, parent } => {
                self.groups.insert(name, parent);
            }
            RegistryChange::Joined(thing, group) => {
                self.memberships.insert((thing, group));
            }
            RegistryChange::Certificate { id, status, not_after } => {
                self.certificates.insert(id, (status, not_after));
            }
            RegistryChange::Attached { thing, certificate, is_exclusive } => {
                self.attachments.insert((thing, certificate), is_exclusive);
            }
            RegistryChange::Policy(name, document) => {
                self.policies.insert(name, document);
            }
            RegistryChange::PolicyAttached(policy, target) => {
                self.rights.insert((policy, target));
            }
            RegistryChange::Document(..) => {}
            gone => self.remove(&gone),
        }
    }

    fn remove(&mut self, gone: &RegistryChange) {
        match gone {
            RegistryChange::ThingRemoved(name) => {
                self.things.remove(name);
                self.memberships.retain(|(thing, _)| thing != name);
                self.attachments.retain(|(thing, _), _| thing != name);
            }
            RegistryChange::GroupRemoved(name) => {
                self.groups.remove(name);
                self.memberships.retain(|(_, group)| group != name);
                self.rights.retain(|(_, target)| *target != PolicyTarget::Group(name.clone()));
            }
            RegistryChange::CertificateRemoved(id) => {
                self.certificates.remove(id);
                self.rights.retain(|(_, target)| *target != PolicyTarget::Certificate(id.clone()));
            }
            RegistryChange::PolicyRemoved(name) => {
                self.policies.remove(name);
            }
            RegistryChange::Left(thing, group) => {
                self.memberships.remove(&(thing.clone(), group.clone()));
            }
            RegistryChange::Detached(thing, certificate) => {
                self.attachments.remove(&(thing.clone(), certificate.clone()));
            }
            RegistryChange::PolicyDetached(policy, target) => {
                self.rights.remove(&(policy.clone(), target.clone()));
            }
            fact => panic!("{fact:?} takes nothing away"),
        }
    }
}
