//! Whether a measured value is as a behaviour expects it (spec device-defender §2.2, §4.3).

use std::fmt;

use picket_core::MetricValue;

use crate::blocks::Blocks;
use crate::measured::Measured;

/// AWS's ten comparison operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names say it; spec device-defender §2.2 defines them")]
pub enum Operator {
    LessThan,
    LessThanEquals,
    GreaterThan,
    GreaterThanEquals,
    InCidrSet,
    NotInCidrSet,
    InPortSet,
    NotInPortSet,
    InSet,
    NotInSet,
}

impl Operator {
    /// Every operator.
    pub const ALL: &[Self] = &[
        Self::LessThan,
        Self::LessThanEquals,
        Self::GreaterThan,
        Self::GreaterThanEquals,
        Self::InCidrSet,
        Self::NotInCidrSet,
        Self::InPortSet,
        Self::NotInPortSet,
        Self::InSet,
        Self::NotInSet,
    ];

    /// AWS's spelling.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LessThan => "less-than",
            Self::LessThanEquals => "less-than-equals",
            Self::GreaterThan => "greater-than",
            Self::GreaterThanEquals => "greater-than-equals",
            Self::InCidrSet => "in-cidr-set",
            Self::NotInCidrSet => "not-in-cidr-set",
            Self::InPortSet => "in-port-set",
            Self::NotInPortSet => "not-in-port-set",
            Self::InSet => "in-set",
            Self::NotInSet => "not-in-set",
        }
    }

    /// Reads AWS's spelling.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|operator| operator.as_str() == text)
    }

    /// Whether this wants the small side: `less-than` or `less-than-equals`.
    pub const fn is_upper_bound(self) -> bool {
        matches!(self, Self::LessThan | Self::LessThanEquals)
    }

    const fn wants_inside(self) -> bool {
        matches!(self, Self::InCidrSet | Self::InPortSet | Self::InSet)
    }
}

/// An operator with its threshold, ready to be applied.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// Compare with a whole number.
    Count(Operator, u64),
    /// Compare with a number.
    Number(Operator, f64),
    /// Addresses in, or not in, blocks.
    Blocks(Operator, Blocks),
    /// Ports in, or not in, a sorted list.
    Ports(Operator, Vec<u16>),
    /// Numbers in, or not in, a list sorted by [`f64::total_cmp`], without a negative zero.
    Numbers(Operator, Vec<f64>),
    /// Texts in, or not in, a sorted list.
    Texts(Operator, Vec<String>),
}

/// What a test says about a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// As expected.
    Complies,
    /// Not as expected.
    Violates,
}

impl Test {
    /// Applies the test. `None` if the value is of another kind than the threshold, which counts as no
    /// datapoint. An empty list always complies.
    pub fn verdict(&self, measured: &Measured) -> Option<Verdict> {
        let complies = match (self, measured) {
            (Self::Count(operator, limit), Measured::Count(it)) => compare(*operator, it, limit),
            (Self::Count(operator, limit), Measured::Sizes { min, max, .. }) => {
                let it = if operator.is_upper_bound() { max } else { min };
                compare(*operator, it, limit)
            }
            (Self::Count(operator, limit), Measured::Number(it)) => {
                compare(*operator, it, &(*limit as f64))
            }
            (Self::Number(operator, limit), Measured::Number(it)) => compare(*operator, it, limit),
            (Self::Blocks(operator, blocks), Measured::Addresses(them)) => {
                them.iter().all(|it| blocks.contains(*it) == operator.wants_inside())
            }
            (Self::Ports(operator, ports), Measured::Ports(them)) => {
                them.iter().all(|it| ports.binary_search(it).is_ok() == operator.wants_inside())
            }
            (Self::Numbers(operator, set), Measured::Numbers(them)) => {
                them.iter().all(|it| holds(set, *it) == operator.wants_inside())
            }
            (Self::Texts(operator, set), Measured::Texts(them)) => {
                them.iter().all(|it| set.binary_search(it).is_ok() == operator.wants_inside())
            }
            _ => return None,
        };
        Some(if complies { Verdict::Complies } else { Verdict::Violates })
    }

    /// The value that an event about `measured` shows: for message sizes the one that was compared.
    pub fn shown(&self, measured: &Measured) -> MetricValue {
        match (self, measured) {
            (Self::Count(operator, _), Measured::Sizes { min, max, .. }) => {
                MetricValue::Count(if operator.is_upper_bound() { *max } else { *min })
            }
            _ => measured.value(),
        }
    }

    /// The part of `measured` that breaks the test, as text for a person, shortened.
    pub fn offending(&self, measured: &Measured) -> String {
        match (self, measured) {
            (Self::Blocks(operator, blocks), Measured::Addresses(them)) => {
                list(them.iter().filter(|it| blocks.contains(**it) != operator.wants_inside()))
            }
            (Self::Ports(operator, ports), Measured::Ports(them)) => list(
                them.iter().filter(|it| ports.binary_search(it).is_ok() != operator.wants_inside()),
            ),
            (Self::Numbers(operator, set), Measured::Numbers(them)) => {
                list(them.iter().filter(|it| holds(set, **it) != operator.wants_inside()))
            }
            (Self::Texts(operator, set), Measured::Texts(them)) => list(
                them.iter().filter(|it| set.binary_search(it).is_ok() != operator.wants_inside()),
            ),
            _ => match self.shown(measured) {
                MetricValue::Count(count) => count.to_string(),
                MetricValue::Number(number) => number.to_string(),
                other => format!("{other:?}"),
            },
        }
    }
}

impl fmt::Display for Test {
    /// The expectation, to be read after "expected METRIC to be".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(operator, limit) => write!(f, "{} {limit}", bound(*operator)),
            Self::Number(operator, limit) => write!(f, "{} {limit}", bound(*operator)),
            Self::Blocks(operator, blocks) => {
                write!(f, "{} {}", set(*operator), list(blocks.listed()))
            }
            Self::Ports(operator, ports) => write!(f, "{} {}", set(*operator), list(ports)),
            Self::Numbers(operator, numbers) => write!(f, "{} {}", set(*operator), list(numbers)),
            Self::Texts(operator, texts) => write!(f, "{} {}", set(*operator), list(texts)),
        }
    }
}

pub(crate) const fn bound(operator: Operator) -> &'static str {
    match operator {
        Operator::LessThan => "less than",
        Operator::LessThanEquals => "at most",
        Operator::GreaterThan => "greater than",
        _ => "at least",
    }
}

const fn set(operator: Operator) -> &'static str {
    if operator.wants_inside() { "only among" } else { "none of" }
}

/// Up to ten items with commas.
fn list<T: fmt::Display>(items: impl IntoIterator<Item = T>) -> String {
    let mut texts: Vec<String> = items.into_iter().take(11).map(|it| it.to_string()).collect();
    if texts.is_empty() {
        return "(nothing)".to_owned();
    }
    if texts.len() > 10 {
        texts.truncate(10);
        texts.push("…".to_owned());
    }
    texts.join(", ")
}

pub(crate) fn compare<T: PartialOrd>(operator: Operator, measured: &T, limit: &T) -> bool {
    match operator {
        Operator::LessThan => measured < limit,
        Operator::LessThanEquals => measured <= limit,
        Operator::GreaterThan => measured > limit,
        Operator::GreaterThanEquals => measured >= limit,
        _ => false,
    }
}

/// Whether a sorted list holds the number.
fn holds(sorted: &[f64], number: f64) -> bool {
    // Adding zero makes a negative zero a positive one.
    sorted.binary_search_by(|it| it.total_cmp(&(number + 0.0))).is_ok()
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use ipnet::IpNet;

    use super::*;

    fn check(test: &Test, measured: &Measured, complies: bool) {
        let expected = if complies { Verdict::Complies } else { Verdict::Violates };
        assert_eq!(test.verdict(measured), Some(expected), "{test} {measured:?}");
    }

    #[test]
    fn every_numeric_operator_holds_at_its_bound_or_not() {
        let bounds = [
            (Operator::LessThan, [true, false, false]),
            (Operator::LessThanEquals, [true, true, false]),
            (Operator::GreaterThan, [false, false, true]),
            (Operator::GreaterThanEquals, [false, true, true]),
        ];
        for (operator, expected) in bounds {
            for (value, complies) in [4, 5, 6].into_iter().zip(expected) {
                check(&Test::Count(operator, 5), &Measured::Count(value), complies);
                let number = Measured::Number(value as f64);
                check(&Test::Number(operator, 5.0), &number, complies);
                check(&Test::Count(operator, 5), &number, complies);
            }
        }
    }

    #[test]
    fn counts_beyond_what_a_float_holds_are_compared_exactly() {
        let limit = (1 << 53) + 1;
        check(&Test::Count(Operator::LessThan, limit), &Measured::Count(limit - 1), true);
        check(&Test::Count(Operator::LessThan, limit), &Measured::Count(limit), false);
    }

    #[test]
    fn cidr_sets_compare_within_the_family() {
        let blocks: Vec<IpNet> =
            vec!["10.0.0.0/8".parse().unwrap(), "2001:db8::/32".parse().unwrap()];
        let addresses = |texts: &[&str]| {
            Measured::addresses(texts.iter().map(|it| it.parse::<IpAddr>().unwrap()))
        };
        let blocks = Blocks::new(blocks);
        let inside = Test::Blocks(Operator::InCidrSet, blocks.clone());
        let outside = Test::Blocks(Operator::NotInCidrSet, blocks);
        check(&inside, &addresses(&["10.1.2.3", "2001:db8::1", "::ffff:10.0.0.1"]), true);
        check(&inside, &addresses(&["10.1.2.3", "192.0.2.1"]), false);
        check(&outside, &addresses(&["192.0.2.1", "2001:db9::1"]), true);
        check(&outside, &addresses(&["192.0.2.1", "10.0.0.1"]), false);
        assert_eq!(inside.offending(&addresses(&["10.1.2.3", "192.0.2.1"])), "192.0.2.1");
    }

    #[test]
    fn sets_of_ports_numbers_and_texts() {
        let allowed = Test::Ports(Operator::InPortSet, vec![22, 8883]);
        let forbidden = Test::Ports(Operator::NotInPortSet, vec![21, 23]);
        check(&allowed, &Measured::ports(vec![8883, 22, 22]), true);
        check(&allowed, &Measured::ports(vec![22, 443]), false);
        check(&forbidden, &Measured::ports(vec![22]), true);
        check(&forbidden, &Measured::ports(vec![22, 23]), false);
        let numbers = Measured::Numbers(vec![1.0, 2.0]);
        check(&Test::Numbers(Operator::InSet, vec![1.0, 2.0, 3.0]), &numbers, true);
        check(&Test::Numbers(Operator::NotInSet, vec![2.0]), &numbers, false);
        let texts = Measured::Texts(vec!["a".to_owned()]);
        check(&Test::Texts(Operator::InSet, vec!["A".to_owned()]), &texts, false);
        check(&Test::Texts(Operator::NotInSet, vec!["A".to_owned()]), &texts, true);
    }

    #[test]
    fn an_empty_list_complies_with_everything() {
        for operator in [Operator::InPortSet, Operator::NotInPortSet] {
            check(&Test::Ports(operator, vec![1]), &Measured::Ports(Vec::new()), true);
        }
        for operator in [Operator::InCidrSet, Operator::NotInCidrSet] {
            check(
                &Test::Blocks(operator, Blocks::new(Vec::new())),
                &Measured::Addresses(Vec::new()),
                true,
            );
        }
    }

    #[test]
    fn message_sizes_are_tested_by_the_one_that_breaks_first() {
        let sizes = Measured::Sizes { min: 110, max: 900, total: 1010 };
        check(&Test::Count(Operator::GreaterThan, 128), &sizes, false);
        check(&Test::Count(Operator::LessThan, 900), &sizes, false);
        check(&Test::Count(Operator::LessThanEquals, 900), &sizes, true);
        let test = Test::Count(Operator::GreaterThan, 128);
        assert_eq!(test.shown(&sizes), MetricValue::Count(110));
    }

    #[test]
    fn another_kind_of_value_is_no_datapoint() {
        assert_eq!(Test::Count(Operator::LessThan, 1).verdict(&Measured::Ports(vec![1])), None);
    }
}
