//! The first values in order of arrival.

use super::{Sample, Saved, Tally};
use crate::value::Value;

/// Most values that `list` gives.
const VALUES_MAX: usize = 100;

/// The values that arrived first, in order. Values of one row keep theirs.
#[derive(Debug, Default)]
pub(super) struct Listing {
    values: Vec<(i64, String)>,
}

impl Listing {
    fn insert(&mut self, order: i64, text: &str) {
        let place = self.values.partition_point(|(known, _)| *known <= order);
        if place < VALUES_MAX {
            self.values.insert(place, (order, text.to_owned()));
            self.values.truncate(VALUES_MAX);
        }
    }
}

impl Tally for Listing {
    fn add(&mut self, sample: Sample<'_>) {
        self.insert(sample.order, &sample.value.text());
    }

    fn save(&self) -> Saved {
        let (orders, texts) = self.values.iter().cloned().unzip();
        Saved { orders, texts, ..Saved::default() }
    }

    fn merge(&mut self, other: Saved) {
        other.orders.iter().zip(&other.texts).for_each(|(order, text)| self.insert(*order, text));
    }

    fn result(&self) -> Option<Value<'static>> {
        Value::from_items(self.values.iter().map(|(_, text)| text.clone().into()).collect())
    }

    fn size(&self) -> usize {
        self.values.iter().map(|(_, text)| text.capacity() + size_of::<(i64, String)>()).sum()
    }
}
