"""Devices by the dozen, made through the AWS endpoint, and clients that keep what MQTT 5 says in words."""

import json
import queue
import ssl
from concurrent.futures import ThreadPoolExecutor

import pytest

from mqtt_wire import Wire
from openssl_pki import signing_request
from paho_client import PahoClient, Refused
from policy_documents import allow, arn, document
from waiting import wait_for

AT_ONCE = 8
ITSELF = "${iot:Connection.Thing.ThingName}"
# What a connection that is turned away may look like to a Python client.
TURNED_AWAY = (Refused, ssl.SSLError, ConnectionError, OSError)


class Device:
    """A thing and its certificate; a bundle for `PahoClient.with_bundle`."""

    def __init__(self, thing, made, certificate, key, ca):
        self.thing = thing
        self.arn = made["certificateArn"]
        self.id = made["certificateId"]
        self.certificate = certificate
        self.key = key
        self.ca = ca


class Fleet:
    """Makes devices. They share one key, for which the endpoint signs a certificate each."""

    def __init__(self, server, folder):
        self.server = server
        self.folder = folder
        self.iot = server.aws("iot")
        self.request, self.key = signing_request(folder)

    def policy(self, name, *statements):
        self.iot.create_policy(policyName=name, policyDocument=document(*statements))
        return name

    def new_version(self, name, *statements):
        """Makes these statements the policy's rights."""
        text = document(*statements)
        self.iot.create_policy_version(policyName=name, policyDocument=text, setAsDefault=True)

    def device(self, name, policies=(), groups=(), kind="NON_EXCLUSIVE_THING"):
        """A thing in `groups` with a certificate of its own that has `policies`."""
        self.iot.create_thing(thingName=name)
        made = self.certificate()
        certificate = self.folder / f"{name}.pem"
        certificate.write_text(made["certificatePem"])
        for policy in policies:
            self.iot.attach_policy(policyName=policy, target=made["certificateArn"])
        for group in groups:
            self.iot.add_thing_to_thing_group(thingGroupName=group, thingName=name)
        self.iot.attach_thing_principal(
            thingName=name, principal=made["certificateArn"], thingPrincipalType=kind
        )
        return Device(name, made, certificate, self.key, self.server.ca)

    def certificate(self):
        return self.iot.create_certificate_from_csr(
            certificateSigningRequest=self.request, setAsActive=True
        )

    def devices(self, names, **rights):
        return at_once(lambda name: self.device(name, **rights), names)

    def watcher(self, name="watcher"):
        """A device that may do everything."""
        return self.device(name, policies=[self.policy(f"all-for-{name}", allow("iot:*", "*"))])


def at_once(act, items):
    """Calls `act` for several items at a time; returns the results in their order."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(act, items))


def own_rights(prefix):
    """A device may connect as its thing and use the topics below `prefix/<thing>`."""
    return [
        allow("iot:Connect", arn("client", ITSELF)),
        allow(["iot:Publish", "iot:Receive"], arn("topic", f"{prefix}/{ITSELF}/*")),
        allow("iot:Subscribe", arn("topicfilter", f"{prefix}/{ITSELF}/*")),
    ]


def reason_string(properties):
    return getattr(properties, "ReasonString", None)


class Client(PahoClient):
    """A client that keeps the reason strings of the server's answers."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        # By packet id, and of CONNACK and DISCONNECT by name.
        self.said = {}

    def to(self, server, device, keepalive=60, **options):
        """Connects with the device's certificate."""
        self.with_bundle(device)
        return self.connect("localhost", server.credentials["mqtt"]["port"], keepalive=keepalive, **options)

    def subscribed(self, filter_, qos=1):
        """The SUBACK's code and reason string."""
        _, mid = self.client.subscribe(filter_, qos)
        reasons = wait_for("SUBACK", lambda: self.subacks.get(mid), 15)
        return reasons[0].value, self.said.get(mid)

    def published(self, topic, payload="", retain=False):
        """The PUBACK's code and reason string."""
        info = self.client.publish(topic, payload, qos=1, retain=retain)
        wait_for("PUBACK", lambda: info.mid in self.pubacks, 15)
        return self.pubacks[info.mid].value, self.said.get(info.mid)

    def ended(self):
        """The DISCONNECT's code, or the text of paho if there was none, and its reason string."""
        reason = self.wait_disconnected()
        return getattr(reason, "value", reason), self.said.get("disconnect")

    def _on_connect(self, client, data, flags, reason, properties):
        self.said["connack"] = reason_string(properties)
        super()._on_connect(client, data, flags, reason, properties)

    def _on_disconnect(self, client, data, flags, reason, properties):
        if self.disconnected is None:
            self.said["disconnect"] = reason_string(properties)
        super()._on_disconnect(client, data, flags, reason, properties)

    def _on_subscribe(self, client, data, mid, reasons, properties):
        self.said[mid] = reason_string(properties)
        super()._on_subscribe(client, data, mid, reasons, properties)

    def _on_publish(self, client, data, mid, reason, properties):
        self.said[mid] = reason_string(properties)
        super()._on_publish(client, data, mid, reason, properties)


class Events:
    """Lifecycle events as a device with all rights hears them."""

    def __init__(self, server, device, *filters):
        self.server = server
        self.device = device
        self.client = Client(device.thing, 5).to(server, device)
        self.heard = []
        for filter_ in filters or ("$aws/events/#",):
            assert self.client.subscribe(filter_) == 1

    def of(self, client_id, event_type, count=1):
        """Waits until there are `count` such events of the client, and returns them."""
        found = []

        def look():
            self.take()
            found[:] = self.now(client_id, event_type)
            return len(found) >= count

        wait_for(lambda: f"{count} {event_type} of {client_id}; heard {self.heard[-5:]}", look, 15)
        return list(found)

    def now(self, client_id, event_type):
        """Those that have come so far."""
        return [
            payload
            for topic, payload in self.heard
            if topic.endswith(f"/{client_id}") and payload["eventType"] == event_type
        ]

    def take(self):
        """Takes in what has come."""
        while True:
            try:
                message = self.client.messages.get_nowait()
            except queue.Empty:
                return
            self.heard.append((message.topic, json.loads(message.payload)))


def bare(server, device, version=5):
    """MQTT packets over TLS with the device's certificate."""
    context = ssl.create_default_context(cafile=server.ca)
    context.load_cert_chain(str(device.certificate), str(device.key))
    peer = Wire(("localhost", server.credentials["mqtt"]["port"]), version)
    peer.socket = context.wrap_socket(peer.socket, server_hostname="localhost")
    return peer


def turned_away(server, device, client_id=None):
    """Asserts that the device cannot connect; returns its client."""
    client = Client(client_id or device.thing, 5)
    with pytest.raises(TURNED_AWAY):
        client.to(server, device)
    return client
