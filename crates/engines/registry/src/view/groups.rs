//! Static groups and who is in them.

use picket_core::ThingName;

use super::announcements::NAMED_MAX;
use super::ids::IdSet;
use super::table::Row;
use super::{Announcements, View};

#[derive(Debug)]
pub(super) struct GroupRow {
    pub(super) name: Box<str>,
    /// False for one that is known as a parent only, until it is seen itself.
    pub(super) is_there: bool,
    pub(super) parent: Option<u32>,
    children: IdSet,
    pub(super) members: IdSet,
    pub(super) policies: IdSet,
}

impl GroupRow {
    fn new(name: &str, is_there: bool) -> Self {
        let (children, members, policies) = Default::default();
        Self { name: name.into(), is_there, parent: None, children, members, policies }
    }
}

impl Row for GroupRow {
    type Key = str;

    fn key(&self) -> &str {
        &self.name
    }
}

/// A removed group whose members still name its row, which they do until [`View::forget`] has been
/// told of each. Nothing comes of it in the meantime, since the row is empty.
#[derive(Debug)]
pub(crate) struct Grave {
    group: u32,
    members: IdSet,
}

impl Grave {
    /// The rows of the members, to be forgotten a few at a time.
    pub(crate) fn members(&self) -> impl Iterator<Item = u32> {
        self.members.iter()
    }
}

impl View {
    pub(super) fn put_group(&mut self, name: &str, parent: Option<&str>, told: &mut Announcements) {
        // No group lies in itself; what is not there cannot be pointed at later.
        let parent = parent.filter(|parent| *parent != name);
        let parent = parent.map(|parent| self.group_or_place(parent));
        let id = self.group_or_place(name);
        let Some(row) = self.groups.get_mut(id) else { return };
        if row.is_there && row.parent == parent {
            return;
        }
        row.is_there = true;
        let former = std::mem::replace(&mut row.parent, parent);
        if let Some(former) = former.filter(|former| Some(*former) != parent) {
            self.remove_child(former, id);
        }
        if let Some(parent) = parent.and_then(|parent| self.groups.get_mut(parent)) {
            parent.children.insert(id);
        }
        // One that has only just come has nobody in it.
        self.tell_tree(id, told);
    }

    /// The row of this group, made if need be: a snapshot may show a child before its parent.
    fn group_or_place(&mut self, name: &str) -> u32 {
        match self.groups.find(name) {
            Some(id) => id,
            None => self.groups.insert(GroupRow::new(name, false)),
        }
    }

    fn remove_child(&mut self, parent: u32, child: u32) {
        let Some(row) = self.groups.get_mut(parent) else { return };
        row.children.remove(child);
        if !row.is_there && row.children.is_empty() {
            self.groups.remove(parent);
        }
    }

    pub(super) fn remove_group(&mut self, name: &str, told: &mut Announcements) {
        let Some(id) = self.groups.find(name) else { return };
        if !self.groups.get(id).is_some_and(|row| row.is_there) {
            return;
        }
        self.tell_tree(id, told);
        let Some(row) = self.groups.retire(id) else { return };
        if let Some(parent) = row.parent {
            self.remove_child(parent, id);
        }
        for policy in row.policies.iter() {
            if let Some(policy) = self.policies.get_mut(policy) {
                policy.groups.remove(id);
            }
        }
        // The storage removes children first; should it not, they keep a parent that is not there.
        if !row.children.is_empty() {
            let place = self.group_or_place(name);
            for child in row.children.iter() {
                if let Some(child) = self.groups.get_mut(child) {
                    child.parent = Some(place);
                }
            }
            if let Some(place) = self.groups.get_mut(place) {
                place.children = row.children;
            }
        }
        self.graves.push(Grave { group: id, members: row.members });
    }

    /// The groups that were removed since this was asked last. Tell [`Self::forget`] of all their
    /// members, then [`Self::close`] them.
    pub(crate) fn graves(&mut self) -> Vec<Grave> {
        std::mem::take(&mut self.graves)
    }

    /// Lets these things name the removed group no more.
    pub(crate) fn forget(&mut self, grave: &Grave, members: &[u32]) {
        for member in members {
            if let Some(thing) = self.things.get_mut(*member) {
                thing.groups.remove(grave.group);
            }
        }
    }

    /// No thing names this removed group any more.
    pub(crate) fn close(&mut self, grave: &Grave) {
        self.groups.release(grave.group);
    }

    pub(super) fn join(&mut self, thing: &ThingName, group: &str, told: &mut Announcements) {
        let Some((thing, group)) = self.member(thing, group) else { return };
        let Some(row) = self.groups.get_mut(group).filter(|row| row.is_there) else { return };
        if !row.members.insert(thing) {
            return;
        }
        if let Some(row) = self.things.get_mut(thing) {
            row.groups.insert(group);
        }
        told.things();
        self.tell_thing(thing, told);
    }

    pub(super) fn leave(&mut self, thing: &ThingName, group: &str, told: &mut Announcements) {
        let Some((thing, group)) = self.member(thing, group) else { return };
        let Some(row) = self.groups.get_mut(group) else { return };
        if !row.members.remove(thing) {
            return;
        }
        if let Some(row) = self.things.get_mut(thing) {
            row.groups.remove(group);
        }
        told.things();
        self.tell_thing(thing, told);
    }

    fn member(&mut self, thing: &ThingName, group: &str) -> Option<(u32, u32)> {
        Some((self.thing_to_tie(thing)?, self.groups.find(group)?))
    }

    /// Notes that what a group is in has changed, and with it what it gives.
    fn tell_tree(&self, id: u32, told: &mut Announcements) {
        if self
            .groups
            .get(id)
            .is_some_and(|row| !row.members.is_empty() || !row.children.is_empty())
        {
            told.things();
        }
        self.tell_group(id, told);
    }

    /// Notes that what a group gives has changed, for its members and those of all groups below it.
    /// Looks at a bounded number of them.
    pub(super) fn tell_group(&self, id: u32, told: &mut Announcements) {
        let mut below = vec![id];
        let mut left = NAMED_MAX;
        while let Some(row) = below.pop().and_then(|id| self.groups.get(id)) {
            let here = row.members.len() + row.children.len();
            if left < here {
                told.rights();
                return;
            }
            left -= here;
            row.members.iter().for_each(|member| self.tell_thing(member, told));
            below.extend(row.children.iter());
        }
    }
}
