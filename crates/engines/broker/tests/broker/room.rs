//! Queues that are full.

use picket_broker::BrokerConfig;
use picket_core::Timestamp;
use picket_ports::Message;
use picket_ports::messages::MessageProperties;

use crate::rig::{Rig, inbox, kept, message, qos, wait};
use crate::store::MemoryStates;

#[tokio::test]
async fn a_message_that_takes_the_place_of_expired_ones_is_stored_before_it_is_acknowledged() {
    let config = BrokerConfig { queue_messages_max: 2, ..BrokerConfig::default() };
    let states = MemoryStates::new();
    let rig = Rig::open_with(&states, Timestamp::from_millis(1_000), config).await;
    let pump = rig.kept("pump").await;
    pump.subscribe("in", qos(1));
    drop(pump);
    for payload in ["old", "older"] {
        let properties =
            MessageProperties { expiry_seconds: Some(5), ..MessageProperties::default() };
        let short = Message { properties, ..message("in", payload) };
        wait(rig.route_message(short).stored).await;
    }
    rig.advance(10);
    let new = Message { arrived: Timestamp::from_millis(11_000), ..message("in", "new") };
    let routed = rig.route_message(new);
    assert!(routed.stored.is_some());
    wait(routed.stored).await;
    let back = rig.connect(kept("pump")).attachment;
    assert_eq!(inbox(&back), ["1:new"]);
}
