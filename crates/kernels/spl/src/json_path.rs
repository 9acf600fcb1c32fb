//! Taking values out of JSON text: a path such as `value.ports{}` or `a{0}.b`, or all leaves.
//!
//! Numbers read as they stand in the text.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

/// Deepest nesting that is looked into.
const DEPTH_MAX: usize = 32;
/// Most values taken from one text.
const VALUES_MAX: usize = 10_000;

/// A path into JSON.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct JsonPath {
    steps: Vec<Step>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Step {
    Member(String),
    /// `{}`
    All,
    /// `{n}`, from 0.
    Item(usize),
}

impl JsonPath {
    /// Reads a path; the error says what is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut steps = Vec::new();
        for part in text.split('.') {
            let (name, mut braces) =
                part.split_once('{').map_or((part, None), |(name, rest)| (name, Some(rest)));
            if !name.is_empty() {
                steps.push(Step::Member(name.to_owned()));
            } else if braces.is_none() {
                return Err(format!("the path `{text}` has an empty step"));
            }
            while let Some(rest) = braces {
                let closed = rest.split_once('}');
                let (inside, after) =
                    closed.ok_or_else(|| format!("`}}` is missing in `{text}`"))?;
                steps.push(match inside {
                    "" => Step::All,
                    number => Step::Item(number.parse().map_err(|_| {
                        format!(
                            "`{{{number}}}` in `{text}` is neither `{{}}` nor a number in braces"
                        )
                    })?),
                });
                braces = match after.strip_prefix('{') {
                    Some(rest) => Some(rest),
                    None if after.is_empty() => None,
                    None => return Err(format!("`.` is missing after `}}` in `{text}`")),
                };
            }
        }
        Ok(Self { steps })
    }

    /// Whether the path takes one item of an array by number, which no column holds.
    pub(crate) fn has_numbers(&self) -> bool {
        self.steps.iter().any(|step| matches!(step, Step::Item(_)))
    }

    /// The values at the path in `json`; none if it is no JSON or has nothing there.
    pub(crate) fn values(&self, json: &str) -> Vec<String> {
        let mut values = Vec::new();
        if let Ok(root) = serde_json::from_str::<&RawValue>(json) {
            walk(root, &self.steps, &mut values);
        }
        values
    }
}

fn walk(json: &RawValue, steps: &[Step], values: &mut Vec<String>) {
    if values.len() >= VALUES_MAX {
        return;
    }
    let Some((step, rest)) = steps.split_first() else {
        values.push(text_of(json));
        return;
    };
    match step {
        Step::Member(name) => {
            if let Some(member) = members(json).and_then(|members| members.get(name).copied()) {
                walk(member, rest, values);
            }
        }
        Step::All => items(json).into_iter().flatten().for_each(|item| walk(item, rest, values)),
        Step::Item(number) => {
            if let Some(item) = items(json).and_then(|items| items.get(*number).copied()) {
                walk(item, rest, values);
            }
        }
    }
}

fn members(json: &RawValue) -> Option<BTreeMap<String, &RawValue>> {
    json.get().starts_with('{').then(|| serde_json::from_str(json.get()).ok()).flatten()
}

fn items(json: &RawValue) -> Option<Vec<&RawValue>> {
    json.get().starts_with('[').then(|| serde_json::from_str(json.get()).ok()).flatten()
}

/// A text without its quotes; anything else as it stands.
fn text_of(json: &RawValue) -> String {
    serde_json::from_str::<String>(json.get()).unwrap_or_else(|_| json.get().to_owned())
}

/// Every leaf of `json` by its path, each with its values in order.
pub(crate) fn leaves(json: &str) -> BTreeMap<String, Vec<String>> {
    let mut found = BTreeMap::new();
    if let Ok(root) = serde_json::from_str::<&RawValue>(json)
        && root.get().starts_with(['{', '['])
    {
        collect(root, "", 0, &mut found);
    }
    found
}

fn collect(json: &RawValue, path: &str, depth: usize, found: &mut BTreeMap<String, Vec<String>>) {
    if depth > DEPTH_MAX || found.len() >= VALUES_MAX {
        return;
    }
    if let Some(members) = members(json) {
        for (name, member) in members {
            let path = if path.is_empty() { name } else { format!("{path}.{name}") };
            collect(member, &path, depth + 1, found);
        }
    } else if let Some(items) = items(json) {
        let path = format!("{path}{{}}");
        items.into_iter().for_each(|item| collect(item, &path, depth + 1, found));
    } else {
        let values = found.entry(path.to_owned()).or_default();
        if values.len() < VALUES_MAX {
            values.push(text_of(json));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, json: &str, expected: &[&str]) {
        assert_eq!(JsonPath::parse(path).unwrap().values(json), expected, "{path} in {json}");
    }

    #[test]
    fn a_path_walks_members_and_items() {
        let json = r#"{"a":{"b":1.50},"p":[22,"x",{"n":null}],"m":[[1],[2,3]]}"#;
        check("a.b", json, &["1.50"]);
        check("p{}", json, &["22", "x", r#"{"n":null}"#]);
        check("p{1}", json, &["x"]);
        check("p{}.n", json, &["null"]);
        check("m{}{}", json, &["1", "2", "3"]);
        check("a", json, &[r#"{"b":1.50}"#]);
        check("none", json, &[]);
        check("a", "no json", &[]);
    }

    #[test]
    fn a_wrong_path_says_why() {
        for (path, why) in
            [("a..b", "empty step"), ("a{x}", "neither"), ("a{", "missing"), ("a{}b", "`.`")]
        {
            let error = JsonPath::parse(path).unwrap_err();
            assert!(error.contains(why), "{path}: {error}");
        }
    }

    #[test]
    fn all_leaves_have_the_names_of_columns() {
        let leaves = leaves(r#"{"a":{"b":true},"f":[{"s":1},{"s":2}]}"#);
        let leaves: Vec<_> =
            leaves.into_iter().map(|(path, values)| (path, values.join("+"))).collect();
        assert_eq!(leaves, [("a.b".into(), "true".into()), ("f{}.s".into(), "1+2".to_owned())]);
    }
}
