//! Who a request comes from (spec delivery §5.2).

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::HeaderMap;
use hyper::header::AUTHORIZATION;
use picket_wire_hec::ReplyCode;

use super::query::Query;
use super::tokens::{HecToken, TokenTable};

/// The token of a request, which is switched on. A token in the query outranks the header.
pub(crate) fn authenticate(
    tokens: &TokenTable,
    headers: &HeaderMap,
    query: &Query,
) -> Result<Arc<HecToken>, ReplyCode> {
    let token = if query.has("token") {
        let presented = query.get("token").unwrap_or_default();
        let token = tokens.find(presented).ok_or(ReplyCode::InvalidToken)?;
        if !token.allow_query_string_auth {
            return Err(ReplyCode::QueryStringDisabled);
        }
        token
    } else {
        let header = headers.get(AUTHORIZATION).ok_or(ReplyCode::TokenRequired)?;
        let presented = header.to_str().ok().and_then(presented_in);
        let presented = presented.ok_or(ReplyCode::InvalidAuthorization)?;
        tokens.find(&presented).ok_or(ReplyCode::InvalidToken)?
    };
    if token.disabled { Err(ReplyCode::TokenDisabled) } else { Ok(token) }
}

/// The token in an `Authorization` header: `Splunk <token>`, or the password of `Basic`.
fn presented_in(header: &str) -> Option<String> {
    let (scheme, rest) = header.trim().split_once(' ')?;
    let rest = rest.trim();
    let token = if scheme.eq_ignore_ascii_case("splunk") {
        rest.to_owned()
    } else if scheme.eq_ignore_ascii_case("basic") {
        let pair = String::from_utf8(STANDARD.decode(rest).ok()?).ok()?;
        pair.split_once(':')?.1.to_owned()
    } else {
        return None;
    };
    Some(token).filter(|token| !token.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(authorization: Option<&str>, query: &str) -> Result<String, u16> {
        let tokens = TokenTable::new(vec![
            HecToken::parse("plain", r#"{"token":"abc"}"#).unwrap(),
            HecToken::parse("query", r#"{"token":"q","allowQueryStringAuth":true}"#).unwrap(),
            HecToken::parse("off", r#"{"token":"off","disabled":true}"#).unwrap(),
        ]);
        let mut headers = HeaderMap::new();
        if let Some(value) = authorization {
            headers.insert(AUTHORIZATION, value.parse().unwrap());
        }
        authenticate(&tokens, &headers, &Query::parse(query))
            .map(|token| token.name.to_string())
            .map_err(ReplyCode::number)
    }

    #[test]
    fn schemes_and_faults_have_their_codes() {
        for (header, query, expected) in [
            (Some("Splunk abc"), "", Ok("plain")),
            (Some("splunk abc"), "", Ok("plain")),
            (Some("Basic eDphYmM="), "", Ok("plain")),
            (None, "", Err(2)),
            (Some("Bearer abc"), "", Err(3)),
            (Some("Splunk"), "", Err(3)),
            (Some("Splunk  "), "", Err(3)),
            (Some("Basic !!"), "", Err(3)),
            (Some("Basic eA=="), "", Err(3)),
            (Some("Splunk nope"), "", Err(4)),
            (Some("Splunk off"), "", Err(1)),
            (None, "token=q", Ok("query")),
            (Some("Splunk abc"), "token=q", Ok("query")),
            (Some("Splunk abc"), "token=abc", Err(16)),
            (Some("Splunk abc"), "token=", Err(4)),
        ] {
            assert_eq!(check(header, query), expected.map(str::to_owned), "{header:?} {query}");
        }
    }
}
