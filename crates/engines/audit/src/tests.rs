use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use picket_core::{ManualClock, Tasks, Timestamp};
use picket_fjall::FjallStore;
use picket_ports::findings::FindingResource;
use picket_ports::registry::{Page, Rows};
use picket_ports::{Finding, Findings};
use serde_json::json;

use crate::{FindingBook, RETENTION};

const START: Timestamp = Timestamp::from_millis(1_735_689_600_000);

fn finding(task_id: &str, id: &str) -> Finding {
    Finding {
        finding_id: id.to_owned(),
        task_id: task_id.to_owned(),
        check_name: "DEVICE_CERTIFICATE_SHARED_CHECK".to_owned(),
        task_start_time: START,
        finding_time: START,
        severity: "CRITICAL".to_owned(),
        non_compliant_resource: FindingResource {
            resource_type: "DEVICE_CERTIFICATE".to_owned(),
            resource_identifier: json!({"deviceCertificateId": "a".repeat(64)}),
            additional_info: BTreeMap::new(),
        },
        related_resources: Vec::new(),
        reason_for_non_compliance: "Certificate shared by one or more devices.".to_owned(),
        reason_for_non_compliance_code: "CERTIFICATE_SHARED_BY_MULTIPLE_DEVICES".to_owned(),
        is_suppressed: false,
    }
}

struct Rig {
    book: Arc<FindingBook>,
    clock: ManualClock,
    tasks: Tasks,
    storage: FjallStore,
}

impl Rig {
    async fn open(path: &std::path::Path) -> Self {
        let storage = FjallStore::open(path).unwrap();
        let (clock, tasks) = (ManualClock::at(START), Tasks::new());
        let book = FindingBook::open(&storage, Arc::new(clock.clone()), &tasks).await.unwrap();
        Self { book, clock, tasks, storage }
    }

    async fn close(self) {
        assert!(self.tasks.shut_down(Duration::from_secs(5)).await);
        drop((self.book, self.storage));
    }

    async fn ids(&self, task_id: &str, rows_max: u32) -> Vec<Vec<String>> {
        let mut pages = Vec::new();
        let mut page = Page::first(rows_max);
        loop {
            let Rows { rows, next } = self.book.findings_of(task_id, &page).await.unwrap().unwrap();
            pages.push(rows.into_iter().map(|finding| finding.finding_id).collect());
            match next {
                Some(after) => page.after = Some(after),
                None => return pages,
            }
        }
    }
}

#[tokio::test]
async fn findings_read_back_in_order_page_by_page_and_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let rig = Rig::open(folder.path()).await;
    let found: Vec<Finding> = (0..5).map(|n| finding("t", &format!("f{n}"))).collect();
    rig.book.record("t", START, &found[..2]).await.unwrap();
    rig.book.record("t", START, &found).await.unwrap();
    rig.book.record("t2", START, &[finding("t2", "other")]).await.unwrap();
    rig.book.record("clean", START, &[]).await.unwrap();
    assert_eq!(rig.ids("t", 2).await, [vec!["f0", "f1"], vec!["f2", "f3"], vec!["f4"]]);
    rig.close().await;

    let rig = Rig::open(folder.path()).await;
    assert_eq!(rig.book.finding("f3").await.unwrap().as_ref(), Some(&found[3]));
    assert_eq!(rig.ids("t", 9).await, [vec!["f0", "f1", "f2", "f3", "f4"]]);
    assert_eq!(rig.ids("clean", 9).await, [vec![""; 0]], "an audit that found nothing is known");
    assert_eq!(rig.book.findings_of("none", &Page::first(1)).await.unwrap(), None);
    assert_eq!(rig.book.finding("none").await.unwrap(), None);
    let taken = rig.book.record("t2", START, &[finding("t2", "f3")]).await.unwrap_err();
    assert!(taken.to_string().contains("belongs to the audit t"), "{taken}");
    rig.close().await;
}

#[tokio::test]
async fn audits_are_forgotten_after_ninety_days_and_not_before() {
    let folder = tempfile::tempdir().unwrap();
    let rig = Rig::open(folder.path()).await;
    let many: Vec<Finding> = (0..1200).map(|n| finding("old", &format!("f{n}"))).collect();
    rig.book.record("old", START, &many).await.unwrap();
    rig.book
        .record("new", START.plus(Duration::from_secs(1)), &[finding("new", "n")])
        .await
        .unwrap();
    rig.clock.set(START.plus(RETENTION));
    assert_eq!(rig.book.prune().await.unwrap(), 0);
    rig.clock.advance(Duration::from_millis(1));
    assert_eq!(rig.book.prune().await.unwrap(), 1);
    assert_eq!(rig.book.findings_of("old", &Page::first(1)).await.unwrap(), None);
    assert_eq!(rig.book.finding("f1199").await.unwrap(), None);
    assert!(rig.book.finding("n").await.unwrap().is_some());
    rig.close().await;
}
