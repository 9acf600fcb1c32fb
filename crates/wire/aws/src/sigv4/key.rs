//! The key of a day: derived from the secret by a chain of HMACs, and remembered.

use ahash::AHashMap;
use hmac::{Hmac, KeyInit as _, Mac as _};
use parking_lot::RwLock;
use picket_core::Secret;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::claim::Scope;

/// Most access keys whose derived keys are remembered.
const OWNERS_MAX: usize = 4_096;
/// Most derived keys of one access key: a few services, today and yesterday.
const SCOPES_MAX: usize = 32;

pub(crate) type Key = [u8; 32];

pub(crate) fn hmac(key: &[u8], text: &[u8]) -> Key {
    // HMAC takes a key of any length, so this cannot fail; zeros would match no signature.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return [0; 32] };
    mac.update(text);
    mac.finalize().into_bytes().into()
}

pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// "AWS4" + secret → date → region → service → "aws4_request".
pub(crate) fn derive(secret: &Secret, scope: &Scope) -> Key {
    let start = format!("AWS4{}", secret.expose());
    let date = hmac(start.as_bytes(), scope.date.as_bytes());
    let region = hmac(&date, scope.region.as_bytes());
    let service = hmac(&region, scope.service.as_bytes());
    hmac(&service, b"aws4_request")
}

pub(crate) fn string_to_sign(amz_date: &str, scope: &Scope, request_hash: &str) -> String {
    format!("{}\n{amz_date}\n{}\n{request_hash}", super::ALGORITHM, scope.text())
}

#[derive(Debug)]
struct Derived {
    secret: Secret,
    scope: Scope,
    key: DayKey,
}

#[derive(Clone, Copy)]
struct DayKey(Key);

impl std::fmt::Debug for DayKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DayKey(***)")
    }
}

/// Derived keys by access key and scope, so that a request costs one HMAC, not five.
#[derive(Debug, Default)]
pub struct KeyCache {
    owners: RwLock<AHashMap<String, Vec<Derived>>>,
}

impl KeyCache {
    pub(crate) fn key(&self, access_key: &str, secret: &Secret, scope: &Scope) -> Key {
        if let Some(derived) = self.owners.read().get(access_key) {
            // A key may be deleted and made again with another secret.
            let fits = |it: &&Derived| {
                let same = it.secret.expose().as_bytes().ct_eq(secret.expose().as_bytes());
                it.scope == *scope && bool::from(same)
            };
            if let Some(found) = derived.iter().find(fits) {
                return found.key.0;
            }
        }
        let key = derive(secret, scope);
        let mut owners = self.owners.write();
        if owners.len() >= OWNERS_MAX {
            // All that are in use are made again within a request.
            owners.clear();
        }
        let derived = owners.entry(access_key.to_owned()).or_default();
        derived.retain(|it| it.secret == *secret && it.scope != *scope);
        if derived.len() >= SCOPES_MAX {
            derived.remove(0);
        }
        derived.push(Derived { secret: secret.clone(), scope: scope.clone(), key: DayKey(key) });
        key
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_of_aws_s_published_example_is_derived() {
        let secret = Secret::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
        let scope = Scope {
            date: "20120215".to_owned(),
            region: "us-east-1".to_owned(),
            service: "iam".to_owned(),
        };
        let expected = "f4780e2d9f65fa895f9c67b32ce1baf0b0d8a43505a000a1a9e090d414db404d";
        assert_eq!(hex::encode(derive(&secret, &scope)), expected);
        let cache = KeyCache::default();
        for _ in 0..2 {
            assert_eq!(hex::encode(cache.key("AKIA", &secret, &scope)), expected);
        }
        let other = Secret::new("other");
        assert_eq!(cache.key("AKIA", &other, &scope), derive(&other, &scope));
    }
}
