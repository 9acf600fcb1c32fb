//! Listening and connections.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use picket_core::{Clock, Tasks};
use picket_mitigate::Mitigation;
use picket_notify::NotifyEngine;
use picket_ports::connection_log::ConnectionLog;
use picket_ports::connections::Connections;
use picket_ports::messages::Listen;
use picket_ports::{Alarms, Enrollment, MetricHistory, Pipeline, Publish, Search};
use picket_registry::ControlPlane;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower::ServiceExt as _;

use crate::config::ConsoleConfig;
use crate::gate::Peer;
use crate::state::{ConsoleState, Shared};
use crate::{history, routes};

/// Largest head of a request.
const HEAD_BYTES_MAX: usize = 32 * 1024;

/// Where devices connect.
#[derive(Debug, Clone)]
pub struct FrontDoor {
    /// The name that devices know the server by.
    pub host: String,
    /// MQTT over mutual TLS, unless it is off.
    pub mqtt_port: Option<u16>,
    /// The listener that tells protocols apart by ALPN, unless it is off.
    pub alpn_port: Option<u16>,
}

/// What the console needs from the rest of the server.
#[derive(Debug)]
pub struct ConsoleDeps {
    /// Things, groups, certificates, policies; with the storage of profiles and users.
    pub control: Arc<ControlPlane>,
    /// Where devices connect.
    pub front_door: FrontDoor,
    /// Who is connected.
    pub connections: Arc<dyn Connections>,
    /// Who came and went.
    pub connection_log: Arc<dyn ConnectionLog>,
    /// Takes the test client's messages.
    pub publish: Arc<dyn Publish>,
    /// Gives it those that pass.
    pub listen: Arc<dyn Listen>,
    /// Makes things.
    pub enrollment: Arc<dyn Enrollment>,
    /// The book of alarms.
    pub alarms: Arc<dyn Alarms>,
    /// The stored datapoints.
    pub metric_history: Arc<dyn MetricHistory>,
    /// Notification topics.
    pub notify: Arc<NotifyEngine>,
    /// Mitigation actions and tasks.
    pub mitigation: Arc<Mitigation>,
    /// The SIEM.
    pub search: Arc<dyn Search>,
    /// The stages' account books.
    pub pipeline: Arc<dyn Pipeline>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The scope of connections and background work.
    pub tasks: Tasks,
}

/// Why the console did not start.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The address is taken or not ours.
    #[error("the console cannot listen on {address}; choose another `console.listen`")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The cause.
        #[source]
        source: io::Error,
    },
}

/// A running console.
#[derive(Debug)]
pub struct ConsoleServer {
    address: SocketAddr,
}

impl ConsoleServer {
    /// Starts to listen. Ends when the tasks of `deps` are told to stop.
    pub async fn bind(config: ConsoleConfig, deps: ConsoleDeps) -> Result<Self, OpenError> {
        let wanted = config.listen;
        let failed = |source| OpenError::Listen { address: wanted, source };
        let listener = TcpListener::bind(wanted).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let state = Arc::new(ConsoleState::new(config, &deps));
        let tasks = deps.tasks;
        tasks.spawn("console-history", history::keep(state.clone(), tasks.clone()));
        tasks.spawn("console-listener", accept(listener, state, tasks.clone()));
        Ok(Self { address })
    }

    /// Where the console listens, with the port it got.
    pub const fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// The console's address for a browser on this machine.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

async fn accept(listener: TcpListener, state: Shared, tasks: Tasks) {
    let seats = Arc::new(Semaphore::new(state.config.connections_max));
    let router = routes::router(state.clone());
    loop {
        let accepted = tokio::select! {
            () = tasks.stopping() => return,
            accepted = accept_one(&listener, &seats) => accepted,
        };
        match accepted {
            Some((stream, peer, seat)) => {
                let serving = serve(stream, peer, router.clone(), state.clone(), tasks.clone());
                tasks.spawn("console-connection", async move {
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
    listener: &TcpListener,
    seats: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let seat = seats.clone().acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => Some((stream, peer, seat)),
        Err(error) => {
            tracing::warn!(%error, "a console connection could not be accepted");
            None
        }
    }
}

async fn serve(stream: TcpStream, peer: SocketAddr, router: Router, state: Shared, tasks: Tasks) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY was not set");
    }
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(Peer(peer));
        router.clone().oneshot(request)
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(state.config.idle_timeout())
        .max_buf_size(HEAD_BYTES_MAX);
    let mut connection = std::pin::pin!(http.serve_connection(TokioIo::new(stream), service));
    let mut closing = false;
    loop {
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(%peer, %error, "console connection ended");
                }
                return;
            }
            () = tasks.stopping(), if !closing => {
                closing = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}
