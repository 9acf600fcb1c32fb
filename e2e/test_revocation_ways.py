"""Rights that are taken away are gone within a second on every way in, and by every operation that takes them."""

import json
import re
import socket
import ssl
import time

import pytest

from fleet import Client, Fleet, own_rights, turned_away
from front_door import connection_log
from paho_client import V5, V311
from policy_documents import allow, arn
from server import picket
from test_websocket import Key, WebClient, signed_path
from waiting import wait_for

LIMIT = 1.0
ADMINISTRATIVE, NOT_AUTHORIZED = 0x98, 0x87
# Clients that come back as often as the tests need it.
CONFIG = {"gateway": {"tls_rules": {"connects_per_second": 0}}}


@pytest.fixture(scope="module")
def fleet(server, tmp_path_factory):
    made = Fleet(server, tmp_path_factory.mktemp("fleet"))
    made.policy("own", *own_rights("plant"))
    made.policy("over-https", allow("iot:Publish", arn("topic", "https/*")))
    return made


@pytest.fixture
def name(request):
    return re.sub("[^a-z0-9]+", "-", request.node.name.lower().removeprefix("test_"))[:100].strip("-")


@pytest.fixture
def device(fleet, name):
    return fleet.device(name, policies=["own", "over-https"])


def context_of(device, *alpn):
    context = ssl.create_default_context(cafile=str(device.ca))
    context.load_cert_chain(str(device.certificate), str(device.key))
    if alpn:
        context.set_alpn_protocols(list(alpn))
    return context


# What takes a right from a session over MQTT


def switch_off(fleet, device):
    fleet.iot.update_certificate(certificateId=device.id, newStatus="INACTIVE")


def delete_certificate(fleet, device):
    """As AWS has it: inactive, without its thing and its policies, and then gone."""
    switch_off(fleet, device)
    fleet.iot.detach_thing_principal(thingName=device.thing, principal=device.arn)
    fleet.iot.delete_certificate(certificateId=device.id, forceDelete=True)


def test_a_certificate_that_is_deleted_ends_its_connection_and_stays_unknown(server, fleet, device):
    with Client(device.thing, V5).to(server, device) as client:
        delete_certificate(fleet, device)
        moment = time.monotonic()
        code, _ = client.ended()
        assert time.monotonic() - moment <= LIMIT
        assert code == ADMINISTRATIVE
    turned_away(server, device)


@pytest.mark.parametrize("version", [V311, V5], ids=["mqtt-3.1.1", "mqtt-5"])
def test_an_older_version_of_a_policy_that_is_made_the_default_counts_at_once(server, fleet, name, version):
    policy = fleet.policy(name, *own_rights("nowhere-else"), allow("iot:Connect", arn("client", "nobody")))
    fleet.new_version(policy, *own_rights("plant"))
    device = fleet.device(name, policies=[policy])
    # The first version lets it connect still; the right to the topics is lost.
    with Client(name, version).to(server, device) as client:
        assert client.subscribe(f"plant/{name}/a") == 1
        fleet.iot.set_default_policy_version(policyName=policy, policyVersionId="1")
        moment = time.monotonic()
        if version == V5:
            assert client.published(f"plant/{name}/a")[0] == NOT_AUTHORIZED
        else:
            client.send(f"plant/{name}/a", "x")
            client.wait_disconnected()
        assert time.monotonic() - moment <= LIMIT


def test_a_group_that_is_deleted_takes_its_policies_from_its_things(server, fleet, name):
    iot = fleet.iot
    group = iot.create_thing_group(thingGroupName=name)["thingGroupArn"]
    iot.attach_policy(policyName="own", target=group)
    device = fleet.device(name, groups=[name])
    with Client(name, V5).to(server, device) as client:
        assert client.publish(f"plant/{name}/a") in (0, 0x10)
        iot.detach_policy(policyName="own", target=group)
        iot.delete_thing_group(thingGroupName=name)
        moment = time.monotonic()
        code, text = client.ended()
        assert time.monotonic() - moment <= LIMIT
        assert (code, "no policy applies" in text) == (NOT_AUTHORIZED, True)


def test_what_the_parent_of_a_group_loses_its_things_lose_and_win_again(server, fleet, name):
    iot = fleet.iot
    parent = iot.create_thing_group(thingGroupName=f"{name}-parent")["thingGroupArn"]
    iot.create_thing_group(thingGroupName=name, parentGroupName=f"{name}-parent")
    extra = fleet.policy(name, allow("iot:Publish", arn("topic", "inherited/*")))
    device = fleet.device(name, policies=["own"], groups=[name])
    with Client(name, V5).to(server, device) as client:
        for change, is_allowed in [(iot.attach_policy, True), (iot.detach_policy, False)] * 2:
            change(policyName=extra, target=parent)
            moment = time.monotonic()
            code, _ = client.published("inherited/a")
            assert (code < 0x80) == is_allowed, code
            assert time.monotonic() - moment <= LIMIT


def test_an_authority_that_is_switched_off_leaves_the_devices_it_has_signed_alone(server, fleet, device):
    """As AWS: it registers nobody any more, and that is all."""
    with Client(device.thing, V5).to(server, device) as client:
        for authority in fleet.iot.list_ca_certificates()["certificates"]:
            fleet.iot.update_ca_certificate(
                certificateId=authority["certificateId"], newStatus="INACTIVE", newAutoRegistrationStatus="DISABLE"
            )
        assert client.publish(f"plant/{device.thing}/a") in (0, 0x10)


# TLS sessions

WELCOME = b"\x20\x02\x00\x00"


@pytest.mark.parametrize("tls", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["tls-1.2", "tls-1.3"])
@pytest.mark.parametrize("take", [switch_off, delete_certificate])
def test_a_tls_session_from_before_is_no_way_in(server, fleet, device, tls, take):
    context = context_of(device)
    context.minimum_version = context.maximum_version = tls
    address = "localhost", server.credentials["mqtt"]["port"]
    client_id = device.thing.encode()
    body = b"\x00\x04MQTT\x04\x02\x00\x3c" + len(client_id).to_bytes(2, "big") + client_id
    connect = bytes([0x10, len(body)]) + body

    def come(session):
        """What answers a CONNECT, and the TLS session to come back with."""
        with Wire(context, address, session) as peer:
            peer.sendall(connect)
            return peer.recv(4), peer.session, peer.session_reused

    answer, session, _ = come(None)
    assert answer == WELCOME
    assert come(session)[0::2] == (WELCOME, True)
    take(fleet, device)
    try:
        answer, _, _ = come(session)
    except (ssl.SSLError, ConnectionError):
        answer = b""
    assert answer in (b"", b"\x20\x02\x00\x05")
    refused = connection_log(server, kind="refused")[0]
    assert "the certificate is" in refused["detail"], refused


class Wire:
    """A TLS connection that goes on with a session if there is one."""

    def __init__(self, context, address, session=None):
        self.socket = context.wrap_socket(
            socket.create_connection(address, 10), server_hostname="localhost", session=session
        )

    def __enter__(self):
        return self.socket

    def __exit__(self, *_):
        self.socket.close()


# HTTPS


class Poster:
    """Publishes over one HTTPS connection that is kept open, request by request."""

    def __init__(self, server, device):
        context = context_of(device, "x-amzn-http-ca")
        self.socket = Wire(context, ("localhost", server.credentials["mqtt"]["alpn_port"])).socket

    def head(self, topic, length):
        lines = [f"POST /topics/{topic}?qos=1 HTTP/1.1", "Host: localhost", f"Content-Length: {length}"]
        self.socket.sendall("\r\n".join([*lines, "", ""]).encode())

    def body(self, content):
        """Sends the rest of a request, and returns the answer's status and document."""
        self.socket.sendall(content)
        came = b""
        while b"\r\n\r\n" not in came:
            part = self.socket.recv(65536)
            assert part, f"the connection has ended: {came!r}"
            came += part
        head, _, body = came.partition(b"\r\n\r\n")
        length = int(re.search(rb"content-length: (\d+)", head.lower()).group(1))
        while len(body) < length:
            body += self.socket.recv(65536)
        return int(head.split()[1]), json.loads(body)

    def post(self, topic, content=b"x"):
        self.head(topic, len(content))
        return self.body(content)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()


def detach_policies(fleet, device):
    for policy in ("own", "over-https"):
        fleet.iot.detach_policy(policyName=policy, target=device.arn)


WAYS = pytest.mark.parametrize("take", [switch_off, delete_certificate, detach_policies])


@pytest.fixture
def listener(server, fleet, name):
    device = fleet.watcher(f"listener-{name}"[:100])
    with Client(device.thing, V5).to(server, device) as client:
        assert client.subscribe("https/#") == 1
        yield client


@WAYS
def test_a_connection_over_https_that_is_kept_open_loses_its_right(server, fleet, device, take, listener):
    with Poster(server, device) as peer:
        assert peer.post("https/a")[0] == 200
        assert listener.receive().topic == "https/a"
        take(fleet, device)
        moment = time.monotonic()
        status, answer = peer.post("https/after")
        assert time.monotonic() - moment <= LIMIT
        assert status == 403, answer
    server.aws("iot-data").publish(topic="https/marker", qos=1, payload=b"x")
    listener.nothing_before("https/marker")


@WAYS
def test_a_request_whose_body_comes_after_its_right_has_gone_is_refused(server, fleet, device, take, listener):
    with Poster(server, device) as peer:
        # What is asked of a certificate for the first time is remembered.
        assert peer.post("https/a")[0] == 200
        listener.receive()
        peer.head("https/late", 10)
        peer.socket.sendall(b"first")
        take(fleet, device)
        status, answer = peer.body(b"later")
        assert status == 403, answer
    server.aws("iot-data").publish(topic="https/marker", qos=1, payload=b"x")
    listener.nothing_before("https/marker")


# Users


def test_a_user_who_is_deleted_or_loses_the_role_loses_the_websocket(server, aws):
    port = server.credentials["mqtt"]["alpn_port"]
    for change in (["set", "guest", "--role", "viewer"], ["delete", "guest"]):
        picket("user", "create", "guest", "--role", "admin", "--data", server.data)
        made = aws("iam").create_access_key(UserName="guest")["AccessKey"]
        key = Key("guest", made["AccessKeyId"], made["SecretAccessKey"])
        client = WebClient("guest-client", V5)
        wait_for("the key counts", lambda: client.over(server, port, signed_path(port, key)))
        assert client.publish("plant/guest") in (0, 0x10)
        picket("user", *change, "--data", server.data)
        moment = time.monotonic()
        code, text = client.ended()
        assert time.monotonic() - moment <= LIMIT
        assert (code, "access key" in text) == (ADMINISTRATIVE, True)
        if change[0] == "set":
            picket("user", "delete", "guest", "--data", server.data)
