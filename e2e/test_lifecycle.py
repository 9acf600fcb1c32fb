"""Lifecycle events on `$aws/events`: when they come, and what is in them."""

import re
import time

import pytest

from fleet import ITSELF, Client, Events, Fleet, bare, own_rights
from mqtt_wire import DISCONNECT
from paho_client import NAMES, V5, V311, Refused
from policy_documents import allow, arn, deny
from waiting import wait_for

VERSIONS = pytest.mark.parametrize("version", [V311, V5], ids=lambda version: f"mqtt-{NAMES[version]}")
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

# A keep-alive that a test can wait for, and clients that come back as often as the tests need it.
CONFIG = {"gateway": {"tls_rules": {"keep_alive_seconds_min": 1, "connects_per_second": 0}}}


@pytest.fixture(scope="module")
def fleet(server, tmp_path_factory):
    made = Fleet(server, tmp_path_factory.mktemp("fleet"))
    made.policy("own", *own_rights("plant"))
    return made


@pytest.fixture(scope="module")
def events(server, fleet):
    return Events(server, fleet.watcher())


@pytest.fixture
def device(fleet, request):
    """A device of this test's own."""
    name = re.sub("[^a-z0-9]+", "-", request.node.name.lower().removeprefix("test_"))[:100].strip("-")
    return fleet.device(name, policies=["own"])


@pytest.fixture
def connect(server):
    made = []

    def act(device, version=V5, **options):
        clean = options.pop("clean", True)
        client = Client(device.thing, version, clean)
        will = options.pop("will", None)
        if will:
            client.with_will(*will)
        made.append(client.to(server, device, **options))
        return client

    yield act
    for client in made:
        client.close()


@pytest.fixture
def wire(server):
    """Connects packet by packet; closes the sockets after the test."""
    made = []

    def act(device, version, keepalive=60):
        made.append(bare(server, device, version))
        made[-1].connect(device.thing, keepalive=keepalive)
        return made[-1]

    yield act
    for peer in made:
        peer.close()


def assert_members(event, device, event_type, **more):
    """The event has exactly these members, and these values where they are known."""
    fixed = {
        "clientId": device.thing,
        "eventType": event_type,
        "principalIdentifier": device.id,
        "timestamp": event["timestamp"],
        "sessionIdentifier": event["sessionIdentifier"],
    }
    assert event == fixed | more
    assert UUID.fullmatch(event["sessionIdentifier"])
    assert isinstance(event["timestamp"], int)
    assert abs(event["timestamp"] - time.time() * 1000) < 60_000


def assert_gone(events, device, reason, is_by_client=False, version_number=0):
    """The pair of events of a connection that ended so."""
    connected = events.of(device.thing, "connected")[-1]
    gone = events.of(device.thing, "disconnected")[-1]
    assert_members(
        gone,
        device,
        "disconnected",
        clientInitiatedDisconnect=is_by_client,
        disconnectReason=reason,
        versionNumber=version_number,
    )
    assert gone["sessionIdentifier"] == connected["sessionIdentifier"]
    assert gone["versionNumber"] == connected["versionNumber"]
    assert gone["timestamp"] >= connected["timestamp"]
    return gone


# Coming


@VERSIONS
def test_a_connect_is_told_with_the_address_and_version_0(connect, events, device, version):
    connect(device, version)
    (event,) = events.of(device.thing, "connected")
    assert_members(event, device, "connected", ipAddress="127.0.0.1", versionNumber=0)


def test_topics_of_the_events_end_with_the_client_id(connect, events, device):
    connect(device).close()
    events.of(device.thing, "disconnected")
    topics = [topic for topic, payload in events.heard if payload["clientId"] == device.thing]
    assert topics == [f"$aws/events/presence/{kind}/{device.thing}" for kind in ("connected", "disconnected")]


def test_the_thing_is_named_if_the_certificate_is_its_alone(connect, events, fleet):
    device = fleet.device("exclusive", policies=["own"], kind="EXCLUSIVE_THING")
    client = connect(device)
    client.subscribe("plant/exclusive/a")
    client.close()
    for event_type in ("connected", "subscribed", "disconnected"):
        (event,) = events.of("exclusive", event_type)
        assert event["thingName"] == "exclusive", event


def test_the_thing_of_a_shared_certificate_is_not_named(connect, events, device):
    connect(device).close()
    (event,) = events.of(device.thing, "disconnected")
    assert "thingName" not in event
    assert "thingName" not in events.now(device.thing, "connected")[0]


# Leaving


@VERSIONS
def test_a_disconnect_is_the_clients_wish(connect, events, device, version):
    connect(device, version).close()
    assert_gone(events, device, "CLIENT_INITIATED_DISCONNECT", is_by_client=True)


@VERSIONS
def test_a_lost_socket(connect, events, device, version):
    connect(device, version).drop()
    assert_gone(events, device, "CONNECTION_LOST")


@VERSIONS
def test_silence_for_one_and_a_half_times_the_keep_alive(wire, events, device, version):
    started = time.monotonic()
    last = wire(device, version, keepalive=1).closed()
    assert time.monotonic() - started >= 1.5
    assert [(packet.kind, packet.code) for packet in last] == [(DISCONNECT, 0x8D)] * (version == V5)
    assert_gone(events, device, "MQTT_KEEP_ALIVE_TIMEOUT")


@VERSIONS
def test_a_takeover(connect, events, device, version):
    first = connect(device, version)
    second = connect(device, version)
    code, text = first.ended()
    if version == V5:
        assert (code, text) == (0x8E, "a newer connection has this client id")
    gone = events.of(device.thing, "disconnected")
    assert [(event["disconnectReason"], event["versionNumber"]) for event in gone] == [("DUPLICATE_CLIENTID", 0)]
    old, new = events.of(device.thing, "connected", count=2)
    assert (old["versionNumber"], new["versionNumber"]) == (0, 1)
    assert gone[0]["sessionIdentifier"] == old["sessionIdentifier"] != new["sessionIdentifier"]
    assert second.publish(f"plant/{device.thing}/a", "x") in (0, 0x10)


@VERSIONS
def test_a_second_connect_packet_is_the_clients_error(wire, events, device, version):
    peer = wire(device, version)
    peer.send_connect(device.thing)
    last = peer.closed()
    assert [(packet.kind, packet.code) for packet in last] == [(DISCONNECT, 0x82)] * (version == V5)
    assert_gone(events, device, "CLIENT_ERROR")


@VERSIONS
def test_a_payload_that_is_too_large_is_the_clients_error(connect, events, device, version):
    client = connect(device, version)
    client.send(f"plant/{device.thing}/a", "x" * 131_073)
    code, text = client.ended()
    if version == V5:
        assert code == 0x95 and "131072" in text
    assert_gone(events, device, "CLIENT_ERROR")


@VERSIONS
def test_a_publish_that_is_not_allowed_ends_with_an_authorization_error(connect, events, device, version):
    client = connect(device, version)
    client.send("plant/other/a", "x", qos=0)
    code, text = client.ended()
    if version == V5:
        assert code == 0x87 and "plant/other/a" in text
    assert_gone(events, device, "AUTH_ERROR")


@VERSIONS
def test_delete_connection(connect, events, device, aws, version):
    client = connect(device, version)
    aws("iot-data").delete_connection(clientId=device.thing)
    code, text = client.ended()
    if version == V5:
        assert (code, text) == (0x98, "the connection was ended by an operator")
    assert_gone(events, device, "API_INITIATED_DISCONNECT")


@pytest.mark.parametrize("status", ["INACTIVE", "REVOKED"])
def test_a_certificate_switched_off(connect, events, device, fleet, status):
    client = connect(device)
    fleet.iot.update_certificate(certificateId=device.id, newStatus=status)
    assert client.ended() == (0x98, f"the certificate is {status}")
    assert_gone(events, device, "AUTH_ERROR")


def test_the_end_of_the_right_to_connect(connect, events, device, fleet):
    client = connect(device)
    fleet.iot.detach_policy(policyName="own", target=device.arn)
    code, text = client.ended()
    assert code == 0x87 and "iot:Connect" in text
    assert_gone(events, device, "FORBIDDEN_ACCESS")


def test_a_will_is_sent_for_all_ends_but_the_clients_wish(connect, events, device, aws):
    topic = f"plant/{device.thing}/will"
    watcher = Client("watcher-of-wills", V5).to(events.server, events.device)
    try:
        assert watcher.subscribe(topic) == 1
        connect(device, will=(topic, "polite")).close()
        connect(device, will=(topic, "lost")).drop()
        assert watcher.receive().payload == b"lost"
        connect(device, will=(topic, "ended"))
        aws("iot-data").delete_connection(clientId=device.thing)
        assert watcher.receive().payload == b"ended"
    finally:
        watcher.close()


# Not coming in


@VERSIONS
def test_a_client_id_that_is_not_allowed(events, device, server, version):
    client = Client(f"{device.thing}-not-me", version)
    with pytest.raises(Refused):
        client.to(server, device)
    assert client.connack.value == 0x87
    (event,) = events.of(f"{device.thing}-not-me", "connect_failed")
    assert_members(
        event | {"clientId": device.thing},
        device,
        "connect_failed",
        connectFailureReason="AUTHORIZATION_FAILED",
        ipAddress="127.0.0.1",
    )


def test_a_will_that_is_not_allowed(events, device, server):
    client = Client(device.thing, V5).with_will("plant/other/will", "x")
    with pytest.raises(Refused):
        client.to(server, device)
    assert client.connack.value == 0x87
    assert "will" in client.said["connack"] and "plant/other/will" in client.said["connack"]
    (event,) = events.of(device.thing, "connect_failed")
    assert event["connectFailureReason"] == "AUTHORIZATION_FAILED"
    assert events.now(device.thing, "connected") == []


# Subscribing


@VERSIONS
def test_subscriptions_are_told_as_the_client_names_them(connect, events, device, version):
    client = connect(device, version)
    filters = [f"plant/{device.thing}/{last}" for last in ("a", "+/b", "#")]
    _, mid = client.client.subscribe([(filter_, 1) for filter_ in filters])
    wait_for("SUBACK", lambda: client.subacks.get(mid))
    (event,) = events.of(device.thing, "subscribed")
    assert_members(event, device, "subscribed", topics=filters)
    (connected,) = events.of(device.thing, "connected")
    assert event["sessionIdentifier"] == connected["sessionIdentifier"]
    client.client.unsubscribe(filters[:2])
    (event,) = events.of(device.thing, "unsubscribed")
    assert_members(event, device, "unsubscribed", topics=filters[:2])


def test_a_refused_filter_is_not_told(connect, events, device):
    client = connect(device)
    own = f"plant/{device.thing}/a"
    _, mid = client.client.subscribe([("plant/other/a", 1), (own, 1)])
    codes = wait_for("SUBACK", lambda: client.subacks.get(mid))
    assert [code.value for code in codes] == [0x87, 1]
    (event,) = events.of(device.thing, "subscribed")
    assert event["topics"] == [own]


# The version number


def test_the_version_number_grows_with_each_connection(connect, events, device):
    for number in range(3):
        connect(device).close()
        gone = events.of(device.thing, "disconnected", count=number + 1)
        came = events.of(device.thing, "connected", count=number + 1)
        assert came[number]["versionNumber"] == gone[number]["versionNumber"] == number
    sessions = {event["sessionIdentifier"] for event in events.now(device.thing, "connected")}
    assert len(sessions) == 3


def test_a_refused_connect_takes_no_version_number(connect, events, device, server):
    connect(device).close()
    client = Client(device.thing, V5).with_will("plant/other/will", "x")
    with pytest.raises(Refused):
        client.to(server, device)
    connect(device).close()
    numbers = [event["versionNumber"] for event in events.of(device.thing, "connected", count=2)]
    assert numbers == [0, 1]


# None at all


@pytest.mark.parametrize("client_id", ["pump+1", "pump#1"])
def test_client_ids_with_wildcards_have_no_events(server, events, client_id):
    with Client(client_id, V5).to(server, events.device) as client:
        assert client.subscribe("plant/odd/a") == 1
    # Events of one client may overtake those of another, so several are waited for.
    for number in range(10):
        marker = f"marker-{ord(client_id[4])}-{number}"
        Client(marker, V5).to(server, events.device).close()
        events.of(marker, "disconnected")
    assert [payload for _, payload in events.heard if payload["clientId"] == client_id] == []


def test_a_publish_over_https_has_no_events(events, aws, connect, device):
    aws("iot-data").publish(topic="plant/https", qos=1, payload=b"x")
    connect(device)
    events.of(device.thing, "connected")
    named = {payload["clientId"] for _, payload in events.heard}
    assert "admin" not in named


def test_devices_may_subscribe_to_events_only_where_their_policy_says_so(connect, device, fleet):
    client = connect(device)
    code, text = client.subscribed("$aws/events/presence/connected/+")
    assert code == 0x87
    assert "topicfilter/$aws/events/presence/connected/+" in text
    fleet.policy(
        "own-presence",
        allow("iot:Subscribe", arn("topicfilter", f"$aws/events/presence/connected/{ITSELF}")),
        allow("iot:Receive", arn("topic", f"$aws/events/presence/connected/{ITSELF}")),
        deny("iot:Publish", arn("topic", "$aws/events/*")),
    )
    fleet.iot.attach_policy(policyName="own-presence", target=device.arn)
    assert client.subscribed(f"$aws/events/presence/connected/{device.thing}")[0] == 1


def test_events_cannot_be_made_up(connect, fleet, events):
    forger = connect(fleet.watcher("forger"))
    code, _ = forger.published("$aws/events/presence/connected/victim", "{}")
    assert code == 0x90
    forger.close()
    events.of("forger", "disconnected")
    assert events.now("victim", "connected") == []
