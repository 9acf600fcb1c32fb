//! Names that have been checked once and are right ever after.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Why a text is not a name of its kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind} `{text}` {problem}")]
pub struct InvalidName {
    /// The kind of name: "thing name", "policy name", …
    pub kind: &'static str,
    /// What was given, shortened and with control characters escaped.
    pub text: String,
    /// What is wrong with it.
    pub problem: String,
}

fn invalid(kind: &'static str, text: &str, problem: impl Into<String>) -> InvalidName {
    let text = text.chars().take(64).flat_map(char::escape_debug).collect();
    InvalidName { kind, text, problem: problem.into() }
}

fn check(kind: &'static str, text: &str, allowed: fn(char) -> bool) -> Result<(), InvalidName> {
    if text.is_empty() {
        return Err(invalid(kind, text, "is empty"));
    }
    if text.len() > 128 {
        return Err(invalid(
            kind,
            text,
            format!("is {} bytes long; at most 128 are allowed", text.len()),
        ));
    }
    match text.chars().find(|c| !allowed(*c)) {
        Some(c) => Err(invalid(kind, text, format!("contains {c:?}, which is not allowed"))),
        None => Ok(()),
    }
}

macro_rules! name {
    ($(#[$doc:meta])* $type:ident, $kind:literal, $allowed:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $type(Arc<str>);

        impl $type {
            /// Checks `text` and wraps it.
            pub fn new(text: impl AsRef<str>) -> Result<Self, InvalidName> {
                let text = text.as_ref();
                check($kind, text, $allowed)?;
                Ok(Self(Arc::from(text)))
            }

            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $type {
            type Error = InvalidName;
            fn try_from(text: String) -> Result<Self, InvalidName> {
                Self::new(text)
            }
        }

        impl From<$type> for String {
            fn from(name: $type) -> String {
                name.0.as_ref().to_owned()
            }
        }
    };
}

fn registry_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, ':' | '_' | '-')
}

name!(
    /// A device identity: a registered thing's name, or the client id or topic level that stands for
    /// an unregistered one. 1–128 bytes without control characters (spec device-defender §1.1).
    ThingName,
    "thing name",
    |c| !c.is_control()
);
name!(
    /// An IoT policy's name: 1–128 of `[\w+=,.@-]`.
    PolicyName,
    "policy name",
    |c| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c)
);
name!(
    /// A certificate's id: the SHA-256 of its DER in lower-case hex.
    CertificateId,
    "certificate id",
    |c| c.is_ascii_digit() || ('a'..='f').contains(&c)
);

impl ThingName {
    /// Whether the registry takes this as the name of a new thing: `[a-zA-Z0-9:_-]{1,128}`.
    pub fn can_be_registered(&self) -> Result<(), InvalidName> {
        check("thing name", self.as_str(), registry_char)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_a_control_character_is_refused_with_the_character_escaped() {
        let error = ThingName::new("a\nb").unwrap_err();
        assert_eq!(error.to_string(), "thing name `a\\nb` contains '\\n', which is not allowed");
    }

    #[test]
    fn an_unregistered_name_may_hold_what_a_registered_one_may_not() {
        let name = ThingName::new("käse/1").unwrap();
        assert!(name.can_be_registered().is_err());
    }
}
