//! Messages for one client that is connected.

use std::time::Duration;

use picket_broker::Attachment;
use picket_ports::connections::EndConnection;
use picket_ports::{Connections as _, DirectMessageError, Message};
use picket_session::Effect;

use crate::rig::{Rig, inbox, kept, message, request};
use crate::store::MemoryStates;

const AT_ONCE: Duration = Duration::from_millis(20);
const LONG: Duration = Duration::from_secs(20);

/// What the client gets of what it is allowed.
fn inbox_of(attachment: &Attachment, is_allowed: bool) -> usize {
    let mut effects = Vec::new();
    attachment.fill(100, &mut |_| is_allowed, &mut effects);
    effects.iter().filter(|effect| matches!(effect, Effect::Send { .. })).count()
}

/// Sends while the client does `act`.
async fn send(
    rig: &Rig,
    client_id: &str,
    qos: u8,
    act: impl AsyncFnOnce(),
) -> Result<(), DirectMessageError> {
    let message = Message { qos, ..message("to/one", "hello") };
    let sending = rig.broker.send_direct(client_id, message, LONG);
    let (sent, ()) = tokio::join!(sending, act());
    sent
}

#[tokio::test]
async fn a_message_to_one_client_needs_no_subscription_and_waits_for_its_acknowledgement() {
    let rig = Rig::open(&MemoryStates::new()).await;
    let pump = rig.connect(request("pump")).attachment;
    let other = rig.connect(request("other")).attachment;
    let sent = send(&rig, "pump", 1, async || {
        assert_eq!(inbox(&pump), ["1:hello"]);
        pump.acknowledged(1);
    });
    sent.await.unwrap();
    assert_eq!(inbox(&other), [""; 0]);
    let sent = send(&rig, "pump", 0, async || assert_eq!(inbox(&pump), ["0:hello"]));
    sent.await.unwrap();
    rig.check_book(0);
}

#[tokio::test]
async fn a_client_that_does_not_acknowledge_in_time_gets_the_message_all_the_same() {
    let rig = Rig::open(&MemoryStates::new()).await;
    let pump = rig.kept("pump").await;
    let late = rig.broker.send_direct("pump", message("to/one", "hello"), AT_ONCE).await;
    assert!(matches!(late, Err(DirectMessageError::NotConfirmed { .. })), "{late:?}");
    // QoS 0 has nothing to wait for.
    let plain = Message { qos: 0, ..message("to/one", "plain") };
    rig.broker.send_direct("pump", plain, AT_ONCE).await.unwrap();
    assert_eq!(inbox(&pump), ["1:hello", "0:plain"]);
    pump.acknowledged(1);
}

#[tokio::test]
async fn what_keeps_a_message_from_one_client_is_said() {
    let rig = Rig::open(&MemoryStates::new()).await;
    let away = rig.kept("away").await;
    drop(away);
    for nobody in ["away", "nobody"] {
        let sent = send(&rig, nobody, 1, async || ()).await;
        assert!(matches!(sent, Err(DirectMessageError::NotConnected { .. })), "{sent:?}");
    }
    let pump = rig.connect(request("pump")).attachment;
    let denied = send(&rig, "pump", 1, async || assert_eq!(inbox_of(&pump, false), 0)).await;
    assert!(matches!(denied, Err(DirectMessageError::ReceiveDenied { .. })), "{denied:?}");
    let large = send(&rig, "pump", 1, async || {
        assert_eq!(inbox(&pump), ["1:hello"]);
        pump.undeliverable(Some(1));
    });
    let large = large.await;
    assert!(matches!(large, Err(DirectMessageError::TooLarge { .. })), "{large:?}");
    let left = send(&rig, "pump", 1, async || {
        rig.broker.end_connection("pump", EndConnection::default()).await.unwrap();
    });
    let left = left.await;
    assert!(matches!(left, Err(DirectMessageError::Left { .. })), "{left:?}");
}

#[tokio::test]
async fn a_client_that_comes_back_in_time_can_still_acknowledge() {
    let rig = Rig::open(&MemoryStates::new()).await;
    let pump = rig.kept("pump").await;
    let sent = send(&rig, "pump", 1, async || {
        assert_eq!(inbox(&pump), ["1:hello"]);
        let back = rig.connect(kept("pump")).attachment;
        assert_eq!(inbox(&back), ["1:hello!"]);
        back.acknowledged(1);
    });
    sent.await.unwrap();
}
