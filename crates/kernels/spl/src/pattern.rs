//! Text with `*` for any run of characters.

/// A wildcard pattern, split at its stars.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Pattern {
    pieces: Vec<String>,
}

impl Pattern {
    /// Reads `text`; every `*` is a wildcard.
    pub(crate) fn new(text: &str) -> Self {
        Self { pieces: text.split('*').map(str::to_owned).collect() }
    }

    /// Whether it has no wildcard, and so stands for one text only.
    pub(crate) fn is_exact(&self) -> bool {
        self.pieces.len() == 1
    }

    /// The number of wildcards.
    pub(crate) fn stars(&self) -> usize {
        self.pieces.len().saturating_sub(1)
    }

    /// Whether it stands for the whole of `text`.
    pub(crate) fn matches(&self, text: &str) -> bool {
        self.captures(text).is_some()
    }

    /// What each wildcard stands for in `text`; `None` if the pattern does not fit.
    pub(crate) fn captures<'t>(&self, text: &'t str) -> Option<Vec<&'t str>> {
        let (first, rest) = self.pieces.split_first()?;
        let mut left = text.strip_prefix(first.as_str())?;
        let Some((last, middle)) = rest.split_last() else {
            return left.is_empty().then(Vec::new);
        };
        let mut captures = Vec::with_capacity(rest.len());
        for piece in middle {
            let (captured, after) = left.split_once(piece.as_str())?;
            captures.push(captured);
            left = after;
        }
        captures.push(left.strip_suffix(last.as_str())?);
        Some(captures)
    }

    /// The pattern with its wildcards replaced by `captures`, in order.
    pub(crate) fn fill(&self, captures: &[&str]) -> String {
        let mut filled = String::new();
        for (number, piece) in self.pieces.iter().enumerate() {
            if let Some(captured) = number.checked_sub(1).and_then(|number| captures.get(number)) {
                filled.push_str(captured);
            }
            filled.push_str(piece);
        }
        filled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_run_anywhere() {
        assert!(Pattern::new("a*c").matches("abbc"));
        assert!(Pattern::new("*").matches(""));
        assert!(Pattern::new("*x*x").matches("xx"));
        assert!(!Pattern::new("a*a").matches("a"));
        assert!(!Pattern::new("abc").matches("ab"));
    }

    #[test]
    fn captures_fill_another_pattern() {
        let captures = Pattern::new("value.*.n").captures("value.a.b.n").unwrap();
        assert_eq!(Pattern::new("*-n").fill(&captures), "a.b-n");
    }
}
