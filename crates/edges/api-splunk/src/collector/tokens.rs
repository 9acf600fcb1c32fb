//! HEC tokens: who may write, and where to.
//!
//! A token is a registry document of kind `hec-token`, named as the token is. Its members:
//!
//! | member | meaning, default |
//! |---|---|
//! | `token` | the secret, 1–128 characters; required |
//! | `index` | index of events that name none; the server's default index |
//! | `indexes` | indexes the token may write to; empty = any |
//! | `source`, `sourcetype`, `host` | for events that name none; `http:<name>`, `httpevent`, the peer's address |
//! | `useACK` | whether answers carry acknowledgement ids; false |
//! | `channelOptional` | with `useACK`: a request without a channel is taken, without an id, rather than refused; false as in Splunk |
//! | `disabled` | false |
//! | `allowQueryStringAuth` | whether `?token=` is taken; false |
//! | `description` | for people |

use std::sync::Arc;

use picket_core::Secret;
use picket_wire_hec::{Invalid, Members};
use subtle::ConstantTimeEq;

/// One token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HecToken {
    /// Its name.
    pub name: Arc<str>,
    /// What a sender presents.
    pub token: Secret,
    /// Index of events that name none.
    pub index: Option<String>,
    /// Indexes it may write to; empty = any that exists.
    pub indexes: Vec<String>,
    /// `source` of events that name none.
    pub source: Option<String>,
    /// `sourcetype` of events that name none.
    pub sourcetype: Option<String>,
    /// `host` of events that name none.
    pub host: Option<String>,
    /// Whether answers carry acknowledgement ids.
    pub use_ack: bool,
    /// Whether a request without a channel is taken although the token uses acknowledgements.
    pub channel_optional: bool,
    /// Whether it is switched off.
    pub disabled: bool,
    /// Whether it may be sent in the query.
    pub allow_query_string_auth: bool,
}

impl HecToken {
    /// Reads the document `json` of the token `name`. Reports all that is wrong with it.
    pub fn parse(name: &str, json: &str) -> Result<Self, Vec<Invalid>> {
        let mut members = Members::parse(&format!("hec-token {name}"), json)?;
        let secret = members.required_text("token", 128).unwrap_or_default();
        let token = Self {
            name: Arc::from(name),
            token: Secret::new(secret),
            index: members.text("index", 80),
            indexes: members.texts("indexes").unwrap_or_default(),
            source: members.text("source", 1024),
            sourcetype: members.text("sourcetype", 1024),
            host: members.text("host", 1024),
            use_ack: members.flag("useACK").unwrap_or(false),
            channel_optional: members.flag("channelOptional").unwrap_or(false),
            disabled: members.flag("disabled").unwrap_or(false),
            allow_query_string_auth: members.flag("allowQueryStringAuth").unwrap_or(false),
        };
        members.text("description", 1024);
        if let Some(index) = token.index.as_ref().filter(|index| !token.may_write_to(index)) {
            members.refuse("index", format!("is `{index}`, which `indexes` does not list"));
        }
        let problems = members.finish();
        if problems.is_empty() { Ok(token) } else { Err(problems) }
    }

    /// Whether the token's list allows `index`.
    pub fn may_write_to(&self, index: &str) -> bool {
        self.indexes.is_empty() || self.indexes.iter().any(|allowed| allowed == index)
    }
}

/// All tokens as they stand.
#[derive(Debug, Default)]
pub(crate) struct TokenTable(Vec<Arc<HecToken>>);

impl TokenTable {
    /// A table of `tokens`.
    pub(crate) fn new(tokens: Vec<HecToken>) -> Self {
        Self(tokens.into_iter().map(Arc::new).collect())
    }

    /// The token that `presented` is. Looks at every token each time, so that the time it takes does
    /// not tell how near a guess was.
    pub(crate) fn find(&self, presented: &str) -> Option<Arc<HecToken>> {
        let mut found = None;
        for token in &self.0 {
            if bool::from(token.token.expose().as_bytes().ct_eq(presented.as_bytes())) {
                found = Some(token.clone());
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_read_strictly() {
        let token =
            HecToken::parse("fleet", r#"{"token":"t","index":"iot","useACK":true}"#).unwrap();
        assert!(token.use_ack && !token.disabled);
        assert!(token.may_write_to("anything"));
        let problems =
            HecToken::parse("fleet", r#"{"useAck":true,"index":"a","indexes":["b"]}"#).unwrap_err();
        let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(
            problems,
            [
                "hec-token fleet.token: is required",
                "hec-token fleet.index: is `a`, which `indexes` does not list",
                "hec-token fleet.useAck: is not a member here; did you mean `useACK`?",
            ]
        );
    }

    #[test]
    fn a_token_is_found_by_its_whole_secret_only() {
        let table = TokenTable::new(vec![HecToken::parse("a", r#"{"token":"secret"}"#).unwrap()]);
        assert!(table.find("secret").is_some());
        assert!(table.find("secre").is_none() && table.find("Secret").is_none());
    }
}
