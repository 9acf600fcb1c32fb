//! What tasks change, in the audit trail beside what people change themselves.

use picket_ports::PlannedChange;
use picket_ports::registry::ChangeRecord;
use uuid::Uuid;

use super::task::Task;
use crate::Mitigation;

/// What ARNs call the kinds that changes name in words.
const KINDS: &[(&str, &str)] = &[
    ("certificate ", "cert/"),
    ("CA certificate ", "cacert/"),
    ("thing ", "thing/"),
    ("policy ", "policy/"),
];

impl Mitigation {
    /// Records the changes of a step, which stand as asked for by who started the task. What stood so
    /// already is left out, unless the step `was_cut_short`: then it may have been the step's own doing.
    /// When the trail cannot be written, that is logged, since what was changed is changed.
    pub(super) async fn record(&self, task: &Task, changes: &[PlannedChange], was_cut_short: bool) {
        for change in changes.iter().filter(|change| was_cut_short || !change.is_done) {
            let record = ChangeRecord {
                at: self.clock.now(),
                actor: task.by.clone(),
                access_key: None,
                source: format!("mitigation task {}", task.id),
                service: "mitigation".to_owned(),
                operation: change.operation.clone(),
                resource: resource(&change.resource),
                request_id: Uuid::new_v4().to_string(),
                error: None,
            };
            if let Err(error) = self.registry.record_change(&record).await {
                tracing::error!(%error, ?record, "a change is not in the audit trail");
            }
        }
    }
}

/// `thing pump-1` as the end of an ARN: `thing/pump-1`.
fn resource(words: &str) -> String {
    let named = KINDS.iter().find_map(|(word, kind)| Some((kind, words.strip_prefix(word)?)));
    named.map_or_else(|| words.to_owned(), |(kind, name)| format!("{kind}{name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resources_are_written_as_the_ends_of_arns() {
        assert_eq!(resource("thing pump-1"), "thing/pump-1");
        assert_eq!(resource("CA certificate 3f0a"), "cacert/3f0a");
        assert_eq!(resource("the account's logging"), "the account's logging");
    }
}
