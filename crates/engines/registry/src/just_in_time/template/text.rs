//! Texts with parameters in them.

use serde_json::Value;

use super::TemplateError;
use super::parameters::{Parameters, Values};
use super::section::{Section, unknown};

/// Longest text that is made; names and attributes are shorter.
const CHARS_MAX: usize = 2048;

/// A text of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Text {
    path: String,
    kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Literal(String),
    Parameter(String),
    Join { delimiter: String, parts: Vec<Text> },
}

impl Text {
    /// Reads a text at `path`. The JSON reader bounds how deeply joins can be nested.
    pub(super) fn read(
        value: &Value,
        path: String,
        parameters: &Parameters,
    ) -> Result<Self, TemplateError> {
        let problem = |problem: &str| TemplateError::Member {
            path: path.clone(),
            problem: problem.to_owned(),
        };
        let function = match value {
            Value::String(text) => return Ok(Self { path, kind: Kind::Literal(text.clone()) }),
            Value::Object(members) if members.len() == 1 => Section::new(value, path.clone())?,
            _ => return Err(problem("must be a text, a `Ref` or a `Fn::Join`")),
        };
        let Some((name, argument)) = function.members().next() else {
            return Err(problem("must be a text, a `Ref` or a `Fn::Join`"));
        };
        let kind = match (name.as_str(), argument) {
            ("Ref", Value::String(parameter)) => {
                if let Some(text) = parameters.problem_with(parameter) {
                    return Err(problem(&text));
                }
                Kind::Parameter(parameter.clone())
            }
            ("Ref", _) => return Err(function.problem("Ref", "must be the name of a parameter")),
            ("Fn::Join", argument) => join(&function, argument, parameters)?,
            (odd, _) => return Err(function.problem(odd, unknown(odd, &["Ref", "Fn::Join"]))),
        };
        Ok(Self { path, kind })
    }

    /// The text, if no parameter is in it.
    pub(super) fn literal(&self) -> Option<&str> {
        match &self.kind {
            Kind::Literal(text) => Some(text),
            Kind::Parameter(_) | Kind::Join { .. } => None,
        }
    }

    /// Whether it is nothing but the value of `parameter`.
    pub(super) fn is_parameter(&self, parameter: &str) -> bool {
        matches!(&self.kind, Kind::Parameter(name) if name == parameter)
    }

    /// The text with the parameters' values in it.
    pub(super) fn render(&self, values: &Values) -> Result<String, TemplateError> {
        let mut text = String::new();
        self.render_into(values, &mut text)?;
        Ok(text)
    }

    fn render_into(&self, values: &Values, text: &mut String) -> Result<(), TemplateError> {
        match &self.kind {
            Kind::Literal(literal) => text.push_str(literal),
            Kind::Parameter(name) => {
                let value = values.get(name);
                text.push_str(value.ok_or_else(|| TemplateError::NoValue(name.clone()))?);
            }
            Kind::Join { delimiter, parts } => {
                for (place, part) in parts.iter().enumerate() {
                    if place > 0 {
                        text.push_str(delimiter);
                    }
                    part.render_into(values, text)?;
                }
            }
        }
        if text.len() > CHARS_MAX {
            return Err(TemplateError::LongText { path: self.path.clone(), len_max: CHARS_MAX });
        }
        Ok(())
    }
}

fn join(
    function: &Section<'_>,
    argument: &Value,
    parameters: &Parameters,
) -> Result<Kind, TemplateError> {
    let arguments = argument.as_array().map(Vec::as_slice);
    let Some([Value::String(delimiter), Value::Array(parts)]) = arguments else {
        return Err(function.problem("Fn::Join", "must be `[delimiter, [text, …]]`"));
    };
    let read = |(place, part): (usize, &Value)| {
        Text::read(part, format!("{}[{place}]", function.path("Fn::Join")), parameters)
    };
    let parts = parts.iter().enumerate().map(read).collect::<Result<_, _>>()?;
    Ok(Kind::Join { delimiter: delimiter.clone(), parts })
}
