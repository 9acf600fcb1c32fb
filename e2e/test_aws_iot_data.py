"""iot-data: messages and connections over HTTP, by boto3 and by devices with curl."""

import base64
import json
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import boto3
import pytest
from botocore.exceptions import ClientError

from conftest import program
from device_reports import body
from device_reports import topic as report_topic
from mqtt_wire import Wire
from paho_client import V5, V311, PahoClient
from policy_documents import allow, arn, deny, document
from waiting import wait_for


@pytest.fixture(scope="module")
def data(aws):
    return aws("iot-data")


@pytest.fixture
def client(server):
    """Connects clients of the plaintext listener; closes them after the test."""
    made = []

    def connect(client_id, version=V5, clean=True, expiry=None, will=None, keepalive=60):
        client = PahoClient(client_id, version, clean)
        if will:
            client.with_will(*will)
        port = server.credentials["mqtt"]["plaintext_port"]
        made.append(client.connect("127.0.0.1", port, expiry, keepalive))
        return client

    yield connect
    for client in made:
        client.close()


@pytest.fixture(scope="module")
def watch(server):
    """Subscribes things that may hear everything, `$aws` topics too; closes them after the tests."""
    bundle = server.create_thing("watcher")
    iot = server.aws("iot")
    iot.create_policy(policyName="hears-everything", policyDocument=document(allow("iot:*", "*")))
    principals = iot.list_thing_principals(thingName="watcher")["principals"]
    iot.attach_policy(policyName="hears-everything", target=principals[0])
    made = []

    def act(*filters):
        client = PahoClient(f"watcher-{len(made)}", V5).with_bundle(bundle)
        made.append(client.connect("localhost", server.credentials["mqtt"]["port"]))
        for filter_ in filters:
            assert client.subscribe(filter_, 1) == 1
        return client

    yield act
    for client in made:
        client.close()


def refused(call, **arguments):
    """The code and status of the error that a call ends with."""
    with pytest.raises(ClientError) as error:
        call(**arguments)
    response = error.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


# Publish


def test_a_published_message_arrives_with_all_its_properties(client, data):
    subscriber = client("reader")
    subscriber.subscribe("http/+/ü", 1)
    properties = [{"unit": "kPa"}, {"line": "7"}, {"unit": "bar"}]
    data.publish(
        topic="http/a b/ü",
        qos=1,
        payload=b"\x00\xff",
        userProperties=json.dumps(properties),
        payloadFormatIndicator="UTF8_DATA",
        contentType="text/plain; charset=utf-8",
        responseTopic="http/answers",
        correlationData=base64.b64encode(b"\x01\x02").decode(),
        messageExpiry=600,
    )
    message = subscriber.receive()
    assert (message.topic, message.payload, message.qos, message.retain) == ("http/a b/ü", b"\x00\xff", 1, False)
    got = message.properties
    assert got.UserProperty == [("unit", "kPa"), ("line", "7"), ("unit", "bar")]
    assert (got.PayloadFormatIndicator, got.ContentType) == (1, "text/plain; charset=utf-8")
    assert (got.ResponseTopic, got.CorrelationData) == ("http/answers", b"\x01\x02")
    assert 590 <= got.MessageExpiryInterval <= 600


def test_a_message_without_options_is_qos_0_and_plain(client, data):
    subscriber = client("reader", V311)
    subscriber.subscribe("http/plain", 1)
    data.publish(topic="http/plain")
    message = subscriber.receive()
    assert (message.payload, message.qos) == (b"", 0)


@pytest.mark.parametrize(("asked", "told"), [(0, 1), (604_800, 604_800), (10**12, 604_800)])
def test_an_expiry_over_http_is_between_a_second_and_a_week(client, data, asked, told):
    subscriber = client("reader")
    subscriber.subscribe("http/expiry", 0)
    data.publish(topic="http/expiry", messageExpiry=asked)
    assert subscriber.receive().properties.MessageExpiryInterval == told


@pytest.mark.parametrize(
    ("arguments", "code", "status"),
    [
        ({"topic": "a/#"}, "InvalidRequestException", 400),
        ({"topic": "a/+/b"}, "InvalidRequestException", 400),
        ({"topic": "a/b/c/d/e/f/g/h/i"}, "InvalidRequestException", 400),
        ({"topic": "x" * 257}, "InvalidRequestException", 400),
        ({"topic": "$SYS/x"}, "InvalidRequestException", 400),
        ({"topic": "$aws/things/x/shadow/update"}, "InvalidRequestException", 400),
        ({"topic": "$aws/rules/r/x", "retain": True}, "InvalidRequestException", 400),
        ({"topic": "a", "qos": 2}, "InvalidRequestException", 400),
        ({"topic": "a", "userProperties": "{}"}, "InvalidRequestException", 400),
        ({"topic": "a", "userProperties": '[{"a": 1}]'}, "InvalidRequestException", 400),
        ({"topic": "a", "correlationData": "not base64!"}, "InvalidRequestException", 400),
        ({"topic": "a", "responseTopic": "a/#"}, "InvalidRequestException", 400),
        ({"topic": "a", "messageExpiry": -1}, "InvalidRequestException", 400),
        ({"topic": "a", "payloadFormatIndicator": "TEXT"}, "InvalidRequestException", 400),
        ({"topic": "a", "payload": b"x" * (128 * 1024 + 1)}, "RequestEntityTooLargeException", 413),
    ],
    ids=str,
)
def test_what_cannot_be_published_is_refused(data, arguments, code, status):
    if isinstance(arguments.get("payload"), bytes) and len(arguments["payload"]) > 1000:
        data.publish(topic="a", payload=arguments["payload"][:-1])
    assert refused(data.publish, **arguments) == (code, status)


def test_a_message_over_http_makes_no_lifecycle_events(watch, client, data):
    watcher = watch("$aws/events/presence/connected/#", "http/#")
    data.publish(topic="http/unheard", qos=1, payload=b"{}")
    client("other", V311)
    topics = {watcher.receive().topic, watcher.receive().topic}
    assert topics == {"http/unheard", "$aws/events/presence/connected/other"}


# Retained messages


def test_retained_messages_are_read_and_listed_page_by_page(data):
    for number in range(7):
        data.publish(topic=f"retained/{number}", retain=True, qos=1, payload=b"x" * number)
    data.publish(topic="retained/3", retain=True, qos=0, payload=b"new", userProperties='[{"a":"b"}]')
    got = data.get_retained_message(topic="retained/3")
    assert (got["topic"], got["payload"], got["qos"]) == ("retained/3", b"new", 0)
    assert json.loads(got["userProperties"]) == [{"a": "b"}]
    assert got["lastModifiedTime"] > 1_700_000_000_000
    pages = list(data.get_paginator("list_retained_messages").paginate(PaginationConfig={"PageSize": 2}))
    rows = [row for page in pages for row in page["retainedTopics"] if row["topic"].startswith("retained/")]
    # An empty payload clears.
    assert [row["topic"] for row in rows] == [f"retained/{number}" for number in range(1, 7)]
    assert [row["payloadSize"] for row in rows] == [1, 2, 3, 4, 5, 6]
    data.publish(topic="retained/3", retain=True, payload=b"")
    assert refused(data.get_retained_message, topic="retained/3") == ("ResourceNotFoundException", 404)


def test_a_page_s_token_is_for_its_operation_only(data):
    for number in range(2):
        data.publish(topic=f"retained/page/{number}", retain=True, payload=b"x")
    token = data.list_retained_messages(maxResults=1)["nextToken"]
    assert refused(data.list_subscriptions, clientId="x", nextToken=token)[0] == "InvalidRequestException"
    assert refused(data.list_retained_messages, maxResults=201)[0] == "InvalidRequestException"
    assert refused(data.list_retained_messages, nextToken="garbage")[0] == "InvalidRequestException"


# Connections


def test_a_connection_is_described_while_it_lasts_and_after(client, data):
    reader = client("described", V5, clean=False, expiry=600, keepalive=45)
    reader.subscribe("d/1", 1)
    reader.subscribe("d/2", 0)
    got = data.get_connection(clientId="described", includeSocketInformation=True)
    assert (got["connected"], got["clientId"], got["cleanSession"]) == (True, "described", False)
    assert (got["keepAliveDuration"], got["sessionExpiry"]) == (45, 600)
    assert (got["sourceIp"], got["targetIp"]) == ("127.0.0.1", "127.0.0.1")
    assert got["connectedSince"] > 1_700_000_000_000
    assert "disconnectedSince" not in got
    assert "sourceIp" not in data.get_connection(clientId="described")
    rows = data.list_subscriptions(clientId="described")["subscriptions"]
    assert rows == [{"topicFilter": "d/1", "qos": 1}, {"topicFilter": "d/2", "qos": 0}]
    page = data.list_subscriptions(clientId="described", maxResults=1)
    assert len(page["subscriptions"]) == 1
    rest = data.list_subscriptions(clientId="described", nextToken=page["nextToken"])
    assert rest["subscriptions"][0]["topicFilter"] == "d/2"
    assert "nextToken" not in rest
    reader.close()
    wait_for("it is disconnected", lambda: not data.get_connection(clientId="described")["connected"])
    got = data.get_connection(clientId="described")
    assert got["disconnectReason"] == "CLIENT_INITIATED_DISCONNECT"
    assert got["disconnectedSince"] >= got.get("connectedSince", 0)
    # Without a session it is still remembered.
    client("brief", V311).close()
    wait_for("it is disconnected", lambda: not data.get_connection(clientId="brief")["connected"])
    assert refused(data.list_subscriptions, clientId="brief") == ("ResourceNotFoundException", 404)


def test_a_thing_s_connection_names_it(server, data):
    bundle = server.create_thing("valve-1")
    with PahoClient("valve-1").with_bundle(bundle) as device:
        device.connect("localhost", server.credentials["mqtt"]["port"])
        assert data.get_connection(clientId="valve-1")["thingName"] == "valve-1"


def test_nobody_is_not_found_and_a_reserved_id_is_refused(data):
    for call in [data.get_connection, data.list_subscriptions, data.delete_connection]:
        assert refused(call, clientId="nobody") == ("ResourceNotFoundException", 404)
        assert refused(call, clientId="$reserved") == ("InvalidRequestException", 400)


def test_a_deleted_connection_is_cut_and_its_will_and_reason_are_published(watch, client, data):
    watcher = watch("wills/#", "$aws/events/presence/disconnected/cut")
    device = client("cut", V5, clean=False, expiry=600, will=("wills/cut", "gone"))
    data.delete_connection(clientId="cut")
    # 0x98, administrative action.
    assert device.wait_disconnected().value == 0x98
    heard = {message.topic: message.payload for message in (watcher.receive(), watcher.receive())}
    assert heard["wills/cut"] == b"gone"
    event = json.loads(heard["$aws/events/presence/disconnected/cut"])
    assert (event["disconnectReason"], event["clientInitiatedDisconnect"]) == ("API_INITIATED_DISCONNECT", False)
    assert data.get_connection(clientId="cut")["disconnectReason"] == "API_INITIATED_DISCONNECT"
    assert client("cut", V5, clean=False, expiry=600).session_present


def test_a_connection_can_be_deleted_with_its_session_and_without_its_will(client, data):
    watcher = client("watcher", V5)
    watcher.subscribe("wills/#", 0)
    device = client("cut", V5, clean=False, expiry=600, will=("wills/cut", "gone"))
    data.delete_connection(clientId="cut", cleanSession=True, preventWillMessage=True)
    device.wait_disconnected()
    assert not client("cut", V5, clean=False, expiry=600).session_present
    data.publish(topic="wills/marker")
    watcher.nothing_before("wills/marker")


def test_what_is_not_there_is_said_to_be_absent(data):
    assert refused(data.get_thing_shadow, thingName="x") == ("UnknownOperationException", 404)


# Direct messages


@pytest.mark.parametrize("version", [V311, V5], ids=["mqtt-3.1.1", "mqtt-5"])
@pytest.mark.parametrize("confirmation", [False, True], ids=["unconfirmed", "confirmed"])
def test_a_direct_message_reaches_one_client_without_a_subscription(client, data, version, confirmation):
    target, other = client("target", version), client("other")
    answer = data.send_direct_message(
        clientId="target",
        topic="direct/a b/ü",
        payload=b"\x00\xff",
        confirmation=confirmation,
        timeout=10,
        contentType="text/plain",
        responseTopic="direct/answers",
        correlationData=base64.b64encode(b"\x01").decode(),
        userProperties=json.dumps([{"unit": "kPa"}]),
        payloadFormatIndicator="UNSPECIFIED_BYTES",
    )
    assert answer["message"] == "OK" and answer["traceId"]
    message = target.receive()
    assert (message.topic, message.payload) == ("direct/a b/ü", b"\x00\xff")
    assert (message.qos, message.retain) == (int(confirmation), False)
    if version == V5:
        got = message.properties
        assert (got.ContentType, got.ResponseTopic) == ("text/plain", "direct/answers")
        assert (got.CorrelationData, got.UserProperty) == (b"\x01", [("unit", "kPa")])
    other.subscribe("direct/marker", 1)
    data.publish(topic="direct/marker", qos=1)
    other.nothing_before("direct/marker")


def test_a_direct_message_that_is_not_acknowledged_in_time_is_a_timeout(server, data):
    port = server.credentials["mqtt"]["plaintext_port"]
    with Wire(("127.0.0.1", port)) as mute:
        assert mute.connect("mute").code == 0
        started = time.monotonic()
        asked = {"clientId": "mute", "topic": "direct", "payload": b"x", "confirmation": True}
        with pytest.raises(ClientError) as error:
            data.send_direct_message(**asked, timeout=1)
        assert 1 <= time.monotonic() - started < 5
        response = error.value.response
        assert (response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]) == (
            "GatewayTimeoutException",
            504,
        )
        assert "within 1 s" in response["Error"]["Message"]
        # It has been sent all the same.
        assert mute.message(acknowledge=False).payload == b"x"


@pytest.mark.parametrize(
    ("arguments", "code", "status"),
    [
        ({"clientId": "nobody"}, "ResourceNotFoundException", 404),
        ({"clientId": "$x"}, "InvalidRequestException", 400),
        ({"topic": ""}, "InvalidRequestException", 400),
        ({"topic": "a/#"}, "InvalidRequestException", 400),
        ({"topic": "$aws/things/x/jobs/notify"}, "InvalidRequestException", 400),
        ({"topic": "a/b/c/d/e/f/g/h/i"}, "InvalidRequestException", 400),
        ({"confirmation": True, "timeout": 0}, "InvalidRequestException", 400),
        ({"confirmation": True, "timeout": 16}, "InvalidRequestException", 400),
        ({"userProperties": "{}"}, "InvalidRequestException", 400),
        ({"payload": b"x" * (128 * 1024 + 1)}, "RequestEntityTooLargeException", 413),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_direct_message_that_cannot_be_sent_is_refused(client, data, arguments, code, status):
    client("target")
    asked = {"clientId": "target", "topic": "direct", "payload": b"x", **arguments}
    assert refused(data.send_direct_message, **asked) == (code, status)


def test_a_direct_message_that_the_client_may_not_receive_is_forbidden(server, data):
    listener = Device(server, "listener-1", allow("iot:Receive", arn("topic", "open/*")))
    with PahoClient("listener-1").with_bundle(listener.bundle) as client:
        client.connect("localhost", server.credentials["mqtt"]["port"])
        for confirmation in (False, True):
            data.send_direct_message(clientId="listener-1", topic="open/a", confirmation=confirmation)
            assert client.receive().topic == "open/a"
            asked = {"clientId": "listener-1", "topic": "secret", "confirmation": confirmation}
            assert refused(data.send_direct_message, **asked) == ("ForbiddenException", 403)


def test_awscli_sends_a_direct_message(server, client):
    target = client("target")
    answer = server.awscli(
        "iot-data", "send-direct-message", "--client-id", "target", "--topic", "cli/direct", "--confirmation",
        "--payload", "from the shell",
    )  # fmt: skip
    assert answer["message"] == "OK"
    assert target.receive().payload == b"from the shell"


def test_direct_messages_to_many_clients_at_once_find_each(client, data):
    targets = {f"target-{number}": client(f"target-{number}") for number in range(8)}
    with ThreadPoolExecutor(8) as pool:
        send = lambda name: data.send_direct_message(  # noqa: E731
            clientId=name, topic="direct", payload=name.encode(), confirmation=True, timeout=15
        )
        assert [answer["message"] for answer in pool.map(send, list(targets) * 5)] == ["OK"] * 40
    for name, target in targets.items():
        assert [target.receive().payload for _ in range(5)] == [name.encode()] * 5


# Devices over HTTPS


class Device:
    """A thing with curl and its certificate."""

    def __init__(self, server, thing, *statements):
        self.server = server
        self.thing = thing
        self.bundle = server.create_thing(thing)
        iot = server.aws("iot")
        if statements:
            name = f"https-{thing}"
            iot.create_policy(policyName=name, policyDocument=document(*statements))
            principals = iot.list_thing_principals(thingName=thing)["principals"]
            iot.attach_policy(policyName=name, target=principals[0])

    def curl(self, path, *args, alpn=True, certificate=True):
        """Status and body of a request to the data endpoint."""
        port = self.server.credentials["mqtt"]["alpn_port"]
        command = [program("curl"), "-s", "-S", "--http1.1", "--max-time", "20", "--path-as-is"]
        command += ["--cacert", str(self.bundle.ca), "-w", "\n%{http_code}"]
        if certificate:
            command += ["--cert", str(self.bundle.certificate), "--key", str(self.bundle.key)]
        if not alpn:
            command += ["--no-alpn"]
        command += [*args, f"https://localhost:{port}{path}"]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
        assert ended.returncode == 0, ended.stderr
        text, _, status = ended.stdout.rpartition("\n")
        return int(status), json.loads(text) if text else None


@pytest.fixture(scope="module")
def device(server):
    return Device(
        server,
        "meter-1",
        allow(["iot:Publish", "iot:RetainPublish", "iot:GetRetainedMessage"], arn("topic", "meters/*")),
        deny("iot:RetainPublish", arn("topic", "meters/volatile")),
        # The fleet's policy names the topic by the thing, which is known to MQTT only.
        allow("iot:Publish", arn("topic", "$aws/things/meter-1/defender/metrics/*")),
    )


def test_a_device_publishes_with_its_certificate(client, device):
    subscriber = client("reader")
    subscriber.subscribe("meters/#", 1)
    status, answer = device.curl("/topics/meters/1/value?qos=1&contentType=text%2Fplain", "-d", "42 kWh")
    assert (status, answer["message"]) == (200, "OK")
    message = subscriber.receive()
    assert (message.topic, message.payload, message.qos) == ("meters/1/value", b"42 kWh", 1)
    assert message.properties.ContentType == "text/plain"
    status, _ = device.curl("/topics/meters%2F1%2Fvalue", "--data-binary", "43", alpn=False)
    assert status == 200
    assert subscriber.receive().payload == b"43"


def test_a_device_may_do_what_its_policies_say(device, data):
    assert device.curl("/topics/other?qos=1", "-d", "x")[0] == 403
    status, answer = device.curl("/topics/meters/volatile?retain=true", "-d", "x")
    assert status == 403
    assert "https-meter-1" in answer["message"], answer
    assert device.curl("/topics/meters/kept?retain=true&qos=1", "-d", "kept")[0] == 200
    status, answer = device.curl("/retainedMessage/meters/kept")
    assert (status, base64.b64decode(answer["payload"])) == (200, b"kept")
    assert device.curl("/retainedMessage/other")[0] == 403
    assert device.curl("/retainedMessage")[0] == 403
    assert device.curl("/connections/meter-1")[0] == 403
    assert device.curl("/connections/meter-1", "-X", "DELETE")[0] == 403
    assert device.curl("/connections/meter-1/subscriptions")[0] == 403
    status, answer = device.curl("/connections/meter-1/messages?topic=a", "-d", "x")
    assert status == 403 and "iot:SendDirectMessage on client/meter-1" in answer["message"], answer


def test_a_device_looks_at_and_ends_the_connections_that_its_policies_name(server, client):
    actions = ["iot:GetConnection", "iot:ListSubscriptions", "iot:DeleteConnection", "iot:SendDirectMessage"]
    gateway = Device(server, "gateway-1", allow(actions, arn("client", "behind-*")))
    behind, other = client("behind-1"), client("other")
    behind.subscribe("b/1", 1)
    status, answer = gateway.curl("/connections/behind-1")
    assert (status, answer["connected"]) == (200, True)
    status, answer = gateway.curl("/connections/behind-1/subscriptions")
    assert (status, answer["subscriptions"]) == (200, [{"topicFilter": "b/1", "qos": 1}])
    status, _ = gateway.curl("/connections/behind-1/messages?topic=b/2&confirmation=true", "-d", "turn")
    assert status == 200
    assert behind.receive().payload == b"turn"
    assert gateway.curl("/connections/behind-1", "-X", "DELETE")[0] == 200
    behind.wait_disconnected()
    # The change is written down with who made it.
    session, api = server.console()
    changes = session.get(f"{api}/changes", timeout=10).json()["changes"]
    cut = [change for change in changes if (change["operation"], change["resource"]) == ("DeleteConnection", "client/behind-1")]
    assert len(cut) == 1 and len(cut[0]["actor"]) == 64, changes[:3]
    for method in ("GET", "DELETE"):
        assert gateway.curl("/connections/other", "-X", method)[0] == 403
    assert other.disconnected is None


def test_without_a_certificate_or_a_signature_nobody_is_let_in(device):
    assert device.curl("/topics/meters/1", "-d", "x", certificate=False)[0] == 403


def test_the_control_plane_is_not_at_the_data_endpoint(device):
    status, answer = device.curl("/things")
    assert status == 404
    assert "only messages" in answer["message"]


def test_a_report_over_https_goes_the_way_of_one_over_mqtt(server, watch, device):
    own = report_topic("meter-1")
    subscriber = watch(f"{own}/accepted", f"{own}/rejected")
    status, answer = device.curl(f"/topics/{own.replace('$', '%24')}?qos=1", "--data-binary", body(report_id=77))
    assert status == 200, answer
    message = subscriber.receive()
    assert message.topic == f"{own}/accepted"
    assert json.loads(message.payload)["reportId"] == 77
    status, answer = device.curl(f"/topics/{own.replace('$', '%24')}?qos=1", "--data-binary", "{}")
    assert status == 400
    assert "rejected" in answer["message"]
    assert subscriber.receive().topic == f"{own}/rejected"
    server.wait_for_rows("index=iot thing=meter-1 | stats count", lambda rows: int(rows[0]["count"]) > 0)


def test_a_certificate_that_is_turned_off_is_refused_at_once(server, device):
    iot = server.aws("iot")
    other = Device(server, "meter-2", allow("iot:Publish", arn("topic", "meters/*")))
    assert other.curl("/topics/meters/2", "-d", "x")[0] == 200
    certificate = iot.list_thing_principals(thingName="meter-2")["principals"][0].rpartition("/")[2]
    iot.update_certificate(certificateId=certificate, newStatus="INACTIVE")
    port = server.credentials["mqtt"]["alpn_port"]
    command = [program("curl"), "-s", "--cacert", str(other.bundle.ca), "--cert", str(other.bundle.certificate)]
    command += ["--key", str(other.bundle.key), "-d", "x", f"https://localhost:{port}/topics/meters/2"]
    assert subprocess.run(command, capture_output=True, timeout=30, check=False).returncode != 0
    iot.update_certificate(certificateId=certificate, newStatus="ACTIVE")
    assert other.curl("/topics/meters/2", "-d", "x")[0] == 200


def test_the_signature_of_an_admin_counts_at_the_data_endpoint_too(server, client):
    subscriber = client("reader")
    subscriber.subscribe("signed", 1)
    access = server.credentials["aws"]
    at_door = boto3.client(
        "iot-data",
        endpoint_url=f"https://localhost:{server.credentials['mqtt']['alpn_port']}",
        verify=server.ca,
        region_name=access["region"],
        aws_access_key_id=access["access_key_id"],
        aws_secret_access_key=access["secret_access_key"],
    )
    at_door.publish(topic="signed", qos=1, payload=b"by an admin")
    assert subscriber.receive().payload == b"by an admin"


def test_awscli_publishes_and_reads(server, client):
    subscriber = client("reader")
    subscriber.subscribe("cli/#", 1)
    server.awscli(
        "iot-data", "publish", "--topic", "cli/a", "--qos", "1", "--retain", "--payload", "from the shell"
    )
    assert subscriber.receive().payload == b"from the shell"
    found = server.awscli("iot-data", "list-retained-messages")
    assert "cli/a" in [row["topic"] for row in found["retainedTopics"]]


def test_a_message_expires_in_the_queue_of_a_client_that_is_away(client, data):
    away = client("away", V5, clean=False, expiry=600)
    away.subscribe("short", 1)
    away.close()
    data.publish(topic="short", qos=1, payload=b"gone", messageExpiry=1)
    data.publish(topic="short", qos=1, payload=b"here")
    started = time.monotonic()
    wait_for("a second has passed", lambda: time.monotonic() - started > 1.2)
    assert client("away", V5, clean=False, expiry=600).receive().payload == b"here"
