//! Policies, and what they are attached to.

use std::sync::Arc;

use picket_core::PolicyName;
use picket_ports::directory::PolicyText;
use picket_ports::registry::PolicyTarget;

use super::announcements::NAMED_MAX;
use super::ids::IdSet;
use super::table::Row;
use super::{Announcements, View};

#[derive(Debug)]
pub(super) struct PolicyRow {
    pub(super) text: Arc<PolicyText>,
    pub(super) certificates: IdSet,
    pub(super) groups: IdSet,
}

impl Row for PolicyRow {
    type Key = str;

    fn key(&self) -> &str {
        self.text.name.as_str()
    }
}

/// A target's row.
#[derive(Debug, Clone, Copy)]
enum Target {
    Certificate(u32),
    Group(u32),
}

impl View {
    pub(super) fn put_policy(
        &mut self,
        (name, document): (&PolicyName, &str),
        before: Option<&Self>,
        told: &mut Announcements,
    ) {
        if let Some(id) = self.policies.find(name.as_str()) {
            let row = self.policies.get_mut(id).filter(|row| row.text.document != document);
            if let Some(row) = row {
                row.text = text_of(name, document);
                self.tell_policy(id, told);
            }
            return;
        }
        let same = before.and_then(|before| before.policy_text(name.as_str()));
        let same = same.filter(|same| same.document == document).map(Arc::clone);
        let text = same.unwrap_or_else(|| text_of(name, document));
        let (certificates, groups) = (IdSet::default(), IdSet::default());
        self.policies.insert(PolicyRow { text, certificates, groups });
    }

    fn policy_text(&self, name: &str) -> Option<&Arc<PolicyText>> {
        Some(&self.policies.get(self.policies.find(name)?)?.text)
    }

    pub(super) fn remove_policy(&mut self, name: &PolicyName, told: &mut Announcements) {
        let Some(id) = self.policies.find(name.as_str()) else { return };
        self.tell_policy(id, told);
        let Some(row) = self.policies.remove(id) else { return };
        for certificate in row.certificates.iter() {
            if let Some(certificate) = self.certificates.get_mut(certificate) {
                certificate.policies.remove(id);
            }
        }
        for group in row.groups.iter() {
            if let Some(group) = self.groups.get_mut(group) {
                group.policies.remove(id);
            }
        }
    }

    pub(super) fn attach_policy(
        &mut self,
        name: &PolicyName,
        target: &PolicyTarget,
        told: &mut Announcements,
    ) {
        self.tie(name, target, told, IdSet::insert);
    }

    pub(super) fn detach_policy(
        &mut self,
        name: &PolicyName,
        target: &PolicyTarget,
        told: &mut Announcements,
    ) {
        self.tie(name, target, told, IdSet::remove);
    }

    /// Changes both ends of an attachment.
    fn tie(
        &mut self,
        name: &PolicyName,
        target: &PolicyTarget,
        told: &mut Announcements,
        change: fn(&mut IdSet, u32) -> bool,
    ) {
        let Some(policy) = self.policies.find(name.as_str()) else { return };
        let Some(target) = self.target(target) else { return };
        let Some(row) = self.policies.get_mut(policy) else { return };
        let has_changed = match target {
            Target::Certificate(id) => change(&mut row.certificates, id),
            Target::Group(id) => change(&mut row.groups, id),
        };
        if !has_changed {
            return;
        }
        match target {
            Target::Certificate(id) => {
                if let Some(row) = self.certificates.get_mut(id) {
                    change(&mut row.policies, policy);
                    told.rights_of(row.key);
                }
            }
            Target::Group(id) => {
                if let Some(row) = self.groups.get_mut(id) {
                    change(&mut row.policies, policy);
                }
                self.tell_group(id, told);
            }
        }
    }

    /// Nothing connects as an identity, so those are nowhere in the view.
    fn target(&self, target: &PolicyTarget) -> Option<Target> {
        match target {
            PolicyTarget::Certificate(id) => self.certificate_row(id).map(Target::Certificate),
            PolicyTarget::Group(name) => {
                let id = self.groups.find(name)?;
                self.groups.get(id).filter(|row| row.is_there).map(|_| Target::Group(id))
            }
            PolicyTarget::Identity(_) => None,
        }
    }

    /// Notes that what a policy says has changed, for all whom it concerns.
    fn tell_policy(&self, id: u32, told: &mut Announcements) {
        let Some(row) = self.policies.get(id) else { return };
        if row.certificates.len() > NAMED_MAX {
            told.rights();
        }
        for certificate in row.certificates.iter() {
            if told.says_all() {
                return;
            }
            if let Some(certificate) = self.certificates.get(certificate) {
                told.rights_of(certificate.key);
            }
        }
        for group in row.groups.iter() {
            if told.says_all() {
                return;
            }
            self.tell_group(group, told);
        }
    }
}

fn text_of(name: &PolicyName, document: &str) -> Arc<PolicyText> {
    Arc::new(PolicyText { name: name.clone(), document: document.to_owned() })
}
