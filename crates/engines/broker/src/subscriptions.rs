//! All subscriptions, as a tree of topic levels.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ahash::AHashMap;
use picket_session::{Dialect, Filter};

use crate::attachment::SubscribeOptions;
use crate::slot::{SessionId, Slot};

/// One subscription as the tree holds it.
#[derive(Debug, Clone)]
pub(crate) struct Subscription {
    pub(crate) slot: Arc<Slot>,
    /// 0, 1 or 2.
    pub(crate) qos: u8,
    pub(crate) no_local: bool,
    pub(crate) retain_as_published: bool,
    /// Whether it is a group's. Set where it is put into the tree.
    pub(crate) is_shared: bool,
    /// MQTT 5 subscription identifier.
    pub(crate) id: Option<u32>,
    pub(crate) dialect: Dialect,
}

impl Subscription {
    pub(crate) fn of(slot: &Arc<Slot>, options: &SubscribeOptions) -> Self {
        Self {
            slot: Arc::clone(slot),
            qos: options.qos,
            no_local: options.no_local,
            retain_as_published: options.retain_as_published,
            is_shared: false,
            id: options.id,
            dialect: options.dialect,
        }
    }
}

#[derive(Debug)]
struct Group {
    name: Box<str>,
    members: Vec<Subscription>,
    /// Where the search for the next receiver starts.
    next: AtomicUsize,
}

impl Group {
    /// The next member in turn that is online, else the next one whose session keeps messages.
    fn pick(&self) -> Option<&Subscription> {
        let start = self.next.fetch_add(1, Ordering::Relaxed);
        let count = self.members.len();
        let in_turn = || (0..count).filter_map(move |i| self.members.get((start + i) % count));
        let online = in_turn().find(|member| member.slot.is_online());
        online.or_else(|| in_turn().find(|member| member.qos > 0)).or_else(|| in_turn().next())
    }
}

#[derive(Debug, Default)]
struct Node {
    children: AHashMap<Box<str>, Node>,
    members: Vec<Subscription>,
    groups: Vec<Group>,
}

impl Node {
    fn is_empty(&self) -> bool {
        self.children.is_empty() && self.members.is_empty() && self.groups.is_empty()
    }

    fn put(&mut self, share: Option<&str>, mut subscription: Subscription) {
        subscription.is_shared = share.is_some();
        let members = match share {
            None => &mut self.members,
            Some(name) => {
                let at = self.groups.iter().position(|group| &*group.name == name);
                let at = at.unwrap_or_else(|| {
                    let group =
                        Group { name: name.into(), members: Vec::new(), next: AtomicUsize::new(0) };
                    self.groups.push(group);
                    self.groups.len() - 1
                });
                match self.groups.get_mut(at) {
                    Some(group) => &mut group.members,
                    None => return,
                }
            }
        };
        match members.iter_mut().find(|member| member.slot.id == subscription.slot.id) {
            Some(member) => *member = subscription,
            None => members.push(subscription),
        }
    }

    fn remove(&mut self, share: Option<&str>, session: SessionId) {
        match share {
            None => self.members.retain(|member| member.slot.id != session),
            Some(name) => {
                for group in self.groups.iter_mut().filter(|group| &*group.name == name) {
                    group.members.retain(|member| member.slot.id != session);
                }
                self.groups.retain(|group| !group.members.is_empty());
            }
        }
    }

    fn collect<'a>(&'a self, found: &mut Vec<&'a Subscription>) {
        found.extend(&self.members);
        found.extend(self.groups.iter().filter_map(Group::pick));
    }
}

/// The tree.
#[derive(Debug, Default)]
pub(crate) struct Subscriptions {
    root: Node,
}

impl Subscriptions {
    /// Adds or replaces the subscription of its session to `filter`.
    pub(crate) fn insert(&mut self, filter: Filter<'_>, subscription: Subscription) {
        let mut node = &mut self.root;
        for level in filter.pattern.split('/') {
            if !node.children.contains_key(level) {
                node.children.insert(level.into(), Node::default());
            }
            let Some(child) = node.children.get_mut(level) else { return };
            node = child;
        }
        node.put(filter.share, subscription);
    }

    /// Removes the subscription of `session` to `filter`, and levels nobody needs any more.
    pub(crate) fn remove(&mut self, filter: Filter<'_>, session: SessionId) {
        let levels: Vec<&str> = filter.pattern.split('/').collect();
        let path = |depth: usize| levels.iter().take(depth);
        let Some(node) = descend(&mut self.root, path(levels.len())) else { return };
        node.remove(filter.share, session);
        for depth in (0..levels.len()).rev() {
            let (Some(parent), Some(level)) =
                (descend(&mut self.root, path(depth)), levels.get(depth))
            else {
                return;
            };
            if !parent.children.get(*level).is_some_and(Node::is_empty) {
                return;
            }
            parent.children.remove(*level);
        }
    }

    /// Everything that matches `topic`: one entry for each subscription and one for each group.
    pub(crate) fn matching<'a>(&'a self, topic: &str, found: &mut Vec<&'a Subscription>) {
        // Topics have a bounded number of levels, and the frontier at most doubles at each.
        let mut frontier: Vec<&Node> = vec![&self.root];
        let hidden = topic.starts_with('$');
        for (depth, level) in topic.split('/').enumerate() {
            let mut next = Vec::with_capacity(frontier.len() * 2);
            for node in frontier {
                let wildcards = !(hidden && depth == 0);
                if wildcards && let Some(rest) = node.children.get("#") {
                    rest.collect(found);
                }
                next.extend(node.children.get(level));
                if wildcards {
                    next.extend(node.children.get("+"));
                }
            }
            if next.is_empty() {
                return;
            }
            frontier = next;
        }
        for node in frontier {
            node.collect(found);
            let Some(parent_level) = node.children.get("#") else { continue };
            let from = found.len();
            parent_level.collect(found);
            let mut at = 0;
            found.retain(|subscription| {
                at += 1;
                at <= from || subscription.dialect == Dialect::Standard
            });
        }
    }

    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.root.is_empty()
    }
}

fn descend<'n, 's>(
    root: &'n mut Node,
    levels: impl Iterator<Item = &'s &'s str>,
) -> Option<&'n mut Node> {
    let mut node = root;
    for level in levels {
        node = node.children.get_mut(*level)?;
    }
    Some(node)
}
