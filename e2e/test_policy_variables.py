"""Every variable and every condition operator of policies, for one device over a real connection.

A row is a statement's resource or condition and whether it lets the device publish. All rows are in force together, each
on a topic of its own.
"""

import json
import ssl

import pytest

from openssl_pki import Authority, openssl
from paho_client import V5, PahoClient
from policy_documents import allow, arn, document

NOT_AUTHORIZED = 0x87
CHARS_MAX = 2048

SUBJECT = (
    "/C=DE/O=Acme, Inc/OU=north/OU=south/OU=e*t/CN=pump/serialNumber=A-42/title=a$b/GN=a?b/SN=Moore/initials=pm"
    "/pseudonym=pumpy/generationQualifier=III/dnQualifier=dq"
)
EXTENSIONS = """
subjectAltName=DNS:pump.example,DNS:*.example,email:pump@example.org,IP:10.0.0.7,URI:urn:pump,dirName:dir
issuerAltName=DNS:ca.example
[dir]
CN=directory
"""
ATTRIBUTES = {
    "site": "north",
    "level": "7",
    "since": "2024-02-29",
    "arn": "arn:aws:iot:us-east-1:1:thing/p",
}
SUBJECT_OF, ISSUER_OF = "iot:Certificate.Subject.", "iot:Certificate.Issuer."
THING = "iot:Connection.Thing."

# The end of a resource, the end of a topic, and whether they match. What cannot be known before is put in by name.
VARIABLES = [
    ("${iot:ClientId}", "pump-17", "yes"),
    ("${IOT:clientid}", "pump-17", "yes"),
    ("${iot:ClientId}", "pump-18", "no"),
    ("${aws:SourceIp}", "127.0.0.1", "yes"),
    ("${iot:Connection.Thing.ThingName}", "pump-17", "yes"),
    ("${iot:Connection.Thing.ThingTypeName}", "hydraulic", "yes"),
    ("${iot:Connection.Thing.Attributes[site]}", "north", "yes"),
    ("${iot:Connection.Thing.Attributes[Site]}", "north", "no"),
    ("${iot:Connection.Thing.IsAttached}", "true", "yes"),
    ("${iot:Connection.Thing.IsAttached}", "false", "no"),
    ("${iot:CertificateId}", "CERTIFICATE_ID", "yes"),
    ("${iot:Certificate.SerialNumber}", "SERIAL_NUMBER", "yes"),
    *[
        (f"${{{SUBJECT_OF}{field}}}", value, "yes")
        for field, value in {
            "Country": "DE",
            "Organization": "Acme, Inc",
            "OrganizationalUnit": "north",
            "OrganizationalUnit.1": "south",
            "CommonName": "pump",
            "CommonName.List": "pump",
            "SerialNumber": "A-42",
            "Surname": "Moore",
            "Initials": "pm",
            "Pseudonym": "pumpy",
            "GenerationQualifier": "III",
            "DistinguishedNameQualifier": "dq",
            "AlternativeName.DNSName": "pump.example",
            "AlternativeName.RFC822Name": "pump@example.org",
            "AlternativeName.IPAddress": "10.0.0.7",
            "AlternativeName.UniformResourceIdentifier": "urn:pump",
            "AlternativeName.DirectoryName": "CN=directory",
        }.items()
    ],
    (f"${{{ISSUER_OF}CommonName}}", "Wards CA", "yes"),
    (f"${{{ISSUER_OF}Organization}}", "Hospital", "yes"),
    (f"${{{ISSUER_OF}AlternativeName.DNSName}}", "ca.example", "yes"),
    # Values with signs that could act as wildcards, one that is not there, several at once.
    (f"${{{SUBJECT_OF}OrganizationalUnit.2}}", "e*t", "no"),
    (f"${{{SUBJECT_OF}OrganizationalUnit.2}}", "east", "no"),
    (f"${{{SUBJECT_OF}AlternativeName.DNSName.1}}", "*.example", "no"),
    (f"${{{SUBJECT_OF}Title}}", "a$b", "no"),
    (f"${{{SUBJECT_OF}GivenName}}", "a?b", "no"),
    (f"${{{SUBJECT_OF}OrganizationalUnit.3}}", "north", "no"),
    (f"${{{SUBJECT_OF}OrganizationalUnit.List}}", "north", "no"),
    (f"${{{SUBJECT_OF}State}}", "", "no"),
    ("${iot:Certificate.AvailableKeys}", "Subject.CommonName", "no"),
    ("${iot:Thing.ThingName}", "pump-17", "no"),
    ("${iot:LastWillTopic}", "", "no"),
    ("${*}", "*", "yes"),
    ("${*}", "a", "no"),
    ("${?}", "?", "yes"),
    ("${?}", "a", "no"),
    ("${$}", "$", "yes"),
    ("${iot:ClientId", "${iot:ClientId", "yes"),
    ("a?c/*", "abc/d/e", "yes"),
    ("a?c", "a/b/c", "no"),
]  # fmt: skip


def of_name(operator, values, expected, key="CommonName"):
    return ({operator: {SUBJECT_OF + key: values}}, expected)


def of_attribute(operator, name, values, expected):
    return ({operator: {f"{THING}Attributes[{name}]": values}}, expected)


CONDITIONS = [
    of_name("StringEquals", "pump", "yes"),
    of_name("stringequals", ["a", "pump"], "yes"),
    of_name("StringEquals", "Pump", "no"),
    of_name("StringNotEquals", ["a", "b"], "yes"),
    of_name("StringNotEquals", ["a", "pump"], "no"),
    of_name("StringEqualsIgnoreCase", "PUMP", "yes"),
    of_name("StringNotEqualsIgnoreCase", "PUMP", "no"),
    of_name("StringLike", "p?m*", "yes"),
    of_name("StringEquals", "p?m*", "no"),
    of_name("StringNotLike", "p?m*", "no"),
    of_name("StringLike", "${*}", "no"),
    # Special characters of names carry a backslash in conditions.
    of_name("StringEquals", "Acme\\, Inc", "yes", "Organization"),
    of_name("StringEquals", "Acme, Inc", "no", "Organization"),
    # Sets.
    of_name("ForAllValues:StringLike", ["north", "south", "e*"], "yes", "OrganizationalUnit.List"),
    of_name("ForAllValues:StringEquals", ["north", "south"], "no", "OrganizationalUnit.List"),
    of_name("ForAnyValue:StringEquals", ["south"], "yes", "OrganizationalUnit.List"),
    of_name("ForAnyValue:StringEquals", ["west"], "no", "OrganizationalUnit.List"),
    of_name("ForAllValues:StringNotEquals", ["west"], "yes", "OrganizationalUnit.List"),
    of_name("ForAllValues:StringNotEquals", ["south"], "no", "OrganizationalUnit.List"),
    ({"ForAnyValue:StringEquals": {"iot:Certificate.AvailableKeys": "Subject.CommonName"}}, "yes"),
    ({"ForAnyValue:StringEquals": {"iot:Certificate.AvailableKeys": "Subject.State"}}, "no"),
    # A key that is not there.
    of_name("StringEquals", "a", "no", "State"),
    of_name("StringNotEquals", "a", "yes", "State"),
    of_name("StringEqualsIfExists", "a", "yes", "State"),
    of_name("ForAllValues:StringEquals", "a", "yes", "State.List"),
    of_name("ForAnyValue:StringEquals", "a", "no", "State.List"),
    of_name("ForAnyValue:StringNotEquals", "a", "no", "State.List"),
    of_name("ForAnyValue:StringEqualsIfExists", "a", "yes", "State.List"),
    of_name("Null", "true", "yes", "State"),
    of_name("Null", False, "no", "State"),
    of_name("Null", "false", "yes"),
    # One that is there.
    of_name("StringEqualsIfExists", "a", "no"),
    of_attribute("NumericEquals", "level", 7, "yes"),
    of_attribute("NumericEquals", "level", "7.0", "yes"),
    of_attribute("NumericNotEquals", "level", "7", "no"),
    of_attribute("NumericLessThan", "level", "7", "no"),
    of_attribute("NumericLessThanEquals", "level", "7", "yes"),
    of_attribute("NumericGreaterThan", "level", ["9", "6"], "yes"),
    of_attribute("NumericGreaterThanEquals", "level", "8", "no"),
    of_attribute("NumericLessThan", "site", "7", "no"),
    of_attribute("DateEquals", "since", "2024-02-29T00:00:00Z", "yes"),
    of_attribute("DateNotEquals", "since", "2024-02-29", "no"),
    of_attribute("DateLessThan", "since", "2024-03-01", "yes"),
    of_attribute("DateLessThanEquals", "since", "2024-02-28", "no"),
    of_attribute("DateGreaterThan", "since", "1709164799", "yes"),
    of_attribute("DateGreaterThanEquals", "since", "2024-02-29T00:00:01Z", "no"),
    of_attribute("ArnEquals", "arn", "arn:aws:iot:*:*:thing/*", "yes"),
    of_attribute("ArnLike", "arn", "arn:aws:iot:*:thing/p:*:*", "no"),
    of_attribute("ArnNotLike", "arn", "arn:aws:*:*:*:thing/p", "no"),
    of_attribute("ArnNotEquals", "arn", "arn:aws:*:*:*:thing/q", "yes"),
    ({"Bool": {f"{THING}IsAttached": True}}, "yes"),
    ({"Bool": {f"{THING}IsAttached": "false"}}, "no"),
    ({"IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "127.0.0.0/8"]}}, "yes"),
    ({"IpAddress": {"aws:SourceIp": "127.0.0.2"}}, "no"),
    ({"NotIpAddress": {"aws:SourceIp": "127.0.0.1"}}, "no"),
    # Variables in values.
    ({"StringEquals": {f"{THING}ThingName": "${iot:ClientId}"}}, "yes"),
    ({"StringEquals": {"iot:ClientId": ["${iot:Nothing}", "pump-17"]}}, "yes"),
    ({"StringNotEquals": {"iot:ClientId": "${iot:Nothing}"}}, "no"),
    # All operators and all keys must hold.
    ({"StringEquals": {"iot:ClientId": "pump-17", f"{THING}ThingTypeName": "hydraulic"}}, "yes"),
    ({"StringEquals": {"iot:ClientId": "pump-17", f"{THING}ThingTypeName": "x"}}, "no"),
    ({"StringEquals": {"iot:ClientId": "pump-17"}, "Null": {f"{THING}ThingName": "true"}}, "no"),
    # What only a CONNECT has is not there for other acts.
    ({"Null": {"iot:ConnectAttributes": "true", "iot:LastWillTopic": "true"}}, "yes"),
]  # fmt: skip


def rows():
    """Statement, topic and expected outcome of each row; its number keeps its topics apart from the others'."""
    for number, (end, name, expected) in enumerate(VARIABLES):
        yield allow("iot:Publish", f"*:topic/v{number}/{end}"), f"v{number}/{name}", expected, f"{end} on {name}"
    for number, (condition, expected) in enumerate(CONDITIONS):
        statement = allow("iot:Publish", f"*:topic/c{number}") | {"Condition": condition}
        yield statement, f"c{number}", expected, json.dumps(condition)


ROWS = list(rows())


def packed(statements):
    """The statements in as few documents as they fit into."""
    held = []
    for statement in statements:
        longer = document(*held, statement)
        if len("".join(longer.split())) > CHARS_MAX:
            yield document(*held)
            held = []
        held.append(statement)
    yield document(*held)


class Pump:
    """The device, connected."""

    def __init__(self, server, iot, folder):
        self.iot = iot
        made = Authority(folder).issue(subject=SUBJECT, extensions=EXTENSIONS)
        registered = iot.register_certificate_without_ca(certificatePem=made.pem, status="ACTIVE")
        self.arn = registered["certificateArn"]
        printed = openssl("x509", "-in", made.certificate, "-noout", "-serial")
        self.names = {
            "CERTIFICATE_ID": registered["certificateId"],
            "SERIAL_NUMBER": str(int(printed.strip().rpartition("=")[2], 16)),
        }
        iot.create_thing_type(thingTypeName="hydraulic")
        iot.create_thing(
            thingName="pump-17", thingTypeName="hydraulic", attributePayload={"attributes": ATTRIBUTES}
        )
        iot.attach_thing_principal(thingName="pump-17", principal=self.arn)
        connect = allow("iot:Connect", arn("client", "pump-17"))
        for number, text in enumerate(packed([connect, *(statement for statement, *_ in ROWS)])):
            iot.create_policy(policyName=f"rows-{number}", policyDocument=text)
            iot.attach_policy(policyName=f"rows-{number}", target=self.arn)
        context = ssl.create_default_context(cafile=server.ca)
        context.load_cert_chain(str(made.certificate), str(made.key))
        self.client = PahoClient("pump-17", V5)
        self.client.client.tls_set_context(context)
        self.client.connect("localhost", server.credentials["mqtt"]["port"])

    def topic(self, topic):
        for word, value in self.names.items():
            topic = topic.replace(word, value)
        return topic

    def publishes(self, topic):
        code = self.client.publish(self.topic(topic), "", qos=1)
        assert code in (0, 0x10, NOT_AUTHORIZED), code
        return code != NOT_AUTHORIZED

    def tested(self, topic):
        """What TestAuthorization says."""
        info = {"actionType": "PUBLISH", "resources": [arn("topic", self.topic(topic))]}
        answer = self.iot.test_authorization(principal=self.arn, clientId="pump-17", authInfos=[info])
        return answer["authResults"][0]["authDecision"] == "ALLOWED"


@pytest.fixture(scope="module")
def pump(server, aws, tmp_path_factory):
    made = Pump(server, aws("iot"), tmp_path_factory.mktemp("pump"))
    yield made
    made.client.close()


@pytest.mark.parametrize("statement,topic,expected,about", ROWS, ids=[about for *_, about in ROWS])
def test_a_device_publishes_as_variables_and_conditions_say(pump, statement, topic, expected, about):
    assert pump.publishes(topic) == (expected == "yes")
    # Where a connection comes from is no part of a test.
    if "aws:SourceIp" not in json.dumps(statement):
        assert pump.tested(topic) == (expected == "yes")


def test_what_has_no_value_is_told(pump):
    info = [{"actionType": "PUBLISH", "resources": [arn("topic", "none")]}]
    answer = pump.iot.test_authorization(principal=pump.arn, authInfos=info)
    (result,) = answer["authResults"]
    missing = set(result["missingContextValues"])
    assert {"aws:SourceIp", "iot:ClientId", f"{THING}ThingName", f"{SUBJECT_OF}State", "iot:Thing.ThingName"} <= missing
    assert f"{SUBJECT_OF}CommonName" not in missing
