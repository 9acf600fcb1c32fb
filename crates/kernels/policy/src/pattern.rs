//! Wildcard patterns: `*` is any run of characters, `?` is exactly one (spec iot-core §4.2).
//!
//! A pattern is a text in UTF-8 in which two bytes that UTF-8 never uses stand for the wildcards, so
//! that many patterns fit into one buffer and a literal is compared byte by byte.

/// Any characters, also none, `/` included.
pub(crate) const ANY_RUN: u8 = 0xFF;
/// Any one character.
pub(crate) const ANY_ONE: u8 = 0xFE;

const fn is_wildcard(byte: u8) -> bool {
    byte >= ANY_ONE
}

/// How a pattern is matched. The frequent shapes have their own fast way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// No wildcard.
    Exact,
    /// A literal; one `*` behind it is left out.
    Prefix,
    /// A literal; one `*` before it is left out.
    Suffix,
    /// Anything else.
    General,
}

impl Shape {
    /// The shape of `pattern`, and the part of it that has to be kept.
    pub(crate) fn of(pattern: &[u8]) -> (Self, &[u8]) {
        let literal = |part: &[u8]| !part.iter().copied().any(is_wildcard);
        match pattern {
            _ if literal(pattern) => (Self::Exact, pattern),
            [head @ .., ANY_RUN] if literal(head) => (Self::Prefix, head),
            [ANY_RUN, tail @ ..] if literal(tail) => (Self::Suffix, tail),
            _ => (Self::General, pattern),
        }
    }

    /// Whether the pattern `kept` of this shape covers the whole of `text`. Time is at most pattern
    /// length times text length; nothing is allocated.
    pub(crate) fn matches(self, kept: &[u8], text: &str) -> bool {
        match self {
            Self::Exact => kept == text.as_bytes(),
            Self::Prefix => text.as_bytes().starts_with(kept),
            Self::Suffix => text.as_bytes().ends_with(kept),
            Self::General => general_matches(kept, text.as_bytes()),
        }
    }
}

/// A pattern that stands by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pattern {
    shape: Shape,
    kept: Box<[u8]>,
}

impl Pattern {
    pub(crate) fn new(pattern: &[u8]) -> Self {
        let (shape, kept) = Shape::of(pattern);
        Self { shape, kept: kept.into() }
    }

    /// Whether the pattern covers the whole of `text`.
    pub(crate) fn matches(&self, text: &str) -> bool {
        self.shape.matches(&self.kept, text)
    }
}

/// The pattern as a policy would write it, with `${*}` for a star that is none.
pub(crate) fn written(pattern: &[u8]) -> String {
    spelled(pattern, |literal| literal.replace('*', "${*}").replace('?', "${?}"))
}

/// The pattern as plain text, for operators that know no wildcards.
pub(crate) fn text_of(pattern: &[u8]) -> String {
    spelled(pattern, str::to_owned)
}

fn spelled(pattern: &[u8], literal: fn(&str) -> String) -> String {
    let mut text = String::with_capacity(pattern.len());
    for piece in pattern.chunk_by(|a, b| !is_wildcard(*a) && !is_wildcard(*b)) {
        match piece {
            [ANY_RUN] => text.push('*'),
            [ANY_ONE] => text.push('?'),
            piece => text.push_str(&literal(&String::from_utf8_lossy(piece))),
        }
    }
    text
}

/// Bytes of the character that begins at `at`.
fn char_bytes(text: &[u8], at: usize) -> usize {
    let rest = text.iter().skip(at + 1);
    1 + rest.take_while(|byte| **byte & 0b1100_0000 == 0b1000_0000).count()
}

/// Greedy matching that only ever returns to the newest `*`: whatever an older `*` could still take,
/// the newest can take as well.
fn general_matches(pattern: &[u8], text: &[u8]) -> bool {
    let tail = pattern.rsplit(|byte| is_wildcard(*byte)).next().unwrap_or_default();
    if !text.ends_with(tail) {
        return false;
    }
    let (mut at, mut read) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    loop {
        match (pattern.get(at), text.get(read)) {
            (Some(&ANY_RUN), _) => {
                at += 1;
                if at == pattern.len() {
                    return true;
                }
                retry = Some((at, read));
            }
            (None, None) => return true,
            (Some(&ANY_ONE), Some(_)) => {
                at += 1;
                read += char_bytes(text, read);
            }
            (Some(wanted), Some(byte)) if wanted == byte => {
                at += 1;
                read += 1;
            }
            // The text ended first: more text for a `*` cannot help.
            (Some(_), None) => return false,
            _ => {
                let Some((after_run, from)) = retry else { return false };
                let Some(from) = next_start(pattern, after_run, text, from) else { return false };
                (at, read) = (after_run, from);
                retry = Some((after_run, from));
            }
        }
    }
}

/// Where behind `from` what follows a `*` could begin next.
fn next_start(pattern: &[u8], after_run: usize, text: &[u8], from: usize) -> Option<usize> {
    let next = from + char_bytes(text, from);
    match pattern.get(after_run) {
        // The first byte of a character stands at the begin of characters only.
        Some(&first) if !is_wildcard(first) => {
            let skipped = text.get(next..)?.iter().position(|byte| *byte == first)?;
            Some(next + skipped)
        }
        _ => (next <= text.len()).then_some(next),
    }
}

/// What is left of a pattern after it has matched `prefix`: the text `prefix + rest` matches the
/// pattern exactly when `rest` matches one of the returned ones.
pub(crate) fn residuals(pattern: &[u8], prefix: &str) -> Vec<Vec<u8>> {
    // Nearly every resource spells the prefix out, or differs from it before any wildcard.
    let literal = pattern.iter().take_while(|byte| !is_wildcard(**byte));
    let same = literal.zip(prefix.as_bytes()).take_while(|(a, b)| a == b).count();
    if same == prefix.len() {
        return pattern.get(same..).map(<[u8]>::to_vec).into_iter().collect();
    }
    if !pattern.get(same).copied().is_some_and(is_wildcard) {
        return Vec::new();
    }
    let units = units(pattern);
    let states = states_after(&units, prefix);
    states.iter().filter_map(|&state| units.get(state..)).map(<[&[u8]]>::concat).collect()
}

/// The pattern's characters and wildcards.
fn units(pattern: &[u8]) -> Vec<&[u8]> {
    pattern.chunk_by(|_, next| next & 0b1100_0000 == 0b1000_0000).collect()
}

const RUN: &[u8] = &[ANY_RUN];
const ONE: &[u8] = &[ANY_ONE];

/// Where in the pattern one can be after `prefix`.
fn states_after(units: &[&[u8]], prefix: &str) -> Vec<usize> {
    let mut states = vec![0];
    settle(units, &mut states);
    for c in prefix.chars() {
        let mut buffer = [0; 4];
        let c: &[u8] = c.encode_utf8(&mut buffer).as_bytes();
        let mut next = Vec::with_capacity(states.len() + 1);
        for &state in &states {
            match units.get(state) {
                Some(&RUN) => next.push(state),
                Some(unit) if *unit == ONE || *unit == c => next.push(state + 1),
                _ => {}
            }
        }
        settle(units, &mut next);
        states = next;
    }
    if let Some(&first) = states.first()
        && units.get(first) == Some(&RUN)
    {
        // The `*` covers what stands right behind it.
        states.retain(|&state| state != first + 1);
    }
    states
}

/// Follows `*` as "nothing", and drops what the furthest `*` covers anyway.
fn settle(units: &[&[u8]], states: &mut Vec<usize>) {
    let mut index = 0;
    while let Some(&state) = states.get(index) {
        if units.get(state) == Some(&RUN) {
            states.push(state + 1);
        }
        index += 1;
    }
    states.sort_unstable();
    states.dedup();
    let newest_run = states.iter().rposition(|&state| units.get(state) == Some(&RUN));
    if let Some(newest_run) = newest_run {
        states.drain(..newest_run);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn encoded(pattern: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        for byte in pattern.bytes() {
            bytes.push(match byte {
                b'*' => ANY_RUN,
                b'?' => ANY_ONE,
                byte => byte,
            });
        }
        bytes
    }

    fn check(pattern: &str, text: &str, expected: bool) {
        assert_eq!(Pattern::new(&encoded(pattern)).matches(text), expected, "{pattern} on {text}");
    }

    #[test]
    fn wildcards_cover_slashes_and_whole_characters() {
        check("a*c", "a/b/c", true);
        check("a*c", "a/b/c/d", false);
        check("*", "", true);
        check("?", "", false);
        check("?", "ä", true);
        check("??", "ä", false);
        check("*?b", "äb", true);
        check("*ä?", "ääx", true);
        check("a/?/*", "a/+/#", true);
        check("a**b", "ab", true);
        check("*a*a*b", "aaaab", true);
        check("*ab", "aab", true);
        check("", "", true);
        check("", "a", false);
    }

    #[test]
    fn a_pattern_can_be_written_down_again() {
        assert_eq!(written(&encoded("a*ä?/**")), "a*ä?/**");
        assert_eq!(written(b"a*?"), "a${*}${?}");
    }

    #[test]
    fn many_stars_do_not_explode() {
        let pattern = Pattern::new(&encoded(&"*a".repeat(400)));
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
            pattern in "[abä:*?]{0,8}",
            prefix in "[abä:]{0,5}",
            rest in "[abä:]{0,6}",
        ) {
            let chars = |text: &str| text.chars().collect::<Vec<_>>();
            let text = format!("{prefix}{rest}");
            let expected = model(&chars(&pattern), &chars(&text));
            prop_assert_eq!(Pattern::new(&encoded(&pattern)).matches(&text), expected);
            let left = residuals(&encoded(&pattern), &prefix);
            prop_assert_eq!(left.iter().any(|left| Pattern::new(left).matches(&rest)), expected);
        }
    }
}
