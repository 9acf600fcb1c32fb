//! Signing: for our own clients, and for tests.

use http::HeaderValue;
use http::header::{AUTHORIZATION, HOST};
use picket_core::{Secret, Timestamp};

use super::canonical::{self, Ingredients, PathRule};
use super::claim::Scope;
use super::error::SignatureError;
use super::key;
use super::{ALGORITHM, Head};
use crate::timestamp::amz_date;

/// Signs requests with one key for one service.
#[derive(Debug, Clone)]
pub struct Signer {
    access_key: String,
    secret: Secret,
    region: String,
    service: String,
}

impl Signer {
    /// A signer.
    pub fn new(
        access_key: impl Into<String>,
        secret: Secret,
        region: impl Into<String>,
        service: impl Into<String>,
    ) -> Self {
        Self {
            access_key: access_key.into(),
            secret,
            region: region.into(),
            service: service.into(),
        }
    }

    fn scope(&self, now: Timestamp) -> Scope {
        let date = amz_date(now).chars().take(8).collect();
        Scope { date, region: self.region.clone(), service: self.service.clone() }
    }

    /// Adds `X-Amz-Date` and `Authorization` to a request that has its `Host` and its final headers. Host,
    /// content type and every `x-amz…` header are signed.
    pub fn sign(
        &self,
        request: &mut http::request::Parts,
        body: &[u8],
        now: Timestamp,
    ) -> Result<(), SignatureError> {
        let date = amz_date(now);
        let scope = self.scope(now);
        let value = HeaderValue::from_str(&date)
            .map_err(|_| SignatureError::incomplete("the signing time cannot be written"))?;
        request.headers.insert("x-amz-date", value);
        let mut signed: Vec<String> = request
            .headers
            .keys()
            .map(http::HeaderName::as_str)
            .filter(|name| matches!(*name, "host" | "content-type") || name.starts_with("x-amz"))
            .map(str::to_owned)
            .collect();
        signed.sort_unstable();
        let given =
            request.headers.get("x-amz-content-sha256").and_then(|value| value.to_str().ok());
        let payload = given.map_or_else(|| key::sha256_hex(body), str::to_owned);
        let head = Head { method: &request.method, uri: &request.uri, headers: &request.headers };
        let with = Ingredients {
            signed_headers: &signed,
            payload_hash: &payload,
            path: PathRule::of(&self.service),
            without_token: false,
        };
        let signature = self.signature(&canonical::request(&head, &with)?, &date, &scope);
        let text = format!(
            "{ALGORITHM} Credential={}/{}, SignedHeaders={}, Signature={signature}",
            self.access_key,
            scope.text(),
            signed.join(";"),
        );
        let value = HeaderValue::from_str(&text)
            .map_err(|_| SignatureError::incomplete("the access key cannot be in a header"))?;
        request.headers.insert(AUTHORIZATION, value);
        Ok(())
    }

    /// The query that makes `GET path` on `host` a signed request for `expires_seconds`, for example for
    /// MQTT over WebSocket: `path = "/mqtt"`, service `iotdevicegateway`.
    pub fn presign(
        &self,
        host: &str,
        path: &str,
        expires_seconds: u64,
        now: Timestamp,
    ) -> Result<String, SignatureError> {
        let (date, scope) = (amz_date(now), self.scope(now));
        let credential = format!("{}/{}", self.access_key, scope.text());
        let credential =
            percent_encoding::utf8_percent_encode(&credential, percent_encoding::NON_ALPHANUMERIC);
        let query = format!(
            "X-Amz-Algorithm={ALGORITHM}&X-Amz-Credential={credential}&X-Amz-Date={date}\
             &X-Amz-Expires={expires_seconds}&X-Amz-SignedHeaders=host"
        );
        let bad = |_| SignatureError::incomplete("the host or path cannot be in a request");
        let (parts, ()) = http::Request::get(format!("{path}?{query}"))
            .header(HOST, host)
            .body(())
            .map_err(bad)?
            .into_parts();
        let head = Head { method: &parts.method, uri: &parts.uri, headers: &parts.headers };
        let with = Ingredients {
            signed_headers: &["host".to_owned()],
            payload_hash: super::EMPTY_SHA256,
            path: PathRule::of(&self.service),
            without_token: false,
        };
        let signature = self.signature(&canonical::request(&head, &with)?, &date, &scope);
        Ok(format!("{query}&X-Amz-Signature={signature}"))
    }

    fn signature(&self, request: &str, date: &str, scope: &Scope) -> String {
        let hash = key::sha256_hex(request.as_bytes());
        let text = key::string_to_sign(date, scope, &hash);
        hex::encode(key::hmac(&key::derive(&self.secret, scope), text.as_bytes()))
    }
}
