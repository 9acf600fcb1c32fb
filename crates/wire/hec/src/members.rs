//! Strict reading of configuration documents: every member is asked for by name, and whatever is left
//! over is an error that names the nearest right name.

use std::fmt;

use serde_json::{Map, Value};

/// One thing that is wrong with a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    /// Where, for example `SplunkDestinationConfiguration.RetryOptions`.
    pub path: String,
    /// What, and what would be right.
    pub problem: String,
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.problem)
    }
}

/// The members of one object of a document, taken out one by one. All problems are collected, so that
/// one look at the answer is enough to mend the document.
#[derive(Debug)]
pub struct Members {
    path: String,
    map: Map<String, Value>,
    known: Vec<&'static str>,
    problems: Vec<Invalid>,
}

impl Members {
    /// The members of the document `json`, which `name` stands for in messages.
    pub fn parse(name: &str, json: &str) -> Result<Self, Vec<Invalid>> {
        let problem = match serde_json::from_str(json) {
            Ok(Value::Object(map)) => return Ok(Self::of(name.to_owned(), map)),
            Ok(_) => "is not a JSON object".to_owned(),
            Err(error) => format!("is not JSON: {error}"),
        };
        Err(vec![Invalid { path: name.to_owned(), problem }])
    }

    const fn of(path: String, map: Map<String, Value>) -> Self {
        Self { path, map, known: Vec::new(), problems: Vec::new() }
    }

    /// Notes that `member` is wrong.
    pub fn refuse(&mut self, member: &str, problem: impl Into<String>) {
        let path = self.path_of(member);
        self.problems.push(Invalid { path, problem: problem.into() });
    }

    /// Whether the member is there and not taken yet.
    pub fn has(&self, member: &str) -> bool {
        self.map.contains_key(member)
    }

    /// The member as it is; `null` counts as absent.
    pub fn value(&mut self, member: &'static str) -> Option<Value> {
        self.known.push(member);
        self.map.shift_remove(member).filter(|value| !value.is_null())
    }

    /// Text of at most `chars_max` characters.
    pub fn text(&mut self, member: &'static str, chars_max: usize) -> Option<String> {
        match self.value(member)? {
            Value::String(text) if text.chars().count() <= chars_max => Some(text),
            Value::String(_) => {
                self.refuse(member, format!("is longer than {chars_max} characters"));
                None
            }
            _ => {
                self.refuse(member, "must be text");
                None
            }
        }
    }

    /// Text that has to be there.
    pub fn required_text(&mut self, member: &'static str, chars_max: usize) -> Option<String> {
        if !self.map.contains_key(member) {
            self.refuse(member, "is required");
        }
        self.text(member, chars_max).filter(|text| {
            let blank = text.trim().is_empty();
            if blank {
                let path = self.path_of(member);
                self.problems.push(Invalid { path, problem: "must not be blank".to_owned() });
            }
            !blank
        })
    }

    /// `true` or `false`.
    pub fn flag(&mut self, member: &'static str) -> Option<bool> {
        match self.value(member)? {
            Value::Bool(flag) => Some(flag),
            _ => {
                self.refuse(member, "must be true or false");
                None
            }
        }
    }

    /// A whole number from `min` to `max`. `unit` is for the message.
    pub fn number(
        &mut self,
        member: &'static str,
        range: std::ops::RangeInclusive<u64>,
    ) -> Option<u64> {
        let value = self.value(member)?;
        match value.as_u64().filter(|number| range.contains(number)) {
            Some(number) => Some(number),
            None => {
                let (min, max) = (range.start(), range.end());
                self.refuse(
                    member,
                    format!("is {value}; a whole number from {min} to {max} is wanted"),
                );
                None
            }
        }
    }

    /// One of `choices`. Anything else is refused with the nearest of them.
    pub fn choice(
        &mut self,
        member: &'static str,
        choices: &[&'static str],
    ) -> Option<&'static str> {
        let text = self.text(member, 256)?;
        let found = choices.iter().copied().find(|choice| *choice == text);
        if found.is_none() {
            let hint = nearest(&text, choices);
            let list = choices.join(", ");
            self.refuse(member, format!("is `{text}`; one of {list} is wanted{hint}"));
        }
        found
    }

    /// A list of texts.
    pub fn texts(&mut self, member: &'static str) -> Option<Vec<String>> {
        let Value::Array(items) = self.value(member)? else {
            self.refuse(member, "must be a list of texts");
            return None;
        };
        let texts: Option<Vec<String>> =
            items.into_iter().map(|item| item.as_str().map(str::to_owned)).collect();
        if texts.is_none() {
            self.refuse(member, "must be a list of texts");
        }
        texts
    }

    /// An object inside this one, read by `read`. Problems inside are reported with their full path.
    pub fn object<T>(
        &mut self,
        member: &'static str,
        read: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Option<T> {
        let Value::Object(map) = self.value(member)? else {
            self.refuse(member, "must be an object");
            return None;
        };
        let mut inner = Self::of(self.path_of(member), map);
        let read = read(&mut inner);
        self.problems.append(&mut inner.finish());
        read
    }

    /// A list of objects, each read by `read`.
    pub fn objects<T>(
        &mut self,
        member: &'static str,
        mut read: impl FnMut(&mut Self) -> Option<T>,
    ) -> Option<Vec<T>> {
        let Value::Array(items) = self.value(member)? else {
            self.refuse(member, "must be a list of objects");
            return None;
        };
        let mut all = Vec::new();
        for (place, item) in items.into_iter().enumerate() {
            let Value::Object(map) = item else {
                self.refuse(member, "must be a list of objects");
                return None;
            };
            let mut inner = Self::of(format!("{}[{place}]", self.path_of(member)), map);
            all.extend(read(&mut inner));
            self.problems.append(&mut inner.finish());
        }
        Some(all)
    }

    /// Reports every member nobody asked for and gives back all problems.
    #[must_use]
    pub fn finish(mut self) -> Vec<Invalid> {
        let unknown: Vec<String> = self.map.keys().cloned().collect();
        for member in unknown {
            if !self.known.contains(&member.as_str()) {
                let hint = nearest(&member, &self.known);
                self.refuse(&member, format!("is not a member here{hint}"));
            }
        }
        self.problems
    }

    fn path_of(&self, member: &str) -> String {
        let member: String = member.chars().take(64).flat_map(char::escape_debug).collect();
        format!("{}.{member}", self.path)
    }
}

fn nearest(text: &str, choices: &[&'static str]) -> String {
    let lower = text.to_lowercase();
    choices
        .iter()
        .map(|choice| (strsim::jaro_winkler(&lower, &choice.to_lowercase()), choice))
        .filter(|(likeness, _)| *likeness > 0.7)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, choice)| format!("; did you mean `{choice}`?"))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_member_is_named_with_its_place_and_the_nearest_right_name() {
        let mut members = Members::parse("token", r#"{"a":{"indxe":"x"},"b":1}"#).unwrap();
        members.object("a", |inner| inner.text("index", 10));
        let problems: Vec<String> = members.finish().iter().map(ToString::to_string).collect();
        assert_eq!(
            problems,
            [
                "token.a.indxe: is not a member here; did you mean `index`?",
                "token.b: is not a member here"
            ]
        );
    }

    #[test]
    fn all_problems_are_reported_at_once() {
        let json = r#"{"n":7,"t":5,"c":"gzip","f":"yes","l":[1]}"#;
        let mut members = Members::parse("d", json).unwrap();
        assert_eq!(members.number("n", 1..=5), None);
        assert_eq!(members.text("t", 5), None);
        assert_eq!(members.choice("c", &["GZIP", "ZIP"]), None);
        assert_eq!(members.flag("f"), None);
        assert_eq!(members.texts("l"), None);
        assert_eq!(members.required_text("r", 5), None);
        let problems: Vec<String> = members.finish().iter().map(ToString::to_string).collect();
        assert_eq!(
            problems,
            [
                "d.n: is 7; a whole number from 1 to 5 is wanted",
                "d.t: must be text",
                "d.c: is `gzip`; one of GZIP, ZIP is wanted; did you mean `GZIP`?",
                "d.f: must be true or false",
                "d.l: must be a list of texts",
                "d.r: is required",
            ]
        );
    }

    #[test]
    fn what_is_no_object_is_refused() {
        assert!(Members::parse("d", "[]").is_err());
        assert!(Members::parse("d", "{").is_err());
    }
}
