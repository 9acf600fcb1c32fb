//! `ADD_THINGS_TO_THING_GROUP`: things join groups, never two of one hierarchy.

use picket_core::ThingName;
use picket_ports::{PlannedChange, RemedyError, RemedySubject};

use super::{Mode, Progress, failure};
use crate::{ControlPlane, GroupMoves};

impl ControlPlane {
    pub(super) async fn join_all_groups(
        &self,
        groups: &[String],
        subject: &RemedySubject,
        mode: Mode,
    ) -> Result<Vec<PlannedChange>, RemedyError> {
        let mut progress = Progress::default();
        for thing in self.things_behind(subject).await? {
            match self.join(&thing, groups, mode).await {
                Ok(changes) => changes.into_iter().for_each(|change| progress.note(Ok(change))),
                Err(error) => progress.note(Err(error)),
            }
        }
        progress.ended()
    }

    /// A thing joins all of the groups or none.
    async fn join(
        &self,
        thing: &ThingName,
        groups: &[String],
        mode: Mode,
    ) -> Result<Vec<PlannedChange>, RemedyError> {
        let to_join = self.groups_to_join(thing, groups).await.map_err(failure)?;
        let is_new = |group: &String| to_join.iter().any(|joined| joined.name == *group);
        let change = |group: &String| PlannedChange {
            operation: "AddThingToThingGroup".to_owned(),
            resource: format!("thing {thing}"),
            before: if is_new(group) { format!("not in {group}") } else { format!("in {group}") },
            after: format!("in {group}"),
            is_done: !is_new(group),
        };
        let changes: Vec<PlannedChange> = groups.iter().map(change).collect();
        if mode == Mode::Apply && !to_join.is_empty() {
            let moves = GroupMoves { add: groups, remove: &[] };
            let joined = self.update_thing_groups_for_thing(thing.as_str(), moves).await;
            joined.map_err(failure)?;
        }
        Ok(changes)
    }
}
