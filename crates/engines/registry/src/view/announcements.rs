//! What must be told to those who follow the directory.

use std::collections::BTreeSet;

use picket_ports::directory::DirectoryChange;

use super::certificates::CertificateKey;

/// Up to so many certificates are named one by one; beyond that everybody evaluates anew. To name one
/// costs a look-up among the sessions, to evaluate one session anew costs tens of microseconds: with
/// ten thousand sessions, a thousand names are still the cheaper way.
pub(super) const NAMED_MAX: usize = 1_024;

/// The announcements of changes that came together, each once.
#[derive(Debug, Default)]
pub(crate) struct Announcements {
    certificates: BTreeSet<CertificateKey>,
    rights_of: BTreeSet<CertificateKey>,
    /// Registered by these very changes, so that no session can have them.
    fresh: BTreeSet<CertificateKey>,
    rights: bool,
    things: bool,
    muted: bool,
}

impl Announcements {
    /// Takes nothing down: for a view that nobody sees yet.
    pub(crate) fn muted() -> Self {
        Self { muted: true, ..Self::default() }
    }

    /// Everything may have changed, and these certificates have.
    pub(crate) fn everything(certificates: BTreeSet<CertificateKey>) -> Self {
        Self { certificates, rights: true, things: true, ..Self::default() }
    }

    pub(super) fn fresh(&mut self, key: CertificateKey) {
        if !self.muted && !self.certificates.contains(&key) {
            self.fresh.insert(key);
        }
    }

    pub(super) fn certificate(&mut self, key: CertificateKey) {
        if !self.muted && !self.fresh.contains(&key) {
            self.certificates.insert(key);
        }
    }

    pub(super) fn rights_of(&mut self, key: CertificateKey) {
        if self.muted || self.rights || self.fresh.contains(&key) {
            return;
        }
        self.rights_of.insert(key);
        if self.rights_of.len() > NAMED_MAX {
            self.rights();
        }
    }

    pub(super) fn rights(&mut self) {
        self.rights = !self.muted;
        self.rights_of.clear();
    }

    pub(super) fn things(&mut self) {
        self.things = !self.muted;
    }

    /// Whether nothing that concerns sessions needs to be looked for any more.
    pub(super) fn says_all(&self) -> bool {
        self.rights || self.muted
    }

    /// What to announce, certificates first.
    pub(crate) fn into_changes(self) -> Vec<DirectoryChange> {
        let certificates = self
            .certificates
            .iter()
            .filter_map(|key| Some(DirectoryChange::Certificate(key.id()?)));
        let rights_of =
            self.rights_of.iter().filter_map(|key| Some(DirectoryChange::RightsOf(key.id()?)));
        let mut changes: Vec<_> = certificates.chain(rights_of).collect();
        changes.extend(self.rights.then_some(DirectoryChange::Rights));
        changes.extend(self.things.then_some(DirectoryChange::Things));
        changes
    }
}
