//! Access keys: what requests to the AWS APIs are signed with.

mod book;
mod error;
mod keys;
mod sessions;
mod stored;

pub use book::AccessKeyBook;
pub use error::AccessKeyError;
pub use keys::{
    ACCESS_KEYS_PER_USER_MAX, AccessKey, NewAccessKey, access_keys, create_access_key,
    delete_access_key, delete_access_keys_of, ensure_access_key, new_access_key_id,
    new_secret_access_key, set_access_key_status,
};
pub use stored::AccessKeyStatus;

#[cfg(test)]
mod tests;
