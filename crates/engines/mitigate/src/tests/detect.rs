use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use picket_core::Timestamp;
use picket_ports::alarms::Violation;
use picket_ports::registry::{DocumentKind, Page};
use serde_json::json;
use tokio::sync::Semaphore;

use super::world::{Rig, START, new_task, refusal, texts, violation, waits_until};
use crate::{
    ActionChange, DetectRequest, DetectTarget, ExecutedStep, ExecutionFilter, ExecutionScope,
    MitigateConfig, StepStatus, TaskKind, TaskRequest, TaskStatus,
};

const KIND: TaskKind = TaskKind::Detect;

fn request(target: DetectTarget, actions: &str) -> DetectRequest {
    DetectRequest {
        target,
        actions: texts(actions),
        range: None,
        only_active: false,
        includes_suppressed: false,
    }
}

fn on(violations: &str, actions: &str) -> DetectRequest {
    request(DetectTarget::Violations(texts(violations)), actions)
}

fn of_profile(actions: &str) -> DetectRequest {
    request(DetectTarget::Profile { profile: "base".to_owned(), behavior: None }, actions)
}

async fn start(rig: &Rig, id: &str, request: DetectRequest) {
    rig.mitigation.start_task(new_task(id), TaskRequest::Detect(request)).await.unwrap();
}

async fn refused(rig: &Rig, request: DetectRequest) -> String {
    refusal(rig.mitigation.start_task(new_task("no"), TaskRequest::Detect(request)).await)
}

async fn executions(rig: &Rig, id: &str) -> Vec<ExecutedStep> {
    let scope = ExecutionScope::Task(id.to_owned());
    let filter = ExecutionFilter { scope, violation_id: None, thing: None };
    rig.mitigation.detect_executions(&filter, &Page::first(250)).await.unwrap().rows
}

/// Executions as `violation action STATUS`.
fn said(steps: &[ExecutedStep]) -> Vec<String> {
    let one =
        |it: &ExecutedStep| format!("{} {} {}", it.target_id, it.action, it.status.as_str(KIND));
    steps.iter().map(one).collect()
}

#[tokio::test]
async fn all_six_types_are_applied_to_violations_in_order() {
    let rig = Rig::new().await;
    rig.actions().await;
    rig.world.add_violation(violation("v1", "pump-1"));
    start(&rig, "t1", on("v1", "cert ca group policy sns")).await;
    start(&rig, "t2", on("v1 v1", "log")).await;
    let task = rig.over(KIND, "t1").await;
    assert_eq!(task.status.as_str(KIND), "SUCCESSFUL");
    assert_eq!((task.tally.executed, task.tally.skipped, task.tally.failed), (5, 0, 0));
    assert_eq!((task.by.as_str(), task.actions.len(), task.targets), ("ana", 5, 1));
    assert_eq!(rig.over(KIND, "t2").await.tally.executed, 1, "a violation counts once");
    let steps = executions(&rig, "t1").await;
    let expected = ["cert", "ca", "group", "policy", "sns"];
    assert_eq!(said(&steps), expected.map(|name| format!("v1 {name} SUCCESSFUL")));
    assert!(steps.iter().all(|it| it.thing.as_deref() == Some("pump-1")));
    assert!(steps.iter().all(|it| it.started == Some(START) && it.ended == Some(START)));
    assert_eq!(steps[0].changes[0].resource, "deactivate pump-1");
    let expected =
        ["blank", "deactivate", "deactivate-ca", "join"].map(|it| format!("{it} pump-1"));
    let mut expected: Vec<_> = expected.into_iter().map(|it| (it, 1)).collect();
    expected.push(("log account".to_owned(), 1));
    assert_eq!(rig.world.changes(), expected);
    let page = Page::first(100);
    let trail = rig.registry.recorded_changes(&Default::default(), &page).await.unwrap().rows;
    assert_eq!(trail.len(), 5, "what is published is no change");
    assert!(trail.iter().all(|it| it.actor == "ana" && it.service == "mitigation"));
    assert!(
        trail.iter().any(|it| it.source == "mitigation task t2" && it.resource == "log account")
    );
    let published = rig.world.published.lock().clone();
    assert_eq!(
        published[0].2,
        json!({
            "violationId": "v1", "thingName": "pump-1", "securityProfileName": "base",
            "behavior": {"name": "ports", "metric": "aws:listening-tcp-ports"},
            "violationStartTime": START.as_millis(), "lastViolationTime": START.as_millis(),
            "lastViolationValue": {"ports": [21]}, "explanation": "port 21 is open",
        })
    );
    rig.end().await;
}

#[tokio::test]
async fn a_failure_ends_what_is_left_for_its_violation_only() {
    let rig = Rig::new().await;
    rig.actions().await;
    rig.world.add_violation(violation("v1", "pump-1"));
    rig.world.add_violation(violation("v2", "stranger"));
    rig.world.strangers.lock().insert("stranger".to_owned());
    start(&rig, "t", on("v1 v2", "lost cert")).await;
    let task = rig.over(KIND, "t").await;
    assert_eq!(task.status, TaskStatus::Failed);
    assert_eq!((task.tally.executed, task.tally.skipped, task.tally.failed), (0, 3, 1));
    let steps = executions(&rig, "t").await;
    assert_eq!(
        said(&steps),
        ["v1 lost FAILED", "v1 cert SKIPPED", "v2 lost SKIPPED", "v2 cert SKIPPED"]
    );
    assert_eq!(steps[0].error_code.as_deref(), Some("ResourceNotFoundException"));
    assert_eq!(steps[0].message.as_deref(), Some("thing group nowhere not found"));
    assert_eq!(steps[1].message.as_deref(), Some("not done: lost failed before it"));
    assert_eq!(steps[2].message.as_deref(), Some("thing stranger is not registered"));
    rig.end().await;
}

#[tokio::test]
async fn storage_that_fails_for_a_while_is_tried_again() {
    let rig = Rig::new().await;
    rig.actions().await;
    rig.world.add_violation(violation("v1", "pump-1"));
    rig.world.failures.store(2, Ordering::SeqCst);
    start(&rig, "t", on("v1", "cert sns")).await;
    assert_eq!(rig.over(KIND, "t").await.status, TaskStatus::Done);
    assert_eq!(rig.world.failures.load(Ordering::SeqCst), 0);
    rig.end().await;
}

fn past(id: &str, seconds_ago: i64, ended: bool) -> Violation {
    let started = Timestamp::from_millis(START.as_millis() - seconds_ago * 1000);
    let ended = ended.then(|| started.plus(Duration::from_secs(10)));
    Violation { started, ended, ..violation(id, &format!("thing-of-{id}")) }
}

#[tokio::test]
async fn a_profile_s_violations_are_chosen_by_time_activity_and_muting() {
    let rig = Rig::new().await;
    rig.actions().await;
    for it in [
        past("old", 9000, true),
        past("over", 100, true),
        past("long", 5000, false),
        past("now", 50, false),
        Violation { suppressed: true, ..past("mute", 40, false) },
        Violation { behavior: "bytes".to_owned(), ..past("bytes", 30, false) },
        Violation { profile: "other".to_owned(), ..past("else", 20, false) },
    ] {
        rig.world.add_violation(it);
    }
    let before = |seconds: i64| Timestamp::from_millis(START.as_millis() - seconds * 1000);
    let mut number = 0;
    let mut check = async |change: fn(&mut DetectRequest), range, expected: &str| {
        number += 1;
        let mut asked = of_profile("group");
        change(&mut asked);
        asked.range = range;
        let id = format!("t{number}");
        start(&rig, &id, asked).await;
        rig.over(KIND, &id).await;
        let mut chosen: Vec<_> =
            executions(&rig, &id).await.into_iter().map(|it| it.target_id).collect();
        chosen.sort();
        let mut expected = texts(expected);
        expected.sort();
        assert_eq!(chosen, expected, "{id}");
    };
    check(|_| {}, None, "old over long now bytes").await;
    check(|it| it.only_active = true, None, "long now bytes").await;
    check(|it| it.includes_suppressed = true, None, "old over long now mute bytes").await;
    check(
        |it| {
            it.target = DetectTarget::Profile {
                profile: "base".to_owned(),
                behavior: Some("bytes".to_owned()),
            };
        },
        None,
        "bytes",
    )
    .await;
    check(|_| {}, Some((before(200), START)), "over now bytes").await;
    check(|_| {}, Some((before(8990), before(4000))), "old long").await;
    check(|it| it.only_active = true, Some((before(9000), before(60))), "long").await;
    rig.end().await;
}

#[tokio::test]
async fn violations_that_are_named_but_not_asked_for_are_skipped_with_the_reason() {
    let rig = Rig::new().await;
    rig.actions().await;
    rig.world.add_violation(past("over", 100, true));
    rig.world.add_violation(Violation { suppressed: true, ..past("mute", 40, false) });
    rig.world.add_violation(past("early", 5000, false));
    let range = Some((Timestamp::from_millis(START.as_millis() - 300_000), START));
    let asked = DetectRequest { only_active: true, range, ..on("over mute early", "group cert") };
    start(&rig, "t", asked).await;
    let task = rig.over(KIND, "t").await;
    assert_eq!((task.status, task.tally.skipped), (TaskStatus::Done, 6));
    let steps = executions(&rig, "t").await;
    let why = |at: usize| steps[at].message.clone().unwrap();
    assert!(why(0).contains("is over"), "{}", why(0));
    assert!(why(2).contains("muted"), "{}", why(2));
    assert!(why(4).contains("nothing happened"), "{}", why(4));
    assert_eq!(rig.world.changes(), []);
    rig.end().await;
}

#[tokio::test]
async fn what_aws_refuses_is_refused() {
    let rig = Rig::new().await;
    rig.actions().await;
    rig.world.add_violation(violation("v1", "pump-1"));
    let profile = json!({"securityProfileName": "bas"}).to_string();
    let kind = DocumentKind::SecurityProfile;
    rig.registry.create_document(kind, "bass", &profile, START).await.unwrap();
    let many: Vec<String> = (0..26).map(|n| format!("v{n}")).collect();
    let later = Some((START.plus(Duration::from_secs(1)), START));
    let nowhere = DetectTarget::Profile { profile: "bas".to_owned(), behavior: None };
    for (asked, words) in [
        (on("", "group"), "Invalid: `violationIds` has 0 members; it must have 1 to 25"),
        (request(DetectTarget::Violations(many), "group"), "has 26 members"),
        (on("v9", "group"), "Invalid: there is no violation v9"),
        (on("v/9", "group"), "Invalid: value `v/9` at `violationIds`"),
        (on("v1", ""), "`actions` has 0 members; it must have 1 to 5"),
        (on("v1", "cert ca group policy log sns"), "`actions` has 6 members"),
        (on("v1", "cert cert"), "`cert` is in `actions` twice"),
        (
            on("v1", "grup"),
            "no mitigation action `grup`, which is in `actions`; did you mean `group`?",
        ),
        (request(nowhere, "group"), "no security profile `bas`; did you mean `bass`?"),
        (DetectRequest { range: later, ..of_profile("group") }, "ends before it begins"),
    ] {
        let text = refused(&rig, asked).await;
        assert!(text.starts_with("Invalid: ") && text.contains(words), "{text}");
    }
    let odd = rig.mitigation.start_task(new_task("a b"), TaskRequest::Detect(on("v1", "cert")));
    assert!(refusal(odd.await).contains("at `taskId` holds ' '"));
    let text = refusal(rig.mitigation.task(KIND, "no").await);
    assert_eq!(text, "NotFound: detect mitigation task no not found");
    rig.end().await;
}

#[tokio::test]
async fn with_aws_s_pairings_violations_are_met_by_groups_only() {
    let config = MitigateConfig { aws_pairings_only: true, ..MitigateConfig::default() };
    let rig = Rig::with(config).await;
    rig.actions().await;
    rig.world.add_violation(violation("v1", "pump-1"));
    let text = refused(&rig, on("v1", "group cert")).await;
    assert!(text.contains("only ADD_THINGS_TO_THING_GROUP can be applied"), "{text}");
    start(&rig, "t", on("v1", "group")).await;
    assert_eq!(rig.over(KIND, "t").await.status, TaskStatus::Done);
    rig.end().await;
}

#[tokio::test]
async fn an_id_is_used_once_and_its_token_gives_the_same_task() {
    let rig = Rig::new().await;
    rig.actions().await;
    rig.world.add_violation(violation("v1", "pump-1"));
    for _ in 0..2 {
        start(&rig, "t", on("v1", "group")).await;
    }
    rig.over(KIND, "t").await;
    start(&rig, "t", on("v1", "group")).await;
    let start = |token: Option<&str>, actions: &str| {
        let new = crate::NewTask { token: token.map(str::to_owned), ..new_task("t") };
        rig.mitigation.start_task(new, TaskRequest::Detect(on("v1", actions)))
    };
    for refused in [
        start(Some("other"), "group").await,
        start(Some("token-t"), "cert").await,
        start(None, "group").await,
    ] {
        let text = refusal(refused);
        assert!(text.starts_with("TaskExists: a mitigation task with the id t exists"), "{text}");
    }
    assert_eq!(rig.world.changes().len(), 1);
    rig.end().await;
}

#[tokio::test]
async fn five_tasks_run_at_a_time_and_a_task_is_settled_when_it_starts() {
    let rig = Rig::new().await;
    rig.actions().await;
    let gate = Arc::new(Semaphore::new(0));
    *rig.world.gate.lock() = Some(Arc::clone(&gate));
    for n in 0..6 {
        rig.world.add_violation(violation(&format!("v{n}"), &format!("pump-{n}")));
    }
    for n in 0..5 {
        start(&rig, &format!("t{n}"), on(&format!("v{n}"), "group")).await;
    }
    let text = refused(&rig, on("v5", "group")).await;
    assert!(text.starts_with("LimitExceeded: 5 detect mitigation tasks are in progress"), "{text}");
    let running = rig.mitigation.task(KIND, "t0").await.unwrap();
    assert_eq!((running.status, running.ended), (TaskStatus::InProgress, None));

    let logging = rig.mitigation.action("log").await.unwrap().params;
    let change = ActionChange { role_arn: None, params: Some(logging) };
    rig.mitigation.update_action("group", change).await.unwrap();
    rig.mitigation.delete_action("group").await.unwrap();
    gate.add_permits(100);
    for n in 0..5 {
        let task = rig.over(KIND, &format!("t{n}")).await;
        assert_eq!(task.actions[0].params.action_type(), "ADD_THINGS_TO_THING_GROUP");
    }
    assert_eq!(rig.world.changes().len(), 5);
    start(&rig, "t5", on("v5", "cert")).await;
    rig.over(KIND, "t5").await;
    rig.end().await;
}

#[tokio::test]
async fn a_canceled_task_does_what_is_under_way_and_no_more_also_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let world = Arc::new(super::world::World::default());
    let config = MitigateConfig { targets_at_once: 1, ..MitigateConfig::default() };
    let open = || {
        let parts = (Arc::clone(&world), super::world::Fuse::never());
        Rig::open(folder.path(), config.clone(), parts)
    };
    let rig = open().await;
    rig.actions().await;
    let gate = Arc::new(Semaphore::new(1));
    *world.gate.lock() = Some(Arc::clone(&gate));
    for n in 0..3 {
        world.add_violation(violation(&format!("v{n}"), &format!("pump-{n}")));
    }
    start(&rig, "t", on("v0 v1 v2", "cert group")).await;
    waits_until("the first step", async || {
        !world.changes().is_empty() && gate.available_permits() == 0
    })
    .await;
    rig.mitigation.cancel_task(KIND, "t").await.unwrap();
    let text = refusal(rig.mitigation.cancel_task(KIND, "t").await);
    assert!(text.starts_with("Invalid: detect mitigation task t is CANCELED"), "{text}");
    let text = refusal(rig.mitigation.cancel_task(KIND, "none").await);
    assert_eq!(text, "NotFound: detect mitigation task none not found");
    assert_eq!(rig.mitigation.task(KIND, "t").await.unwrap().status, TaskStatus::Canceled);
    rig.end_at_once().await;

    *world.gate.lock() = None;
    let rig = open().await;
    let task = rig.over(KIND, "t").await;
    assert_eq!(task.status, TaskStatus::Canceled);
    let steps = executions(&rig, "t").await;
    let done = steps.iter().filter(|it| it.status == StepStatus::Done).count();
    assert!((1..=2).contains(&done), "{steps:?}");
    let left = steps.iter().filter(|it| it.status == StepStatus::Canceled).count();
    assert_eq!((steps.len(), done + left), (6, 6));
    assert_eq!(steps[5].message.as_deref(), Some("the task was canceled"));
    assert_eq!(world.changes().len(), done);
    rig.end().await;
}

#[tokio::test]
async fn a_plan_tells_what_would_change_and_changes_nothing() {
    let rig = Rig::new().await;
    rig.actions().await;
    rig.world.add_violation(violation("v1", "pump-1"));
    rig.world.add_violation(violation("v2", "stranger"));
    rig.world.strangers.lock().insert("stranger".to_owned());
    let plan =
        async || rig.mitigation.plan(&texts("v1 v2"), &texts("cert lost sns")).await.unwrap();
    let steps = plan().await;
    let said: Vec<String> = steps
        .iter()
        .map(|it| {
            let changes: Vec<_> =
                it.changes.iter().map(|change| change.resource.as_str()).collect();
            let problem = it.problem.as_deref().unwrap_or("-");
            format!(
                "{} {} {}: {} {problem}",
                it.violation_id,
                it.thing,
                it.action,
                changes.join(",")
            )
        })
        .collect();
    assert_eq!(
        said,
        [
            "v1 pump-1 cert: deactivate pump-1 -",
            "v1 pump-1 lost:  thing group nowhere not found",
            "v1 pump-1 sns: topic arn:aws:sns:us-east-1:000000000000:ops -",
            "v2 stranger cert:  thing stranger is not registered",
            "v2 stranger lost:  thing stranger is not registered",
            "v2 stranger sns: topic arn:aws:sns:us-east-1:000000000000:ops -",
        ]
    );
    assert_eq!(steps[0].action_type, "UPDATE_DEVICE_CERTIFICATE");
    assert_eq!(plan().await, steps);
    assert_eq!(rig.world.changes(), []);
    assert!(refusal(rig.mitigation.plan(&texts("v9"), &texts("cert")).await).contains("v9"));
    rig.end().await;
}
