//! Things, and the certificates attached to them.

use std::sync::Arc;

use picket_core::{CertificateId, ThingName};
use picket_ports::directory::ThingEntry;

use super::ids::IdSet;
use super::table::Row;
use super::{Announcements, View};

#[derive(Debug)]
pub(super) struct ThingRow {
    pub(super) entry: Arc<ThingEntry>,
    /// The groups it is in directly. May name one that has gone.
    pub(super) groups: IdSet,
    pub(super) certificates: IdSet,
}

impl Row for ThingRow {
    type Key = str;

    fn key(&self) -> &str {
        self.entry.name.as_str()
    }
}

impl View {
    pub(super) fn put_thing(
        &mut self,
        entry: &Arc<ThingEntry>,
        before: Option<&Self>,
        told: &mut Announcements,
    ) {
        let name = entry.name.as_str();
        if let Some(id) = self.things.find(name) {
            let Some(row) = self.things.get_mut(id).filter(|row| row.entry != *entry) else {
                return;
            };
            row.entry = Arc::clone(entry);
            self.tell_thing(id, told);
            return;
        }
        let same = before.and_then(|before| before.entry(name)).filter(|same| *same == entry);
        let entry = Arc::clone(same.unwrap_or(entry));
        let (groups, certificates) = (IdSet::default(), IdSet::default());
        self.things.insert(ThingRow { entry, groups, certificates });
        told.things();
    }

    fn entry(&self, name: &str) -> Option<&Arc<ThingEntry>> {
        Some(&self.things.get(self.things.find(name)?)?.entry)
    }

    pub(super) fn remove_thing(&mut self, name: &ThingName, told: &mut Announcements) {
        let Some(id) = self.things.find(name.as_str()) else { return };
        self.tell_thing(id, told);
        told.things();
        let Some(row) = self.things.remove(id) else { return };
        for group in row.groups.iter() {
            if let Some(group) = self.groups.get_mut(group) {
                group.members.remove(id);
            }
        }
        for certificate in row.certificates.iter() {
            if let Some(certificate) = self.certificates.get_mut(certificate) {
                certificate.detach(id);
            }
        }
    }

    pub(super) fn attach(
        &mut self,
        thing: &ThingName,
        certificate: &CertificateId,
        is_exclusive: bool,
        told: &mut Announcements,
    ) {
        let Some((thing, certificate)) = self.pair(thing, certificate) else { return };
        let Some(row) = self.certificates.get_mut(certificate) else { return };
        if !row.attach(thing, is_exclusive) {
            return;
        }
        told.rights_of(row.key);
        if let Some(row) = self.things.get_mut(thing) {
            row.certificates.insert(certificate);
        }
    }

    pub(super) fn detach(
        &mut self,
        thing: &ThingName,
        certificate: &CertificateId,
        told: &mut Announcements,
    ) {
        let Some((thing, certificate)) = self.pair(thing, certificate) else { return };
        let Some(row) = self.certificates.get_mut(certificate) else { return };
        if !row.detach(thing) {
            return;
        }
        told.rights_of(row.key);
        if let Some(row) = self.things.get_mut(thing) {
            row.certificates.remove(certificate);
        }
    }

    fn pair(&mut self, thing: &ThingName, certificate: &CertificateId) -> Option<(u32, u32)> {
        Some((self.thing_to_tie(thing)?, self.certificate_row(certificate)?))
    }

    pub(super) fn thing_to_tie(&mut self, name: &ThingName) -> Option<u32> {
        self.tied = self.things.find_near(name.as_str(), self.tied)?;
        Some(self.tied)
    }

    /// Notes that the rights of all who connect as this thing may have changed.
    pub(super) fn tell_thing(&self, id: u32, told: &mut Announcements) {
        let Some(row) = self.things.get(id) else { return };
        for certificate in row.certificates.iter() {
            if told.says_all() {
                return;
            }
            if let Some(certificate) = self.certificates.get(certificate) {
                told.rights_of(certificate.key);
            }
        }
    }
}
