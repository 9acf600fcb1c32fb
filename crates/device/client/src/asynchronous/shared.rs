//! What the handles and the task of one connection share.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::{Duration, Instant};

use tokio::sync::futures::Notified;
use tokio::sync::{Notify, oneshot};

use crate::error::ClientError;
use crate::inbox::Inbox;
use crate::options::{ConnectOptions, Endpoint};
use crate::refusal::Refusal;
use crate::session::{ClientSession, Message, PublishRequest, SessionEvent};

/// The server's answer to a publish or a subscription.
#[derive(Debug)]
pub(super) enum Answer {
    Published(Option<Refusal>),
    Subscribed(Vec<Result<(), Refusal>>),
}

#[derive(Debug)]
struct Waiter {
    packet_id: u16,
    what: &'static str,
    since: Instant,
    answer: oneshot::Sender<Answer>,
}

/// Guarded by one lock that is never held across an await.
#[derive(Debug)]
pub(super) struct State {
    pub(super) session: ClientSession,
    pub(super) closing: bool,
    waiters: VecDeque<Waiter>,
    inbox: Inbox,
    driver: Option<Waker>,
    ended: Option<Arc<ClientError>>,
}

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) endpoint: Endpoint,
    answer_timeout: Duration,
    state: Mutex<State>,
    room: Notify,
    arrival: Notify,
    end: Notify,
}

impl Shared {
    pub(super) fn new(
        endpoint: &Endpoint,
        options: &ConnectOptions,
        session: ClientSession,
    ) -> Self {
        let state = State {
            session,
            closing: false,
            waiters: VecDeque::new(),
            inbox: Inbox::new(options.inbox_messages_max),
            driver: None,
            ended: None,
        };
        Self {
            endpoint: endpoint.clone(),
            answer_timeout: options.timeouts.answer,
            state: Mutex::new(state),
            room: Notify::new(),
            arrival: Notify::new(),
            end: Notify::new(),
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere leaves no half-done state behind that a session could not notice.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn room(&self) -> Notified<'_> {
        self.room.notified()
    }

    pub(super) fn arrival(&self) -> Notified<'_> {
        self.arrival.notified()
    }

    pub(super) fn end(&self) -> Notified<'_> {
        self.end.notified()
    }

    pub(super) fn publish(
        &self,
        publish: &PublishRequest<'_>,
    ) -> Result<Option<oneshot::Receiver<Answer>>, ClientError> {
        let now = Instant::now();
        let mut state = self.lock();
        state.require_open()?;
        let waiter = state
            .session
            .publish(publish, now)?
            .map(|packet_id| state.expect(packet_id, "PUBACK", now));
        state.wake_driver();
        Ok(waiter)
    }

    pub(super) fn subscribe(
        &self,
        filters: &[&str],
    ) -> Result<oneshot::Receiver<Answer>, ClientError> {
        let now = Instant::now();
        let mut state = self.lock();
        state.require_open()?;
        let packet_id = state.session.subscribe(filters, now)?;
        let waiter = state.expect(packet_id, "SUBACK", now);
        state.wake_driver();
        Ok(waiter)
    }

    pub(super) fn pop_message(&self) -> Result<Option<Message>, ClientError> {
        let mut state = self.lock();
        match state.inbox.pop() {
            Some(message) => Ok(Some(message)),
            None => state.require_open().map(|()| None),
        }
    }

    pub(super) fn in_flight(&self) -> usize {
        self.lock().session.in_flight()
    }

    pub(super) fn is_closed(&self) -> bool {
        self.lock().ended.is_some()
    }

    /// Why the connection ended. Only to be asked once it has.
    pub(super) fn ended(&self) -> ClientError {
        match &self.lock().ended {
            Some(cause) => ClientError::Ended(cause.clone()),
            None => ClientError::closed(&self.endpoint, "an answer", None),
        }
    }

    pub(super) fn start_closing(&self) {
        let mut state = self.lock();
        state.closing = true;
        state.wake_driver();
    }

    /// Tells everybody that the connection is over.
    pub(super) fn finish(&self, cause: ClientError) {
        let mut state = self.lock();
        if state.ended.is_none() {
            state.ended = Some(Arc::new(cause));
        }
        // Their receivers see that the sender is gone and ask for the cause.
        state.waiters = VecDeque::new();
        state.driver = None;
        drop(state);
        self.room.notify_waiters();
        self.arrival.notify_waiters();
        self.end.notify_waiters();
    }

    /// Hands the session's events to whoever waits for them. Fails when the connection is over.
    pub(super) fn dispatch(&self, state: &mut State) -> Result<(), ClientError> {
        let mut settled = false;
        let mut arrived = false;
        while let Some(event) = state.session.next_event() {
            match event {
                SessionEvent::Connected => {}
                SessionEvent::ConnectRefused(refusal) => {
                    return Err(ClientError::closed(&self.endpoint, "CONNACK", Some(&refusal)));
                }
                SessionEvent::Acknowledged(id) => {
                    state.settle(id, Answer::Published(None));
                    settled = true;
                }
                SessionEvent::PublishRefused(id, refusal) => {
                    state.settle(id, Answer::Published(Some(refusal)));
                    settled = true;
                }
                SessionEvent::Subscribed(id, answers) => {
                    state.settle(id, Answer::Subscribed(answers));
                }
                SessionEvent::Message(message) => {
                    state.inbox.push(message);
                    arrived = true;
                }
                SessionEvent::Closed(reason) => {
                    let what = state.waiters.front().map_or("messages", |waiter| waiter.what);
                    return Err(ClientError::closed(&self.endpoint, what, reason.as_ref()));
                }
            }
        }
        if settled {
            self.room.notify_waiters();
        }
        if arrived {
            self.arrival.notify_waiters();
        }
        Ok(())
    }

    /// Fails when the oldest answer is overdue.
    pub(super) fn check_answers(&self, state: &State, now: Instant) -> Result<(), ClientError> {
        match state.waiters.front() {
            Some(oldest) if now.duration_since(oldest.since) >= self.answer_timeout => {
                let endpoint = self.endpoint.clone();
                Err(ClientError::Timeout {
                    what: oldest.what,
                    endpoint,
                    after: self.answer_timeout,
                })
            }
            _ => Ok(()),
        }
    }

    /// When the task must look at the clock again: for the session, and for overdue answers.
    pub(super) fn next_tick(&self, state: &State, now: Instant) -> Instant {
        let tick = now + self.answer_timeout.max(Duration::from_millis(10));
        state.session.next_timeout().map_or(tick, |at| at.min(tick))
    }
}

impl State {
    fn require_open(&self) -> Result<(), ClientError> {
        match &self.ended {
            Some(cause) => Err(ClientError::Ended(cause.clone())),
            None => Ok(()),
        }
    }

    fn expect(
        &mut self,
        packet_id: u16,
        what: &'static str,
        since: Instant,
    ) -> oneshot::Receiver<Answer> {
        let (answer, receiver) = oneshot::channel();
        self.waiters.push_back(Waiter { packet_id, what, since, answer });
        receiver
    }

    fn settle(&mut self, packet_id: u16, answer: Answer) {
        // Answers come in order as a rule, so this finds the first.
        let at = self.waiters.iter().position(|waiter| waiter.packet_id == packet_id);
        if let Some(waiter) = at.and_then(|at| self.waiters.remove(at)) {
            // The caller may have stopped waiting.
            drop(waiter.answer.send(answer));
        }
        if self.waiters.is_empty() {
            self.waiters.shrink_to(4);
        }
    }

    pub(super) fn remember_driver(&mut self, waker: &Waker) {
        if !self.driver.as_ref().is_some_and(|known| known.will_wake(waker)) {
            self.driver = Some(waker.clone());
        }
    }

    fn wake_driver(&self) {
        if let Some(driver) = &self.driver {
            driver.wake_by_ref();
        }
    }
}
