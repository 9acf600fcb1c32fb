//! What sessions leave on the disk once their messages are gone.

use std::path::Path;

use picket_fjall::{FjallConfig, FjallStore};
use picket_session::Effect;

use crate::rig::{Rig, graceful, kept, message, qos, subscribe, wait};

const ROUNDS: usize = 64;
const MESSAGES: usize = 32;
const PAYLOAD_BYTES: usize = 128 << 10;
const MIB: u64 = 1 << 20;

fn bytes_below(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).unwrap().filter_map(Result::ok);
    let size = |entry: std::fs::DirEntry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => bytes_below(&entry.path()),
        // A file may go while it is looked at.
        metadata => metadata.map_or(0, |metadata| metadata.len()),
    };
    entries.map(size).sum()
}

/// Bytes that no compression makes smaller.
fn noise() -> String {
    let mut state = 7u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        char::from(33 + u8::try_from(state % 90).unwrap())
    };
    (0..PAYLOAD_BYTES).map(|_| next()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_that_have_been_taken_leave_nothing_on_the_disk_for_long() {
    let folder = tempfile::tempdir().unwrap();
    let config = FjallConfig { journal_bytes_max: 64 * MIB, ..FjallConfig::default() };
    let states = FjallStore::open_with(folder.path(), config).unwrap();
    let rig = Rig::open(&states).await;
    let client = rig.kept("pump").await;
    subscribe(&client, "in", qos(1)).await;
    graceful(client);
    let (payload, mut most) = (noise(), 0);
    for round in 0..ROUNDS {
        let mut promises = Vec::new();
        for _ in 0..MESSAGES {
            promises.push(rig.route_message(message("in", &payload)).stored);
        }
        for promise in promises {
            wait(promise).await;
        }
        let client = rig.connect(kept("pump")).attachment;
        let mut effects = Vec::new();
        client.fill(MESSAGES, &mut |_| true, &mut effects);
        assert_eq!(effects.len(), MESSAGES, "round {round}");
        for effect in effects {
            if let Effect::Send { packet_id: Some(id), .. } = effect {
                client.acknowledged(id);
            }
        }
        wait(client.stored()).await;
        graceful(client);
        most = most.max(bytes_below(folder.path()));
    }
    let written = (ROUNDS * MESSAGES * PAYLOAD_BYTES) as u64;
    assert_eq!(written, 256 * MIB);
    // Two pieces of the journal, each of its full size from the start, and a few tables.
    assert!(most < 180 * MIB, "{} MiB at most", most / MIB);
    rig.stop().await;
}
