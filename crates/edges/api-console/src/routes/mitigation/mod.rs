//! Mitigation: actions, plans that change nothing, and tasks that do.

pub(super) mod actions;
pub(super) mod plan;
pub(super) mod tasks;

use picket_ports::PlannedChange;
use serde::Serialize;

/// One change, planned or made.
#[derive(Debug, Serialize)]
struct ChangeView {
    operation: String,
    resource: String,
    before: String,
    after: String,
    /// Whether it stood so already.
    is_done: bool,
}

impl From<PlannedChange> for ChangeView {
    fn from(change: PlannedChange) -> Self {
        let PlannedChange { operation, resource, before, after, is_done } = change;
        Self { operation, resource, before, after, is_done }
    }
}

fn views(changes: Vec<PlannedChange>) -> Vec<ChangeView> {
    changes.into_iter().map(ChangeView::from).collect()
}
