"""What the front door lets in, what it limits, and how it says no."""

import json
import re
import socket
import ssl
import subprocess
import time

import pytest
import requests
from botocore.exceptions import ClientError

from conftest import program
from fleet import Client, Fleet, own_rights, turned_away
from front_door import TLS12, TLS13, WAIT, SecureWire, connection_log, secure_socket, tls_context
from mqtt_wire import CONNACK, DISCONNECT, PUBACK, Closed
from openssl_pki import Authority
from paho_client import NAMES, V5, V311, PahoClient, Refused
from policy_documents import allow, arn, deny
from waiting import wait_for

VERSIONS = pytest.mark.parametrize("version", [V311, V5], ids=lambda version: f"mqtt-{NAMES[version]}")
TLS_VERSIONS = pytest.mark.parametrize("tls", [TLS12, TLS13], ids=["tls-1.2", "tls-1.3"])
MQTT_ALPN, HTTP_ALPN = "x-amzn-mqtt-ca", "x-amzn-http-ca"
NOT_AUTHORIZED, QUOTA = 0x87, 0x97
FAILURE = 0x80


@pytest.fixture(scope="module")
def fleet(server, tmp_path_factory):
    made = Fleet(server, tmp_path_factory.mktemp("fleet"))
    made.policy("own", *own_rights("plant"))
    return made


@pytest.fixture(scope="module")
def port(server):
    return server.credentials["mqtt"]["port"]


@pytest.fixture(scope="module")
def alpn_port(server):
    return server.credentials["mqtt"]["alpn_port"]


@pytest.fixture
def device(fleet, request):
    """A device of this test's own."""
    name = re.sub("[^a-z0-9]+", "-", request.node.name.lower().removeprefix("test_"))[:100].strip("-")
    return fleet.device(name, policies=["own"])


@pytest.fixture
def connect(server):
    made = []

    def act(device, version=V5, **options):
        made.append(Client(device.thing, version).to(server, device, **options))
        return made[-1]

    yield act
    for client in made:
        client.close()


@pytest.fixture
def wire(server, port):
    """Connects packet by packet; the CONNACK is in `welcome`."""
    made = []

    def act(device, version=V5, client_id=None, context=None, session=None, **options):
        peer = SecureWire(port, context or tls_context(server, device), version, session)
        made.append(peer)
        peer.welcome = peer.connect(client_id or device.thing, **options)
        return peer

    yield act
    for peer in made:
        peer.close()


def topic_of(device, *levels):
    return "/".join(["plant", device.thing, *levels])


# TLS


@TLS_VERSIONS
def test_a_tls_session_is_taken_up_again(server, wire, device, tls):
    context = tls_context(server, device, version=tls)
    first = wire(device, context=context)
    assert (first.welcome.code, first.socket.session_reused) == (0, False)
    session = first.socket.session
    assert session.has_ticket
    first.disconnect()
    second = wire(device, context=context, session=session)
    assert (second.welcome.code, second.socket.session_reused) == (0, True)
    # It is known by its certificate as before.
    assert second.publish(topic_of(device, "a"), "x", qos=1).code in (0, 0x10)
    assert second.publish("plant/other/a", "x", qos=1).code == NOT_AUTHORIZED
    came = connection_log(server, client_id=device.thing, limit=1)[0]
    assert (came["principal"], came["tls"]) == (device.id, {TLS12: "TLS 1.2", TLS13: "TLS 1.3"}[tls])


@TLS_VERSIONS
@pytest.mark.parametrize("status", ["INACTIVE", "REVOKED"])
def test_a_certificate_switched_off_is_refused_though_its_tls_session_is_taken_up_again(
    server, wire, device, fleet, port, tls, status
):
    context = tls_context(server, device, version=tls)
    first = wire(device, context=context)
    session = first.socket.session
    first.disconnect()
    fleet.iot.update_certificate(certificateId=device.id, newStatus=status)
    again = SecureWire(port, context, session=session)
    assert again.socket.session_reused
    with pytest.raises((Closed, OSError)):
        again.connect(device.thing)
    again.close()
    told = connection_log(server, kind="refused", limit=1)[0]
    assert (told["principal"], told["reason"]) == (device.id, "inactive_certificate")
    assert told["detail"] == f"the certificate is {status}"


def test_resumption_can_be_switched_off_as_on_aws(own_server, tmp_path):
    server = own_server({"gateway": {"tls_resumption": False}}).start()
    fleet = Fleet(server, tmp_path)
    fleet.policy("own", *own_rights("plant"))
    device = fleet.device("pump", policies=["own"])
    for version in (TLS12, TLS13):
        context = tls_context(server, device, version=version)
        first = SecureWire(server.credentials["mqtt"]["port"], context)
        first.connect("pump")
        session = first.socket.session
        first.disconnect()
        again = SecureWire(server.credentials["mqtt"]["port"], context, session=session)
        assert not again.socket.session_reused
        assert again.connect("pump").code == 0
        again.close()


def test_a_client_need_not_name_the_server(server, device, port):
    context = tls_context(server, device)
    context.check_hostname = False
    with secure_socket(port, context, server_name=None) as sock:
        assert sock.version() == "TLSv1.3"


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_tls_1_1_is_refused(server, device, port):
    context = tls_context(server, device)
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.raises(ssl.SSLError, match="(?i)alert (handshake failure|protocol version)"):
        secure_socket(port, context)


@pytest.mark.parametrize(
    ("flag", "suite", "is_taken"),
    [
        ("-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256", True),
        ("-cipher", "ECDHE-ECDSA-AES256-GCM-SHA384", True),
        ("-ciphersuites", "TLS_AES_128_GCM_SHA256", True),
        ("-ciphersuites", "TLS_AES_256_GCM_SHA384", True),
        # Weaker ones, which AWS has for old devices, are not in the TLS library: no forward secrecy, or CBC.
        ("-cipher", "AES128-GCM-SHA256", False),
        ("-cipher", "ECDHE-ECDSA-AES128-SHA256", False),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_suites_of_tls(server, device, port, flag, suite, is_taken):
    command = [program("openssl"), "s_client", "-connect", f"localhost:{port}", flag, suite]
    command += ["-tls1_2" if flag == "-cipher" else "-tls1_3", "-CAfile", server.ca]
    command += ["-cert", str(device.certificate), "-key", str(device.key)]
    ended = subprocess.run(command, input="", capture_output=True, text=True, timeout=WAIT, check=False)
    if is_taken:
        assert f"Cipher is {suite}" in ended.stdout and "Verify return code: 0" in ended.stdout
    else:
        assert "alert handshake failure" in ended.stderr


@pytest.mark.parametrize("offered", ["x-amzn-mqtt-ca", "mqtt", "whatever"])
def test_the_mqtt_port_asks_for_no_alpn_and_minds_none(wire, server, device, offered):
    assert wire(device, context=tls_context(server, device, alpn=[offered])).welcome.code == 0


# ALPN


@VERSIONS
def test_mqtt_is_spoken_on_the_alpn_port(alpn_port, device, version):
    client = PahoClient(device.thing, version).with_bundle(device, alpn=MQTT_ALPN)
    with client.connect("localhost", alpn_port):
        assert client.subscribe(topic_of(device, "a")) == 1
        assert client.publish(topic_of(device, "a"), "x") == 0
        assert client.receive().payload == b"x"


def test_mqtt_on_the_alpn_port_needs_a_certificate(server, alpn_port):
    with secure_socket(alpn_port, tls_context(server, alpn=[MQTT_ALPN])) as sock:
        assert sock.selected_alpn_protocol() == MQTT_ALPN
        assert sock.recv(1) == b""
    told = connection_log(server, kind="refused", limit=1)[0]
    assert (told["reason"], told["listener"]) == ("no_certificate", "alpn")


@pytest.mark.parametrize("offered", [[], ["http/1.1"], [HTTP_ALPN]], ids=["none", "http", "http-ca"])
@pytest.mark.usefixtures("posting")
def test_http_is_spoken_on_the_alpn_port(server, alpn_port, device, offered):
    with secure_socket(alpn_port, tls_context(server, device, alpn=offered)) as sock:
        assert sock.selected_alpn_protocol() == (offered[0] if offered else None)
        path = f"/topics/{topic_of(device, 'a')}?qos=1"
        request = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx"
        sock.sendall(request.encode())
        answer = b""
        while part := sock.recv(4096):
            answer += part
    assert answer.startswith(b"HTTP/1.1 200 "), answer


def test_an_alpn_protocol_that_is_not_served_is_refused_by_name(server, alpn_port, device):
    with pytest.raises(ssl.SSLError, match="(?i)no.application.protocol"):
        secure_socket(alpn_port, tls_context(server, device, alpn=["h2"]))
    told = connection_log(server, kind="refused", limit=1)[0]
    assert (told["reason"], told["listener"]) == ("alpn", "alpn")
    assert told["detail"] == "no protocol that the client offers is served"


@pytest.fixture
def post(server, alpn_port, device):
    """Posts messages over one HTTPS connection that is kept; the status and what is said."""
    session = requests.Session()
    # A bundle named by the environment would take the place of `verify`.
    session.trust_env = False
    session.cert = (str(device.certificate), str(device.key))
    session.verify = server.ca

    def act(topic):
        answer = session.post(f"https://localhost:{alpn_port}/topics/{topic}?qos=1", data=b"x", timeout=WAIT)
        return answer.status_code, answer.json()["message"]

    yield act
    session.close()


@pytest.fixture
def posting(fleet, device):
    """A policy of the device for one topic, without the thing's name, which HTTPS does not know."""
    policy = fleet.policy(device.thing, allow("iot:Publish", arn("topic", topic_of(device, "a"))))
    fleet.iot.attach_policy(policyName=policy, target=device.arn)
    return policy


def test_a_device_posts_over_https_what_its_policies_allow(post, posting, device):
    assert post(topic_of(device, "a")) == (200, "OK")
    status, text = post("plant/other/a")
    assert status == 403
    assert "iot:Publish on topic/plant/other/a" in text


def test_a_policy_that_is_detached_ends_a_right_within_an_https_connection(post, posting, device, fleet):
    assert post(topic_of(device, "a"))[0] == 200
    fleet.iot.detach_policy(policyName=posting, target=device.arn)
    assert post(topic_of(device, "a"))[0] == 403


def test_a_certificate_switched_off_ends_all_rights_within_an_https_connection(post, posting, device, fleet):
    assert post(topic_of(device, "a"))[0] == 200
    fleet.iot.update_certificate(certificateId=device.id, newStatus="INACTIVE")
    assert post(topic_of(device, "a")) == (403, "the certificate is INACTIVE")
    fleet.iot.update_certificate(certificateId=device.id, newStatus="ACTIVE")
    assert post(topic_of(device, "a"))[0] == 200


# Limits


@VERSIONS
def test_a_client_id_connects_once_a_second_after_a_burst_of_five(wire, device, server, version):
    started = time.monotonic()
    codes = []
    while not codes or codes[-1] == 0:
        peer = wire(device, version)
        codes.append(peer.welcome.code)
        peer.close()
        assert len(codes) <= 6 + (time.monotonic() - started)
    assert len(codes) > 5, codes
    if version == V5:
        assert codes[-1] == QUOTA
        assert peer.welcome.properties["reason_string"] == "this client id connects too often; try again later"
    else:
        assert codes[-1] == 3, "server unavailable"
    told = connection_log(server, client_id=device.thing, kind="refused")[0]
    assert told["reason"] == "throttled"
    wait_for("it may connect again", lambda: wire(device, version).welcome.code == 0, 10)


def publish_many(peer, topic, count):
    """Publishes with QoS 1, a hundred at a time; the answers by code, and how long it took."""
    started = time.monotonic()
    answers = []
    for _ in range(count // 100):
        for _ in range(100):
            peer.send_publish(topic, "x", qos=1)
        answers += [peer.expect(PUBACK) for _ in range(100)]
    return answers, time.monotonic() - started


def test_publishes_beyond_a_hundred_a_second_are_refused_in_mqtt_5(wire, device):
    peer = wire(device)
    answers, took = publish_many(peer, topic_of(device, "a"), 1000)
    taken = [answer for answer in answers if answer.code < FAILURE]
    refused = [answer for answer in answers if answer.code >= FAILURE]
    assert 100 <= len(taken) <= 100 * (1 + took) + 1, took
    assert {answer.code for answer in refused} == {QUOTA}
    texts = {answer.properties["reason_string"] for answer in refused}
    assert texts == {"more than 100 publishes per second on this connection"}
    # The connection stays.
    wait_for("it may publish again", lambda: peer.publish(topic_of(device, "a"), "x", qos=1).code < FAILURE, 10)


def test_publishes_beyond_a_hundred_a_second_are_discarded_in_mqtt_311(wire, device, fleet, server):
    heard = []
    with Client("watcher-of-rates", V5).to(server, fleet.watcher("watcher-of-rates")) as watcher:
        assert watcher.subscribe(topic_of(device, "#"), qos=0) == 0
        peer = wire(device, V311)
        started = time.monotonic()
        for number in range(1000):
            peer.send_publish(topic_of(device, "a"), str(number))
        peer.ping()
        took = time.monotonic() - started

        def has_come_back():
            peer.send_publish(topic_of(device, "end"))
            while not watcher.messages.empty():
                heard.append(watcher.messages.get())
            return heard and heard[-1].topic.endswith("/end")

        wait_for("it may publish again", has_come_back)
    numbers = [int(message.payload) for message in heard if message.topic.endswith("/a")]
    assert numbers[:100] == list(range(100))
    assert len(numbers) <= 100 * (1 + took) + 1, took


def test_a_client_that_does_not_slow_down_is_closed(own_server, tmp_path):
    rules = {"publishes_per_second": 1, "discarded_publishes_max": 50}
    server = own_server({"gateway": {"tls_rules": rules}}).start()
    fleet = Fleet(server, tmp_path)
    fleet.policy("own", *own_rights("plant"))
    device = fleet.device("pump", policies=["own"])
    with SecureWire(server.credentials["mqtt"]["port"], tls_context(server, device)) as peer:
        peer.connect("pump")
        for _ in range(100):
            peer.send_publish("plant/pump/a", "x")
        (last,) = peer.closed()
    assert (last.kind, last.code) == (DISCONNECT, QUOTA)
    assert last.properties["reason_string"] == "too many publishes were beyond the rate in the last minute"
    (left,) = wait_for(
        "the end in the log", lambda: connection_log(server, client_id="pump", kind="disconnected")
    )
    assert left["reason"] == "THROTTLED"


def test_more_for_a_client_than_a_hundred_a_second_comes_later_and_is_not_lost(connect, device, server):
    receiver = connect(device)
    assert receiver.subscribe(topic_of(device, "a"), qos=0) == 0
    started = time.monotonic()
    with PahoClient("sender") as sender:
        sender.connect("127.0.0.1", server.credentials["mqtt"]["plaintext_port"])
        for number in range(400):
            sender.send(topic_of(device, "a"), str(number), qos=0)
        payloads = [int(receiver.receive().payload) for _ in range(400)]
    assert payloads == list(range(400))
    assert time.monotonic() - started >= 2.9


@VERSIONS
def test_a_session_has_fifty_subscriptions(connect, device, version):
    client = connect(device, version)
    for number in range(50):
        assert client.subscribe(topic_of(device, str(number))) == 1
    code, text = client.subscribed(topic_of(device, "50"))
    assert code == (QUOTA if version == V5 else FAILURE)
    if version == V5:
        assert text == "a session has 50 subscriptions at most"
    # One that is there may be replaced, and one may take the place of another.
    assert client.subscribe(topic_of(device, "7"), qos=0) == 0
    client.client.unsubscribe(topic_of(device, "8"))
    wait_for("there is room", lambda: client.subscribe(topic_of(device, "50")) == 1, 10)


@VERSIONS
def test_a_subscribe_has_eight_filters(connect, device, version):
    client = connect(device, version)
    filters = [(topic_of(device, str(number)), 1) for number in range(9)]
    _, mid = client.client.subscribe(filters[:8])
    assert len(wait_for("SUBACK", lambda: client.subacks.get(mid))) == 8
    client.client.subscribe(filters)
    code, text = client.ended()
    if version == V5:
        assert (code, text) == (QUOTA, "SUBSCRIBE has 9 filters; at most 8 are allowed")


@VERSIONS
def test_a_payload_has_128_kib(connect, device, version):
    client = connect(device, version)
    assert client.publish(topic_of(device, "a"), "x" * 131_072) in (0, 0x10)
    client.send(topic_of(device, "a"), "x" * 131_073)
    code, text = client.ended()
    if version == V5:
        assert (code, text) == (0x95, "the payload has 131073 bytes; at most 131072 are allowed")


@VERSIONS
def test_a_packet_that_is_much_too_large_is_not_even_read(wire, device, server, version):
    peer = wire(device, version)
    # The first bytes of a PUBLISH of 268 MB.
    peer.raw(b"\x30\xff\xff\xff\x7f\x00\x01a")
    last = peer.closed()
    if version == V5:
        assert (last[0].kind, last[0].code) == (DISCONNECT, 0x95)
        assert "larger than" in last[0].properties["reason_string"]
    told = wait_for("the end in the log", lambda: connection_log(server, client_id=device.thing, kind="disconnected"))
    assert told[0]["reason"] == "CLIENT_ERROR"


@VERSIONS
def test_a_will_may_be_as_large_as_a_payload(wire, device, version):
    will = {"topic": topic_of(device, "will"), "payload": "x" * 60_000, "qos": 1}
    assert wire(device, version, will=will).welcome.code == 0


@pytest.mark.parametrize(("asked", "told"), [(0, 1), (1, 1), (604_800, 604_800), (4_000_000_000, 604_800)])
def test_an_expiry_is_between_a_second_and_a_week(wire, device, asked, told):
    peer = wire(device)
    assert peer.subscribe((topic_of(device, "a"), 0)) == [0]
    peer.send_publish(topic_of(device, "a"), "x", message_expiry=asked)
    assert peer.message().properties["message_expiry"] == told


def test_a_connection_carries_512_kib_a_second(wire, device):
    peer = wire(device)
    started = time.monotonic()
    for _ in range(12):
        peer.send_publish(topic_of(device, "a"), "x" * 100_000, qos=1)
    for _ in range(12):
        assert peer.expect(PUBACK, timeout=WAIT).code < FAILURE
    # What comes in the first second passes at once; the rest is delayed and not lost.
    assert time.monotonic() - started >= (12 * 100_000 - 2 * 524_288) / 524_288 + 0.5


@VERSIONS
def test_a_hundred_messages_are_on_their_way_at_most(wire, device, server, version):
    peer = wire(device, version)
    assert peer.subscribe((topic_of(device, "a"), 1)) == [1]
    with PahoClient("sender-of-many") as sender:
        sender.connect("127.0.0.1", server.credentials["mqtt"]["plaintext_port"])
        for number in range(110):
            assert sender.publish(topic_of(device, "a"), str(number)) == 0
    first = [peer.message(acknowledge=False) for _ in range(100)]
    assert [int(message.payload) for message in first] == list(range(100))
    peer.quiet()
    for message in first[:10]:
        peer.answer(PUBACK, message.id)
    rest = [peer.message(acknowledge=False, timeout=WAIT) for _ in range(10)]
    assert [int(message.payload) for message in rest] == list(range(100, 110))
    peer.quiet()


def test_a_message_that_cannot_be_retained_any_more_is_throttled(own_server, tmp_path):
    server = own_server({"broker": {"retained_messages_max": 1}}).start()
    fleet = Fleet(server, tmp_path)
    watcher = fleet.watcher("pump")
    with SecureWire(server.credentials["mqtt"]["port"], tls_context(server, watcher)) as peer:
        assert peer.connect("pump").code == 0
        assert peer.publish("kept/1", "x", qos=1, retain=True).code < FAILURE
        refusal = peer.publish("kept/2", "x", qos=1, retain=True)
        assert (refusal.code, refusal.properties["reason_string"]) == (
            QUOTA,
            "no more messages can be retained; subscribers got it",
        )
        # What is there can be replaced, and nothing is nothing to keep.
        assert peer.publish("kept/1", "y", qos=1, retain=True).code < FAILURE
        assert peer.publish("kept/2", "", qos=1, retain=True).code < FAILURE
        data = server.aws("iot-data")
        with pytest.raises(ClientError) as error:
            data.publish(topic="kept/2", payload=b"x", retain=True)
        response = error.value.response
        assert (response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]) == ("ThrottlingException", 429)
        data.publish(topic="kept/1", payload=b"", retain=True)
        assert peer.publish("kept/2", "x", qos=1, retain=True).code < FAILURE


# plant/<thing>/…: seven slashes, and one more.
DEEP = ["1", "2", "3", "4", "5", "6"]
TOO_DEEP = [*DEEP, "7"]


@VERSIONS
def test_a_topic_has_eight_levels(connect, device, version):
    client = connect(device, version)
    assert client.publish(topic_of(device, *DEEP), "x") in (0, 0x10)
    if version == V5:
        code, text = client.published(topic_of(device, *TOO_DEEP), "x")
        assert code == 0x90 and "7 slashes" in text
        client.send(topic_of(device, *TOO_DEEP), "x", qos=0)
        code, text = client.ended()
        assert code == 0x90 and "7 slashes" in text
    else:
        client.send(topic_of(device, *TOO_DEEP), "x")
        client.wait_disconnected()


@VERSIONS
def test_a_filter_has_eight_levels_and_the_name_of_a_share_is_not_counted(connect, device, fleet, version):
    fleet.policy(f"share-{version}", allow("iot:Subscribe", arn("topicfilter", "$share/group/plant/*")))
    fleet.iot.attach_policy(policyName=f"share-{version}", target=device.arn)
    client = connect(device, version)
    assert client.subscribe(topic_of(device, *DEEP)) == 1
    assert client.subscribe("$share/group/" + topic_of(device, *DEEP)) == 1
    if version == V5:
        code, text = client.subscribed(topic_of(device, *TOO_DEEP))
        assert code == 0x8F and "7 slashes" in text
    else:
        client.client.subscribe(topic_of(device, *TOO_DEEP), 1)
        client.wait_disconnected()


def test_a_topic_has_256_bytes(connect, device):
    client = connect(device)
    room = 256 - len(topic_of(device, ""))
    assert client.publish(topic_of(device, "x" * room), "x") in (0, 0x10)
    code, text = client.published(topic_of(device, "x" * (room + 1)), "x")
    assert code == 0x90 and "256 bytes" in text


def test_levels_of_basic_ingest_are_not_counted(connect, device, fleet):
    fleet.policy("ingest", allow("iot:Publish", arn("topic", "$aws/rules/*")))
    fleet.iot.attach_policy(policyName="ingest", target=device.arn)
    client = connect(device)
    assert client.publish("$aws/rules/some_rule/" + "/".join("12345678"), "x") in (0, 0x10)
    code, _ = client.published("$aws/rules/some_rule/" + "/".join("123456789"), "x")
    assert code == 0x90


@VERSIONS
@pytest.mark.parametrize("client_id", ["x" * 129, "$mine"], ids=["long", "dollar"])
def test_client_ids_that_are_not_valid_are_refused(wire, device, version, client_id):
    peer = wire(device, version, client_id=client_id)
    assert peer.welcome.code == (0x85 if version == V5 else 2)
    if version == V5:
        assert "client id" in peer.welcome.properties["reason_string"]
    assert peer.closed() == []


def test_the_connack_tells_the_limits(wire, device):
    told = wire(device, keepalive=5, session_expiry=1_000_000).welcome.properties
    expected = {
        "maximum_qos": 1,
        "subscription_id_available": 0,
        "topic_alias_maximum": 8,
        "receive_maximum": 100,
        "session_expiry": 3600,
        "server_keep_alive": 30,
    }
    assert {name: told.get(name) for name in expected} == expected
    assert told["maximum_packet_size"] >= 131_072
    # What is as the standard assumes need not be said.
    assert told.get("retain_available", 1) == told.get("shared_available", 1) == told.get("wildcard_available", 1) == 1
    assert wire(device, keepalive=0).welcome.properties["server_keep_alive"] == 1200


def test_limits_are_settings(own_server, tmp_path):
    rules = {
        "connects_per_second": 0,
        "publishes_per_second": 5,
        "subscriptions_max": 2,
        "filters_per_subscribe_max": 1,
        "payload_bytes_max": 10,
        "topic_slashes_max": 2,
        "max_qos": 2,
    }
    server = own_server({"gateway": {"tls_rules": rules}}).start()
    fleet = Fleet(server, tmp_path)
    fleet.policy("own", *own_rights("plant"))
    device = fleet.device("pump", policies=["own"])
    context = tls_context(server, device)
    port = server.credentials["mqtt"]["port"]
    for _ in range(20):
        peer = SecureWire(port, context)
        assert peer.connect("pump").code == 0
        peer.close()
    with SecureWire(port, context) as peer:
        assert peer.connect("pump").properties.get("maximum_qos", 2) == 2
        assert peer.publish("plant/pump/a", "x", qos=2).code in (0, 0x10)
        assert [peer.subscribe(f"plant/pump/{last}") for last in "abc"] == [[2], [2], [QUOTA]]
        refusal = peer.publish("plant/pump/a/b", "x", qos=1)
        assert refusal.code == 0x90 and "2 slashes" in refusal.properties["reason_string"]
        peer.send_publish("plant/pump/a", "x" * 11)
        (last,) = [packet for packet in peer.closed() if packet.kind == DISCONNECT]
        assert last.properties["reason_string"] == "the payload has 11 bytes; at most 10 are allowed"


@VERSIONS
def test_a_server_that_stops_says_goodbye(own_server, tmp_path, version):
    server = own_server().start()
    fleet = Fleet(server, tmp_path)
    fleet.policy("own", *own_rights("plant"))
    client = Client("pump", version).to(server, fleet.device("pump", policies=["own"]))
    server.stop()
    code, _ = client.ended()
    if version == V5:
        assert code == 0x8B


# Why not


@pytest.fixture(scope="module")
def ruled(fleet):
    """A device with a policy that denies something by name."""
    secrets = [arn(kind, "plant/ruled/secret") for kind in ("topic", "topicfilter")]
    fleet.policy(
        "ruled",
        *own_rights("plant"),
        deny(["iot:Publish", "iot:Subscribe"], *secrets) | {"Sid": "NoSecrets"},
        allow("iot:Connect", arn("client", "ruled-*")),
    )
    return fleet.device("ruled", policies=["ruled"])


def test_a_refused_publish_says_what_and_why(connect, ruled):
    client = connect(ruled)
    assert client.published("plant/other/a", "x") == (
        NOT_AUTHORIZED,
        "iot:Publish on topic/plant/other/a is not allowed by any statement of policy ruled",
    )
    assert client.published("plant/ruled/secret", "x") == (
        NOT_AUTHORIZED,
        "statement 4 (NoSecrets) of policy ruled denies iot:Publish on topic/plant/ruled/secret",
    )
    code, text = client.published("plant/ruled/a", "x", retain=True)
    assert code == NOT_AUTHORIZED
    assert text == "iot:RetainPublish on topic/plant/ruled/a is not allowed by any statement of policy ruled"


def test_a_refused_subscribe_says_what_and_why(connect, ruled):
    client = connect(ruled)
    assert client.subscribed("plant/#") == (
        NOT_AUTHORIZED,
        "iot:Subscribe on topicfilter/plant/# is not allowed by any statement of policy ruled",
    )
    _, mid = client.client.subscribe([("plant/ruled/a", 1), ("plant/ruled/secret", 1), ("other/#", 1)])
    codes = wait_for("SUBACK", lambda: client.subacks.get(mid))
    assert [code.value for code in codes] == [1, NOT_AUTHORIZED, NOT_AUTHORIZED]
    wait_for("the reasons", lambda: mid in client.said)
    assert client.said[mid] == (
        "statement 4 (NoSecrets) of policy ruled denies iot:Subscribe on topicfilter/plant/ruled/secret; "
        "iot:Subscribe on topicfilter/other/# is not allowed by any statement of policy ruled"
    )


def test_a_refused_connect_says_what_and_why(server, ruled):
    client = turned_away(server, ruled, client_id="somebody")
    assert client.connack.value == NOT_AUTHORIZED
    assert client.said["connack"] == "iot:Connect on client/somebody is not allowed by any statement of policy ruled"
    will = Client("ruled", V5).with_will("plant/ruled/secret", "x")
    with pytest.raises(Refused):
        will.to(server, ruled)
    assert will.said["connack"] == (
        "the will cannot be published: "
        "statement 4 (NoSecrets) of policy ruled denies iot:Publish on topic/plant/ruled/secret"
    )


def test_a_certificate_without_policies_is_told_so(server, fleet):
    client = turned_away(server, fleet.device("bare"))
    assert client.said["connack"] == (
        "iot:Connect on client/bare is not allowed: no policy applies to the certificate"
    )


def test_a_client_that_wants_no_reasons_gets_none(server, ruled, port):
    with SecureWire(port, tls_context(server, ruled)) as peer:
        assert peer.connect("ruled-quiet", request_problem_information=0).code == 0
        answer = peer.publish("plant/other/a", "x", qos=1)
        assert (answer.code, answer.properties) == (NOT_AUTHORIZED, {})


# The console's connection log


def last_refusal(server, **filters):
    return connection_log(server, kind="refused", limit=1, **filters)[0]


def assert_told(server, reason, detail, *, listener="mqtt", **more):
    """The newest refusal is this one."""
    found = wait_for(
        f"a refusal {reason} in the log; last {last_refusal(server)}",
        lambda: [event for event in connection_log(server, kind="refused", limit=5) if event["reason"] == reason],
        10,
    )[0]
    assert detail in found["detail"], found
    expected = {"kind": "refused", "listener": listener, "source": "127.0.0.1"} | more
    told = found | {"source": found["source"].rsplit(":", 1)[0] if found["source"].count(":") == 1 else found["source"]}
    assert {name: told[name] for name in expected} == expected
    assert abs(found["at_ms"] - time.time() * 1000) < 60_000
    return found


def test_the_log_tells_who_was_not_allowed_to_connect(server, ruled):
    turned_away(server, ruled, client_id="intruder")
    assert_told(
        server,
        "not_authorized",
        "iot:Connect on client/intruder",
        client_id="intruder",
        principal=ruled.id,
        protocol="MQTT 5",
        tls="TLS 1.3",
    )


def test_the_log_tells_of_a_certificate_that_is_not_registered(server, tmp_path):
    stranger = Authority(tmp_path).issue("stranger")
    stranger.thing = "stranger"
    stranger.ca = server.ca
    turned_away(server, stranger)
    assert_told(server, "unknown_certificate", "not registered", principal=stranger.id, client_id=None)


def test_the_log_tells_of_a_certificate_that_is_off(server, fleet, device):
    fleet.iot.update_certificate(certificateId=device.id, newStatus="INACTIVE")
    turned_away(server, device)
    assert_told(server, "inactive_certificate", "the certificate is", principal=device.id)


def test_the_log_tells_of_a_client_without_a_certificate(server, port):
    with pytest.raises((OSError, Closed)):
        SecureWire(port, tls_context(server)).connect("nobody")
    assert_told(server, "no_certificate", "no certificate", principal=None)


def test_the_log_tells_of_what_is_not_tls(server, port):
    with socket.create_connection(("localhost", port), timeout=WAIT) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        while sock.recv(4096):
            pass
    assert_told(server, "handshake", "", principal=None, client_id=None)


@pytest.mark.parametrize(
    "first",
    [b"\xc0\x00", b"\x10\x0c\x00\x04MQTT\x03\x02\x00\x3c\x00\x00", b"GET / HTTP/1.1\r\n\r\n", b"\x10\xff\xff\xff\x7f"],
    ids=["ping", "mqtt-3", "http", "too-large"],
)
def test_the_log_tells_of_what_is_no_connect(server, port, device, first):
    with SecureWire(port, tls_context(server, device)) as peer:
        peer.version = V311
        peer.raw(first)
        answers = peer.closed()
    # Only a CONNECT of another version is answered.
    assert [(answer.kind, answer.code) for answer in answers] in ([], [(CONNACK, 1)])
    assert_told(server, "malformed_connect", "CONNECT")


def test_the_log_tells_of_a_client_id_that_is_not_valid(server, wire, device):
    wire(device, client_id="$mine")
    assert_told(server, "client_id", "begins with $", tls="TLS 1.3")


def test_the_log_tells_of_a_whole_life(server, connect, device):
    connect(device, V311).close()
    wait_for("both ends", lambda: len(connection_log(server, client_id=device.thing)) == 2)
    left, came = connection_log(server, client_id=device.thing)
    for event in (left, came):
        assert (event["thing"], event["principal"]) == (device.thing, device.id)
        assert (event["protocol"], event["tls"], event["listener"]) == ("MQTT 3.1.1", "TLS 1.3", "mqtt")
    assert (came["kind"], came["reason"]) == ("connected", None)
    assert (left["kind"], left["reason"]) == ("disconnected", "CLIENT_INITIATED_DISCONNECT")
    assert left["at_ms"] >= came["at_ms"]


def test_the_log_says_why_a_client_was_cut_off(server, connect, device):
    client = connect(device, V311)
    client.send("plant/other/a", "x")
    client.wait_disconnected()
    (left,) = wait_for(
        "the end in the log", lambda: connection_log(server, client_id=device.thing, kind="disconnected")
    )
    assert left["reason"] == "AUTH_ERROR"
    assert left["detail"] == "iot:Publish on topic/plant/other/a is not allowed by any statement of policy own"


def test_the_log_is_for_those_who_have_logged_in(server):
    _, api = server.console()
    assert requests.get(f"{api}/connection-log", timeout=WAIT).status_code == 401


def test_the_log_says_what_is_wrong_with_a_question(server):
    session, api = server.console()
    answer = session.get(f"{api}/connection-log", params={"kind": "lost"}, timeout=WAIT)
    assert answer.status_code == 400
    assert "refused" in json.dumps(answer.json())
