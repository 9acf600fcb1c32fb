//! Many callers at once, and other programs at the file.

use std::sync::Arc;
use std::time::Duration;

use picket_core::Tasks;
use picket_ports::registry::{Feed as _, Page, Tags as _, ThingFilter, Things as _};
use rusqlite::Connection;

use super::{open_in, thing};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_that_come_together_share_a_commit() {
    let dir = tempfile::tempdir().unwrap();
    let registry = Arc::new(open_in(&dir).await);
    // As long as another program writes, the writes below have to wait, and so gather.
    let other = Connection::open(dir.path().join("registry.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut feed = registry.changes();
    let (tasks, callers) = (Tasks::new(), 200);
    for number in 0..callers {
        let registry = registry.clone();
        tasks.spawn("caller", async move {
            registry.create_thing(&thing(&format!("t{number}"))).await.unwrap();
        });
    }
    let waiting = tokio::time::timeout(Duration::from_millis(50), feed.recv()).await;
    assert!(waiting.is_err(), "nothing is told before it is committed");
    other.execute_batch("ROLLBACK").unwrap();
    assert!(tasks.shut_down(Duration::from_secs(60)).await);
    assert_eq!(registry.count_things().await.unwrap(), callers);
    let mut commits = 0;
    while feed.try_recv().is_ok() {
        commits += 1;
    }
    assert!(commits <= 4, "{callers} writes took {commits} commits");
}

#[tokio::test]
async fn a_caller_that_gives_up_does_no_harm() {
    let dir = tempfile::tempdir().unwrap();
    let registry = open_in(&dir).await;
    for number in 0..50 {
        let thing = thing(&format!("t{number}"));
        let creating = registry.create_thing(&thing);
        // Polled once, so that it may be on its way, and dropped.
        tokio::time::timeout(Duration::ZERO, creating).await.ok();
    }
    registry.create_thing(&thing("last")).await.unwrap();
    registry.thing(&thing("last").name).await.unwrap();
}

#[tokio::test]
async fn a_writer_that_cannot_commit_says_so_and_goes_on_later() {
    let dir = tempfile::tempdir().unwrap();
    let registry = open_in(&dir).await;
    let mut feed = registry.changes();
    let before = *registry.revision().borrow();
    let other = Connection::open(dir.path().join("registry.db")).unwrap();
    other.execute_batch("CREATE TRIGGER full BEFORE INSERT ON tags BEGIN SELECT RAISE(ROLLBACK, 'the disk is full'); END").unwrap();
    let tags = [("k".to_owned(), "v".to_owned())];
    let lost = registry.tag("arn", &tags).await.unwrap_err();
    assert!(lost.to_string().contains("the disk is full"), "{lost}");
    // A transaction that SQLite has rolled back by itself is lost for all who shared it.
    let other_thing = thing("t");
    let (made, lost) =
        tokio::join!(registry.create_thing(&other_thing), registry.tag("arn", &tags));
    assert!(lost.is_err());
    let is_there = registry.thing(&thing("t").name).await.is_ok();
    assert_eq!(made.is_ok(), is_there);
    assert_eq!(feed.try_recv().is_ok(), is_there);
    assert_eq!(*registry.revision().borrow() > before, is_there);
    other.execute_batch("DROP TRIGGER full").unwrap();
    registry.tag("arn", &tags).await.unwrap();
    assert_eq!(registry.tags("arn").await.unwrap(), tags);
}

#[tokio::test]
async fn a_page_of_a_filter_that_wants_almost_nothing_ends_in_time() {
    let dir = tempfile::tempdir().unwrap();
    let registry = open_in(&dir).await;
    let other = Connection::open(dir.path().join("registry.db")).unwrap();
    other
        .execute_batch(
            "INSERT INTO things
             WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 210000)
             SELECT printf('t%06d', i), 'id', NULL, NULL,
                    CASE i WHEN 209999 THEN '[[\"k\",\"v\"]]' ELSE '[]' END, 1, 1 FROM n",
        )
        .unwrap();
    let filter = ThingFilter { attribute_name: Some("k".into()), ..ThingFilter::default() };
    let mut page = Page::first(10);
    let mut found = Vec::new();
    for wanted in [0, 0, 1] {
        let rows = registry.things(&filter, &page).await.unwrap();
        assert_eq!(rows.rows.len(), wanted);
        found.extend(rows.rows);
        page.after = rows.next;
    }
    assert_eq!(page.after, None);
    assert_eq!(found[0].name.as_str(), "t209999");
}
