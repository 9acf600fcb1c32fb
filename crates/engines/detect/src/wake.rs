//! Waking the evaluating tasks.

use tokio::sync::Notify;

/// One bell for each evaluating task.
#[derive(Debug)]
pub(crate) struct Wake(Vec<Notify>);

impl Wake {
    /// Bells for `groups` tasks, at least one.
    pub(crate) fn new(groups: usize) -> Self {
        Self((0..groups.max(1)).map(|_| Notify::new()).collect())
    }

    /// How many tasks there are.
    pub(crate) const fn groups(&self) -> usize {
        self.0.len()
    }

    /// Something was appended to this partition.
    pub(crate) fn partition(&self, number: u16) {
        if let Some(bell) = self.0.get(usize::from(number) % self.0.len()) {
            bell.notify_one();
        }
    }

    /// Something concerns everyone.
    pub(crate) fn all(&self) {
        self.0.iter().for_each(Notify::notify_one);
    }

    /// Waits for the bell of a task.
    pub(crate) async fn heard(&self, group: usize) {
        match self.0.get(group) {
            Some(bell) => bell.notified().await,
            None => std::future::pending().await,
        }
    }
}
