//! Rows with small numbers, found by their key.

use std::hash::Hash;

use ahash::RandomState;
use hashbrown::HashTable;

/// The index is split, so that no single insert has to move all of it. By four bits of the hash.
const PARTS: usize = 16;

/// What a table holds.
pub(crate) trait Row {
    /// What the row is found by.
    type Key: Hash + Eq + ?Sized;

    fn key(&self) -> &Self::Key;
}

/// The number of a row, and the hash of its key: growing the index reads no rows.
#[derive(Debug, Clone, Copy)]
struct Entry {
    hash: u32,
    id: u32,
}

impl Entry {
    fn spread(self) -> u64 {
        spread(self.hash)
    }
}

/// What the index takes: it looks at the lowest and at the highest bits.
fn spread(hash: u32) -> u64 {
    u64::from(hash).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// Rows by number and by key. Numbers of removed rows are used again.
#[derive(Debug)]
pub(crate) struct Table<R> {
    rows: Vec<Option<R>>,
    free: Vec<u32>,
    index: [HashTable<Entry>; PARTS],
    hasher: RandomState,
}

impl<R> Default for Table<R> {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            free: Vec::new(),
            index: std::array::from_fn(|_| HashTable::new()),
            hasher: RandomState::new(),
        }
    }
}

impl<R: Row> Table<R> {
    fn hash(&self, key: &R::Key) -> u32 {
        // The lower half is as good as the whole.
        (self.hasher.hash_one(key) & u64::from(u32::MAX)) as u32
    }

    /// By the upper end of the hash, since a part places its entries by the lower one.
    fn part(hash: u32) -> usize {
        hash as usize >> 28
    }

    /// The number of the row with this key.
    pub(crate) fn find(&self, key: &R::Key) -> Option<u32> {
        let hash = self.hash(key);
        let is_it = |entry: &Entry| {
            entry.hash == hash && self.get(entry.id).is_some_and(|row| row.key() == key)
        };
        self.index.get(Self::part(hash))?.find(spread(hash), is_it).map(|entry| entry.id)
    }

    /// As [`Self::find`], for keys that mostly come in the order of the rows: looks at the row `last` and
    /// the one behind it first, which is a matter of nanoseconds.
    pub(crate) fn find_near(&self, key: &R::Key, last: u32) -> Option<u32> {
        let mut near = [last, last.wrapping_add(1)].into_iter();
        let is_it = |id: &u32| self.get(*id).is_some_and(|row| row.key() == key);
        near.find(is_it).or_else(|| self.find(key))
    }

    pub(crate) fn get(&self, id: u32) -> Option<&R> {
        self.rows.get(id as usize)?.as_ref()
    }

    pub(crate) fn get_mut(&mut self, id: u32) -> Option<&mut R> {
        self.rows.get_mut(id as usize)?.as_mut()
    }

    /// Adds a row whose key is not there.
    pub(crate) fn insert(&mut self, row: R) -> u32 {
        let hash = self.hash(row.key());
        let id = self.free.pop().unwrap_or_else(|| {
            self.rows.push(None);
            // Four thousand million rows do not fit into memory.
            u32::try_from(self.rows.len() - 1).unwrap_or(u32::MAX)
        });
        if let Some(place) = self.rows.get_mut(id as usize) {
            *place = Some(row);
        }
        if let Some(part) = self.index.get_mut(Self::part(hash)) {
            part.insert_unique(spread(hash), Entry { hash, id }, |entry| entry.spread());
        }
        id
    }

    /// Takes a row out; its number may be given to another one at once.
    pub(crate) fn remove(&mut self, id: u32) -> Option<R> {
        let row = self.retire(id)?;
        self.release(id);
        Some(row)
    }

    /// Takes a row out, but keeps its number from being used again until [`Self::release`].
    pub(crate) fn retire(&mut self, id: u32) -> Option<R> {
        let row = self.rows.get_mut(id as usize)?.take()?;
        let hash = self.hash(row.key());
        if let Some(part) = self.index.get_mut(Self::part(hash))
            && let Ok(entry) = part.find_entry(spread(hash), |entry| entry.id == id)
        {
            entry.remove();
        }
        Some(row)
    }

    /// Lets the number of a retired row be used again.
    pub(crate) fn release(&mut self, id: u32) {
        self.free.push(id);
    }

    /// How many rows there are.
    pub(crate) fn len(&self) -> usize {
        self.index.iter().map(HashTable::len).sum()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &R)> {
        (0..).zip(&self.rows).filter_map(|(id, row)| Some((id, row.as_ref()?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq)]
    struct Named(String, u32);

    impl Row for Named {
        type Key = str;

        fn key(&self) -> &str {
            &self.0
        }
    }

    #[test]
    fn rows_are_found_by_key_and_numbers_are_used_again() {
        let mut table = Table::default();
        for number in 0..1_000 {
            table.insert(Named(format!("row-{number}"), number));
        }
        let id = table.find("row-500").unwrap();
        for near in [id - 1, id, 7, u32::MAX] {
            assert_eq!(table.find_near("row-500", near), Some(id));
        }
        assert_eq!(table.find_near("row-none", id), None);
        assert_eq!(table.get(id).unwrap().1, 500);
        assert_eq!(table.remove(id), Some(Named("row-500".into(), 500)));
        assert_eq!((table.find("row-500"), table.get(id)), (None, None));
        assert_eq!(table.remove(id), None);
        assert_eq!(table.insert(Named("row-new".into(), 1)), id);
        assert_eq!((table.iter().count(), table.len()), (1_000, 1_000));
        for number in (0..1_000).filter(|number| *number != 500) {
            let id = table.find(&format!("row-{number}")).unwrap();
            assert_eq!(table.get(id).unwrap().1, number);
        }
    }

    #[test]
    fn a_retired_number_waits_for_its_release() {
        let mut table = Table::default();
        let id = table.insert(Named("old".into(), 1));
        assert!(table.retire(id).is_some());
        let other = table.insert(Named("old".into(), 2));
        assert_ne!(other, id);
        table.release(id);
        assert_eq!(table.insert(Named("third".into(), 3)), id);
        assert_eq!(table.find("old"), Some(other));
    }
}
