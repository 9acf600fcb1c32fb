//! The server's side of a TLS connection, without buffers of its own while it is idle.
//!
//! rustls does the protocol; its unbuffered interface leaves the buffers to us, and ours are shared by
//! all connections of a thread. A connection holds only what is on its way: half a record, plaintext its
//! reader had no room for, or ciphertext the socket did not take.

use std::cell::RefCell;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use picket_core::CertificateId;
use rustls::server::{ServerConnectionData, UnbufferedServerConnection};
use rustls::unbuffered::{ConnectionState, EncodeError, UnbufferedStatus, WriteTraffic};
use rustls::{ProtocolVersion, ServerConfig};
use rustls_pki_types::CertificateDer;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::net::TcpStream;

use super::verifier::take_refused;

/// Two records and more: there is always room to complete one.
const SCRATCH_BYTES: usize = 40 * 1024;
/// Most bytes of a handshake message that may wait for its end; rustls has a lower limit of its own.
const HANDSHAKE_BYTES_MAX: usize = 80 * 1024;
/// Most plaintext sealed at a time.
const WRITE_BYTES_MAX: usize = 16 * 1024;
/// What one record of that size grows by, and more.
const SEAL_BYTES_MAX: usize = 256;

thread_local! {
    static SCRATCH: RefCell<Box<[u8]>> = RefCell::new(vec![0; SCRATCH_BYTES].into_boxed_slice());
    static SEALED: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Why there is no TLS connection.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HandshakeError {
    /// The peer left.
    #[error("the peer closed the connection during the handshake")]
    Closed,
    /// The socket failed.
    #[error("the socket failed during the handshake")]
    Io(#[from] io::Error),
    /// The peer broke the protocol, or was refused.
    #[error("{error}")]
    Tls {
        /// What was wrong.
        error: rustls::Error,
        /// The certificate that was refused, if it was for that.
        certificate: Option<CertificateId>,
    },
}

impl HandshakeError {
    fn tls(error: rustls::Error) -> Self {
        let is_refusal = matches!(error, rustls::Error::InvalidCertificate(_));
        Self::Tls { error, certificate: take_refused().filter(|_| is_refusal) }
    }
}

/// Bytes that wait to be taken.
#[derive(Debug, Default)]
struct Waiting {
    bytes: Vec<u8>,
    taken: usize,
}

impl Waiting {
    fn rest(&self) -> &[u8] {
        self.bytes.get(self.taken..).unwrap_or_default()
    }

    fn take(&mut self, count: usize) {
        self.taken += count;
        if self.taken >= self.bytes.len() {
            *self = Self::default();
        }
    }
}

/// A TLS connection over TCP, after its handshake.
pub(crate) struct TlsStream {
    tcp: TcpStream,
    tls: UnbufferedServerConnection,
    /// Ciphertext that is not a whole record yet. rustls remembers places in it.
    incoming: Vec<u8>,
    plain: Waiting,
    outgoing: Waiting,
    has_ended: bool,
    /// The peer has broken the protocol; rustls must not be asked for anything more.
    has_failed: bool,
    /// We have said goodbye; what still comes is not read any more.
    is_closing: bool,
}

impl TlsStream {
    /// Does the handshake. A peer that is refused has been told so when this returns.
    pub(crate) async fn accept(
        tcp: TcpStream,
        config: Arc<ServerConfig>,
    ) -> Result<Self, HandshakeError> {
        let mut stream = Self {
            tcp,
            tls: UnbufferedServerConnection::new(config).map_err(HandshakeError::tls)?,
            incoming: Vec::new(),
            plain: Waiting::default(),
            outgoing: Waiting::default(),
            has_ended: false,
            has_failed: false,
            is_closing: false,
        };
        loop {
            let (plain, out) = (&mut stream.plain.bytes, &mut stream.outgoing.bytes);
            let mut keep = |bytes: &[u8]| plain.extend_from_slice(bytes);
            let fed = feed(&mut stream.tls, &mut stream.incoming, out, &mut keep);
            // On this thread, before it does anything else.
            let failure = fed.result.err().map(HandshakeError::tls);
            stream.incoming.drain(..fed.used.min(stream.incoming.len()));
            stream.tcp.write_all(&stream.outgoing.bytes).await?;
            stream.outgoing = Waiting::default();
            if let Some(failure) = failure {
                return Err(failure);
            }
            stream.has_ended = fed.peer_closed;
            if !stream.tls.is_handshaking() {
                break;
            }
            let is_full = stream.incoming.len() >= HANDSHAKE_BYTES_MAX;
            if is_full || fed.peer_closed || stream.tcp.read_buf(&mut stream.incoming).await? == 0 {
                return Err(HandshakeError::Closed);
            }
        }
        stream.incoming.shrink_to_fit();
        Ok(stream)
    }

    /// The protocol agreed on, if the client asked for any.
    pub(crate) fn alpn_protocol(&self) -> Option<&[u8]> {
        self.tls.alpn_protocol()
    }

    /// The client's own certificate. Its key was proven in this handshake, or in that of the session
    /// this one goes on with.
    pub(crate) fn peer_certificate(&self) -> Option<&CertificateDer<'static>> {
        self.tls.peer_certificates().and_then(|chain| chain.first())
    }

    /// The version agreed on, for people.
    pub(crate) fn version(&self) -> &'static str {
        match self.tls.protocol_version() {
            Some(ProtocolVersion::TLSv1_3) => "TLS 1.3",
            _ => "TLS 1.2",
        }
    }

    /// The socket.
    pub(crate) fn tcp(&self) -> &TcpStream {
        &self.tcp
    }

    /// Sends what waits. Losing the future loses nothing.
    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.outgoing.rest().is_empty() {
            let count = ready!(Pin::new(&mut self.tcp).poll_write(cx, self.outgoing.rest()))?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.outgoing.take(count);
        }
        Poll::Ready(Ok(()))
    }

    /// Reads from the socket and opens the records that are complete. What they hold goes to `buffer`
    /// and, beyond its room, to `self.plain`.
    fn poll_open(
        &mut self,
        cx: &mut Context<'_>,
        scratch: &mut [u8],
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let kept = self.incoming.len();
        let Some((front, room)) = scratch.split_at_mut_checked(kept).filter(|(_, r)| !r.is_empty())
        else {
            return Poll::Ready(Err(io::ErrorKind::InvalidData.into()));
        };
        let mut read = ReadBuf::new(room);
        ready!(Pin::new(&mut self.tcp).poll_read(cx, &mut read))?;
        let count = read.filled().len();
        if count == 0 {
            self.has_ended = true;
            return Poll::Ready(Ok(()));
        }
        front.copy_from_slice(&self.incoming);
        let records = scratch.get_mut(..kept + count).unwrap_or_default();
        let plain = &mut self.plain.bytes;
        let mut take = |bytes: &[u8]| {
            let (now, later) = bytes.split_at(bytes.len().min(buffer.remaining()));
            buffer.put_slice(now);
            plain.extend_from_slice(later);
        };
        let fed = feed(&mut self.tls, records, &mut self.outgoing.bytes, &mut take);
        self.has_ended |= fed.peer_closed;
        self.incoming = records.get(fed.used..).unwrap_or_default().to_vec();
        self.has_failed = fed.result.is_err();
        Poll::Ready(fed.result.map_err(invalid))
    }

    /// Lets rustls write with `act` once it has nothing else to say; that goes into `out` before it.
    fn seal(
        &mut self,
        out: &mut Vec<u8>,
        act: impl FnOnce(Traffic<'_>, &mut Vec<u8>) -> io::Result<()>,
    ) -> io::Result<()> {
        if self.has_failed || self.is_closing {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        loop {
            let incoming = &mut self.incoming;
            let UnbufferedStatus { discard, state } = self.tls.process_tls_records(incoming);
            self.has_failed = state.is_err();
            let go_on = match state.map_err(invalid)? {
                ConnectionState::WriteTraffic(traffic) => return act(traffic, out),
                ConnectionState::EncodeTlsData(mut data) => {
                    encode(|to| data.encode(to), out).map_err(io::Error::other)?;
                    true
                }
                ConnectionState::TransmitTlsData(data) => {
                    data.done();
                    true
                }
                ConnectionState::PeerClosed => {
                    self.has_ended = true;
                    true
                }
                // What has come in was opened when it came.
                _ => false,
            };
            self.incoming.drain(..discard.min(self.incoming.len()));
            if !go_on {
                return Err(io::ErrorKind::BrokenPipe.into());
            }
        }
    }

    fn seal_text(&mut self, text: &[u8], out: &mut Vec<u8>) -> io::Result<()> {
        self.seal(out, |mut traffic, out| {
            let start = out.len();
            out.resize(start + text.len() + SEAL_BYTES_MAX, 0);
            let count = traffic.encrypt(text, out.get_mut(start..).unwrap_or_default());
            out.truncate(start + count.map_err(io::Error::other)?);
            Ok(())
        })
    }

    fn seal_goodbye(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        self.seal(out, |mut traffic, out| {
            let start = out.len();
            out.resize(start + SEAL_BYTES_MAX, 0);
            let count = traffic.queue_close_notify(out.get_mut(start..).unwrap_or_default());
            out.truncate(start + count.map_err(io::Error::other)?);
            Ok(())
        })
    }
}

type Traffic<'a> = WriteTraffic<'a, ServerConnectionData>;

/// What came of feeding records to rustls.
struct Fed {
    /// Bytes that are not needed any more.
    used: usize,
    peer_closed: bool,
    result: Result<(), rustls::Error>,
}

/// Feeds `records` to rustls until it wants more or has failed. Adds to `out` what is to be sent, the
/// alert for a failure included.
fn feed(
    tls: &mut UnbufferedServerConnection,
    records: &mut [u8],
    out: &mut Vec<u8>,
    plain: &mut dyn FnMut(&[u8]),
) -> Fed {
    let mut fed = Fed { used: 0, peer_closed: false, result: Ok(()) };
    loop {
        let rest = records.get_mut(fed.used..).unwrap_or_default();
        let UnbufferedStatus { discard, state } = tls.process_tls_records(rest);
        let step = state.and_then(|state| step(state, out, plain, &mut fed.peer_closed));
        fed.used += discard;
        // After a failure there may be an alert to say. That is all it may be asked for then.
        let has_failed = fed.result.is_err() || step.is_err();
        match step {
            Ok(false) => return fed,
            Err(error) if fed.result.is_ok() => fed.result = Err(error),
            Ok(true) | Err(_) => {}
        }
        if has_failed && !tls.wants_write() {
            return fed;
        }
    }
}

/// Does what rustls asks for. False if it has to be fed.
fn step(
    state: ConnectionState<'_, '_, ServerConnectionData>,
    out: &mut Vec<u8>,
    plain: &mut dyn FnMut(&[u8]),
    peer_closed: &mut bool,
) -> Result<bool, rustls::Error> {
    match state {
        ConnectionState::ReadTraffic(mut traffic) => {
            while let Some(record) = traffic.next_record() {
                plain(record?.payload);
            }
        }
        ConnectionState::EncodeTlsData(mut data) => {
            encode(|to| data.encode(to), out).map_err(|e| rustls::Error::General(e.to_string()))?;
        }
        ConnectionState::TransmitTlsData(data) => data.done(),
        ConnectionState::PeerClosed => *peer_closed = true,
        // Early data is off.
        _ => return Ok(false),
    }
    Ok(true)
}

/// Appends what `write` writes, which says how much room it needs.
fn encode(
    mut write: impl FnMut(&mut [u8]) -> Result<usize, EncodeError>,
    out: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    let start = out.len();
    loop {
        match write(out.get_mut(start..).unwrap_or_default()) {
            Ok(count) => {
                out.truncate(start + count);
                return Ok(());
            }
            Err(EncodeError::InsufficientSize(size)) if out.len() < start + size.required_size => {
                out.resize(start + size.required_size, 0);
            }
            Err(error) => return Err(error),
        }
    }
}

fn invalid(error: rustls::Error) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

impl AsyncRead for TlsStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.is_closing {
            // Whoever reads now only waits for the end.
            return Pin::new(&mut this.tcp).poll_read(cx, buffer);
        }
        if this.has_failed {
            return Poll::Ready(Err(io::ErrorKind::InvalidData.into()));
        }
        loop {
            let waiting = this.plain.rest();
            let (now, _) = waiting.split_at(waiting.len().min(buffer.remaining()));
            if !now.is_empty() {
                buffer.put_slice(now);
                let count = now.len();
                this.plain.take(count);
                return Poll::Ready(Ok(()));
            }
            if this.has_ended || buffer.remaining() == 0 {
                return Poll::Ready(Ok(()));
            }
            // Answers to the peer's key updates. If the socket is full they go with the next write.
            if let Poll::Ready(Err(error)) = this.poll_send(cx) {
                return Poll::Ready(Err(error));
            }
            let before = buffer.filled().len();
            let opened = SCRATCH.with_borrow_mut(|scratch| this.poll_open(cx, scratch, buffer));
            ready!(opened)?;
            if buffer.filled().len() > before {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl AsyncWrite for TlsStream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        text: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        ready!(this.poll_send(cx))?;
        let (text, _) = text.split_at(text.len().min(WRITE_BYTES_MAX));
        SEALED.with_borrow_mut(|sealed| {
            sealed.clear();
            this.seal_text(text, sealed)?;
            let sent = match Pin::new(&mut this.tcp).poll_write(cx, sealed) {
                Poll::Ready(sent) => sent?,
                Poll::Pending => 0,
            };
            this.outgoing.bytes.extend_from_slice(sealed.get(sent..).unwrap_or_default());
            Poll::Ready(Ok(text.len()))
        })
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().poll_send(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !this.is_closing {
            let mut goodbye = Vec::new();
            // A peer that has broken the protocol was sent an alert instead.
            if this.seal_goodbye(&mut goodbye).is_ok() {
                this.outgoing.bytes.extend_from_slice(&goodbye);
            }
            this.is_closing = true;
        }
        ready!(this.poll_send(cx))?;
        Pin::new(&mut this.tcp).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests;
