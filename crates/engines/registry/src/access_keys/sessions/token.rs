//! Session tokens. A token says by itself whose session it is and when it ends, and only this server can
//! make one; the secret that belongs to it follows from the access key's id. So nothing is stored of a
//! session.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use picket_core::{Secret, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

/// Longest token that is looked at.
const TOKEN_CHARS_MAX: usize = 4_096;
const TAG_BYTES: usize = 32;
const SECRET_CHARS: usize = 40;

/// The key that sessions are sealed with; one for each data directory. Whoever has it can make sessions of
/// every role.
#[derive(Clone)]
pub(super) struct SessionKey([u8; 32]);

impl std::fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SessionKey(***)")
    }
}

/// What a token says. A new format is a new variant.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "format", deny_unknown_fields)]
enum Sealed {
    #[serde(rename = "1")]
    V1 {
        access_key: String,
        role_arn: String,
        role_id: String,
        name: String,
        issued: Timestamp,
        expires: Timestamp,
        facts: Vec<(String, String)>,
    },
}

/// A session as its token has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Claims {
    pub(super) access_key: String,
    pub(super) role_arn: String,
    pub(super) role_id: String,
    pub(super) name: String,
    pub(super) issued: Timestamp,
    pub(super) expires: Timestamp,
    pub(super) facts: Vec<(String, String)>,
}

impl SessionKey {
    pub(super) const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The token of a session.
    pub(super) fn seal(&self, claims: &Claims) -> Option<Secret> {
        let Claims { access_key, role_arn, role_id, name, issued, expires, facts } = claims.clone();
        let sealed = Sealed::V1 { access_key, role_arn, role_id, name, issued, expires, facts };
        let text = serde_json::to_vec(&sealed).ok()?;
        let mut bytes = self.tag("token", &text)?.to_vec();
        bytes.extend_from_slice(&text);
        Some(Secret::new(STANDARD.encode(bytes))).filter(|it| it.expose().len() <= TOKEN_CHARS_MAX)
    }

    /// What is in `token`; `None` unless we made it.
    pub(super) fn open(&self, token: &Secret) -> Option<Claims> {
        let token = token.expose();
        if token.len() > TOKEN_CHARS_MAX {
            return None;
        }
        let bytes = STANDARD.decode(token).ok()?;
        let (tag, text) = bytes.split_at_checked(TAG_BYTES)?;
        if !bool::from(self.tag("token", text)?.ct_eq(tag)) {
            return None;
        }
        let Sealed::V1 { access_key, role_arn, role_id, name, issued, expires, facts } =
            serde_json::from_slice(text).ok()?;
        Some(Claims { access_key, role_arn, role_id, name, issued, expires, facts })
    }

    /// The secret that belongs to a temporary access key.
    pub(super) fn secret(&self, access_key: &str) -> Option<Secret> {
        let text = STANDARD.encode(self.tag("secret", access_key.as_bytes())?);
        Some(Secret::new(text.chars().take(SECRET_CHARS).collect::<String>()))
    }

    fn tag(&self, purpose: &str, text: &[u8]) -> Option<[u8; TAG_BYTES]> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).ok()?;
        mac.update(purpose.as_bytes());
        mac.update(&[0]);
        mac.update(text);
        Some(mac.finalize().into_bytes().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims() -> Claims {
        Claims {
            access_key: "ASIAEXAMPLE".to_owned(),
            role_arn: "arn:aws:iam::000000000000:role/r".to_owned(),
            role_id: "AROAEXAMPLE".to_owned(),
            name: "s".to_owned(),
            issued: Timestamp::from_millis(1),
            expires: Timestamp::from_millis(2),
            facts: vec![("credentials-iot:ThingName".to_owned(), "pump-17".to_owned())],
        }
    }

    #[test]
    fn a_token_opens_with_its_key_only() {
        let key = SessionKey::new([7; 32]);
        let token = key.seal(&claims()).unwrap();
        assert_eq!(key.open(&token), Some(claims()));
        assert_eq!(SessionKey::new([8; 32]).open(&token), None);
        assert_ne!(key.secret("ASIAEXAMPLE"), SessionKey::new([8; 32]).secret("ASIAEXAMPLE"));
        assert_eq!(key.secret("ASIAEXAMPLE").unwrap().expose().len(), 40);
        assert!(!format!("{key:?}").contains('7'));
    }

    #[test]
    fn a_token_that_would_be_too_long_is_not_made() {
        let facts = vec![("k".to_owned(), "x".repeat(TOKEN_CHARS_MAX))];
        assert_eq!(SessionKey::new([7; 32]).seal(&Claims { facts, ..claims() }), None);
    }

    proptest::proptest! {
        #[test]
        fn a_token_that_was_altered_opens_never(at in 0_usize..200, to in "[A-Za-z0-9+/]") {
            let key = SessionKey::new([7; 32]);
            let token = key.seal(&claims()).unwrap();
            let mut chars: Vec<char> = token.expose().chars().collect();
            let at = at % chars.len();
            chars[at] = to.chars().next().unwrap();
            let altered = Secret::new(chars.into_iter().collect::<String>());
            if altered != token {
                proptest::prop_assert_eq!(key.open(&altered), None);
            }
        }

        #[test]
        fn no_text_makes_it_panic(text in ".{0,100}") {
            proptest::prop_assert_eq!(SessionKey::new([7; 32]).open(&Secret::new(text)), None);
        }
    }
}
