//! Locks by name, for checks over more than one row.

use ahash::RandomState;
use tokio::sync::{Mutex, MutexGuard};

const STRIPES: usize = 256;

/// A fixed number of locks that names are spread over; two names may share one.
#[derive(Debug)]
pub(crate) struct NameLocks {
    stripes: Vec<Mutex<()>>,
    hasher: RandomState,
}

impl Default for NameLocks {
    fn default() -> Self {
        Self { stripes: (0..STRIPES).map(|_| Mutex::new(())).collect(), hasher: RandomState::new() }
    }
}

impl NameLocks {
    /// Holds the locks of all `names` at once, for example `thing/pump-17` and `group/ward-3`. They are
    /// taken in one order, so that two callers cannot wait for each other; ask for all in one call.
    pub(crate) async fn hold(&self, names: &[&str]) -> Vec<MutexGuard<'_, ()>> {
        let place = |name: &&str| {
            let hash = self.hasher.hash_one(name);
            usize::try_from(hash % STRIPES as u64).unwrap_or(0)
        };
        let mut places: Vec<usize> = names.iter().map(place).collect();
        places.sort_unstable();
        places.dedup();
        let mut held = Vec::with_capacity(places.len());
        for place in places {
            if let Some(stripe) = self.stripes.get(place) {
                held.push(stripe.lock().await);
            }
        }
        held
    }
}
