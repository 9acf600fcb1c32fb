//! What was seen of a series, in bounded memory.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::net::IpAddr;

use picket_profile::Measured;

/// Elements of a set of ports, numbers or texts; with more it is no set that anyone would write down.
pub(super) const ELEMENTS_MAX: usize = 50;
/// Addresses that are held.
const ADDRESSES_MAX: usize = 5000;

/// What was seen of one series.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) devices: u64,
    pub(super) datapoints: u64,
    pub(super) amounts: Amounts,
    pub(super) ports: Set<u16>,
    pub(super) texts: Set<String>,
    /// As bits, since numbers have no order.
    pub(super) numbers: Set<u64>,
    pub(super) addresses: HashSet<IpAddr>,
    pub(super) too_many_addresses: bool,
}

impl Seen {
    /// Takes a datapoint in.
    pub(super) fn take(&mut self, measured: &Measured) {
        self.datapoints += 1;
        match measured {
            Measured::Count(count) => self.amounts.add(*count as f64),
            Measured::Sizes { max, .. } => self.amounts.add(*max as f64),
            Measured::Number(number) => self.amounts.add(*number),
            Measured::Ports(ports) => ports.iter().for_each(|port| self.ports.add(port)),
            Measured::Texts(texts) => texts.iter().for_each(|text| self.texts.add(text)),
            Measured::Numbers(numbers) => {
                numbers.iter().for_each(|number| self.numbers.add(&(number + 0.0).to_bits()));
            }
            Measured::Addresses(addresses) => self.add_addresses(addresses),
        }
    }

    fn add_addresses(&mut self, addresses: &[IpAddr]) {
        for address in addresses {
            if self.addresses.len() >= ADDRESSES_MAX && !self.addresses.contains(address) {
                self.too_many_addresses = true;
                return;
            }
            self.addresses.insert(*address);
        }
    }

    /// Adds what was seen of other devices.
    pub(super) fn add(&mut self, other: Self) {
        self.devices += other.devices;
        self.datapoints += other.datapoints;
        self.amounts.merge(&other.amounts);
        self.ports.merge(&other.ports);
        self.texts.merge(&other.texts);
        self.numbers.merge(&other.numbers);
        self.too_many_addresses |= other.too_many_addresses;
        let addresses: Vec<IpAddr> = other.addresses.into_iter().collect();
        self.add_addresses(&addresses);
    }
}

/// A set that gives up when it gets too large.
#[derive(Debug)]
pub(super) struct Set<T> {
    elements: BTreeSet<T>,
    overflows: bool,
}

impl<T> Default for Set<T> {
    fn default() -> Self {
        Self { elements: BTreeSet::new(), overflows: false }
    }
}

impl<T: Ord + Clone> Set<T> {
    fn add(&mut self, element: &T) {
        if self.overflows || self.elements.contains(element) {
            return;
        }
        self.elements.insert(element.clone());
        if self.elements.len() > ELEMENTS_MAX {
            self.overflows = true;
            self.elements.clear();
        }
    }

    fn merge(&mut self, other: &Self) {
        self.overflows |= other.overflows;
        other.elements.iter().for_each(|element| self.add(element));
    }

    /// The elements in order; `None` if there are too many or none.
    pub(super) fn elements(&self) -> Option<&BTreeSet<T>> {
        Some(&self.elements).filter(|them| !self.overflows && !them.is_empty())
    }
}

/// How amounts spread, in buckets that are 3 % wide.
#[derive(Debug, Default)]
pub(super) struct Amounts {
    buckets: BTreeMap<u64, u64>,
    count: u64,
    pub(super) negative: bool,
    pub(super) max: f64,
}

impl Amounts {
    fn add(&mut self, amount: f64) {
        if self.count == 0 || amount > self.max {
            self.max = amount;
        }
        self.count += 1;
        self.negative |= amount < 0.0;
        // Sign, exponent and five bits of the mantissa: for amounts that are not negative their order.
        *self.buckets.entry(amount.max(0.0).to_bits() >> (52 - 5)).or_default() += 1;
    }

    fn merge(&mut self, other: &Self) {
        if other.count == 0 {
            return;
        }
        self.max = if self.count == 0 { other.max } else { self.max.max(other.max) };
        self.count += other.count;
        self.negative |= other.negative;
        for (bucket, count) in &other.buckets {
            *self.buckets.entry(*bucket).or_default() += count;
        }
    }

    /// How many there were.
    pub(super) const fn count(&self) -> u64 {
        self.count
    }

    /// An amount that at least `permille` of a thousand are at most, and that is at most 3 % larger than
    /// the least such amount.
    pub(super) fn at_most(&self, permille: u64) -> f64 {
        let rank = (self.count * permille).div_ceil(1000).max(1);
        let mut seen = 0;
        for (bucket, count) in &self.buckets {
            seen += count;
            if seen >= rank {
                return f64::from_bits((bucket + 1) << (52 - 5)).min(self.max);
            }
        }
        self.max
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_right_within_three_percent_and_never_too_small() {
        let mut one = Seen::default();
        let mut other = Seen::default();
        for n in 1..=10_000_u64 {
            if n % 3 == 0 { &mut one } else { &mut other }.take(&Measured::Count(n));
        }
        one.add(other);
        for permille in [100, 500, 990, 999, 1000] {
            let exact = permille as f64 * 10.0;
            let found = one.amounts.at_most(permille);
            assert!((exact..=exact * 1.04).contains(&found), "{permille}: {found}");
        }
        assert_eq!((one.amounts.max, one.amounts.count()), (10_000.0, 10_000));
        let mut zeros = Seen::default();
        zeros.take(&Measured::Count(0));
        assert_eq!(zeros.amounts.at_most(999), 0.0);
    }

    #[test]
    fn sets_give_up_when_they_get_too_large() {
        let mut seen = Seen::default();
        seen.take(&Measured::Ports((0..50).collect()));
        assert_eq!(seen.ports.elements().map(BTreeSet::len), Some(50));
        let mut more = Seen::default();
        more.take(&Measured::Ports(vec![443, 8883]));
        seen.add(more);
        assert!(seen.ports.elements().is_none());
        seen.take(&Measured::Ports(vec![1]));
        assert!(seen.ports.elements().is_none());
    }
}
