//! Policy documents, parsed once for each version.

use std::sync::Arc;

use ahash::AHashMap;
use parking_lot::Mutex;
use picket_core::{Account, PolicyName};
use picket_policy::{CompiledPolicy, MalformedPolicy, PolicyDocument, Subject};
use picket_ports::directory::PolicyText;

/// A stored policy that cannot be read. Whoever it is attached to has no rights at all, since it may
/// hold a denial.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("policy {policy} cannot be read: {problem}")]
pub struct UnreadablePolicy {
    /// The policy.
    pub policy: PolicyName,
    /// What is wrong with it.
    pub problem: MalformedPolicy,
}

/// A policy that has been read.
#[derive(Debug, Clone)]
pub(super) struct Shelved {
    pub(super) document: Arc<PolicyDocument>,
    /// The compiled policy, if it is the same for everybody.
    pub(super) for_all: Option<Arc<CompiledPolicy>>,
}

type Reading = Result<Shelved, UnreadablePolicy>;

#[derive(Debug, Default)]
pub(super) struct PolicyShelf {
    places: Mutex<Places>,
}

#[derive(Debug, Default)]
struct Places {
    read: AHashMap<PolicyName, (Arc<PolicyText>, Reading)>,
    /// How many there may be before those are looked for that the registry has dropped.
    tidy_at: usize,
}

const TIDY_AT_MIN: usize = 64;

impl PolicyShelf {
    /// All of `policies`, unless one cannot be read.
    pub(super) fn all(
        &self,
        account: &Account,
        policies: &[Arc<PolicyText>],
    ) -> Result<Vec<Shelved>, UnreadablePolicy> {
        let mut places = self.places.lock();
        policies.iter().map(|policy| places.one(account, policy)).collect()
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.places.lock().read.len()
    }
}

impl Places {
    fn one(&mut self, account: &Account, policy: &Arc<PolicyText>) -> Reading {
        if let Some((text, reading)) = self.read.get(&policy.name)
            && Arc::ptr_eq(text, policy)
        {
            return reading.clone();
        }
        let reading = read(account, policy);
        if let Err(error) = &reading {
            tracing::error!(%error, "a policy gives nobody any rights");
        }
        self.tidy();
        self.read.insert(policy.name.clone(), (Arc::clone(policy), reading.clone()));
        reading
    }

    /// Drops what nobody but the shelf holds any more: policies that were deleted or replaced.
    fn tidy(&mut self) {
        if self.read.len() < self.tidy_at.max(TIDY_AT_MIN) {
            return;
        }
        self.read.retain(|_, (text, _)| Arc::strong_count(text) > 1);
        self.tidy_at = self.read.len() * 2;
    }
}

fn read(account: &Account, policy: &PolicyText) -> Reading {
    let document = match PolicyDocument::parse_stored(&policy.document) {
        Ok(document) => Arc::new(document.named(policy.name.as_str())),
        Err(problem) => return Err(UnreadablePolicy { policy: policy.name.clone(), problem }),
    };
    let for_all = document.is_same_for_all().then(|| {
        let nobody = Subject::default();
        Arc::new(CompiledPolicy::new(account, Arc::clone(&document), &nobody))
    });
    Ok(Shelved { document, for_all })
}
