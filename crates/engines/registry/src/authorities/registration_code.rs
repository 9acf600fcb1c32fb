//! `GetRegistrationCode` and `DeleteRegistrationCode`: the word that a new authority signs to show that
//! it has its key.

use picket_ports::RegistryError;
use picket_ports::registry::DocumentKind;
use serde::{Deserialize, Serialize};

use crate::{ControlError, ControlPlane};

const NAME: &str = "registration-code";
const FORMAT: u32 = 1;
const CODE_BYTES: usize = 32;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    format: u32,
    code: String,
}

impl ControlPlane {
    /// `GetRegistrationCode`. Made when it is first asked for, the same until it is deleted.
    pub async fn registration_code(&self) -> Result<String, ControlError> {
        if let Some(code) = self.stored_code().await? {
            return Ok(code);
        }
        let code = hex::encode(rand::random::<[u8; CODE_BYTES]>());
        let stored = Stored { format: FORMAT, code: code.clone() };
        let body = serde_json::to_string(&stored)
            .map_err(|error| ControlError::Internal(error.to_string()))?;
        let now = self.parts.clock.now();
        let registry = &self.parts.registry;
        match registry.create_document(DocumentKind::Setting, NAME, &body, now).await {
            Ok(_) => Ok(code),
            // Somebody else was faster; theirs is the code.
            Err(RegistryError::AlreadyExists { .. }) => {
                self.stored_code().await?.ok_or_else(|| {
                    ControlError::Unavailable("the registration code comes and goes".to_owned())
                })
            }
            Err(other) => Err(other.into()),
        }
    }

    /// `DeleteRegistrationCode`. The next one is another.
    pub async fn delete_registration_code(&self) -> Result<(), ControlError> {
        match self.parts.registry.delete_document(DocumentKind::Setting, NAME).await {
            Ok(()) => Ok(()),
            Err(RegistryError::NotFound { .. }) => {
                Err(ControlError::not_found("registration code", &self.parts.account.id))
            }
            Err(other) => Err(other.into()),
        }
    }

    /// The code, if there is one.
    pub(super) async fn stored_code(&self) -> Result<Option<String>, ControlError> {
        let document = match self.parts.registry.document(DocumentKind::Setting, NAME).await {
            Ok(document) => document,
            Err(RegistryError::NotFound { .. }) => return Ok(None),
            Err(other) => return Err(other.into()),
        };
        let stored: Stored = serde_json::from_str(&document.body).map_err(|error| {
            ControlError::Internal(format!("the stored registration code cannot be read: {error}"))
        })?;
        if stored.format != FORMAT {
            return Err(ControlError::Internal(format!(
                "the stored registration code has format {}; this version knows {FORMAT}",
                stored.format
            )));
        }
        Ok(Some(stored.code))
    }
}
