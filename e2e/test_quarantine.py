"""An alarm ends in quarantine: the device is cut off, in its group, and the results can be read."""

import json
import time
from collections import Counter
from datetime import datetime, timedelta, timezone

import pytest

from device_reports import body, topic
from fleet import Client, Fleet, at_once, turned_away
from notification_receivers import HttpReceiver
from paho_client import V5
from policy_documents import allow, arn
from waiting import wait_for

ROLE = "arn:aws:iam::000000000000:role/mitigation"
ADMINISTRATIVE = 0x98
# From the end of the step to the end of the session.
LIMIT = 1.0
OPEN_PORT = {
    "name": "no-ftp",
    "metric": "aws:listening-tcp-ports",
    "criteria": {"comparisonOperator": "not-in-port-set", "value": {"ports": [21]}},
}
MANY = 80


def action(iot, name, **params):
    return iot.create_mitigation_action(actionName=name, roleArn=ROLE, actionParams=params)


def quarantine(iot):
    """The group, and an action for each part of a quarantine."""
    iot.create_thing_group(thingGroupName="quarantine")
    action(iot, "deactivate", updateDeviceCertificateParams={"action": "DEACTIVATE"})
    action(iot, "isolate", addThingsToThingGroupParams={"thingGroupNames": ["quarantine"]})


def over(iot, task_id):
    """The task once it has ended."""

    def look():
        summary = iot.describe_detect_mitigation_actions_task(taskId=task_id)["taskSummary"]
        return summary if "taskEndTime" in summary else None

    return wait_for(f"the end of {task_id}", look, 120)


def executions(iot, **filters):
    pages = iot.get_paginator("list_detect_mitigation_actions_executions").paginate(**filters)
    return [execution for page in pages for execution in page["actionsExecutions"]]


def violations(iot, **filters):
    pages = iot.get_paginator("list_active_violations").paginate(**filters)
    return [violation for page in pages for violation in page["activeViolations"]]


def groups_of(iot, thing):
    found = iot.list_thing_groups_for_thing(thingName=thing)["thingGroups"]
    return {group["groupName"] for group in found}


@pytest.fixture(scope="module")
def story(server, aws):
    """A device with a back door reports, and an operator sends its alarm into quarantine."""
    iot = aws("iot")
    quarantine(iot)
    bundle = server.create_thing("pump-1")
    [principal] = iot.list_thing_principals(thingName="pump-1")["principals"]
    client = Client("pump-1", V5).to(server, bundle)
    client.publish(topic("pump-1"), body(tcp_ports=[22]))
    client.publish(topic("pump-1"), body(tcp_ports=[22, 21]))
    find = lambda: [it for it in violations(iot, thingName="pump-1") if "ports" in it["lastViolationValue"]]  # noqa: E731
    violation = wait_for("the alarm", find, 60)[0]
    iot.start_detect_mitigation_actions_task(
        taskId="quarantine-pump-1",
        target={"violationIds": [violation["violationId"]]},
        actions=["deactivate", "isolate"],
        includeOnlyActiveViolations=True,
        includeSuppressedAlerts=True,
        clientRequestToken="once",
    )
    ended = client.ended()
    cut = time.time()
    yield {
        "bundle": bundle,
        "certificate": principal.rsplit("/", 1)[1],
        "client": client,
        "violation": violation,
        "ended": ended,
        "cut": cut,
        "summary": over(iot, "quarantine-pump-1"),
    }
    client.close()


def test_the_task_has_done_both_steps(aws, story):
    iot, summary = aws("iot"), story["summary"]
    assert summary["taskStatus"] == "SUCCESSFUL"
    counts = {"actionsExecuted": 2, "actionsSkipped": 0, "actionsFailed": 0}
    assert summary["taskStatistics"] == counts
    assert summary["onlyActiveViolationsIncluded"] and summary["suppressedAlertsIncluded"]
    found = executions(iot, taskId="quarantine-pump-1")
    assert [(it["actionName"], it["thingName"], it["status"]) for it in found] == [
        ("deactivate", "pump-1", "SUCCESSFUL"),
        ("isolate", "pump-1", "SUCCESSFUL"),
    ]
    assert all(it["executionStartDate"] <= it["executionEndDate"] for it in found)
    now = datetime.now(timezone.utc)
    times = {"startTime": now - timedelta(minutes=5), "endTime": now + timedelta(minutes=1)}
    assert executions(iot, thingName="pump-1", **times) == found
    [listed] = iot.list_detect_mitigation_actions_tasks(**times)["tasks"]
    assert listed == summary


def test_the_certificate_is_inactive_and_the_session_was_cut_within_a_second(aws, story):
    described = aws("iot").describe_certificate(certificateId=story["certificate"])
    assert described["certificateDescription"]["status"] == "INACTIVE"
    assert story["ended"] == (ADMINISTRATIVE, "the certificate is INACTIVE")
    [step] = [it for it in executions(aws("iot"), taskId="quarantine-pump-1") if it["actionName"] == "deactivate"]
    lag = story["cut"] - step["executionStartDate"].timestamp()
    assert lag <= LIMIT, f"{lag:.3f} s from the beginning of the step to the end of the session"
    print(f"\nsession ended {lag * 1000:.0f} ms after the step began")


def test_the_device_cannot_come_back(server, story):
    turned_away(server, story["bundle"])


def test_the_thing_is_in_the_group(aws, story):
    assert {"quarantine", "picket-fleet"} <= groups_of(aws("iot"), "pump-1")


def test_the_console_shows_who_did_what(server, story):
    session, api = server.console()
    detail = session.get(f"{api}/mitigation-tasks/quarantine-pump-1", timeout=10).json()
    assert (detail["task"]["status"], detail["task"]["kind"]) == ("SUCCESSFUL", "detect")
    assert detail["task"]["by"]
    first = detail["executions"][0]
    assert first["violation_id"] == story["violation"]["violationId"]
    [change] = first["changes"]
    assert change == {
        "operation": "UpdateCertificate",
        "resource": f"certificate {story['certificate']}",
        "before": "ACTIVE",
        "after": "INACTIVE",
        "is_done": False,
    }


class Outbreak:
    """Many registered devices that share a policy, all in alarm, and what mitigates them."""

    def __init__(self, server, folder, url):
        self.iot = server.aws("iot")
        self.data = server.aws("iot-data")
        self.things = [f"cam-{number:03}" for number in range(MANY)]
        quarantine(self.iot)
        topic_arn = server.aws("sns").create_topic(Name="ops")["TopicArn"]
        server.aws("sns").subscribe(TopicArn=topic_arn, Protocol="webhook", Endpoint=url)
        action(self.iot, "tell", publishFindingToSnsParams={"topicArn": topic_arn})
        action(self.iot, "blank", replaceDefaultPolicyVersionParams={"templateName": "BLANK_POLICY"})
        fleet = Fleet(server, folder)
        fleet.devices(self.things, policies=[fleet.policy("shared", allow("iot:*", "*"))])
        self.iot.create_security_profile(securityProfileName="doors", behaviors=[OPEN_PORT])
        self.iot.attach_security_profile(
            securityProfileName="doors", securityProfileTargetArn=arn("all", "registered-things")
        )
        # The profile is in force within moments: until then reports raise nothing.
        wait_for("all alarms", self.all_in_alarm, 120)

    def all_in_alarm(self):
        report = lambda thing: self.data.publish(topic=topic(thing), qos=1, payload=body(tcp_ports=[21, 22]))  # noqa: E731
        at_once(report, self.things)
        found = lambda: len(violations(self.iot, securityProfileName="doors")) == MANY  # noqa: E731
        return wait_for("alarms", found, 5)


@pytest.mark.timeout(400)
def test_a_task_that_is_killed_again_and_again_does_every_step_exactly_once(own_server, tmp_path):
    receiver = HttpReceiver()
    server = own_server(
        {
            # One after the other, so that there is something left to do when it is killed.
            "mitigation": {"targets_at_once": 1},
            "notify": {"allow_hosts": ["127.0.0.1"], "retry_pace_permille": 10},
        }
    )
    try:
        server.start()
        server.keep_ports()
        outbreak = Outbreak(server, tmp_path, receiver.url("/ops"))
        iot = outbreak.iot
        iot.start_detect_mitigation_actions_task(
            taskId="outbreak",
            target={"securityProfileName": "doors", "behaviorName": "no-ftp"},
            actions=["tell", "deactivate", "blank", "isolate"],
            clientRequestToken="once",
        )
        steps = lambda: len(executions(iot, taskId="outbreak", maxResults=250))  # noqa: E731
        done = []
        for share in (0.1, 0.3, 0.5, 0.8):
            wait_for("some steps", lambda share=share: steps() >= 4 * MANY * share, 60)
            server.kill()
            server.start()
            done.append(steps())
        print(f"\nsteps begun at each restart, of {4 * MANY}: {done}")
        assert done[0] < 4 * MANY, "it was over before it was killed"
        summary = over(iot, "outbreak")
        assert summary["taskStatus"] == "SUCCESSFUL"
        counts = {"actionsExecuted": 4 * MANY, "actionsSkipped": 0, "actionsFailed": 0}
        assert summary["taskStatistics"] == counts

        found = Counter((it["thingName"], it["actionName"], it["status"]) for it in executions(iot, taskId="outbreak"))
        names = ("tell", "deactivate", "blank", "isolate")
        assert found == Counter((thing, name, "SUCCESSFUL") for thing in outbreak.things for name in names)
        members = iot.get_paginator("list_things_in_thing_group").paginate(thingGroupName="quarantine")
        assert sorted(it for page in members for it in page["things"]) == outbreak.things
        pages = iot.get_paginator("list_certificates").paginate(pageSize=100)
        statuses = Counter(it["status"] for page in pages for it in page["certificates"])
        assert statuses == {"INACTIVE": MANY}
        versions = iot.list_policy_versions(policyName="shared")["policyVersions"]
        assert [(it["versionId"], it["isDefaultVersion"]) for it in versions] == [("2", True), ("1", False)]
        assert json.loads(iot.get_policy(policyName="shared")["policyDocument"])["Statement"] == []

        # A notification may arrive twice where the server was killed; it is the same one then.
        def told():
            return {(it.json["thingName"], it.headers["x-picket-event-id"]) for it in list(receiver.came)}

        wait_for("all notifications", lambda: len({thing for thing, _ in told()}) == MANY, 60)
        assert sorted(thing for thing, _ in told()) == outbreak.things
        assert all(it.json["securityProfileName"] == "doors" for it in receiver.came)
    finally:
        receiver.end()
