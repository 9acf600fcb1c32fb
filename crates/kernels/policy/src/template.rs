//! Text of a policy with `${variables}` and wildcards (spec iot-core §4.2, §4.3).

use crate::pattern::{ANY_ONE, ANY_RUN};
use crate::subject::Unresolved;

/// A parsed text. Wildcards are only those written in the policy; what a variable stands for is
/// always taken literally.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Template {
    written: Box<str>,
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    /// Text and wildcards, as [`crate::pattern`] has them.
    Pattern(Vec<u8>),
    Variable(Box<str>),
}

impl Template {
    /// Reads `text`. Without `variables` (policies of 2008), `${` has no meaning.
    pub(crate) fn parse(text: &str, variables: bool) -> Self {
        let mut parts = Vec::new();
        let mut pattern = Vec::new();
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            let inside = rest.strip_prefix("${").filter(|_| variables);
            if let Some((name, after)) = inside.and_then(|inside| inside.split_once('}')) {
                rest = after;
                if let "*" | "?" | "$" = name {
                    pattern.extend_from_slice(name.as_bytes());
                    continue;
                }
                if !pattern.is_empty() {
                    parts.push(Part::Pattern(std::mem::take(&mut pattern)));
                }
                parts.push(Part::Variable(name.into()));
                continue;
            }
            match c {
                '*' => pattern.push(ANY_RUN),
                '?' => pattern.push(ANY_ONE),
                c => pattern.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            }
            rest = rest.get(c.len_utf8()..).unwrap_or_default();
        }
        if !pattern.is_empty() {
            parts.push(Part::Pattern(pattern));
        }
        Self { written: text.into(), parts }
    }

    /// The text as it stands in the policy.
    pub(crate) fn written(&self) -> &str {
        &self.written
    }

    /// The variables in it.
    pub(crate) fn variables(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Variable(name) => Some(&**name),
            Part::Pattern(_) => None,
        })
    }

    /// The text as a pattern; the first variable without a value, and why, if there is one.
    pub(crate) fn pattern<'a>(
        &'a self,
        value: &dyn Fn(&str) -> Result<String, Unresolved>,
    ) -> Result<Vec<u8>, (&'a str, Unresolved)> {
        let mut pattern = Vec::with_capacity(self.written.len());
        for part in &self.parts {
            match part {
                Part::Pattern(piece) => pattern.extend_from_slice(piece),
                Part::Variable(name) => {
                    let value = value(name).map_err(|why| (&**name, why))?;
                    pattern.extend_from_slice(value.as_bytes());
                }
            }
        }
        Ok(pattern)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pattern::Pattern;

    fn matches(template: &str, text: &str) -> Option<bool> {
        let value = |name: &str| (name == "v").then(|| "a*".to_owned()).ok_or(Unresolved::Unknown);
        let template = Template::parse(template, true);
        let pattern = template.pattern(&value).ok()?;
        Some(Pattern::new(&pattern).matches(text))
    }

    #[test]
    fn a_value_never_becomes_a_wildcard() {
        assert_eq!(matches("x/${v}", "x/a*"), Some(true));
        assert_eq!(matches("x/${v}", "x/ab"), Some(false));
        assert_eq!(matches("x/${v}*", "x/a*b"), Some(true));
    }

    #[test]
    fn escapes_give_the_character() {
        assert_eq!(matches("${*}${?}${$}", "*?$"), Some(true));
        assert_eq!(matches("${*}", "a"), Some(false));
    }

    #[test]
    fn an_unknown_variable_has_no_text_and_an_unclosed_one_is_text() {
        assert_eq!(matches("${w}", "w"), None);
        assert_eq!(matches("${v", "${v"), Some(true));
    }

    #[test]
    fn policies_of_2008_have_no_variables() {
        let template = Template::parse("${v}", false);
        assert_eq!(template.variables().count(), 0);
        let pattern = template.pattern(&|_| Err(Unresolved::Unknown)).unwrap();
        assert!(Pattern::new(&pattern).matches("${v}"));
    }
}
