//! All six types of mitigation actions, on violations and on findings, over the real control plane: its
//! registry in SQLite, tasks and findings in fjall, and the engine that notifies.

#![expect(clippy::unwrap_used, reason = "tests may panic")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use picket_audit::FindingBook;
use picket_broker::{Broker, BrokerLimits};
use picket_core::{Account, CertificateId, Clock, PolicyName, SystemClock, Tasks};
use picket_fjall::FjallStore;
use picket_mitigate::{
    ActionParams, AuditRequest, AuditTarget, Dependencies, DetectRequest, DetectTarget,
    MitigateConfig, Mitigation, NewAction, NewTask, StepStatus, Task, TaskKind, TaskRequest,
    TaskStatus,
};
use picket_notify::{NotifyEngine, Subscribe};
use picket_pki::Authority;
use picket_ports::alarms::by_hand::{AlarmsByHand, open_port};
use picket_ports::findings::by_hand::finding;
use picket_ports::registry::{CertificateStatus, ChangeFilter, DocumentKind, Page};
use picket_ports::{Directory as _, Registry};
use picket_registry::{
    AttachmentKind, AuthorityStatus, BLANK_POLICY, CertificateRegistration, ControlParts,
    ControlPlane, LiveDirectory, LogLevel, NewAuthority, NewGroup, NewThing, RegistryLimits,
};
use picket_sqlite::SqliteRegistry;
use serde_json::{Value, json};

const ROLE: &str = "arn:aws:iam::000000000000:role/mitigation";
const OPEN: &str = r#"{"Version":"2012-10-17","Statement":[
    {"Effect":"Allow","Action":"iot:*","Resource":"*"}]}"#;

struct Rig {
    mitigation: Arc<Mitigation>,
    control: Arc<ControlPlane>,
    registry: Arc<dyn Registry>,
    directory: Arc<LiveDirectory>,
    alarms: Arc<AlarmsByHand>,
    findings: Arc<FindingBook>,
    notify: Arc<NotifyEngine>,
    tasks: Tasks,
    _folder: tempfile::TempDir,
}

/// A device: its certificate, signed by an authority that is registered, with a policy of its own.
struct Device {
    certificate: CertificateId,
    authority: CertificateId,
    policy: PolicyName,
}

impl Rig {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let opened = SqliteRegistry::open(folder.path().join("registry.db")).await.unwrap();
        let registry: Arc<dyn Registry> = Arc::new(opened);
        let states = Arc::new(FjallStore::open(folder.path().join("log")).unwrap());
        let (tasks, clock): (_, Arc<dyn Clock>) = (Tasks::new(), Arc::new(SystemClock));
        let directory = LiveDirectory::follow(registry.clone(), &tasks).await.unwrap();
        let broker = Broker::new(BrokerLimits::default(), clock.clone());
        let control = Arc::new(ControlPlane::new(ControlParts {
            registry: registry.clone(),
            directory: directory.clone(),
            authority: Arc::new(Authority::generate(clock.now()).unwrap()),
            publish: broker,
            clock: clock.clone(),
            account: Account::default(),
            limits: RegistryLimits::default(),
        }));
        let notify = picket_notify::testsuite::engine(registry.clone(), clock.clone(), &tasks);
        let notify = notify.await.unwrap();
        let findings = FindingBook::open(&*states, clock.clone(), &tasks).await.unwrap();
        let alarms = Arc::new(AlarmsByHand::default());
        let dependencies = Dependencies {
            registry: registry.clone(),
            states,
            remedies: control.clone(),
            alarms: alarms.clone(),
            findings: findings.clone(),
            notify: notify.clone(),
            clock,
            tasks: tasks.clone(),
            account: Account::default(),
        };
        let mitigation = Mitigation::open(MitigateConfig::default(), dependencies).await.unwrap();
        let rig = Self {
            mitigation,
            control,
            registry,
            directory,
            alarms,
            findings,
            notify,
            tasks,
            _folder: folder,
        };
        rig.prepare().await;
        rig
    }

    /// A group, a topic, and one action of each type.
    async fn prepare(&self) {
        let group = NewGroup { name: "quarantine".to_owned(), ..NewGroup::default() };
        self.control.create_thing_group(group, &[]).await.unwrap();
        let topic = self.notify.create_topic("ops", Default::default(), Vec::new()).await.unwrap();
        let subscribe = Subscribe {
            topic_arn: topic.clone(),
            protocol: "mqtt".to_owned(),
            endpoint: "alerts/ops".to_owned(),
            ..Subscribe::default()
        };
        self.notify.subscribe(subscribe).await.unwrap();
        let group = json!({"thingGroupNames": ["quarantine"], "overrideDynamicGroups": true});
        for (name, params) in [
            ("cert", json!({"updateDeviceCertificateParams": {"action": "DEACTIVATE"}})),
            ("ca", json!({"updateCACertificateParams": {"action": "DEACTIVATE"}})),
            ("group", json!({"addThingsToThingGroupParams": group})),
            (
                "policy",
                json!({"replaceDefaultPolicyVersionParams": {"templateName": "BLANK_POLICY"}}),
            ),
            (
                "log",
                json!({"enableIoTLoggingParams": {"roleArnForLogging": ROLE, "logLevel": "WARN"}}),
            ),
            ("sns", json!({"publishFindingToSnsParams": {"topicArn": topic}})),
        ] {
            let params = ActionParams::read(&params).unwrap();
            let (name, role_arn) = (name.to_owned(), ROLE.to_owned());
            let new = NewAction { name, role_arn, params, tags: Vec::new() };
            self.mitigation.create_action(new).await.unwrap();
        }
    }

    async fn device(&self, name: &str) -> Device {
        let own = Authority::generate(SystemClock.now()).unwrap();
        let code = self.control.registration_code().await.unwrap();
        let verification = own.issue_device(&code, SystemClock.now()).unwrap().certificate_pem;
        let new = NewAuthority {
            certificate_pem: own.certificate_pem(),
            verification_pem: Some(&verification),
            is_active: true,
            ..NewAuthority::default()
        };
        let authority = self.control.register_ca_certificate(new).await.unwrap().id().clone();
        let pem = own.issue_device(name, SystemClock.now()).unwrap().certificate_pem;
        let registration = CertificateRegistration {
            certificate_pem: &pem,
            ca_pem: Some(own.certificate_pem()),
            set_as_active: None,
            status: Some("ACTIVE"),
        };
        let certificate = self.control.register_certificate(&registration).await.unwrap().id;
        let thing = NewThing { name: name.to_owned(), ..NewThing::default() };
        self.control.create_thing(thing).await.unwrap();
        let arn = self.control.certificate_arn(&certificate);
        let kind = AttachmentKind::NonExclusive;
        self.control.attach_thing_principal(name, &arn, kind).await.unwrap();
        let policy = format!("policy-of-{name}");
        self.control.create_policy(&policy, OPEN, &[]).await.unwrap();
        self.control.attach_policy(&policy, &arn).await.unwrap();
        Device { certificate, authority, policy: PolicyName::new(policy).unwrap() }
    }

    async fn run(&self, request: TaskRequest, id: &str) -> Task {
        let kind = request.kind();
        let new = NewTask { id: id.to_owned(), by: "ana".to_owned(), ..NewTask::default() };
        self.mitigation.start_task(new, request).await.unwrap();
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let task = self.mitigation.task(kind, id).await.unwrap();
            if task.ended.is_some() {
                return task;
            }
            assert!(Instant::now() < deadline, "{task:?}");
            tokio::task::yield_now().await;
        }
    }

    /// Whether everything has been done to a device that can be.
    async fn check_quarantined(&self, name: &str, device: &Device) {
        let certificate = self.registry.certificate(&device.certificate).await.unwrap();
        assert_eq!(certificate.status, CertificateStatus::Inactive);
        let at_the_door = self.directory.certificate(&device.certificate).unwrap();
        assert_eq!(at_the_door.status, CertificateStatus::Inactive);
        let authority =
            self.control.describe_ca_certificate(device.authority.as_str()).await.unwrap();
        assert_eq!(authority.record.status, AuthorityStatus::Inactive);
        assert!(self.directory.groups_of(name).contains(&"quarantine".to_owned()));
        let policy = self.registry.policy(&device.policy).await.unwrap();
        assert_eq!((&*policy.document(), policy.versions.len()), (BLANK_POLICY, 2));
        let logging = self.control.logging_options().await.unwrap();
        assert_eq!(logging.default_level, LogLevel::Warn);
        assert_eq!(self.notify.ledger().received, 1, "one subscriber was told");
    }

    async fn end(self) {
        assert!(self.tasks.shut_down(Duration::from_secs(5)).await);
    }
}

fn names(words: &str) -> Vec<String> {
    words.split_whitespace().map(str::to_owned).collect()
}

#[tokio::test]
async fn all_six_types_work_on_violations() {
    let rig = Rig::new().await;
    let device = rig.device("pump-1").await;
    let alarm = open_port(&"a".repeat(32), "pump-1", SystemClock.now());
    rig.alarms.active.lock().unwrap().push(alarm.clone());
    let detect = |actions: &str| {
        TaskRequest::Detect(DetectRequest {
            target: DetectTarget::Violations(vec![alarm.violation_id.clone()]),
            actions: names(actions),
            range: None,
            only_active: true,
            includes_suppressed: false,
        })
    };
    let (ids, actions) = ([alarm.violation_id.clone()], names("cert ca group policy log"));
    let plan = rig.mitigation.plan(&ids, &actions).await.unwrap();
    assert!(plan.iter().all(|step| step.problem.is_none() && !step.changes[0].is_done), "{plan:?}");

    let task = rig.run(detect("cert ca group policy log"), "one").await;
    assert_eq!((task.status, task.tally.executed), (TaskStatus::Done, 5), "{task:?}");
    let task = rig.run(detect("sns"), "two").await;
    assert_eq!((task.status, task.tally.executed), (TaskStatus::Done, 1), "{task:?}");
    rig.check_quarantined("pump-1", &device).await;

    let filter = ChangeFilter { actor: Some("ana".to_owned()), ..ChangeFilter::default() };
    let trail = rig.registry.recorded_changes(&filter, &Page::first(100)).await.unwrap().rows;
    let recorded: Vec<_> = trail.iter().rev().map(|it| it.operation.as_str()).collect();
    let expected = [
        "UpdateCertificate",
        "UpdateCACertificate",
        "AddThingToThingGroup",
        "CreatePolicyVersion",
        "SetV2LoggingOptions",
    ];
    assert_eq!(recorded, expected);
    assert_eq!(trail[4].resource, format!("cert/{}", device.certificate));

    let again = rig.run(detect("cert ca group policy log"), "three").await;
    assert_eq!(again.status, TaskStatus::Done);
    let page = Page::first(100);
    let steps = rig.mitigation.task_executions(TaskKind::Detect, "three", &page).await.unwrap();
    let changes = steps.rows.iter().flat_map(|step| &step.changes);
    assert!(changes.into_iter().all(|change| change.is_done), "nothing is done twice");
    rig.check_quarantined("pump-1", &device).await;
    rig.end().await;
}

#[tokio::test]
async fn all_six_types_work_on_findings() {
    let rig = Rig::new().await;
    let device = rig.device("pump-1").await;
    let version = json!({"policyName": device.policy, "policyVersionId": "1"});
    let found = [
        finding(
            "f-cert",
            "DEVICE_CERTIFICATE_SHARED_CHECK",
            ("DEVICE_CERTIFICATE", json!({"deviceCertificateId": device.certificate})),
        ),
        finding(
            "f-ca",
            "CA_CERTIFICATE_KEY_QUALITY_CHECK",
            ("CA_CERTIFICATE", json!({"caCertificateId": device.authority})),
        ),
        finding(
            "f-policy",
            "IOT_POLICY_OVERLY_PERMISSIVE_CHECK",
            ("IOT_POLICY", json!({"policyVersionIdentifier": version})),
        ),
        finding(
            "f-log",
            "LOGGING_DISABLED_CHECK",
            ("ACCOUNT_SETTINGS", json!({"account": "000000000000"})),
        ),
    ];
    rig.findings.record("audit-1", SystemClock.now(), &found).await.unwrap();
    let actions = [
        ("DEVICE_CERTIFICATE_SHARED_CHECK", "cert group"),
        ("CA_CERTIFICATE_KEY_QUALITY_CHECK", "ca"),
        ("IOT_POLICY_OVERLY_PERMISSIVE_CHECK", "policy"),
        ("LOGGING_DISABLED_CHECK", "log sns"),
    ];
    let request = TaskRequest::Audit(AuditRequest {
        target: AuditTarget::Audit { task_id: "audit-1".to_owned(), reason_codes: None },
        actions: actions.map(|(check, words)| (check.to_owned(), names(words))).into(),
    });
    let task = rig.run(request, "one").await;
    assert_eq!((task.status, task.tally.executed), (TaskStatus::Done, 6), "{task:?}");
    let steps = rig.mitigation.audit_executions("one", "f-log", None).await.unwrap();
    assert!(steps.iter().all(|step| step.status == StepStatus::Done));
    rig.check_quarantined("pump-1", &device).await;
    rig.end().await;
}

#[tokio::test]
async fn what_the_registry_refuses_fails_with_aws_s_exception() {
    let rig = Rig::new().await;
    let device = rig.device("pump-1").await;
    for _ in 0..4 {
        rig.control.create_policy_version(device.policy.as_str(), OPEN, false).await.unwrap();
    }
    let topic: Value = json!("arn:aws:sns:us-east-1:000000000000:none");
    let params = ActionParams::read(&json!({"publishFindingToSnsParams": {"topicArn": topic}}));
    let (name, role_arn) = ("deaf".to_owned(), ROLE.to_owned());
    let new = NewAction { name, role_arn, params: params.unwrap(), tags: Vec::new() };
    rig.mitigation.create_action(new).await.unwrap();
    let id = "b".repeat(32);
    rig.alarms.active.lock().unwrap().push(open_port(&id, "pump-1", SystemClock.now()));
    for (action, code) in
        [("policy", "VersionsLimitExceededException"), ("deaf", "NotFoundException")]
    {
        let request = TaskRequest::Detect(DetectRequest {
            target: DetectTarget::Violations(vec![id.clone()]),
            actions: names(action),
            range: None,
            only_active: false,
            includes_suppressed: false,
        });
        let task = rig.run(request, action).await;
        assert_eq!(task.status, TaskStatus::Failed);
        let page = Page::first(9);
        let steps = rig.mitigation.task_executions(TaskKind::Detect, action, &page).await.unwrap();
        assert_eq!(steps.rows[0].error_code.as_deref(), Some(code), "{steps:?}");
        assert!(steps.rows[0].message.is_some());
    }
    let documents = rig.registry.documents(DocumentKind::MitigationAction).await.unwrap();
    assert_eq!(documents.len(), 7);
    rig.end().await;
}
