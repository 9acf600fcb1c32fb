//! Pages of events, their filters, and forgetting.

use picket_core::ManualClock;
use picket_ports::alarms::{AlarmFilter, CriteriaType, ViolationEventType};
use picket_ports::{StateBatch, StateStore};

use super::{at, book, commit, event, id, store};
use crate::alarms::history::{self, Query};
use crate::alarms::{AlarmBook, keys};

/// Everything in pages of three: violation and second of each event.
async fn listed(book: &AlarmBook, filter: &AlarmFilter, (from, to): (i64, i64)) -> Vec<String> {
    let mut lines = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let query =
            Query { filter, from: at(from), to: at(to), after: after.as_deref(), rows_max: 3 };
        let page = history::page(&*book.store, &book.verifications, &query).await.unwrap();
        assert!(page.events.len() <= 3);
        for event in &page.events {
            let seconds = (event.time.as_millis() - super::START_MS) / 1000;
            let number = event.violation.violation_id.trim_start_matches('0');
            lines.push(format!("{number}@{seconds}"));
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return lines,
        }
    }
}

/// Twelve violations of three things, raised every ten seconds; the even ones end after five.
async fn filled(dir: &std::path::Path) -> AlarmBook {
    let book = book(&store(dir).await, &ManualClock::at(at(0)), Vec::new()).await;
    for n in 1..=12_u32 {
        let (ms, thing) = (i64::from(n) * 10_000, format!("cam-{}", n % 3));
        let mut events = vec![event(n, &thing, ms, None)];
        if n % 2 == 0 {
            events.push(event(n, &thing, ms, Some(ms + 5000)));
        }
        for told in &mut events {
            let violation = &mut told.event.violation;
            if n % 4 == 0 {
                violation.profile = "other".to_owned();
                violation.behavior = "bytes".to_owned();
                violation.suppressed = true;
                violation.criteria = CriteriaType::Statistical;
            }
        }
        commit(&book, events).await.unwrap();
    }
    book
}

#[tokio::test]
async fn events_are_listed_newest_first_in_pages_that_meet() {
    let dir = tempfile::tempdir().unwrap();
    let book = filled(dir.path()).await;
    let all = AlarmFilter::default();
    let lines = listed(&book, &all, (0, 200_000)).await;
    assert_eq!(lines.len(), 18);
    assert_eq!(lines[..3], ["c@125", "c@120", "b@110"]);
    assert_eq!(listed(&book, &all, (20_000, 30_000)).await, ["2@25", "2@20"]);
    assert_eq!(listed(&book, &all, (30_000, 30_000)).await, [""; 0]);
}

#[tokio::test]
async fn every_filter_gives_what_a_look_at_all_events_gives() {
    let dir = tempfile::tempdir().unwrap();
    let book = filled(dir.path()).await;
    let text = |text: &str| Some(text.to_owned());
    let none = AlarmFilter::default();
    for (filter, expected) in [
        (AlarmFilter { thing: text("cam-1"), ..none.clone() }, "a@105 a@100 7@70 4@45 4@40 1@10"),
        (AlarmFilter { profile: text("other"), ..none.clone() }, "c@125 c@120 8@85 8@80 4@45 4@40"),
        (
            AlarmFilter { behavior: text("bytes"), ..none.clone() },
            "c@125 c@120 8@85 8@80 4@45 4@40",
        ),
        (AlarmFilter { suppressed: Some(true), thing: text("cam-1"), ..none.clone() }, "4@45 4@40"),
        (
            AlarmFilter { criteria: Some(CriteriaType::Statistical), ..none.clone() },
            "c@125 c@120 8@85 8@80 4@45 4@40",
        ),
        (AlarmFilter { thing: text("cam"), ..none.clone() }, ""),
        (AlarmFilter { profile: text("othe"), ..none }, ""),
    ] {
        assert_eq!(listed(&book, &filter, (0, 200_000)).await.join(" "), expected, "{filter:?}");
    }
}

#[tokio::test]
async fn a_place_that_is_none_begins_at_the_newest() {
    let dir = tempfile::tempdir().unwrap();
    let book = filled(dir.path()).await;
    let filter = AlarmFilter::default();
    for after in ["", "nonsense", "1.2.3", "99999999999999999.ff.0"] {
        let query = Query {
            filter: &filter,
            from: at(0),
            to: at(200_000),
            after: Some(after),
            rows_max: 1,
        };
        let page = history::page(&*book.store, &book.verifications, &query).await.unwrap();
        // `1.2.3` is a place before all events.
        assert_eq!(page.events.len(), usize::from(after != "1.2.3"), "{after}");
    }
}

#[tokio::test]
async fn a_filter_that_fits_nearly_nothing_ends_its_page_early_and_still_finds_all() {
    let dir = tempfile::tempdir().unwrap();
    let book = book(&store(dir.path()).await, &ManualClock::at(at(0)), Vec::new()).await;
    for chunk in 0..25_u32 {
        let mut batch = StateBatch::default();
        for n in 0..1000_u32 {
            let n = chunk * 1000 + n;
            let mut told = event(n, "cam", i64::from(n), None);
            if n == 100 || n == 20_000 {
                told.event.violation.behavior = "rare".to_owned();
            }
            history::save(&told.event, &mut batch).unwrap();
        }
        book.store.commit(batch).await.unwrap();
    }
    for filter in [
        AlarmFilter { behavior: Some("rare".to_owned()), ..AlarmFilter::default() },
        AlarmFilter {
            thing: Some("cam".to_owned()),
            behavior: Some("rare".to_owned()),
            ..AlarmFilter::default()
        },
    ] {
        let query =
            Query { filter: &filter, from: at(0), to: at(1_000_000), after: None, rows_max: 250 };
        let first = history::page(&*book.store, &book.verifications, &query).await.unwrap();
        assert!(first.next.is_some() && first.events.len() == 1, "{}", first.events.len());
        let lines = listed(&book, &filter, (0, 1_000_000)).await;
        assert_eq!(lines, ["4e20@20", "64@0"]);
    }
}

#[tokio::test]
async fn an_episode_has_its_events_oldest_first() {
    let dir = tempfile::tempdir().unwrap();
    let book = filled(dir.path()).await;
    let over = book.episode(&id(2)).await.unwrap().unwrap();
    let kinds: Vec<ViolationEventType> = over.events.iter().map(|event| event.event).collect();
    assert_eq!(kinds, [ViolationEventType::InAlarm, ViolationEventType::AlarmCleared]);
    assert_eq!(over.violation.ended, Some(at(25_000)));
    let on = book.episode(&id(1)).await.unwrap().unwrap();
    assert_eq!((on.violation.ended, on.events.len()), (None, 1));
    for unknown in [id(99), String::new(), "x".repeat(10_000)] {
        assert_eq!(book.episode(&unknown).await.unwrap(), None);
    }
}

async fn keys_left(store: &dyn StateStore) -> usize {
    let mut keys = store.scan(b"e", None, usize::MAX).await.unwrap();
    keys.extend(store.scan(b"a", None, usize::MAX).await.unwrap());
    keys.retain(|(key, _)| key != keys::INDEXED && key != keys::NEXT_NEWS);
    keys.len()
}

#[tokio::test]
async fn what_is_too_old_is_removed_from_every_index() {
    let dir = tempfile::tempdir().unwrap();
    let book = filled(dir.path()).await;
    book.prune(at(65_000)).await.unwrap();
    let all = AlarmFilter::default();
    let lines = listed(&book, &all, (0, 200_000)).await;
    assert_eq!(lines.last().map(String::as_str), Some("6@65"));
    let cam = AlarmFilter { thing: Some("cam-1".to_owned()), ..all };
    assert_eq!(listed(&book, &cam, (0, 200_000)).await, ["a@105", "a@100", "7@70"]);
    // What is on stays known, also when its events are forgotten.
    assert_eq!(book.episode(&id(1)).await.unwrap().unwrap().events, []);
    assert_eq!(book.episode(&id(2)).await.unwrap(), None);
    book.prune(at(500_000)).await.unwrap();
    assert_eq!(keys_left(&*book.store).await, 0);
}

#[tokio::test]
async fn alarms_that_are_on_are_paged_by_their_beginning() {
    let dir = tempfile::tempdir().unwrap();
    let book = filled(dir.path()).await;
    let mut ids = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let page = book.active_rows(&AlarmFilter::default(), after.as_deref(), 4).await.unwrap();
        ids.extend(page.rows.iter().map(|it| it.violation_id.trim_start_matches('0').to_owned()));
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    assert_eq!(ids, ["b", "9", "7", "5", "3", "1"]);
    let cam = AlarmFilter { thing: Some("cam-1".to_owned()), ..AlarmFilter::default() };
    let page = book.active_rows(&cam, None, 10).await.unwrap();
    assert_eq!(page.rows.len(), 2);
    assert_eq!(book.active.count(&cam, &|_| Default::default()), 2);
}
