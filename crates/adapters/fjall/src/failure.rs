//! The engine's failures in the words of the ports.

use picket_ports::LogError;

/// A failure of the engine as log `log` reports it. A full disk keeps its own kind.
pub(crate) fn log_error(log: &str, error: &fjall::Error) -> LogError {
    match error {
        fjall::Error::Io(io) if io.kind() == std::io::ErrorKind::StorageFull => {
            LogError::DiskFull { log: log.to_owned() }
        }
        fjall::Error::Poisoned => storage_error(
            log,
            &"an earlier write failed; restart picket once the disk is sound again",
        ),
        other => storage_error(log, other),
    }
}

/// Any other failure.
pub(crate) fn storage_error(log: &str, cause: &dyn std::fmt::Display) -> LogError {
    LogError::Storage { log: log.to_owned(), cause: cause.to_string() }
}
