//! Policy documents, parsed once for each version.

use std::sync::Arc;

use ahash::AHashMap;
use parking_lot::Mutex;
use picket_core::{Account, PolicyName};
use picket_policy::{CompiledPolicy, PolicyDocument, Subject};
use picket_ports::directory::PolicyText;

/// A policy that has been read.
#[derive(Debug, Clone)]
pub(super) struct Shelved {
    pub(super) document: Arc<PolicyDocument>,
    /// The compiled policy, if it is the same for everybody.
    pub(super) for_all: Option<Arc<CompiledPolicy>>,
}

#[derive(Debug, Default)]
pub(super) struct PolicyShelf {
    places: Mutex<Places>,
}

#[derive(Debug, Default)]
struct Places {
    shelved: AHashMap<PolicyName, (Arc<PolicyText>, Shelved)>,
    /// How many there may be before those are looked for that the registry has dropped.
    tidy_at: usize,
}

const TIDY_AT_MIN: usize = 64;

impl PolicyShelf {
    /// All of `policies`; `None` if one cannot be read.
    pub(super) fn all(
        &self,
        account: &Account,
        policies: &[Arc<PolicyText>],
    ) -> Option<Vec<Shelved>> {
        let mut places = self.places.lock();
        policies.iter().map(|policy| places.one(account, policy)).collect()
    }
}

impl Places {
    fn one(&mut self, account: &Account, policy: &Arc<PolicyText>) -> Option<Shelved> {
        if let Some((text, shelved)) = self.shelved.get(&policy.name)
            && Arc::ptr_eq(text, policy)
        {
            return Some(shelved.clone());
        }
        let document = match PolicyDocument::parse(&policy.document) {
            Ok(document) => Arc::new(document.named(policy.name.as_str())),
            Err(error) => {
                tracing::error!(policy = %policy.name, %error, "a stored policy cannot be read");
                return None;
            }
        };
        let for_all = document.is_same_for_all().then(|| {
            let nobody = Subject::default();
            Arc::new(CompiledPolicy::new(account, Arc::clone(&document), &nobody))
        });
        let shelved = Shelved { document, for_all };
        self.tidy();
        self.shelved.insert(policy.name.clone(), (Arc::clone(policy), shelved.clone()));
        Some(shelved)
    }

    /// Drops what nobody but the shelf holds any more: policies that were deleted or replaced.
    fn tidy(&mut self) {
        if self.shelved.len() < self.tidy_at.max(TIDY_AT_MIN) {
            return;
        }
        self.shelved.retain(|_, (text, _)| Arc::strong_count(text) > 1);
        self.tidy_at = self.shelved.len() * 2;
    }
}
