//! Testing the values of a field one by one, where no native comparison of the engine will do.

use std::collections::HashSet;

use datafusion::logical_expr::Expr;
use ipnet::IpNet;
use regex::{Regex, RegexBuilder};

use super::{CompareOp, Comparison};
use crate::mapping::test_values;
use crate::value::number;

/// A comparison with a literal that is true for a cell if it is for any of its values.
#[derive(Debug)]
pub(super) struct ValueTest {
    operator: CompareOp,
    value: String,
    is_cased: bool,
    literal: Literal,
}

/// The literal, made ready.
#[derive(Debug)]
enum Literal {
    /// A text without wildcards.
    Text,
    /// A text with wildcards.
    Wild(Regex),
    /// A range of addresses.
    Network(IpNet),
    /// For `<` and its like: the number it reads as.
    Number(Option<f64>),
}

impl ValueTest {
    pub(super) fn new(comparison: &Comparison) -> Self {
        let Comparison { operator, value, is_cased, .. } = comparison.clone();
        Self { operator, value, is_cased, literal: literal_of(comparison) }
    }

    /// The test as a condition on `column`.
    pub(super) fn on(self, column: Expr) -> Expr {
        let Self { operator, value, is_cased, .. } = &self;
        let key = format!("spl_search {operator:?} {value:?} {is_cased}");
        test_values(key, column, move |value| self.holds(value))
    }

    fn holds(&self, value: &str) -> bool {
        let ordering = || match &self.literal {
            Literal::Number(Some(literal)) => match number::parse(value) {
                Some(number) => number.total_cmp(literal),
                None => value.cmp(&self.value),
            },
            _ => value.cmp(&self.value),
        };
        match self.operator {
            CompareOp::Eq => self.equals(value),
            CompareOp::NotEq => !self.equals(value),
            CompareOp::Less => ordering().is_lt(),
            CompareOp::LessEq => ordering().is_le(),
            CompareOp::Greater => ordering().is_gt(),
            CompareOp::GreaterEq => ordering().is_ge(),
        }
    }

    fn equals(&self, value: &str) -> bool {
        match &self.literal {
            Literal::Wild(pattern) => pattern.is_match(value),
            Literal::Network(network) => {
                value.parse().is_ok_and(|address: std::net::IpAddr| network.contains(&address))
                    || value.eq_ignore_ascii_case(&self.value)
            }
            _ if self.is_cased => value == self.value,
            _ => equals_without_case(value, &self.value),
        }
    }
}

/// A long list of values, of which a cell must have any.
#[derive(Debug)]
pub(super) struct ValueList {
    /// Texts without wildcards, in lower case.
    texts: HashSet<String>,
    others: Vec<ValueTest>,
}

impl ValueList {
    pub(super) fn new<'a>(comparisons: impl Iterator<Item = &'a Comparison>) -> Self {
        let (mut texts, mut others) = (HashSet::new(), Vec::new());
        for test in comparisons.map(ValueTest::new) {
            if matches!(test.literal, Literal::Text) && !test.is_cased {
                texts.insert(test.value.to_lowercase());
            } else {
                others.push(test);
            }
        }
        Self { texts, others }
    }

    /// The test as a condition on `column`.
    pub(super) fn on(self, column: Expr) -> Expr {
        let mut texts: Vec<&String> = self.texts.iter().collect();
        texts.sort();
        let others = self.others.iter().map(|test| (&test.value, test.is_cased));
        let key = format!("spl_search_list {texts:?} {:?}", others.collect::<Vec<_>>());
        test_values(key, column, move |value| {
            self.texts.contains(&value.to_lowercase())
                || self.others.iter().any(|test| test.holds(value))
        })
    }
}

fn equals_without_case(a: &str, b: &str) -> bool {
    if a.is_ascii() || b.is_ascii() {
        return a.eq_ignore_ascii_case(b);
    }
    a.chars().flat_map(char::to_lowercase).eq(b.chars().flat_map(char::to_lowercase))
}

fn literal_of(comparison: &Comparison) -> Literal {
    if !matches!(comparison.operator, CompareOp::Eq | CompareOp::NotEq) {
        return Literal::Number(number::parse(&comparison.value));
    }
    if let Some(network) = network_of(&comparison.value) {
        return Literal::Network(network);
    }
    if comparison.is_exact() {
        return Literal::Text;
    }
    let pieces: Vec<String> = comparison.value.split('*').map(regex::escape).collect();
    let pattern = RegexBuilder::new(&format!("^(?:{})$", pieces.join(".*")))
        .case_insensitive(!comparison.is_cased)
        .dot_matches_new_line(true)
        .build();
    // An escaped text is a pattern; only its size could be refused, and texts are short.
    pattern.map_or(Literal::Text, Literal::Wild)
}

/// The range that a literal like `10.0.0.0/8` stands for.
pub(super) fn network_of(literal: &str) -> Option<IpNet> {
    if !literal.contains('/') {
        return None;
    }
    literal.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(operator: CompareOp, literal: &str, holds: &[&str], fails: &[&str]) {
        let comparison = Comparison {
            field: "f".to_owned(),
            operator,
            value: literal.to_owned(),
            is_cased: false,
        };
        let test = ValueTest::new(&comparison);
        for value in holds {
            assert!(test.holds(value), "{literal} {operator:?} {value}");
        }
        for value in fails {
            assert!(!test.holds(value), "{literal} {operator:?} {value}");
        }
    }

    #[test]
    fn equality_is_of_text_without_case_and_with_wildcards() {
        check(CompareOp::Eq, "Ab", &["ab", "AB"], &["abc", "a"]);
        check(CompareOp::Eq, "a*c", &["abC", "ac"], &["acd"]);
        check(CompareOp::Eq, "1", &["1"], &["1.0"]);
        check(CompareOp::Eq, "straße", &["STRAßE"], &["strasse"]);
        check(CompareOp::NotEq, "a*", &["b"], &["ab"]);
        check(CompareOp::Eq, "a.c", &["a.c"], &["abc"]);
    }

    #[test]
    fn a_range_of_addresses_matches_addresses_inside() {
        check(CompareOp::Eq, "10.0.0.0/8", &["10.1.2.3", "10.0.0.0/8"], &["11.0.0.1", "x"]);
        check(CompareOp::Eq, "2001:db8::/32", &["2001:db8::1"], &["2001:db9::1"]);
    }

    #[test]
    fn order_is_numeric_if_both_sides_are_numbers() {
        check(CompareOp::Greater, "9", &["10", "9.5", "abc"], &["9", "08"]);
        check(CompareOp::LessEq, "b", &["a", "b", "10"], &["c"]);
    }
}
