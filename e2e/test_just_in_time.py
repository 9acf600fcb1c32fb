"""Devices with certificates of somebody's own authority introduce themselves over mutual TLS."""

import json
import socket
import ssl
import time

import pytest

from openssl_pki import Authority, Device, openssl
from paho_client import V5, V311, PahoClient, Refused
from policy_documents import allow, arn, document, grant_to_fleet
from registry_cases import EXISTS, MISSING, all_of, refused
from waiting import wait_for

EVENTS = "$aws/events/certificates/registered"
PREFIX = "AWS::IoT::Certificate::"
EXTENSIONS = """
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
authorityKeyIdentifier = keyid
"""


@pytest.fixture(scope="module")
def iot(aws):
    """A client of a server whose fleet may watch registrations and talk on `fleet/…`."""
    iot = aws("iot")
    grant_to_fleet(
        iot,
        "watch-registrations",
        allow("iot:Subscribe", arn("topicfilter", f"{EVENTS}/*"), arn("topicfilter", "fleet/*")),
        allow("iot:Receive", arn("topic", f"{EVENTS}/*"), arn("topic", "fleet/*")),
    )
    iot.create_policy(
        policyName="by-its-own-name",
        policyDocument=document(
            allow("iot:Connect", arn("client", "${iot:Certificate.Subject.CommonName}")),
            allow("iot:Publish", arn("topic", "fleet/${iot:ClientId}")),
        ),
    )
    return iot


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("pki")


@pytest.fixture
def authority(iot, folder, request):
    """An authority of the test's own whose certificates register themselves."""
    made = Authority(folder, request.node.name[:60])
    made.register(iot, allowAutoRegistration=True)
    return made


@pytest.fixture
def connect(server):
    """Connects a device with its own certificate; closes it after the test."""
    open_clients = []

    def act(device, client_id, version=V311):
        device.ca = server.ca
        client = PahoClient(client_id, version).with_bundle(device)
        client.connect("localhost", server.credentials["mqtt"]["port"])
        open_clients.append(client)
        return client

    yield act
    for client in open_clients:
        client.close()


@pytest.fixture
def watcher(server, connect):
    """Watches a topic as a thing of the fleet."""
    bundle = server.create_thing(f"watcher-{time.monotonic_ns()}")

    def act(topic):
        client = connect(bundle, bundle.thing)
        assert client.subscribe(topic) == 1
        return client

    return act


def is_refused(connect, device, client_id, version=V311):
    """Whether the front door turns the device away, in the handshake or right after it."""
    try:
        connect(device, client_id, version)
    except (Refused, OSError):
        return True
    return False


def let_in(connect, device, client_id):
    """Connects a device that tries until it may."""

    def come():
        try:
            return connect(device, client_id)
        except (Refused, OSError):
            return None

    return wait_for("the device is let in", come)


def status_of(iot, device):
    found = iot.describe_certificate(certificateId=device.id)["certificateDescription"]
    return found["status"]


def template(**properties):
    """A template that makes a thing named by the common name, and gives it a policy."""
    thing = {"ThingName": {"Ref": f"{PREFIX}CommonName"}} | properties
    return json.dumps(
        {
            "Parameters": {f"{PREFIX}{name}": {"Type": "String"} for name in ("CommonName", "Country", "Id")},
            "Resources": {
                "thing": {"Type": "AWS::IoT::Thing", "Properties": thing},
                "certificate": {
                    "Type": "AWS::IoT::Certificate",
                    "Properties": {"CertificateId": {"Ref": f"{PREFIX}Id"}, "Status": "ACTIVE"},
                },
                "policy": {
                    "Type": "AWS::IoT::Policy",
                    "Properties": {"PolicyName": "by-its-own-name"},
                },
            },
        }
    )


# Registration


def test_a_stranger_is_announced_and_let_in_once_somebody_has_decided(iot, authority, connect, watcher):
    watch = watcher(f"{EVENTS}/{authority.id}")
    device = authority.issue("stranger-1")
    before = time.time() * 1000
    assert is_refused(connect, device, "stranger-1")
    message = watch.receive()
    event = json.loads(message.payload)
    assert message.topic == f"{EVENTS}/{authority.id}"
    assert abs(event.pop("timestamp") - before) < 60_000
    assert abs(int(event.pop("certificateRegistrationTimestamp")) - before) < 60_000
    assert event == {
        "certificateId": device.id,
        "caCertificateId": authority.id,
        "certificateStatus": "PENDING_ACTIVATION",
        "awsAccountId": "000000000000",
    }
    assert status_of(iot, device) == "PENDING_ACTIVATION"
    found = iot.describe_certificate(certificateId=device.id)["certificateDescription"]
    assert found["caCertificateId"] == authority.id
    assert found["certificatePem"] == device.pem

    # It is told of again, and refused again, when it comes again; not more often than once a second.
    def told_again():
        assert is_refused(connect, device, "stranger-1")
        return not watch.messages.empty()

    wait_for("another event", told_again)
    assert json.loads(watch.receive().payload)["certificateId"] == device.id

    iot.update_certificate(certificateId=device.id, newStatus="ACTIVE")
    assert is_refused(connect, device, "stranger-1"), "it has no rights yet"
    iot.attach_policy(policyName="by-its-own-name", target=arn("cert", device.id))
    listener = watcher("fleet/stranger-1")
    client = connect(device, "stranger-1")
    client.publish("fleet/stranger-1", "here I am")
    assert listener.receive().payload == b"here I am"


def test_a_stranger_may_not_be_let_in_and_is_cut_off_when_revoked(iot, authority, connect):
    device = authority.issue("stranger-2")
    assert is_refused(connect, device, "stranger-2")
    iot.attach_policy(policyName="by-its-own-name", target=arn("cert", device.id))
    iot.update_certificate(certificateId=device.id, newStatus="ACTIVE")
    client = connect(device, "stranger-2")
    iot.update_certificate(certificateId=device.id, newStatus="REVOKED")
    client.wait_disconnected(5)
    assert is_refused(connect, device, "stranger-2")
    assert status_of(iot, device) == "REVOKED"


@pytest.mark.parametrize("version", [V311, V5], ids=["mqtt-3.1.1", "mqtt-5"])
@pytest.mark.parametrize("kind", ["RSA:2048", "P-384"])
@pytest.mark.parametrize("extensions", [None, EXTENSIONS], ids=["x509-1", "x509-3"])
def test_every_kind_of_device_can_introduce_itself(
    iot, authority, connect, kind, version, extensions
):
    name = f"kind-{kind.replace(':', '-')}-{version}"
    device = authority.issue(name, kind=kind, extensions=extensions)
    assert is_refused(connect, device, name, version)
    assert status_of(iot, device) == "PENDING_ACTIVATION"


def test_devices_that_are_not_welcome_are_not_registered(iot, authority, folder, connect):
    # Each has a reason of its own.
    forger = Authority(folder, "forger")
    unknown = forger.issue("unwelcome-1")
    iot.update_ca_certificate(certificateId=authority.id, newAutoRegistrationStatus="DISABLE")
    quiet = authority.issue("unwelcome-2")
    assert is_refused(connect, quiet, "unwelcome-2")
    iot.update_ca_certificate(
        certificateId=authority.id, newAutoRegistrationStatus="ENABLE", newStatus="INACTIVE"
    )
    inactive = authority.issue("unwelcome-3")
    assert is_refused(connect, inactive, "unwelcome-3")
    assert is_refused(connect, unknown, "unwelcome-1")
    for device in (quiet, inactive, unknown):
        refused(iot, "DescribeCertificate", MISSING, device.id, certificateId=device.id)
    iot.update_ca_certificate(certificateId=authority.id, newStatus="ACTIVE")
    assert is_refused(connect, inactive, "unwelcome-3")
    assert status_of(iot, inactive) == "PENDING_ACTIVATION"


def test_a_revoked_device_does_not_come_back_with_its_signature_written_otherwise(iot, authority, connect):
    iot.update_ca_certificate(
        certificateId=authority.id, registrationConfig={"templateBody": template()}
    )
    device = authority.issue(subject="/C=DE/CN=revoked-1", extensions=EXTENSIONS)
    twin = device.twin()
    verified = openssl("verify", "-CAfile", authority.certificate, twin.certificate)
    assert verified.strip().endswith("OK") and twin.id != device.id
    assert is_refused(connect, device, "revoked-1")
    let_in(connect, device, "revoked-1")
    iot.update_certificate(certificateId=device.id, newStatus="REVOKED")
    for _ in range(2):
        assert is_refused(connect, twin, "revoked-1")
        refused(iot, "DescribeCertificate", MISSING, twin.id, certificateId=twin.id)
    error = refused(iot, "RegisterCertificate", EXISTS, certificatePem=twin.pem)
    assert error.response["resourceId"] == device.id


def test_the_chain_may_be_sent_and_need_not_be(iot, authority, connect):
    device = authority.issue("chain-1")
    chain = device.certificate.with_suffix(".chain.pem")
    chain.write_text(device.pem + authority.pem)
    assert is_refused(connect, Device(chain, device.key), "chain-1")
    assert status_of(iot, device) == "PENDING_ACTIVATION"


def test_a_device_may_leave_out_the_servers_name(server, iot, authority):
    device = authority.issue("nameless-1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.load_verify_locations(server.ca)
    context.load_cert_chain(device.certificate, device.key)
    at = ("localhost", server.credentials["mqtt"]["port"])
    with socket.create_connection(at, timeout=10) as plain, context.wrap_socket(plain) as stream:
        assert turned_away(stream)
    assert status_of(iot, device) == "PENDING_ACTIVATION"


def turned_away(stream):
    """Whether the server ends the connection without a word of MQTT."""
    try:
        return stream.recv(1) == b""
    except OSError:
        return True


def test_a_certificate_has_the_mode_of_its_authority(iot, folder, connect):
    authority = Authority(folder, "by name only")
    options = {"setAsActive": True, "allowAutoRegistration": True, "certificateMode": "SNI_ONLY"}
    iot.register_ca_certificate(caCertificate=authority.pem, **options)
    stranger, known = authority.issue("mode-1"), authority.issue("mode-2")
    assert is_refused(connect, stranger, "mode-1")
    iot.register_certificate(certificatePem=known.pem)
    for device in (stranger, known):
        found = iot.describe_certificate(certificateId=device.id)["certificateDescription"]
        assert found["certificateMode"] == "SNI_ONLY"


def test_a_device_whose_certificate_has_run_out_is_not_registered(iot, authority, connect):
    device = authority.issue("late-1", days=-1)
    assert is_refused(connect, device, "late-1")
    refused(iot, "DescribeCertificate", MISSING, certificateId=device.id)
    # By hand it can be, as on AWS; it does not get in for that.
    iot.register_certificate(certificatePem=device.pem, status="ACTIVE")
    iot.attach_policy(policyName="by-its-own-name", target=arn("cert", device.id))
    assert is_refused(connect, device, "late-1")


@pytest.mark.parametrize("status", ["INACTIVE", "REVOKED"])
def test_a_device_that_somebody_has_decided_against_is_not_announced_again(
    iot, authority, connect, watcher, status
):
    device = authority.issue("decided-1")
    assert is_refused(connect, device, "decided-1")
    iot.update_certificate(certificateId=device.id, newStatus=status)
    watch = watcher(f"{EVENTS}/{authority.id}")
    for _ in range(2):
        assert is_refused(connect, device, "decided-1")
    other = authority.issue("decided-2")
    assert is_refused(connect, other, "decided-2")
    # The event of the one that came last is the first to be heard.
    assert json.loads(watch.receive().payload)["certificateId"] == other.id
    assert status_of(iot, device) == status


def test_a_certificate_without_its_key_registers_nothing(iot, authority, folder, connect):
    device, other = authority.issue("thief"), authority.issue("owner")
    device.key = other.key
    with pytest.raises(OSError, match="(?i)key values mismatch"):
        connect(device, "thief")
    refused(iot, "DescribeCertificate", MISSING, certificateId=device.id)


# Provisioning


def test_a_device_is_provisioned_by_the_template_and_let_in_the_next_time(iot, authority, connect, watcher):
    iot.create_thing_group(thingGroupName="provisioned")
    iot.create_thing_type(thingTypeName="provisioned-pump")
    body = template(
        AttributePayload={"country": {"Ref": f"{PREFIX}Country"}, "version": "v1"},
        ThingTypeName="provisioned-pump",
        ThingGroups=["provisioned"],
    )
    iot.update_ca_certificate(certificateId=authority.id, registrationConfig={"templateBody": body})
    device = authority.issue(subject="/C=DE/CN=pump-31")
    assert is_refused(connect, device, "pump-31")
    listener = watcher("fleet/pump-31")
    client = connect(device, "pump-31")
    client.publish("fleet/pump-31", "provisioned")
    assert listener.receive().payload == b"provisioned"

    assert status_of(iot, device) == "ACTIVE"
    thing = iot.describe_thing(thingName="pump-31")
    assert thing["attributes"] == {"country": "DE", "version": "v1"}
    assert thing["thingTypeName"] == "provisioned-pump"
    groups = iot.list_thing_groups_for_thing(thingName="pump-31")["thingGroups"]
    assert [group["groupName"] for group in groups] == ["provisioned"]
    principals = iot.list_thing_principals(thingName="pump-31")["principals"]
    assert principals == [arn("cert", device.id)]
    policies = iot.list_attached_policies(target=arn("cert", device.id))["policies"]
    assert [policy["policyName"] for policy in policies] == ["by-its-own-name"]


def test_a_fleet_is_provisioned_device_by_device(iot, authority, connect):
    iot.update_ca_certificate(
        certificateId=authority.id, registrationConfig={"templateBody": template()}
    )
    devices = [authority.issue(subject=f"/C=DE/CN=fleet-{n}") for n in range(5)]
    for n, device in enumerate(devices):
        assert is_refused(connect, device, f"fleet-{n}")
    for n, device in enumerate(devices):
        connect(device, f"fleet-{n}")
    listed = all_of(iot, "ListCertificatesByCA", "certificates", caCertificateId=authority.id)
    assert {it["certificateId"] for it in listed} == {device.id for device in devices}
    assert {it["status"] for it in listed} == {"ACTIVE"}


def test_what_a_template_cannot_make_leaves_nothing_behind(iot, authority, connect):
    body = template(ThingGroups=["no-such-group"])
    config = {"templateBody": body}
    iot.update_ca_certificate(certificateId=authority.id, registrationConfig=config)
    device = authority.issue(subject="/C=DE/CN=half-1")
    nameless = authority.issue(subject="/CN=half-2")
    hostile = authority.issue(subject="/C=DE/CN=..%2Fhalf 3")
    for device_, client_id in ((device, "half-1"), (nameless, "half-2"), (hostile, "half-3")):
        assert is_refused(connect, device_, client_id)
        refused(iot, "DescribeCertificate", MISSING, certificateId=device_.id)
    refused(iot, "DescribeThing", MISSING, thingName="half-1")
    # Once the group is there, the same device gets in.
    iot.create_thing_group(thingGroupName="no-such-group")
    let_in(connect, device, "half-1")
    assert status_of(iot, device) == "ACTIVE"


def test_a_device_that_waits_survives_the_end_of_the_server(own_server, folder):
    server = own_server()
    server.start()
    iot = server.aws("iot")
    authority = Authority(folder, "lasting")
    authority.register(iot, allowAutoRegistration=True)
    device = authority.issue("lasting-1")
    device.ca = server.ca

    def come():
        client = PahoClient("lasting-1").with_bundle(device)
        try:
            client.connect("localhost", server.credentials["mqtt"]["port"])
        except (Refused, OSError):
            return None
        return client

    assert come() is None
    assert status_of(iot, device) == "PENDING_ACTIVATION"
    server.kill()
    server.start()
    iot = server.aws("iot")
    assert status_of(iot, device) == "PENDING_ACTIVATION"
    iot.update_ca_certificate(
        certificateId=authority.id,
        registrationConfig={"templateBody": template().replace(f'"{PREFIX}Country"', f'"{PREFIX}Id"')},
    )
    iot.create_policy(
        policyName="by-its-own-name", policyDocument=document(allow("iot:Connect", arn("client", "*")))
    )
    client = wait_for("the device is let in", come)
    assert status_of(iot, device) == "ACTIVE"
    client.close()
