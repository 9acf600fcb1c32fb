//! Condition blocks: every operator and key must hold (spec iot-core §4.4).

use crate::document::MalformedPolicy;
use crate::operator::{Comparison, OPERATORS, Wanted, boolean};
use crate::subject::{Subject, is_known_key, known_keys};
use crate::template::Template;

/// One operator applied to one key.
#[derive(Debug, Clone)]
pub(crate) struct Condition {
    key: String,
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
enum Quantifier {
    /// No prefix. A negated operator asks that no value matches, another that one does.
    Plain,
    /// `ForAllValues:`
    All,
    /// `ForAnyValue:`
    Any,
}

/// An operator's name, taken apart.
struct OperatorName {
    quantifier: Quantifier,
    if_exists: bool,
    /// `None` is `Null`.
    comparison: Option<(Comparison, bool)>,
}

impl OperatorName {
    fn parse(name: &str) -> Option<Self> {
        let (quantifier, rest) = match name.split_once(':') {
            Some((prefix, rest)) if prefix.eq_ignore_ascii_case("ForAllValues") => {
                (Quantifier::All, rest)
            }
            Some((prefix, rest)) if prefix.eq_ignore_ascii_case("ForAnyValue") => {
                (Quantifier::Any, rest)
            }
            Some(_) => return None,
            None => (Quantifier::Plain, name),
        };
        if rest.eq_ignore_ascii_case("Null") {
            return Some(Self { quantifier, if_exists: false, comparison: None });
        }
        let lower = rest.to_ascii_lowercase();
        let base = lower.strip_suffix("ifexists");
        let (_, comparison, negated) = OPERATORS
            .iter()
            .find(|(name, ..)| name.eq_ignore_ascii_case(base.unwrap_or(&lower)))?;
        let comparison = Some((*comparison, *negated));
        Some(Self { quantifier, if_exists: base.is_some(), comparison })
    }
}

impl Condition {
    /// Reads one operator and key. `at` is the key's place in the document.
    pub(crate) fn parse(
        operator: &str,
        key: &str,
        values: &[String],
        variables: bool,
        at: &str,
    ) -> Result<Self, MalformedPolicy> {
        let name = OperatorName::parse(operator).ok_or_else(|| {
            let known = OPERATORS.iter().map(|(name, ..)| (*name).to_owned());
            let known = known.chain(["Null".to_owned()]);
            MalformedPolicy::unknown("condition operator", operator, known, at)
        })?;
        if !is_known_key(key) {
            return Err(MalformedPolicy::unknown("condition key", key, known_keys(), at));
        }
        let test = match name.comparison {
            None => Test::Null(null_value(values, at)?),
            Some((comparison, negated)) => Test::Compare {
                comparison,
                negated,
                if_exists: name.if_exists,
                quantifier: name.quantifier,
                wanted: templates(values, comparison, variables, at)?,
            },
        };
        Ok(Self { key: key.to_owned(), test })
    }

    /// Whether the condition holds for `subject`. A value with a variable that has none cannot match;
    /// under a negated operator the condition fails then.
    pub(crate) fn holds(&self, subject: &Subject, connecting: bool) -> bool {
        let values = subject.values(&self.key, connecting).map(|values| values.values);
        match &self.test {
            Test::Null(absent) => values.is_none() == *absent,
            Test::Compare { comparison, negated, if_exists, quantifier, wanted } => {
                let variable = |name: &str| subject.variable(name, false);
                let tokens: Vec<_> = wanted.iter().map(|w| w.tokens(&variable)).collect();
                if *negated && tokens.iter().any(Option::is_none) {
                    return false;
                }
                let wanted: Vec<_> = tokens
                    .iter()
                    .flatten()
                    .filter_map(|tokens| Wanted::read(*comparison, tokens).ok())
                    .collect();
                let matches = |value: &String| wanted.iter().any(|wanted| wanted.is(value));
                let Some(values) = values else {
                    return *if_exists
                        || *quantifier == Quantifier::All
                        || (*quantifier == Quantifier::Plain && *negated);
                };
                match quantifier {
                    Quantifier::Plain => values.iter().any(matches) != *negated,
                    Quantifier::All => values.iter().all(|value| matches(value) != *negated),
                    Quantifier::Any => values.iter().any(|value| matches(value) != *negated),
                }
            }
        }
    }
}

fn null_value(values: &[String], at: &str) -> Result<bool, MalformedPolicy> {
    match values {
        [value] => boolean(value),
        _ => None,
    }
    .ok_or_else(|| MalformedPolicy::new(at, "`Null` takes one value, true or false"))
}

fn templates(
    values: &[String],
    comparison: Comparison,
    variables: bool,
    at: &str,
) -> Result<Vec<Template>, MalformedPolicy> {
    let mut templates = Vec::with_capacity(values.len());
    for value in values {
        let template = Template::parse(value, variables);
        if !template.has_variables() {
            let tokens = template.tokens(&|_| None).unwrap_or_default();
            Wanted::read(comparison, &tokens).map_err(|expected| {
                MalformedPolicy::new(at, format!("`{value}` is not {expected}"))
            })?;
        }
        templates.push(template);
    }
    Ok(templates)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(attributes: &[&str]) -> Subject {
        Subject {
            client_id: Some("c".to_owned()),
            persistent_connect: attributes.contains(&"PersistentConnect"),
            last_will_topic: attributes.contains(&"LastWill").then(|| "w".to_owned()),
            ..Subject::default()
        }
    }

    fn check(operator: &str, key: &str, values: &[&str], subject: &Subject, expected: bool) {
        let values: Vec<_> = values.iter().map(|value| (*value).to_owned()).collect();
        let condition = Condition::parse(operator, key, &values, true, "here").unwrap();
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
    fn mistakes_name_the_nearest_right_word() {
        let message = |operator, key| {
            let values = ["x".to_owned()];
            Condition::parse(operator, key, &values, true, "here").unwrap_err().to_string()
        };
        assert!(message("StringEqual", "iot:ClientId").contains("did you mean `StringEquals`"));
        assert!(message("StringLike", "iot:ClientID1").contains("did you mean `iot:ClientId`"));
        assert!(message("IpAddress", "aws:SourceIp").contains("`x` is not an IP address"));
    }
}
