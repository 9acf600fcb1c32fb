//! The AWS endpoint on a real socket over a real registry.

#![expect(clippy::unwrap_used, reason = "tests may panic")]

mod absent;
mod audit;
mod bad_input;
mod callers;
mod changes;
mod metric_values;
mod mitigation;
mod notifications;
mod paging;
mod rig;
mod routing;
mod sessions;
mod violations;
