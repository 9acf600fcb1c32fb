//! The value at a percentile: by nearest rank while the values are few, estimated above.

use datafusion_functions_aggregate_common::tdigest::{Centroid, TDigest};

use super::{Sample, Saved, Tally};
use crate::value::{Value, number};

/// Up to here all values are kept.
const VALUES_MAX: usize = 1000;
/// Size of an estimate.
const CENTROIDS_MAX: usize = 200;

/// The numbers of a group.
#[derive(Debug)]
pub(super) struct Percentile {
    percent: f64,
    is_exact: bool,
    /// Values that are not in the digest.
    values: Vec<f64>,
    digest: Option<TDigest>,
}

impl Percentile {
    pub(super) fn new(percent: f64, is_exact: bool) -> Self {
        Self { percent, is_exact, values: Vec::new(), digest: None }
    }

    fn insert(&mut self, value: f64) {
        self.values.push(value);
        if !self.is_exact && self.values.len() > VALUES_MAX {
            self.digest = Some(self.digested());
            self.values.clear();
        }
    }

    /// All values as a digest.
    fn digested(&self) -> TDigest {
        let empty = TDigest::new(CENTROIDS_MAX);
        self.digest.as_ref().unwrap_or(&empty).merge_unsorted_f64(self.values.clone())
    }

    fn by_rank(&self) -> Option<f64> {
        let mut values = self.values.clone();
        let last = values.len().checked_sub(1)?;
        let place = self.percent * number::from_whole(i64::try_from(values.len()).ok()?) / 100.0;
        let place = number::whole(place.floor()).and_then(|place| usize::try_from(place).ok())?;
        let (_, value, _) = values.select_nth_unstable_by(place.min(last), f64::total_cmp);
        Some(*value)
    }
}

impl Tally for Percentile {
    fn add(&mut self, sample: Sample<'_>) {
        if let Some(number) = sample.value.number().filter(|number| number.is_finite()) {
            self.insert(number);
        }
    }

    /// The values as `orders[0]` numbers, then the digest: sum, count, greatest, least, centroids.
    fn save(&self) -> Saved {
        let mut numbers = self.values.clone();
        if let Some(digest) = &self.digest {
            numbers.extend([digest.sum(), digest.count(), digest.max(), digest.min()]);
            let centroids = digest.centroids().iter();
            numbers.extend(centroids.flat_map(|centroid| [centroid.mean(), centroid.weight()]));
        }
        let orders = vec![i64::try_from(self.values.len()).unwrap_or_default()];
        Saved { numbers, orders, ..Saved::default() }
    }

    fn merge(&mut self, other: Saved) {
        let count = other.orders.first().and_then(|count| usize::try_from(*count).ok());
        let Some((values, rest)) = other.numbers.split_at_checked(count.unwrap_or_default()) else {
            return;
        };
        if let [sum, count, max, min, centroids @ ..] = rest {
            let centroids =
                centroids.chunks_exact(2).map(|pair| Centroid::new(pair[0], pair[1])).collect();
            let parts = TDigest::try_from_parts(CENTROIDS_MAX, *sum, *count, *max, *min, centroids);
            if let Ok(digest) = parts {
                self.digest = Some(match &self.digest {
                    Some(own) => TDigest::merge_digests([own, &digest]),
                    None => digest,
                });
            }
        }
        values.iter().for_each(|value| self.insert(*value));
    }

    fn result(&self) -> Option<Value<'static>> {
        let value = match &self.digest {
            None => self.by_rank()?,
            Some(_) => self.digested().estimate_quantile(self.percent / 100.0),
        };
        Some(Value::Number(value))
    }

    fn size(&self) -> usize {
        self.values.capacity() * size_of::<f64>()
            + self.digest.as_ref().map_or(0, |digest| digest.size())
    }
}
