//! The secrets made at first start, kept in `DIR/secrets.json` from before anything uses them, so that a
//! first start that was cut off goes on with the same ones.

use std::fs;
use std::io;
use std::path::Path;

use picket_core::Secret;
use picket_wire_aws::TokenKey;
use serde::{Deserialize, Serialize};

use crate::credentials::write_private;

/// Random bytes in a secret.
const SECRET_BYTES: usize = 18;
/// Random bytes of the key that signs pagination tokens.
const TOKEN_KEY_BYTES: usize = 32;

/// The file.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Secrets {
    /// The first console user's password.
    pub(crate) console_password: Secret,
    /// The event collector's first token.
    pub(crate) hec_token: Secret,
    /// The first access key of the AWS endpoint.
    pub(crate) access_key_id: String,
    /// Its secret.
    pub(crate) secret_access_key: Secret,
    /// Signs pagination tokens; hex.
    pub(crate) token_key: Secret,
}

/// The file as earlier versions wrote it: some members may be missing.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Stored {
    console_password: Option<Secret>,
    hec_token: Option<Secret>,
    access_key_id: Option<String>,
    secret_access_key: Option<Secret>,
    token_key: Option<Secret>,
}

impl Secrets {
    /// Reads the file of the data directory `data`; makes it, or what is missing in it.
    pub(crate) fn load(data: &Path) -> io::Result<Self> {
        let path = data.join("secrets.json");
        let stored = match fs::read_to_string(&path) {
            Ok(text) => serde_json::from_str(&text)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Stored::default(),
            Err(error) => return Err(error),
        };
        let (secrets, is_complete) = stored.complete()?;
        if !is_complete {
            write_private(&path, &serde_json::to_vec_pretty(&secrets)?)?;
        }
        Ok(secrets)
    }
}

impl Secrets {
    /// The key that signs pagination tokens.
    pub(crate) fn token_key(&self) -> io::Result<TokenKey> {
        let wrong = || io::Error::other("`token_key` in secrets.json is not 64 hex digits");
        let bytes = hex::decode(self.token_key.expose()).map_err(|_| wrong())?;
        <[u8; TOKEN_KEY_BYTES]>::try_from(bytes).map(TokenKey::new).map_err(|_| wrong())
    }
}

impl Stored {
    /// All secrets, and whether they had all been there.
    fn complete(self) -> io::Result<(Secrets, bool)> {
        let Self { console_password, hec_token, access_key_id, secret_access_key, token_key } =
            self;
        let is_complete = console_password.is_some()
            && hec_token.is_some()
            && access_key_id.is_some()
            && secret_access_key.is_some()
            && token_key.is_some();
        let secrets = Secrets {
            console_password: console_password.map_or_else(password, Ok)?,
            hec_token: hec_token.unwrap_or_else(|| Secret::new(uuid::Uuid::new_v4().to_string())),
            access_key_id: access_key_id.unwrap_or_else(picket_registry::new_access_key_id),
            secret_access_key: secret_access_key
                .unwrap_or_else(picket_registry::new_secret_access_key),
            token_key: token_key.map_or_else(new_token_key, Ok)?,
        };
        Ok((secrets, is_complete))
    }
}

/// Letters and digits that are easily selected, typed and put into URLs.
fn password() -> io::Result<Secret> {
    use base64::Engine as _;
    let bytes = random::<SECRET_BYTES>()?;
    Ok(Secret::new(base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)))
}

fn new_token_key() -> io::Result<Secret> {
    Ok(Secret::new(hex::encode(random::<TOKEN_KEY_BYTES>()?)))
}

fn random<const BYTES: usize>() -> io::Result<[u8; BYTES]> {
    let mut bytes = [0_u8; BYTES];
    rustls::crypto::aws_lc_rs::default_provider()
        .secure_random
        .fill(&mut bytes)
        .map_err(|_| io::Error::other("the system gave no random bytes"))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_random_and_stay() {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let first = Secrets::load(one.path()).unwrap();
        let again = Secrets::load(one.path()).unwrap();
        let other = Secrets::load(two.path()).unwrap();
        assert_eq!(first.console_password, again.console_password);
        assert_ne!(first.console_password, other.console_password);
        assert_ne!(first.hec_token, other.hec_token);
        assert_eq!(first.console_password.expose().len(), 24);
    }

    #[test]
    fn a_file_of_an_earlier_version_keeps_its_secrets_and_gets_the_new_ones() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secrets.json");
        write_private(&path, br#"{"console_password": "p", "hec_token": "t"}"#).unwrap();
        let secrets = Secrets::load(dir.path()).unwrap();
        assert_eq!(secrets.console_password.expose(), "p");
        assert_eq!(secrets.access_key_id.len(), 20);
        let again = Secrets::load(dir.path()).unwrap();
        assert_eq!(again.secret_access_key, secrets.secret_access_key);
        assert_eq!(again.token_key, secrets.token_key);
    }
}
