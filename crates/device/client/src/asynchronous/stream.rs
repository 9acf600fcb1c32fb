//! The socket of one connection, with or without TLS.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::error::ClientError;
use crate::options::{Endpoint, Transport};
use crate::tls::server_name;

pub(super) enum AsyncLink {
    Plain(TcpStream),
    Secure(Box<TlsStream<TcpStream>>),
}

impl AsyncLink {
    pub(super) async fn open(
        endpoint: &Endpoint,
        transport: &Transport,
        timeout: Duration,
    ) -> Result<Self, ClientError> {
        let late = |what| ClientError::Timeout { what, endpoint: endpoint.clone(), after: timeout };
        let socket = tokio::time::timeout(timeout, connect_tcp(endpoint))
            .await
            .map_err(|_| late("TCP connection"))??;
        match transport {
            Transport::Plain => Ok(Self::Plain(socket)),
            Transport::Tls(tls) => {
                let handshake = Box::pin(handshake(endpoint, tls, socket));
                tokio::time::timeout(timeout, handshake).await.map_err(|_| late("TLS handshake"))?
            }
        }
    }

    pub(super) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self {
            Self::Plain(socket) => Pin::new(socket).poll_read(cx, buffer),
            Self::Secure(secure) => Pin::new(secure.as_mut()).poll_read(cx, buffer),
        }
    }

    pub(super) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self {
            Self::Plain(socket) => Pin::new(socket).poll_write(cx, bytes),
            Self::Secure(secure) => Pin::new(secure.as_mut()).poll_write(cx, bytes),
        }
    }

    pub(super) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Plain(socket) => Pin::new(socket).poll_flush(cx),
            Self::Secure(secure) => Pin::new(secure.as_mut()).poll_flush(cx),
        }
    }

    pub(super) fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Plain(socket) => Pin::new(socket).poll_shutdown(cx),
            Self::Secure(secure) => Pin::new(secure.as_mut()).poll_shutdown(cx),
        }
    }
}

async fn connect_tcp(endpoint: &Endpoint) -> Result<TcpStream, ClientError> {
    let resolve = |cause: String| ClientError::Resolve { host: endpoint.host.clone(), cause };
    let addresses = tokio::net::lookup_host((endpoint.host.as_str(), endpoint.port))
        .await
        .map_err(|error| resolve(error.to_string()))?;
    let mut failure = None;
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(socket) => {
                socket
                    .set_nodelay(true)
                    .map_err(|cause| ClientError::Broken { endpoint: endpoint.clone(), cause })?;
                return Ok(socket);
            }
            Err(error) => failure = Some(error),
        }
    }
    Err(match failure {
        Some(cause) => ClientError::Connect { endpoint: endpoint.clone(), cause },
        None => resolve("the resolver knows the name but no address".to_owned()),
    })
}

async fn handshake(
    endpoint: &Endpoint,
    tls: &Arc<rustls::ClientConfig>,
    socket: TcpStream,
) -> Result<AsyncLink, ClientError> {
    let name = server_name(endpoint)?;
    let secure = TlsConnector::from(tls.clone())
        .connect(name, socket)
        .await
        .map_err(|error| ClientError::from_tls(endpoint, error))?;
    Ok(AsyncLink::Secure(Box::new(secure)))
}
