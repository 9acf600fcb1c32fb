//! Condition blocks: every operator and key must hold (spec iot-core §4.4).

use crate::document::{MalformedPolicy, unknown};
use crate::json::Node;
use crate::operator::{Comparison, OPERATORS, Wanted, boolean};
use crate::subject::{Place, Subject, Unresolved, is_known_key, known_keys};
use crate::template::Template;

/// One operator applied to one key.
#[derive(Debug, Clone)]
pub(crate) struct Condition {
    /// The operator as written.
    pub(crate) operator: Box<str>,
    /// The key as written.
    pub(crate) key: Box<str>,
    /// The values as written.
    pub(crate) written: Vec<Box<str>>,
    pub(crate) line: u32,
    test: Test,
}

#[derive(Debug, Clone)]
enum Test {
    /// The key must be absent (`true`) or present (`false`).
    Null(bool),
    Compare {
        comparison: Comparison,
        negated: bool,
        if_exists: bool,
        quantifier: Quantifier,
        wanted: Vec<Template>,
    },
}

/// How a key with several values is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quantifier {
    /// No prefix. A negated operator asks that no value matches, another that one does.
    Plain,
    /// `ForAllValues:`
    All,
    /// `ForAnyValue:`
    Any,
}

/// An operator's name, taken apart.
pub(crate) struct OperatorName {
    pub(crate) quantifier: Quantifier,
    pub(crate) if_exists: bool,
    /// `None` is `Null`.
    pub(crate) comparison: Option<(Comparison, bool)>,
}

impl OperatorName {
    /// Reads a name; the error says what is wrong with it.
    pub(crate) fn parse(name: &str) -> Result<Self, String> {
        let (quantifier, rest) = match name.split_once(':') {
            Some((prefix, rest)) => (Quantifier::parse(prefix)?, rest),
            None => (Quantifier::Plain, name),
        };
        let (base, if_exists) = match without_if_exists(rest) {
            Some(base) => (base, true),
            None => (rest, false),
        };
        if base.eq_ignore_ascii_case("Null") {
            if if_exists {
                return Err("`Null` takes no `IfExists`: it asks whether the key exists".to_owned());
            }
            return Ok(Self { quantifier, if_exists, comparison: None });
        }
        let found = OPERATORS.iter().find(|(name, ..)| name.eq_ignore_ascii_case(base));
        let (_, comparison, negated) = found.ok_or_else(|| {
            let known = OPERATORS.iter().map(|(name, ..)| (*name).to_owned());
            unknown("condition operator", base, known.chain(["Null".to_owned()]))
        })?;
        Ok(Self { quantifier, if_exists, comparison: Some((*comparison, *negated)) })
    }
}

impl Quantifier {
    fn parse(prefix: &str) -> Result<Self, String> {
        let known = [("ForAllValues", Self::All), ("ForAnyValue", Self::Any)];
        let found = known.iter().find(|(name, _)| name.eq_ignore_ascii_case(prefix));
        found.map(|(_, quantifier)| *quantifier).ok_or_else(|| {
            let known = known.iter().map(|(name, _)| (*name).to_owned());
            unknown("prefix of a condition operator", prefix, known)
        })
    }
}

/// What stands before the suffix `IfExists`, if it is there.
fn without_if_exists(name: &str) -> Option<&str> {
    const SUFFIX: &str = "IfExists";
    let (base, suffix) = name.split_at_checked(name.len().checked_sub(SUFFIX.len())?)?;
    suffix.eq_ignore_ascii_case(SUFFIX).then_some(base)
}

impl Condition {
    /// Reads one operator and key.
    pub(crate) fn parse(
        operator: &str,
        key: &str,
        values: &Node<'_>,
        has_variables: bool,
    ) -> Result<Self, MalformedPolicy> {
        let name = OperatorName::parse(operator).map_err(|problem| values.malformed(problem))?;
        if !is_known_key(key) {
            return Err(values.malformed(unknown("condition key", key, known_keys())));
        }
        let written = texts(values)?;
        let test = match name.comparison {
            None => Test::Null(null_value(&written, values)?),
            Some((comparison, negated)) => Test::Compare {
                comparison,
                negated,
                if_exists: name.if_exists,
                quantifier: name.quantifier,
                wanted: templates(&written, comparison, has_variables, values)?,
            },
        };
        let written = written.into_iter().map(String::into_boxed_str).collect();
        let (line, _) = values.lines();
        Ok(Self { operator: operator.into(), key: key.into(), written, line, test })
    }

    /// The key and the variables in the values.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        let wanted = match &self.test {
            Test::Null(_) => [].as_slice(),
            Test::Compare { wanted, .. } => wanted.as_slice(),
        };
        std::iter::once(&*self.key).chain(wanted.iter().flat_map(Template::variables))
    }

    /// Whether an absent key is what the condition asks for or puts up with.
    pub(crate) fn takes_absence(&self) -> bool {
        match &self.test {
            Test::Null(_) => true,
            Test::Compare { if_exists, quantifier, .. } => {
                *if_exists || *quantifier == Quantifier::All
            }
        }
    }

    /// Whether the condition holds for `subject`. A value that a variable keeps from being read
    /// cannot match; under a negated operator the whole condition fails then.
    pub(crate) fn holds(&self, subject: &Subject, connecting: bool) -> bool {
        let values = subject.values(&self.key, connecting).map(|values| values.for_conditions());
        match &self.test {
            Test::Null(absent) => values.is_none() == *absent,
            Test::Compare { comparison, negated, if_exists, quantifier, wanted } => {
                let read = |template: &Template| wanted_value(template, *comparison, subject);
                let readable: Vec<Wanted> = wanted.iter().filter_map(read).collect();
                if *negated && readable.len() < wanted.len() {
                    return false;
                }
                let Some(values) = values else {
                    return *if_exists
                        || *quantifier == Quantifier::All
                        || (*quantifier == Quantifier::Plain && *negated);
                };
                let matches = |value: &String| readable.iter().any(|wanted| wanted.is(value));
                match quantifier {
                    Quantifier::Plain => values.iter().any(matches) != *negated,
                    Quantifier::All => values.iter().all(|value| matches(value) != *negated),
                    Quantifier::Any => values.iter().any(|value| matches(value) != *negated),
                }
            }
        }
    }

    /// The first variable among the values that has no text here, and why.
    pub(crate) fn unresolved(&self, subject: &Subject) -> Option<(&str, Unresolved)> {
        let Test::Compare { wanted, .. } = &self.test else { return None };
        let variable = |name: &str| subject.variable(name, Place::Condition);
        wanted.iter().find_map(|template| template.pattern(&variable).err())
    }
}

fn wanted_value(template: &Template, comparison: Comparison, subject: &Subject) -> Option<Wanted> {
    let variable = |name: &str| subject.variable(name, Place::Condition);
    Wanted::read(comparison, &template.pattern(&variable).ok()?).ok()
}

/// Condition values may be booleans and numbers too; they are compared as text.
fn texts(values: &Node<'_>) -> Result<Vec<String>, MalformedPolicy> {
    let text = |node: &Node<'_>| {
        let problem = "values must be strings, numbers or booleans";
        node.scalar().ok_or_else(|| node.malformed(problem))
    };
    values.one_or_more()?.iter().map(text).collect()
}

fn null_value(written: &[String], at: &Node<'_>) -> Result<bool, MalformedPolicy> {
    match written {
        [value] => boolean(value),
        _ => None,
    }
    .ok_or_else(|| at.malformed("`Null` takes one value, true or false"))
}

fn templates(
    written: &[String],
    comparison: Comparison,
    has_variables: bool,
    at: &Node<'_>,
) -> Result<Vec<Template>, MalformedPolicy> {
    let mut templates = Vec::with_capacity(written.len());
    for value in written {
        let template = Template::parse(value, has_variables);
        if template.variables().next().is_none() {
            let pattern = template.pattern(&|_| Ok(String::new())).unwrap_or_default();
            Wanted::read(comparison, &pattern)
                .map_err(|expected| at.malformed(format!("`{value}` is not {expected}")))?;
        }
        templates.push(template);
    }
    Ok(templates)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Text;

    fn subject(attributes: &[&str]) -> Subject {
        Subject {
            client_id: Some("c".to_owned()),
            persistent_connect: attributes.contains(&"PersistentConnect"),
            last_will_topic: attributes.contains(&"LastWill").then(|| "w".to_owned()),
            ..Subject::default()
        }
    }

    fn parse(operator: &str, key: &str, values: &[&str]) -> Result<Condition, MalformedPolicy> {
        let json = serde_json::to_string(values).unwrap();
        let text = Text::new(&json);
        Condition::parse(operator, key, &text.root().unwrap(), true)
    }

    fn check(operator: &str, key: &str, values: &[&str], subject: &Subject, expected: bool) {
        let condition = parse(operator, key, values).unwrap();
        assert_eq!(condition.holds(subject, true), expected, "{operator} {key} {values:?}");
    }

    #[test]
    fn for_all_values_admits_a_missing_key_and_for_any_value_does_not() {
        let key = "iot:ConnectAttributes";
        let all = "ForAllValues:StringEquals";
        check(all, key, &["LastWill"], &subject(&[]), true);
        check(all, key, &["LastWill"], &subject(&["LastWill"]), true);
        check(all, key, &["LastWill"], &subject(&["LastWill", "PersistentConnect"]), false);
        let any = "ForAnyValue:StringEquals";
        check(any, key, &["LastWill"], &subject(&[]), false);
        check(any, key, &["LastWill"], &subject(&["LastWill", "PersistentConnect"]), true);
        check("ForAnyValue:StringEqualsIfExists", key, &["LastWill"], &subject(&[]), true);
        check("ForAllValues:StringNotEquals", key, &["LastWill"], &subject(&["LastWill"]), false);
        check("ForAnyValue:StringNotEquals", key, &["LastWill"], &subject(&[]), false);
    }

    #[test]
    fn values_of_a_key_are_alternatives_and_none_may_match_a_negated_operator() {
        let subject = subject(&[]);
        check("StringEquals", "iot:ClientId", &["x", "c"], &subject, true);
        check("StringNotEquals", "iot:ClientId", &["x", "c"], &subject, false);
        check("StringNotEquals", "iot:ClientId", &["x", "y"], &subject, true);
    }

    #[test]
    fn a_missing_key_fails_unless_negated_or_if_exists() {
        let subject = subject(&[]);
        check("StringEquals", "iot:LastWillTopic", &["w"], &subject, false);
        check("StringEqualsIfExists", "iot:LastWillTopic", &["w"], &subject, true);
        check("StringNotEquals", "iot:LastWillTopic", &["w"], &subject, true);
        check("Null", "iot:LastWillTopic", &["true"], &subject, true);
        check("Null", "iot:ClientId", &["true"], &subject, false);
    }

    #[test]
    fn a_value_with_an_unresolvable_variable_never_holds() {
        let subject = subject(&[]);
        let missing = "${iot:Connection.Thing.ThingName}";
        check("StringEquals", "iot:ClientId", &[missing], &subject, false);
        check("StringEquals", "iot:ClientId", &[missing, "${iot:ClientId}"], &subject, true);
        check("StringNotEquals", "iot:ClientId", &[missing], &subject, false);
    }

    #[test]
    fn a_variable_of_the_wrong_kind_never_holds() {
        let subject = subject(&[]);
        check("NumericEquals", "iot:ClientId", &["${iot:ClientId}"], &subject, false);
        check("NumericNotEquals", "iot:ClientId", &["${iot:ClientId}"], &subject, false);
    }

    #[test]
    fn mistakes_name_the_nearest_right_word() {
        let message = |operator, key| parse(operator, key, &["x"]).unwrap_err().to_string();
        for (operator, key, told) in [
            ("StringEqual", "iot:ClientId", "`StringEqual`; did you mean `StringEquals`?"),
            ("ForAnyValue:StrngLikeIfExists", "iot:ClientId", "did you mean `StringLike`?"),
            ("ForAllValue:StringLike", "iot:ClientId", "did you mean `ForAllValues`?"),
            ("ForSome:StringLike", "iot:ClientId", "known are `ForAllValues`, `ForAnyValue`"),
            ("BinaryMatches", "iot:ClientId", "known are `StringEquals`, `StringNotEquals`,"),
            ("NullIfExists", "iot:ClientId", "`Null` takes no `IfExists`"),
            ("StringLike", "iot:ClientID1", "did you mean `iot:ClientId`?"),
            ("StringLike", "aws:CurrentTime", "known are `aws:SourceIp`, `iot:ClientId`,"),
            (
                "StringLike",
                "iot:Connection.Thing.Attributes",
                "did you mean `iot:Connection.Thing.Attributes[NAME]`?",
            ),
            ("Null", "iot:ClientId", "`Null` takes one value, true or false"),
            ("IpAddress", "aws:SourceIp", "`x` is not an IP address or CIDR range"),
            ("NumericLessThan", "iot:ClientId", "`x` is not a number"),
            ("DateEquals", "iot:ClientId", "`x` is not a time as YYYY-MM-DDThh:mm:ssZ"),
            ("Bool", "iot:ClientId", "`x` is not true or false"),
            ("ArnLikeIfExists", "iot:ClientId", "`x` is not an ARN of six parts"),
        ] {
            let message = message(operator, key);
            assert!(message.contains(told), "{operator} {key}: {message}");
        }
    }
}
