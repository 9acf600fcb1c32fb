//! What one batch and one event may hold.

/// Bounds of shredding. What lies beyond one stays in `_raw` and gets no column; the event is kept
/// and counted in [`crate::Cuts`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Columns of a batch besides the fixed ones.
    pub columns_max: usize,
    /// Nesting of objects and arrays; the event itself is level 1.
    pub depth_max: usize,
    /// Length of a path, and so of a column name.
    pub path_bytes_max: usize,
    /// Length of one value. A longer one gets no cell, since a shortened one would compare wrongly.
    pub value_bytes_max: usize,
    /// Values taken from one event.
    pub event_values_max: usize,
    /// Bytes of a plain text event that are searched for `key=value`.
    pub text_bytes_max: usize,
    /// `key=value` pairs taken from one plain text event.
    pub text_pairs_max: usize,
}

impl Default for Limits {
    /// 1,000 columns; depth 32; paths of 512 bytes; values of 64 KiB; 10,000 values an event; in plain
    /// text 100 pairs in the first 10,240 bytes (spec siem §1.2).
    fn default() -> Self {
        Self {
            columns_max: 1000,
            depth_max: 32,
            path_bytes_max: 512,
            value_bytes_max: 64 * 1024,
            event_values_max: 10_000,
            text_bytes_max: 10_240,
            text_pairs_max: 100,
        }
    }
}
