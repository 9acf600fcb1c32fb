"""Stored datapoints by boto3, as on AWS: ListMetricValues."""

import json
from datetime import datetime, timedelta, timezone

import pytest
from botocore.exceptions import ClientError

from device_reports import body, topic
from paho_client import PahoClient
from policy_documents import arn
from waiting import wait_for

BEHAVIOR = {
    "name": "NoFtp",
    "metric": "aws:listening-tcp-ports",
    "criteria": {"comparisonOperator": "not-in-port-set", "value": {"ports": [21]}},
}
RETAINED = [
    {"metric": "aws:all-bytes-out"},
    {"metric": "aws:num-messages-sent"},
    {
        "metric": "aws:num-messages-sent",
        "metricDimension": {"dimensionName": "telemetry", "operator": "IN"},
    },
    {"metric": "batteryPct"},
]
INVALID = ("InvalidRequestException", 400)
MISSING = ("ResourceNotFoundException", 404)


def retain(iot):
    """A profile that keeps datapoints of all devices that are not registered."""
    iot.create_dimension(
        name="telemetry", type="TOPIC_FILTER", stringValues=["dt/#"], clientRequestToken="one"
    )
    iot.create_custom_metric(
        metricName="batteryPct", metricType="number", clientRequestToken="one"
    )
    iot.create_security_profile(
        securityProfileName="keep", behaviors=[BEHAVIOR], additionalMetricsToRetainV2=RETAINED
    )
    iot.attach_security_profile(
        securityProfileName="keep", securityProfileTargetArn=arn("all", "unregistered-things")
    )


def values(iot, thing, metric, **more):
    now = datetime.now(timezone.utc)
    span = {"startTime": now - timedelta(days=1), "endTime": now + timedelta(minutes=1)}
    pages = iot.get_paginator("list_metric_values").paginate(
        thingName=thing, metricName=metric, **(span | more)
    )
    return [datum for page in pages for datum in page["metricDatumList"]]


def kept(iot, data, thing):
    """Reports until a datapoint is kept: the profile is in force within moments."""

    def look():
        data.publish(topic=topic(thing), qos=1, payload=body(bytes_out=1))
        return values(iot, thing, "aws:all-bytes-out")

    wait_for("the profile is in force", look)


@pytest.fixture(scope="module")
def iot(server, aws):
    retain(aws("iot"))
    kept(aws("iot"), aws("iot-data"), "first")
    return aws("iot")


def code(call, **arguments):
    with pytest.raises(ClientError) as failure:
        call(**arguments)
    error = failure.value.response
    return error["Error"]["Code"], error["ResponseMetadata"]["HTTPStatusCode"]


def test_datapoints_come_back_newest_first_with_aws_s_members(iot, aws):
    before = datetime.now(timezone.utc) - timedelta(seconds=1)
    for count in range(1, 31):
        report = json.loads(body(tcp_ports=[22, count], bytes_out=count))
        report["custom_metrics"] = {"batteryPct": [{"number": count + 0.5}]}
        aws("iot-data").publish(topic=topic("cam"), qos=1, payload=json.dumps(report))
    wait_for("thirty datapoints", lambda: len(values(iot, "cam", "aws:all-bytes-out")) == 30)
    found = values(iot, "cam", "aws:all-bytes-out", PaginationConfig={"PageSize": 7})
    assert [datum["value"] for datum in found] == [{"count": n} for n in range(30, 0, -1)]
    times = [datum["timestamp"] for datum in found]
    assert times == sorted(times, reverse=True)
    assert before < times[-1] <= times[0] <= datetime.now(timezone.utc)
    ports = values(iot, "cam", "aws:listening-tcp-ports")
    assert ports[0]["value"] == {"ports": [22, 30]}
    battery = values(iot, "cam", "batteryPct")
    assert battery[0]["value"] == {"number": 30.5}
    part = values(iot, "cam", "aws:all-bytes-out", startTime=times[19], endTime=times[10])
    assert [datum["value"]["count"] for datum in part] == list(range(20, 10, -1))


def test_what_no_profile_uses_is_not_kept(iot):
    assert values(iot, "first", "aws:num-listening-udp-ports") == []


def test_cloud_side_values_come_by_window_and_by_dimension(iot, server):
    client = PahoClient("pump")
    client.connect("127.0.0.1", server.credentials["mqtt"]["plaintext_port"])
    for name in ["dt/pump/a", "dt/pump/b", "cmd/x"]:
        client.publish(name, b"twelve bytes")

    def sent(**dimension):
        found = values(iot, "pump", "aws:num-messages-sent", **dimension)
        return sum(datum["value"]["count"] for datum in found)

    wait_for("all windows", lambda: sent() == 3)
    assert sent(dimensionName="telemetry") == 2
    assert sent(dimensionName="telemetry", dimensionValueOperator="IN") == 2
    # Nobody asked for the others to be kept.
    assert sent(dimensionName="telemetry", dimensionValueOperator="NOT_IN") == 0
    client.close()


def test_wrong_requests_are_told_apart(iot):
    now = datetime.now(timezone.utc)
    good = {
        "thingName": "first",
        "metricName": "aws:all-bytes-out",
        "startTime": now - timedelta(days=1),
        "endTime": now,
    }
    call = iot.list_metric_values
    assert code(call, **(good | {"metricName": "aws:all-bytes"})) == MISSING
    assert code(call, **(good | {"metricName": "unheardOf"})) == MISSING
    assert code(call, **(good | {"thingName": "nobody-knows"})) == MISSING
    assert code(call, **(good | {"dimensionName": "nothing"})) == MISSING
    assert code(call, **(good | {"dimensionValueOperator": "IN"})) == INVALID
    wrong = good | {"dimensionName": "telemetry", "dimensionValueOperator": "OUT"}
    assert code(call, **wrong) == INVALID
    assert code(call, **(good | {"startTime": now - timedelta(days=14, minutes=1)})) == INVALID
    assert code(call, **(good | {"startTime": now + timedelta(minutes=1)})) == INVALID
    assert code(call, **(good | {"maxResults": 251})) == INVALID
    assert code(call, **(good | {"nextToken": "made-up"})) == INVALID
    for name in ["thingName", "metricName", "startTime", "endTime"]:
        missing = {key: value for key, value in good.items() if key != name}
        assert code(call, **missing) == INVALID
    longest = good | {"startTime": now - timedelta(days=14)}
    assert call(**longest)["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_a_registered_thing_without_datapoints_has_an_empty_list(iot, server):
    server.create_thing("new-thing")
    assert values(iot, "new-thing", "aws:all-bytes-out") == []


def test_awscli_reads_them_too(iot, server):
    found = server.awscli(
        "iot", "list-metric-values", "--thing-name", "first", "--metric-name", "aws:all-bytes-out",
        "--start-time", "2020-01-01T00:00:00Z", "--end-time", "2020-01-02T00:00:00Z",
    )  # fmt: skip
    assert found == {"metricDatumList": []}


def test_datapoints_survive_a_kill(own_server):
    server = own_server().start()
    iot, data = server.aws("iot"), server.aws("iot-data")
    retain(iot)
    kept(iot, data, "first")
    for count in range(100, 120):
        data.publish(topic=topic("cam"), qos=1, payload=body(bytes_out=count))
    # Reports that were taken are evaluated after the kill at the latest.
    server.kill()
    server.start()
    iot = server.aws("iot")

    def counts():
        return [datum["value"]["count"] for datum in values(iot, "cam", "aws:all-bytes-out")]

    wait_for("all datapoints", lambda: counts() == list(range(119, 99, -1)))
