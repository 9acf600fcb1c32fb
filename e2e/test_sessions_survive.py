"""Sessions and retained messages survive the server, stopped in order or killed."""

import json
import queue
import ssl

import paho.mqtt.client as mqtt
import pytest
import requests
from paho.mqtt.properties import Properties

from fleet import Client, Fleet
from mqtt_wire import Wire
from paho_client import NAMES, V5, V311, PahoClient
from policy_documents import allow, arn, grant_to_fleet
from waiting import wait_for

VERSIONS = pytest.mark.parametrize("version", [V311, V5], ids=lambda version: f"mqtt-{NAMES[version]}")
ENDS = pytest.mark.parametrize("end", ["stop", "kill"])
EXPIRY = {V311: None, V5: 3600}


@pytest.fixture
def running(own_server):
    return own_server().start()


def restart(server, end):
    getattr(server, end)()
    server.start()


def plain(server, client_id, version=V311, clean=False, expiry="as usual", will=None):
    """A client of the plaintext listener; with a session that is kept unless told otherwise."""
    client = PahoClient(client_id, version, clean)
    if will:
        topic, payload, delay = will
        properties = Properties(mqtt.PacketTypes.WILLMESSAGE)
        properties.WillDelayInterval = delay
        client.client.will_set(topic, payload, qos=1, properties=properties)
    expiry = EXPIRY[version] if expiry == "as usual" else expiry
    return client.connect("127.0.0.1", server.credentials["mqtt"]["plaintext_port"], expiry)


def payloads(client, count):
    return [client.receive().payload.decode() for _ in range(count)]


@ENDS
@VERSIONS
def test_a_client_that_was_away_gets_what_it_missed(running, version, end):
    with plain(running, "sleeper", version) as client:
        assert client.session_present is False
        client.subscribe("survive/+", 1)
    with plain(running, "sender", V311, clean=True) as sender:
        for number in range(20):
            assert sender.publish("survive/a", str(number)) == 0
    restart(running, end)
    with plain(running, "sleeper", version) as client:
        assert client.session_present
        assert payloads(client, 20) == [str(number) for number in range(20)]
        # The subscription is live, and nothing comes twice.
        with plain(running, "sender", V311, clean=True) as sender:
            sender.publish("survive/b", "after")
        assert payloads(client, 1) == ["after"]
    restart(running, end)
    with plain(running, "sleeper", version) as client:
        assert client.session_present
        with plain(running, "sender", V311, clean=True) as sender:
            sender.publish("survive/b", "once more")
        got = payloads(client, 1)
        if end == "kill" and got == ["after"]:
            # At least once: what was acknowledged in the moment before a kill may come again.
            got = payloads(client, 1)
        assert got == ["once more"]


def test_a_thing_with_a_certificate_takes_its_session_up_after_a_kill(running):
    bundle = running.create_thing("pump-7")
    rights = allow(["iot:Publish", "iot:Receive"], arn("topic", "cmd/*"))
    grant_to_fleet(running.aws("iot"), "cmd", rights, allow("iot:Subscribe", arn("topicfilter", "cmd/*")))

    def connect():
        client = PahoClient("pump-7", V311, clean=False).with_bundle(bundle)
        return client.connect("localhost", running.credentials["mqtt"]["port"])

    with connect() as client:
        assert client.subscribe("cmd/pump-7", 1) == 1
    running.aws("iot-data").publish(topic="cmd/pump-7", qos=1, payload=b"open the valve")
    running.kill()
    running.start()
    with connect() as client:
        assert client.session_present
        assert payloads(client, 1) == ["open the valve"]


@ENDS
def test_retained_messages_are_there_after_a_restart(running, end):
    with plain(running, "sender", V5, clean=True, expiry=0) as sender:
        assert sender.publish("kept/value", "old", retain=True) == 0
        assert sender.publish("kept/value", "new", retain=True) == 0
        assert sender.publish("kept/cleared", "x", retain=True) == 0
        assert sender.publish("kept/cleared", "", retain=True) == 0
        short = Properties(mqtt.PacketTypes.PUBLISH)
        short.MessageExpiryInterval = 1
        sender.client.publish("kept/short", "x", qos=1, retain=True, properties=short).wait_for_publish(15)
    restart(running, end)
    data = running.aws("iot-data")
    wait_for("the short one ends", lambda: len(data.list_retained_messages()["retainedTopics"]) == 1)
    assert data.get_retained_message(topic="kept/value")["payload"] == b"new"
    with plain(running, "reader", V5, clean=True, expiry=0) as reader:
        reader.subscribe("kept/#", 1)
        message = reader.receive()
        assert (message.topic, message.payload, message.retain) == ("kept/value", b"new", True)
        with pytest.raises(queue.Empty):
            reader.receive(timeout=0.5)


def test_a_delayed_will_is_published_after_a_restart(running):
    with plain(running, "watcher", V5) as watcher:
        watcher.subscribe("will/#", 1)
    device = plain(running, "device", V5, will=("will/device", "gone", 2))
    running.kill()
    device.drop()
    running.start()
    with plain(running, "watcher", V5) as watcher:
        assert watcher.session_present
        assert watcher.receive().payload == b"gone"


def test_a_will_is_not_published_if_the_device_is_back_in_time(running):
    with plain(running, "watcher", V5) as watcher:
        watcher.subscribe("will/#", 1)
    device = plain(running, "device", V5, will=("will/device", "gone", 3))
    running.kill()
    device.drop()
    running.start()
    with plain(running, "device", V5) as device:
        assert device.session_present
        with plain(running, "watcher", V5) as watcher:
            with pytest.raises(queue.Empty):
                watcher.receive(timeout=4)


@ENDS
def test_a_session_that_ended_does_not_come_back(running, end):
    with plain(running, "ended", V5) as client:
        client.subscribe("survive/#", 1)
    with plain(running, "ended", V5, clean=True, expiry=0) as client:
        assert not client.session_present
    with plain(running, "short", V5, expiry=1) as client:
        client.subscribe("survive/#", 1)
    restart(running, end)
    data = running.aws("iot-data")
    for client_id in ["ended", "short"]:
        gone = lambda: not_found(data, client_id)  # noqa: E731, B023 - asked at once
        wait_for(f"the session of {client_id} is gone", gone)
        with plain(running, client_id, V5) as client:
            assert not client.session_present


def not_found(data, client_id):
    try:
        data.list_subscriptions(clientId=client_id)
    except data.exceptions.ResourceNotFoundException:
        return True
    return False


def test_nothing_acknowledged_is_lost_when_the_server_is_killed_under_load(running):
    for name in ["away-1", "away-2"]:
        with plain(running, name) as client:
            client.subscribe("load/#", 1)
    acknowledged = set()
    for kill in range(3):
        sender = PahoClient(f"sender-{kill}", V311)
        numbers = {}
        sender.client.on_publish = lambda client, data, mid, *rest: acknowledged.add(numbers[mid])  # noqa: B023
        sender.client.max_inflight_messages_set(100)
        sender.connect("127.0.0.1", running.credentials["mqtt"]["plaintext_port"])
        before = len(acknowledged)
        for number in range(kill * 1000, kill * 1000 + 400):
            # Noted before the acknowledgement can come: paho gives numbers in order, from 1.
            numbers[number - kill * 1000 + 1] = number
            sender.send("load/x", str(number))
        wait_for("some are acknowledged", lambda: len(acknowledged) > before + 100)
        running.kill()
        sender.drop()
        running.start()
    assert len(acknowledged) > 300
    for name in ["away-1", "away-2"]:
        with plain(running, name) as client:
            assert client.session_present
            missing = set(acknowledged)

            def all_arrived():
                while not client.messages.empty():  # noqa: B023
                    missing.discard(int(client.messages.get().payload))  # noqa: B023
                return not missing  # noqa: B023

            wait_for(lambda: f"{name} gets what was acknowledged; missing {sorted(missing)[:9]}", all_arrived)


def test_a_queue_that_is_full_drops_the_newest_and_says_so(own_server):
    server = own_server({"broker": {"queue_messages_max": 5}}).start()
    with plain(server, "sleeper") as client:
        client.subscribe("full", 1)
    with plain(server, "sender", clean=True) as sender:
        for number in range(9):
            assert sender.publish("full", str(number)) == 0
    held = figures(server)
    assert held['picket_stage_dropped_total{stage="broker",reason="queue_full"}'] == 4
    assert held['picket_stage_in_flight{stage="broker"}'] == 5
    assert (held['picket_broker_sessions{state="kept"}'], held["picket_broker_refusing"]) == (1, 0)
    assert held["picket_broker_queue_bytes"] > 0
    server.kill()
    server.start()
    assert figures(server)['picket_stage_in_flight{stage="broker"}'] == 5
    with plain(server, "sleeper") as client:
        assert payloads(client, 5) == ["0", "1", "2", "3", "4"]
        with pytest.raises(queue.Empty):
            client.receive(timeout=0.5)
    wait_for("nothing waits", lambda: figures(server)["picket_broker_queue_bytes"] == 0)


def figures(server):
    """The metrics by name and labels."""
    page = requests.get(f"{server.credentials['admin']['url']}/metrics", timeout=10).text
    pairs = [line.rsplit(" ", 1) for line in page.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in pairs}


@VERSIONS
def test_the_version_numbers_of_a_kept_session_go_on_after_a_kill(running, tmp_path, version):
    """A reader that drops what is older than the last number it saw must not drop all that comes after."""

    def numbers():
        fleet = Fleet(running, tmp_path)
        name = f"watcher-{running.starts}"
        with Client(name, V5).to(running, fleet.watcher(name)) as watcher:
            assert watcher.subscribe("$aws/events/presence/connected/device") == 1
            for _ in range(3):
                with plain(running, "device", version) as device:
                    # The answer to it says that the session is stored, with the number of its connection.
                    assert device.subscribe("plant/device", 1) == 1
                yield json.loads(watcher.receive().payload)["versionNumber"]

    assert list(numbers()) == [0, 1, 2]
    running.kill()
    running.start()
    assert list(numbers()) == [3, 4, 5]


def test_the_life_of_a_session_is_bounded_and_the_client_is_told(running):
    """As AWS: an hour unless the account has more; absent is none."""
    bundle = running.create_thing("bounded")
    context = ssl.create_default_context(cafile=str(bundle.ca))
    context.load_cert_chain(str(bundle.certificate), str(bundle.key))
    address = "localhost", running.credentials["mqtt"]["port"]

    def told(**asked):
        with Wire(address, 5, context=context) as wire:
            connack = wire.connect("bounded", clean=True, **asked)
            assert connack.code == 0
            wire.disconnect()
        kept = running.aws("iot-data").get_connection(clientId="bounded")["sessionExpiry"]
        return connack.properties.get("session_expiry"), kept

    assert told(session_expiry=7 * 24 * 3600) == (3600, 3600)
    assert told(session_expiry=0xFFFFFFFF) == (3600, 3600)
    assert told(session_expiry=60) == (None, 60)
    assert told() == (None, 0)
