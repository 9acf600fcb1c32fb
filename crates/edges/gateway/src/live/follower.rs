//! Passing changes of the registry on to the connections.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use picket_core::CertificateId;
use picket_ports::directory::DirectoryChange;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::time::timeout;

use super::{CREDENTIAL, Control, Live, RIGHTS};

/// Connections woken at a time.
const BATCH_MAX: usize = 64;
/// How long a batch may keep the next one waiting. A connection that writes to a slow peer answers
/// later.
const BATCH_PATIENCE: Duration = Duration::from_millis(5);
/// Changes of everybody's rights in quick succession leave at least half of the time to other work,
/// and never wait for longer than this.
const PAUSE_MAX: Duration = Duration::from_millis(400);

/// Who is still to be woken.
#[derive(Default)]
struct Waiting {
    /// Of changes that concern one certificate.
    first: VecDeque<Arc<Control>>,
    /// Of the present round through everybody.
    round: VecDeque<Arc<Control>>,
    /// When the present round began, and the earliest time for the next.
    began: Option<Instant>,
    not_before: Option<Instant>,
    /// A change has come that needs another round.
    again: bool,
}

impl Waiting {
    fn is_empty(&self) -> bool {
        self.first.is_empty() && self.round.is_empty() && !self.again
    }

    fn next_batch(&mut self) -> Vec<Arc<Control>> {
        let mut batch: Vec<_> = self.first.drain(..self.first.len().min(BATCH_MAX)).collect();
        let room = BATCH_MAX - batch.len();
        batch.extend(self.round.drain(..self.round.len().min(room)));
        batch
    }
}

impl Live {
    /// Passes changes of the registry on until there are no more.
    pub(crate) async fn follow(&self, mut changes: Receiver<DirectoryChange>) {
        let mut waiting = Waiting::default();
        loop {
            if waiting.is_empty() {
                match changes.recv().await {
                    Ok(change) => self.note(change, &mut waiting),
                    Err(RecvError::Lagged(_)) => self.note_everything(&mut waiting),
                    Err(RecvError::Closed) => return,
                }
            }
            loop {
                match changes.try_recv() {
                    Ok(change) => self.note(change, &mut waiting),
                    Err(TryRecvError::Lagged(_)) => self.note_everything(&mut waiting),
                    Err(TryRecvError::Empty | TryRecvError::Closed) => break,
                }
            }
            self.begin_round(&mut waiting);
            let batch = waiting.next_batch();
            if batch.is_empty() {
                // Another round is due, but not yet.
                let pause =
                    waiting.not_before.map(|at| at.saturating_duration_since(Instant::now()));
                tokio::time::sleep(pause.unwrap_or_default().min(BATCH_PATIENCE)).await;
                continue;
            }
            self.wake(&batch).await;
            if waiting.round.is_empty()
                && let Some(began) = waiting.began.take()
            {
                waiting.not_before = Some(Instant::now() + began.elapsed().min(PAUSE_MAX));
            }
        }
    }

    fn note(&self, change: DirectoryChange, waiting: &mut Waiting) {
        match change {
            DirectoryChange::Certificate(id) => self.note_one(&id, CREDENTIAL, waiting),
            DirectoryChange::RightsOf(id) => self.note_one(&id, RIGHTS, waiting),
            DirectoryChange::Rights => {
                self.connections.lock().devices().for_each(|control| control.raise(RIGHTS));
                waiting.again = true;
            }
            DirectoryChange::Things => {}
        }
    }

    fn note_one(&self, id: &CertificateId, flag: u8, waiting: &mut Waiting) {
        let connections = self.connections.lock();
        for control in connections.by_certificate.get(id).into_iter().flatten() {
            control.raise(flag);
            waiting.first.push_back(Arc::clone(control));
        }
    }

    /// Changes were missed.
    fn note_everything(&self, waiting: &mut Waiting) {
        let connections = self.connections.lock();
        connections.devices().for_each(|control| control.raise(CREDENTIAL | RIGHTS));
        waiting.again = true;
        // A certificate that is withdrawn cannot wait for its turn.
        waiting.not_before = None;
    }

    /// Begins a round through everybody if one is due.
    fn begin_round(&self, waiting: &mut Waiting) {
        let now = Instant::now();
        let is_early = waiting.not_before.is_some_and(|at| now < at);
        if !waiting.again || !waiting.round.is_empty() || is_early {
            return;
        }
        waiting.again = false;
        waiting.began = Some(now);
        waiting.round = self.connections.lock().devices().cloned().collect();
    }

    /// Wakes those of `batch` who have not looked up by themselves, and waits for them a little.
    async fn wake(&self, batch: &[Arc<Control>]) {
        let asleep: Vec<_> = batch.iter().filter(|control| control.is_told()).collect();
        self.awaited.store(usize::MAX, Ordering::Release);
        self.answers.store(0, Ordering::Release);
        self.awaited.store(asleep.len(), Ordering::Release);
        for control in &asleep {
            control.wake.notify_one();
        }
        if !asleep.is_empty() {
            // Late answers are not waited for.
            drop(timeout(BATCH_PATIENCE, self.answered.notified()).await);
        }
    }
}

#[cfg(test)]
mod tests {
    use picket_ports::directory::DirectoryChange;
    use tokio::sync::broadcast;

    use super::*;
    use crate::live::Proven;

    fn id(n: usize) -> CertificateId {
        CertificateId::new(format!("{n:064x}")).unwrap()
    }

    /// A connection that looks up when woken, and counts.
    fn connection(live: &Arc<Live>, n: usize, tasks: &picket_core::Tasks) -> Arc<Control> {
        let control = Control::new(Proven::Certificate(id(n)));
        live.add(&control);
        let (live, own) = (Arc::clone(live), Arc::clone(&control));
        tasks.spawn("connection", async move {
            loop {
                own.wake.notified().await;
                live.take(&own);
            }
        });
        control
    }

    async fn until(condition: impl Fn() -> bool) {
        let waiting = async {
            while !condition() {
                tokio::task::yield_now().await;
            }
        };
        timeout(Duration::from_secs(10), waiting).await.expect("not in time");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_change_reaches_everybody_it_concerns() {
        let (live, tasks) = (Arc::new(Live::default()), picket_core::Tasks::new());
        let controls: Vec<_> = (0..1000).map(|n| connection(&live, n, &tasks)).collect();
        let (sender, changes) = broadcast::channel(16);
        let follower = Arc::clone(&live);
        tasks.spawn("follower", async move { follower.follow(changes).await });
        let all_have_looked = || controls.iter().all(|control| !control.is_told());
        for change in [
            DirectoryChange::Rights,
            DirectoryChange::Certificate(id(7)),
            DirectoryChange::RightsOf(id(8)),
        ] {
            sender.send(change).unwrap();
            until(|| sender.is_empty()).await;
            until(all_have_looked).await;
        }
        // More than the channel holds: whoever missed a change is told of everything.
        for _ in 0..100 {
            sender.send(DirectoryChange::Things).unwrap();
        }
        until(|| sender.is_empty()).await;
        until(all_have_looked).await;
    }

    #[tokio::test]
    async fn those_who_do_not_answer_hold_nobody_up() {
        let (live, tasks) = (Arc::new(Live::default()), picket_core::Tasks::new());
        for n in 0..200 {
            live.add(&Control::new(Proven::Certificate(id(n))));
        }
        let last = connection(&live, 200, &tasks);
        let (sender, changes) = broadcast::channel(16);
        let follower = Arc::clone(&live);
        tasks.spawn("follower", async move { follower.follow(changes).await });
        sender.send(DirectoryChange::Rights).unwrap();
        until(|| sender.is_empty()).await;
        until(|| !last.is_told()).await;
    }
}
