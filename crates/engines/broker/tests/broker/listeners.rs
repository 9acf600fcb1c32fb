//! Operators who watch messages pass.

use picket_ports::Listen as _;
use picket_ports::messages::{ListenError, ListenRequest};

use crate::rig::Rig;
use crate::store::MemoryStates;

fn listen_to(filters: &[&str]) -> ListenRequest {
    ListenRequest {
        filters: filters.iter().map(|&filter| filter.to_owned()).collect(),
        waiting_max: 3,
        with_retained: false,
    }
}

#[tokio::test]
async fn a_listener_hears_each_message_that_fits_once() {
    let rig = Rig::open(&MemoryStates::new()).await;
    rig.retain("a/old", "x").await;
    let request =
        ListenRequest { with_retained: true, ..listen_to(&["a/#", "a/+", "$aws/events/#"]) };
    let mut listener = rig.broker.listen(&request).unwrap();
    assert!(rig.broker.has_audience("$aws/events/presence/connected/x"));
    for topic in ["a/new", "b", "$aws/events/x"] {
        rig.publish(topic).await;
    }
    let mut heard = Vec::new();
    for _ in 0..3 {
        heard.push(listener.next().await.unwrap().topic.to_string());
    }
    assert_eq!(heard, ["a/old", "a/new", "$aws/events/x"]);
    drop(listener);
    assert!(!rig.broker.has_audience("$aws/events/presence/connected/x"));
}

#[tokio::test]
async fn a_slow_listener_misses_messages_and_holds_nobody_up() {
    let rig = Rig::open(&MemoryStates::new()).await;
    let mut listener = rig.broker.listen(&listen_to(&["#"])).unwrap();
    for _ in 0..10 {
        rig.publish("a").await;
    }
    assert_eq!(listener.missed(), 7);
    for _ in 0..3 {
        listener.next().await.unwrap();
    }
    rig.publish("b").await;
    assert_eq!(&*listener.next().await.unwrap().topic, "b");
}

#[tokio::test]
async fn bad_filters_and_too_many_listeners_are_refused() {
    let rig = Rig::open(&MemoryStates::new()).await;
    let refused = |filters: &[&str]| rig.broker.listen(&listen_to(filters)).unwrap_err();
    assert!(matches!(refused(&[]), ListenError::FilterCount { given: 0, .. }));
    assert!(matches!(refused(&["a"; 17]), ListenError::FilterCount { given: 17, .. }));
    let text = refused(&["a/#/b"]).to_string();
    assert_eq!(
        text,
        "`a/#/b` cannot be listened to: a wildcard stands in a place where none may stand"
    );
    assert!(matches!(refused(&["$share/g/a"]), ListenError::BadFilter { .. }));
    let open: Vec<_> = (0..64).map(|_| rig.broker.listen(&listen_to(&["a"])).unwrap()).collect();
    assert!(matches!(refused(&["a"]), ListenError::TooMany { max: 64 }));
    drop(open);
    assert!(rig.broker.listen(&listen_to(&["a"])).is_ok());
}
