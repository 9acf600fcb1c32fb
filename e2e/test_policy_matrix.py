"""Policies as data against what devices may do over real connections, and TestAuthorization beside it.

A row is a device (policies, a thing, groups), the client id it connects with, and one act with its expected outcome.
"""

import ssl
from dataclasses import dataclass

import pytest

from paho_client import NAMES, V5, V311, PahoClient, Refused
from policy_documents import allow, arn, deny, document
from waiting import wait_for

# Many connections of one client id, one after the other.
CONFIG = {"gateway": {"tls_rules": {"connects_per_second": 0}}}
NOT_AUTHORIZED = 0x87

THING = "${iot:Connection.Thing.ThingName}"
CLIENT = "${iot:ClientId}"
SITE = "${iot:Connection.Thing.Attributes[site]}"
TYPE = "${iot:Connection.Thing.ThingTypeName}"
NAME = "${iot:Certificate.Subject.CommonName}"


def when(statement, operator, **keys):
    """The statement under a condition; in keys `_` stands for `:` and then for `.`."""
    condition = {key.replace("_", ":", 1).replace("_", "."): value for key, value in keys.items()}
    return statement | {"Condition": {operator: condition}}


CONNECT_ALL = allow("iot:Connect", arn("client", "*"))
TOPICS = ["iot:Publish", "iot:Receive", "iot:RetainPublish"]

POLICIES = {
    "nothing-much": [allow("iot:GetThingShadow", "*")],
    "everything": [allow("iot:*", "*")],
    "connect-all": [CONNECT_ALL],
    "connect-prefix": [allow("iot:Connect", arn("client", "mx-pre*"))],
    "connect-one-sign": [allow("iot:Connect", arn("client", "mx-?"))],
    "connect-thing": [allow("iot:Connect", arn("client", THING))],
    "connect-client-id": [allow("iot:Connect", arn("client", CLIENT))],
    "connect-star-only": [allow("iot:Connect", arn("client", "mx-${*}"))],
    "connect-elsewhere": [allow("iot:Connect", arn("client", "*").replace("us-east-1", "eu-west-1"))],
    "connect-case": [allow("IOT:cONNECT", arn("client", "MX-case"))],
    "connect-attached": [when(CONNECT_ALL, "Bool", iot_Connection_Thing_IsAttached="true")],
    "connect-here": [when(CONNECT_ALL, "IpAddress", aws_SourceIp=["127.0.0.0/8", "::1/128"])],
    "connect-not-here": [when(CONNECT_ALL, "NotIpAddress", aws_SourceIp=["127.0.0.0/8", "::1/128"])],
    "connect-no-persistence": [when(CONNECT_ALL, "ForAllValues:StringEquals", iot_ConnectAttributes=["LastWill"])],
    "connect-persistent": [when(CONNECT_ALL, "ForAnyValue:StringEquals", iot_ConnectAttributes=["PersistentConnect"])],
    "connect-plain": [when(CONNECT_ALL, "Null", iot_ConnectAttributes="true")],
    "connect-will-topic": [when(CONNECT_ALL, "StringLike", iot_LastWillTopic=["mx/wills/*"])],
    "wills": [allow("iot:Publish", arn("topic", "mx/wills/*"))],
    "no-clients": [deny("iot:Connect", arn("client", "mx-pre-bad*"))],
    "thing-topics": [
        allow(TOPICS, arn("topic", f"mx/{THING}/*")),
        allow("iot:Subscribe", arn("topicfilter", f"mx/{THING}/*")),
    ],
    "client-topics": [
        allow(TOPICS, arn("topic", f"mx/{CLIENT}/*")),
        allow("iot:Subscribe", arn("topicfilter", f"mx/{CLIENT}/*")),
    ],
    "site-topics": [allow(TOPICS, arn("topic", f"mx/sites/{SITE}/{TYPE}"))],
    "named-topics": [allow(TOPICS, arn("topic", f"mx/named/{NAME}"))],
    "publish-no-retain": [allow("iot:Publish", arn("topic", "mx/plain/*"))],
    "retain-no-publish": [allow("iot:RetainPublish", arn("topic", "mx/plain/*"))],
    "no-secrets": [deny(TOPICS, arn("topic", "*/secret")), deny("iot:Subscribe", arn("topicfilter", "*/secret"))],
    "one-sign": [allow("iot:Publish", arn("topic", "mx/?"))],
    "filters": [
        allow("iot:Subscribe", arn("topicfilter", "mx/+/state"), arn("topicfilter", "mx/all/#")),
        allow("iot:Subscribe", arn("topicfilter", "$share/*/mx/jobs")),
    ],
    "any-filter-below": [allow("iot:Subscribe", arn("topicfilter", "mx/below/*"))],
    "receive-some": [allow("iot:Subscribe", arn("topicfilter", "mx/*")), allow("iot:Receive", arn("topic", "mx/in/*"))],
    "all-but-connect": [{"Effect": "Allow", "NotAction": "iot:Connect", "Resource": "*"}],
    "all-but-one-topic": [{"Effect": "Allow", "Action": "iot:Publish", "NotResource": arn("topic", "mx/taboo")}],
    "unknown-variable": [allow("iot:Publish", arn("topic", "mx/${iot:Thing.ThingName}/*")), deny("iot:Publish", "*${iot:Nothing}*")],
    "two-of-2008": ("2008-10-17", [allow("iot:Publish", arn("topic", f"mx/{CLIENT}/a"), arn("topic", "mx/old"))]),
}  # fmt: skip


@dataclass(frozen=True)
class Device:
    """What its certificate has, and what it is attached to."""

    policies: tuple
    thing: str = ""
    group: str = ""
    is_exclusive: bool = False


def device(*policies, **rest):
    return Device(policies, **rest)


def rows_of(who, client_id, **acts):
    """Rows of one device: each keyword is an act, its value maps arguments to `yes` or `no`."""
    for act, cells in acts.items():
        for argument, expected in cells.items():
            yield pytest.param(who, client_id, act, argument, expected == "yes", id=f"{'+'.join(who.policies)}-{who.thing}{who.group}-{client_id}-{act}-{argument}")  # fmt: skip


CLEAN, PERSISTENT, WILL, BOTH = "clean", "persistent", "will", "persistent+will"


def connects(who, client_id, clean, persistent="no", will="no", both="no"):
    """A row for each way of connecting; the will is on `mx/wills/a`."""
    ways = {CLEAN: clean, PERSISTENT: persistent, WILL: will, BOTH: both}
    return rows_of(who, client_id, connect=ways)


PUMP = {"thing": "mx-pump"}
CONNECTS = [
    *connects(device(), "mx-a", "no"),
    *connects(device("nothing-much"), "mx-a", "no"),
    *connects(device("everything"), "mx-a", "yes", "yes", "yes", "yes"),
    *connects(device("connect-all"), "mx-a", "yes", "yes"),
    *connects(device("connect-all", "wills"), "mx-a", "yes", "yes", "yes", "yes"),
    *connects(device("connect-prefix"), "mx-prefix", "yes", "yes"),
    *connects(device("connect-prefix"), "mx-Prefix", "no"),
    *connects(device("connect-prefix", "no-clients"), "mx-pre-bad-1", "no"),
    *connects(device("connect-prefix", "no-clients"), "mx-pre-good", "yes", "yes"),
    *connects(device("connect-one-sign"), "mx-b", "yes", "yes"),
    *connects(device("connect-one-sign"), "mx-bb", "no"),
    *connects(device("connect-thing", **PUMP), "mx-pump", "yes", "yes"),
    *connects(device("connect-thing", **PUMP), "mx-other", "no"),
    *connects(device("connect-thing"), "mx-a", "no"),
    *connects(device("connect-thing", thing="mx-sole", is_exclusive=True), "mx-other", "no"),
    *connects(device("connect-client-id"), "mx-whoever", "yes", "yes"),
    *connects(device("connect-star-only"), "mx-*", "yes", "yes"),
    *connects(device("connect-star-only"), "mx-a", "no"),
    *connects(device("connect-elsewhere"), "mx-a", "no"),
    *connects(device("connect-case"), "MX-case", "yes", "yes"),
    *connects(device("connect-case"), "mx-case", "no"),
    *connects(device("connect-attached", **PUMP), "mx-pump", "yes", "yes"),
    *connects(device("connect-attached", **PUMP), "mx-other", "no"),
    *connects(device("connect-attached", thing="mx-sole", is_exclusive=True), "mx-other", "yes", "yes"),
    *connects(device("connect-here"), "mx-a", "yes", "yes"),
    *connects(device("connect-not-here"), "mx-a", "no"),
    *connects(device("connect-no-persistence", "wills"), "mx-a", "yes", "no", "yes", "no"),
    *connects(device("connect-persistent", "wills"), "mx-a", "no", "yes", "no", "yes"),
    *connects(device("connect-plain", "wills"), "mx-a", "yes", "no", "no", "no"),
    *connects(device("connect-will-topic", "wills"), "mx-a", "no", "no", "yes", "yes"),
    *connects(device("all-but-connect"), "mx-a", "no"),
    *connects(device("connect-thing", group="mx-ward", **PUMP), "mx-pump", "yes", "yes"),
    *connects(device("connect-all", "no-clients", thing="mx-pre-bad-2"), "mx-pre-bad-2", "no"),
]  # fmt: skip

ACTS = [
    *rows_of(
        device("everything"), "mx-ev",
        publish={"mx/a": "yes", "other/place": "yes"}, retain={"mx/a": "yes"},
        subscribe={"#": "yes", "mx/+": "yes", "$share/g/mx/#": "yes"}, receive={"mx/in/a": "yes"},
    ),
    *rows_of(
        device("connect-all"), "mx-none",
        publish={"mx/a": "no"}, retain={"mx/a": "no"}, subscribe={"mx/a": "no", "#": "no"},
    ),
    *rows_of(
        device("connect-all", "thing-topics", **PUMP), "mx-pump",
        publish={"mx/mx-pump/a": "yes", "mx/mx-pump/a/b": "yes", "mx/mx-pump": "no", "mx/mx-other/a": "no"},
        retain={"mx/mx-pump/a": "yes", "mx/mx-other/a": "no"},
        subscribe={"mx/mx-pump/#": "yes", "mx/mx-pump/+/x": "yes", "mx/+/a": "no", "mx/#": "no", "#": "no"},
        receive={"mx/mx-pump/in": "yes"},
    ),
    # The certificate connects as another client, so it is not the thing.
    *rows_of(
        device("connect-all", "thing-topics", **PUMP), "mx-other",
        publish={"mx/mx-pump/a": "no", "mx/mx-other/a": "no", "mx//a": "no"}, subscribe={"mx/mx-pump/a": "no"},
    ),
    # The one thing of a certificate of its own it is under any client id.
    *rows_of(
        device("connect-all", "thing-topics", thing="mx-sole", is_exclusive=True), "mx-another",
        publish={"mx/mx-sole/a": "yes", "mx/mx-another/a": "no"},
    ),
    *rows_of(
        device("connect-all", "client-topics"), "mx-own",
        publish={"mx/mx-own/a": "yes", "mx/mx-other/a": "no"}, subscribe={"mx/mx-own/+": "yes", "mx/+/a": "no"},
        receive={"mx/mx-own/in": "yes"},
    ),
    # What a client calls itself is never a wildcard, of policies or of MQTT.
    *rows_of(
        device("connect-all", "client-topics"), "*",
        publish={"mx/mx-own/a": "no", "mx/*/a": "yes"}, subscribe={"mx/mx-own/a": "no"},
    ),
    *rows_of(device("connect-all", "client-topics"), "+", subscribe={"mx/+/a": "no", "mx/x/a": "no"}),
    *rows_of(
        device("connect-all", "site-topics", thing="mx-typed"), "mx-typed",
        publish={"mx/sites/north/mx-kind": "yes", "mx/sites/south/mx-kind": "no"}, retain={"mx/sites/north/mx-kind": "yes"},
    ),
    *rows_of(device("connect-all", "site-topics", **PUMP), "mx-pump", publish={"mx/sites/north/mx-kind": "no", "mx/sites//": "no"}),
    *rows_of(
        device("connect-all", "named-topics"), "mx-named",
        publish={"mx/named/AWS IoT Certificate": "yes", "mx/named/x": "no"},
    ),
    *rows_of(
        device("connect-all", "publish-no-retain"), "mx-pnr",
        publish={"mx/plain/a": "yes"}, retain={"mx/plain/a": "no"},
    ),
    *rows_of(
        device("connect-all", "retain-no-publish"), "mx-rnp",
        publish={"mx/plain/a": "no"}, retain={"mx/plain/a": "no"},
    ),
    *rows_of(
        device("connect-all", "publish-no-retain", "retain-no-publish"), "mx-both",
        publish={"mx/plain/a": "yes"}, retain={"mx/plain/a": "yes"},
    ),
    # A denial wins, wherever it stands.
    *rows_of(
        device("everything", "no-secrets"), "mx-secret",
        publish={"mx/a": "yes", "mx/secret": "no"}, retain={"mx/secret": "no"},
        subscribe={"mx/secret": "no", "mx/#": "yes"}, receive={"mx/in/a": "yes", "mx/in/secret": "no"},
    ),
    *rows_of(
        device("everything", group="mx-ward", thing="mx-inmate"), "mx-inmate",
        publish={"mx/a": "yes", "mx/secret": "no"}, subscribe={"mx/secret": "no"}, receive={"mx/in/secret": "no"},
    ),
    # In the group is the thing, and this client is not the thing.
    *rows_of(device("everything", group="mx-ward", thing="mx-inmate"), "mx-visitor", publish={"mx/secret": "yes"}),
    *rows_of(device("connect-all", "one-sign"), "mx-os", publish={"mx/a": "yes", "mx/ä": "yes", "mx/ab": "no", "mx/": "no"}),
    *rows_of(
        device("connect-all", "filters"), "mx-f",
        subscribe={
            "mx/+/state": "yes", "mx/a/state": "no", "mx/all/#": "yes", "mx/all/a": "no", "mx/#": "no",
            "$share/g/mx/jobs": "yes", "mx/jobs": "no", "$share/g/mx/other": "no",
        },
    ),
    *rows_of(
        device("connect-all", "any-filter-below"), "mx-b",
        subscribe={"mx/below/#": "yes", "mx/below/+/x": "yes", "mx/below/a": "yes", "mx/+/a": "no", "mx/below": "no"},
    ),
    *rows_of(
        device("connect-all", "receive-some"), "mx-rs",
        subscribe={"mx/in/a": "yes", "mx/out/a": "yes"}, receive={"mx/in/a": "yes", "mx/out/a": "no"},
    ),
    *rows_of(
        device("connect-all", "all-but-connect"), "mx-abc",
        publish={"mx/a": "yes"}, retain={"mx/a": "yes"}, subscribe={"#": "yes"}, receive={"mx/in/a": "yes"},
    ),
    *rows_of(device("connect-all", "all-but-one-topic"), "mx-abo", publish={"mx/taboo": "no", "mx/taboo/a": "yes"}),
    # A variable that means nothing keeps a statement from applying, a denial too.
    *rows_of(device("connect-all", "unknown-variable", "publish-no-retain"), "mx-uv", publish={"mx/plain/a": "yes", "mx//a": "no"}),
    *rows_of(
        device("connect-all", "two-of-2008"), "mx-08",
        publish={"mx/old": "yes", "mx/mx-08/a": "no", "mx/${iot:ClientId}/a": "yes"},
    ),
]  # fmt: skip


@pytest.fixture(scope="module")
def iot(aws):
    """A client of a server with all policies, groups and things of the matrix."""
    iot = aws("iot")
    for name, body in POLICIES.items():
        version, statements = body if isinstance(body, tuple) else ("2012-10-17", body)
        text = document(*statements).replace("2012-10-17", version)
        iot.create_policy(policyName=name, policyDocument=text)
    # Lets a test see that nothing came before a marker, and concerns no other topic.
    marker = [allow("iot:Subscribe", arn("topicfilter", "marker")), allow("iot:Receive", arn("topic", "marker"))]
    iot.create_policy(policyName="marker", policyDocument=document(*marker))
    iot.create_thing_type(thingTypeName="mx-kind")
    typed = {"thingTypeName": "mx-kind", "attributePayload": {"attributes": {"site": "north"}}}
    for name in ("mx-pump", "mx-sole", "mx-inmate", "mx-pre-bad-2"):
        iot.create_thing(thingName=name)
    iot.create_thing(thingName="mx-typed", **typed)
    iot.create_thing_group(thingGroupName="mx-hospital")
    iot.create_thing_group(thingGroupName="mx-ward", parentGroupName="mx-hospital")
    iot.add_thing_to_thing_group(thingName="mx-inmate", thingGroupName="mx-ward")
    iot.attach_policy(policyName="no-secrets", target=arn("thinggroup", "mx-hospital"))
    return iot


class Made:
    """A device's certificate, as a file with its key."""

    def __init__(self, iot, device, folder):
        made = iot.create_keys_and_certificate(setAsActive=True)
        self.arn = made["certificateArn"]
        self.pem = folder / f"{made['certificateId']}.pem"
        self.pem.write_text(made["keyPair"]["PrivateKey"] + made["certificatePem"])
        for name in (*device.policies, "marker"):
            iot.attach_policy(policyName=name, target=self.arn)
        if device.thing:
            kind = "EXCLUSIVE_THING" if device.is_exclusive else "NON_EXCLUSIVE_THING"
            iot.attach_thing_principal(thingName=device.thing, principal=self.arn, thingPrincipalType=kind)


@pytest.fixture(scope="module")
def made(iot, tmp_path_factory):
    """Certificates of the devices, each made once."""
    folder, known = tmp_path_factory.mktemp("devices"), {}

    def act(device):
        if device not in known:
            known[device] = Made(iot, device, folder)
        return known[device]

    return act


def client_of(server, made, client_id, version=V5, clean=True):
    context = ssl.create_default_context(cafile=server.ca)
    context.load_cert_chain(str(made.pem))
    client = PahoClient(client_id, version, clean)
    client.client.tls_set_context(context)
    return client


def connect(server, client, **options):
    return client.connect("localhost", server.credentials["mqtt"]["port"], **options)


@pytest.fixture(scope="module")
def connected(server, made):
    """Connections that are kept for the rows of one device and client id."""
    open_clients = {}

    def act(device, client_id):
        client = open_clients.get((device, client_id))
        if client is None or client.disconnected:
            client = connect(server, client_of(server, made(device), client_id))
            open_clients[device, client_id] = client
        return client

    yield act
    for client in open_clients.values():
        client.close()


@pytest.fixture(scope="module")
def sender(aws):
    """Publishes as the operator does."""
    data = aws("iot-data")
    return lambda topic, payload: data.publish(topic=topic, qos=1, payload=payload)


def by_api(iot, made, client_id, action, *resources):
    """What TestAuthorization says."""
    info = {"actionType": action, "resources": list(resources)}
    answer = iot.test_authorization(principal=made.arn, clientId=client_id, authInfos=[info])
    return answer["authResults"][0]["authDecision"] == "ALLOWED"


# Where the decision hangs on how and from where the client connects, TestAuthorization cannot know.
UNTESTABLE = {
    "connect-here", "connect-not-here", "connect-no-persistence", "connect-persistent", "connect-plain",
    "connect-will-topic",
}  # fmt: skip


@pytest.mark.parametrize("version", [V311, V5], ids=lambda version: f"mqtt-{NAMES[version]}")
@pytest.mark.parametrize("device,client_id,act,way,expected", CONNECTS)
def test_a_client_is_let_in_as_the_policies_say(server, iot, made, version, device, client_id, act, way, expected):
    who = made(device)
    client = client_of(server, who, client_id, version, clean="persistent" not in way)
    if "will" in way:
        client.with_will("mx/wills/a", "gone")
    expiry = 60 if version == V5 and "persistent" in way else None
    try:
        connect(server, client, expiry=expiry)
        outcome = True
        client.close()
    except Refused:
        outcome = False
    assert outcome == expected
    if UNTESTABLE.isdisjoint(device.policies):
        resources = [("CONNECT", arn("client", client_id))]
        resources += [("PUBLISH", arn("topic", "mx/wills/a"))] if "will" in way else []
        assert all(by_api(iot, who, client_id, *it) for it in resources) == expected


@pytest.mark.parametrize("device,client_id,act,argument,expected", ACTS)
def test_a_client_does_what_the_policies_say(server, iot, made, connected, sender, device, client_id, act, argument, expected):
    who, client = made(device), connected(device, client_id)
    if act in ("publish", "retain"):
        # An empty payload, so that nothing is kept that a later row would receive.
        code = client.publish(argument, "", qos=1, retain=act == "retain")
        assert (code in (0, 0x10)) == expected and (expected or code == NOT_AUTHORIZED), code
    elif act == "subscribe":
        code = client.subscribe(argument)
        assert code == (1 if expected else NOT_AUTHORIZED)
        client.client.unsubscribe(argument)
    else:
        receives(client, sender, argument, expected)
    action = {"retain": "PUBLISH"}.get(act, act.upper())
    kind = "topicfilter" if act == "subscribe" else "topic"
    answer = by_api(iot, who, client_id, action, arn(kind, argument))
    # It knows of no iot:RetainPublish, so it may allow what the wire does not.
    assert answer == expected or (act == "retain" and answer)


def receives(client, sender, topic, expected):
    """Subscribes to a filter above the topic, which the row's device may, and looks what comes before a marker."""
    above = topic.rsplit("/", 1)[0] + "/+"
    assert client.subscribe(above) == 1
    assert client.subscribe("marker") == 1
    while not client.messages.empty():
        client.messages.get()
    sender(topic, b"one")
    sender("marker", b"end")
    seen = []
    while not seen or seen[-1] != "marker":
        seen.append(client.receive().topic)
    assert seen == ([topic, "marker"] if expected else ["marker"])
    client.client.unsubscribe([above, "marker"])


def test_a_change_of_policies_reaches_a_live_connection(server, iot, made):
    who = made(device("connect-all", "publish-no-retain"))
    with connect(server, client_of(server, who, "mx-live")) as client:
        allowed = lambda topic: client.publish(topic, "", qos=1) != NOT_AUTHORIZED  # noqa: E731
        assert allowed("mx/plain/a") and not allowed("mx/live/a")

        iot.create_policy(policyName="live", policyDocument=document(allow("iot:Publish", arn("topic", "mx/live/*"))))
        iot.attach_policy(policyName="live", target=who.arn)
        wait_for("the attached policy", lambda: allowed("mx/live/a"), 1)
        other = document(allow("iot:Publish", arn("topic", "mx/other/*")))
        iot.create_policy_version(policyName="live", policyDocument=other, setAsDefault=True)
        wait_for("the new default version", lambda: allowed("mx/other/a") and not allowed("mx/live/a"), 1)
        iot.set_default_policy_version(policyName="live", policyVersionId="1")
        wait_for("the old default version", lambda: allowed("mx/live/a") and not allowed("mx/other/a"), 1)
        iot.detach_policy(policyName="live", target=who.arn)
        wait_for("the detached policy", lambda: not allowed("mx/live/a"), 1)
        assert allowed("mx/plain/a")


def test_a_group_that_a_thing_joins_changes_its_rights_while_it_is_connected(server, iot, made):
    iot.create_thing(thingName="mx-joins")
    who = made(device("everything", thing="mx-joins"))
    with connect(server, client_of(server, who, "mx-joins")) as client:
        denied = lambda: client.publish("mx/secret", "", qos=1) == NOT_AUTHORIZED  # noqa: E731
        assert not denied()
        membership = {"thingName": "mx-joins", "thingGroupName": "mx-ward"}
        iot.add_thing_to_thing_group(**membership)
        wait_for("the group's denial", denied, 1)
        iot.remove_thing_from_thing_group(**membership)
        wait_for("no denial any more", lambda: not denied(), 1)
