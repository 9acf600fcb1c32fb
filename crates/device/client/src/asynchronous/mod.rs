//! The client for simulations and benches: thousands of connections in one process.
//!
//! One task a connection moves bytes; callers write publishes straight into the session's output, so
//! nothing is copied or queued twice. An idle connection holds no buffers.

mod driver;
mod shared;
mod stream;

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use picket_core::Tasks;
use tokio::sync::oneshot;

use crate::error::ClientError;
use crate::options::{ConnectOptions, Endpoint, Transport};
use crate::refusal::Refusal;
use crate::session::{ClientSession, Message, PublishRequest, SessionError};
use driver::Driver;
use shared::{Answer, Shared};
use stream::AsyncLink;

/// A connected MQTT client. Cloning gives another handle to the same connection, which is closed in
/// good order when the last handle is dropped or the tasks are told to stop.
#[derive(Debug, Clone)]
pub struct AsyncClient {
    handle: Arc<Handle>,
}

#[derive(Debug)]
struct Handle(Arc<Shared>);

impl Drop for Handle {
    fn drop(&mut self) {
        self.0.start_closing();
    }
}

impl AsyncClient {
    /// Connects (TCP, TLS, CONNECT) and starts the connection's task in `tasks`.
    pub async fn connect(
        tasks: &Tasks,
        endpoint: &Endpoint,
        transport: &Transport,
        options: &ConnectOptions,
    ) -> Result<Self, ClientError> {
        let link = AsyncLink::open(endpoint, transport, options.timeouts.connect).await?;
        let session = ClientSession::connect(options, Instant::now())?;
        let shared = Arc::new(Shared::new(endpoint, options, session));
        let mut driver = Driver::new(shared.clone(), link, tasks.token());
        // Boxed, so that a caller's future does not carry it after the connection stands.
        Box::pin(driver.connect(options)).await?;
        let handle = Arc::new(Handle(shared));
        tasks.spawn("mqtt-client", driver.run());
        Ok(Self { handle })
    }

    /// Queues a publish, waiting while too many are in flight. At QoS 1 the returned [`Puback`]
    /// resolves with the server's answer; it may be dropped. At QoS 0 it resolves at once.
    pub async fn publish(&self, publish: &PublishRequest<'_>) -> Result<Puback, ClientError> {
        loop {
            let room = self.shared().room();
            tokio::pin!(room);
            // Before looking, so that room made in between is not missed.
            room.as_mut().enable();
            match self.try_publish(publish) {
                Err(ClientError::Session(SessionError::Busy)) => room.await,
                other => return other,
            }
        }
    }

    /// Queues a publish, or fails with [`SessionError::Busy`] when too many are in flight.
    pub fn try_publish(&self, publish: &PublishRequest<'_>) -> Result<Puback, ClientError> {
        let waiter = self.shared().publish(publish)?;
        Ok(Puback { waiter, topic: publish.topic.into(), shared: self.shared().clone() })
    }

    /// Subscribes at QoS 1 and waits for the SUBACK. Fails with the first filter that was refused.
    pub async fn subscribe(&self, filters: &[&str]) -> Result<(), ClientError> {
        let waiter = self.shared().subscribe(filters)?;
        let answers = match waiter.await {
            Ok(Answer::Subscribed(answers)) => answers,
            Ok(Answer::Published(_)) | Err(_) => return Err(self.shared().ended()),
        };
        for (filter, answer) in filters.iter().zip(answers) {
            answer.map_err(|refusal| ClientError::SubscribeRefused {
                filter: (*filter).to_owned(),
                refusal,
            })?;
        }
        Ok(())
    }

    /// The next message that was delivered; fails when the connection has ended. For one caller at a
    /// time. What nobody fetches is forgotten from the oldest on.
    pub async fn next_message(&self) -> Result<Message, ClientError> {
        loop {
            let arrival = self.shared().arrival();
            tokio::pin!(arrival);
            arrival.as_mut().enable();
            if let Some(message) = self.shared().pop_message()? {
                return Ok(message);
            }
            arrival.await;
        }
    }

    /// How many QoS 1 publishes wait for their PUBACK.
    pub fn in_flight(&self) -> usize {
        self.shared().in_flight()
    }

    /// Whether the connection has ended.
    pub fn is_closed(&self) -> bool {
        self.shared().is_closed()
    }

    /// Resolves with the reason when the connection ends.
    pub async fn closed(&self) -> ClientError {
        loop {
            let end = self.shared().end();
            tokio::pin!(end);
            end.as_mut().enable();
            if self.is_closed() {
                return self.shared().ended();
            }
            end.await;
        }
    }

    /// Writes what is queued, sends DISCONNECT and waits for the connection to end.
    pub async fn disconnect(self) {
        self.shared().start_closing();
        self.closed().await;
    }

    fn shared(&self) -> &Arc<Shared> {
        &self.handle.0
    }
}

/// The server's answer to one publish, to come.
#[derive(Debug)]
pub struct Puback {
    /// Absent for QoS 0.
    waiter: Option<oneshot::Receiver<Answer>>,
    topic: Box<str>,
    shared: Arc<Shared>,
}

impl Future for Puback {
    type Output = Result<(), ClientError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(waiter) = &mut self.waiter else { return Poll::Ready(Ok(())) };
        let answer = std::task::ready!(Pin::new(waiter).poll(cx));
        self.waiter = None;
        Poll::Ready(match answer {
            Ok(Answer::Published(None)) => Ok(()),
            Ok(Answer::Published(Some(refusal))) => Err(refused(&self.topic, refusal)),
            Ok(Answer::Subscribed(_)) | Err(_) => Err(self.shared.ended()),
        })
    }
}

fn refused(topic: &str, refusal: Refusal) -> ClientError {
    ClientError::PublishRefused { topic: topic.to_owned(), refusal }
}
