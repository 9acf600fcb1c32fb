//! Long walks of random operations: every answer and every state must be the one that a model gives,
//! which is written apart from any adapter.

use std::collections::BTreeSet;

use super::model::Model;
use super::view::View;
use super::{Fresh, certificate, certificate_id, group, name, policy, policy_name, thing};
use crate::registry::{
    Certificate, CertificateStatus, Policy, PolicyTarget, Registry, RegistryError, Thing,
    ThingGroup,
};

const WALKS: u64 = 6;
const STEPS: u32 = 400;

pub(super) async fn run(open: &impl AsyncFn() -> Fresh) {
    let mut answers = BTreeSet::new();
    for seed in 1..=WALKS {
        let dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        walk(open().await, dice, &mut answers).await;
    }
    let all = ["conflict", "done", "exists", "in use", "not found"];
    assert!(answers.into_iter().eq(all), "the walks should meet every answer");
}

async fn walk(registry: Fresh, mut dice: Dice, answers: &mut BTreeSet<&'static str>) {
    let (mut model, mut followed, mut feed) =
        (Model::default(), View::default(), registry.changes());
    for step in 0..STEPS {
        let operation = Operation::any(&mut dice);
        let parent = operation.group().and_then(|group| model.parent(group));
        let expected = model.take(&operation);
        let answered = label(operation.perform(&*registry, parent).await);
        answers.insert(answered);
        assert_eq!(answered, expected, "step {step}: {operation:?}");
        while let Ok(set) = feed.try_recv() {
            set.changes.iter().for_each(|fact| followed.apply(fact));
        }
        assert_eq!(followed, model.view, "the feed after step {step}: {operation:?}");
        if step % 50 == 49 {
            assert_eq!(View::of(&*registry).await.0, model.view, "the snapshot after step {step}");
        }
    }
}

/// Numbers that look random and are the same in each run (xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }

    fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        let count = u64::try_from(choices.len()).unwrap();
        choices[usize::try_from(self.below(count)).unwrap()]
    }
}

fn label(outcome: Result<(), RegistryError>) -> &'static str {
    match outcome {
        Ok(()) => "done",
        Err(RegistryError::NotFound { .. }) => "not found",
        Err(RegistryError::AlreadyExists { .. }) => "exists",
        Err(RegistryError::VersionConflict { .. }) => "conflict",
        Err(RegistryError::InUse { .. }) => "in use",
        Err(RegistryError::Storage(why)) => panic!("{why}"),
    }
}

/// The status a certificate has at a version.
pub(super) fn status(version: u64) -> CertificateStatus {
    if version % 2 == 1 { CertificateStatus::Active } else { CertificateStatus::Inactive }
}

/// An operation on one of few names, so that they meet.
#[derive(Debug, Clone)]
pub(super) enum Operation {
    CreateThing(&'static str),
    ReplaceThing(&'static str, u64),
    DeleteThing(&'static str, Option<u64>),
    CreateGroup(&'static str, Option<&'static str>),
    ReplaceGroup(&'static str, u64),
    DeleteGroup(&'static str, Option<u64>),
    Join(&'static str, &'static str),
    Leave(&'static str, &'static str),
    CreateCertificate(char),
    ReplaceCertificate(char, u64),
    DeleteCertificate(char, bool),
    Attach(&'static str, char, bool),
    Detach(&'static str, char),
    CreatePolicy(&'static str),
    ReplacePolicy(&'static str, u64),
    DeletePolicy(&'static str),
    AttachPolicy(&'static str, PolicyTarget),
    DetachPolicy(&'static str, PolicyTarget),
}

impl Operation {
    fn any(dice: &mut Dice) -> Self {
        let thing = dice.one_of(&["t", "u", "v"]);
        let (group, parent) = (dice.one_of(&["g", "h", "i"]), dice.one_of(&["g", "h", "i"]));
        let (digit, policy) = (dice.one_of(&['a', 'b', 'c']), dice.one_of(&["p", "q"]));
        let (version, is) = (dice.below(4) + 1, dice.below(2) == 0);
        let target = match dice.below(3) {
            0 => PolicyTarget::Certificate(certificate_id(digit)),
            1 => PolicyTarget::Group(group.into()),
            _ => PolicyTarget::Identity(thing.into()),
        };
        let expected = Some(version).filter(|_| is);
        match dice.below(22) {
            0 | 18 => Self::CreateThing(thing),
            1 => Self::ReplaceThing(thing, version),
            2 => Self::DeleteThing(thing, expected),
            3 | 19 => Self::CreateGroup(group, Some(parent).filter(|_| is)),
            4 => Self::ReplaceGroup(group, version),
            5 => Self::DeleteGroup(group, expected),
            6 => Self::Join(thing, group),
            7 => Self::Leave(thing, group),
            8 | 20 => Self::CreateCertificate(digit),
            9 => Self::ReplaceCertificate(digit, version),
            10 => Self::DeleteCertificate(digit, is),
            11 => Self::Attach(thing, digit, is),
            12 => Self::Detach(thing, digit),
            13 | 21 => Self::CreatePolicy(policy),
            14 => Self::ReplacePolicy(policy, version),
            15 => Self::DeletePolicy(policy),
            16 => Self::AttachPolicy(policy, target),
            _ => Self::DetachPolicy(policy, target),
        }
    }

    fn group(&self) -> Option<&'static str> {
        match self {
            Self::ReplaceGroup(group, _) => Some(group),
            _ => None,
        }
    }

    async fn perform(&self, on: &dyn Registry, parent: Option<&str>) -> Result<(), RegistryError> {
        match self.clone() {
            Self::CreateThing(text) => on.create_thing(&thing(text)).await,
            Self::ReplaceThing(text, version) => {
                on.replace_thing(&Thing { version, ..thing(text) }).await
            }
            Self::DeleteThing(text, expected) => on.delete_thing(&name(text), expected).await,
            Self::CreateGroup(text, parent) => on.create_group(&group(text, parent)).await,
            Self::ReplaceGroup(text, version) => {
                on.replace_group(&ThingGroup { version, ..group(text, parent) }).await
            }
            Self::DeleteGroup(text, expected) => on.delete_group(text, expected).await,
            Self::Join(thing, group) => on.add_to_group(&name(thing), group).await,
            Self::Leave(thing, group) => on.remove_from_group(&name(thing), group).await,
            Self::CreateCertificate(digit) => on.create_certificate(&certificate(digit)).await,
            Self::ReplaceCertificate(digit, version) => {
                let changed =
                    Certificate { version, status: status(version), ..certificate(digit) };
                on.replace_certificate(&changed).await
            }
            Self::DeleteCertificate(digit, detach) => {
                on.delete_certificate(&certificate_id(digit), detach).await
            }
            Self::Attach(thing, digit, is) => {
                on.attach_thing(&name(thing), &certificate_id(digit), is).await
            }
            Self::Detach(thing, digit) => {
                on.detach_thing(&name(thing), &certificate_id(digit)).await
            }
            Self::CreatePolicy(text) => on.create_policy(&policy(text)).await,
            Self::ReplacePolicy(text, revision) => {
                on.replace_policy(&Policy { revision, ..policy(text) }).await
            }
            Self::DeletePolicy(text) => on.delete_policy(&policy_name(text)).await,
            Self::AttachPolicy(text, target) => on.attach_policy(&policy_name(text), &target).await,
            Self::DetachPolicy(text, target) => on.detach_policy(&policy_name(text), &target).await,
        }
    }
}
