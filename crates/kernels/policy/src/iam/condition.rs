//! Conditions of IAM statements.

use super::Told;
use super::facts::{Fact, Facts};
use crate::condition::{OperatorName, Quantifier};
use crate::document::MalformedPolicy;
use crate::json::Node;
use crate::operator::{Comparison, Wanted, boolean};
use crate::subject::Unresolved;
use crate::template::Template;

/// One operator applied to one key.
#[derive(Debug, Clone)]
pub(super) struct Condition {
    key: String,
    test: Test,
}

#[derive(Debug, Clone)]
enum Test {
    /// The operator is not known here.
    Untold,
    /// The key must be absent (`true`) or present (`false`).
    Null(bool),
    Compare(Compare),
}

#[derive(Debug, Clone)]
struct Compare {
    comparison: Comparison,
    negated: bool,
    if_exists: bool,
    quantifier: Quantifier,
    wanted: Vec<Template>,
}

/// Reads a `Condition` block.
pub(super) fn read(
    node: &Node<'_>,
    has_variables: bool,
) -> Result<Vec<Condition>, MalformedPolicy> {
    let mut conditions = Vec::new();
    for (operator, keys) in node.members()? {
        for (key, values) in keys.members()? {
            let problem = "values must be strings, numbers or booleans";
            let text = |item: &Node<'_>| item.scalar().ok_or_else(|| values.malformed(problem));
            let values = values.items(0)?.iter().map(text).collect::<Result<Vec<_>, _>>()?;
            let test = test(&operator, &values, has_variables);
            conditions.push(Condition { key, test });
        }
    }
    Ok(conditions)
}

fn test(operator: &str, values: &[String], has_variables: bool) -> Test {
    let Ok(name) = OperatorName::parse(operator) else { return Test::Untold };
    match (name.comparison, values) {
        (None, [value]) => boolean(value).map_or(Test::Untold, Test::Null),
        (None, _) => Test::Untold,
        (Some((comparison, negated)), _) => Test::Compare(Compare {
            comparison,
            negated,
            if_exists: name.if_exists,
            quantifier: name.quantifier,
            wanted: values.iter().map(|value| Template::parse(value, has_variables)).collect(),
        }),
    }
}

impl Condition {
    /// Whether the condition holds.
    pub(super) fn tells(&self, facts: &Facts) -> Told {
        let value = match facts.of(&self.key) {
            Fact::Untold => return Told::Untold,
            Fact::Absent => None,
            Fact::Value(value) => Some(value),
        };
        match &self.test {
            Test::Untold => Told::Untold,
            Test::Null(absent) => Told::of(value.is_none() == *absent),
            Test::Compare(compare) => compare.tells(value, facts),
        }
    }
}

impl Compare {
    fn tells(&self, value: Option<&str>, facts: &Facts) -> Told {
        let Some(value) = value else {
            return Told::of(
                self.if_exists
                    || self.quantifier == Quantifier::All
                    || (self.quantifier == Quantifier::Plain && self.negated),
            );
        };
        let wanted: Vec<Option<Wanted>> =
            self.wanted.iter().map(|template| self.wanted(template, facts)).collect();
        let matches = wanted.iter().flatten().any(|wanted| wanted.is(value));
        // What cannot be read might match as well.
        if !matches && wanted.iter().any(Option::is_none) {
            return Told::Untold;
        }
        Told::of(matches != self.negated)
    }

    fn wanted(&self, template: &Template, facts: &Facts) -> Option<Wanted> {
        Wanted::read(self.comparison, &template.pattern(&variable(facts)).ok()?).ok()
    }
}

/// What `${…}` stands for.
pub(super) fn variable(facts: &Facts) -> impl Fn(&str) -> Result<String, Unresolved> {
    |name| match facts.of(name) {
        Fact::Value(value) => Ok(value.to_owned()),
        Fact::Absent => Err(Unresolved::Absent),
        Fact::Untold => Err(Unresolved::Unknown),
    }
}
