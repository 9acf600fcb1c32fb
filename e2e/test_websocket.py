"""MQTT over WebSocket on the ALPN port: signed by AWS's own SDK, by hand, or proven by a certificate."""

import functools
import json
import sqlite3
import threading
from contextlib import closing
from datetime import datetime, timedelta, timezone
from urllib.parse import quote

import awscrt.auth
import awscrt.mqtt
import awscrt.mqtt5

import botocore.auth
import pytest
from awsiot import mqtt5_client_builder, mqtt_connection_builder
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from fleet import TURNED_AWAY, Client, Fleet, own_rights
from front_door import connection_log, secure_socket, tls_context
from paho_client import NAMES, V5, V311
from policy_documents import allow, arn
from server import CONFIG, Server
from sessions import ROOT, begin, remove_role, role
from waiting import wait_for

VERSIONS = pytest.mark.parametrize("version", [V311, V5], ids=lambda version: f"mqtt-{NAMES[version]}")
SERVICE = "iotdevicegateway"
NOT_AUTHORIZED = 0x87
WAIT = 15


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server with a second user, who may only look."""
    running = Server(tmp_path_factory.mktemp("picket")).start()
    running.stop()
    add_viewer(running)
    yield running.start()
    running.end()


def add_viewer(server):
    """Writes a user into the registry of a stopped server. To be replaced by the way in which operators
    make users, once there is one."""
    with closing(sqlite3.connect(server.data / "registry.db")) as database, database:
        (body,) = database.execute("SELECT body FROM documents WHERE kind = 'user' AND name = 'admin'").fetchone()
        viewer = json.dumps(json.loads(body) | {"role": "viewer"})
        database.execute("INSERT INTO documents VALUES ('user', 'viewer', ?, 1, 0, 0)", (viewer,))


class Key:
    """An access key."""

    def __init__(self, user, id_, secret, token=None):
        self.user = user
        self.id = id_
        self.secret = secret
        self.token = token

    @property
    def credentials(self):
        return Credentials(self.id, self.secret, self.token)

    @property
    def provider(self):
        return awscrt.auth.AwsCredentialsProvider.new_static(self.id, self.secret, self.token)


@pytest.fixture(scope="module")
def admin(server):
    access = server.credentials["aws"]
    return Key("admin", access["access_key_id"], access["secret_access_key"])


@pytest.fixture
def viewer(aws):
    made = aws("iam").create_access_key(UserName="viewer")["AccessKey"]
    yield Key("viewer", made["AccessKeyId"], made["SecretAccessKey"])
    aws("iam").delete_access_key(UserName="viewer", AccessKeyId=made["AccessKeyId"])


@pytest.fixture(scope="module")
def port(server):
    return server.credentials["mqtt"]["alpn_port"]


@pytest.fixture(scope="module")
def fleet(server, tmp_path_factory):
    return Fleet(server, tmp_path_factory.mktemp("fleet"))


def signed_path(port, key, path="/mqtt", service=SERVICE, expires=300, ago=timedelta(), host=None):
    """The path of a WebSocket, signed `ago`."""
    request = AWSRequest("GET", f"https://{host or f'localhost:{port}'}{path}")
    signer = SigV4QueryAuth(key.credentials, service, "us-east-1", expires=expires)
    moment = (datetime.now(timezone.utc) - ago).strftime("%Y%m%dT%H%M%SZ")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore.auth, "get_current_datetime", lambda: datetime.strptime(moment, "%Y%m%dT%H%M%SZ"))
        signer.add_auth(request)
    return request.url.split(str(port), 1)[1] if host is None else request.url.split(host, 1)[1]


class WebClient(Client):
    """A paho client over a WebSocket."""

    def over(self, server, port, path, device=None):
        self.client._transport = "websockets"
        self.client.ws_set_options(path=path)
        self.client.tls_set_context(tls_context(server, device))
        return self.connect("localhost", port)


@pytest.fixture
def web(server, port):
    """Connects paho over a WebSocket; closes it after the test."""
    made = []

    def act(client_id, path, version=V5, device=None):
        made.append(WebClient(client_id, version).over(server, port, path, device))
        return made[-1]

    yield act
    for client in made:
        client.close()


# AWS's own SDK


class Sdk311:
    """The SDK's MQTT 3.1.1 connection."""

    def __init__(self, server, port, key, client_id, **options):
        self.messages = {}
        self.interrupted = threading.Event()
        self.resumed = threading.Event()
        self.connection = mqtt_connection_builder.websockets_with_default_aws_signing(
            endpoint="localhost",
            port=port,
            region="us-east-1",
            credentials_provider=key.provider,
            ca_filepath=server.ca,
            client_id=client_id,
            clean_session=False,
            keep_alive_secs=30,
            reconnect_min_timeout_secs=1,
            reconnect_max_timeout_secs=1,
            on_connection_interrupted=lambda **_: self.interrupted.set(),
            on_connection_resumed=lambda **_: self.resumed.set(),
            **options,
        )
        self.answer = self.connection.connect().result(WAIT)

    def subscribe(self, filter_):
        future, _ = self.connection.subscribe(
            filter_,
            awscrt.mqtt.QoS.AT_LEAST_ONCE,
            lambda topic, payload, **_: self.messages.__setitem__(topic, payload),
        )
        assert future.result(WAIT)["qos"] == awscrt.mqtt.QoS.AT_LEAST_ONCE

    def publish(self, topic, payload):
        future, _ = self.connection.publish(topic, payload, awscrt.mqtt.QoS.AT_LEAST_ONCE)
        future.result(WAIT)

    def receive(self, topic):
        return wait_for(f"a message on {topic}", lambda: self.messages.get(topic), WAIT)

    def close(self):
        self.connection.disconnect().result(WAIT)


@pytest.fixture
def sdk(server, port, admin):
    made = []

    def act(client_id, key=None, **options):
        made.append(Sdk311(server, port, key or admin, client_id, **options))
        return made[-1]

    yield act
    for client in made:
        client.close()


def test_the_sdk_publishes_subscribes_and_hears_of_presence(sdk):
    client = sdk("sdk-a")
    client.subscribe("plant/+/temperature")
    client.subscribe("$aws/events/presence/connected/+")
    client.publish("plant/one/temperature", "21")
    assert client.receive("plant/one/temperature") == b"21"
    sdk("sdk-b")
    event = json.loads(client.receive("$aws/events/presence/connected/sdk-b"))
    assert (event["clientId"], event["principalIdentifier"]) == ("sdk-b", "admin")
    assert "thingName" not in event


def test_the_sdk_comes_back_to_its_session_by_itself(sdk, aws, server):
    client = sdk("sdk-again")
    client.subscribe("plant/again")
    aws("iot-data").delete_connection(clientId="sdk-again")
    assert client.interrupted.wait(WAIT), "the SDK noticed nothing"
    assert client.resumed.wait(WAIT), "the SDK did not come back"
    # The session was kept, and the subscription with it.
    client.publish("plant/again", "here")
    assert client.receive("plant/again") == b"here"
    kinds = [event["kind"] for event in connection_log(server, client_id="sdk-again")]
    assert kinds == ["connected", "disconnected", "connected"]


@pytest.fixture(scope="module")
def session(server, aws):
    """The session of a role that may do a little."""
    arn_ = role(
        aws("iam"),
        "listener",
        ROOT,
        allow("iot:Connect", arn("client", "*token*")),
        allow(["iot:Publish", "iot:Receive"], arn("topic", "plant/*")),
        allow("iot:Subscribe", arn("topicfilter", "plant/*")),
    )
    begun = begin(server, arn_)
    return Key("assumed-role/listener/shift", begun.key, begun.secret, begun.token)


def test_the_sdk_brings_a_session_token_that_it_does_not_sign(sdk, session):
    client = sdk("sdk-token", session)
    client.subscribe("plant/token")
    client.publish("plant/token", "x")
    assert client.receive("plant/token") == b"x"


def test_the_sdk_is_told_that_its_key_is_wrong(sdk, admin):
    with pytest.raises(Exception, match="WEBSOCKET_UPGRADE_FAILURE"):
        sdk("sdk-wrong", Key("admin", admin.id, "not the secret"))


class Sdk5:
    """The SDK's MQTT 5 client."""

    def __init__(self, server, port, key, client_id):
        self.events = {name: threading.Event() for name in ("up", "down", "failed", "stopped")}
        self.connacks = []
        self.down = []
        self.messages = {}
        self.client = mqtt5_client_builder.websockets_with_default_aws_signing(
            endpoint="localhost",
            port=port,
            region="us-east-1",
            credentials_provider=key.provider,
            ca_filepath=server.ca,
            client_id=client_id,
            min_reconnect_delay_ms=200,
            max_reconnect_delay_ms=1000,
            session_expiry_interval_sec=600,
            session_behavior=awscrt.mqtt5.ClientSessionBehaviorType.REJOIN_ALWAYS,
            on_lifecycle_connection_success=self._up,
            on_lifecycle_disconnection=self._down,
            on_lifecycle_connection_failure=lambda data: self.events["failed"].set(),
            on_lifecycle_stopped=lambda data: self.events["stopped"].set(),
            on_publish_received=self._received,
        )
        self.client.start()

    def wait(self, name):
        assert self.events[name].wait(WAIT), f"not {name}"

    def receive(self, topic):
        return wait_for(f"a message on {topic}", lambda: self.messages.get(topic), WAIT)

    def subscribe(self, filter_):
        packet = awscrt.mqtt5.SubscribePacket(
            [awscrt.mqtt5.Subscription(filter_, awscrt.mqtt5.QoS.AT_LEAST_ONCE)]
        )
        return self.client.subscribe(packet).result(WAIT)

    def publish(self, topic, payload):
        packet = awscrt.mqtt5.PublishPacket(payload, awscrt.mqtt5.QoS.AT_LEAST_ONCE, topic=topic)
        return self.client.publish(packet).result(WAIT).puback

    def close(self):
        self.client.stop()
        self.wait("stopped")

    def _up(self, data):
        self.connacks.append(data.connack_packet)
        self.events["up"].set()

    def _down(self, data):
        self.down.append(data.disconnect_packet)
        self.events["up"].clear()
        self.events["down"].set()

    def _received(self, data):
        self.messages[data.publish_packet.topic] = data.publish_packet.payload


@pytest.fixture
def sdk5(server, port, admin):
    made = []

    def act(client_id, key=None):
        made.append(Sdk5(server, port, key or admin, client_id))
        return made[-1]

    yield act
    for client in made:
        client.close()


def test_the_sdks_mqtt_5_client_publishes_subscribes_and_comes_back(sdk5, aws):
    client = sdk5("sdk5-a")
    client.wait("up")
    assert client.connacks[0].subscription_identifiers_available is False
    for filter_ in ("plant/five/+", "$aws/events/presence/connected/+"):
        assert client.subscribe(filter_).reason_codes == [awscrt.mqtt5.SubackReasonCode.GRANTED_QOS_1]
    assert client.publish("plant/five/a", "one").reason_code == awscrt.mqtt5.PubackReasonCode.SUCCESS
    assert client.receive("plant/five/a") == b"one"
    aws("iot-data").delete_connection(clientId="sdk5-a")
    client.wait("down")
    assert client.down[0].reason_code == awscrt.mqtt5.DisconnectReasonCode.ADMINISTRATIVE_ACTION
    assert "operator" in client.down[0].reason_string
    client.wait("up")
    assert client.connacks[1].session_present
    assert client.publish("plant/five/b", "two").reason_code == awscrt.mqtt5.PubackReasonCode.SUCCESS
    assert client.receive("plant/five/b") == b"two"


# A path signed by hand


@VERSIONS
@pytest.mark.parametrize("service", [SERVICE, "iotdata"])
def test_a_presigned_path_opens_a_websocket(web, port, admin, version, service):
    client = web(f"signed-{NAMES[version]}-{service}", signed_path(port, admin, service=service), version)
    topic = f"plant/signed/{NAMES[version]}"
    assert client.subscribe(topic) == 1
    assert client.publish(topic, "x") == 0
    assert client.receive().payload == b"x"


def test_a_session_token_may_be_appended_after_signing(web, port, session):
    path = signed_path(port, Key(session.user, session.id, session.secret))
    path += "&X-Amz-Security-Token=" + quote(session.token, safe="")
    assert web("token-late", path).publish("plant/a", "x") in (0, 0x10)


def test_a_session_token_may_be_signed_and_the_role_decides(web, port, session):
    client = web("token-signed", signed_path(port, session))
    assert client.publish("plant/a", "x") in (0, 0x10)
    assert client.publish("office/a", "x") == NOT_AUTHORIZED
    assert client.subscribe("#") == NOT_AUTHORIZED
    with pytest.raises(TURNED_AWAY):
        web("other", signed_path(port, session))


@pytest.mark.parametrize("token", ["a token/with=signs", None], ids=["foreign", "none"])
def test_a_token_that_is_not_the_session_s_opens_nothing(web, port, session, token):
    with pytest.raises(TURNED_AWAY):
        web("token-wrong", signed_path(port, Key(session.user, session.id, session.secret, token)))


def test_a_session_is_cut_off_when_its_role_goes(server, web, port, aws):
    arn_ = role(aws("iam"), "brief", ROOT, allow("iot:*", "*"))
    begun = begin(server, arn_)
    client = web("brief", signed_path(port, Key("brief", begun.key, begun.secret, begun.token)))
    assert client.publish("plant/a", "x") in (0, 0x10)
    remove_role(aws("iam"), "brief")
    assert client.ended()


def test_a_large_packet_comes_whole(web, port, admin):
    client = web("large", signed_path(port, admin))
    assert client.subscribe("plant/large") == 1
    payload = "x" * 131_072
    assert client.publish("plant/large", payload) == 0
    assert client.receive().payload == payload.encode()


# A certificate


@VERSIONS
def test_a_certificate_proves_who_comes_over_a_websocket(web, fleet, version):
    name = f"web-{version}"
    device = fleet.device(name, policies=[fleet.policy(f"own-{version}", *own_rights("plant"))])
    client = web(name, "/mqtt", version, device)
    assert client.subscribe(f"plant/{name}/#") == 1
    assert client.publish(f"plant/{name}/a", "x") == 0
    assert client.receive().payload == b"x"
    if version == V5:
        assert client.publish("plant/other/a", "x") == NOT_AUTHORIZED


def test_a_certificate_that_is_switched_off_ends_a_websocket_too(web, fleet, server, port):
    device = fleet.device("web-off", policies=[fleet.policy("own-off", *own_rights("plant"))])
    client = web("web-off", "/mqtt", V5, device)
    fleet.iot.update_certificate(certificateId=device.id, newStatus="INACTIVE")
    assert client.ended() == (0x98, "the certificate is INACTIVE")
    with pytest.raises(TURNED_AWAY):
        WebClient("web-off", V5).over(server, port, "/mqtt", device)


# Who is not let in


class Answer:
    """What an HTTP server says to bytes."""

    def __init__(self, server, port, lines):
        with secure_socket(port, tls_context(server)) as sock:
            sock.sendall("\r\n".join([*lines, "", ""]).encode())
            text = b""
            while b"\r\n\r\n" not in text:
                part = sock.recv(4096)
                assert part, f"the server said nothing more after {text}"
                text += part
            head, _, body = text.partition(b"\r\n\r\n")
            lines = head.decode().split("\r\n")
            self.status = int(lines[0].split()[1])
            self.headers = {
                name.lower(): value for name, value in (line.split(": ", 1) for line in lines[1:])
            }
            while len(body) < int(self.headers.get("content-length", 0)):
                body += sock.recv(4096)
        self.message = json.loads(body)["message"] if body else ""


def upgrade_lines(port, path, **changes):
    """The request for a WebSocket; a header that is `None` is left out."""
    headers = {
        "Host": f"localhost:{port}",
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Protocol": "mqtt",
    }
    headers |= {name.replace("_", "-"): value for name, value in changes.items()}
    shown = [f"{name}: {value}" for name, value in headers.items() if value is not None]
    return [f"GET {path} HTTP/1.1", *shown]


@pytest.fixture
def ask(server, port):
    """Asks for a WebSocket over a bare socket."""
    return lambda path, **changes: Answer(server, port, upgrade_lines(port, path, **changes))


@pytest.fixture
def sign(port, admin):
    return functools.partial(signed_path, port, admin)


def test_the_right_request_is_answered_with_the_sub_protocol(ask, sign):
    answer = ask(sign())
    assert answer.status == 101
    assert answer.headers["sec-websocket-protocol"] == "mqtt"
    assert answer.headers["sec-websocket-accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


def test_a_wrong_secret_is_forbidden(ask, port, admin):
    answer = ask(signed_path(port, Key("admin", admin.id, "not the secret")))
    assert answer.status == 403
    assert "signature" in answer.message.lower()


def test_an_unknown_key_is_forbidden(ask, port, server):
    answer = ask(signed_path(port, Key("nobody", "AKIANOTTHEREATALL000", "secret")))
    assert answer.status == 403
    assert connection_log(server, kind="refused", limit=1)[0]["reason"] == "signature"


def test_an_expired_signature_is_forbidden(ask, sign):
    answer = ask(sign(expires=60, ago=timedelta(hours=2)))
    assert answer.status == 403
    assert "was good until" in answer.message


def test_a_signature_for_another_service_is_forbidden(ask, sign):
    answer = ask(sign(service="firehose"))
    assert answer.status == 403
    assert SERVICE in answer.message


def test_a_signature_for_another_host_is_forbidden(ask, sign):
    assert ask(sign(host="elsewhere.example")).status == 403


def test_a_signature_for_another_path_is_forbidden(ask, sign):
    signed = sign(path="/mqtt2")
    assert ask(signed.replace("/mqtt2", "/mqtt")).status == 403


def test_a_changed_query_is_forbidden(ask, sign):
    assert ask(sign() + "&more=1").status == 403


def test_nobody_comes_in_without_proof(ask):
    answer = ask("/mqtt")
    assert answer.status == 403
    assert answer.message


def test_a_wrong_path_is_not_a_websocket(ask, sign):
    answer = ask(sign(path="/mqtts"))
    assert 400 <= answer.status < 500
    assert answer.message


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"Sec-WebSocket-Protocol": None}, "sub-protocol"),
        ({"Sec-WebSocket-Protocol": "chat"}, "sub-protocol"),
        ({"Sec-WebSocket-Version": "8"}, "13"),
        ({"Sec-WebSocket-Key": "short"}, "Sec-WebSocket-Key"),
        ({"Upgrade": None, "Connection": None}, "WebSocket"),
    ],
    ids=["no-sub-protocol", "other-sub-protocol", "old-version", "bad-key", "plain-get"],
)
def test_what_is_wrong_with_the_request_is_said(ask, sign, server, changes, word):
    answer = ask(sign(), **changes)
    assert answer.status == 400
    assert word in answer.message
    refused = connection_log(server, kind="refused", limit=1)[0]
    assert (refused["reason"], refused["detail"]) == ("web_socket", answer.message)


def test_paho_sees_a_refusal_and_does_not_hang(server, port, admin):
    path = signed_path(port, Key("admin", admin.id, "not the secret"))
    with pytest.raises((ValueError, *TURNED_AWAY)):
        WebClient("wrong", V5).over(server, port, path)


# What a user's role allows


def test_a_viewer_may_listen_and_not_speak(web, port, viewer, admin):
    client = web("viewer", signed_path(port, viewer))
    assert client.subscribe("plant/#") == 1
    assert client.subscribe("$aws/events/presence/connected/+") == 1
    code, text = client.published("plant/a", "x")
    assert code == NOT_AUTHORIZED
    assert "viewer" in text and "iot:Publish" in text
    assert web("speaker", signed_path(port, admin)).publish("plant/b", "x") == 0
    topics = {client.receive().topic for _ in range(2)}
    assert topics == {"plant/b", "$aws/events/presence/connected/speaker"}


def test_a_viewer_of_mqtt_311_loses_its_connection_when_it_speaks(web, port, viewer):
    client = web("viewer-311", signed_path(port, viewer), V311)
    client.send("plant/a", "x")
    client.wait_disconnected()
    assert client.pubacks == {}


@pytest.mark.parametrize("change", ["off", "deleted"])
def test_a_key_that_is_taken_away_ends_its_websocket(web, port, server, aws, change):
    iam = aws("iam")
    made = iam.create_access_key(UserName="viewer")["AccessKey"]
    key = Key("viewer", made["AccessKeyId"], made["SecretAccessKey"])
    client = web(f"key-{change}", signed_path(port, key))
    named = {"UserName": "viewer", "AccessKeyId": key.id}
    if change == "off":
        iam.update_access_key(**named, Status="Inactive")
    else:
        iam.delete_access_key(**named)
    code, text = client.ended()
    assert code == 0x98
    assert "access key" in text
    last = connection_log(server, client_id=f"key-{change}")[0]
    assert (last["kind"], last["reason"], last["principal"]) == ("disconnected", "AUTH_ERROR", "viewer")
    with pytest.raises((ValueError, *TURNED_AWAY)):
        WebClient(f"key-{change}", V5).over(server, port, signed_path(port, key))
    if change == "off":
        iam.delete_access_key(**named)


# How a WebSocket ends


class Frames:
    """A WebSocket, frame by frame, with a CONNECT sent and accepted."""

    BINARY, TEXT, CLOSE = 2, 1, 8

    def __init__(self, server, port, path, client_id):
        self.socket = secure_socket(port, tls_context(server))
        self.socket.sendall("\r\n".join([*upgrade_lines(port, path), "", ""]).encode())
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += self.socket.recv(1)
        assert head.startswith(b"HTTP/1.1 101 "), head
        # MQTT 3.1.1, clean, a keep-alive of a minute.
        body = b"\x00\x04MQTT\x04\x02\x00\x3c" + len(client_id).to_bytes(2, "big") + client_id.encode()
        self.send(self.BINARY, bytes([0x10, len(body)]) + body)
        assert self.socket.recv(100) == b"\x82\x04\x20\x02\x00\x00"

    def send(self, opcode, payload=b""):
        # A client has to mask; a mask of zeros changes nothing.
        self.socket.sendall(bytes([0x80 | opcode, 0x80 | len(payload)]) + bytes(4) + payload)

    def rest(self):
        """What comes until the server closes."""
        came = b""
        while part := self.socket.recv(4096):
            came += part
        return came


@pytest.fixture
def frames(server, port, sign):
    made = []

    def act(client_id):
        made.append(Frames(server, port, sign(), client_id))
        return made[-1]

    yield act
    for peer in made:
        peer.socket.close()


def reason_of(server, client_id):
    (left,) = wait_for(
        "the end in the log", lambda: connection_log(server, client_id=client_id, kind="disconnected")
    )
    return left["reason"]


def test_a_close_frame_is_the_clients_wish(frames, server):
    peer = frames("says-goodbye")
    peer.send(Frames.CLOSE, b"\x03\xe8")
    assert peer.rest()[:1] == b"\x88", "the close frame is answered"
    assert reason_of(server, "says-goodbye") == "CLIENT_INITIATED_DISCONNECT"


def test_a_socket_that_ends_without_a_close_frame_is_lost(frames, server):
    frames("vanishes").socket.close()
    assert reason_of(server, "vanishes") == "CONNECTION_LOST"


def test_mqtt_in_a_text_message_is_the_clients_error(frames, server):
    peer = frames("writes-text")
    peer.send(Frames.TEXT, b"\xc0\x00".decode("latin-1").encode())
    peer.rest()
    assert reason_of(server, "writes-text") == "CLIENT_ERROR"


def test_a_websocket_has_its_time(own_server):
    server = own_server({"gateway": {**CONFIG["gateway"], "websocket_seconds_max": 1}}).start()
    access = server.credentials
    key = Key("admin", access["aws"]["access_key_id"], access["aws"]["secret_access_key"])
    port = access["mqtt"]["alpn_port"]
    client = WebClient("short-lived", V5).over(server, port, signed_path(port, key))
    code, text = client.ended()
    assert code == 0x98
    assert "as long as it may" in text
    assert connection_log(server, client_id="short-lived")[0]["reason"] == "WEBSOCKET_TTL_EXPIRATION"
