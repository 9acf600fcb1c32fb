//! What the port promises, in maps: what each operation answers, and what is true after it.

use std::collections::{BTreeMap, BTreeSet};

use super::random_walk::{Operation, status};
use super::view::View;
use super::{at, certificate_id, name, policy, policy_name, thing};
use crate::registry::{PolicyTarget, RegistryChange, Thing};

type Name = &'static str;
type Answer = Result<Vec<RegistryChange>, &'static str>;

const MISSING: Answer = Err("not found");

#[derive(Debug, Default)]
pub(super) struct Model {
    /// What a follower must see.
    pub(super) view: View,
    things: BTreeMap<Name, u64>,
    groups: BTreeMap<Name, (Option<Name>, u64)>,
    certificates: BTreeMap<char, u64>,
    policies: BTreeMap<Name, u64>,
    members: BTreeSet<(Name, Name)>,
    attachments: BTreeMap<(Name, char), bool>,
    rights: BTreeSet<(Name, PolicyTarget)>,
}

fn told(is_news: bool, fact: RegistryChange) -> Answer {
    Ok(Some(fact).filter(|_| is_news).into_iter().collect())
}

/// The stored version must be the one before `version`.
fn swap(stored: Option<&mut u64>, version: u64) -> Result<(), &'static str> {
    match stored {
        None => Err("not found"),
        Some(stored) if *stored + 1 == version => {
            *stored = version;
            Ok(())
        }
        Some(_) => Err("conflict"),
    }
}

fn expect(stored: Option<u64>, expected: Option<u64>) -> Result<(), &'static str> {
    match stored {
        None => Err("not found"),
        Some(stored) if expected.is_none_or(|expected| expected == stored) => Ok(()),
        Some(_) => Err("conflict"),
    }
}

impl Model {
    pub(super) fn parent(&self, group: Name) -> Option<Name> {
        self.groups.get(group).and_then(|(parent, _)| *parent)
    }

    /// Performs an operation; says what it must answer.
    pub(super) fn take(&mut self, operation: &Operation) -> &'static str {
        let answer = match operation.clone() {
            Operation::CreateThing(text) => self.create_thing(text),
            Operation::ReplaceThing(text, version) => self.replace_thing(text, version),
            Operation::DeleteThing(text, expected) => self.delete_thing(text, expected),
            Operation::CreateGroup(text, parent) => self.create_group(text, parent),
            Operation::ReplaceGroup(text, version) => self.replace_group(text, version),
            Operation::DeleteGroup(text, expected) => self.delete_group(text, expected),
            Operation::Join(thing, group) => self.join(thing, group),
            Operation::Leave(thing, group) => told(
                self.members.remove(&(thing, group)),
                RegistryChange::Left(name(thing), group.into()),
            ),
            Operation::CreateCertificate(digit) => self.create_certificate(digit),
            Operation::ReplaceCertificate(digit, version) => {
                self.replace_certificate(digit, version)
            }
            Operation::DeleteCertificate(digit, detach) => self.delete_certificate(digit, detach),
            Operation::Attach(thing, digit, is) => self.attach(thing, digit, is),
            Operation::Detach(thing, digit) => told(
                self.attachments.remove(&(thing, digit)).is_some(),
                RegistryChange::Detached(name(thing), certificate_id(digit)),
            ),
            Operation::CreatePolicy(text) => self.create_policy(text),
            Operation::ReplacePolicy(text, revision) => swap(self.policies.get_mut(text), revision)
                .map(|()| vec![RegistryChange::Policy(policy_name(text), policy(text).document())]),
            Operation::DeletePolicy(text) => self.delete_policy(text),
            Operation::AttachPolicy(text, target) => self.attach_policy(text, target),
            Operation::DetachPolicy(text, target) => told(
                self.rights.remove(&(text, target.clone())),
                RegistryChange::PolicyDetached(policy_name(text), target),
            ),
        };
        match answer {
            Ok(facts) => {
                facts.iter().for_each(|fact| self.view.apply(fact));
                "done"
            }
            Err(why) => why,
        }
    }

    fn create_thing(&mut self, text: Name) -> Answer {
        if self.things.contains_key(text) {
            return Err("exists");
        }
        self.things.insert(text, 1);
        Ok(vec![RegistryChange::Thing(thing(text).into())])
    }

    fn replace_thing(&mut self, text: Name, version: u64) -> Answer {
        swap(self.things.get_mut(text), version)?;
        Ok(vec![RegistryChange::Thing(Thing { version, ..thing(text) }.into())])
    }

    fn delete_thing(&mut self, text: Name, expected: Option<u64>) -> Answer {
        expect(self.things.get(text).copied(), expected)?;
        if self.attachments.keys().any(|(thing, _)| *thing == text) {
            return Err("in use");
        }
        self.things.remove(text);
        self.members.retain(|(thing, _)| *thing != text);
        Ok(vec![RegistryChange::ThingRemoved(name(text))])
    }

    fn create_group(&mut self, text: Name, parent: Option<Name>) -> Answer {
        if parent.is_some_and(|parent| !self.groups.contains_key(parent)) {
            return MISSING;
        }
        if self.groups.contains_key(text) {
            return Err("exists");
        }
        self.groups.insert(text, (parent, 1));
        self.group_fact(text)
    }

    fn group_fact(&self, text: Name) -> Answer {
        let parent = self.parent(text).map(str::to_owned);
        Ok(vec![RegistryChange::Group { name: text.into(), parent }])
    }

    fn replace_group(&mut self, text: Name, version: u64) -> Answer {
        swap(self.groups.get_mut(text).map(|(_, stored)| stored), version)?;
        self.group_fact(text)
    }

    fn delete_group(&mut self, text: Name, expected: Option<u64>) -> Answer {
        expect(self.groups.get(text).map(|(_, version)| *version), expected)?;
        if self.groups.values().any(|(parent, _)| *parent == Some(text)) {
            return Err("in use");
        }
        self.groups.remove(text);
        self.members.retain(|(_, group)| *group != text);
        self.rights.retain(|(_, target)| *target != PolicyTarget::Group(text.into()));
        Ok(vec![RegistryChange::GroupRemoved(text.into())])
    }

    fn join(&mut self, thing: Name, group: Name) -> Answer {
        if !self.things.contains_key(thing) || !self.groups.contains_key(group) {
            return MISSING;
        }
        let is_news = self.members.insert((thing, group));
        told(is_news, RegistryChange::Joined(name(thing), group.into()))
    }

    fn create_certificate(&mut self, digit: char) -> Answer {
        if self.certificates.contains_key(&digit) {
            return Err("exists");
        }
        self.certificates.insert(digit, 1);
        self.certificate_fact(digit, 1)
    }

    fn certificate_fact(&self, digit: char, version: u64) -> Answer {
        let (id, status) = (certificate_id(digit), status(version));
        Ok(vec![RegistryChange::Certificate { id, status, not_after: at(9) }])
    }

    fn replace_certificate(&mut self, digit: char, version: u64) -> Answer {
        swap(self.certificates.get_mut(&digit), version)?;
        self.certificate_fact(digit, version)
    }

    fn delete_certificate(&mut self, digit: char, detach_policies: bool) -> Answer {
        let target = PolicyTarget::Certificate(certificate_id(digit));
        if !self.certificates.contains_key(&digit) {
            return MISSING;
        }
        let has_things = self.attachments.keys().any(|(_, attached)| *attached == digit);
        let has_policies = self.rights.iter().any(|(_, attached)| *attached == target);
        if has_things || (has_policies && !detach_policies) {
            return Err("in use");
        }
        self.certificates.remove(&digit);
        self.rights.retain(|(_, attached)| *attached != target);
        Ok(vec![RegistryChange::CertificateRemoved(certificate_id(digit))])
    }

    fn attach(&mut self, thing: Name, digit: char, is_exclusive: bool) -> Answer {
        if !self.things.contains_key(thing) || !self.certificates.contains_key(&digit) {
            return MISSING;
        }
        let before = self.attachments.insert((thing, digit), is_exclusive);
        let (thing, certificate) = (name(thing), certificate_id(digit));
        let fact = RegistryChange::Attached { thing, certificate, is_exclusive };
        told(before != Some(is_exclusive), fact)
    }

    fn create_policy(&mut self, text: Name) -> Answer {
        if self.policies.contains_key(text) {
            return Err("exists");
        }
        self.policies.insert(text, 1);
        Ok(vec![RegistryChange::Policy(policy_name(text), policy(text).document())])
    }

    fn delete_policy(&mut self, text: Name) -> Answer {
        if !self.policies.contains_key(text) {
            return MISSING;
        }
        if self.rights.iter().any(|(policy, _)| *policy == text) {
            return Err("in use");
        }
        self.policies.remove(text);
        Ok(vec![RegistryChange::PolicyRemoved(policy_name(text))])
    }

    fn attach_policy(&mut self, text: Name, target: PolicyTarget) -> Answer {
        let is_there = match &target {
            PolicyTarget::Certificate(id) => {
                self.certificates.keys().any(|digit| certificate_id(*digit) == *id)
            }
            PolicyTarget::Group(group) => self.groups.contains_key(group.as_str()),
            PolicyTarget::Identity(_) => true,
        };
        if !is_there || !self.policies.contains_key(text) {
            return MISSING;
        }
        let is_news = self.rights.insert((text, target.clone()));
        told(is_news, RegistryChange::PolicyAttached(policy_name(text), target))
    }
}
