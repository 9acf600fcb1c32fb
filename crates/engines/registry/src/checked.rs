//! Texts that callers give, checked against AWS's patterns (spec iot-core §1.4).

use picket_core::ThingName;

use crate::ControlError;

/// What a text of one kind may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TextRule {
    pub(crate) chars_min: usize,
    pub(crate) chars_max: usize,
    /// For the message.
    pub(crate) pattern: &'static str,
    pub(crate) is_allowed: fn(char) -> bool,
}

/// Names of things, thing types, thing groups and billing groups.
pub(crate) const ENTRY_NAME: TextRule = TextRule {
    chars_min: 1,
    chars_max: 128,
    pattern: "[a-zA-Z0-9:_-]+",
    is_allowed: |c| c.is_ascii_alphanumeric() || ":_-".contains(c),
};

/// Names of attributes.
pub(crate) const ATTRIBUTE_NAME: TextRule = TextRule {
    chars_min: 1,
    chars_max: 128,
    pattern: "[a-zA-Z0-9_.,@/:#-]+",
    is_allowed: |c| c.is_ascii_alphanumeric() || "_.,@/:#-".contains(c),
};

/// Values of attributes.
pub(crate) const ATTRIBUTE_VALUE: TextRule = TextRule {
    chars_min: 0,
    chars_max: 800,
    pattern: "[a-zA-Z0-9_.,@/:#=\\[\\]-]*",
    is_allowed: |c| c.is_ascii_alphanumeric() || "_.,@/:#=[]-".contains(c),
};

/// Descriptions of types and groups.
pub(crate) const DESCRIPTION: TextRule = TextRule {
    chars_min: 0,
    chars_max: 2028,
    pattern: "[\\p{Graph}\\x20]*",
    is_allowed: |c| c == ' ' || c.is_ascii_graphic(),
};

/// `clientRequestToken`.
pub(crate) const REQUEST_TOKEN: TextRule = TextRule {
    chars_min: 1,
    chars_max: 64,
    pattern: "[a-zA-Z0-9_-]+",
    is_allowed: |c| c.is_ascii_alphanumeric() || "_-".contains(c),
};

impl TextRule {
    /// Refuses a `text` that breaks the rule; `member` is its name in the request.
    pub(crate) fn check(&self, member: &str, text: &str) -> Result<(), ControlError> {
        match self.problem(text) {
            None => Ok(()),
            Some(problem) => Err(ControlError::Invalid(format!(
                "value `{}` at `{member}` {problem}: it must have {} to {} characters of {}",
                shown(text),
                self.chars_min,
                self.chars_max,
                self.pattern
            ))),
        }
    }

    fn problem(&self, text: &str) -> Option<String> {
        if let Some(odd) = text.chars().find(|c| !(self.is_allowed)(*c)) {
            return Some(format!("holds {odd:?}"));
        }
        let chars = text.chars().count();
        if chars > self.chars_max {
            return Some(format!("has {chars} characters"));
        }
        (chars < self.chars_min).then(|| "is empty".to_owned())
    }
}

/// The name of a thing that is or could be registered.
pub(crate) fn thing_name(text: &str) -> Result<ThingName, ControlError> {
    ENTRY_NAME.check("thingName", text)?;
    Ok(ThingName::new(text)?)
}

/// A text from a caller, short enough and harmless enough for a message.
pub(crate) fn shown(text: &str) -> String {
    text.chars().take(64).flat_map(char::escape_debug).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(rule: TextRule, text: &str) -> String {
        rule.check("member", text).unwrap_err().to_string()
    }

    #[test]
    fn a_refusal_names_the_member_the_problem_and_what_is_allowed() {
        let text = refusal(ENTRY_NAME, "a/b\u{7}");
        assert_eq!(
            text,
            "value `a/b\\u{7}` at `member` holds '/': it must have 1 to 128 characters of \
             [a-zA-Z0-9:_-]+"
        );
        assert!(refusal(ENTRY_NAME, "").contains("is empty"));
        assert!(refusal(ENTRY_NAME, &"x".repeat(129)).contains("has 129 characters"));
    }

    #[test]
    fn every_rule_takes_what_its_pattern_takes_and_nothing_else() {
        let rules = [ENTRY_NAME, ATTRIBUTE_NAME, ATTRIBUTE_VALUE, DESCRIPTION, REQUEST_TOKEN];
        for rule in rules {
            for c in (0..=0x2ff).filter_map(char::from_u32) {
                let in_pattern = match rule.pattern {
                    "[\\p{Graph}\\x20]*" => ('!'..='~').contains(&c) || c == ' ',
                    pattern => {
                        let listed = pattern.trim_start_matches("[a-zA-Z0-9");
                        let listed = listed.trim_end_matches(['+', '*']).trim_end_matches(']');
                        let listed = listed.replace("\\]", "]").replace("\\[", "[");
                        c.is_ascii_alphanumeric()
                            || listed.contains(c)
                            || (c == ']' && pattern.contains("\\]"))
                    }
                };
                assert_eq!((rule.is_allowed)(c), in_pattern, "{c:?} in {}", rule.pattern);
            }
        }
    }
}
