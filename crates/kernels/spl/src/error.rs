//! What is wrong with a search, and where.

/// A search that cannot be run. The message names the command, function or option and, where one is
/// near, the right spelling.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SplError {
    /// What is wrong.
    pub message: String,
    /// Where: a byte offset into the text of the search.
    pub at: usize,
}

impl SplError {
    /// An error at the byte offset `at`.
    pub fn new(at: usize, message: impl Into<String>) -> Self {
        Self { message: message.into(), at }
    }

    /// Line and column of the error in `source`, both from 1; columns count characters.
    pub fn position(&self, source: &str) -> (u32, u32) {
        let before = source.char_indices().take_while(|(at, _)| *at < self.at).map(|(_, c)| c);
        before.fold((1, 1), |(line, column), c| match c {
            '\n' => (line + 1, 1),
            _ => (line, column + 1),
        })
    }
}
