//! Text of a policy with `${variables}` and wildcards (spec iot-core §4.2, §4.3).

use crate::pattern::Token;

/// A parsed text. Wildcards are only those written in the policy; what a variable stands for is
/// always taken literally.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Template(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Token(Token),
    Variable(String),
}

impl Template {
    /// Reads `text`. Without `variables` (policies of 2008), `${` has no meaning.
    pub(crate) fn parse(text: &str, variables: bool) -> Self {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            let inside = rest.strip_prefix("${").filter(|_| variables);
            if let Some((name, after)) = inside.and_then(|inside| inside.split_once('}')) {
                parts.push(variable(name));
                rest = after;
                continue;
            }
            parts.push(Part::Token(match c {
                '*' => Token::AnyRun,
                '?' => Token::AnyOne,
                c => Token::Literal(c),
            }));
            rest = rest.get(c.len_utf8()..).unwrap_or_default();
        }
        Self(parts)
    }

    /// Whether the text depends on the connection.
    pub(crate) fn has_variables(&self) -> bool {
        self.0.iter().any(|part| matches!(part, Part::Variable(_)))
    }

    /// The text as a pattern; `None` if a variable has no value.
    pub(crate) fn tokens(&self, value: &dyn Fn(&str) -> Option<String>) -> Option<Vec<Token>> {
        let mut tokens = Vec::with_capacity(self.0.len());
        for part in &self.0 {
            match part {
                Part::Token(token) => tokens.push(*token),
                Part::Variable(name) => tokens.extend(value(name)?.chars().map(Token::Literal)),
            }
        }
        Some(tokens)
    }
}

fn variable(name: &str) -> Part {
    match name {
        "*" | "?" | "$" => Part::Token(Token::Literal(name.chars().next().unwrap_or('$'))),
        name => Part::Variable(name.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pattern::Pattern;

    fn matches(template: &str, text: &str) -> Option<bool> {
        let value = |name: &str| (name == "v").then(|| "a*".to_owned());
        let tokens = Template::parse(template, true).tokens(&value)?;
        Some(Pattern::new(&tokens).matches(text))
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
        let tokens = Template::parse("${v}", false).tokens(&|_| None).unwrap();
        assert!(Pattern::new(&tokens).matches("${v}"));
    }
}
