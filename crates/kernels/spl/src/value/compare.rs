//! Comparison: as numbers where both sides read as numbers, else as text with case (spec siem §3.4).

use std::cmp::Ordering;

use super::Value;

/// A comparison operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// `=` and `==`.
    Equal,
    /// `!=`.
    NotEqual,
    /// `<`.
    Less,
    /// `<=`.
    LessOrEqual,
    /// `>`.
    Greater,
    /// `>=`.
    GreaterOrEqual,
}

impl Comparison {
    /// Whether the operator is satisfied by this order of its sides.
    pub fn accepts(self, order: Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::NotEqual => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
        }
    }

    /// Whether the comparison is true; of a multivalue, whether it is for any value.
    pub fn holds(self, left: &Value<'_>, right: &Value<'_>) -> bool {
        match (left, right) {
            (Value::Multi(items), _) => {
                items.iter().any(|item| self.holds(&Value::Text(item.as_ref().into()), right))
            }
            (_, Value::Multi(items)) => {
                items.iter().any(|item| self.holds(left, &Value::Text(item.as_ref().into())))
            }
            _ => self.accepts(compare(left, right)),
        }
    }

    /// The operator with its sides exchanged.
    #[must_use]
    pub fn mirrored(self) -> Self {
        match self {
            Self::Less => Self::Greater,
            Self::LessOrEqual => Self::GreaterOrEqual,
            Self::Greater => Self::Less,
            Self::GreaterOrEqual => Self::LessOrEqual,
            same => same,
        }
    }
}

/// The order of two values: numeric if both read as numbers, else by code point.
pub fn compare(left: &Value<'_>, right: &Value<'_>) -> Ordering {
    if let (Value::Integer(a), Value::Integer(b)) = (left, right) {
        return a.cmp(b);
    }
    match (left.number(), right.number()) {
        (Some(a), Some(b)) => order(a, b),
        _ => left.text().cmp(&right.text()),
    }
}

/// The order of two numbers: both zeros are equal, `nan` is above all.
pub(crate) fn order(a: f64, b: f64) -> Ordering {
    // Adding zero turns -0 into 0.
    (a + 0.0).total_cmp(&(b + 0.0))
}

/// Whether two values are equal, or any value of a multivalue is.
pub fn equal(left: &Value<'_>, right: &Value<'_>) -> bool {
    Comparison::Equal.holds(left, right)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Value<'_> {
        Value::text_of(text)
    }

    #[test]
    fn numbers_compare_as_numbers_even_as_text() {
        assert_eq!(compare(&text("10"), &text("9")), Ordering::Greater);
        assert_eq!(compare(&text("1.0"), &Value::Integer(1)), Ordering::Equal);
        assert_eq!(compare(&text("10"), &text("9a")), Ordering::Less);
        assert_eq!(compare(&text("a"), &text("A")), Ordering::Greater);
        assert_eq!(compare(&Value::Number(-0.0), &Value::Integer(0)), Ordering::Equal);
    }

    #[test]
    fn a_multivalue_compares_by_any_of_its_values() {
        let ports = Value::Multi(vec!["21".into(), "22".into()]);
        assert!(equal(&ports, &Value::Integer(22)));
        assert!(!equal(&ports, &Value::Integer(23)));
        assert!(Comparison::Greater.holds(&ports, &text("21")));
        assert!(Comparison::Less.holds(&text("21"), &ports));
    }
}
