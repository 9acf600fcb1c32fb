//! Password hashes: argon2id in the PHC text form.

use std::sync::{Arc, OnceLock};

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use picket_core::Secret;
use tokio::sync::Semaphore;

/// Longest password that is looked at.
pub(crate) const PASSWORD_BYTES_MAX: usize = 1024;

/// Why a password was not hashed or checked.
#[derive(Debug, thiserror::Error)]
#[error("the password could not be processed: {0}")]
pub struct PasswordError(String);

/// Hashes `password` with a fresh salt. Takes a while and 19 MiB.
pub(crate) fn hash(password: &Secret) -> Result<String, PasswordError> {
    Argon2::default()
        .hash_password(password.expose().as_bytes())
        .map(|hash| hash.to_string())
        .map_err(|error| PasswordError(error.to_string()))
}

/// Checks passwords off the async threads, a few at a time.
#[derive(Debug)]
pub(crate) struct PasswordChecks {
    seats: Arc<Semaphore>,
}

impl PasswordChecks {
    pub(crate) fn new(checks_max: usize) -> Self {
        Self { seats: Arc::new(Semaphore::new(checks_max.max(1))) }
    }

    /// Whether `password` is the one of `stored`. Without a stored hash it is wrong, after the same time.
    pub(crate) async fn verify(
        &self,
        stored: Option<String>,
        password: Secret,
    ) -> Result<bool, PasswordError> {
        let seat = self.seats.clone().acquire_owned().await;
        let seat = seat.map_err(|error| PasswordError(error.to_string()))?;
        let check = tokio::task::spawn_blocking(move || {
            let right = match stored {
                Some(stored) => matches(&stored, &password),
                None => {
                    let _same_time = matches(nobodys_hash(), &password);
                    false
                }
            };
            drop(seat);
            right
        });
        check.await.map_err(|error| PasswordError(error.to_string()))
    }
}

fn matches(stored: &str, password: &Secret) -> bool {
    let Ok(hash) = PasswordHash::new(stored) else {
        tracing::error!("a stored password hash cannot be read");
        return false;
    };
    Argon2::default().verify_password(password.expose().as_bytes(), &hash).is_ok()
}

/// A hash to compare with where there is no user.
fn nobodys_hash() -> &'static str {
    static HASH: OnceLock<String> = OnceLock::new();
    HASH.get_or_init(|| hash(&Secret::new("nobody")).unwrap_or_default())
}
