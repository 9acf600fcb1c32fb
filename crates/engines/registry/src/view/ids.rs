//! Sets of row numbers where one element is the rule.

use std::{option, slice};

use ahash::AHashSet;

/// From this size on a set is hashed.
const HASHED_FROM: usize = 32;

/// A set of row numbers in 16 bytes. None and one need no memory of their own; many are hashed, so
/// that a group of a million things can be left as fast as one of two.
#[derive(Debug, Clone, Default)]
pub(crate) enum IdSet {
    #[default]
    None,
    One(u32),
    #[expect(clippy::box_collection, reason = "a vector in place would make every set 24 bytes")]
    Few(Box<Vec<u32>>),
    Many(Box<AHashSet<u32>>),
}

impl IdSet {
    /// Adds `id`. False if it was there.
    pub(crate) fn insert(&mut self, id: u32) -> bool {
        match self {
            Self::None => *self = Self::One(id),
            Self::One(one) if *one == id => return false,
            Self::One(one) => *self = Self::Few(Box::new(vec![*one, id])),
            Self::Few(few) if few.contains(&id) => return false,
            Self::Few(few) if few.len() + 1 < HASHED_FROM => few.push(id),
            Self::Few(few) => {
                let mut many: AHashSet<u32> = few.iter().copied().collect();
                many.insert(id);
                *self = Self::Many(Box::new(many));
            }
            Self::Many(many) => return many.insert(id),
        }
        true
    }

    /// Takes `id` out. False if it was not there.
    pub(crate) fn remove(&mut self, id: u32) -> bool {
        match self {
            Self::None => false,
            Self::One(one) if *one == id => {
                *self = Self::None;
                true
            }
            Self::One(_) => false,
            Self::Few(few) => {
                let Some(place) = few.iter().position(|other| *other == id) else { return false };
                few.swap_remove(place);
                if let [one] = few.as_slice() {
                    *self = Self::One(*one);
                }
                true
            }
            Self::Many(many) => {
                let was_there = many.remove(&id);
                // Well below the size at which it was hashed, so that it does not go to and fro.
                if many.len() <= HASHED_FROM / 2 {
                    *self = Self::Few(Box::new(many.iter().copied().collect()));
                }
                was_there
            }
        }
    }

    pub(crate) fn contains(&self, id: u32) -> bool {
        match self {
            Self::None => false,
            Self::One(one) => *one == id,
            Self::Few(few) => few.contains(&id),
            Self::Many(many) => many.contains(&id),
        }
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Self::None => 0,
            Self::One(_) => 1,
            Self::Few(few) => few.len(),
            Self::Many(many) => many.len(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        matches!(self, Self::None)
    }

    /// The elements in no order.
    pub(crate) fn iter(&self) -> Ids<'_> {
        let (some, many): (&[u32], _) = match self {
            Self::None => (&[], None),
            Self::One(one) => (slice::from_ref(one), None),
            Self::Few(few) => (few, None),
            Self::Many(many) => (&[], Some(&**many)),
        };
        some.iter().chain(many.into_iter().flatten()).copied()
    }
}

type Hashed<'s> = std::iter::Flatten<option::IntoIter<&'s AHashSet<u32>>>;
pub(crate) type Ids<'s> = std::iter::Copied<std::iter::Chain<slice::Iter<'s, u32>, Hashed<'s>>>;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn behaves_like_any_set_while_it_grows_and_shrinks(
            steps in prop::collection::vec((any::<bool>(), 0_u32..50), 0..400),
        ) {
            let (mut set, mut model) = (IdSet::default(), BTreeSet::new());
            for (adds, id) in steps {
                let (ours, theirs) = if adds {
                    (set.insert(id), model.insert(id))
                } else {
                    (set.remove(id), model.remove(&id))
                };
                prop_assert_eq!(ours, theirs);
                prop_assert_eq!(set.contains(id), model.contains(&id));
                prop_assert_eq!(set.len(), model.len());
                prop_assert_eq!(set.is_empty(), model.is_empty());
                prop_assert_eq!(&set.iter().collect::<BTreeSet<_>>(), &model);
            }
        }
    }

    #[test]
    fn one_element_needs_no_memory_of_its_own() {
        assert_eq!(size_of::<IdSet>(), 16);
    }
}
