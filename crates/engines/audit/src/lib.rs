//! Audit: the book of findings (spec device-defender §7.5).
//!
//! So far this is the book only: it keeps what audits find, durably, for 90 days, and mitigation reads
//! it. The checks, their schedule and their suppressions are not here yet; nothing in Picket writes a
//! finding before they are.

mod book;
mod storage;

pub use book::{FindingBook, OpenError, RETENTION};

#[cfg(test)]
mod tests;
