"""An alarm of a device on the wire reaches everybody who subscribed to it."""

import hashlib
import hmac
import json

import pytest

from device_reports import body, topic
from notification_receivers import HttpReceiver, MailReceiver, check_signature, self_signed
from paho_client import PahoClient
from server import Server
from waiting import wait_for

SECRET = "a secret of more than sixteen letters"
ROLE = "arn:aws:iam::000000000000:role/alerts"
BEHAVIOR = {
    "name": "few-ports",
    "metric": "aws:num-listening-tcp-ports",
    "criteria": {
        "comparisonOperator": "less-than-equals",
        "value": {"count": 2},
        "consecutiveDatapointsToAlarm": 1,
        "consecutiveDatapointsToClear": 1,
    },
}
MUTED = {**BEHAVIOR, "name": "muted", "suppressAlerts": True}
MEMBERS = [
    "violationEventTime", "thingName", "behavior", "violationEventType", "metricValue",
    "violationId", "securityProfileName",
]  # fmt: skip


class Everybody:
    """Subscribers by https, webhook, mail and MQTT."""

    def __init__(self, folder):
        certificate, key = self_signed(folder)
        self.https = HttpReceiver(certificate, key)
        self.webhook = HttpReceiver()
        self.mail = MailReceiver()
        self.mqtt = None
        self.settings = {
            "notify": {
                "allow_hosts": ["127.0.0.1"],
                "extra_roots": [str(certificate)],
                "retry_pace_permille": 10,
                "smtp": {
                    "host": "127.0.0.1",
                    "port": self.mail.port,
                    "security": "none",
                    "from": "Picket <picket@fleet.example>",
                },
            }
        }

    def subscribe(self, server, arn):
        sns = server.aws("sns")
        for protocol, endpoint, attributes in [
            ("https", self.https.url(), {}),
            ("webhook", self.webhook.url(), {"WebhookSecret": SECRET}),
            ("email", "ana@fleet.example", {}),
            ("mqtt", "alerts/fleet", {}),
        ]:
            sns.subscribe(
                TopicArn=arn, Protocol=protocol, Endpoint=endpoint, Attributes=attributes
            )
        self.https.confirm()
        self.mail.confirm()
        self.mqtt = PahoClient("console-of-ana")
        self.mqtt.connect("127.0.0.1", server.credentials["mqtt"]["plaintext_port"])
        self.mqtt.subscribe("alerts/#")

    def end(self):
        self.https.end()
        self.webhook.end()
        self.mail.end()
        if self.mqtt:
            self.mqtt.close()


def watch(server, arn, name="ports", behaviors=(BEHAVIOR, MUTED)):
    """A profile over all devices whose alerts go to the topic."""
    iot = server.aws("iot")
    iot.create_security_profile(
        securityProfileName=name,
        behaviors=list(behaviors),
        alertTargets={"SNS": {"alertTargetArn": arn, "roleArn": ROLE}},
    )
    iot.attach_security_profile(
        securityProfileName=name,
        securityProfileTargetArn="arn:aws:iot:us-east-1:000000000000:all/things",
    )


def report_until(server, thing, ports, condition, what):
    """Reports the ports again and again, as devices do, until something has come of it."""
    mqtt = server.credentials["mqtt"]
    with PahoClient(thing).with_bundle(server.create_thing(thing)) as device:
        device.connect("localhost", mqtt["port"])

        def look():
            device.publish(topic(thing), body(tcp_ports=ports))
            return condition()

        return wait_for(what, look, 60)


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    """One device listens on three ports where two are expected."""
    everybody = Everybody(tmp_path_factory.mktemp("receivers"))
    server = Server(tmp_path_factory.mktemp("picket"), everybody.settings).start()
    try:
        arn = server.aws("sns").create_topic(Name="alerts")["TopicArn"]
        everybody.subscribe(server, arn)
        watch(server, arn)
        report_until(
            server, "cam-9", [21, 22, 443], lambda: everybody.webhook.came, "an alert"
        )
        yield server, everybody
    finally:
        everybody.end()
        server.end()


def alerts(everybody):
    """What the webhook got for the device, which is the messages as they are."""
    return [it for it in everybody.webhook.came if it.json["thingName"] == "cam-9"]


def test_the_document_is_the_one_of_device_defender(story):
    _, everybody = story
    document = alerts(everybody)[0].json
    assert list(document) == MEMBERS
    assert document["behavior"]["name"] == "few-ports"
    assert document["behavior"]["criteria"]["value"] == {"count": 2}
    assert document["violationEventType"] == "in-alarm"
    assert document["metricValue"] == {"count": 3}
    assert document["securityProfileName"] == "ports"
    assert len(document["violationId"]) == 32
    assert isinstance(document["violationEventTime"], int)
    assert document["violationEventTime"] > 1_700_000_000_000


def test_everybody_got_the_same_document(story):
    _, everybody = story
    text = alerts(everybody)[0].body
    notification = everybody.https.wait_for(2)[1].json
    check_signature(notification)
    assert notification["Message"] == text
    assert "Subject" not in notification
    assert everybody.mqtt.receive(30).payload.decode() == text


def test_the_webhook_s_signature_is_right(story):
    _, everybody = story
    came = alerts(everybody)[0]
    signed = f"{came.headers['x-picket-timestamp']}.{came.body}".encode()
    expected = hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
    assert came.headers["x-picket-signature"] == f"v1={expected}"
    assert len(came.headers["x-picket-event-id"]) == 36


def test_the_mail_can_be_read(story):
    _, everybody = story
    to, subject, text, _ = everybody.mail.wait_for(2)[1]
    assert to == ["ana@fleet.example"]
    assert subject == "ALARM: cam-9 few-ports"
    for words in ("cam-9", "few-ports", "ports", '{"count":3}', "Action=Unsubscribe"):
        assert words in text, text


def test_a_muted_behavior_tells_nobody_and_is_in_alarm(story):
    server, everybody = story
    in_alarm = lambda: any(  # noqa: E731
        it["behavior"] == "muted" for it in server.alarms(thing="cam-9")
    )
    wait_for("the muted alarm", in_alarm)
    assert {it.json["behavior"]["name"] for it in everybody.webhook.came} == {"few-ports"}


def test_an_alarm_that_clears_is_told_too(story):
    server, everybody = story
    cleared = lambda: [  # noqa: E731
        it for it in alerts(everybody) if it.json["violationEventType"] == "alarm-cleared"
    ]
    report_until(server, "cam-10", [22, 23, 24], lambda: len(everybody.webhook.came) > 1, "another")
    mqtt = server.credentials["mqtt"]
    bundle = server.create_thing("cam-11")
    with PahoClient("cam-11").with_bundle(bundle) as device:
        device.connect("localhost", mqtt["port"])
        of_11 = lambda kind: [  # noqa: E731
            it
            for it in list(everybody.webhook.came)
            if it.json["thingName"] == "cam-11" and it.json["violationEventType"] == kind
        ]

        def opened():
            device.publish(topic("cam-11"), body(tcp_ports=[1, 2, 3]))
            return of_11("in-alarm")

        def closed():
            device.publish(topic("cam-11"), body(tcp_ports=[1]))
            return of_11("alarm-cleared")

        (came, *_) = wait_for("the alarm", opened, 60)
        (gone, *_) = wait_for("its end", closed, 60)
    assert gone.json["violationId"] == came.json["violationId"]
    assert gone.json["metricValue"] == {"count": 1}
    assert cleared() == []


def test_alerts_that_wait_survive_a_kill(tmp_path, own_server):
    receiver = HttpReceiver()
    url, port = receiver.url(), receiver.server.server_address[1]
    receiver.end()
    settings = {"notify": {"allow_hosts": ["127.0.0.1"], "retry_pace_permille": 10}}
    server = own_server(settings).start()
    server.keep_ports()
    sns = server.aws("sns")
    arn = sns.create_topic(Name="alerts")["TopicArn"]
    sns.subscribe(TopicArn=arn, Protocol="webhook", Endpoint=url)
    watch(server, arn, behaviors=[BEHAVIOR])
    # The receiver is down while the alarm is raised and while the server dies.
    report_until(server, "cam-1", [1, 2, 3], lambda: server.alarms(thing="cam-1"), "the alarm")
    for n in range(50):
        sns.publish(TopicArn=arn, Message=json.dumps({"thingName": "none", "n": n}))
    server.kill()
    server.start()
    receiver = HttpReceiver(port=port)
    try:
        receiver.wait_for(51)
        of = [it for it in receiver.came if it.json["thingName"] == "cam-1"]
        assert {it.json["violationEventType"] for it in of} == {"in-alarm"}
        assert len({it.headers["x-picket-event-id"] for it in of}) == 1
        assert {it.json["n"] for it in receiver.came if "n" in it.json} == set(range(50))
    finally:
        receiver.end()


def test_a_target_that_does_not_exist_holds_nothing_up(server_without_topic):
    server, receiver = server_without_topic
    report_until(server, "cam-2", [1, 2, 3], lambda: receiver.came, "the alert of the other profile")
    assert {it.json["securityProfileName"] for it in receiver.came} == {"with-topic"}


@pytest.fixture
def server_without_topic(own_server):
    receiver = HttpReceiver()
    server = own_server({"notify": {"allow_hosts": ["127.0.0.1"]}}).start()
    sns = server.aws("sns")
    arn = sns.create_topic(Name="there")["TopicArn"]
    sns.subscribe(TopicArn=arn, Protocol="webhook", Endpoint=receiver.url())
    gone = "arn:aws:sns:us-east-1:000000000000:gone"
    watch(server, gone, "without-topic", [BEHAVIOR])
    watch(server, arn, "with-topic", [BEHAVIOR])
    yield server, receiver
    receiver.end()
