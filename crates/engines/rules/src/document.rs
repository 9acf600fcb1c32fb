//! The document of a rule: AWS's topic rule payload, read strictly (spec iot-core §5.1).

use std::fmt;

use picket_iot_sql::{SqlVersion, Statement, Template};
use serde_json::{Map, Value};

use crate::actions::{self, Action};

/// Largest document, in bytes.
const DOCUMENT_BYTES_MAX: usize = 256 * 1024;
/// Most actions of a rule.
const ACTIONS_MAX: usize = 10;

/// Something that keeps a rule from running.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The place, for example `actions[0].firehose.separator`.
    pub at: String,
    /// What is wrong there.
    pub problem: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.at, self.problem)
    }
}

/// A rule's document, compiled.
#[derive(Debug)]
pub(crate) struct RuleDocument {
    pub(crate) statement: Statement,
    pub(crate) actions: Vec<Box<dyn Action>>,
    pub(crate) error_action: Option<Box<dyn Action>>,
    pub(crate) disabled: bool,
}

/// Checks the document of a rule before it is stored.
///
/// # Errors
/// Everything that is wrong with it: JSON, unknown members, options and actions, the SQL (with line
/// and column), templates, and limits.
pub fn validate(document_json: &str) -> Result<(), Vec<Problem>> {
    RuleDocument::parse(document_json).map(drop)
}

impl RuleDocument {
    pub(crate) fn parse(json: &str) -> Result<Self, Vec<Problem>> {
        let problem = |problem: String| vec![Problem { at: "the rule".to_owned(), problem }];
        if json.len() > DOCUMENT_BYTES_MAX {
            return Err(problem(format!("it is larger than {DOCUMENT_BYTES_MAX} bytes")));
        }
        let value: Value = serde_json::from_str(json).map_err(|error| {
            problem(format!("bad JSON at line {} column {}", error.line(), error.column()))
        })?;
        let Value::Object(members) = value else {
            return Err(problem("it must be a JSON object".to_owned()));
        };
        let mut problems = Vec::new();
        let document = Self::read(&mut Members::new(&members, "", &mut problems));
        match document {
            Some(document) if problems.is_empty() => Ok(document),
            _ => Err(problems),
        }
    }

    fn read(members: &mut Members<'_>) -> Option<Self> {
        members.only(&[
            "sql",
            "actions",
            "description",
            "ruleDisabled",
            "awsIotSqlVersion",
            "errorAction",
        ]);
        members.text("description");
        let disabled = members.boolean("ruleDisabled");
        let version = match members.text("awsIotSqlVersion") {
            None => SqlVersion::default(),
            Some(text) => SqlVersion::parse(text).unwrap_or_else(|| {
                members.problem(
                    "awsIotSqlVersion",
                    "it must be \"2015-10-08\", \"2016-03-23\" or \"beta\"",
                );
                SqlVersion::V2016
            }),
        };
        let statement = members.required_text("sql").and_then(|sql| {
            Statement::parse(sql, version)
                .map_err(|error| members.problem("sql", error.to_string()))
                .ok()
        });
        let actions = members.actions(version);
        let error_action = members
            .value("errorAction")
            .and_then(|value| members.action(value, "errorAction", version));
        Some(Self { statement: statement?, actions: actions?, error_action, disabled })
    }
}

/// Reads the members of one JSON object and collects what is wrong.
#[derive(Debug)]
pub(crate) struct Members<'a> {
    members: &'a Map<String, Value>,
    at: String,
    problems: &'a mut Vec<Problem>,
}

impl<'a> Members<'a> {
    pub(crate) fn new(
        members: &'a Map<String, Value>,
        at: impl Into<String>,
        problems: &'a mut Vec<Problem>,
    ) -> Self {
        Self { members, at: at.into(), problems }
    }

    fn path(&self, name: &str) -> String {
        if self.at.is_empty() { name.to_owned() } else { format!("{}.{name}", self.at) }
    }

    /// Books a problem with the member `name`.
    pub(crate) fn problem(&mut self, name: &str, problem: impl Into<String>) {
        let at = self.path(name);
        self.problems.push(Problem { at, problem: problem.into() });
    }

    /// Books every member that is not one of `known`.
    pub(crate) fn only(&mut self, known: &[&str]) {
        for name in self.members.keys().filter(|name| !known.contains(&name.as_str())) {
            let shown: String = name.chars().take(64).flat_map(char::escape_debug).collect();
            let problem = format!("unknown member{}", nearest(name, known.iter().copied()));
            let at = self.path(&shown);
            self.problems.push(Problem { at, problem });
        }
    }

    pub(crate) fn value(&self, name: &str) -> Option<&'a Value> {
        self.members.get(name)
    }

    pub(crate) fn text(&mut self, name: &str) -> Option<&'a str> {
        let value = self.members.get(name)?;
        if !value.is_string() {
            self.problem(name, "it must be a string");
        }
        value.as_str()
    }

    pub(crate) fn required_text(&mut self, name: &str) -> Option<&'a str> {
        if !self.members.contains_key(name) {
            self.problem(name, "it is missing");
        }
        let text = self.text(name)?;
        if text.is_empty() {
            self.problem(name, "it must not be empty");
        }
        Some(text)
    }

    /// `false` where absent.
    pub(crate) fn boolean(&mut self, name: &str) -> bool {
        let value = self.members.get(name);
        if value.is_some_and(|value| !value.is_boolean()) {
            self.problem(name, "it must be true or false");
        }
        value.and_then(Value::as_bool).unwrap_or(false)
    }

    /// A substitution template.
    pub(crate) fn template(&mut self, name: &str, version: SqlVersion) -> Option<Template> {
        let text = self.text(name)?;
        self.parse_template(name, text, version)
    }

    pub(crate) fn parse_template(
        &mut self,
        name: &str,
        text: &str,
        version: SqlVersion,
    ) -> Option<Template> {
        Template::parse(text, version).map_err(|error| self.problem(name, error.to_string())).ok()
    }

    /// Reads the object `name`, if it is there.
    pub(crate) fn object<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&mut Members<'_>) -> T,
    ) -> Option<T> {
        let value = self.members.get(name)?;
        let Value::Object(members) = value else {
            self.problem(name, "it must be a JSON object");
            return None;
        };
        let at = self.path(name);
        Some(read(&mut Members::new(members, at, self.problems)))
    }

    /// Reads the objects of the list `name`, none where it is absent.
    pub(crate) fn objects<T>(
        &mut self,
        name: &str,
        read: impl Fn(&mut Members<'_>) -> T,
    ) -> Vec<T> {
        let list = match self.members.get(name) {
            None => return Vec::new(),
            Some(Value::Array(list)) => list,
            Some(_) => {
                self.problem(name, "it must be a list");
                return Vec::new();
            }
        };
        let mut read_objects = Vec::with_capacity(list.len());
        for (index, value) in list.iter().enumerate() {
            let at = format!("{}[{index}]", self.path(name));
            match value {
                Value::Object(members) => {
                    read_objects.push(read(&mut Members::new(members, at, self.problems)));
                }
                _ => {
                    let problem = "it must be a JSON object".to_owned();
                    self.problems.push(Problem { at, problem });
                }
            }
        }
        read_objects
    }

    fn actions(&mut self, version: SqlVersion) -> Option<Vec<Box<dyn Action>>> {
        let Some(Value::Array(list)) = self.value("actions") else {
            self.problem("actions", "it must be a list of actions");
            return None;
        };
        if list.len() > ACTIONS_MAX {
            self.problem("actions", format!("a rule has at most {ACTIONS_MAX} actions"));
        }
        let mut actions = Vec::with_capacity(list.len());
        for (index, value) in list.iter().enumerate().take(ACTIONS_MAX) {
            actions.push(self.action(value, &format!("actions[{index}]"), version));
        }
        actions.into_iter().collect()
    }

    fn action(
        &mut self,
        value: &Value,
        name: &str,
        version: SqlVersion,
    ) -> Option<Box<dyn Action>> {
        let only = value.as_object().filter(|members| members.len() == 1);
        let Some((action, options)) = only.and_then(|members| members.iter().next()) else {
            self.problem(name, "an action is an object with exactly one member, its type");
            return None;
        };
        let place = format!("{name}.{action}");
        let Some(kind) = actions::ALL.iter().find(|kind| kind.name == action) else {
            let known = actions::ALL.iter().map(|kind| kind.name);
            let shown: String = action.chars().take(64).flat_map(char::escape_debug).collect();
            let names: Vec<_> = known.clone().collect();
            let problem = format!(
                "action `{shown}` is not supported{}; supported are {}",
                nearest(action, known),
                names.join(", ")
            );
            self.problem(name, problem);
            return None;
        };
        let Value::Object(options) = options else {
            self.problem(&place, "it must be a JSON object");
            return None;
        };
        let at = self.path(&place);
        (kind.parse)(&mut Members::new(options, at, self.problems), version)
    }
}

/// `; did you mean …?` if a known name is near enough to help.
fn nearest<'a>(given: &str, known: impl Iterator<Item = &'a str>) -> String {
    known
        .map(|name| (strsim::damerau_levenshtein(given, name), name))
        .min()
        .filter(|(distance, name)| *distance <= 1 + name.len() / 3)
        .map(|(_, name)| format!("; did you mean `{name}`?"))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(json: &str, expected: &[&str]) {
        let problems = validate(json).err().unwrap_or_default();
        let shown: Vec<_> = problems.iter().map(Problem::to_string).collect();
        assert_eq!(shown.len(), expected.len(), "{shown:?}");
        for (shown, expected) in shown.iter().zip(expected) {
            assert!(shown.starts_with(expected), "{shown} is not {expected}");
        }
    }

    #[test]
    fn a_plain_rule_is_fine() {
        check(
            r#"{"sql":"SELECT * FROM 'picket/metrics'","actions":[{"firehose":
            {"roleArn":"arn:aws:iam::000000000000:role/r","deliveryStreamName":"picket-to-siem",
            "separator":"\n"}}],"awsIotSqlVersion":"2016-03-23"}"#,
            &[],
        );
        check(r#"{"sql":"SELECT *","actions":[]}"#, &[]);
    }

    #[test]
    fn every_problem_is_named_with_its_place() {
        check("{", &["the rule: bad JSON at line 1"]);
        check("[]", &["the rule: it must be a JSON object"]);
        check(
            r#"{"sqll":"x","actions":[{"firehos":{}}],"ruleDisabled":"no"}"#,
            &[
                "sqll: unknown member; did you mean `sql`?",
                "ruleDisabled: it must be true or false",
                "sql: it is missing",
                "actions[0]: action `firehos` is not supported; did you mean `firehose`?",
            ],
        );
        check(
            r#"{"sql":"SELECT * FORM 'a'","actions":[{"sqs":{}}],"awsIotSqlVersion":"2017"}"#,
            &[
                "awsIotSqlVersion: it must be \"2015-10-08\"",
                "sql: line 1, column 10: expected",
                "actions[0]: action `sqs` is not supported",
            ],
        );
        check(
            r#"{"sql":"SELECT *","actions":[{"firehose":{"deliveryStreamName":"${","separator":";",
            "batchMod":true}}],"errorAction":{"republish":{"qos":2}}}"#,
            &[
                "actions[0].firehose.batchMod: unknown member; did you mean `batchMode`?",
                "actions[0].firehose.deliveryStreamName: line 1, column 3",
                "actions[0].firehose.separator: it must be",
                "errorAction.republish.topic: it is missing",
                "errorAction.republish.qos: it must be 0 or 1",
            ],
        );
    }

    proptest! {
        #[test]
        fn arbitrary_documents_never_panic(text in ".{0,80}", key in "[a-zA-Z]{0,12}") {
            let _outcome = validate(&text);
            let json = serde_json::json!({"sql": text, key.as_str(): text, "actions": [
                {"firehose": {"deliveryStreamName": text, key.as_str(): text}},
                {"republish": {"topic": text, "headers": {key.as_str(): text}}},
                {key.as_str(): {}},
            ]});
            let _outcome = validate(&json.to_string());
        }
    }
}
