"""Mitigation actions and tasks by boto3: every operation, with what it refuses.

Findings come from audits, which nothing here can run yet: of audit tasks this has what is refused, and the
Rust tests have what is done.
"""

import time
from datetime import datetime, timedelta, timezone

import pytest
from botocore.exceptions import ClientError

from device_reports import body, topic
from policy_documents import arn
from waiting import wait_for

ROLE = "arn:aws:iam::000000000000:role/mitigation"
TOPIC = "arn:aws:sns:us-east-1:000000000000:ops"
MISSING = ("ResourceNotFoundException", 404)
INVALID = ("InvalidRequestException", 400)
PARAMS = {
    "UPDATE_DEVICE_CERTIFICATE": {"updateDeviceCertificateParams": {"action": "DEACTIVATE"}},
    "UPDATE_CA_CERTIFICATE": {"updateCACertificateParams": {"action": "DEACTIVATE"}},
    "ADD_THINGS_TO_THING_GROUP": {
        "addThingsToThingGroupParams": {"thingGroupNames": ["isolated"], "overrideDynamicGroups": True}
    },
    "REPLACE_DEFAULT_POLICY_VERSION": {"replaceDefaultPolicyVersionParams": {"templateName": "BLANK_POLICY"}},
    "ENABLE_IOT_LOGGING": {"enableIoTLoggingParams": {"roleArnForLogging": ROLE, "logLevel": "ERROR"}},
    "PUBLISH_FINDING_TO_SNS": {"publishFindingToSnsParams": {"topicArn": TOPIC}},
}
OPEN_PORT = {
    "name": "no-ftp",
    "metric": "aws:listening-tcp-ports",
    "criteria": {"comparisonOperator": "not-in-port-set", "value": {"ports": [21]}},
}
SHARED = "DEVICE_CERTIFICATE_SHARED_CHECK"


def code(call, **arguments):
    with pytest.raises(ClientError) as failure:
        call(**arguments)
    error = failure.value.response
    return error["Error"]["Code"], error["ResponseMetadata"]["HTTPStatusCode"]


def message(call, **arguments):
    with pytest.raises(ClientError) as failure:
        call(**arguments)
    return failure.value.response["Error"]["Message"]


def times():
    now = datetime.now(timezone.utc)
    return {"startTime": now - timedelta(minutes=10), "endTime": now + timedelta(minutes=1)}


@pytest.fixture(scope="module")
def iot(aws):
    """Six actions named after their types, and alarms of a registered and an unregistered device."""
    iot, data = aws("iot"), aws("iot-data")
    for action_type, params in PARAMS.items():
        iot.create_mitigation_action(actionName=action_type.lower(), roleArn=ROLE, actionParams=params)
    iot.create_thing_group(thingGroupName="isolated")
    iot.create_thing(thingName="known")
    iot.create_security_profile(securityProfileName="doors", behaviors=[OPEN_PORT])
    iot.attach_security_profile(
        securityProfileName="doors", securityProfileTargetArn=arn("all", "things")
    )

    def alarmed():
        for thing in ("known", "stranger"):
            data.publish(topic=topic(thing), qos=1, payload=body(tcp_ports=[21]))
        return wait_for("alarms", lambda: len(violations(iot)) == 2, 5)

    wait_for("both alarms", alarmed, 60)
    return iot


def violations(iot):
    found = iot.list_active_violations(securityProfileName="doors")["activeViolations"]
    return {it["thingName"]: it["violationId"] for it in found}


def start(iot, task_id, **changes):
    arguments = {
        "taskId": task_id,
        "target": {"securityProfileName": "doors"},
        "actions": ["add_things_to_thing_group"],
    }
    return iot.start_detect_mitigation_actions_task(**(arguments | changes))


def over(iot, task_id):
    def look():
        summary = iot.describe_detect_mitigation_actions_task(taskId=task_id)["taskSummary"]
        return summary if "taskEndTime" in summary else None

    return wait_for(f"the end of {task_id}", look)


@pytest.mark.parametrize("action_type", PARAMS)
def test_each_type_is_described_as_it_was_made(iot, action_type):
    name = action_type.lower()
    described = iot.describe_mitigation_action(actionName=name)
    assert described["actionType"] == action_type
    assert described["actionParams"] == PARAMS[action_type]
    assert described["roleArn"] == ROLE
    assert described["actionArn"] == arn("mitigationaction", name)
    assert len(described["actionId"]) == 36
    assert described["creationDate"] == described["lastModifiedDate"]
    # The quickstart set has actions of its own, which are older.
    newest = iot.list_mitigation_actions(actionType=action_type)["actionIdentifiers"][0]
    expected = {"actionName": name, "actionArn": described["actionArn"], "creationDate": described["creationDate"]}
    assert newest == expected


def test_an_action_is_made_once_changed_tagged_and_deleted(iot):
    arguments = {"actionName": "short", "roleArn": ROLE, "actionParams": PARAMS["UPDATE_CA_CERTIFICATE"]}
    made = iot.create_mitigation_action(**arguments, tags=[{"Key": "team", "Value": "ops"}])
    assert code(iot.create_mitigation_action, **arguments) == ("ResourceAlreadyExistsException", 409)
    tags = iot.list_tags_for_resource(resourceArn=made["actionArn"])["tags"]
    assert tags == [{"Key": "team", "Value": "ops"}]
    iot.tag_resource(resourceArn=made["actionArn"], tags=[{"Key": "more", "Value": ""}])
    iot.untag_resource(resourceArn=made["actionArn"], tagKeys=["team"])
    tags = iot.list_tags_for_resource(resourceArn=made["actionArn"])["tags"]
    assert [tag["Key"] for tag in tags] == ["more"]
    changed = iot.update_mitigation_action(actionName="short", actionParams=PARAMS["ENABLE_IOT_LOGGING"])
    assert (changed["actionId"], changed["actionArn"]) == (made["actionId"], made["actionArn"])
    described = iot.describe_mitigation_action(actionName="short")
    assert (described["actionType"], described["roleArn"]) == ("ENABLE_IOT_LOGGING", ROLE)
    for _ in range(2):
        iot.delete_mitigation_action(actionName="short")
    assert code(iot.describe_mitigation_action, actionName="short") == MISSING
    assert code(iot.update_mitigation_action, actionName="short", roleArn=ROLE) == MISSING
    assert code(iot.list_tags_for_resource, resourceArn=made["actionArn"]) == MISSING


@pytest.mark.parametrize(
    "params",
    [
        {},
        PARAMS["UPDATE_DEVICE_CERTIFICATE"] | PARAMS["UPDATE_CA_CERTIFICATE"],
        {"updateDeviceCertificateParams": {"action": "REVOKE"}},
        {"addThingsToThingGroupParams": {"thingGroupNames": []}},
        {"addThingsToThingGroupParams": {"thingGroupNames": [f"g{n}" for n in range(11)]}},
        {"replaceDefaultPolicyVersionParams": {"templateName": "FULL_POLICY"}},
        {"enableIoTLoggingParams": {"roleArnForLogging": ROLE, "logLevel": "DISABLED"}},
        {"enableIoTLoggingParams": {"roleArnForLogging": "role", "logLevel": "INFO"}},
        {"publishFindingToSnsParams": {"topicArn": "arn:aws:sqs:us-east-1:000000000000:q"}},
    ],
    ids=str,
)
def test_parameters_that_cannot_be_are_refused(iot, params):
    arguments = {"actionName": "odd", "roleArn": ROLE, "actionParams": params}
    assert code(iot.create_mitigation_action, **arguments) == INVALID
    arguments = {"actionName": "update_ca_certificate", "actionParams": params}
    assert code(iot.update_mitigation_action, **arguments) == INVALID
    assert code(iot.describe_mitigation_action, actionName="odd") == MISSING


def test_names_and_roles_are_checked_and_lists_come_in_pages(iot):
    params = PARAMS["UPDATE_CA_CERTIFICATE"]
    for name in ("a:b", "käse", "x" * 129):
        assert code(iot.create_mitigation_action, actionName=name, roleArn=ROLE, actionParams=params) == INVALID
    for role in ("arn:aws:iam::1:role/x", "role", ROLE + "r" * 2048):
        assert code(iot.create_mitigation_action, actionName="a", roleArn=role, actionParams=params) == INVALID
    everything = [it["actionName"] for it in iot.list_mitigation_actions()["actionIdentifiers"]]
    assert everything[0] == "publish_finding_to_sns", "newest first"
    pages = iot.get_paginator("list_mitigation_actions").paginate(PaginationConfig={"PageSize": 2})
    assert [it["actionName"] for page in pages for it in page["actionIdentifiers"]] == everything
    assert code(iot.list_mitigation_actions, actionType="PUBLISH_FINDINGS_TO_SNS") == INVALID
    for size in (0, 251):
        assert code(iot.list_mitigation_actions, maxResults=size) == INVALID


def test_there_are_a_hundred_actions_at_most(iot):
    arguments = {"roleArn": ROLE, "actionParams": PARAMS["UPDATE_CA_CERTIFICATE"]}
    pages = iot.get_paginator("list_mitigation_actions").paginate()
    there = sum(len(page["actionIdentifiers"]) for page in pages)
    names = [f"many-{number}" for number in range(100 - there)]
    for name in names:
        iot.create_mitigation_action(actionName=name, **arguments)
    assert code(iot.create_mitigation_action, actionName="one-more", **arguments) == ("LimitExceededException", 410)
    for name in names:
        iot.delete_mitigation_action(actionName=name)


def test_a_detect_task_tells_what_it_was_asked_for_and_what_came_of_it(iot):
    ids = violations(iot)
    assert start(iot, "both")["taskId"] == "both"
    summary = over(iot, "both")
    action = iot.describe_mitigation_action(actionName="add_things_to_thing_group")
    assert summary["taskStatus"] == "SUCCESSFUL"
    assert summary["target"] == {"securityProfileName": "doors"}
    assert not summary["onlyActiveViolationsIncluded"] and not summary["suppressedAlertsIncluded"]
    assert summary["actionsDefinition"] == [
        {
            "name": "add_things_to_thing_group",
            "id": action["actionId"],
            "roleArn": ROLE,
            "actionParams": PARAMS["ADD_THINGS_TO_THING_GROUP"],
        }
    ]
    assert summary["taskStatistics"] == {"actionsExecuted": 1, "actionsSkipped": 1, "actionsFailed": 0}
    found = iot.list_detect_mitigation_actions_executions(taskId="both")["actionsExecutions"]
    by_thing = {it["thingName"]: it for it in found}
    assert by_thing["known"]["status"] == "SUCCESSFUL"
    assert by_thing["known"]["violationId"] == ids["known"]
    assert by_thing["stranger"]["status"] == "SKIPPED"
    assert by_thing["stranger"]["message"] == "thing stranger is not registered"
    assert iot.list_things_in_thing_group(thingGroupName="isolated")["things"] == ["known"]
    for filters in (
        {"taskId": "both", "thingName": "known"},
        {"violationId": ids["known"], **times()},
        {"thingName": "known", "maxResults": 1, **times()},
    ):
        rows = iot.list_detect_mitigation_actions_executions(**filters)["actionsExecutions"]
        assert rows == [by_thing["known"]]
    assert summary in iot.list_detect_mitigation_actions_tasks(**times())["tasks"]
    early = {"startTime": 0, "endTime": 1}
    assert iot.list_detect_mitigation_actions_tasks(**early)["tasks"] == []


def test_all_six_types_work_on_a_violation_and_failures_are_told(iot, aws):
    aws("sns").create_topic(Name="ops")
    known = {"violationIds": [violations(iot)["known"]]}
    names = [action_type.lower() for action_type in PARAMS]
    start(iot, "five", target=known, actions=names[:5])
    start(iot, "sixth", target=known, actions=names[5:])
    summary = over(iot, "five")
    # `known` has no certificate, so there is nothing to deactivate and no policy to replace.
    assert summary["taskStatistics"] == {"actionsExecuted": 2, "actionsSkipped": 3, "actionsFailed": 0}
    assert over(iot, "sixth")["taskStatus"] == "SUCCESSFUL"
    logging = iot.get_v2_logging_options()
    assert (logging["defaultLogLevel"], logging["disableAllLogs"]) == ("ERROR", False)

    params = {"addThingsToThingGroupParams": {"thingGroupNames": ["nowhere"]}}
    iot.create_mitigation_action(actionName="lost", roleArn=ROLE, actionParams=params)
    start(iot, "failing", target=known, actions=["lost", "enable_iot_logging"])
    assert over(iot, "failing")["taskStatus"] == "FAILED"
    first, second = iot.list_detect_mitigation_actions_executions(taskId="failing")["actionsExecutions"]
    assert (first["status"], first["errorCode"]) == ("FAILED", "ResourceNotFoundException")
    assert "nowhere" in first["message"]
    assert (second["status"], second["message"]) == ("SKIPPED", "not done: lost failed before it")


def test_an_id_is_used_once_and_a_token_gives_the_same_task(iot):
    for _ in range(2):
        start(iot, "once", clientRequestToken="t-1")
    assert code(start, iot=iot, task_id="once", clientRequestToken="t-2") == ("TaskAlreadyExistsException", 400)
    other = {"clientRequestToken": "t-1", "includeSuppressedAlerts": True}
    assert code(start, iot=iot, task_id="once", **other) == ("TaskAlreadyExistsException", 400)
    over(iot, "once")


@pytest.mark.parametrize(
    "changes",
    [
        {"target": {}},
        {"target": {"violationIds": []}},
        {"target": {"violationIds": ["0" * 32]}},
        {"target": {"violationIds": [str(n) for n in range(26)]}},
        {"target": {"securityProfileName": "dors"}},
        {"target": {"behaviorName": "no-ftp"}},
        {"target": {"violationIds": ["1"], "securityProfileName": "doors"}},
        {"actions": []},
        {"actions": ["nobody"]},
        {"actions": ["add_things_to_thing_group"] * 2},
        {"actions": [f"a{n}" for n in range(6)]},
        {"violationEventOccurrenceRange": {"startTime": 2, "endTime": 1}},
        {"violationEventOccurrenceRange": {"startTime": 2}},
        {"clientRequestToken": "not a token"},
        {"task_id": "a:b"},
    ],
    ids=str,
)
def test_detect_tasks_that_make_no_sense_are_refused(iot, changes):
    arguments = {"iot": iot, "task_id": "senseless"} | changes
    assert code(start, **arguments) == INVALID
    assert code(iot.describe_detect_mitigation_actions_task, taskId="senseless") == MISSING


def test_what_is_not_there_cannot_be_read_or_canceled(iot):
    for call in (iot.describe_detect_mitigation_actions_task, iot.cancel_detect_mitigation_actions_task,
                 iot.describe_audit_mitigation_actions_task, iot.cancel_audit_mitigation_actions_task):
        assert code(call, taskId="none") == MISSING
    start(iot, "done")
    over(iot, "done")
    assert code(iot.cancel_detect_mitigation_actions_task, taskId="done") == INVALID
    executions = iot.list_detect_mitigation_actions_executions
    for filters in ({}, {"violationId": "1"}, {"startTime": 0}, {"taskId": "none"},
                    {"taskId": "done", "startTime": 0, "endTime": 1}):
        assert code(executions, **filters) == INVALID
    assert code(iot.list_detect_mitigation_actions_tasks) == INVALID
    assert code(iot.list_detect_mitigation_actions_tasks, startTime=2, endTime=1) == INVALID


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"target": {"findingIds": ["none"]}},
        {"target": {"findingIds": []}},
        {"target": {"findingIds": ["a"], "auditTaskId": "b"}},
        {"target": {"auditCheckToReasonCodeFilter": {SHARED: ["A"]}}},
        {"auditCheckToActionsMapping": {}},
        {"auditCheckToActionsMapping": {"NO_CHECK": ["update_device_certificate"]}},
        {"auditCheckToActionsMapping": {SHARED: ["nobody"]}},
        {"auditCheckToActionsMapping": {SHARED: ["replace_default_policy_version"]}},
        {"clientRequestToken": "x" * 65},
    ],
    ids=str,
)
def test_audit_tasks_that_make_no_sense_are_refused(iot, changes):
    arguments = {
        "taskId": "audit-task",
        "target": {"auditTaskId": "no-such-audit"},
        "auditCheckToActionsMapping": {SHARED: ["update_device_certificate"]},
    }
    assert code(iot.start_audit_mitigation_actions_task, **(arguments | changes)) == INVALID


def test_the_lists_of_audit_tasks_are_there_and_empty(iot):
    assert iot.list_audit_mitigation_actions_tasks(**times())["tasks"] == []
    filters = {"auditTaskId": "a", "findingId": "f", "taskStatus": "COMPLETED"}
    assert iot.list_audit_mitigation_actions_tasks(**times(), **filters)["tasks"] == []
    assert code(iot.list_audit_mitigation_actions_tasks) == INVALID
    assert code(iot.list_audit_mitigation_actions_tasks, **times(), taskStatus="SUCCESSFUL") == INVALID
    executions = iot.list_audit_mitigation_actions_executions
    for filters in ({}, {"taskId": "a"}, {"findingId": "f"}, {"taskId": "a", "findingId": "f"}):
        assert code(executions, **filters) == INVALID


def test_a_message_names_the_nearest_right_thing(iot):
    assert "did you mean `doors`" in message(start, iot=iot, task_id="m", target={"securityProfileName": "dors"})
    assert "did you mean `lost`" in message(start, iot=iot, task_id="m", actions=["lots"])


def test_awscli_reads_what_boto3_made(server):
    now = time.time()
    listed = server.awscli(
        "iot", "list-detect-mitigation-actions-tasks", "--start-time", now - 600, "--end-time", now + 60
    )
    assert {task["taskId"] for task in listed["tasks"]} >= {"both", "once"}
    described = server.awscli("iot", "describe-mitigation-action", "--action-name", "update_device_certificate")
    assert described["actionParams"] == PARAMS["UPDATE_DEVICE_CERTIFICATE"]


def test_a_task_is_canceled_and_there_are_only_so_many_at_a_time(own_server):
    """With many violations and one target at a time, tasks last long enough to be counted."""
    server = own_server({"mitigation": {"targets_at_once": 1, "detect_tasks_max": 2}}).start()
    iot, data = server.aws("iot"), server.aws("iot-data")
    params = PARAMS["ENABLE_IOT_LOGGING"]
    iot.create_mitigation_action(actionName="log", roleArn=ROLE, actionParams=params)
    iot.create_security_profile(securityProfileName="doors", behaviors=[OPEN_PORT])
    iot.attach_security_profile(securityProfileName="doors", securityProfileTargetArn=arn("all", "things"))
    things = [f"t-{number}" for number in range(150)]

    def alarmed():
        for thing in things:
            data.publish(topic=topic(thing), qos=1, payload=body(tcp_ports=[21]))
        pages = iot.get_paginator("list_active_violations").paginate(securityProfileName="doors")
        return sum(len(page["activeViolations"]) for page in pages) == len(things)

    wait_for("all alarms", alarmed, 90)
    for name in ("one", "two"):
        start(iot, name, actions=["log"])
    assert code(start, iot=iot, task_id="three", actions=["log"]) == ("LimitExceededException", 410)
    iot.cancel_detect_mitigation_actions_task(taskId="two")
    assert code(iot.cancel_detect_mitigation_actions_task, taskId="two") == INVALID
    summary = over(iot, "two")
    assert summary["taskStatus"] == "CANCELED"
    counts = summary["taskStatistics"]
    assert counts["actionsExecuted"] + counts["actionsSkipped"] == len(things)
    assert counts["actionsSkipped"] > 0
    assert over(iot, "one")["taskStatus"] == "SUCCESSFUL"
    start(iot, "three", actions=["log"])
    over(iot, "three")
