//! Things: list, detail, metric charts, enrollment.

pub(crate) mod change;
pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod detail;
pub(crate) mod list;
pub(crate) mod metrics;

pub(crate) use detail::Attribute;
