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
pub(crate) use io::Io;

/// Where a connection comes from.
pub(crate) struct Peer {
    pub(crate) address: IpAddr,
    /// The certificate whose key was proven; absent on the plaintext listener.
    pub(crate) certificate: Option<CertificateDer<'static>>,
}

/// Serves MQTT on `io` until the client or the server ends it. Takes what is large by reference and
/// boxes what is soon gone: what this future holds, every idle connection holds.
pub(crate) async fn serve<S>(io: &mut Io<S>, peer: Peer, door: &Arc<Door>, shared: &Arc<Shared>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    let id = peer.certificate.as_ref().map(|der| picket_pki::id_of_der(der));
    let control = Control::new(id);
    // Before the certificate is checked again, so that no change falls between.
    shared.live.add(&control);
    let admitted = Box::pin(admission::admit(io, &peer, door, shared, &control)).await;
    drop(peer);
    match admitted {
        Ok(mut client) => {
            client.serve(io).await;
            Box::pin(client.finish(io)).await;
        }
        Err(Some(reason)) => shared.counters.refused(reason),
        Err(None) => shared.counters.refused(Refused::Silent),
    }
    Box::pin(io.close()).await;
    shared.live.remove(&control);
}
