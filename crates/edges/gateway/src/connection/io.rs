//! Bytes in and out, with buffers that cost nothing while a connection is idle.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::timeout;

use crate::tls::TlsStream;

/// Kept between uses at most.
const IDLE_BYTES_MAX: usize = 512;
const SCRATCH_BYTES: usize = 16 * 1024;
/// How long a closed peer may take to read our last words.
const LINGER: Duration = Duration::from_millis(300);
const LINGER_BYTES_MAX: usize = 4 << 20;

thread_local! {
    /// Reads go here first, so that a waiting connection holds no buffer.
    static SCRATCH: RefCell<Box<[u8]>> = RefCell::new(vec![0; SCRATCH_BYTES].into_boxed_slice());
}

/// What carries MQTT.
pub(crate) trait Transport: AsyncRead + AsyncWrite + Unpin + Send {
    /// The DER of the certificate whose key the peer has proven to have.
    fn certificate(&self) -> Option<&[u8]> {
        None
    }

    /// Our address, as the peer reached it.
    fn local_address(&self) -> Option<SocketAddr>;

    /// Whether the peer has ended it on purpose, by a close frame.
    fn has_said_goodbye(&self) -> bool {
        false
    }
}

impl Transport for TcpStream {
    fn local_address(&self) -> Option<SocketAddr> {
        self.local_addr().ok()
    }
}

impl Transport for TlsStream {
    fn certificate(&self) -> Option<&[u8]> {
        self.peer_certificate().map(|der| der.as_ref())
    }

    fn local_address(&self) -> Option<SocketAddr> {
        self.tcp().local_address()
    }
}

/// Resolves when `wake` is notified; never without one.
async fn notified(wake: Option<&Notify>) {
    match wake {
        Some(wake) => wake.notified().await,
        None => std::future::pending().await,
    }
}

pub(crate) struct Io {
    stream: Box<dyn Transport>,
    pub(super) write_timeout: Duration,
    /// Bytes read and not yet understood.
    pub(crate) input: Vec<u8>,
    /// Whether we close, and have said so.
    pub(crate) has_last_words: bool,
}

impl Io {
    pub(crate) fn new(stream: Box<dyn Transport>, write_timeout: Duration) -> Self {
        Self { stream, write_timeout, input: Vec::new(), has_last_words: false }
    }

    pub(crate) fn stream(&self) -> &dyn Transport {
        &*self.stream
    }

    /// Reads what is there, at least a byte. `Ok(0)` is the end. Losing the future loses nothing.
    pub(crate) async fn read(&mut self) -> io::Result<usize> {
        let (stream, input) = (&mut self.stream, &mut self.input);
        poll_fn(|cx| {
            SCRATCH.with_borrow_mut(|scratch| {
                let mut buffer = ReadBuf::new(scratch);
                ready!(Pin::new(&mut *stream).poll_read(cx, &mut buffer))?;
                input.extend_from_slice(buffer.filled());
                Poll::Ready(Ok(buffer.filled().len()))
            })
        })
        .await
    }

    /// Drops the first `count` bytes of the input.
    pub(crate) fn consume(&mut self, count: usize) {
        if count < self.input.len() {
            self.input.drain(..count);
            return;
        }
        self.input.clear();
        if self.input.capacity() > IDLE_BYTES_MAX {
            self.input = Vec::new();
        }
    }

    /// Writes `output` and empties it. False if that was interrupted, with a part of it left, because
    /// `wake` was notified: a peer that does not read must not keep its connection from looking up.
    pub(crate) async fn write(
        &mut self,
        output: &mut Vec<u8>,
        wake: Option<&Notify>,
    ) -> io::Result<bool> {
        let is_done = match self.write_now(output).await? {
            true => true,
            // Boxed, as it is seldom needed and every connection would have room for it.
            false => Box::pin(self.write_slowly(output, wake)).await?,
        };
        if is_done && output.capacity() > IDLE_BYTES_MAX {
            *output = Vec::new();
        }
        Ok(is_done)
    }

    /// Writes what the socket takes at once. Whether that was all.
    async fn write_now(&mut self, output: &mut Vec<u8>) -> io::Result<bool> {
        poll_fn(|cx| {
            let mut sent = 0;
            while sent < output.len() {
                let rest = output.get(sent..).unwrap_or_default();
                match Pin::new(&mut self.stream).poll_write(cx, rest) {
                    Poll::Ready(Ok(0)) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                    Poll::Ready(count) => sent += count?,
                    Poll::Pending => {
                        output.drain(..sent);
                        return Poll::Ready(Ok(false));
                    }
                }
            }
            output.clear();
            match Pin::new(&mut self.stream).poll_flush(cx) {
                Poll::Ready(flushed) => Poll::Ready(flushed.map(|()| true)),
                Poll::Pending => Poll::Ready(Ok(false)),
            }
        })
        .await
    }

    async fn write_slowly(
        &mut self,
        output: &mut Vec<u8>,
        wake: Option<&Notify>,
    ) -> io::Result<bool> {
        let mut sent = 0;
        let stream = &mut self.stream;
        let writing = async {
            while sent < output.len() {
                match stream.write(output.get(sent..).unwrap_or_default()).await? {
                    0 => return Err(io::ErrorKind::WriteZero.into()),
                    count => sent += count,
                }
            }
            stream.flush().await.map(|()| true)
        };
        let written = tokio::select! {
            biased;
            written = timeout(self.write_timeout, writing) => written.unwrap_or_else(|_late| {
                Err(io::Error::new(io::ErrorKind::TimedOut, "the peer does not read"))
            }),
            () = notified(wake) => Ok(false),
        };
        output.drain(..sent);
        written
    }

    /// Ends the connection. If we have just said why, the peer gets a moment to read it before
    /// unread bytes of its own would reset the connection.
    pub(crate) async fn close(&mut self) {
        let ending = async {
            self.stream.shutdown().await?;
            if !self.has_last_words {
                return Ok(());
            }
            let mut sink = [0u8; 1024];
            let mut total = 0;
            while total < LINGER_BYTES_MAX {
                match self.stream.read(&mut sink).await? {
                    0 => break,
                    count => total += count,
                }
            }
            io::Result::Ok(())
        };
        // A peer that is gone already is closed just as well.
        if let Ok(Err(error)) = timeout(LINGER, ending).await {
            tracing::trace!(%error, "closing");
        }
    }
}
