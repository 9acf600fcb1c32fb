//! Pagination tokens: what the caller sends back to get the next page, and cannot make or alter.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// Longest token, as AWS's models say.
pub const TOKEN_CHARS_MAX: usize = 1_024;
const TAG_BYTES: usize = 16;
/// The first byte of every token, so that another format can be told apart.
const FORMAT: u8 = 1;

/// A key that tokens are signed with; one for each data directory.
#[derive(Clone)]
pub struct TokenKey([u8; 32]);

impl std::fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenKey(***)")
    }
}

/// Why a token is not one of ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not a token, altered, or of another operation, list, caller or server.
    #[error(
        "the pagination token is not one that this operation gave to this caller for the same arguments"
    )]
    Foreign,
    /// The cursor does not fit.
    #[error("the list cannot be continued: its cursor of {0} bytes does not fit into a token")]
    TooLong(usize),
}

impl TokenKey {
    /// A key of 32 random bytes.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The token for `cursor`. It is good only with the same `scope`: the operation, who asked, and for
    /// what.
    pub fn seal(&self, scope: &[&str], cursor: &str) -> Result<String, TokenError> {
        let mut bytes = Vec::with_capacity(1 + TAG_BYTES + cursor.len());
        bytes.push(FORMAT);
        bytes.extend_from_slice(self.tag(scope, cursor).get(..TAG_BYTES).unwrap_or_default());
        bytes.extend_from_slice(cursor.as_bytes());
        let token = STANDARD.encode(bytes);
        if token.len() > TOKEN_CHARS_MAX {
            return Err(TokenError::TooLong(cursor.len()));
        }
        Ok(token)
    }

    /// The cursor in `token`.
    pub fn open(&self, scope: &[&str], token: &str) -> Result<String, TokenError> {
        if token.len() > TOKEN_CHARS_MAX {
            return Err(TokenError::Foreign);
        }
        let bytes = STANDARD.decode(token).map_err(|_| TokenError::Foreign)?;
        let (FORMAT, rest) =
            bytes.split_first().map(|(f, r)| (*f, r)).ok_or(TokenError::Foreign)?
        else {
            return Err(TokenError::Foreign);
        };
        let (tag, cursor) = rest.split_at_checked(TAG_BYTES).ok_or(TokenError::Foreign)?;
        let cursor = std::str::from_utf8(cursor).map_err(|_| TokenError::Foreign)?;
        let right = self.tag(scope, cursor);
        let right = right.get(..TAG_BYTES).unwrap_or_default();
        if bool::from(subtle::ConstantTimeEq::ct_eq(tag, right)) {
            Ok(cursor.to_owned())
        } else {
            Err(TokenError::Foreign)
        }
    }

    /// A key for another purpose, from which this one cannot be found.
    pub fn derive(&self, purpose: &str) -> [u8; 32] {
        self.tag(&["a key for"], purpose)
    }

    fn tag(&self, scope: &[&str], cursor: &str) -> [u8; 32] {
        // A key of any length is fine for HMAC, so this cannot fail; a tag of zeros would match nothing.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else { return [0; 32] };
        for part in scope.iter().chain(&[cursor]) {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part.as_bytes());
        }
        mac.finalize().into_bytes().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCOPE: &[&str] = &["ListThings", "ana"];

    fn key() -> TokenKey {
        TokenKey::new([7; 32])
    }

    #[test]
    fn a_token_opens_only_where_it_was_given() {
        let token = key().seal(SCOPE, "pump-17").unwrap();
        assert_eq!(key().open(SCOPE, &token).unwrap(), "pump-17");
        for scope in [&["ListThings", "bob"][..], &["ListPolicies", "ana"], &["ListThingsana", ""]]
        {
            assert_eq!(key().open(scope, &token), Err(TokenError::Foreign), "{scope:?}");
        }
        assert_eq!(TokenKey::new([8; 32]).open(SCOPE, &token), Err(TokenError::Foreign));
    }

    #[test]
    fn tokens_are_standard_base64_as_the_model_of_markers_asks() {
        for length in 0..40 {
            let token = key().seal(SCOPE, &"x".repeat(length)).unwrap();
            let body = token.trim_end_matches('=');
            assert!(token.len() - body.len() <= 2);
            assert!(body.chars().all(|c| c.is_ascii_alphanumeric() || c == '+' || c == '/'));
        }
    }

    #[test]
    fn a_cursor_that_does_not_fit_is_an_error_not_a_broken_token() {
        assert!(key().seal(SCOPE, &"x".repeat(700)).is_ok());
        assert_eq!(key().seal(SCOPE, &"x".repeat(800)), Err(TokenError::TooLong(800)));
    }

    proptest::proptest! {
        #[test]
        fn every_altered_token_is_refused(cursor in ".{0,60}", place in 0_usize..1000, bit in 0_u8..8) {
            let token = key().seal(SCOPE, &cursor).unwrap();
            let mut bytes = STANDARD.decode(&token).unwrap();
            let place = place % bytes.len();
            bytes[place] ^= 1 << bit;
            proptest::prop_assert!(key().open(SCOPE, &STANDARD.encode(bytes)).is_err());
        }

        #[test]
        fn no_text_makes_it_panic(text in ".{0,80}") {
            proptest::prop_assert!(key().open(SCOPE, &text).is_err());
        }
    }
}
