//! The agent's cap on its own memory.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::procfs::Procfs;

/// Room that is always left above what is in use when the cap is set, in bytes.
const ROOM_BYTES_MIN: u64 = 4 * 1024 * 1024;
const MIB: u64 = 1024 * 1024;

/// The cap could not be set.
#[derive(Debug, thiserror::Error)]
#[error("memory cannot be capped at {mib} MiB: {cause}")]
pub struct MemoryCapError {
    mib: u64,
    cause: rustix::io::Errno,
}

/// Caps the private memory of this process (`RLIMIT_DATA`), so that a fault of the agent can never
/// starve the device: beyond it an allocation fails and the agent ends. Returns the cap in MiB, which
/// is raised where `mib` is less than what is in use already.
pub fn cap(mib: u64) -> Result<u64, MemoryCapError> {
    let room = data_bytes_in_use().saturating_add(ROOM_BYTES_MIN);
    let bytes = mib.saturating_mul(MIB).max(room);
    let before = getrlimit(Resource::Data);
    let current = before.maximum.map_or(bytes, |maximum| maximum.min(bytes));
    // The hard limit stays, so that commands of custom metrics can be given back what they had.
    let limit = Rlimit { current: Some(current), maximum: before.maximum };
    setrlimit(Resource::Data, limit).map_err(|cause| MemoryCapError { mib, cause })?;
    Ok(current.div_ceil(MIB))
}

/// Runs `start` without the cap, for commands that are not the agent.
pub(crate) fn without_cap<T>(start: impl FnOnce() -> T) -> T {
    let capped = getrlimit(Resource::Data);
    if capped.current == capped.maximum {
        return start();
    }
    let lifted = Rlimit { current: capped.maximum, maximum: capped.maximum };
    // If it cannot be lifted, the command runs with the cap.
    let is_lifted = setrlimit(Resource::Data, lifted).is_ok();
    let outcome = start();
    if is_lifted && let Err(error) = setrlimit(Resource::Data, capped) {
        tracing::error!(%error, "the memory cap could not be set again");
    }
    outcome
}

fn data_bytes_in_use() -> u64 {
    let mut kib = 0;
    let read = Procfs::default().lines("self/status", |line| {
        if let Some(rest) = line.strip_prefix("VmData:") {
            let number = rest.split_ascii_whitespace().next();
            kib = number.and_then(|it| it.parse().ok()).unwrap_or(0);
        }
    });
    if read.is_err() {
        return 0;
    }
    kib * 1024_u64
}
