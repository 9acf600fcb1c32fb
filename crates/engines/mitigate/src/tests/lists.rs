use std::time::Duration;

use picket_core::{Clock as _, Timestamp};
use picket_ports::registry::{Page, Rows};

use super::world::{Rig, START, certificate, finding, new_task, refusal, texts, violation};
use crate::{
    AuditRequest, AuditTarget, AuditTaskFilter, DetectRequest, DetectTarget, ExecutedStep,
    ExecutionFilter, ExecutionScope, TaskKind, TaskRequest, TaskStatus,
};

const SHARED: &str = "DEVICE_CERTIFICATE_SHARED_CHECK";

fn after_start(seconds: u64) -> Timestamp {
    START.plus(Duration::from_secs(seconds))
}

/// Detect tasks `d0` to `d4`, a second after the other, each on the violations `a` and `b`.
async fn rig() -> Rig {
    let rig = Rig::new().await;
    rig.actions().await;
    rig.world.add_violation(violation("a", "pump-a"));
    rig.world.add_violation(violation("b", "pump-b"));
    for n in 0..5 {
        let request = DetectRequest {
            target: DetectTarget::Violations(texts("a b")),
            actions: texts("group cert"),
            range: None,
            only_active: false,
            includes_suppressed: false,
        };
        let id = format!("d{n}");
        rig.mitigation.start_task(new_task(&id), TaskRequest::Detect(request)).await.unwrap();
        rig.over(TaskKind::Detect, &id).await;
        rig.clock.advance(Duration::from_secs(1));
    }
    rig
}

async fn task_ids(rig: &Rig, range: (Timestamp, Timestamp), rows_max: u32) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    let mut page = Page::first(rows_max);
    loop {
        let Rows { rows, next } = rig.mitigation.detect_tasks(range, &page).await.unwrap();
        pages.push(rows.into_iter().map(|task| task.id).collect());
        match next {
            Some(after) => page.after = Some(after),
            None => return pages,
        }
    }
}

#[tokio::test]
async fn tasks_are_listed_by_the_time_they_started_newest_first_page_by_page() {
    let rig = rig().await;
    let all = (START, after_start(100));
    assert_eq!(task_ids(&rig, all, 2).await, [vec!["d4", "d3"], vec!["d2", "d1"], vec!["d0"]]);
    assert_eq!(task_ids(&rig, all, 5).await.concat(), ["d4", "d3", "d2", "d1", "d0"]);
    let some = (after_start(1), after_start(3));
    assert_eq!(task_ids(&rig, some, 9).await, [vec!["d3", "d2", "d1"]]);
    assert_eq!(task_ids(&rig, (after_start(9), after_start(9)), 9).await, [vec![""; 0]]);
    let text = refusal(rig.mitigation.detect_tasks((after_start(1), START), &Page::first(1)).await);
    assert!(text.contains("`startTime` is after `endTime`"), "{text}");
    rig.end().await;
}

async fn executions(rig: &Rig, filter: &ExecutionFilter, rows_max: u32) -> Vec<ExecutedStep> {
    let mut all = Vec::new();
    let mut page = Page::first(rows_max);
    loop {
        let Rows { rows, next } = rig.mitigation.detect_executions(filter, &page).await.unwrap();
        assert!(rows.len() <= rows_max as usize);
        all.extend(rows);
        match next {
            Some(after) => page.after = Some(after),
            None => return all,
        }
    }
}

#[tokio::test]
async fn executions_are_listed_by_task_or_time_violation_and_thing() {
    let rig = rig().await;
    let check = async |scope: &ExecutionScope, (violation, thing), expected: &str| {
        let filter = ExecutionFilter {
            scope: scope.clone(),
            violation_id: Option::map(violation, str::to_owned),
            thing: Option::map(thing, str::to_owned),
        };
        for rows_max in [1, 2, 3, 100] {
            let found = executions(&rig, &filter, rows_max).await;
            let said: Vec<_> = found
                .iter()
                .map(|it| format!("{}:{}:{}", it.task_id, it.target_id, it.action))
                .collect();
            assert_eq!(said.join(" "), expected, "{filter:?}, {rows_max} a page");
        }
    };
    let task = ExecutionScope::Task("d2".to_owned());
    let none = (None, None);
    check(&task, none, "d2:a:group d2:a:cert d2:b:group d2:b:cert").await;
    check(&task, (Some("b"), None), "d2:b:group d2:b:cert").await;
    check(&task, (None, Some("pump-a")), "d2:a:group d2:a:cert").await;
    check(&task, (Some("a"), Some("pump-b")), "").await;
    let range = ExecutionScope::Range(after_start(1), after_start(2));
    let expected = "d2:a:group d2:a:cert d2:b:group d2:b:cert \
                    d1:a:group d1:a:cert d1:b:group d1:b:cert";
    check(&range, none, expected).await;
    check(&range, (Some("b"), None), "d2:b:group d2:b:cert d1:b:group d1:b:cert").await;
    check(&ExecutionScope::Range(after_start(50), after_start(60)), none, "").await;

    let filter = |scope| ExecutionFilter { scope, violation_id: None, thing: None };
    let unknown = filter(ExecutionScope::Task("none".to_owned()));
    let text = refusal(rig.mitigation.detect_executions(&unknown, &Page::first(1)).await);
    assert_eq!(text, "Invalid: detect mitigation task none not found");
    let backwards = filter(ExecutionScope::Range(after_start(2), after_start(1)));
    let text = refusal(rig.mitigation.detect_executions(&backwards, &Page::first(1)).await);
    assert!(text.contains("`startTime` is after `endTime`"), "{text}");
    rig.end().await;
}

#[tokio::test]
async fn any_text_for_a_page_gives_some_page() {
    let rig = rig().await;
    for after in ["", "x", "1/2/3", "9999999999999999999/t/1/2", "5/none/0/0", "-1/d2/7/7"] {
        let page = Page { after: Some(after.to_owned()), rows_max: 5 };
        let scope = ExecutionScope::Range(START, after_start(100));
        let filter = ExecutionFilter { scope, violation_id: None, thing: None };
        assert!(rig.mitigation.detect_executions(&filter, &page).await.is_ok(), "{after}");
        assert!(rig.mitigation.detect_tasks((START, after_start(9)), &page).await.is_ok());
        assert!(rig.mitigation.list_actions(None, &page).await.is_ok());
    }
    rig.end().await;
}

#[tokio::test]
async fn audit_tasks_are_found_by_audit_finding_and_status() {
    let rig = rig().await;
    for id in ["f1", "f2"] {
        let resource = ("DEVICE_CERTIFICATE", certificate(1));
        rig.world.findings.findings.lock().unwrap().push(finding(id, SHARED, resource));
    }
    for (id, findings, action) in
        [("one", "f1", "cert"), ("two", "f2", "cert"), ("bad", "f2", "lost")]
    {
        let request = AuditRequest {
            target: AuditTarget::Findings(texts(findings)),
            actions: [(SHARED.to_owned(), texts(action))].into(),
        };
        rig.mitigation.start_task(new_task(id), TaskRequest::Audit(request)).await.unwrap();
        rig.over(TaskKind::Audit, id).await;
        rig.clock.advance(Duration::from_secs(1));
    }
    let check = async |filter: AuditTaskFilter, expected: &[&str]| {
        let range = (START, rig.clock.now());
        let rows = rig.mitigation.audit_tasks(range, &filter, &Page::first(9)).await.unwrap().rows;
        let ids: Vec<_> = rows.iter().map(|task| task.id.as_str()).collect();
        assert_eq!(ids, expected, "{filter:?}");
    };
    let text = |text: &str| Some(text.to_owned());
    check(AuditTaskFilter::default(), &["bad", "two", "one"]).await;
    let of_f2 = AuditTaskFilter { finding_id: text("f2"), ..AuditTaskFilter::default() };
    check(of_f2.clone(), &["bad", "two"]).await;
    let status = Some(TaskStatus::Failed);
    check(AuditTaskFilter { status, ..of_f2 }, &["bad"]).await;
    let audit =
        |id: &str| AuditTaskFilter { audit_task_id: text(id), ..AuditTaskFilter::default() };
    check(audit("audit-1"), &["bad", "two", "one"]).await;
    check(audit("audit-2"), &[]).await;
    rig.end().await;
}

#[tokio::test]
async fn tasks_are_forgotten_ninety_days_after_they_have_ended() {
    let rig = rig().await;
    rig.clock.set(after_start(90 * 86_400));
    assert_eq!(rig.mitigation.forget_old_tasks().await.unwrap(), 0);
    rig.clock.advance(Duration::from_millis(1500));
    assert_eq!(rig.mitigation.forget_old_tasks().await.unwrap(), 2);
    assert_eq!(task_ids(&rig, (START, rig.clock.now()), 9).await, [vec!["d4", "d3", "d2"]]);
    let text = refusal(rig.mitigation.task(TaskKind::Detect, "d1").await);
    assert!(text.starts_with("NotFound"), "{text}");
    let scope = ExecutionScope::Range(START, rig.clock.now());
    let filter = ExecutionFilter { scope, violation_id: None, thing: None };
    assert_eq!(executions(&rig, &filter, 100).await.len(), 12);
    rig.end().await;
}
