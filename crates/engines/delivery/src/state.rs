//! What survives a restart beside the log: how far a stream has come, and its channel.

use picket_ports::{LogError, StateBatch, StateStore};
use picket_wire_hec::Channel;
use serde::{Deserialize, Serialize};

const PREFIX: &str = "stream/";
/// Streams looked at for leftovers.
const PAIRS_MAX: usize = 10_000;

/// Tagged by version: a variant is never changed, only added.
#[derive(Debug, Serialize, Deserialize)]
enum Stored {
    V1 { next: u64, channel: String },
}

/// The state of one stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StreamState {
    /// All records before this sequence have been delivered or backed up.
    pub(crate) next: u64,
    /// The data channel, the same over restarts.
    pub(crate) channel: Channel,
}

/// Reads a stream's state. A stream that is new, or whose state cannot be read, starts with the oldest
/// record there is: twice is better than never.
pub(crate) async fn load(store: &dyn StateStore, stream: &str) -> Result<StreamState, LogError> {
    let stored = store.get(key(stream).as_bytes()).await?;
    let fresh = StreamState { next: 1, channel: Channel::random() };
    let Some(stored) = stored else { return Ok(fresh) };
    let Ok(Stored::V1 { next, channel }) = postcard::from_bytes(&stored) else {
        tracing::error!(
            stream,
            "the stream's state cannot be read; it delivers from its oldest record on"
        );
        return Ok(fresh);
    };
    Ok(StreamState { next, channel: Channel::parse(&channel).unwrap_or(fresh.channel) })
}

/// Stores a stream's state; resolves when it is durable.
pub(crate) async fn save(
    store: &dyn StateStore,
    stream: &str,
    state: StreamState,
) -> Result<(), LogError> {
    let stored = Stored::V1 { next: state.next, channel: state.channel.to_string() };
    let mut batch = StateBatch::default();
    // Numbers and texts have no failing serializer.
    batch.put(key(stream), postcard::to_stdvec(&stored).unwrap_or_default());
    store.commit(batch).await
}

/// The names of all streams that ever had a state.
pub(crate) async fn names(store: &dyn StateStore) -> Result<Vec<String>, LogError> {
    let pairs = store.scan(PREFIX.as_bytes(), None, PAIRS_MAX).await?;
    let name = |(key, _): (Vec<u8>, Vec<u8>)| {
        String::from_utf8(key).ok()?.strip_prefix(PREFIX).map(str::to_owned)
    };
    Ok(pairs.into_iter().filter_map(name).collect())
}

fn key(stream: &str) -> String {
    format!("{PREFIX}{stream}")
}
