//! The secrets made at first start, kept in `DIR/secrets.json` from before anything uses them, so that a
//! first start that was cut off goes on with the same ones.

use std::fs;
use std::io;
use std::path::Path;

use picket_core::Secret;
use serde::{Deserialize, Serialize};

use crate::credentials::write_private;

/// Random bytes in a secret.
const SECRET_BYTES: usize = 18;

/// The file.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Secrets {
    /// The first console user's password.
    pub(crate) console_password: Secret,
    /// The event collector's first token.
    pub(crate) hec_token: Secret,
}

impl Secrets {
    /// Reads the file of the data directory `data`, or makes it.
    pub(crate) fn load(data: &Path) -> io::Result<Self> {
        let path = data.join("secrets.json");
        match fs::read_to_string(&path) {
            Ok(text) => Ok(serde_json::from_str(&text)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let secrets = Self {
                    console_password: random()?,
                    hec_token: Secret::new(uuid::Uuid::new_v4().to_string()),
                };
                write_private(&path, &serde_json::to_vec_pretty(&secrets)?)?;
                Ok(secrets)
            }
            Err(error) => Err(error),
        }
    }
}

/// Letters and digits that are easily selected, typed and put into URLs.
fn random() -> io::Result<Secret> {
    use base64::Engine as _;
    let mut bytes = [0_u8; SECRET_BYTES];
    rustls::crypto::aws_lc_rs::default_provider()
        .secure_random
        .fill(&mut bytes)
        .map_err(|_| io::Error::other("the system gave no random bytes"))?;
    Ok(Secret::new(base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)))
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
}
