//! Certificates.

use picket_core::{CertificateId, Timestamp};
use picket_ports::registry::CertificateStatus;

use super::ids::IdSet;
use super::table::Row;
use super::{Announcements, View};

/// A certificate's id, as 32 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct CertificateKey([u8; 32]);

impl CertificateKey {
    /// Reads 64 hex digits. Other characters an id has not, so only their number is checked; this runs
    /// for every connection, and for every certificate when the view is loaded.
    pub(super) fn read(id: &CertificateId) -> Option<Self> {
        let digits: &[u8; 64] = id.as_str().as_bytes().try_into().ok()?;
        let (pairs, _) = digits.as_chunks::<2>();
        // Digits are 0x30 to 0x39, letters 0x61 to 0x66.
        let value = |digit: u8| (digit & 0x0f) + 9 * (digit >> 6);
        let mut key = [0; 32];
        for (byte, [high, low]) in key.iter_mut().zip(pairs) {
            *byte = value(*high) << 4 | value(*low);
        }
        Some(Self(key))
    }

    pub(super) fn id(&self) -> Option<CertificateId> {
        CertificateId::new(hex::encode(self.0)).ok()
    }
}

#[derive(Debug)]
pub(super) struct CertificateRow {
    pub(super) key: CertificateKey,
    pub(super) status: CertificateStatus,
    pub(super) not_after: Timestamp,
    /// The things it is attached to, as one of several.
    shared: IdSet,
    /// The things that it is said to be attached to exclusively.
    exclusive: IdSet,
    pub(super) policies: IdSet,
}

impl Row for CertificateRow {
    type Key = CertificateKey;

    fn key(&self) -> &CertificateKey {
        &self.key
    }
}

impl CertificateRow {
    /// False if it was attached this way already.
    pub(super) fn attach(&mut self, thing: u32, is_exclusive: bool) -> bool {
        let (to, from) = match is_exclusive {
            true => (&mut self.exclusive, &mut self.shared),
            false => (&mut self.shared, &mut self.exclusive),
        };
        from.remove(thing);
        to.insert(thing)
    }

    /// False if it was not attached.
    pub(super) fn detach(&mut self, thing: u32) -> bool {
        self.shared.remove(thing) || self.exclusive.remove(thing)
    }

    pub(super) fn is_attached(&self, thing: u32) -> bool {
        self.shared.contains(thing) || self.exclusive.contains(thing)
    }

    /// The thing it is attached to exclusively. With any other attachment beside, it is not.
    pub(super) fn sole_thing(&self) -> Option<u32> {
        match self.exclusive {
            IdSet::One(thing) if self.shared.is_empty() => Some(thing),
            _ => None,
        }
    }

    pub(super) fn count_things(&self) -> usize {
        self.shared.len() + self.exclusive.len()
    }

    pub(super) fn things(&self) -> impl Iterator<Item = u32> {
        self.shared.iter().chain(self.exclusive.iter())
    }
}

impl View {
    pub(super) fn certificate_row(&self, id: &CertificateId) -> Option<u32> {
        self.certificates.find(&CertificateKey::read(id)?)
    }

    pub(super) fn put_certificate(
        &mut self,
        id: &CertificateId,
        state: (CertificateStatus, Timestamp),
        told: &mut Announcements,
    ) {
        let Some(key) = CertificateKey::read(id) else {
            tracing::warn!(%id, "a certificate's id is no SHA-256; nobody can connect with it");
            return;
        };
        let (status, not_after) = state;
        let row = self.certificates.find(&key).and_then(|row| self.certificates.get_mut(row));
        let Some(row) = row else {
            let (shared, exclusive) = (IdSet::default(), IdSet::default());
            let policies = IdSet::default();
            let row = CertificateRow { key, status, not_after, shared, exclusive, policies };
            self.certificates.insert(row);
            told.fresh(key);
            return;
        };
        if (row.status, row.not_after) != state {
            (row.status, row.not_after) = state;
            told.certificate(key);
        }
    }

    pub(super) fn remove_certificate(&mut self, id: &CertificateId, told: &mut Announcements) {
        let Some(id) = self.certificate_row(id) else { return };
        let Some(row) = self.certificates.remove(id) else { return };
        told.certificate(row.key);
        for thing in row.things() {
            if let Some(thing) = self.things.get_mut(thing) {
                thing.certificates.remove(id);
            }
        }
        for policy in row.policies.iter() {
            if let Some(policy) = self.policies.get_mut(policy) {
                policy.certificates.remove(id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_whatever_its_digits() {
        let text = "0123456789abcdef".repeat(4);
        let id = CertificateId::new(&text).unwrap();
        let key = CertificateKey::read(&id).unwrap();
        assert_eq!(hex::encode(key.0), text);
        assert_eq!(key.id(), Some(id));
        let short = CertificateId::new(text.repeat(2).get(..62).unwrap()).unwrap();
        assert_eq!(CertificateKey::read(&short), None);
    }
}
