//! A message on its way to subscribers, and how it is stored.

use picket_core::Timestamp;
use serde::{Deserialize, Serialize};

/// The value of a message attribute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attribute {
    /// `String`, `String.Array`, `Number` or `Binary`; a custom part after a dot is allowed.
    pub data_type: String,
    /// The text; base64 for `Binary`.
    pub value: String,
}

/// What a message is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Purpose {
    /// What was published.
    Notification,
    /// Asks the receiver to confirm a subscription.
    Confirmation {
        /// What they answer with.
        token: String,
    },
    /// Tells the receiver that the subscription is over.
    Farewell {
        /// Brings it back.
        token: String,
    },
}

/// A message with everything its subscribers' protocols need.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Message {
    /// UUID text.
    pub(crate) id: String,
    /// The topic's name.
    pub(crate) topic: String,
    pub(crate) at: Timestamp,
    pub(crate) purpose: Purpose,
    pub(crate) subject: Option<String>,
    /// The text for protocols that have none of their own.
    pub(crate) text: String,
    /// Texts of single protocols, by name.
    pub(crate) texts: Vec<(String, String)>,
    /// In name order.
    pub(crate) attributes: Vec<(String, Attribute)>,
    /// Subject and text of mails.
    pub(crate) mail: Option<(String, String)>,
}

impl Message {
    /// The text for a protocol.
    pub(crate) fn text_for(&self, protocol: &str) -> &str {
        let own = self.texts.iter().find(|(name, _)| name == protocol);
        own.map_or(&self.text, |(_, text)| text)
    }
}

/// A delivery that waits, as it is stored beside its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Waiting {
    /// How often it has failed.
    pub(crate) failures: u32,
    /// When it is tried next.
    pub(crate) due: Timestamp,
}

/// A message that could not be delivered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Failed {
    pub(crate) message: Message,
    pub(crate) failures: u32,
    pub(crate) error: String,
    pub(crate) at: Timestamp,
}

/// What became of a subscription's messages so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Delivered.
    pub delivered: u64,
    /// Given up.
    pub failed: u64,
    /// What the last attempt that failed said; absent once one has succeeded.
    pub last_error: Option<String>,
}

/// Stored values with their format.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Stored<T> {
    V1(T),
}

/// Bytes for the store.
pub(crate) fn pack<T: Serialize>(value: &T) -> Result<Vec<u8>, postcard::Error> {
    postcard::to_stdvec(&Stored::V1(value))
}

/// Back from the store.
pub(crate) fn unpack<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Result<T, postcard::Error> {
    let Stored::V1(value) = postcard::from_bytes(bytes)?;
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A message as the first version stored it: it must be readable for ever.
    const FIRST: &str = "000469642d31076163636f756e7480f0cbf283650001017303626f6401046d717474017801016b06537472696e67017600";

    fn example() -> Message {
        Message {
            id: "id-1".to_owned(),
            topic: "account".to_owned(),
            at: Timestamp::from_millis(1_735_689_600_000),
            purpose: Purpose::Notification,
            subject: Some("s".to_owned()),
            text: "bod".to_owned(),
            texts: vec![("mqtt".to_owned(), "x".to_owned())],
            attributes: vec![(
                "k".to_owned(),
                Attribute { data_type: "String".to_owned(), value: "v".to_owned() },
            )],
            mail: None,
        }
    }

    #[test]
    fn what_is_stored_is_read_back() {
        let bytes = pack(&example()).unwrap();
        assert_eq!(unpack::<Message>(&bytes).unwrap(), example());
        assert_eq!(hex::encode(&bytes), FIRST);
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            drop(unpack::<Message>(&bytes));
            drop(unpack::<Waiting>(&bytes));
            drop(unpack::<Tally>(&bytes));
        }
    }
}
