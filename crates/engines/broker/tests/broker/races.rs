//! What happens at the same moment on several threads.

use std::sync::Arc;

use picket_broker::{Broker, BrokerLimits, Standing, Subscribed};
use picket_core::SystemClock;
use picket_ports::Connections as _;
use tokio::sync::Notify;

use crate::rig::{graceful, qos, request};

const THREADS: usize = 4;
const CONNECTS: usize = 10_000;

/// Sessions that end with their connections make the client's place come and go.
#[tokio::test]
async fn a_client_that_comes_back_while_its_session_ends_has_a_session_all_the_same() {
    let broker = Broker::new(BrokerLimits::default(), Arc::new(SystemClock));
    let come_and_go = || {
        for _ in 0..CONNECTS {
            let connected = broker.connect(request("pump"), Arc::new(Notify::new()));
            let client = connected.unwrap().attachment;
            let subscribed = client.subscribe("in", qos(1));
            let is_taken_over = client.standing() == Standing::TakenOver;
            assert!(subscribed != Subscribed::Refused || is_taken_over);
            graceful(client);
        }
    };
    std::thread::scope(|scope| (0..THREADS).for_each(|_| drop(scope.spawn(come_and_go))));
    assert_eq!(broker.session_count(), 0);
    assert_eq!(broker.connection_counts().await.connected, 0);
    assert!(!broker.has_audience("in"));
}
