//! Parameters: what a template declares, and the values a caller gives.

use std::collections::BTreeMap;

use picket_core::Secret;
use regex::Regex;

use crate::error::{Problems, nearest, shown};
use crate::node::Node;
use crate::template::known_members;

const ATTRIBUTES: &[&str] = &[
    "Type",
    "Default",
    "Description",
    "NoEcho",
    "AllowedValues",
    "AllowedPattern",
    "ConstraintDescription",
    "MinLength",
    "MaxLength",
    "MinValue",
    "MaxValue",
];
const TYPES: &[(&str, Type)] = &[
    ("String", Type::Text),
    ("Number", Type::Number),
    ("CommaDelimitedList", Type::Texts),
    ("List<Number>", Type::Numbers),
];
/// Longest value, as in CloudFormation.
const VALUE_BYTES_MAX: usize = 4096;
/// Largest compiled `AllowedPattern`.
const PATTERN_BYTES_MAX: usize = 1 << 20;

/// Values for a template's parameters. None of them is ever printed.
#[derive(Debug, Clone, Default)]
pub struct Parameters(BTreeMap<String, Secret>);

impl Parameters {
    /// No values.
    pub fn new() -> Self {
        Self::default()
    }

    /// With this value; the last one of a name counts.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.0.insert(name.into(), Secret::new(value));
        self
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Type {
    Text,
    Number,
    Texts,
    Numbers,
}

/// A parameter as the template declares it.
#[derive(Debug)]
pub(crate) struct Declared {
    pub(crate) name: String,
    kind: Type,
    default: Option<String>,
    allowed: Option<Vec<String>>,
    pattern: Option<Regex>,
    length: (usize, usize),
    range: (f64, f64),
    advice: Option<String>,
}

impl Declared {
    pub(crate) fn read(name: String, node: Node, problems: &mut Problems) -> Option<Self> {
        let place = format!("Parameters.{name}");
        let mut declared = Self {
            name,
            kind: Type::Text,
            default: None,
            allowed: None,
            pattern: None,
            length: (0, VALUE_BYTES_MAX),
            range: (f64::NEG_INFINITY, f64::INFINITY),
            advice: None,
        };
        let mut is_typed = false;
        for (attribute, node) in known_members(&place, node, ATTRIBUTES, problems) {
            is_typed |= attribute == "Type";
            if let Err(problem) = declared.set(&attribute, &node) {
                problems.push(format!("{place}.{attribute}"), problem);
            }
        }
        if !is_typed {
            problems.push(format!("{place}.Type"), "is missing");
            return None;
        }
        Some(declared)
    }

    fn set(&mut self, attribute: &str, node: &Node) -> Result<(), String> {
        if attribute == "AllowedValues" {
            let Node::List(items) = node else { return Err("must be a list".to_owned()) };
            let values: Option<Vec<String>> =
                items.iter().map(|item| item.scalar().map(str::to_owned)).collect();
            self.allowed = Some(values.ok_or("must be a list of texts")?);
            return Ok(());
        }
        let text = node.scalar().ok_or_else(|| format!("must be a text, not {}", node.kind()))?;
        let length = || text.parse::<usize>().map_err(|_| "must be a whole number".to_owned());
        let number = || text.parse::<f64>().map_err(|_| "must be a number".to_owned());
        match attribute {
            "Type" => self.kind = type_of(text)?,
            "Default" => self.default = Some(text.to_owned()),
            "AllowedPattern" => self.pattern = Some(pattern(text)?),
            "ConstraintDescription" => self.advice = Some(shown(text)),
            "MinLength" => self.length.0 = length()?,
            "MaxLength" => self.length.1 = length()?.min(VALUE_BYTES_MAX),
            "MinValue" => self.range.0 = number()?,
            "MaxValue" => self.range.1 = number()?,
            "NoEcho" if !matches!(text, "true" | "false") => {
                return Err("must be true or false".to_owned());
            }
            _ => {}
        }
        Ok(())
    }

    /// The value to use; says what is wrong with it without showing it.
    fn value(&self, given: Option<&Secret>) -> Result<Node, String> {
        let text = given.map(Secret::expose).or(self.default.as_deref());
        let text = text.ok_or("has no default and was given no value")?;
        self.check(text).map_err(|problem| match &self.advice {
            Some(advice) => format!("{problem}: {advice}"),
            None => problem,
        })?;
        let items = || text.split(',').map(str::trim);
        Ok(match self.kind {
            Type::Text => Node::Text(text.to_owned()),
            Type::Number => Node::Plain(text.to_owned()),
            Type::Texts => Node::List(items().map(|item| Node::Text(item.to_owned())).collect()),
            Type::Numbers => Node::List(items().map(|item| Node::Plain(item.to_owned())).collect()),
        })
    }

    fn check(&self, text: &str) -> Result<(), String> {
        let (shortest, longest) = self.length;
        if text.len() > longest || text.chars().count() < shortest {
            return Err(format!("its value must be {shortest} to {longest} characters long"));
        }
        if self.allowed.as_ref().is_some_and(|allowed| !allowed.iter().any(|it| it == text)) {
            return Err("its value is not one of AllowedValues".to_owned());
        }
        if self.pattern.as_ref().is_some_and(|pattern| !pattern.is_match(text)) {
            return Err("its value does not match AllowedPattern".to_owned());
        }
        match self.kind {
            Type::Number => self.check_number(text),
            Type::Numbers => text.split(',').try_for_each(|item| self.check_number(item.trim())),
            Type::Text | Type::Texts => Ok(()),
        }
    }

    fn check_number(&self, text: &str) -> Result<(), String> {
        let (least, most) = self.range;
        let number: serde_json::Number =
            text.parse().map_err(|_| "its value must be a number".to_owned())?;
        let number = number.as_f64().unwrap_or(f64::NAN);
        if number >= least && number <= most {
            Ok(())
        } else {
            Err(format!("its value must be from {least} to {most}"))
        }
    }
}

/// The values of all `declared` parameters.
pub(crate) fn values(
    declared: &[Declared],
    given: &Parameters,
    problems: &mut Problems,
) -> BTreeMap<String, Node> {
    for name in given.0.keys().filter(|name| !declared.iter().any(|it| it.name == **name)) {
        let near = nearest(name, declared.iter().map(|it| it.name.as_str()));
        let problem = format!("was given a value and is not declared in the template{near}");
        problems.push(format!("Parameters.{}", shown(name)), problem);
    }
    let mut values = BTreeMap::new();
    for parameter in declared {
        match parameter.value(given.0.get(&parameter.name)) {
            Ok(value) => {
                values.insert(parameter.name.clone(), value);
            }
            Err(problem) => problems.push(format!("Parameters.{}", parameter.name), problem),
        }
    }
    values
}

fn type_of(text: &str) -> Result<Type, String> {
    let found = TYPES.iter().find(|(name, _)| *name == text).map(|(_, kind)| *kind);
    found.ok_or_else(|| {
        let near = nearest(text, TYPES.iter().map(|(name, _)| *name));
        format!("`{}` is not a parameter type this version knows{near}", shown(text))
    })
}

fn pattern(text: &str) -> Result<Regex, String> {
    let whole = format!("^(?:{text})$");
    let built = regex::RegexBuilder::new(&whole).size_limit(PATTERN_BYTES_MAX).build();
    built.map_err(|_| "is not a regular expression, or a too large one".to_owned())
}
