//! Listening and connections.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use picket_core::Tasks;
use picket_ports::HttpPeer;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::config::AwsConfig;
use crate::endpoint::{AwsDeps, Endpoint};

/// Largest head of a request.
const HEAD_BYTES_MAX: usize = 64 * 1024;

/// Why the endpoint did not start.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The address is taken or not ours.
    #[error("the AWS endpoint cannot listen on {address}; choose another `aws.listen`")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The cause.
        #[source]
        source: io::Error,
    },
}

/// A running AWS endpoint.
#[derive(Debug)]
pub struct AwsServer {
    address: SocketAddr,
    endpoint: Endpoint,
}

impl AwsServer {
    /// Starts to listen. Ends when the tasks of `deps` are told to stop.
    pub async fn bind(config: AwsConfig, deps: AwsDeps) -> Result<Self, OpenError> {
        let wanted = config.listen;
        let failed = |source| OpenError::Listen { address: wanted, source };
        let listener = TcpListener::bind(wanted).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let tasks = deps.tasks.clone();
        let connections = Connections {
            seats: Arc::new(Semaphore::new(config.connections_max)),
            config: Arc::new(config.clone()),
            endpoint: Endpoint::new(config, deps),
            tasks: tasks.clone(),
        };
        let endpoint = connections.endpoint.clone();
        tasks.spawn("aws-listener", connections.accept(listener));
        Ok(Self { address, endpoint })
    }

    /// Where the endpoint listens, with the port it got.
    pub const fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// The endpoint's address for clients on this machine.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The endpoint behind the listener, for other listeners and for its figures.
    pub const fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }
}

#[derive(Debug, Clone)]
struct Connections {
    seats: Arc<Semaphore>,
    config: Arc<AwsConfig>,
    endpoint: Endpoint,
    tasks: Tasks,
}

impl Connections {
    async fn accept(self, listener: TcpListener) {
        loop {
            let accepted = tokio::select! {
                () = self.tasks.stopping() => return,
                accepted = self.accept_one(&listener) => accepted,
            };
            match accepted {
                Some((stream, peer, seat)) => {
                    let serving = self.clone().serve(stream, peer);
                    self.tasks.spawn("aws-connection", async move {
                        serving.await;
                        drop(seat);
                    });
                }
                // Out of file descriptors, most likely: give others time to close theirs.
                None => tokio::time::sleep(std::time::Duration::from_millis(50)).await,
            }
        }
    }

    async fn accept_one(
        &self,
        listener: &TcpListener,
    ) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
        let seat = self.seats.clone().acquire_owned().await.ok()?;
        match listener.accept().await {
            Ok((stream, peer)) => Some((stream, peer, seat)),
            Err(error) => {
                tracing::warn!(%error, "an AWS connection could not be accepted");
                None
            }
        }
    }

    async fn serve(self, stream: TcpStream, peer: SocketAddr) {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY was not set");
        }
        let endpoint = self.endpoint.clone();
        let service = service_fn(move |mut request: hyper::Request<Incoming>| {
            request.extensions_mut().insert(HttpPeer { address: peer, certificate: None });
            let endpoint = endpoint.clone();
            async move { Ok::<_, Infallible>(endpoint.answer(request).await) }
        });
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new())
            .header_read_timeout(self.config.idle_timeout())
            .max_buf_size(HEAD_BYTES_MAX);
        let mut connection = std::pin::pin!(http.serve_connection(TokioIo::new(stream), service));
        let mut closing = false;
        loop {
            tokio::select! {
                ended = connection.as_mut() => {
                    if let Err(error) = ended {
                        tracing::debug!(%peer, %error, "AWS connection ended");
                    }
                    return;
                }
                () = self.tasks.stopping(), if !closing => {
                    closing = true;
                    connection.as_mut().graceful_shutdown();
                }
            }
        }
    }
}
