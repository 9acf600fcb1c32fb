//! Mitigation actions and both kinds of tasks in AWS's shapes.

use std::time::{Duration, Instant};

use http::Method;
use picket_core::{Clock as _, Timestamp};
use picket_ports::alarms::by_hand::open_port;
use picket_ports::findings::by_hand::finding;
use picket_registry::{NewGroup, NewThing};
use serde_json::{Value, json};

use crate::rig::{Ask, Reply, Rig};

const ROLE: &str = "arn:aws:iam::000000000000:role/mitigation";
const ACTIONS: &str = "/mitigationactions/actions";
const LOGGING: &str = "LOGGING_DISABLED_CHECK";
const INVALID: &str = "InvalidRequestException";

async fn ask(rig: &Rig, method: Method, target: &str, body: Value) -> Reply {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let ask = Ask { body: body.into(), ..Ask::new(method, target) };
    rig.admin("iot", ask).await
}

async fn get(rig: &Rig, target: &str) -> Reply {
    ask(rig, Method::GET, target, Value::Null).await
}

async fn action(rig: &Rig, name: &str, params: Value) -> String {
    let body = json!({"roleArn": ROLE, "actionParams": params});
    let made = ask(rig, Method::POST, &format!("{ACTIONS}/{name}"), body).await.json();
    made["actionId"].as_str().unwrap().to_owned()
}

fn violation_id(n: u8) -> String {
    format!("{n:032x}")
}

/// Alarms of the things `cam-1` and `cam-2`, of which the first is registered, a finding about logging,
/// a group, and the actions `quarantine`, `lost` and `log`.
async fn rig() -> (Rig, String) {
    let rig = Rig::new().await;
    let at = Timestamp::from_millis(rig.clock.now().as_millis() - 60_000);
    for n in 1..=2 {
        let alarm = open_port(&violation_id(n), &format!("cam-{n}"), at);
        rig.alarms.active.lock().unwrap().push(alarm);
    }
    let account = ("ACCOUNT_SETTINGS", json!({"account": "000000000000"}));
    rig.findings.findings.lock().unwrap().push(finding("f-1", LOGGING, account));
    let thing = NewThing { name: "cam-1".to_owned(), ..NewThing::default() };
    rig.control.create_thing(thing).await.unwrap();
    let group = NewGroup { name: "quarantine".to_owned(), ..NewGroup::default() };
    rig.control.create_thing_group(group, &[]).await.unwrap();
    let join = |group: &str| json!({"addThingsToThingGroupParams": {"thingGroupNames": [group]}});
    let id = action(&rig, "quarantine", join("quarantine")).await;
    action(&rig, "lost", join("nowhere")).await;
    let log = json!({"enableIoTLoggingParams": {"roleArnForLogging": ROLE, "logLevel": "INFO"}});
    action(&rig, "log", log).await;
    (rig, id)
}

/// Asks again until the answer says so.
async fn until(rig: &Rig, target: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let reply = get(rig, target).await.json();
        if is_so(&reply) {
            return reply;
        }
        assert!(Instant::now() < deadline, "{reply}");
    }
}

#[tokio::test]
async fn an_action_is_described_changed_listed_tagged_and_deleted() {
    let rig = Rig::new().await;
    let now = rig.clock.now().as_millis() as f64 / 1000.0;
    let params = json!({"updateCACertificateParams": {"action": "DEACTIVATE"}});
    let target = format!("{ACTIONS}/stop");
    let body = json!({"roleArn": ROLE, "actionParams": params,
                      "tags": [{"Key": "team", "Value": "ops"}]});
    let made = ask(&rig, Method::POST, &target, body.clone()).await;
    let arn = "arn:aws:iot:us-east-1:000000000000:mitigationaction/stop";
    let id = made.json()["actionId"].as_str().unwrap().to_owned();
    assert_eq!(made.json(), json!({"actionArn": arn, "actionId": id}));
    let described = get(&rig, &target).await.json();
    let dates = ["creationDate", "lastModifiedDate"].map(|it| described[it].as_f64().unwrap());
    assert_eq!(dates, [now, now]);
    let mut expected = json!({
        "actionName": "stop", "actionType": "UPDATE_CA_CERTIFICATE", "actionArn": arn,
        "actionId": id, "roleArn": ROLE, "actionParams": params,
    });
    for date in ["creationDate", "lastModifiedDate"] {
        expected[date] = described[date].clone();
    }
    assert_eq!(described, expected);
    let tags = get(&rig, &format!("/tags?resourceArn={arn}")).await.json();
    assert_eq!(tags["tags"], json!([{"Key": "team", "Value": "ops"}]));
    let listed = get(&rig, &format!("{ACTIONS}?actionType=UPDATE_CA_CERTIFICATE")).await.json();
    let one =
        json!({"actionName": "stop", "actionArn": arn, "creationDate": described["creationDate"]});
    assert_eq!(listed, json!({"actionIdentifiers": [one]}));

    let taken = ask(&rig, Method::POST, &target, body).await;
    taken.is_error(409, "ResourceAlreadyExistsException", "already exists");
    assert_eq!(taken.json()["resourceArn"], arn);
    let role = json!({"roleArn": "arn:aws:iam::000000000000:role/other"});
    let changed = ask(&rig, Method::PATCH, &target, role.clone()).await;
    assert_eq!(changed.json(), json!({"actionArn": arn, "actionId": id}));
    assert_eq!(get(&rig, &target).await.json()["roleArn"], role["roleArn"]);
    for _ in 0..2 {
        let deleted = ask(&rig, Method::DELETE, &target, Value::Null).await;
        assert_eq!((deleted.status.as_u16(), deleted.json()), (200, json!({})));
    }
    get(&rig, &target).await.is_error(404, "ResourceNotFoundException", "mitigation action stop");
    let unknown = ask(&rig, Method::PATCH, &target, role).await;
    unknown.is_error(404, "ResourceNotFoundException", "mitigation action stop");
    for (body, words) in [
        (json!({"roleArn": ROLE}), "missing field `actionParams`"),
        (json!({"actionParams": {}}), "missing field `roleArn`"),
        (json!({"roleArn": ROLE, "actionParams": {}}), "has 0 members"),
        (
            json!({"roleArn": "r", "actionParams": {"updateCACertificateParams": {"action": "DEACTIVATE"}}}),
            "`roleArn` is `r`",
        ),
    ] {
        ask(&rig, Method::POST, &target, body).await.is_error(400, INVALID, words);
    }
    let odd = get(&rig, &format!("{ACTIONS}?actionType=UPDATE")).await;
    odd.is_error(400, INVALID, "it must be one of UPDATE_DEVICE_CERTIFICATE");
    let viewer = rig.viewer("iot", Ask::new(Method::DELETE, &target)).await;
    assert_eq!(viewer.status.as_u16(), 403);
    rig.end().await;
}

#[tokio::test]
async fn a_detect_task_is_put_and_told_in_its_own_words() {
    let (rig, action_id) = rig().await;
    let tasks = "/detect/mitigationactions/tasks";
    let seconds = rig.clock.now().as_millis() / 1000;
    let body = json!({
        "target": {"violationIds": [violation_id(1), violation_id(2)]}, "actions": ["quarantine"],
        "violationEventOccurrenceRange": {"startTime": seconds - 3600, "endTime": seconds + 1},
        "includeOnlyActiveViolations": true, "includeSuppressedAlerts": true,
        "clientRequestToken": "t-1",
    });
    for _ in 0..2 {
        let started = ask(&rig, Method::PUT, &format!("{tasks}/one"), body.clone()).await;
        assert_eq!(started.json(), json!({"taskId": "one"}), "its token makes it the same task");
    }
    let mut again = body.clone();
    again["clientRequestToken"] = json!("t-2");
    let refused = ask(&rig, Method::PUT, &format!("{tasks}/one"), again).await;
    refused.is_error(400, "TaskAlreadyExistsException", "one exists already");
    let is_over = |it: &Value| it["taskSummary"]["taskEndTime"].is_number();
    let described = until(&rig, &format!("{tasks}/one"), is_over).await;
    let summary = &described["taskSummary"];
    let expected = json!({
        "taskId": "one", "taskStatus": "SUCCESSFUL",
        "taskStartTime": summary["taskStartTime"], "taskEndTime": summary["taskEndTime"],
        "target": body["target"],
        "violationEventOccurrenceRange": body["violationEventOccurrenceRange"],
        "onlyActiveViolationsIncluded": true, "suppressedAlertsIncluded": true,
        "actionsDefinition": [{
            "name": "quarantine", "id": action_id, "roleArn": ROLE,
            "actionParams": {"addThingsToThingGroupParams": {"thingGroupNames": ["quarantine"]}},
        }],
        "taskStatistics": {"actionsExecuted": 1, "actionsSkipped": 1, "actionsFailed": 0},
    });
    assert_eq!(summary, &expected);
    let period = format!("startTime={}&endTime={}", seconds - 1, seconds + 1);
    let listed = get(&rig, &format!("{tasks}?{period}")).await.json();
    assert_eq!(listed, json!({"tasks": [expected]}));

    let executions = "/detect/mitigationactions/executions";
    let by_task = get(&rig, &format!("{executions}?taskId=one")).await.json();
    let rows = by_task["actionsExecutions"].as_array().unwrap();
    let first = json!({
        "taskId": "one", "violationId": violation_id(1), "actionName": "quarantine",
        "thingName": "cam-1", "executionStartDate": rows[0]["executionStartDate"],
        "executionEndDate": rows[0]["executionEndDate"], "status": "SUCCESSFUL",
    });
    assert_eq!(rows[0], first);
    assert_eq!(rows[1]["status"], "SKIPPED");
    assert_eq!(rows[1]["message"], "thing cam-2 is not registered");
    let by_time = get(&rig, &format!("{executions}?{period}&thingName=cam-1")).await.json();
    assert_eq!(by_time, json!({"actionsExecutions": [first]}));
    for query in
        ["", "violationId=1", "startTime=1", "taskId=one&startTime=1&endTime=2", "taskId=no"]
    {
        let refused = get(&rig, &format!("{executions}?{query}")).await;
        refused.is_error(400, INVALID, "");
    }
    rig.end().await;
}

#[tokio::test]
async fn detect_tasks_that_make_no_sense_are_refused() {
    let (rig, _) = rig().await;
    let one = "/detect/mitigationactions/tasks/one";
    let ids = json!({"violationIds": [violation_id(1)]});
    for (body, words) in [
        (json!({"target": ids, "actions": ["quarantine"]}), "missing field `clientRequestToken`"),
        (json!({"target": ids, "clientRequestToken": "t"}), "missing field `actions`"),
        (json!({"target": {}, "actions": ["log"], "clientRequestToken": "t"}), "must have either"),
        (
            json!({"target": {"behaviorName": "b"}, "actions": ["log"], "clientRequestToken": "t"}),
            "must have either `violationIds`",
        ),
        (
            json!({"target": {"violationIds": ["x"], "securityProfileName": "p"},
                   "actions": ["log"], "clientRequestToken": "t"}),
            "must have either `violationIds`",
        ),
        (
            json!({"target": ids, "actions": ["log"], "clientRequestToken": "t",
                   "violationEventOccurrenceRange": {"startTime": 1}}),
            "missing field `endTime`",
        ),
        (
            json!({"target": ids, "actions": ["log"], "clientRequestToken": "t",
                   "violationEventOccurrenceRange": {"startTime": 1e300, "endTime": -1e300}}),
            "ends before it begins",
        ),
        (json!({"target": ids, "actions": ["log"], "clientRequestToken": "a b"}), "holds ' '"),
        (
            json!({"target": ids, "actions": ["logg"], "clientRequestToken": "t"}),
            "did you mean `log`",
        ),
    ] {
        ask(&rig, Method::PUT, one, body).await.is_error(400, INVALID, words);
    }
    get(&rig, one).await.is_error(404, "ResourceNotFoundException", "detect mitigation task one");
    let cancel = ask(&rig, Method::PUT, &format!("{one}/cancel"), Value::Null).await;
    cancel.is_error(404, "ResourceNotFoundException", "detect mitigation task one");
    let all = get(&rig, "/detect/mitigationactions/tasks").await;
    all.is_error(400, INVALID, "startTime");
    rig.end().await;
}

#[tokio::test]
async fn an_audit_task_is_posted_and_counts_findings() {
    let (rig, _) = rig().await;
    let tasks = "/audit/mitigationactions/tasks";
    let mapping = json!({LOGGING: ["log"]});
    let body = json!({
        "target": {"auditTaskId": "audit-1", "auditCheckToReasonCodeFilter": {LOGGING: ["BECAUSE"]}},
        "auditCheckToActionsMapping": mapping, "clientRequestToken": "t-1",
    });
    let started = ask(&rig, Method::POST, &format!("{tasks}/one"), body.clone()).await;
    assert_eq!(started.json(), json!({"taskId": "one"}));
    let described = until(&rig, &format!("{tasks}/one"), |it| it["endTime"].is_number()).await;
    assert_eq!(described["taskStatus"], "COMPLETED");
    assert_eq!(described["target"], body["target"]);
    assert_eq!(described["auditCheckToActionsMapping"], mapping);
    assert_eq!(described["actionsDefinition"][0]["name"], "log");
    let counts = json!({"totalFindingsCount": 1, "failedFindingsCount": 0,
        "succeededFindingsCount": 1, "skippedFindingsCount": 0, "canceledFindingsCount": 0});
    assert_eq!(described["taskStatistics"], json!({LOGGING: counts}));
    assert!(rig.control.logging_options().await.is_ok(), "logging is on");

    let seconds = rig.clock.now().as_millis() / 1000;
    let period = format!("startTime={}&endTime={}", seconds - 1, seconds + 1);
    let listed = json!({"tasks": [{"taskId": "one", "startTime": described["startTime"],
                                   "taskStatus": "COMPLETED"}]});
    for filter in ["", "&auditTaskId=audit-1", "&findingId=f-1", "&taskStatus=COMPLETED"] {
        assert_eq!(get(&rig, &format!("{tasks}?{period}{filter}")).await.json(), listed);
    }
    for filter in ["&auditTaskId=audit-2", "&findingId=f-2", "&taskStatus=FAILED"] {
        let none = get(&rig, &format!("{tasks}?{period}{filter}")).await.json();
        assert_eq!(none, json!({"tasks": []}));
    }
    let odd = get(&rig, &format!("{tasks}?{period}&taskStatus=SUCCESSFUL")).await;
    odd.is_error(400, INVALID, "IN_PROGRESS, COMPLETED, FAILED, CANCELED");

    let executions = "/audit/mitigationactions/executions";
    let found = get(&rig, &format!("{executions}?taskId=one&findingId=f-1")).await.json();
    let row = &found["actionsExecutions"][0];
    assert_eq!((&row["status"], &row["actionName"]), (&json!("COMPLETED"), &json!("log")));
    assert!(row["actionId"].is_string() && row["startTime"].is_number());
    let failed = format!("{executions}?taskId=one&findingId=f-1&actionStatus=FAILED");
    assert_eq!(get(&rig, &failed).await.json(), json!({"actionsExecutions": []}));
    for (query, words) in [
        ("taskId=one", "findingId"),
        ("findingId=f-1", "taskId"),
        ("taskId=two&findingId=f-1", "audit mitigation task two not found"),
        ("taskId=one&findingId=f-2", "is not for the finding f-2"),
        ("taskId=one&findingId=f-1&actionStatus=DONE", "SKIPPED, PENDING"),
    ] {
        get(&rig, &format!("{executions}?{query}")).await.is_error(400, INVALID, words);
    }
    let cancel = ask(&rig, Method::PUT, &format!("{tasks}/one/cancel"), Value::Null).await;
    cancel.is_error(400, INVALID, "is COMPLETED; only one that is in progress");
    rig.end().await;
}

#[tokio::test]
async fn audit_tasks_that_make_no_sense_are_refused() {
    let (rig, _) = rig().await;
    let one = "/audit/mitigationactions/tasks/one";
    let good = json!({"auditTaskId": "audit-1"});
    let start = async |target: &Value, mapping: Value| {
        let body = json!({"target": target, "auditCheckToActionsMapping": mapping,
                          "clientRequestToken": "t"});
        ask(&rig, Method::POST, one, body).await
    };
    for target in [
        json!({}),
        json!({"auditTaskId": "audit-1", "findingIds": ["f-1"]}),
        json!({"auditCheckToReasonCodeFilter": {LOGGING: ["BECAUSE"]}}),
        json!({"findingIds": ["f-1"], "auditCheckToReasonCodeFilter": {LOGGING: ["BECAUSE"]}}),
    ] {
        let refused = start(&target, json!({LOGGING: ["log"]})).await;
        refused.is_error(400, INVALID, "must have either `findingIds`");
    }
    for (mapping, words) in [
        (json!({}), "names no check"),
        (json!({LOGGING: ["quarantine"]}), "which does not help with findings of"),
        (json!({"LOGING_DISABLED_CHECK": ["log"]}), "did you mean `LOGGING_DISABLED_CHECK`"),
    ] {
        start(&good, mapping).await.is_error(400, INVALID, words);
    }
    let unknown = start(&json!({"findingIds": ["f-9"]}), json!({LOGGING: ["log"]})).await;
    unknown.is_error(400, INVALID, "there is no finding f-9");
    get(&rig, one).await.is_error(404, "ResourceNotFoundException", "audit mitigation task one");
    let cancel = ask(&rig, Method::PUT, &format!("{one}/cancel"), Value::Null).await;
    cancel.is_error(404, "ResourceNotFoundException", "audit mitigation task one");
    rig.end().await;
}
