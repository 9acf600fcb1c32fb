"""Violations by boto3 and awscli, as on AWS: lists, events, and what they were found to be."""

import json
import time
from datetime import datetime, timedelta, timezone

import pytest
from botocore.exceptions import ClientError

from device_reports import body, topic
from policy_documents import arn
from waiting import wait_for

BEHAVIOR = {
    "name": "NoFtp",
    "metric": "aws:listening-tcp-ports",
    "criteria": {"comparisonOperator": "not-in-port-set", "value": {"ports": [21]}},
}
MUTED = {
    "name": "FewPorts",
    "metric": "aws:num-listening-tcp-ports",
    "criteria": {
        "comparisonOperator": "less-than",
        "value": {"count": 2},
        "durationSeconds": 300,
        "consecutiveDatapointsToAlarm": 1,
        "consecutiveDatapointsToClear": 3,
    },
    "suppressAlerts": True,
}
THINGS = [f"open-{n:02}" for n in range(30)]
START = datetime.now(timezone.utc) - timedelta(minutes=1)


@pytest.fixture(scope="module")
def iot(server, aws):
    """Thirty unregistered devices in alarm twice each, one of which was closed again."""
    iot, data = aws("iot"), aws("iot-data")
    iot.create_security_profile(securityProfileName="doors", behaviors=[BEHAVIOR, MUTED])
    iot.attach_security_profile(
        securityProfileName="doors", securityProfileTargetArn=arn("all", "unregistered-things")
    )
    started = time.monotonic()

    def reported():
        # The profile is in force within moments: until then reports raise nothing.
        for thing in THINGS:
            data.publish(topic=topic(thing), qos=1, payload=body(tcp_ports=[21, 22]))
        return wait_for("the alarms", lambda: len(active(iot)) == 2 * len(THINGS), 5)

    wait_for("alarms of all devices", reported, 60)
    data.publish(topic=topic("open-00"), qos=1, payload=body(tcp_ports=[22]))
    wait_for("one is clear", lambda: len(active(iot, thingName="open-00")) == 1)
    assert time.monotonic() - started < 60
    return iot


def active(iot, **filters):
    pages = iot.get_paginator("list_active_violations").paginate(**filters)
    return [violation for page in pages for violation in page["activeViolations"]]


def events(iot, **filters):
    times = {"startTime": START, "endTime": datetime.now(timezone.utc) + timedelta(minutes=1)}
    pages = iot.get_paginator("list_violation_events").paginate(**(times | filters))
    return [event for page in pages for event in page["violationEvents"]]


def code(call, **arguments):
    with pytest.raises(ClientError) as failure:
        call(**arguments)
    error = failure.value.response
    return error["Error"]["Code"], error["ResponseMetadata"]["HTTPStatusCode"]


INVALID = ("InvalidRequestException", 400)


def test_an_active_violation_has_all_members_of_aws(iot):
    [found] = active(iot, thingName="open-01", listSuppressedAlerts=False)
    assert len(found["violationId"]) == 32
    assert found["securityProfileName"] == "doors"
    assert found["behavior"] == BEHAVIOR | {
        "criteria": BEHAVIOR["criteria"]
        | {"consecutiveDatapointsToAlarm": 1, "consecutiveDatapointsToClear": 1}
    }
    assert found["lastViolationValue"] == {"ports": [21, 22]}
    assert found["verificationState"] == "UNKNOWN"
    assert START < found["violationStartTime"] <= found["lastViolationTime"]


def test_events_of_one_episode_share_its_id_and_come_newest_first(iot):
    found = events(iot, thingName="open-00")
    times = [event["violationEventTime"] for event in found]
    assert times == sorted(times, reverse=True)
    doors = [event for event in found if event["behavior"]["name"] == "NoFtp"]
    assert [event["violationEventType"] for event in doors] == ["alarm-cleared", "in-alarm"]
    assert len({event["violationId"] for event in doors}) == 1
    assert [event["metricValue"]["ports"] for event in doors] == [[22], [21, 22]]
    assert "violationEventAdditionalInfo" not in doors[0]


def test_pages_have_25_rows_by_default_and_meet(iot):
    first = iot.list_active_violations()
    assert len(first["activeViolations"]) == 25 and first["nextToken"]
    everything = [found["violationId"] for found in active(iot)]
    assert len(everything) == len(set(everything)) == 2 * len(THINGS) - 1
    by_seven = iot.get_paginator("list_active_violations").paginate(PaginationConfig={"PageSize": 7})
    assert [it["violationId"] for page in by_seven for it in page["activeViolations"]] == everything
    for size in (0, 251):
        assert code(iot.list_active_violations, maxResults=size) == INVALID
        assert code(iot.list_violation_events, startTime=0, endTime=1, maxResults=size) == INVALID
    assert code(iot.list_active_violations, nextToken="nonsense") == INVALID
    # A token of one list is none of the other.
    token = first["nextToken"]
    assert code(iot.list_violation_events, startTime=0, endTime=1, nextToken=token) == INVALID


def test_lists_are_filtered(iot):
    assert {it["behavior"]["name"] for it in active(iot, listSuppressedAlerts=True)} == {"FewPorts"}
    assert {it["behavior"]["name"] for it in active(iot, listSuppressedAlerts=False)} == {"NoFtp"}
    assert active(iot, behaviorCriteriaType="MACHINE_LEARNING") == []
    assert len(active(iot, behaviorCriteriaType="STATIC", thingName="open-05")) == 2
    assert len(active(iot, securityProfileName="doors")) == 2 * len(THINGS) - 1
    assert events(iot, thingName="open") == []
    assert len(events(iot, securityProfileName="doors", listSuppressedAlerts=True)) == len(THINGS)
    for wrong in ({"behaviorCriteriaType": "MAGIC"}, {"verificationState": "MAYBE"}):
        assert code(iot.list_active_violations, **wrong) == INVALID


def test_a_profile_that_is_not_there_is_an_error_in_the_list_of_active_ones_only(iot):
    missing = ("ResourceNotFoundException", 404)
    assert code(iot.list_active_violations, securityProfileName="none") == missing
    assert events(iot, securityProfileName="none") == []


def test_events_need_a_period_that_runs_forwards(iot):
    now = datetime.now(timezone.utc)
    later = now + timedelta(seconds=1)
    assert code(iot.list_violation_events, startTime=later, endTime=now) == INVALID
    assert code(iot.list_violation_events, startTime=now) == INVALID
    assert code(iot.list_violation_events, endTime=now) == INVALID
    assert iot.list_violation_events(startTime=now, endTime=now)["violationEvents"] == []
    old = START - timedelta(days=20)
    assert events(iot, startTime=old, endTime=START - timedelta(days=10)) == []


def test_a_verification_holds_for_the_violation_and_all_its_events_until_it_is_taken_back(iot):
    [found] = active(iot, thingName="open-07", listSuppressedAlerts=False)
    violation = found["violationId"]
    iot.put_verification_state_on_violation(
        violationId=violation,
        verificationState="FALSE_POSITIVE",
        verificationStateDescription="test rig ⚙",
    )
    [found] = active(iot, verificationState="FALSE_POSITIVE")
    assert (found["violationId"], found["verificationStateDescription"]) == (violation, "test rig ⚙")
    [event] = events(iot, verificationState="FALSE_POSITIVE")
    assert (event["violationId"], event["verificationStateDescription"]) == (violation, "test rig ⚙")
    iot.put_verification_state_on_violation(violationId=violation, verificationState="UNKNOWN")
    assert active(iot, verificationState="FALSE_POSITIVE") == []
    assert events(iot, verificationState="FALSE_POSITIVE") == []


def test_what_cannot_be_verified_is_an_invalid_request(iot):
    put = iot.put_verification_state_on_violation
    [found] = active(iot, thingName="open-08", listSuppressedAlerts=False)
    violation = found["violationId"]
    assert code(put, violationId="0" * 32, verificationState="UNKNOWN") == INVALID
    assert code(put, violationId="x", verificationState="UNKNOWN") == INVALID
    assert code(put, violationId=violation, verificationState="MAYBE") == INVALID
    for note in ("x" * 1001, "two\nlines", "\x7f"):
        wrong = {"verificationState": "UNKNOWN", "verificationStateDescription": note}
        assert code(put, violationId=violation, **wrong) == INVALID
    assert active(iot, thingName="open-08", listSuppressedAlerts=False)[0] == found


def test_awscli_lists_and_verifies(server, iot):
    listed = server.awscli(
        "iot", "list-active-violations", "--thing-name", "open-09", "--no-list-suppressed-alerts"
    )
    [found] = listed["activeViolations"]
    server.awscli(
        "iot",
        "put-verification-state-on-violation",
        *("--violation-id", found["violationId"], "--verification-state", "TRUE_POSITIVE"),
    )
    start = START.strftime("%Y-%m-%dT%H:%M:%SZ")
    listed = server.awscli(
        *("iot", "list-violation-events", "--start-time", start),
        *("--end-time", str(int(time.time()) + 60), "--verification-state", "TRUE_POSITIVE"),
    )
    assert [it["violationId"] for it in listed["violationEvents"]] == [found["violationId"]]


def test_verifications_and_history_are_there_after_a_kill(server, iot):
    before = active(iot, thingName="open-10")
    iot.put_verification_state_on_violation(
        violationId=before[0]["violationId"], verificationState="BENIGN_POSITIVE"
    )
    all_events = json.dumps(events(iot), default=str)
    server.keep_ports()
    server.kill()
    server.start()
    again = server.aws("iot")
    found = active(again, thingName="open-10")
    assert {it["violationId"]: it["verificationState"] for it in found} == {
        before[0]["violationId"]: "BENIGN_POSITIVE",
        before[1]["violationId"]: "UNKNOWN",
    }
    expected = json.loads(all_events)
    assert json.loads(json.dumps(events(again), default=str)) == expected


def test_the_index_holds_each_event_once_although_the_server_was_killed(server):
    stored = {
        (it["violationId"], it["violationEventType"])
        for it in events(server.aws("iot"))
    }
    spl = (
        'index="iot" sourcetype="aws-iot-device-defender-violation" '
        'violationEventType!="verification-changed" | table violationId violationEventType'
    )
    rows = server.wait_for_rows(spl, lambda rows: len(rows) == len(stored))
    assert {(row["violationId"], row["violationEventType"]) for row in rows} == stored
