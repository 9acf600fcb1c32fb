//! One client's connection, from the first byte to the last.

mod admission;
mod applicant;
mod client;
mod connack;
mod deliver;
mod end;
mod first_packet;
mod incoming;
mod io;
mod link;
mod look_up;
mod outgoing;
mod pace;
mod publish;
mod report;
mod settle;
mod subscribe;

use std::net::SocketAddr;
use std::sync::Arc;

use picket_ports::connection_log::{ConnectionEvent, ConnectionEventKind};
use picket_ports::connections::Transport as Carrier;

use crate::door::Door;
use crate::live::{Control, Live, Proven};
use crate::shared::Shared;
pub(crate) use admission::Refusal;
pub(crate) use io::{Io, Transport};

/// Where a connection comes from, and how.
#[derive(Debug, Clone)]
pub(crate) struct Peer {
    pub(crate) address: SocketAddr,
    pub(crate) carrier: Carrier,
    /// The version of TLS.
    pub(crate) tls: Option<&'static str>,
}

impl Peer {
    /// An event of the connection log, without what only a CONNECT tells.
    pub(crate) fn event(
        &self,
        kind: ConnectionEventKind,
        door: &Door,
        shared: &Shared,
    ) -> ConnectionEvent {
        ConnectionEvent {
            number: 0,
            time: shared.clock.now(),
            kind,
            client_id: None,
            thing: None,
            principal: None,
            address: self.address.ip(),
            reason: None,
            detail: None,
            protocol: None,
            tls: self.tls,
            listener: door.name,
        }
    }

    fn protocol(&self, level: u8) -> &'static str {
        match (self.carrier == Carrier::WebSocket, level) {
            (false, 4) => "MQTT 3.1.1",
            (false, _) => "MQTT 5",
            (true, 4) => "MQTT 3.1.1 over WebSocket",
            (true, _) => "MQTT 5 over WebSocket",
        }
    }
}

/// Keeps a connection among those that changes of the registry reach.
struct Listed<'a> {
    live: &'a Live,
    control: Arc<Control>,
}

impl<'a> Listed<'a> {
    fn new(live: &'a Live, control: Arc<Control>) -> Self {
        live.add(&control);
        Self { live, control }
    }
}

impl Drop for Listed<'_> {
    fn drop(&mut self) {
        self.live.remove(&self.control);
    }
}

/// Serves MQTT on `io` until the client or the server ends it. Takes what is large by reference and
/// boxes what is soon gone: what this future holds, every idle connection holds.
pub(crate) async fn serve(
    io: &mut Io,
    peer: Peer,
    proven: Proven,
    door: &Arc<Door>,
    shared: &Arc<Shared>,
) {
    // Before the certificate is looked at again, so that no change falls between.
    let listed = Listed::new(&shared.live, Control::new(proven));
    match Box::pin(admission::admit(io, &peer, door, shared, &listed.control)).await {
        Ok(mut client) => {
            client.serve(io).await;
            Box::pin(client.finish(io)).await;
        }
        Err(refusal) => shared.refuse(&peer, door, refusal),
    }
    Box::pin(io.close()).await;
}
