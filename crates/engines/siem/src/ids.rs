//! Which event ids have been stored.

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};

/// Remembers the newest ids, half of the bound at least.
///
/// Only a 64-bit hash of an id is kept, made with a key that is random in each process, so that a
/// sender cannot aim at a collision. With four million ids remembered, one new id in four million
/// million is taken for a repeat by accident.
#[derive(Debug)]
pub(crate) struct SeenIds {
    keys: ahash::RandomState,
    /// The newer half, then the older one.
    halves: [HashSet<u64, BuildHasherDefault<Hashed>>; 2],
    half_max: usize,
}

impl SeenIds {
    pub(crate) fn new(ids_max: usize) -> Self {
        Self {
            keys: ahash::RandomState::new(),
            halves: <[HashSet<u64, _>; 2]>::default(),
            half_max: (ids_max / 2).max(1),
        }
    }

    /// Notes `id`. False if it was there.
    pub(crate) fn insert(&mut self, id: &str) -> bool {
        let hash = self.keys.hash_one(id);
        let [newer, older] = &mut self.halves;
        if older.contains(&hash) || !newer.insert(hash) {
            return false;
        }
        if newer.len() == self.half_max {
            std::mem::swap(newer, older);
            newer.clear();
        }
        true
    }

    pub(crate) fn len(&self) -> usize {
        self.halves.iter().map(HashSet::len).sum()
    }
}

/// Takes a hash as it is.
#[derive(Debug, Default)]
struct Hashed(u64);

impl Hasher for Hashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _bytes: &[u8]) {}

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeat_is_known_until_enough_others_have_come() {
        let mut seen = SeenIds::new(4);
        assert!(seen.insert("a"));
        assert!(!seen.insert("a"));
        for id in ["b", "c"] {
            assert!(seen.insert(id));
        }
        assert!(!seen.insert("a"));
        assert!(seen.insert("d"));
        assert!(seen.insert("a"), "forgotten with the older half");
        assert!(seen.len() <= 4);
    }
}
