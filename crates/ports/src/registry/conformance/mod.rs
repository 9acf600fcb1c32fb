//! What every [`Registry`] adapter must do. Adapters call [`registry`] from their tests, or its parts
//! one by one, with a way to open a fresh, empty registry.

mod attachments;
mod audit_trail;
mod certificates;
mod devices;
mod documents;
mod feed;
mod groups;
mod memberships;
mod model;
mod policies;
mod policy_targets;
mod random_walk;
mod snapshot;
mod tags;
mod thing_lists;
mod things;
mod view;

use std::task::Poll;

use picket_core::{CertificateId, PolicyName, ThingName, Timestamp};
use tokio::sync::broadcast;

use super::{
    Certificate, CertificateMode, CertificateStatus, ChangeSet, Page, Policy, Registry,
    RegistryChange, RegistryError, Rows, Thing, ThingGroup,
};

/// An empty registry that the check owns.
pub type Fresh = Box<dyn Registry>;

/// Runs the whole suite; each check gets an empty registry of its own from `open`.
pub async fn registry(open: impl AsyncFn() -> Fresh) {
    things(&open).await;
    groups(&open).await;
    certificates(&open).await;
    policies(&open).await;
    others(&open).await;
    feed(&open).await;
    random_walks(&open).await;
}

/// The checks of things.
pub async fn things(open: &impl AsyncFn() -> Fresh) {
    things::run(open).await;
    thing_lists::run(open).await;
}

/// The checks of groups and memberships.
pub async fn groups(open: &impl AsyncFn() -> Fresh) {
    groups::run(open).await;
    memberships::run(open).await;
}

/// The checks of certificates and their attachments to things.
pub async fn certificates(open: &impl AsyncFn() -> Fresh) {
    certificates::run(open).await;
    attachments::run(open).await;
}

/// The checks of policies and their attachments.
pub async fn policies(open: &impl AsyncFn() -> Fresh) {
    policies::run(open).await;
    policy_targets::run(open).await;
}

/// The checks of documents, tags, the audit trail and whole devices.
pub async fn others(open: &impl AsyncFn() -> Fresh) {
    documents::run(open).await;
    tags::run(open).await;
    audit_trail::run(open).await;
    devices::run(open).await;
}

/// The checks of the feed and the snapshot.
pub async fn feed(open: &impl AsyncFn() -> Fresh) {
    feed::run(open).await;
    snapshot::run(open).await;
}

/// Everything together, against a model.
pub async fn random_walks(open: &impl AsyncFn() -> Fresh) {
    random_walk::run(open).await;
}

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millis(ms)
}

fn name(text: &str) -> ThingName {
    ThingName::new(text).unwrap()
}

fn thing(text: &str) -> Thing {
    Thing::new(name(text), format!("id of {text}"), at(1))
}

fn group(name: &str, parent: Option<&str>) -> ThingGroup {
    ThingGroup::new(name, format!("id of {name}"), parent.map(str::to_owned), at(1))
}

fn certificate_id(digit: char) -> CertificateId {
    CertificateId::new(String::from(digit).repeat(64)).unwrap()
}

fn certificate(digit: char) -> Certificate {
    Certificate {
        id: certificate_id(digit),
        pem: format!("PEM of {digit}"),
        status: CertificateStatus::Active,
        ca: None,
        mode: CertificateMode::Default,
        not_before: at(1),
        not_after: at(9),
        created: at(2),
        modified: at(2),
        version: 1,
    }
}

fn policy_name(text: &str) -> PolicyName {
    PolicyName::new(text).unwrap()
}

fn policy(text: &str) -> Policy {
    Policy::new(policy_name(text), format!("{{\"of\":\"{text}\"}}"), at(3))
}

#[track_caller]
fn must_be_missing<T: std::fmt::Debug>(outcome: Result<T, RegistryError>, wanted: &'static str) {
    match outcome {
        Err(RegistryError::NotFound { kind, .. }) if kind == wanted => {}
        other => panic!("{wanted} should not be found, but {other:?}"),
    }
}

#[track_caller]
fn must_exist_already<T: std::fmt::Debug>(outcome: Result<T, RegistryError>, wanted: &'static str) {
    match outcome {
        Err(RegistryError::AlreadyExists { kind, .. }) if kind == wanted => {}
        other => panic!("{wanted} should exist already, but {other:?}"),
    }
}

/// The conflict must name what was expected and what is stored.
#[track_caller]
fn must_conflict<T: std::fmt::Debug>(outcome: Result<T, RegistryError>, versions: (u64, u64)) {
    match outcome {
        Err(RegistryError::VersionConflict { expected, actual, .. })
            if (expected, actual) == versions => {}
        other => panic!("should conflict with {versions:?}, but {other:?}"),
    }
}

#[track_caller]
fn must_be_in_use<T: std::fmt::Debug>(outcome: Result<T, RegistryError>, wanted: &'static str) {
    match outcome {
        Err(RegistryError::InUse { by, .. }) if by == wanted => {}
        other => panic!("should be in use by {wanted}, but {other:?}"),
    }
}

/// Reads a list to its end in pages of `rows_max`.
async fn walk<T>(rows_max: u32, list: impl AsyncFn(Page) -> Rows<T>) -> Vec<T> {
    let (mut all, mut page) = (Vec::new(), Page::first(rows_max));
    for _ in 0..10_000 {
        let Rows { rows, next } = list(page.clone()).await;
        assert!(rows.len() <= rows_max as usize, "a page holds too much");
        all.extend(rows);
        match next {
            Some(next) => page.after = Some(next),
            None => return all,
        }
    }
    panic!("a list has no end");
}

/// Reads a list whole, then in pages of every small size: the outcome must be the same.
async fn walk_every_way<T: PartialEq + std::fmt::Debug>(
    list: impl AsyncFn(Page) -> Rows<T>,
) -> Vec<T> {
    let whole = list(Page::first(u32::MAX)).await;
    assert_eq!(whole.next, None, "the whole list is one page");
    for rows_max in 1..4 {
        assert_eq!(walk(rows_max, &list).await, whole.rows, "pages of {rows_max}");
    }
    // A page for no rows at all is one of one row, so that the list gets on.
    assert_eq!(walk(1, async |page| list(Page { rows_max: 0, ..page }).await).await, whole.rows);
    whole.rows
}

/// Any text must give some page; `list` unwraps.
async fn any_cursor_gives_a_page<T>(list: impl AsyncFn(Page) -> Rows<T>) {
    let long = "x/".repeat(50_000);
    for after in [
        "",
        "/",
        "'",
        "' OR 1=1 --",
        "'; DROP TABLE things; --",
        "\0",
        "a\0b",
        "%",
        "\u{10FFFF}",
        "🦀/🦀",
        "1/2/3",
        "-1/",
        "NaN/x",
        "9223372036854775807/9223372036854775808",
        "9223372036854775808/",
        "certificate/",
        "nothing/x",
        long.as_str(),
    ] {
        let page = Page { after: Some(after.to_owned()), rows_max: 2 };
        assert!(list(page).await.rows.len() <= 2);
    }
}

/// What is on the feed by now.
fn news(feed: &mut broadcast::Receiver<ChangeSet>) -> Vec<RegistryChange> {
    let mut news = Vec::new();
    while let Ok(set) = feed.try_recv() {
        assert!(!set.changes.is_empty(), "an empty set is no news");
        news.extend(set.changes.iter().cloned());
    }
    news
}

/// Polls all futures until each is done, so that their calls are in flight together.
async fn together<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut running: Vec<_> = futures.map(|it| (Box::pin(it), None)).collect();
    std::future::poll_fn(|context| {
        for (future, output) in running.iter_mut().filter(|(_, output)| output.is_none()) {
            if let Poll::Ready(value) = future.as_mut().poll(context) {
                *output = Some(value);
            }
        }
        let are_done = running.iter().all(|(_, output)| output.is_some());
        if are_done { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    running.into_iter().filter_map(|(_, output)| output).collect()
}
