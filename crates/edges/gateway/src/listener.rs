//! Accepting connections, and what comes before their first byte of MQTT.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use picket_core::{CertificateId, Tasks};
use picket_ports::connections::Transport as Carrier;
use rustls::ServerConfig;
use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::connection::{self, Io, Peer, Refusal};
use crate::counters::Refused;
use crate::door::{Door, Proof};
use crate::https;
use crate::live::Proven;
use crate::shared::Shared;
use crate::standing::Standing;
use crate::tls::{self, HandshakeError, TlsStream};

const TCP_KEEPALIVE: Duration = Duration::from_secs(300);

/// Accepts until told to stop.
pub(crate) async fn listen(
    listener: TcpListener,
    door: Arc<Door>,
    shared: Arc<Shared>,
    connections: Tasks,
    stop: CancellationToken,
) {
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, from)) => welcome(&shared, &door, &connections, stream, from),
            Err(error) => {
                tracing::warn!(listener = %door.address, %error, "accept failed");
                // Out of descriptors, most likely: give some connections time to end.
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

/// Counts a new connection and starts its task.
fn welcome(
    shared: &Arc<Shared>,
    door: &Arc<Door>,
    connections: &Tasks,
    stream: TcpStream,
    from: SocketAddr,
) {
    let address = from.ip().to_canonical();
    let config = &shared.config;
    let (max, per_address_max) = (config.connections_max, config.connections_per_address_max);
    if !shared.counters.admit(address, max, per_address_max) {
        return;
    }
    let mut set = stream.set_nodelay(true);
    if !door.rules.is_aws() {
        // There a client may do without a keep-alive of its own.
        let keepalive = TcpKeepalive::new().with_time(TCP_KEEPALIVE);
        set = set.and(SockRef::from(&stream).set_tcp_keepalive(&keepalive));
    }
    if let Err(error) = set {
        tracing::debug!(%error, "socket options");
    }
    let seat = Seat { shared: Arc::clone(shared), address };
    let (door, stop) = (Arc::clone(door), connections.token());
    let from = SocketAddr::new(address, from.port());
    connections.spawn("mqtt connection", async move {
        let shared = &seat.shared;
        // Boxed, as it is large and soon gone.
        let arrived = Box::pin(arrive(stream, from, &door, shared, stop)).await;
        if let Some(Arrived { mut io, peer, proven }) = arrived {
            connection::serve(&mut io, peer, proven, &door, shared).await;
        }
    });
}

/// Counts the connection out, also if its task panics.
struct Seat {
    shared: Arc<Shared>,
    address: IpAddr,
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.shared.counters.gone(self.address);
    }
}

/// A connection that is about to speak MQTT.
pub(crate) struct Arrived {
    pub(crate) io: Io,
    pub(crate) peer: Peer,
    pub(crate) proven: Proven,
}

/// What comes before MQTT: TLS, and on the ALPN port perhaps HTTP and a WebSocket. `None` if the
/// connection has ended by then.
async fn arrive(
    stream: TcpStream,
    from: SocketAddr,
    door: &Arc<Door>,
    shared: &Arc<Shared>,
    stop: CancellationToken,
) -> Option<Arrived> {
    let peer = Peer { address: from, carrier: Carrier::Plain, tls: None };
    let Proof::Tls { config, serves_http } = &door.proof else {
        let io = Io::new(Box::new(stream), shared.write_timeout());
        return Some(Arrived { io, peer, proven: Proven::Nobody });
    };
    let (tls, peer, certificate) = secure(stream, config, peer, door, shared).await?;
    let is_mqtt = !serves_http || tls.alpn_protocol() == Some(tls::MQTT_ALPN);
    match certificate {
        certificate if !is_mqtt => https::serve(tls, (peer, certificate), door, shared, stop).await,
        Some(id) => {
            let io = Io::new(tls, shared.write_timeout());
            Some(Arrived { io, peer, proven: Proven::Certificate(id) })
        }
        None => {
            let text = "MQTT needs a client certificate";
            shared.refuse(&peer, door, Refusal::silent(text, Refused::NoCertificate));
            None
        }
    }
}

/// TLS, and a look at the certificate whose key the client has proven to have: one that goes on with an
/// earlier session was not looked at in the handshake, and one that introduces itself was only let
/// through it.
async fn secure(
    stream: TcpStream,
    config: &Arc<ServerConfig>,
    peer: Peer,
    door: &Door,
    shared: &Shared,
) -> Option<(Box<TlsStream>, Peer, Option<CertificateId>)> {
    let limit = Duration::from_millis(shared.config.handshake_timeout_ms);
    let accepted = timeout(limit, TlsStream::accept(stream, Arc::clone(config))).await;
    let stream = match accepted {
        Ok(Ok(stream)) => Box::new(stream),
        Ok(Err(HandshakeError::Closed)) => {
            // Whoever only looks whether the port is open is counted and not worth a line.
            shared.counters.refused(Refused::Handshake);
            return None;
        }
        Ok(Err(error)) => {
            tracing::debug!(%error, from = %peer.address, "TLS handshake failed");
            shared.refuse(&peer, door, tls::refusal(&error));
            return None;
        }
        Err(_late) => {
            let text = "the TLS handshake took too long";
            shared.refuse(&peer, door, Refusal::silent(text, Refused::Handshake));
            return None;
        }
    };
    let peer = Peer { carrier: Carrier::Tls, tls: Some(stream.version()), ..peer };
    let der = stream.peer_certificate();
    let certificate = der.map(|der| picket_pki::id_of_der(der));
    if let (Some(der), Some(id)) = (der, &certificate)
        && let Some(refusal) = look(id, der, peer.address.ip(), shared).await
    {
        shared.refuse(&peer, door, refusal.of(Some(id.as_str().into())));
        return None;
    }
    Some((stream, peer, certificate))
}

/// Why the certificate does not get further, after it has introduced itself if it may.
async fn look(id: &CertificateId, der: &[u8], from: IpAddr, shared: &Shared) -> Option<Refusal> {
    let standing = shared.standing(id, Some(der));
    let counted = match standing {
        Standing::Active => return None,
        Standing::Pending | Standing::Welcome => {
            let outcome = match &shared.introductions {
                Some(introductions) => introductions.present(id, der, from).await,
                None => "nobody registers it".to_owned(),
            };
            let text = format!("{}; {outcome}", standing.problem());
            return Some(Refusal::silent(text, Refused::JustInTime));
        }
        Standing::Unknown => Refused::UnknownCertificate,
        Standing::Off(_) => Refused::InactiveCertificate,
        Standing::Expired => Refused::ExpiredCertificate,
    };
    Some(Refusal::silent(standing.problem(), counted))
}
