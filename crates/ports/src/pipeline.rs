//! What the stages of the line count, for the console and `/metrics`.

use picket_core::LedgerSnapshot;
use serde::Serialize;

/// One stage at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StageStatus {
    /// Its account book of this process' life.
    pub ledger: LedgerSnapshot,
    /// Items that are durable in front of the stage and that it has not handed on; absent where the
    /// stage keeps no log.
    pub backlog: Option<u64>,
}

/// Reads the account books of all stages. Implemented by the server, which knows them.
pub trait Pipeline: std::fmt::Debug + Send + Sync {
    /// The stages in the order in which a datapoint goes through them.
    fn stages(&self) -> Vec<StageStatus>;
}
