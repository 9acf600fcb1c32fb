"""What counts as an authorization failure of a device, and what does not (`aws:num-authorization-failures`)."""

import subprocess
from datetime import datetime, timedelta, timezone

import pytest

from conftest import program
from device_reports import body, topic
from paho_client import V5, PahoClient, Refused
from policy_documents import allow, arn, deny, document
from waiting import wait_for

CONFIG = {
    "detect": {"window": "1s", "grace": "300ms", "flush_interval": "200ms"},
    "gateway": {"tls_rules": {"connects_per_second": 0}},
}
NAME = "guard"
METRIC = "aws:num-authorization-failures"
NOT_AUTHORIZED = 0x87


def count(iot, metric=METRIC):
    now = datetime.now(timezone.utc)
    span = {"startTime": now - timedelta(hours=1), "endTime": now + timedelta(minutes=1)}
    pages = iot.get_paginator("list_metric_values").paginate(thingName=NAME, metricName=metric, **span)
    return sum(datum["value"]["count"] for page in pages for datum in page["metricDatumList"])


@pytest.fixture(scope="module")
def iot(server, aws):
    """The thing is there, its denials are kept, and a policy says what it may do."""
    iot, data = aws("iot"), aws("iot-data")
    kept = [{"metric": metric} for metric in (METRIC, "aws:all-bytes-out")]
    iot.create_security_profile(securityProfileName="denials", additionalMetricsToRetainV2=kept)
    iot.attach_security_profile(
        securityProfileName="denials", securityProfileTargetArn=arn("all", "registered-things")
    )
    server.bundle = server.create_thing(NAME)

    def is_kept():
        data.publish(topic=topic(NAME), qos=1, payload=body(bytes_out=1))
        return count(iot, "aws:all-bytes-out")

    wait_for("the profile is in force", is_kept)
    statements = [
        allow("iot:Connect", arn("client", NAME)),
        allow("iot:Publish", arn("topic", "may/publish")),
        allow("iot:Subscribe", arn("topicfilter", "may/see")),
        allow("iot:Subscribe", arn("topicfilter", "marker")),
        allow("iot:Receive", arn("topic", "marker")),
    ]
    iot.create_policy(policyName=NAME, policyDocument=document(*statements))
    iot.attach_policy(policyName=NAME, target=certificate_of(iot))
    return iot


def certificate_of(iot):
    return iot.list_thing_principals(thingName=NAME)["principals"][0]


def client_of(server):
    return PahoClient(NAME, V5).with_bundle(server.bundle)


def connect(server, client):
    return client.connect("localhost", server.credentials["mqtt"]["port"])


def post(server, path):
    """The status of a publish over HTTPS with the device's certificate."""
    bundle, port = server.bundle, server.credentials["mqtt"]["alpn_port"]
    command = [program("curl"), "-s", "--http1.1", "-d", "x", "-o", "-", "-w", "\n%{http_code}"]
    command += ["--cacert", bundle.ca, "--cert", bundle.certificate, "--key", bundle.key]
    ended = subprocess.run(
        [*map(str, command), f"https://localhost:{port}{path}"],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    return int(ended.stdout.rpartition("\n")[2])


def test_each_denied_request_of_a_device_counts_once_and_nothing_else_does(server, aws, iot):
    denied = 0
    iot.create_policy(policyName="away", policyDocument=document(deny("iot:Connect", "*")))
    iot.attach_policy(policyName="away", target=certificate_of(iot))
    with pytest.raises(Refused):
        connect(server, client_of(server))
    denied += 1
    iot.detach_policy(policyName="away", target=certificate_of(iot))
    with pytest.raises(Refused):
        connect(server, client_of(server).with_will("may/not", "gone"))
    denied += 1

    with connect(server, client_of(server)) as client:
        assert client.publish("may/not", "", qos=1) == NOT_AUTHORIZED
        denied += 1
        assert client.publish("may/publish", "", qos=1, retain=True) == NOT_AUTHORIZED
        denied += 1
        assert client.publish("may/publish", "", qos=1) in (0, 0x10)
        filters = ["may/see", "may/not/see", "may/neither", "marker"]
        _, mid = client.client.subscribe([(filter_, 1) for filter_ in filters])
        codes = wait_for("SUBACK", lambda: client.subacks.get(mid))
        assert [code.value for code in codes] == [1, NOT_AUTHORIZED, NOT_AUTHORIZED, 1]
        denied += 2
        # A delivery that is denied is no request of the device's.
        aws("iot-data").publish(topic="may/see", qos=1, payload=b"unseen")
        aws("iot-data").publish(topic="marker", qos=1, payload=b"seen")
        client.nothing_before("marker")

    assert post(server, "/topics/may/not?qos=1") == 403
    denied += 1
    assert post(server, "/topics/may/publish?qos=1") == 200
    wait_for(lambda: f"{denied} denials are counted; there are {count(iot)}", lambda: count(iot) == denied)

    # What came later counts on top, so there was nothing more before.
    assert post(server, "/topics/may/not?qos=1") == 403
    wait_for("one denial more", lambda: count(iot) == denied + 1)
