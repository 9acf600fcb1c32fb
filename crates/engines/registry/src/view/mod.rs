//! The registry in memory, indexed the way the front door asks.
//!
//! Entries are rows of four tables and know each other by number, in both directions, so that a
//! change costs what it touches and never depends on how many things there are. A thing with a
//! certificate, a group and a policy takes about 300 bytes.

mod announcements;
mod certificates;
mod groups;
mod ids;
mod policies;
mod read;
mod table;
mod things;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use picket_ports::directory::ThingEntry;
use picket_ports::registry::{RegistryChange, Thing};

pub(crate) use announcements::Announcements;
use certificates::{CertificateKey, CertificateRow};
pub(crate) use groups::Grave;
use groups::GroupRow;
use policies::PolicyRow;
use table::Table;
use things::ThingRow;

/// One consistent picture of the registry.
#[derive(Default)]
pub(crate) struct View {
    things: Table<ThingRow>,
    certificates: Table<CertificateRow>,
    groups: Table<GroupRow>,
    policies: Table<PolicyRow>,
    graves: Vec<Grave>,
    /// The thing tied last. Snapshots tell ties in the order in which they tell things.
    tied: u32,
}

/// How much there is; the rest would fill any log.
impl fmt::Debug for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("View")
            .field("things", &self.things.len())
            .field("certificates", &self.certificates.len())
            .field("groups", &self.groups.len())
            .field("policies", &self.policies.len())
            .finish_non_exhaustive()
    }
}

impl View {
    /// Makes `change` true and notes in `told` whom it concerns. A change that is true already concerns
    /// nobody; one that names what is not there is passed over, since what follows removes it anyway.
    pub(crate) fn apply(&mut self, change: &RegistryChange, told: &mut Announcements) {
        self.take(change, None, told);
    }

    /// As [`Self::apply`], for a new view that takes the place of `before`. Things and policies that are
    /// the same in both stay the same allocation, so that whoever caches by pointer keeps its cache.
    pub(crate) fn adopt(
        &mut self,
        change: &RegistryChange,
        before: &Self,
        told: &mut Announcements,
    ) {
        self.take(change, Some(before), told);
    }

    fn take(&mut self, change: &RegistryChange, before: Option<&Self>, told: &mut Announcements) {
        use RegistryChange as Change;
        match change {
            Change::Thing(thing) => self.put_thing(&entry_of(thing), before, told),
            Change::ThingRemoved(name) => self.remove_thing(name, told),
            Change::Group { name, parent } => self.put_group(name, parent.as_deref(), told),
            Change::GroupRemoved(name) => self.remove_group(name, told),
            Change::Joined(thing, group) => self.join(thing, group, told),
            Change::Left(thing, group) => self.leave(thing, group, told),
            Change::Certificate { id, status, not_after } => {
                self.put_certificate(id, (*status, *not_after), told);
            }
            Change::CertificateRemoved(id) => self.remove_certificate(id, told),
            Change::Attached { thing, certificate, is_exclusive } => {
                self.attach(thing, certificate, *is_exclusive, told);
            }
            Change::Detached(thing, certificate) => self.detach(thing, certificate, told),
            Change::Policy(name, document) => self.put_policy((name, document), before, told),
            Change::PolicyRemoved(name) => self.remove_policy(name, told),
            Change::PolicyAttached(name, target) => self.attach_policy(name, target, told),
            Change::PolicyDetached(name, target) => self.detach_policy(name, target, told),
            Change::Document(..) => {}
        }
    }

    /// What to announce when `self` takes the place of `before`: that anything may have changed, and by
    /// name the certificates that are not what they were.
    pub(crate) fn replacing(&self, before: &Self) -> Announcements {
        let is_other = |row: &CertificateRow| {
            let now = self.certificates.find(&row.key).and_then(|id| self.certificates.get(id));
            now.is_none_or(|now| (now.status, now.not_after) != (row.status, row.not_after))
        };
        let rows = before.certificates.iter();
        let changed: BTreeSet<CertificateKey> =
            rows.filter(|(_, row)| is_other(row)).map(|(_, row)| row.key).collect();
        Announcements::everything(changed)
    }
}

fn entry_of(thing: &Thing) -> Arc<ThingEntry> {
    Arc::new(ThingEntry {
        name: thing.name.clone(),
        type_name: thing.type_name.clone(),
        attributes: thing.attributes.clone(),
    })
}

#[cfg(test)]
mod tests;
