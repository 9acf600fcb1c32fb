//! The `sed` expressions of `rex`: `s/re/replacement/flags` and `y/abc/xyz/`.

use crate::eval::Pattern;

/// A replacement.
#[derive(Debug)]
pub(super) enum Sed {
    Substitute {
        pattern: Pattern,
        replacement: String,
        /// Only this match, from 1; all if absent.
        only: Option<usize>,
    },
    Translate(Vec<(char, char)>),
}

impl Sed {
    /// Reads an expression; the error says what is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut chars = text.chars();
        let (kind, delimiter) = (chars.next(), chars.next());
        let delimiter = delimiter
            .filter(|delimiter| !delimiter.is_alphanumeric() && *delimiter != '\\')
            .ok_or("write `s/pattern/replacement/g` or `y/abc/xyz/`")?;
        let parts = split(chars.as_str(), delimiter);
        let [first, second, flags] = parts.as_slice() else {
            return Err(format!("`{text}` must have three `{delimiter}`"));
        };
        match kind {
            Some('s') => Self::substitute(first, second, flags),
            Some('y') if flags.is_empty() => Self::translate(first, second),
            _ => Err("write `s/pattern/replacement/g` or `y/abc/xyz/`".to_owned()),
        }
    }

    fn substitute(pattern: &str, replacement: &str, flags: &str) -> Result<Self, String> {
        let pattern = Pattern::new(pattern).map_err(|error| error.to_string())?;
        let only = match flags {
            "g" => None,
            "" => Some(1),
            number => {
                let number = number.parse().ok().filter(|number| *number > 0);
                Some(number.ok_or_else(|| format!("`{flags}` is neither `g` nor a number"))?)
            }
        };
        Ok(Self::Substitute { pattern, replacement: replacement.to_owned(), only })
    }

    fn translate(from: &str, to: &str) -> Result<Self, String> {
        if from.chars().count() != to.chars().count() {
            return Err(format!("`{from}` and `{to}` are not equally long"));
        }
        Ok(Self::Translate(from.chars().zip(to.chars()).collect()))
    }

    /// `text` with the replacement done.
    pub(super) fn apply(&self, text: &str) -> String {
        match self {
            Self::Translate(pairs) => {
                let translated =
                    |c| pairs.iter().find(|(from, _)| *from == c).map_or(c, |(_, to)| *to);
                text.chars().map(translated).collect()
            }
            Self::Substitute { pattern, replacement, only: None } => {
                pattern.replace(text, replacement).into_owned()
            }
            Self::Substitute { pattern, replacement, only: Some(number) } => {
                let found = pattern.matches(text).nth(number - 1);
                let Some(groups) = found else { return text.to_owned() };
                let Some(whole) = groups.get(0) else { return text.to_owned() };
                let mut result = text.get(..whole.start()).unwrap_or_default().to_owned();
                crate::eval::expand(replacement, &groups, &mut result);
                result.push_str(text.get(whole.end()..).unwrap_or_default());
                result
            }
        }
    }
}

/// Cuts at `delimiter`; one behind a backslash is part of the text.
fn split(text: &str, delimiter: char) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c == delimiter {
            parts.push(String::new());
            continue;
        }
        let Some(part) = parts.last_mut() else { break };
        match c {
            '\\' => match chars.next() {
                Some(escaped) if escaped == delimiter => part.push(escaped),
                escaped => {
                    part.push('\\');
                    part.extend(escaped);
                }
            },
            c => part.push(c),
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(sed: &str, text: &str, expected: &str) {
        assert_eq!(Sed::parse(sed).unwrap().apply(text), expected, "{sed}");
    }

    #[test]
    fn substitutes_and_translates() {
        check("s/a/b/", "aaa", "baa");
        check("s/a/b/g", "aaa", "bbb");
        check("s/a/b/2", "aaa", "aba");
        check(r"s/(\d+)-(\d+)/\2-\1/", "1-2", "2-1");
        check(r"s|/|\||g", "a/b", "a|b");
        check("y/abc/xyz/", "cab", "zxy");
    }

    #[test]
    fn a_wrong_expression_says_why() {
        for (sed, why) in
            [("x", "write"), ("s/a/b", "three"), ("s/a/b/q", "neither"), ("y/a/bc/", "equally")]
        {
            let error = Sed::parse(sed).unwrap_err();
            assert!(error.contains(why), "{sed}: {error}");
        }
    }
}
