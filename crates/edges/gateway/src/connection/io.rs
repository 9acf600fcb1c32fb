//! Bytes in and out, with buffers that cost nothing while a connection is idle.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::live::Control;
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

    /// Whether the peer has ended it on purpose, by a close frame.
    fn has_said_goodbye(&self) -> bool {
        false
    }
}

impl Transport for TcpStream {}

impl Transport for TlsStream {
    fn certificate(&self) -> Option<&[u8]> {
        self.peer_certificate().map(|der| der.as_ref())
    }
}

pub(crate) struct Io<S> {
    stream: S,
    pub(super) write_timeout: Duration,
    /// Bytes read and not yet understood.
    pub(crate) input: Vec<u8>,
    /// Whether we close, and have said so.
    pub(crate) has_last_words: bool,
}

impl<S: Transport> Io<S> {
    pub(crate) fn new(stream: S, write_timeout: Duration) -> Self {
        Self { stream, write_timeout, input: Vec::new(), has_last_words: false }
    }

    pub(crate) fn stream(&self) -> &S {
        &self.stream
    }

    pub(crate) fn into_stream(self) -> S {
        self.stream
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
    /// `control` says that the peer's credential is in doubt: a peer that does not read must not keep
    /// that from being looked at.
    pub(crate) async fn write(
        &mut self,
        output: &mut Vec<u8>,
        control: &Control,
    ) -> io::Result<bool> {
        if output.is_empty() {
            return Ok(true);
        }
        let (mut was_woken, mut sent) = (false, 0);
        let stream = &mut self.stream;
        let writing = async {
            while sent < output.len() {
                let rest = output.get(sent..).unwrap_or_default();
                tokio::select! {
                    biased;
                    count = stream.write(rest) => match count? {
                        0 => return Err(io::ErrorKind::WriteZero.into()),
                        count => sent += count,
                    },
                    () = control.wake.notified() => {
                        was_woken = true;
                        if control.is_in_doubt() {
                            return Ok(false);
                        }
                    }
                }
            }
            stream.flush().await.map(|()| true)
        };
        let written = timeout(self.write_timeout, writing).await.unwrap_or_else(|_late| {
            Err(io::Error::new(io::ErrorKind::TimedOut, "the peer does not read"))
        });
        if was_woken {
            // Whoever waits for it next is to see it.
            control.wake.notify_one();
        }
        let is_done = written?;
        output.drain(..sent);
        if output.is_empty() && output.capacity() > IDLE_BYTES_MAX {
            *output = Vec::new();
        }
        Ok(is_done)
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
