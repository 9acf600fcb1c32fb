//! Counting values, different values and how often each comes.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::{Sample, Saved, Tally};
use crate::value::{Value, number};

/// How many values there are.
#[derive(Debug, Default)]
pub(super) struct Count(i64);

impl Tally for Count {
    fn add(&mut self, _: Sample<'_>) {
        self.0 += 1;
    }

    fn save(&self) -> Saved {
        Saved { orders: vec![self.0], ..Saved::default() }
    }

    fn merge(&mut self, other: Saved) {
        self.0 += other.orders.iter().sum::<i64>();
    }

    fn result(&self) -> Option<Value<'static>> {
        Some(Value::Integer(self.0))
    }

    fn size(&self) -> usize {
        0
    }
}

/// Bytes a set needs for an entry besides the text.
const ENTRY_BYTES: usize = 48;

/// The different values, as text.
#[derive(Debug)]
pub(super) struct Different {
    texts: HashSet<String>,
    text_bytes: usize,
    is_counted: bool,
}

impl Different {
    /// Gives how many there are.
    pub(super) fn counted() -> Self {
        Self { texts: HashSet::new(), text_bytes: 0, is_counted: true }
    }

    /// Gives the values in text order.
    pub(super) fn listed() -> Self {
        Self { is_counted: false, ..Self::counted() }
    }

    fn insert(&mut self, text: &str) {
        if !self.texts.contains(text) {
            self.text_bytes += text.len();
            self.texts.insert(text.to_owned());
        }
    }
}

impl Tally for Different {
    fn add(&mut self, sample: Sample<'_>) {
        self.insert(&sample.value.text());
    }

    fn save(&self) -> Saved {
        Saved { texts: self.texts.iter().cloned().collect(), ..Saved::default() }
    }

    fn merge(&mut self, other: Saved) {
        other.texts.iter().for_each(|text| self.insert(text));
    }

    fn result(&self) -> Option<Value<'static>> {
        if self.is_counted {
            return Some(Value::Integer(i64::try_from(self.texts.len()).unwrap_or(i64::MAX)));
        }
        let sorted: BTreeSet<&String> = self.texts.iter().collect();
        Value::from_items(sorted.into_iter().map(|text| text.clone().into()).collect())
    }

    fn size(&self) -> usize {
        self.text_bytes + self.texts.capacity() * ENTRY_BYTES
    }
}

/// How often each value comes, and where it came first.
#[derive(Debug, Default)]
pub(super) struct Frequencies {
    seen: HashMap<String, (i64, i64)>,
    text_bytes: usize,
}

impl Frequencies {
    fn insert(&mut self, text: &str, count: i64, first: i64) {
        if let Some((known, known_first)) = self.seen.get_mut(text) {
            *known += count;
            *known_first = first.min(*known_first);
            return;
        }
        self.text_bytes += text.len();
        self.seen.insert(text.to_owned(), (count, first));
    }
}

impl Tally for Frequencies {
    fn add(&mut self, sample: Sample<'_>) {
        self.insert(&sample.value.text(), 1, sample.order);
    }

    fn save(&self) -> Saved {
        let orders = self.seen.values().flat_map(|(count, first)| [*count, *first]).collect();
        Saved { texts: self.seen.keys().cloned().collect(), orders, ..Saved::default() }
    }

    fn merge(&mut self, other: Saved) {
        for (text, places) in other.texts.iter().zip(other.orders.chunks_exact(2)) {
            self.insert(text, places[0], places[1]);
        }
    }

    fn result(&self) -> Option<Value<'static>> {
        let rank = |(text, (count, first)): &(&String, &(i64, i64))| {
            (*count, -*first, std::cmp::Reverse((*text).clone()))
        };
        self.seen.iter().max_by_key(rank).map(|(text, _)| typed(text))
    }

    fn size(&self) -> usize {
        self.text_bytes + self.seen.capacity() * (ENTRY_BYTES + 16)
    }
}

/// Text that was printed from a column; whole numbers keep all digits.
pub(super) fn typed(text: &str) -> Value<'static> {
    match text.parse::<i64>() {
        Ok(whole) if whole.to_string() == text => Value::Integer(whole),
        _ => match number::parse(text) {
            Some(found) if number::format(found) == text => Value::Number(found),
            _ => Value::text_of(text.to_owned()),
        },
    }
}
