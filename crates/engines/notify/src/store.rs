//! Keys of the state `notify`.
//!
//! | key | value |
//! |---|---|
//! | `m` sequence | a [`Message`](crate::message::Message), once for all its subscribers |
//! | `w` subscription, sequence | a [`Waiting`](crate::message::Waiting) delivery |
//! | `f` subscription, sequence | a [`Failed`](crate::message::Failed) delivery |
//! | `t` subscription | its [`Tally`](crate::message::Tally) |
//! | `d` hash of topic and deduplication id | message id and when it is forgotten |
//! | `k` | the signing key |

use picket_ports::{LogError, StateStore};
use uuid::Uuid;

/// Where the signing key is.
pub(crate) const SIGNING_KEY: &[u8] = b"k";

/// Pairs read at a time.
const SCAN_MAX: usize = 1_000;

pub(crate) fn message(sequence: u64) -> Vec<u8> {
    [&b"m"[..], &sequence.to_be_bytes()].concat()
}

pub(crate) fn waiting(subscription: Uuid, sequence: u64) -> Vec<u8> {
    [&b"w"[..], subscription.as_bytes(), &sequence.to_be_bytes()].concat()
}

pub(crate) fn failed(subscription: Uuid, sequence: u64) -> Vec<u8> {
    [&b"f"[..], subscription.as_bytes(), &sequence.to_be_bytes()].concat()
}

pub(crate) fn failed_of(subscription: Uuid) -> Vec<u8> {
    [&b"f"[..], subscription.as_bytes()].concat()
}

pub(crate) fn tally(subscription: Uuid) -> Vec<u8> {
    [&b"t"[..], subscription.as_bytes()].concat()
}

pub(crate) fn remembered(hash: &[u8; 32]) -> Vec<u8> {
    [&b"d"[..], hash].concat()
}

/// The sequence at the end of a key of `m`, `w` or `f`.
pub(crate) fn sequence_of(key: &[u8]) -> Option<u64> {
    let (_, last) = key.split_last_chunk::<8>()?;
    Some(u64::from_be_bytes(*last))
}

/// The subscription in a key of `w`, `f` or `t`.
pub(crate) fn subscription_of(key: &[u8]) -> Option<Uuid> {
    Some(Uuid::from_bytes(*key.get(1..)?.first_chunk::<16>()?))
}

/// Calls `visit` with every pair whose key begins with `prefix`.
pub(crate) async fn each(
    store: &dyn StateStore,
    prefix: &[u8],
    mut visit: impl FnMut(&[u8], &[u8]) + Send,
) -> Result<(), LogError> {
    let mut after: Option<Vec<u8>> = None;
    loop {
        let pairs = store.scan(prefix, after.as_deref(), SCAN_MAX).await?;
        for (key, value) in &pairs {
            visit(key, value);
        }
        match pairs.into_iter().last() {
            Some((last, _)) => after = Some(last),
            None => return Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_tell_their_subscription_and_sequence() {
        let subscription = Uuid::from_u128(7);
        let key = waiting(subscription, 300);
        assert_eq!(subscription_of(&key), Some(subscription));
        assert_eq!(sequence_of(&key), Some(300));
        assert!(waiting(subscription, 1) < waiting(subscription, 256));
        assert_eq!(sequence_of(b"m"), None);
        assert_eq!(subscription_of(b""), None);
    }
}
