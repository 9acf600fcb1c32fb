//! The client of the device agent: one connection, one thread, no runtime.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::{ClientConnection, StreamOwned};

use crate::error::ClientError;
use crate::inbox::Inbox;
use crate::options::{ConnectOptions, Endpoint, Transport};
use crate::refusal::Refusal;
use crate::session::{ClientSession, Message, PublishRequest, SessionEvent};
use crate::tls::server_name;

/// A TCP connection, with or without TLS on it.
#[derive(Debug)]
pub struct BlockingStream {
    endpoint: Endpoint,
    link: Link,
}

enum Link {
    Plain(TcpStream),
    Secure(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Plain(_) => "Plain",
            Self::Secure(_) => "Secure",
        })
    }
}

impl BlockingStream {
    /// Opens a TCP connection to the first address of the host that answers.
    pub fn dial(endpoint: &Endpoint, timeout: Duration) -> Result<Self, ClientError> {
        let resolve = |cause: String| ClientError::Resolve { host: endpoint.host.clone(), cause };
        let addresses = (endpoint.host.as_str(), endpoint.port)
            .to_socket_addrs()
            .map_err(|error| resolve(error.to_string()))?;
        let mut failure = None;
        for address in addresses {
            match TcpStream::connect_timeout(&address, timeout.max(Duration::from_millis(1))) {
                Ok(socket) => return Self::ready(endpoint, socket, timeout),
                Err(error) => failure = Some(error),
            }
        }
        Err(match failure {
            Some(cause) => ClientError::Connect { endpoint: endpoint.clone(), cause },
            None => resolve("the resolver knows the name but no address".to_owned()),
        })
    }

    fn ready(
        endpoint: &Endpoint,
        socket: TcpStream,
        timeout: Duration,
    ) -> Result<Self, ClientError> {
        let broken = |cause| ClientError::Broken { endpoint: endpoint.clone(), cause };
        socket.set_nodelay(true).map_err(broken)?;
        socket.set_write_timeout(Some(timeout.max(Duration::from_millis(1)))).map_err(broken)?;
        Ok(Self { endpoint: endpoint.clone(), link: Link::Plain(socket) })
    }

    /// Does the TLS handshake. With TLS 1.3 the server judges our certificate after it, so a refusal
    /// may show only at CONNECT.
    pub fn secure(
        self,
        tls: &Arc<rustls::ClientConfig>,
        timeout: Duration,
    ) -> Result<Self, ClientError> {
        let Self { endpoint, link } = self;
        let Link::Plain(socket) = link else { return Ok(Self { endpoint, link }) };
        let name = server_name(&endpoint)?;
        let connection = ClientConnection::new(tls.clone(), name)
            .map_err(|error| ClientError::from_tls(&endpoint, std::io::Error::other(error)))?;
        let mut secure = Box::new(StreamOwned::new(connection, socket));
        let deadline = Instant::now() + timeout;
        while secure.conn.is_handshaking() {
            let left = time_left(deadline).ok_or_else(|| ClientError::Timeout {
                what: "TLS handshake",
                endpoint: endpoint.clone(),
                after: timeout,
            })?;
            let broken = |error| ClientError::from_tls(&endpoint, error);
            secure.sock.set_read_timeout(Some(left)).map_err(broken)?;
            let StreamOwned { conn, sock } = secure.as_mut();
            match conn.complete_io(sock) {
                Ok(_) => {}
                Err(error) if is_pause(&error) => {}
                Err(error) => return Err(broken(error)),
            }
        }
        Ok(Self { endpoint, link: Link::Secure(secure) })
    }

    fn set_read_timeout(&self, timeout: Duration) -> std::io::Result<()> {
        match &self.link {
            Link::Plain(socket) => socket.set_read_timeout(Some(timeout)),
            Link::Secure(secure) => secure.sock.set_read_timeout(Some(timeout)),
        }
    }

    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match &mut self.link {
            Link::Plain(socket) => socket.read(buffer),
            Link::Secure(secure) => secure.read(buffer),
        }
    }

    fn write_all(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        match &mut self.link {
            Link::Plain(socket) => socket.write_all(bytes),
            Link::Secure(secure) => {
                secure.write_all(bytes)?;
                secure.flush()
            }
        }
    }

    fn close(&mut self) {
        let socket = match &mut self.link {
            Link::Plain(socket) => socket,
            Link::Secure(secure) => {
                secure.conn.send_close_notify();
                drop(secure.flush());
                &mut secure.sock
            }
        };
        // The other side may be gone already; there is nothing to do about it.
        drop(socket.shutdown(std::net::Shutdown::Both));
    }
}

/// A connected MQTT client that blocks its thread while it waits.
#[derive(Debug)]
pub struct BlockingClient {
    stream: BlockingStream,
    session: ClientSession,
    inbox: Inbox,
    client_id: String,
    answer_timeout: Duration,
}

impl BlockingClient {
    /// Connects: TCP, TLS, CONNECT.
    pub fn connect(
        endpoint: &Endpoint,
        transport: &Transport,
        options: &ConnectOptions,
    ) -> Result<Self, ClientError> {
        let timeout = options.timeouts.connect;
        let stream = BlockingStream::dial(endpoint, timeout)?;
        let stream = match transport {
            Transport::Plain => stream,
            Transport::Tls(tls) => stream.secure(tls, timeout)?,
        };
        Self::start(stream, options)
    }

    /// Sends CONNECT on `stream` and waits for the server's answer.
    pub fn start(stream: BlockingStream, options: &ConnectOptions) -> Result<Self, ClientError> {
        let session = ClientSession::connect(options, Instant::now())?;
        let mut client = Self {
            stream,
            session,
            inbox: Inbox::new(options.inbox_messages_max),
            client_id: options.client_id.clone(),
            answer_timeout: options.timeouts.answer,
        };
        let deadline = Instant::now() + options.timeouts.connect;
        let after = options.timeouts.connect;
        client
            .wait("CONNACK", deadline, after, |event| match event {
                SessionEvent::Connected => Verdict::Done(Ok(())),
                SessionEvent::ConnectRefused(refusal) => Verdict::Done(Err(refusal)),
                other => Verdict::Other(other),
            })?
            .map_err(|refusal| ClientError::ConnectRefused {
                endpoint: client.stream.endpoint.clone(),
                client_id: client.client_id.clone(),
                refusal,
            })?;
        Ok(client)
    }

    /// Publishes; at QoS 1 waits for the PUBACK.
    pub fn publish(&mut self, publish: &PublishRequest<'_>) -> Result<(), ClientError> {
        let Some(packet_id) = self.session.publish(publish, Instant::now())? else {
            return self.write();
        };
        self.answer("PUBACK", |event| match event {
            SessionEvent::Acknowledged(id) if id == packet_id => Verdict::Done(Ok(())),
            SessionEvent::PublishRefused(id, refusal) if id == packet_id => {
                Verdict::Done(Err(refusal))
            }
            other => Verdict::Other(other),
        })?
        .map_err(|refusal| ClientError::PublishRefused { topic: publish.topic.to_owned(), refusal })
    }

    /// Subscribes at QoS 1 and waits for the SUBACK. Fails with the first filter that was refused.
    pub fn subscribe(&mut self, filters: &[&str]) -> Result<(), ClientError> {
        let packet_id = self.session.subscribe(filters, Instant::now())?;
        let answers = self.answer("SUBACK", |event| match event {
            SessionEvent::Subscribed(id, answers) if id == packet_id => Verdict::Done(answers),
            other => Verdict::Other(other),
        })?;
        for (filter, answer) in filters.iter().zip(answers) {
            answer.map_err(|refusal| ClientError::SubscribeRefused {
                filter: (*filter).to_owned(),
                refusal,
            })?;
        }
        Ok(())
    }

    /// The next message that was delivered; `None` if none came within `limit`. Keeps the connection
    /// alive while it waits, so an idle caller should be here. Returns early with `None` when a
    /// signal interrupts it.
    pub fn next_message(&mut self, limit: Duration) -> Result<Option<Message>, ClientError> {
        let deadline = Instant::now() + limit;
        loop {
            if let Some(message) = self.inbox.pop() {
                return Ok(Some(message));
            }
            while let Some(event) = self.session.next_event() {
                self.other(event, "a message")?;
            }
            if !self.inbox.is_empty() {
                continue;
            }
            if time_left(deadline).is_none()
                || self.turn(deadline, "a message")? == Turn::Interrupted
            {
                return Ok(self.inbox.pop());
            }
        }
    }

    /// How many messages were forgotten because nobody fetched them.
    pub fn forgotten_messages(&self) -> u64 {
        self.inbox.forgotten()
    }

    /// Sends DISCONNECT and closes.
    pub fn disconnect(mut self) {
        if self.session.disconnect(Instant::now()).is_ok() {
            // Whoever disconnects does not care whether the other side is still there.
            drop(self.write());
        }
        self.stream.close();
    }

    fn answer<T>(
        &mut self,
        what: &'static str,
        verdict: impl Fn(SessionEvent) -> Verdict<T>,
    ) -> Result<T, ClientError> {
        let deadline = Instant::now() + self.answer_timeout;
        self.wait(what, deadline, self.answer_timeout, verdict)
    }

    /// Moves bytes until `verdict` finds its event.
    fn wait<T>(
        &mut self,
        what: &'static str,
        deadline: Instant,
        after: Duration,
        verdict: impl Fn(SessionEvent) -> Verdict<T>,
    ) -> Result<T, ClientError> {
        loop {
            while let Some(event) = self.session.next_event() {
                match verdict(event) {
                    Verdict::Done(answer) => return Ok(answer),
                    Verdict::Other(event) => self.other(event, what)?,
                }
            }
            if time_left(deadline).is_none() {
                let endpoint = self.stream.endpoint.clone();
                return Err(ClientError::Timeout { what, endpoint, after });
            }
            self.turn(deadline, what)?;
        }
    }

    fn other(&mut self, event: SessionEvent, what: &'static str) -> Result<(), ClientError> {
        match event {
            SessionEvent::Message(message) => self.inbox.push(message),
            SessionEvent::Closed(reason) => return Err(self.closed(what, reason.as_ref())),
            // Answers to what is not waited for any more.
            SessionEvent::Connected
            | SessionEvent::ConnectRefused(_)
            | SessionEvent::Acknowledged(_)
            | SessionEvent::PublishRefused(..)
            | SessionEvent::Subscribed(..) => {}
        }
        Ok(())
    }

    fn closed(&self, what: &'static str, reason: Option<&Refusal>) -> ClientError {
        ClientError::closed(&self.stream.endpoint, what, reason)
    }

    fn write(&mut self) -> Result<(), ClientError> {
        let output = self.session.output();
        if output.is_empty() {
            return Ok(());
        }
        let count = output.len();
        self.stream
            .write_all(output)
            .map_err(|error| ClientError::from_tls(&self.stream.endpoint, error))?;
        self.session.wrote(count);
        Ok(())
    }

    /// Writes what is due and reads once, until `deadline` or the session's next timeout.
    fn turn(&mut self, deadline: Instant, what: &'static str) -> Result<Turn, ClientError> {
        if self.session.is_closed() {
            return Err(self.closed(what, None));
        }
        self.write()?;
        let until = self.session.next_timeout().map_or(deadline, |at| at.min(deadline));
        let wait = time_left(until).unwrap_or(Duration::from_millis(1));
        let broken = |endpoint: &Endpoint, error| ClientError::from_tls(endpoint, error);
        self.stream.set_read_timeout(wait).map_err(|error| broken(&self.stream.endpoint, error))?;
        let mut buffer = [0; 2048];
        let mut turn = Turn::Moved;
        match self.stream.read(&mut buffer) {
            Ok(0) => self.session.closed_by_peer(),
            Ok(count) => {
                let received = buffer.get(..count).unwrap_or_default();
                let outcome = self.session.receive(received, Instant::now());
                self.write()?;
                outcome?;
            }
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => self.session.closed_by_peer(),
            Err(error) if error.kind() == ErrorKind::Interrupted => turn = Turn::Interrupted,
            Err(error) if is_pause(&error) => {}
            Err(error) => return Err(broken(&self.stream.endpoint, error)),
        }
        self.session.timeout(Instant::now())?;
        self.write()?;
        Ok(turn)
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Turn {
    Moved,
    Interrupted,
}

/// Whether an event is the one that is waited for.
enum Verdict<T> {
    Done(T),
    Other(SessionEvent),
}

fn time_left(deadline: Instant) -> Option<Duration> {
    let left = deadline.saturating_duration_since(Instant::now());
    // A socket timeout of zero would mean to wait for ever.
    (!left.is_zero()).then(|| left.max(Duration::from_millis(1)))
}

fn is_pause(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}
