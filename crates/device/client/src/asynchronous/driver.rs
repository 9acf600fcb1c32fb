//! The task of one connection: moves bytes between the socket and the session.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::io::ReadBuf;
use tokio::time::Sleep;
use tokio_util::sync::CancellationToken;

use super::shared::{Shared, State};
use super::stream::AsyncLink;
use crate::error::ClientError;
use crate::options::ConnectOptions;
use crate::session::SessionEvent;

/// Longest time to write a last DISCONNECT.
const GOODBYE_TIMEOUT: Duration = Duration::from_secs(2);
/// How often bytes are moved before other tasks get their turn.
const ROUNDS_MAX: usize = 16;

pub(super) struct Driver {
    shared: Arc<Shared>,
    link: AsyncLink,
    stop: CancellationToken,
    /// Whether bytes were written that still need a flush.
    unflushed: bool,
}

impl Drop for Driver {
    fn drop(&mut self) {
        // Says nothing new unless the task was cut off.
        self.shared.finish(ClientError::closed(&self.shared.endpoint, "anything", None));
    }
}

impl Driver {
    pub(super) fn new(shared: Arc<Shared>, link: AsyncLink, stop: CancellationToken) -> Self {
        Self { shared, link, stop, unflushed: false }
    }

    /// Sends CONNECT and waits for the server's yes.
    pub(super) async fn connect(&mut self, options: &ConnectOptions) -> Result<(), ClientError> {
        let endpoint = self.shared.endpoint.clone();
        let after = options.timeouts.connect;
        let connected = poll_fn(|cx| {
            let shared = self.shared.clone();
            self.move_bytes(cx, &mut |state: &mut State| {
                match state.session.next_event() {
                    None => Ok(false),
                    Some(SessionEvent::Connected) => Ok(true),
                    Some(SessionEvent::ConnectRefused(refusal)) => {
                        Err(ClientError::ConnectRefused {
                            endpoint: shared.endpoint.clone(),
                            client_id: options.client_id.clone(),
                            refusal,
                        })
                    }
                    Some(SessionEvent::Closed(reason)) => {
                        Err(ClientError::closed(&shared.endpoint, "CONNACK", reason.as_ref()))
                    }
                    // Nothing else comes before CONNACK; the session sees to that.
                    Some(_) => Ok(false),
                }
            })
        });
        tokio::time::timeout(after, connected).await.unwrap_or(Err(ClientError::Timeout {
            what: "CONNACK",
            endpoint,
            after,
        }))
    }

    /// Serves the connection until it ends, then says why to all who wait.
    pub(super) async fn run(mut self) {
        let shared = self.shared.clone();
        let first_tick = {
            let state = shared.lock();
            shared.next_tick(&state, Instant::now())
        };
        let mut timer = Box::pin(tokio::time::sleep_until(first_tick.into()));
        let stop = self.stop.clone();
        let cause = tokio::select! {
            cause = poll_fn(|cx| self.poll(cx, timer.as_mut())) => cause,
            () = stop.cancelled() => None,
        };
        let cause = match cause {
            Some(cause) => cause,
            None => {
                self.say_goodbye().await;
                ClientError::Closed {
                    endpoint: shared.endpoint.clone(),
                    what: "nothing more",
                    reason: "we disconnected".to_owned(),
                }
            }
        };
        shared.finish(cause);
    }

    /// Resolves with why the connection ended, or with `None` when the handles want to close it.
    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        mut timer: Pin<&mut Sleep>,
    ) -> Poll<Option<ClientError>> {
        let shared = self.shared.clone();
        loop {
            let moved = self.move_bytes(cx, &mut |state: &mut State| {
                shared.dispatch(state).map(|()| state.closing && state.session.output().is_empty())
            });
            match moved {
                Poll::Ready(Ok(())) => return Poll::Ready(None),
                Poll::Ready(Err(error)) => return Poll::Ready(Some(error)),
                Poll::Pending => {}
            }
            if timer.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            let now = Instant::now();
            let mut state = shared.lock();
            let overdue = state.session.timeout(now).map_err(ClientError::from);
            if let Err(error) = overdue.and_then(|()| shared.check_answers(&state, now)) {
                return Poll::Ready(Some(error));
            }
            let next = shared.next_tick(&state, now);
            timer.as_mut().reset(next.into());
        }
    }

    /// Writes and reads what can be without waiting, handing each batch of events to `done`, until it
    /// says yes or fails.
    fn move_bytes(
        &mut self,
        cx: &mut Context<'_>,
        done: &mut dyn FnMut(&mut State) -> Result<bool, ClientError>,
    ) -> Poll<Result<(), ClientError>> {
        let shared = self.shared.clone();
        for _ in 0..ROUNDS_MAX {
            let mut state = shared.lock();
            state.remember_driver(cx.waker());
            self.write(cx, &mut state)?;
            if done(&mut state)? {
                return Poll::Ready(Ok(()));
            }
            let progress = self.read(cx, &mut state)?;
            if done(&mut state)? {
                return Poll::Ready(Ok(()));
            }
            if !progress {
                return Poll::Pending;
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn write(&mut self, cx: &mut Context<'_>, state: &mut State) -> Result<(), ClientError> {
        while !state.session.output().is_empty() {
            match self.link.poll_write(cx, state.session.output()) {
                Poll::Ready(Ok(count)) => {
                    state.session.wrote(count);
                    self.unflushed = true;
                }
                Poll::Ready(Err(error)) => return Err(self.broken(error)),
                Poll::Pending => break,
            }
        }
        if self.unflushed {
            match self.link.poll_flush(cx) {
                Poll::Ready(Ok(())) => self.unflushed = false,
                Poll::Ready(Err(error)) => return Err(self.broken(error)),
                Poll::Pending => {}
            }
        }
        Ok(())
    }

    /// Whether there may be more to do.
    fn read(&mut self, cx: &mut Context<'_>, state: &mut State) -> Result<bool, ClientError> {
        // On the stack of this call: a connection that waits keeps no buffer.
        let mut buffer = [0; 4096];
        let mut buffer = ReadBuf::new(&mut buffer);
        match self.link.poll_read(cx, &mut buffer) {
            Poll::Pending => return Ok(false),
            Poll::Ready(Ok(())) if buffer.filled().is_empty() => state.session.closed_by_peer(),
            Poll::Ready(Ok(())) => state.session.receive(buffer.filled(), Instant::now())?,
            Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::UnexpectedEof => {
                state.session.closed_by_peer();
            }
            Poll::Ready(Err(error)) => return Err(self.broken(error)),
        }
        Ok(true)
    }

    fn broken(&self, error: io::Error) -> ClientError {
        ClientError::from_tls(&self.shared.endpoint, error)
    }

    async fn say_goodbye(&mut self) {
        let shared = self.shared.clone();
        let asked = shared.lock().session.disconnect(Instant::now());
        if asked.is_err() {
            return;
        }
        let goodbye = poll_fn(|cx| {
            let mut state = shared.lock();
            if self.write(cx, &mut state).is_err() {
                return Poll::Ready(());
            }
            if !state.session.output().is_empty() || self.unflushed {
                return Poll::Pending;
            }
            self.link.poll_shutdown(cx).map(drop)
        });
        // If the other side does not take it, there is nothing more to say.
        drop(tokio::time::timeout(GOODBYE_TIMEOUT, goodbye).await);
    }
}
