//! Wildcard patterns: `*` is any run of characters, `?` is exactly one (spec iot-core §4.2).

/// One unit of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Token {
    /// This character.
    Literal(char),
    /// Any one character.
    AnyOne,
    /// Any characters, also none, `/` included.
    AnyRun,
}

/// A pattern ready to match. The two frequent shapes have their own fast way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Pattern {
    /// No wildcard.
    Exact(Box<str>),
    /// A literal followed by one `*`.
    Prefix(Box<str>),
    /// Anything else.
    General(Box<[Token]>),
}

impl Pattern {
    /// Builds the pattern; runs of `*` count as one.
    pub(crate) fn new(tokens: &[Token]) -> Self {
        let is_literal = |token: &Token| matches!(token, Token::Literal(_));
        let text = |tokens: &[Token]| -> Box<str> {
            let chars = tokens.iter().filter_map(|token| match token {
                Token::Literal(c) => Some(*c),
                _ => None,
            });
            chars.collect::<String>().into_boxed_str()
        };
        match tokens {
            _ if tokens.iter().all(is_literal) => Self::Exact(text(tokens)),
            [head @ .., Token::AnyRun] if head.iter().all(is_literal) => Self::Prefix(text(head)),
            _ => {
                let mut tokens = tokens.to_vec();
                tokens.dedup_by(|next, token| *next == Token::AnyRun && *token == Token::AnyRun);
                Self::General(tokens.into_boxed_slice())
            }
        }
    }

    /// Whether the pattern covers the whole of `text`. Time is at most pattern length times text
    /// length; nothing is allocated.
    pub(crate) fn matches(&self, text: &str) -> bool {
        match self {
            Self::Exact(literal) => **literal == *text,
            Self::Prefix(prefix) => text.starts_with(&**prefix),
            Self::General(tokens) => general_matches(tokens, text),
        }
    }
}

/// Greedy matching that only ever returns to the newest `*`: whatever an older `*` could still take,
/// the newest can take as well.
fn general_matches(tokens: &[Token], text: &str) -> bool {
    let mut rest = text.chars();
    let mut at = 0;
    let mut retry: Option<(usize, std::str::Chars<'_>)> = None;
    loop {
        if tokens.get(at) == Some(&Token::AnyRun) {
            at += 1;
            retry = Some((at, rest.clone()));
            continue;
        }
        match (tokens.get(at), rest.next()) {
            (None, None) => return true,
            (Some(Token::AnyOne), Some(_)) => at += 1,
            (Some(Token::Literal(wanted)), Some(c)) if *wanted == c => at += 1,
            // The text ended first: more text for a `*` cannot help.
            (_, None) => return false,
            _ => {
                let Some((after_run, from)) = &mut retry else { return false };
                if from.next().is_none() {
                    return false;
                }
                at = *after_run;
                rest = from.clone();
            }
        }
    }
}

/// What is left of a pattern after it has matched `prefix`: the text `prefix + rest` matches the
/// pattern exactly when `rest` matches one of the returned ones.
pub(crate) fn residuals(tokens: &[Token], prefix: &str) -> Vec<Pattern> {
    let mut states = vec![0];
    settle(tokens, &mut states);
    for c in prefix.chars() {
        let mut next = Vec::with_capacity(states.len() + 1);
        for &state in &states {
            match tokens.get(state) {
                Some(Token::AnyRun) => next.push(state),
                Some(Token::AnyOne) => next.push(state + 1),
                Some(Token::Literal(wanted)) if *wanted == c => next.push(state + 1),
                _ => {}
            }
        }
        settle(tokens, &mut next);
        states = next;
    }
    if let Some(&first) = states.first()
        && tokens.get(first) == Some(&Token::AnyRun)
    {
        // The `*` covers what stands right behind it.
        states.retain(|&state| state != first + 1);
    }
    states.iter().filter_map(|&state| tokens.get(state..)).map(Pattern::new).collect()
}

/// Follows `*` as "nothing", and drops what the furthest `*` covers anyway.
fn settle(tokens: &[Token], states: &mut Vec<usize>) {
    let mut index = 0;
    while let Some(&state) = states.get(index) {
        if tokens.get(state) == Some(&Token::AnyRun) {
            states.push(state + 1);
        }
        index += 1;
    }
    states.sort_unstable();
    states.dedup();
    let newest_run = states.iter().rposition(|&state| tokens.get(state) == Some(&Token::AnyRun));
    if let Some(newest_run) = newest_run {
        states.drain(..newest_run);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tokens(pattern: &str) -> Vec<Token> {
        let token = |c| match c {
            '*' => Token::AnyRun,
            '?' => Token::AnyOne,
            c => Token::Literal(c),
        };
        pattern.chars().map(token).collect()
    }

    fn check(pattern: &str, text: &str, expected: bool) {
        assert_eq!(Pattern::new(&tokens(pattern)).matches(text), expected, "{pattern} on {text}");
    }

    #[test]
    fn wildcards_cover_slashes_and_whole_characters() {
        check("a*c", "a/b/c", true);
        check("a*c", "a/b/c/d", false);
        check("*", "", true);
        check("?", "", false);
        check("?", "ä", true);
        check("a/?/*", "a/+/#", true);
        check("a**b", "ab", true);
        check("*a*a*b", "aaaab", true);
        check("*ab", "aab", true);
        check("", "", true);
    }

    #[test]
    fn many_stars_do_not_explode() {
        let pattern = Pattern::new(&tokens(&"*a".repeat(400)));
        let text = "a".repeat(60_000) + "b";
        let start = std::time::Instant::now();
        assert!(!pattern.matches(&text));
        assert!(start.elapsed().as_secs() < 5);
    }

    /// The obvious recursive definition.
    fn model(pattern: &[char], text: &[char]) -> bool {
        match (pattern.split_first(), text.split_first()) {
            (None, None) => true,
            (Some(('*', rest)), None) => model(rest, text),
            (Some(('*', rest)), Some((_, tail))) => model(rest, text) || model(pattern, tail),
            (Some(('?', rest)), Some((_, tail))) => model(rest, tail),
            (Some((p, rest)), Some((t, tail))) => p == t && model(rest, tail),
            _ => false,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        #[test]
        fn agrees_with_the_recursive_definition(
            pattern in "[ab:*?]{0,8}",
            prefix in "[ab:]{0,5}",
            rest in "[ab:]{0,6}",
        ) {
            let chars = |text: &str| text.chars().collect::<Vec<_>>();
            let text = format!("{prefix}{rest}");
            let expected = model(&chars(&pattern), &chars(&text));
            prop_assert_eq!(Pattern::new(&tokens(&pattern)).matches(&text), expected);
            let residuals = residuals(&tokens(&pattern), &prefix);
            prop_assert_eq!(residuals.iter().any(|left| left.matches(&rest)), expected);
        }
    }
}
