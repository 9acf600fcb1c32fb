//! What earlier versions stored is read, and found through the indexes that it was stored without.

use picket_core::{ManualClock, MetricValue};
use picket_ports::StateBatch;
use picket_ports::alarms::{AlarmFilter, CriteriaType, ViolationEventType};

use super::{at, book, id, store};
use crate::alarms::history::{self, Query};
use crate::alarms::keys::{self, Tail};

/// An event as version 1 wrote it: the bytes were written down then.
const EVENT_V1: &[u8] = include_bytes!("../../../fixtures/alarm-event-v1.postcard");

#[tokio::test]
async fn events_of_the_first_version_are_listed_by_thing_and_profile() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path()).await;
    let mut batch = StateBatch::default();
    let tail = Tail { time: at(0), violation_id: id(1), kind: b'0' };
    batch.put(keys::entry(keys::EVENTS, &tail), EVENT_V1);
    store.commit(batch).await.unwrap();
    let book = book(&store, &ManualClock::at(at(0)), Vec::new()).await;
    for filter in [
        AlarmFilter::default(),
        AlarmFilter { thing: Some("cam-1".to_owned()), ..AlarmFilter::default() },
        AlarmFilter { profile: Some("base".to_owned()), ..AlarmFilter::default() },
    ] {
        let query = Query { filter: &filter, from: at(0), to: at(1), after: None, rows_max: 10 };
        let page = history::page(&*store, &book.verifications, &query).await.unwrap();
        let [event] = &page.events[..] else { panic!("one event under {filter:?}") };
        let it = &event.violation;
        assert_eq!((event.event, event.time), (ViolationEventType::InAlarm, at(0)));
        assert_eq!((it.violation_id.as_str(), it.thing.as_str()), (id(1).as_str(), "cam-1"));
        assert_eq!((it.criteria, it.suppressed), (CriteriaType::Static, false));
        assert_eq!(it.last_value, MetricValue::Ports(vec![21]));
        assert_eq!(it.definition, r#"{"name":"ports","metric":"aws:listening-tcp-ports"}"#);
        assert_eq!(it.datapoints.len(), 1);
    }
    assert_eq!(book.episode(&id(1)).await.unwrap().unwrap().events.len(), 1);
}
