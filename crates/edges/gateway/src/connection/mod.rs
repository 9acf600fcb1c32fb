//! One client's connection, from the first byte to the last.

mod admission;
mod bucket;
mod client;
mod deliver;
mod end;
mod first_packet;
mod incoming;
mod io;
mod link;
mod outgoing;
mod publish;
mod settle;
mod subscribe;

use std::net::IpAddr;
use std::sync::Arc;

use rustls_pki_types::CertificateDer;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::counters::Refused;
use crate::door::Door;
use crate::gateway::Shared;
use crate::live::Control;
use io::Io;

/// Where a connection comes from.
pub(crate) struct Peer {
    pub(crate) address: IpAddr,
    /// The certificate whose key was proven; absent on the plaintext listener.
    pub(crate) certificate: Option<CertificateDer<'static>>,
}

/// Serves MQTT on `stream` until the client or the server ends it.
pub(crate) async fn serve<S>(stream: S, peer: Peer, door: Arc<Door>, shared: Arc<Shared>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    let id = peer.certificate.as_ref().map(|der| picket_pki::id_of_der(der));
    let control = Control::new(id);
    // Before the certificate is checked again, so that no change falls between.
    shared.live.add(&control);
    let mut io = Io::new(stream, shared.write_timeout());
    match admission::admit(&mut io, &peer, &door, &shared, &control).await {
        Ok(mut client) => {
            client.serve(&mut io).await;
            client.finish(&mut io).await;
        }
        Err(Some(reason)) => shared.counters.refused(reason),
        Err(None) => shared.counters.refused(Refused::Silent),
    }
    io.close().await;
    shared.live.remove(&control);
}
