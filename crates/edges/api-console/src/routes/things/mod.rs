//! Things: list, detail, metric charts, enrollment.

pub(crate) mod create;
pub(crate) mod detail;
pub(crate) mod list;
pub(crate) mod metrics;
