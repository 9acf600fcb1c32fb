//! What a developer can do about a signature that does not match.
//!
//! Only somebody who holds the secret can have a signature that matches one of the spellings tried
//! here, so telling them which one it was gives nothing away.

use super::Head;
use super::canonical::{self, Ingredients, PathRule};
use super::claim::{Claim, Form};
use super::error::{SignatureError, SignatureFault};
use super::key::{self, Key};
use super::verify::matches;

/// Most characters of a canonical request that are shown.
const SHOWN_MAX: usize = 4_096;

pub(crate) fn mismatch(
    head: &Head<'_>,
    claim: &Claim,
    key: &Key,
    used: &Ingredients<'_>,
    request: &str,
) -> SignatureError {
    let mut message = String::from(
        "the request signature we calculated does not match the signature you provided. ",
    );
    match likely(head, claim, key, used) {
        Some(cause) => message.push_str(cause),
        None => message.push_str("Check the secret access key and the signing method."),
    }
    let shown = canonical::shown(request);
    let to_sign =
        key::string_to_sign(&claim.amz_date, &claim.scope, &key::sha256_hex(request.as_bytes()));
    message.push_str("\n\nThe canonical request should have been\n'");
    match shown.char_indices().nth(SHOWN_MAX) {
        Some((end, _)) => {
            message.push_str(shown.get(..end).unwrap_or_default());
            message.push('…');
        }
        None => message.push_str(&shown),
    }
    message.push_str("'\n\nThe string to sign should have been\n'");
    message.push_str(&to_sign);
    message.push_str("'\n");
    SignatureError::new(SignatureFault::Mismatch, message)
}

/// The mistake that would give the signature that came, if it is one of the common ones.
fn likely(
    head: &Head<'_>,
    claim: &Claim,
    key: &Key,
    used: &Ingredients<'_>,
) -> Option<&'static str> {
    let fits = |with: &Ingredients<'_>| {
        canonical::request(head, with).is_ok_and(|request| matches(claim, key, &request))
    };
    let other_path = match used.path {
        PathRule::Once => PathRule::Twice,
        PathRule::Twice => PathRule::Once,
    };
    if fits(&Ingredients { path: other_path, ..*used }) {
        return Some(match used.path {
            PathRule::Twice => {
                "The signature fits a path that is encoded once; for this service the encoded path has \
                 to be encoded again before it is signed."
            }
            PathRule::Once => "The signature fits a path that is encoded twice; S3 wants it once.",
        });
    }
    if fits(&Ingredients { payload_hash: super::EMPTY_SHA256, ..*used }) {
        return Some("The signature fits an empty body: the body was not hashed, or came later.");
    }
    if fits(&Ingredients { payload_hash: "UNSIGNED-PAYLOAD", ..*used }) {
        return Some(
            "The signature fits UNSIGNED-PAYLOAD, but the header x-amz-content-sha256 does not say so.",
        );
    }
    let bare_host = without_port(head)?;
    let bare = Head { headers: &bare_host, ..*head };
    let fits_bare =
        canonical::request(&bare, used).is_ok_and(|request| matches(claim, key, &request));
    if fits_bare {
        return Some(
            "The signature fits the host without its port: the signed host has to be the Host header as \
             it is sent.",
        );
    }
    if claim.form == Form::Header && head.uri.query().is_some_and(|query| query.contains('+')) {
        return Some(
            "The query has a bare `+`; write a space as %20 and a plus as %2B, in the request and when \
             signing.",
        );
    }
    None
}

fn without_port(head: &Head<'_>) -> Option<http::HeaderMap> {
    let host = head.header("host")?;
    let (bare, port) = host.rsplit_once(':').unwrap_or((host, ""));
    let mut headers = head.headers.clone();
    if !port.is_empty() {
        headers.insert(http::header::HOST, bare.parse().ok()?);
    }
    Some(headers)
}
