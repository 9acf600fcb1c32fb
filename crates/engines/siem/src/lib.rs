//! The embedded SIEM: takes events durably, keeps them in columns, and answers SPL.
//!
//! An event goes through the log `siem` (acknowledged means fsynced), is turned into columns in
//! memory, where it can be found at once, and ends in a segment: a Parquet file sorted newest first.
//! What a search sees is one snapshot of memory and segments.
//!
//! Not in this crate: HTTP, HEC's envelope, and SPL itself, which is `picket-spl`.

mod catalogue;
mod config;
mod engine;
mod entry;
mod ids;
mod indexer;
mod indexes;
mod keeper;
pub mod offline;
mod read_functions;
mod search;
mod segment;
mod slot;
mod source;
mod table;

mod view;

pub use config::SiemConfig;
pub use engine::{OpenError, Siem, SiemDeps, SiemStats};
pub use indexes::{IndexDocument, InvalidIndex};
pub use offline::{OfflineCase, OfflineError};
pub use slot::SearchSlot;
pub use source::{EventRange, EventScan, ScanError};

#[cfg(test)]
mod tests;
