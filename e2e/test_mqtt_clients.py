"""MQTT clients that people use meet the dialect of AWS IoT over mutual TLS."""

import functools
import json
import ssl
import subprocess

import pytest

from conftest import program
from device_reports import body, topic
from paho_client import NAMES, V5, V311, PahoClient, Refused
from policy_documents import allow, arn, deny, grant_to_fleet
from server import Server

VERSIONS = pytest.mark.parametrize("version", [V311, V5], ids=lambda version: f"mqtt-{NAMES[version]}")
# What a client that is denied gets back in MQTT 5.
NOT_AUTHORIZED = 0x87


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A fleet that may use `e2e/…` among itself, but for `e2e/secret`."""
    running = Server(tmp_path_factory.mktemp("picket")).start()
    grant_to_fleet(
        running.aws("iot"),
        "e2e-topics",
        allow(["iot:Publish", "iot:Receive", "iot:RetainPublish"], arn("topic", "e2e/*")),
        allow(
            "iot:Subscribe",
            arn("topicfilter", "e2e/*"),
            arn("topicfilter", "$share/*/e2e/*"),
            arn("topicfilter", "#"),
        ),
        deny(["iot:Publish", "iot:Receive"], arn("topic", "e2e/secret")),
    )
    yield running
    running.end()


@pytest.fixture(scope="module")
def port(server):
    return server.credentials["mqtt"]["port"]


@pytest.fixture(scope="module")
def bundles(server):
    """Things made once, by name."""
    return functools.cache(server.create_thing)


@pytest.fixture
def connect(server, port, bundles):
    """Connects a thing; closes it after the test."""
    open_clients = []

    def act(name, version=V311, clean=True, expiry=None, will=None, keepalive=60):
        client = PahoClient(name, version, clean).with_bundle(bundles(name))
        if will:
            client.with_will(*will)
        client.connect("localhost", port, expiry, keepalive)
        open_clients.append(client)
        return client

    yield act
    for client in open_clients:
        client.close()


def mosquitto(tool, server, bundle, *args, **options):
    """A mosquitto client with the thing's bundle."""
    # Line by line, though it goes to a pipe.
    command = [program("stdbuf"), "-oL", program(tool), "-h", "localhost", "-p", str(server.credentials["mqtt"]["port"])]
    command += ["--cafile", str(bundle.ca), "--cert", str(bundle.certificate), "--key", str(bundle.key)]
    command += ["-i", bundle.thing, *args]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)


# The mosquitto clients


@pytest.mark.parametrize("version", ["mqttv311", "mqttv5"])
def test_mosquitto_pub_delivers_to_mosquitto_sub(server, bundles, version):
    source, sink = bundles(f"pub-{version}"), bundles(f"sub-{version}")
    common = ["-V", version, "-q", "1", "-t", f"e2e/mosquitto/{version}"]
    subscriber = mosquitto("mosquitto_sub", server, sink, *common, "-C", "2", "-W", "30", "-d")
    lines = iter(subscriber.stdout.readline, "")
    next(line for line in lines if "Subscribed (mid" in line)
    for text in ("one", "two"):
        publisher = mosquitto("mosquitto_pub", server, source, *common, "-m", text)
        assert publisher.wait(timeout=20) == 0, publisher.stdout.read()
    output = "".join(lines)
    assert subscriber.wait(timeout=30) == 0
    assert "one\n" in output and "two\n" in output


def test_mosquitto_pub_to_a_denied_topic_loses_its_connection(server, bundles):
    publisher = mosquitto(
        "mosquitto_pub", server, bundles("pub-denied"), "-V", "mqttv311", "-q", "1",
        "-t", "e2e/secret", "-m", "x", "--repeat", "1",
    )  # fmt: skip
    try:
        code = publisher.wait(timeout=5)
    except subprocess.TimeoutExpired:
        # mosquitto_pub reconnects and tries for ever; that it never got its PUBACK is the point.
        publisher.terminate()
        publisher.wait(timeout=10)
        code = 1
    assert code != 0, publisher.stdout.read()


# What a policy allows and denies


@VERSIONS
def test_a_report_is_answered_on_accepted(connect, version):
    client = connect("policy-a", version)
    assert client.subscribe(topic("policy-a") + "/accepted") == 1
    assert client.publish(topic("policy-a"), body(report_id=4711)) == 0
    answer = json.loads(client.receive().payload)
    assert (answer["thingName"], answer["reportId"], answer["status"]) == ("policy-a", 4711, "ACCEPTED")


def test_a_denied_publish_ends_a_311_connection(connect):
    client = connect("policy-b")
    client.send("e2e/secret", "x")
    client.wait_disconnected()
    assert client.pubacks == {}


def test_a_denied_publish_is_told_by_reason_code_in_mqtt_5(connect):
    client = connect("policy-c", V5)
    assert client.publish("e2e/secret", "x") == NOT_AUTHORIZED
    assert client.publish("e2e/open", "x") in (0, 0x10), "the connection stays"
    client.send("e2e/secret", "x", qos=0)
    assert client.wait_disconnected().value == NOT_AUTHORIZED


@VERSIONS
def test_a_denied_subscription_is_told_and_the_connection_stays(connect, version):
    client = connect("policy-d", version)
    assert client.subscribe("elsewhere/#") == (NOT_AUTHORIZED if version == V5 else 0x80)
    assert client.subscribe("e2e/here") == 1


@VERSIONS
def test_what_may_not_be_received_is_not_delivered(connect, server, version):
    client = connect("policy-e", version)
    name = NAMES[version]
    assert client.subscribe("e2e/#") == 1
    # The development door has full rights, so the publish itself is fine.
    with PahoClient("operator") as operator:
        operator.connect("127.0.0.1", server.credentials["mqtt"]["plaintext_port"])
        assert operator.publish("e2e/secret", "hidden") == 0
        assert operator.publish(f"e2e/marker-{name}", "seen") == 0
    client.nothing_before(f"e2e/marker-{name}")


@VERSIONS
def test_another_things_client_id_is_refused(port, bundles, version):
    client = PahoClient("policy-not-me", version).with_bundle(bundles("policy-f"))
    with pytest.raises(Refused):
        client.connect("localhost", port)


@VERSIONS
def test_another_things_report_topic_is_denied(connect, version):
    client = connect("policy-g", version)
    if version == V5:
        assert client.publish(topic("policy-a"), body()) == NOT_AUTHORIZED
    else:
        client.send(topic("policy-a"), body())
        client.wait_disconnected()


def test_a_client_without_a_certificate_does_not_get_in(server, port):
    context = ssl.create_default_context(cafile=server.ca)
    client = PahoClient("nobody")
    client.client.tls_set_context(context)
    with pytest.raises((Refused, ssl.SSLError, ConnectionError, OSError)):
        client.connect("localhost", port)


def test_wildcards_do_not_reach_reserved_topics(connect):
    client = connect("policy-h")
    assert client.subscribe("#") == 1
    assert client.publish(topic("policy-h"), body()) == 0
    assert client.publish("e2e/policy-h", "seen") == 0
    client.nothing_before("e2e/policy-h")


# What a broker does


@VERSIONS
def test_a_retained_message_meets_later_subscribers_of_exactly_its_topic(connect, version):
    name = NAMES[version]
    source, sink = connect("retain-a", version), connect("retain-b", version)
    kept = f"e2e/retained/{name}"
    assert source.publish(kept, "kept", retain=True) in (0, 0x10)
    assert sink.subscribe(kept) == 1
    message = sink.receive()
    assert (message.payload, message.retain) == (b"kept", True)
    # A wildcard does not fetch retained messages (AWS).
    other = connect("retain-c", version)
    assert other.subscribe("e2e/retained/+") == 1
    assert source.publish(f"e2e/retained/marker-{name}", "now") in (0, 0x10)
    other.nothing_before(f"e2e/retained/marker-{name}")
    # An empty one deletes it.
    assert source.publish(kept, "", retain=True) in (0, 0x10)
    assert sink.receive().payload == b""
    late = connect("retain-d", version)
    assert late.subscribe(kept) == 1
    assert source.publish(kept, "fresh") in (0, 0x10)
    assert late.receive().payload == b"fresh"


@VERSIONS
def test_a_will_is_sent_when_a_device_vanishes_and_not_when_it_leaves(connect, version):
    name = NAMES[version]
    watcher = connect("will-watcher", version)
    assert watcher.subscribe(f"e2e/wills/{name}/+") == 1
    gone = connect("will-a", version, will=(f"e2e/wills/{name}/a", "lost"))
    polite = connect("will-b", version, will=(f"e2e/wills/{name}/b", "lost"))
    polite.close()
    gone.drop()
    message = watcher.receive()
    assert (message.topic, message.payload) == (f"e2e/wills/{name}/a", b"lost")
    assert watcher.publish(f"e2e/wills/{name}/marker", "x") in (0, 0x10)
    watcher.nothing_before(f"e2e/wills/{name}/marker")


@VERSIONS
def test_a_will_on_a_denied_topic_is_refused_at_connect(port, bundles, version):
    client = PahoClient("will-c", version).with_bundle(bundles("will-c")).with_will("e2e/secret", "x")
    with pytest.raises(Refused):
        client.connect("localhost", port)


@VERSIONS
def test_a_persistent_session_keeps_what_came_meanwhile(connect, version):
    name = NAMES[version]
    expiry = 600 if version == V5 else None
    first = connect(f"session-a-{int(version)}", version, clean=False, expiry=expiry)
    assert first.subscribe(f"e2e/session/{name}") == 1
    first.close()
    source = connect(f"session-b-{int(version)}", version)
    for text in ("one", "two", "three"):
        assert source.publish(f"e2e/session/{name}", text) == 0
    again = connect(f"session-a-{int(version)}", version, clean=False, expiry=expiry)
    assert again.session_present
    assert [again.receive().payload for _ in range(3)] == [b"one", b"two", b"three"]
    again.close()
    fresh = connect(f"session-a-{int(version)}", version, clean=True)
    assert not fresh.session_present


@VERSIONS
def test_a_shared_subscription_gives_each_message_to_one_member(connect, version):
    name = NAMES[version]
    members = [connect(f"share-{letter}", version) for letter in "ab"]
    for member in members:
        assert member.subscribe(f"$share/{name}/e2e/shared/{name}") == 1
        assert member.subscribe(f"e2e/marker/{name}") == 1
    source = connect("share-source", version)
    for number in range(20):
        assert source.publish(f"e2e/shared/{name}", str(number)) == 0
    assert source.publish(f"e2e/marker/{name}", "end") == 0
    got = []
    for member in members:
        while (message := member.receive()).topic != f"e2e/marker/{name}":
            got.append(int(message.payload))
    assert sorted(got) == list(range(20))


def test_qos_2_is_refused_with_9b_in_mqtt_5(connect):
    client = connect("qos-a", V5)
    client.send("e2e/qos", "x", qos=2)
    assert client.wait_disconnected().value == 0x9B


def test_qos_2_gets_no_answer_in_311(connect):
    client = connect("qos-b")
    info = client.send("e2e/qos", "x", qos=2)
    # The server either closes the connection or goes on without an answer; never a completed QoS 2.
    other = connect("qos-c")
    assert other.publish("e2e/qos-other", "x") == 0
    assert not info.is_published()


@VERSIONS
def test_a_second_connection_with_the_same_client_id_takes_over(connect, version):
    first = connect("takeover", version)
    second = connect("takeover", version)
    reason = first.wait_disconnected()
    if version == V5:
        assert reason.value == 0x8E
    assert second.publish("e2e/takeover", "x") in (0, 0x10)
