//! Saying what a violation was found to be.

use picket_core::ManualClock;
use picket_ports::alarms::{AlarmFilter, Verification, VerificationState, VerifyError, Violation};

use super::{at, book, commit, event, id, store};
use crate::alarms::AlarmBook;
use crate::alarms::history::{self, Query};

fn found(state: VerificationState, note: &str) -> Verification {
    Verification {
        state,
        description: Some(note.to_owned()),
        by: Some("ana".to_owned()),
        at: Some(at(1)),
    }
}

/// What the history says of the verified ones, and what the list of those that are on says.
async fn states(book: &AlarmBook, state: VerificationState) -> (Vec<String>, Vec<String>) {
    let filter = AlarmFilter { verification: Some(state), ..AlarmFilter::default() };
    let query =
        Query { filter: &filter, from: at(0), to: at(1_000_000), after: None, rows_max: 100 };
    let page = history::page(&*book.store, &book.verifications, &query).await.unwrap();
    let line = |it: &Violation| {
        let number = it.violation_id.trim_start_matches('0');
        let note = it.verification.description.as_deref().unwrap_or("-");
        format!("{number} {note}")
    };
    let events = page.events.iter().map(|event| line(&event.violation)).collect();
    let active = book.active_rows(&filter, None, 100).await.unwrap().rows;
    (events, active.iter().map(line).collect())
}

#[tokio::test]
async fn a_verification_holds_for_all_events_of_its_violation_also_later_ones_and_after_a_restart()
{
    let dir = tempfile::tempdir().unwrap();
    let clock = ManualClock::at(at(0));
    let state = VerificationState::FalsePositive;
    {
        let book = book(&store(dir.path()).await, &clock, Vec::new()).await;
        commit(&book, vec![event(1, "a", 0, None), event(2, "b", 0, None)]).await.unwrap();
        let told = book.verify(&id(1), found(state, "rig")).await.unwrap();
        assert_eq!(told.verification.state, state);
        assert_eq!(states(&book, state).await, (vec!["1 rig".into()], vec!["1 rig".into()]));
        commit(&book, vec![event(1, "a", 0, Some(5000))]).await.unwrap();
        assert_eq!(states(&book, state).await, (vec!["1 rig".into(), "1 rig".into()], vec![]));
    }
    let book = book(&store(dir.path()).await, &clock, Vec::new()).await;
    assert_eq!(states(&book, state).await.0, ["1 rig", "1 rig"]);
    let (unknown, _) = states(&book, VerificationState::Unknown).await;
    assert_eq!(unknown, ["2 -"]);
    // Undone.
    book.verify(&id(1), found(VerificationState::Unknown, "was wrong")).await.unwrap();
    assert!(states(&book, state).await.0.is_empty());
    assert_eq!(states(&book, VerificationState::Unknown).await.0.len(), 3);
    let episode = book.episode(&id(1)).await.unwrap().unwrap();
    assert_eq!(episode.violation.verification.description.as_deref(), Some("was wrong"));
}

#[tokio::test]
async fn what_cannot_be_verified_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let book = book(&store(dir.path()).await, &ManualClock::at(at(0)), Vec::new()).await;
    commit(&book, vec![event(1, "a", 0, None)]).await.unwrap();
    let state = VerificationState::TruePositive;
    let unknown = book.verify(&id(9), found(state, "x")).await.unwrap_err();
    assert!(matches!(unknown, VerifyError::NotFound(_)), "{unknown}");
    let long = book.verify(&id(1), found(state, &"x".repeat(1001))).await.unwrap_err();
    assert!(matches!(long, VerifyError::Invalid(_)), "{long}");
    assert!(states(&book, state).await.0.is_empty());
}

#[tokio::test]
async fn a_verification_is_kept_as_long_as_its_violation() {
    let dir = tempfile::tempdir().unwrap();
    let book = book(&store(dir.path()).await, &ManualClock::at(at(0)), Vec::new()).await;
    let state = VerificationState::BenignPositive;
    commit(&book, vec![event(1, "a", 0, None), event(2, "b", 0, None)]).await.unwrap();
    commit(&book, vec![event(2, "b", 0, Some(5000))]).await.unwrap();
    book.verify(&id(1), found(state, "on")).await.unwrap();
    book.verify(&id(2), found(state, "over")).await.unwrap();
    book.prune(at(3000)).await.unwrap();
    assert_eq!(states(&book, state).await, (vec!["2 over".into()], vec!["1 on".into()]));
    book.prune(at(6000)).await.unwrap();
    assert_eq!(states(&book, state).await, (vec![], vec!["1 on".into()]));
    let left = book.store.scan(b"av", None, 10).await.unwrap();
    assert_eq!(left.len(), 1);
}
