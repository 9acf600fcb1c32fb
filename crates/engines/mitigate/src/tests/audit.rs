use picket_ports::findings::FindingResource;
use serde_json::json;

use super::world::{Rig, START, certificate, finding, new_task, refusal, texts};
use crate::{
    AuditRequest, AuditTarget, CheckTally, ExecutedStep, MitigateConfig, StepStatus, TaskKind,
    TaskRequest, TaskStatus,
};

const KIND: TaskKind = TaskKind::Audit;
const SHARED: &str = "DEVICE_CERTIFICATE_SHARED_CHECK";
const EXPIRING: &str = "DEVICE_CERTIFICATE_EXPIRING_CHECK";
const POLICY: &str = "IOT_POLICY_OVERLY_PERMISSIVE_CHECK";
const LOGGING: &str = "LOGGING_DISABLED_CHECK";
const CA: &str = "CA_CERTIFICATE_EXPIRING_CHECK";
const INTERMEDIATE: &str = "INTERMEDIATE_CA_REVOKED_FOR_ACTIVE_DEVICE_CERTIFICATES_CHECK";

fn of_audit(actions: &[(&str, &str)]) -> AuditRequest {
    let target = AuditTarget::Audit { task_id: "audit-1".to_owned(), reason_codes: None };
    request(target, actions)
}

fn on(findings: &str, actions: &[(&str, &str)]) -> AuditRequest {
    request(AuditTarget::Findings(texts(findings)), actions)
}

fn request(target: AuditTarget, actions: &[(&str, &str)]) -> AuditRequest {
    let actions = actions.iter().map(|(check, names)| ((*check).to_owned(), texts(names)));
    AuditRequest { target, actions: actions.collect() }
}

async fn start(rig: &Rig, id: &str, request: AuditRequest) {
    rig.mitigation.start_task(new_task(id), TaskRequest::Audit(request)).await.unwrap();
}

async fn refused(rig: &Rig, request: AuditRequest) -> String {
    refusal(rig.mitigation.start_task(new_task("no"), TaskRequest::Audit(request)).await)
}

fn said(steps: &[ExecutedStep]) -> Vec<String> {
    steps.iter().map(|it| format!("{} {}", it.action, it.status.as_str(KIND))).collect()
}

/// Findings of every kind of resource that an action helps with.
async fn rig() -> Rig {
    let rig = Rig::new().await;
    rig.actions().await;
    let policy = json!({"policyVersionIdentifier": {"policyName": "open", "policyVersionId": "3"}});
    let issuer = json!({"issuerCertificateIdentifier": {"issuerId": "x"}});
    let mut revoked = finding("f-issuer", INTERMEDIATE, ("ISSUER_CERTIFICATE", issuer));
    for n in [7, 8] {
        revoked.related_resources.push(FindingResource {
            resource_type: "DEVICE_CERTIFICATE".to_owned(),
            resource_identifier: certificate(n),
            additional_info: Default::default(),
        });
    }
    let mut suppressed = finding("f-quiet", SHARED, ("DEVICE_CERTIFICATE", certificate(3)));
    suppressed.is_suppressed = true;
    let mut past = finding("f-past", EXPIRING, ("DEVICE_CERTIFICATE", certificate(4)));
    past.reason_for_non_compliance_code = "CERTIFICATE_PAST_EXPIRATION".to_owned();
    let ca = json!({"caCertificateId": format!("{:064x}", 6)});
    rig.world.findings.findings.lock().unwrap().extend([
        finding("f-one", SHARED, ("DEVICE_CERTIFICATE", certificate(1))),
        finding("f-two", SHARED, ("DEVICE_CERTIFICATE", certificate(2))),
        suppressed,
        past,
        finding("f-soon", EXPIRING, ("DEVICE_CERTIFICATE", certificate(5))),
        finding("f-policy", POLICY, ("IOT_POLICY", policy)),
        finding("f-log", LOGGING, ("ACCOUNT_SETTINGS", json!({"account": "000000000000"}))),
        finding("f-ca", CA, ("CA_CERTIFICATE", ca)),
        revoked,
    ]);
    rig
}

#[tokio::test]
async fn all_six_types_are_applied_to_the_findings_they_help_with() {
    let rig = rig().await;
    let asked = of_audit(&[
        (SHARED, "cert group sns"),
        (POLICY, "policy"),
        (LOGGING, "log sns"),
        (CA, "ca"),
        (INTERMEDIATE, "cert"),
    ]);
    start(&rig, "t", asked).await;
    let task = rig.over(KIND, "t").await;
    assert_eq!(task.status.as_str(KIND), "COMPLETED");
    assert_eq!(task.audits, ["audit-1".to_owned()].into());
    assert_eq!(task.actions.len(), 6, "each action once");
    let of_shared = CheckTally { total: 3, succeeded: 2, skipped: 1, ..CheckTally::default() };
    assert_eq!(task.tally.checks[SHARED], of_shared, "one is suppressed");
    for check in [POLICY, LOGGING, CA, INTERMEDIATE] {
        let expected = CheckTally { total: 1, succeeded: 1, ..CheckTally::default() };
        assert_eq!(task.tally.checks[check], expected, "{check}");
    }
    assert!(!task.tally.checks.contains_key(EXPIRING), "nothing was asked for it");
    let changes: Vec<_> = rig.world.changes().into_iter().map(|(it, _)| it).collect();
    assert_eq!(
        changes,
        [
            "blank open",
            "deactivate 1",
            "deactivate 2",
            "deactivate 7",
            "deactivate 8",
            "deactivate-ca ca-6",
            "join 1",
            "join 2",
            "log account",
        ]
    );
    let published = rig.world.published.lock().clone();
    assert_eq!(published.len(), 3);
    let of_logging = published.iter().find(|(_, _, it)| it["checkName"] == LOGGING).unwrap();
    assert_eq!(
        of_logging.2,
        json!({
            "findingId": "f-log", "taskId": "audit-1", "checkName": LOGGING, "severity": "CRITICAL",
            "taskStartTime": START.as_millis(), "findingTime": START.as_millis() + 743,
            "nonCompliantResource": {"resourceType": "ACCOUNT_SETTINGS",
                                     "resourceIdentifier": {"account": "000000000000"}},
            "reasonForNonComplianceCode": "BECAUSE", "reasonForNonCompliance": "Because.",
        })
    );
    let steps = rig.mitigation.audit_executions("t", "f-two", None).await.unwrap();
    assert_eq!(said(&steps), ["cert COMPLETED", "group COMPLETED", "sns COMPLETED"]);
    rig.end().await;
}

#[tokio::test]
async fn a_reason_filter_leaves_out_what_it_does_not_name() {
    let rig = rig().await;
    let mut asked = of_audit(&[(EXPIRING, "group"), (SHARED, "cert")]);
    asked.target = AuditTarget::Audit {
        task_id: "audit-1".to_owned(),
        reason_codes: Some([(EXPIRING.to_owned(), texts("CERTIFICATE_PAST_EXPIRATION"))].into()),
    };
    start(&rig, "t", asked).await;
    let task = rig.over(KIND, "t").await;
    let one_of_two = CheckTally { total: 2, succeeded: 1, skipped: 1, ..CheckTally::default() };
    assert_eq!(task.tally.checks[EXPIRING], one_of_two);
    let none = CheckTally { total: 3, skipped: 3, ..CheckTally::default() };
    assert_eq!(task.tally.checks[SHARED], none);
    assert_eq!(rig.world.changes(), [("join 4".to_owned(), 1)]);
    rig.end().await;
}

#[tokio::test]
async fn a_failure_ends_what_is_left_for_its_finding_and_the_task_fails() {
    let rig = rig().await;
    start(&rig, "t", on("f-one f-log f-past", &[(SHARED, "cert lost sns"), (LOGGING, "sns")]))
        .await;
    let task = rig.over(KIND, "t").await;
    assert_eq!(task.status, TaskStatus::Failed);
    let steps = rig.mitigation.audit_executions("t", "f-one", None).await.unwrap();
    assert_eq!(said(&steps), ["cert COMPLETED", "lost FAILED", "sns SKIPPED"]);
    assert_eq!(steps[1].error_code.as_deref(), Some("ResourceNotFoundException"));
    let failed = Some(StepStatus::Failed);
    let steps = rig.mitigation.audit_executions("t", "f-one", failed).await.unwrap();
    assert_eq!(said(&steps), ["lost FAILED"]);
    let tally = |check: &str| task.tally.checks[check];
    assert_eq!(tally(SHARED), CheckTally { total: 1, failed: 1, ..CheckTally::default() });
    assert_eq!(tally(LOGGING), CheckTally { total: 1, succeeded: 1, ..CheckTally::default() });
    let named_in_vain = CheckTally { total: 1, skipped: 1, ..CheckTally::default() };
    assert_eq!(tally(EXPIRING), named_in_vain, "named, but nothing is to be done for its check");
    for (task_id, finding_id, words) in [
        ("none", "f-one", "audit mitigation task none not found"),
        ("t", "f-two", "audit mitigation task t is not for the finding f-two"),
    ] {
        let text = refusal(rig.mitigation.audit_executions(task_id, finding_id, None).await);
        assert_eq!(text, format!("Invalid: {words}"));
    }
    rig.end().await;
}

#[tokio::test]
async fn a_large_audit_is_fine_where_few_findings_are_asked_for_and_too_many_are_refused() {
    let config = MitigateConfig { targets_max: 20, ..MitigateConfig::default() };
    let rig = Rig::with(config).await;
    rig.actions().await;
    let account = || ("ACCOUNT_SETTINGS", json!({"account": "000000000000"}));
    let many = (0..1200).map(|n| finding(&format!("f{n}"), LOGGING, account()));
    rig.world.findings.findings.lock().unwrap().extend(many);
    let last = finding("last", SHARED, ("DEVICE_CERTIFICATE", certificate(1)));
    rig.world.findings.findings.lock().unwrap().push(last);
    start(&rig, "t", of_audit(&[(SHARED, "cert")])).await;
    assert_eq!(rig.over(KIND, "t").await.tally.executed, 1, "the last one of a large audit");
    let text = refused(&rig, of_audit(&[(LOGGING, "log")])).await;
    assert!(text.starts_with("LimitExceeded: the task would have more than 20 targets"), "{text}");
    rig.end().await;
}

#[tokio::test]
async fn what_aws_refuses_is_refused() {
    let rig = rig().await;
    let many: Vec<String> = (0..26).map(|n| format!("f{n}")).collect();
    let codes = |codes: &str, check: &str| AuditRequest {
        target: AuditTarget::Audit {
            task_id: "audit-1".to_owned(),
            reason_codes: Some([(check.to_owned(), texts(codes))].into()),
        },
        actions: [(SHARED.to_owned(), texts("cert"))].into(),
    };
    let elsewhere = AuditTarget::Audit { task_id: "audit-9".to_owned(), reason_codes: None };
    for (asked, words) in [
        (on("", &[(SHARED, "cert")]), "`findingIds` has 0 members; it must have 1 to 25"),
        (request(AuditTarget::Findings(many), &[(SHARED, "cert")]), "has 26 members"),
        (on("f-none", &[(SHARED, "cert")]), "there is no finding f-none"),
        (request(elsewhere, &[(SHARED, "cert")]), "there is no audit audit-9"),
        (of_audit(&[]), "names no check"),
        (of_audit(&[("SHARED_CHECK", "cert")]), "`SHARED_CHECK` at `auditCheckToActionsMapping`"),
        (of_audit(&[(SHARED, "")]), "has 0 members; it must have 1 to 5"),
        (of_audit(&[(SHARED, "cret")]), "did you mean `cert`?"),
        (of_audit(&[(SHARED, "policy")]), "REPLACE_DEFAULT_POLICY_VERSION, which does not help"),
        (of_audit(&[(POLICY, "cert")]), "does not help with findings of"),
        (of_audit(&[("CONFLICTING_CLIENT_IDS_CHECK", "group")]), "does not help with findings of"),
        (codes("", SHARED), "has 0 members; it must have 1 to 25"),
        (codes("A B A", SHARED), "`A` is in `auditCheckToReasonCodeFilter` twice"),
        (codes("A", "NO_CHECK"), "is not an audit check"),
    ] {
        let text = refused(&rig, asked).await;
        assert!(text.starts_with("Invalid: ") && text.contains(words), "{text}");
    }
    rig.end().await;
}

#[tokio::test]
async fn ten_tasks_run_at_a_time_beside_those_for_violations() {
    let rig = rig().await;
    let gate = std::sync::Arc::new(tokio::sync::Semaphore::new(0));
    *rig.world.gate.lock() = Some(std::sync::Arc::clone(&gate));
    for n in 0..10 {
        start(&rig, &format!("t{n}"), on("f-one", &[(SHARED, "cert")])).await;
    }
    let text = refused(&rig, on("f-one", &[(SHARED, "cert")])).await;
    assert!(text.starts_with("LimitExceeded: 10 audit mitigation tasks are in progress"), "{text}");
    rig.mitigation.cancel_task(KIND, "t3").await.unwrap();
    gate.add_permits(100);
    for n in 0..10 {
        let task = rig.over(KIND, &format!("t{n}")).await;
        let expected = if n == 3 { TaskStatus::Canceled } else { TaskStatus::Done };
        assert_eq!(task.status, expected);
    }
    assert_eq!(rig.world.changes(), [("deactivate 1".to_owned(), 1)]);
    rig.end().await;
}
