//! A crash at every point of a task.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::world::{Fuse, Rig, World, certificate, finding, new_task, texts, violation};
use crate::{
    AuditRequest, AuditTarget, DetectRequest, DetectTarget, MitigateConfig, StepStatus, TaskKind,
    TaskRequest, TaskStatus,
};

const THINGS: usize = 3;

fn detect() -> TaskRequest {
    let ids = (0..THINGS).map(|n| format!("v{n}")).collect();
    TaskRequest::Detect(DetectRequest {
        target: DetectTarget::Violations(ids),
        actions: texts("cert sns group"),
        range: None,
        only_active: false,
        includes_suppressed: false,
    })
}

fn audit() -> TaskRequest {
    let check = "DEVICE_CERTIFICATE_SHARED_CHECK".to_owned();
    TaskRequest::Audit(AuditRequest {
        target: AuditTarget::Audit { task_id: "audit-1".to_owned(), reason_codes: None },
        actions: [(check, texts("cert sns group"))].into(),
    })
}

fn world() -> Arc<World> {
    let world = World::default();
    for n in 0..THINGS {
        world.add_violation(violation(&format!("v{n}"), &format!("t{n}")));
        let number = u8::try_from(n).unwrap() + 1;
        let resource = ("DEVICE_CERTIFICATE", certificate(number));
        let found = finding(&format!("f{n}"), "DEVICE_CERTIFICATE_SHARED_CHECK", resource);
        world.findings.findings.lock().unwrap().push(found);
    }
    Arc::new(world)
}

/// A process that ends at the fuse's point, or with the task. Nothing of it is left when this returns.
fn live(path: &Path, request: TaskRequest, (world, fuse): (&Arc<World>, &Arc<Fuse>)) {
    let runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = { runtime }.worker_threads(2).enable_all().build().unwrap();
    let working = async {
        let config = MitigateConfig { targets_at_once: 2, ..MitigateConfig::default() };
        let rig = Rig::open(path, config, (Arc::clone(world), Arc::clone(fuse))).await;
        let kind = request.kind();
        // Also where it has been started before: with its token that is the same task.
        rig.mitigation.start_task(new_task("t"), request).await.unwrap();
        rig.over(kind, "t").await;
        rig.end().await;
    };
    runtime.block_on(async {
        tokio::select! {
            () = working => {}
            () = fuse.blown.notified() => {}
        }
    });
    runtime.shutdown_timeout(std::time::Duration::from_secs(10));
}

async fn check_outcome(path: &Path, kind: TaskKind, world: &Arc<World>, at: i64) {
    let config = MitigateConfig::default();
    let rig = Rig::open(path, config, (Arc::clone(world), Fuse::never())).await;
    let task = rig.over(kind, "t").await;
    assert_eq!(task.status, TaskStatus::Done, "crash at {at}: {task:?}");
    let steps = THINGS * 3;
    assert_eq!((task.tally.executed, task.tally.skipped, task.tally.failed), (steps as u64, 0, 0));
    let page = picket_ports::registry::Page::first(100);
    let executions = rig.mitigation.task_executions(kind, "t", &page).await.unwrap().rows;
    assert_eq!(executions.len(), steps);
    assert!(executions.iter().all(|it| it.status == StepStatus::Done), "{executions:?}");
    rig.end().await;
    let changes = world.changes();
    assert_eq!(changes.len(), THINGS * 2, "crash at {at}: {changes:?}");
    assert!(changes.iter().all(|(_, count)| *count == 1), "crash at {at}: {changes:?}");
    let published = world.published.lock();
    assert_eq!(published.len(), THINGS, "crash at {at}: {published:?}");
}

fn crash_everywhere(request: impl Fn() -> TaskRequest) {
    let mut at = 0;
    loop {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let nobody = Arc::new(World::default());
            let config = MitigateConfig::default();
            let rig = Rig::open(path, config, (nobody, Fuse::never())).await;
            rig.actions().await;
            rig.end().await;
        });
        let (world, fuse) = (world(), Fuse::after(at));
        live(path, request(), (&world, &fuse));
        let is_blown = fuse.is_blown.load(Ordering::SeqCst);
        if is_blown {
            live(path, request(), (&world, &Fuse::never()));
        }
        runtime.block_on(check_outcome(path, request().kind(), &world, at));
        if !is_blown {
            // 1 commit at the start, 2 for each step, 1 for each target, 1 at the end; 2 points around
            // each of them and around each effect.
            let steps = i64::try_from(THINGS * 3).unwrap();
            let commits = 1 + 2 * steps + i64::try_from(THINGS).unwrap() + 1;
            assert_eq!(at, 2 * (commits + steps));
            return;
        }
        at += 1;
    }
}

#[test]
fn a_detect_task_that_crashes_at_any_point_does_every_step_once_in_the_end() {
    crash_everywhere(detect);
}

#[test]
fn an_audit_task_that_crashes_at_any_point_does_every_step_once_in_the_end() {
    crash_everywhere(audit);
}
