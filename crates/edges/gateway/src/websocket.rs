//! MQTT in the binary messages of a WebSocket.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use bytes::{Buf as _, Bytes};
use futures::{Sink as _, Stream as _};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::bucket::Bucket;
use crate::connection::Transport;
use crate::tls::TlsStream;

/// Largest message sent: packets of several bytes to a few KiB share one, larger ones take several.
const SENT_BYTES_MAX: usize = 64 * 1024;
/// Bytes read at a time.
const READ_BYTES: usize = 4096;
/// Pings per second that are answered, and how many may come at once.
const PINGS_PER_SECOND: u32 = 5;
const PINGS_AT_ONCE: u32 = 50;

/// A stream of bytes over a WebSocket. Packets need not begin where messages do.
pub(crate) struct WsStream {
    socket: WebSocketStream<Box<TlsStream>>,
    /// What is left of the last message.
    message: Bytes,
    pings: Bucket,
    has_said_goodbye: bool,
    has_ended: bool,
}

impl WsStream {
    /// Takes over after the upgrade. `early` is what has been read already; a message or a frame may
    /// be `message_bytes_max` long.
    pub(crate) async fn new(
        stream: Box<TlsStream>,
        early: Bytes,
        message_bytes_max: usize,
    ) -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BYTES)
            // Written through: MQTT packets are put together before.
            .write_buffer_size(0)
            .max_write_buffer_size(4 * SENT_BYTES_MAX)
            .max_message_size(Some(message_bytes_max))
            .max_frame_size(Some(message_bytes_max));
        let (early, role) = (early.to_vec(), Role::Server);
        let socket = WebSocketStream::from_partially_read(stream, early, role, Some(config)).await;
        Self {
            socket,
            message: Bytes::new(),
            pings: Bucket::with_burst(PINGS_PER_SECOND, PINGS_AT_ONCE, Instant::now()),
            has_said_goodbye: false,
            has_ended: false,
        }
    }

    fn accept(&mut self, message: Message) -> io::Result<()> {
        match message {
            Message::Binary(bytes) => self.message = bytes,
            // Answered by the library.
            Message::Ping(_) | Message::Pong(_) if self.pings.take(Instant::now()) => {}
            Message::Ping(_) | Message::Pong(_) => return Err(invalid("too many pings")),
            Message::Close(_) => {
                self.has_said_goodbye = true;
                self.has_ended = true;
            }
            Message::Text(_) | Message::Frame(_) => {
                return Err(invalid("MQTT comes in binary messages"));
            }
        }
        Ok(())
    }
}

fn invalid(problem: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, problem)
}

fn failed(error: Error) -> io::Error {
    match error {
        Error::Io(error) => error,
        Error::Capacity(_) | Error::Protocol(_) | Error::Utf8(_) => {
            io::Error::new(io::ErrorKind::InvalidData, error)
        }
        error => io::Error::other(error),
    }
}

impl Transport for WsStream {
    fn certificate(&self) -> Option<&[u8]> {
        self.socket.get_ref().certificate()
    }

    fn local_address(&self) -> Option<SocketAddr> {
        self.socket.get_ref().local_address()
    }

    fn has_said_goodbye(&self) -> bool {
        self.has_said_goodbye
    }
}

impl AsyncRead for WsStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        while this.message.is_empty() && !this.has_ended {
            match ready!(Pin::new(&mut this.socket).poll_next(cx)) {
                Some(Ok(message)) => this.accept(message)?,
                None | Some(Err(Error::ConnectionClosed | Error::AlreadyClosed)) => {
                    this.has_ended = true;
                }
                // The socket died.
                Some(Err(Error::Protocol(ProtocolError::ResetWithoutClosingHandshake))) => {
                    this.has_ended = true;
                }
                Some(Err(error)) => return Poll::Ready(Err(failed(error))),
            }
        }
        let count = this.message.len().min(buffer.remaining());
        buffer.put_slice(this.message.get(..count).unwrap_or_default());
        this.message.advance(count);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for WsStream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let mut socket = Pin::new(&mut self.get_mut().socket);
        ready!(socket.as_mut().poll_ready(cx)).map_err(failed)?;
        let (bytes, _) = bytes.split_at(bytes.len().min(SENT_BYTES_MAX));
        let message = Message::Binary(Bytes::copy_from_slice(bytes));
        socket.start_send(message).map_err(failed)?;
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().socket).poll_flush(cx).map_err(failed)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let socket = &mut self.get_mut().socket;
        match ready!(Pin::new(&mut *socket).poll_close(cx)) {
            Ok(()) | Err(Error::ConnectionClosed | Error::AlreadyClosed) => {}
            Err(error) => return Poll::Ready(Err(failed(error))),
        }
        Pin::new(socket.get_mut()).poll_shutdown(cx)
    }
}
