//! Whether a claim is true.

use std::time::Duration;

use bytes::Bytes;
use picket_core::{Secret, Timestamp};
use subtle::ConstantTimeEq as _;

use super::canonical::{self, Ingredients, PathRule};
use super::chunked::{self, Trailers};
use super::claim::{Claim, Form};
use super::error::{SignatureError, SignatureFault};
use super::key::{self, Key, KeyCache};
use super::{EMPTY_SHA256, Head, explain};

/// Headers that SDKs and proxies add without signing them. Every other `x-amz…` header changes what a
/// request means, so it has to be signed.
const MAY_BE_UNSIGNED: &[&str] = &["x-amz-user-agent", "x-amzn-trace-id"];

/// What is asked of a signature beside being right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// How far the signer's clock may be from ours.
    pub clock_skew_max: Duration,
    /// Regions a signature may be made for; empty means any.
    pub regions: Vec<String>,
}

impl Default for Rules {
    fn default() -> Self {
        Self { clock_skew_max: Duration::from_secs(900), regions: Vec::new() }
    }
}

/// A request whose signature is right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The body, out of its chunks where it came in chunks.
    pub body: Bytes,
    /// What came after the last chunk.
    pub trailers: Trailers,
}

/// Checks signatures.
#[derive(Debug, Default)]
pub struct Verifier {
    rules: Rules,
    keys: KeyCache,
}

/// How the body takes part in the signature.
enum Payload<'h> {
    Hash(String),
    Unsigned,
    Chunked(&'h str),
}

impl Payload<'_> {
    fn text(&self) -> &str {
        match self {
            Self::Hash(hash) => hash,
            Self::Unsigned => chunked::UNSIGNED,
            Self::Chunked(kind) => kind,
        }
    }
}

impl Verifier {
    /// A verifier with these rules.
    pub fn new(rules: Rules) -> Self {
        Self { rules, keys: KeyCache::default() }
    }

    /// Checks what needs no secret: time, region, and that what must be signed is signed. Good to do
    /// before the body is read.
    pub fn check(
        &self,
        head: &Head<'_>,
        claim: &Claim,
        now: Timestamp,
    ) -> Result<(), SignatureError> {
        self.check_time(claim, now)?;
        let regions = &self.rules.regions;
        if !regions.is_empty() && !regions.contains(&claim.scope.region) {
            let region: String = claim.scope.region.chars().take(64).collect();
            return Err(SignatureError::new(
                SignatureFault::Mismatch,
                format!(
                    "the credential is scoped to region `{region}`; this server answers for {}",
                    regions.join(", ")
                ),
            ));
        }
        check_coverage(head, claim)
    }

    /// Checks the signature itself, and takes the body out of its chunks. Call [`Self::check`] before.
    pub fn verify(
        &self,
        head: &Head<'_>,
        claim: &Claim,
        secret: &Secret,
        body: Bytes,
    ) -> Result<Verified, SignatureError> {
        let payload = payload_of(head, claim, &body)?;
        let key = self.keys.key(&claim.access_key, secret, &claim.scope);
        let with = Ingredients {
            signed_headers: &claim.signed_headers,
            payload_hash: payload.text(),
            path: PathRule::of(&claim.scope.service),
            without_token: false,
        };
        let request = canonical::request(head, &with)?;
        let signed = matches(claim, &key, &request) || {
            // Device SDKs append the token to a WebSocket address after they have signed it.
            claim.form != Form::Header
                && claim.security_token.is_some()
                && matches(
                    claim,
                    &key,
                    &canonical::request(head, &Ingredients { without_token: true, ..with })?,
                )
        };
        if !signed {
            return Err(explain::mismatch(head, claim, &key, &with, &request));
        }
        match payload {
            Payload::Chunked(kind) => {
                let signing = chunked::Signing { key: &key, claim };
                let (body, trailers) = chunked::decode(&body, kind, &signing, head)?;
                Ok(Verified { body, trailers })
            }
            Payload::Hash(_) | Payload::Unsigned => {
                Ok(Verified { body, trailers: Trailers::default() })
            }
        }
    }

    fn check_time(&self, claim: &Claim, now: Timestamp) -> Result<(), SignatureError> {
        let skew = self.rules.clock_skew_max;
        let expired = |message| Err(SignatureError::new(SignatureFault::Expired, message));
        if claim.at > now.plus(skew) {
            return expired(format!(
                "signature not yet current: it was made at {} and it is {now} here; at most {} s \
                 of clock skew are accepted",
                claim.at,
                skew.as_secs()
            ));
        }
        match claim.expires() {
            Some(end) if end < now => {
                expired(format!("the presigned request was good until {end}, and it is {now}"))
            }
            Some(_) => Ok(()),
            None if claim.at.plus(skew) < now => expired(format!(
                "signature expired: it was made at {} and it is {now} here; at most {} s of clock \
                 skew are accepted",
                claim.at,
                skew.as_secs()
            )),
            None => Ok(()),
        }
    }
}

fn check_coverage(head: &Head<'_>, claim: &Claim) -> Result<(), SignatureError> {
    let is_signed = |name: &str| claim.signed_headers.iter().any(|signed| signed == name);
    let need = |name: &str| {
        Err(SignatureError::incomplete(format!(
            "the header `{name}` is not in SignedHeaders, and it has to be signed"
        )))
    };
    if !is_signed("host") {
        return need("host");
    }
    if claim.form == Form::Header && head.header("x-amz-date").is_none() && !is_signed("date") {
        return need("date");
    }
    let unsigned = head.headers.keys().map(http::HeaderName::as_str).find(|name| {
        name.starts_with("x-amz") && !is_signed(name) && !MAY_BE_UNSIGNED.contains(name)
    });
    match unsigned {
        Some(name) => need(name),
        None => Ok(()),
    }
}

fn payload_of<'h>(
    head: &Head<'h>,
    claim: &Claim,
    body: &Bytes,
) -> Result<Payload<'h>, SignatureError> {
    let Some(header) = head.headers.get("x-amz-content-sha256") else {
        // Presigned, the body can be left open: S3 always does, others say so in the query.
        let is_open = claim.form != Form::Header
            && (claim.scope.service == "s3" || query_says_unsigned(head));
        let payload = if is_open { Payload::Unsigned } else { Payload::Hash(hash_of(body)) };
        return Ok(payload);
    };
    let header = header.to_str().unwrap_or_default();
    if header == chunked::UNSIGNED {
        return Ok(Payload::Unsigned);
    }
    if chunked::is_kind(header) {
        return Ok(Payload::Chunked(header));
    }
    let hash = hash_of(body);
    if header != hash {
        let shown: String = header.chars().take(80).collect();
        return Err(SignatureError::new(
            SignatureFault::Mismatch,
            format!(
                "x-amz-content-sha256 is `{shown}`, but the SHA-256 of the {} bytes that arrived is {hash}",
                body.len()
            ),
        ));
    }
    Ok(Payload::Hash(hash))
}

fn query_says_unsigned(head: &Head<'_>) -> bool {
    canonical::query_pairs(head.uri.query().unwrap_or_default())
        .any(|pair| pair == ("X-Amz-Content-Sha256", chunked::UNSIGNED))
}

fn hash_of(body: &Bytes) -> String {
    if body.is_empty() { EMPTY_SHA256.to_owned() } else { key::sha256_hex(body) }
}

/// Whether the claim's signature is that of `request`.
pub(crate) fn matches(claim: &Claim, key: &Key, request: &str) -> bool {
    let hash = key::sha256_hex(request.as_bytes());
    let text = key::string_to_sign(&claim.amz_date, &claim.scope, &hash);
    let right = hex::encode(key::hmac(key, text.as_bytes()));
    right.as_bytes().ct_eq(claim.signature.as_bytes()).into()
}
