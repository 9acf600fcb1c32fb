"""Rights that are taken away are gone within a second, for a fleet that goes on publishing."""

import contextlib
import time

import pytest

from crowd import Crowd, Member
from fleet import ITSELF, Client, Events, Fleet, at_once, bare, own_rights, turned_away
from front_door import connection_log
from paho_client import V5, V311, PahoClient
from policy_documents import allow, arn, deny
from waiting import wait_for

# From the API's answer to what the client sees.
LIMIT = 1.0
ADMINISTRATIVE, NOT_AUTHORIZED = 0x98, 0x87
DATA = "fleet"

ONE_BY_ONE, IN_BULK = 4, 20
EXTRA = [
    allow(["iot:Publish", "iot:Receive"], arn("topic", f"extra/{ITSELF}/*")),
    allow("iot:Subscribe", arn("topicfilter", f"extra/{ITSELF}/*")),
]

# How long each change took to arrive at the slowest of those it concerned, and each call until its answer.
slowest = {}
calls = {}


@pytest.fixture(scope="module")
def fleet(server, tmp_path_factory):
    return Fleet(server, tmp_path_factory.mktemp("fleet"))


@pytest.fixture(scope="module")
def iot(fleet):
    return fleet.iot


@pytest.fixture(scope="module")
def events(server, fleet):
    return Events(
        server, fleet.watcher(), "$aws/events/presence/disconnected/+", "$aws/events/subscriptions/#"
    )


@pytest.fixture(scope="module")
def crowd(server, fleet):
    """Everybody: those who will lose something, and those who go on."""
    own = fleet.policy("own", *own_rights(DATA))
    extra = fleet.policy("extra", *EXTRA)
    fleet.policy("pressed", *own_rights(DATA), *EXTRA)
    fleet.policy("grouped", *own_rights(DATA))
    fleet.policy("extra-of-group", *EXTRA)
    for group, policy in (("holders", "grouped"), ("extras", "extra-of-group")):
        created = fleet.iot.create_thing_group(thingGroupName=group)
        fleet.iot.attach_policy(policyName=policy, target=created["thingGroupArn"])
    fleet.policy("quarantine", deny("iot:Publish", arn("topic", "extra/*")) | {"Sid": "Quarantine"})
    fleet.policy("jail", deny("iot:*", "*") | {"Sid": "Jail"})
    created = fleet.iot.create_thing_group(thingGroupName="quarantine")
    fleet.iot.attach_policy(policyName="quarantine", target=created["thingGroupArn"])
    members = []

    def add(name, count, both=False, **rights):
        devices = fleet.devices([f"{name}-{number}" for number in range(count)], **rights)
        for number, device in enumerate(devices):
            topics = [f"{DATA}/{device.thing}/data"] + [f"extra/{device.thing}/data"] * both
            # Some of those who are cut off speak 3.1.1; a refusal of a publish only MQTT 5 is told.
            version = V311 if number % 4 == 3 and not both else V5
            members.append(Member(device, topics, version))

    for status in ("INACTIVE", "REVOKED"):
        add(f"{status}-one", ONE_BY_ONE, policies=[own])
        add(f"{status}-bulk", IN_BULK, policies=[own])
    add("detached", ONE_BY_ONE, policies=[own])
    add("less", ONE_BY_ONE, both=True, policies=[own, extra])
    add("grouped", IN_BULK, groups=["holders"])
    add("leaver", ONE_BY_ONE, both=True, policies=[own], groups=["extras"])
    add("pressed", IN_BULK, both=True, policies=["pressed"])
    add("quarantined", IN_BULK, both=True, policies=[own, extra])
    add("jailed", ONE_BY_ONE, policies=[own])
    add("unnamed", ONE_BY_ONE, policies=[own])
    add("deleted", ONE_BY_ONE, policies=[own])
    add("bystander", 20, policies=[own])
    add("bystander-extra", 4, both=True, policies=[own, extra])
    everybody = Crowd(server, members)
    yield everybody
    everybody.close()
    publishes = sum(len(member.publishes) for member in members)
    print(f"\n{len(members)} clients, {publishes} publishes")
    print(f"slowest after the API's answer: {in_words(slowest)}")
    print(f"slowest answers: {in_words(calls)}")


def in_words(times):
    return ", ".join(f"{what} {time_ * 1000:.0f} ms" for what, time_ in times.items())


def note(what, lag):
    slowest[what] = max(lag, slowest.get(what, lag))
    assert lag <= LIMIT, f"{what}: {lag:.3f} s after the API's answer"


def answered(call, **arguments):
    """When the call was answered."""
    started = time.monotonic()
    call(**arguments)
    moment = time.monotonic()
    name = call.__name__
    calls[name] = max(calls.get(name, 0.0), moment - started)
    return moment


def assert_cut(what, member, moment, code, *words):
    """The member is cut off within the limit, and an MQTT 5 client is told why."""
    end = member.wait_cut()
    note(what, end.at - moment)
    assert member.taken_since(moment + LIMIT) == []
    if member.version == V5:
        assert end.code == code, end
        assert all(word in (end.text or "") for word in words), end.text


def assert_lost(what, member, moment, topic, *words):
    """The member cannot publish on `topic` after the limit, and still on its other topic."""
    is_topic = lambda publish: publish.topic.startswith(topic)  # noqa: E731
    refused = lambda: [it for it in member.refused() if is_topic(it)]  # noqa: E731
    wait_for(f"{member.name} is refused on {topic}", lambda: len(refused()) >= 2, 15)
    stale = [it.sent - moment for it in member.taken_since(moment) if is_topic(it)]
    note(what, max(stale, default=0.0))
    for publish in refused():
        assert publish.code == NOT_AUTHORIZED
        assert all(word in (publish.text or "") for word in words), publish.text
    assert all(is_topic(publish) for publish in member.refused())
    seen = time.monotonic()
    wait_for(f"{member.name} goes on elsewhere", lambda: member.taken_since(seen), 15)
    assert member.end is None, member.end


def one_by_one(crowd, members, change, check):
    for member in members:
        with crowd.undisturbed(but=[member]):
            check(member, change(member))


def in_bulk(crowd, members, change, check):
    with crowd.undisturbed(but=members):
        moments = at_once(change, members)
        for member, moment in zip(members, moments, strict=True):
            check(member, moment)


WAYS = pytest.mark.parametrize("way", [one_by_one, in_bulk], ids=["one-by-one", "in-bulk"])
PARTS = {one_by_one: "one", in_bulk: "bulk"}


# The certificate


@WAYS
@pytest.mark.parametrize("status", ["INACTIVE", "REVOKED"])
def test_a_certificate_that_is_switched_off_ends_its_connection(crowd, events, iot, server, status, way):
    members = crowd.named(f"{status}-{PARTS[way]}-")

    def change(member):
        return answered(iot.update_certificate, certificateId=member.device.id, newStatus=status)

    def check(member, moment):
        assert_cut(f"{status} {PARTS[way]}", member, moment, ADMINISTRATIVE, "certificate", status)

    way(crowd, members, change, check)
    for member in members:
        (event,) = events.of(member.name, "disconnected")
        assert event["disconnectReason"] == "AUTH_ERROR"
        assert event["principalIdentifier"] == member.device.id
    turned_away(server, members[0].device)


def test_a_certificate_that_is_switched_on_again_may_connect(crowd, iot, server):
    device = crowd.named("INACTIVE-one-")[1].device
    turned_away(server, device)
    iot.update_certificate(certificateId=device.id, newStatus="ACTIVE")
    with Client(device.thing, V5).to(server, device) as client:
        assert client.publish(f"{DATA}/{device.thing}/data") in (0, 0x10)
        iot.update_certificate(certificateId=device.id, newStatus="INACTIVE")
        code, text = client.ended()
        assert (code, text) == (ADMINISTRATIVE, "the certificate is INACTIVE")


# Policies


def test_whoever_loses_its_only_policy_is_cut_off(crowd, events, iot, server):
    members = crowd.named("detached-")

    def change(member):
        return answered(iot.detach_policy, policyName="own", target=member.device.arn)

    def check(member, moment):
        assert_cut(
            "DetachPolicy", member, moment, NOT_AUTHORIZED, "iot:Connect", "no policy applies to the certificate"
        )

    one_by_one(crowd, members, change, check)
    for member in members:
        (event,) = events.of(member.name, "disconnected")
        assert event["disconnectReason"] == "FORBIDDEN_ACCESS"
    client = turned_away(server, members[0].device)
    assert client.connack.value == NOT_AUTHORIZED
    assert "iot:Connect" in client.said["connack"]
    iot.attach_policy(policyName="own", target=members[0].device.arn)
    Client(members[0].name, V5).to(server, members[0].device).close()


def test_whoever_loses_one_of_two_policies_loses_just_its_rights(crowd, iot):
    def change(member):
        return answered(iot.detach_policy, policyName="extra", target=member.device.arn)

    def check(member, moment):
        assert_lost("DetachPolicy, one of two", member, moment, "extra/", "iot:Publish", "extra/", "own")

    one_by_one(crowd, crowd.named("less-"), change, check)


def test_a_policy_that_a_group_loses_is_lost_by_its_things(crowd, events, iot, server):
    members = crowd.named("grouped-")
    with crowd.undisturbed(but=members):
        moment = answered(iot.detach_policy, policyName="grouped", target=arn("thinggroup", "holders"))
        for member in members:
            assert_cut("DetachPolicy of a group", member, moment, NOT_AUTHORIZED, "iot:Connect")
    for member in members:
        (event,) = events.of(member.name, "disconnected")
        assert event["disconnectReason"] == "FORBIDDEN_ACCESS"
    turned_away(server, members[0].device)


def test_a_thing_that_leaves_a_group_loses_just_the_groups_rights(crowd, iot):
    def change(member):
        return answered(iot.remove_thing_from_thing_group, thingGroupName="extras", thingName=member.name)

    def check(member, moment):
        assert_lost("RemoveThingFromThingGroup", member, moment, "extra/", "iot:Publish", "own")

    one_by_one(crowd, crowd.named("leaver-"), change, check)


def test_a_policy_version_with_less_rights_takes_just_these(crowd, iot, fleet):
    members = crowd.named("pressed-")
    with crowd.undisturbed(but=members):
        fleet.new_version("pressed", *own_rights(DATA))
        moment = time.monotonic()
        for member in members:
            assert_lost("CreatePolicyVersion", member, moment, "extra/", "iot:Publish", "pressed")


def test_a_thing_that_is_put_into_quarantine_loses_what_the_group_denies(crowd, iot):
    def change(member):
        return answered(iot.add_thing_to_thing_group, thingGroupName="quarantine", thingName=member.name)

    def check(member, moment):
        assert_lost("AddThingToThingGroup", member, moment, "extra/", "statement 1 (Quarantine) of policy quarantine")

    in_bulk(crowd, crowd.named("quarantined-"), change, check)


def test_a_policy_that_denies_everything_cuts_off_at_once(crowd, events, iot):
    members = crowd.named("jailed-")

    def change(member):
        return answered(iot.attach_policy, policyName="jail", target=member.device.arn)

    def check(member, moment):
        assert_cut("AttachPolicy of a denial", member, moment, NOT_AUTHORIZED, "Jail", "denies iot:Connect")

    one_by_one(crowd, members, change, check)
    for member in members:
        (event,) = events.of(member.name, "disconnected")
        assert event["disconnectReason"] == "FORBIDDEN_ACCESS"


def test_a_subscription_that_is_not_allowed_any_more_ends(server, fleet, events):
    fleet.policy("listening", *own_rights("cmd"), *EXTRA)
    device = fleet.device("listener", policies=["listening"])
    data = server.aws("iot-data")
    with Client("listener", V5).to(server, device) as client:
        for filter_ in ("cmd/listener/#", "extra/listener/#"):
            assert client.subscribe(filter_) == 1
        data.publish(topic="extra/listener/a", qos=1, payload=b"before")
        assert client.receive().payload == b"before"
        fleet.new_version("listening", *own_rights("cmd"))
        (event,) = events.of("listener", "unsubscribed")
        assert event["topics"] == ["extra/listener/#"]
        data.publish(topic="extra/listener/b", qos=1, payload=b"after")
        data.publish(topic="cmd/listener/marker", qos=1, payload=b"marker")
        client.nothing_before("cmd/listener/marker")


def test_what_may_not_be_received_any_more_is_not_delivered(server, fleet):
    connect_and_subscribe = [
        allow("iot:Connect", arn("client", ITSELF)),
        allow("iot:Subscribe", arn("topicfilter", "mixed/*")),
    ]
    fleet.policy("hearing", *connect_and_subscribe, allow("iot:Receive", arn("topic", "mixed/*")))
    device = fleet.device("hearer", policies=["hearing"])
    data = server.aws("iot-data")
    with Client("hearer", V5).to(server, device) as client:
        assert client.subscribe("mixed/#") == 1
        data.publish(topic="mixed/secret", qos=1, payload=b"before")
        assert client.receive().payload == b"before"
        fleet.new_version("hearing", *connect_and_subscribe, allow("iot:Receive", arn("topic", "mixed/open")))
        data.publish(topic="mixed/secret", qos=1, payload=b"after")
        data.publish(topic="mixed/open", qos=1, payload=b"marker")
        client.nothing_before("mixed/open")


# The thing


def test_a_certificate_that_is_taken_from_its_thing_loses_the_rights_of_its_name(crowd, events, iot, server):
    members = crowd.named("unnamed-")

    def change(member):
        return answered(iot.detach_thing_principal, thingName=member.name, principal=member.device.arn)

    def check(member, moment):
        assert_cut("DetachThingPrincipal", member, moment, NOT_AUTHORIZED, "iot:Connect", "own")

    one_by_one(crowd, members, change, check)
    for member in members:
        (event,) = events.of(member.name, "disconnected")
        assert event["disconnectReason"] == "FORBIDDEN_ACCESS"
    turned_away(server, members[0].device)


def test_a_thing_that_is_deleted_cannot_come_back(crowd, iot, server):
    members = crowd.named("deleted-")

    def change(member):
        moment = answered(iot.detach_thing_principal, thingName=member.name, principal=member.device.arn)
        iot.delete_thing(thingName=member.name)
        return moment

    def check(member, moment):
        assert_cut("DeleteThing", member, moment, NOT_AUTHORIZED, "iot:Connect")

    in_bulk(crowd, members, change, check)
    turned_away(server, members[0].device)


# Those who do not listen


class Deaf:
    """A client that reads nothing, for which more has come than its socket holds."""

    def __init__(self, server, folder):
        self.server = server
        self.fleet = Fleet(server, folder)
        self.fleet.policy("own", *own_rights(DATA))
        self.device = self.fleet.device("deaf", policies=["own"])
        self.peer = bare(server, self.device)
        self.peer.connect("deaf")
        assert self.peer.subscribe((f"{DATA}/deaf/flood", 0)) == [0]
        self.other = PahoClient("other")
        self.other.connect("127.0.0.1", server.credentials["mqtt"]["plaintext_port"])
        for _ in range(200):
            self.other.publish(f"{DATA}/deaf/flood", b"x" * 131_072)

    def revoke(self):
        """The wall clock's time of the API's answer."""
        self.fleet.iot.update_certificate(certificateId=self.device.id, newStatus="REVOKED")
        return time.time()

    def wait_gone(self):
        """Its last line in the connection log."""
        (left,) = wait_for(
            "the end in the log", lambda: connection_log(self.server, client_id="deaf", kind="disconnected")
        )
        return left

    def close(self):
        self.other.close()
        self.peer.close()


@pytest.fixture
def deaf(own_server, tmp_path):
    fast = {"bytes_per_second": 0, "publishes_per_second": 0}
    client = Deaf(own_server({"gateway": {"tls_rules": fast}}).start(), tmp_path)
    yield client
    client.close()


def test_what_waits_in_the_socket_of_a_client_that_reads_nothing_is_not_taken(deaf):
    assert deaf.other.subscribe(f"{DATA}/deaf/late") == 1
    assert deaf.other.subscribe("marker") == 1
    deaf.revoke()
    # It may find its socket closed.
    with contextlib.suppress(OSError):
        deaf.peer.send_publish(f"{DATA}/deaf/late", "after")
    assert deaf.wait_gone()["reason"] == "AUTH_ERROR"
    assert deaf.other.publish("marker", "x") == 0
    deaf.other.nothing_before("marker")


def test_a_client_that_reads_nothing_is_cut_off_all_the_same(deaf):
    moment = deaf.revoke()
    assert deaf.wait_gone()["at_ms"] / 1000 - moment <= LIMIT
