"""paho-mqtt, wrapped so that a test reads like the exchange it is about."""

import queue
import ssl
import threading

import paho.mqtt.client as mqtt
from paho.mqtt.properties import Properties

from waiting import wait_for

V311 = mqtt.MQTTv311
V5 = mqtt.MQTTv5
NAMES = {V311: "3.1.1", V5: "5"}


class Refused(Exception):
    """CONNACK with a reason other than success."""


class PahoClient:
    """One client, connected on its own network thread."""

    def __init__(self, client_id, version=V311, clean=True):
        kwargs = {} if version == V5 else {"clean_session": clean}
        self.clean = clean
        self.version = version
        self.client = mqtt.Client(
            mqtt.CallbackAPIVersion.VERSION2, client_id=client_id, protocol=version, **kwargs
        )
        self.client.reconnect_delay_set(1, 1)
        self.messages = queue.Queue()
        self.connack = None
        self.session_present = None
        self.disconnected = None
        self.subacks = {}
        self.pubacks = {}
        self._arrived = threading.Condition()
        self.client.on_connect = self._on_connect
        self.client.on_disconnect = self._on_disconnect
        self.client.on_message = lambda client, data, message: self.messages.put(message)
        self.client.on_subscribe = self._on_subscribe
        self.client.on_publish = self._on_publish

    # Set-up

    def with_bundle(self, bundle, alpn=None):
        context = ssl.create_default_context(cafile=str(bundle.ca))
        context.load_cert_chain(str(bundle.certificate), str(bundle.key))
        if alpn:
            context.set_alpn_protocols([alpn])
        self.client.tls_set_context(context)
        return self

    def with_will(self, topic, payload, qos=1, retain=False):
        self.client.will_set(topic, payload, qos=qos, retain=retain)
        return self

    # Acts

    def connect(self, host, port, expiry=None, keepalive=60):
        """Connects; raises `Refused` if the server says no, `NotInTime` if it says nothing."""
        options = {}
        if self.version == V5:
            properties = Properties(mqtt.PacketTypes.CONNECT)
            if expiry is not None:
                properties.SessionExpiryInterval = expiry
            options = {"clean_start": self.clean, "properties": properties}
        self.client.connect(host, port, keepalive=keepalive, **options)
        self.client.loop_start()
        wait_for("CONNACK or the end", lambda: self.connack or self.disconnected, 15)
        if self.connack is None or self.connack.is_failure:
            self.client.loop_stop()
            raise Refused(str(self.connack or self.disconnected))
        return self

    def subscribe(self, filter_, qos=1):
        """The reason code of the SUBACK, as a number."""
        _, mid = self.client.subscribe(filter_, qos)
        return wait_for("SUBACK", lambda: self.subacks.get(mid), 15)[0].value

    def publish(self, topic, payload="", qos=1, retain=False):
        """Publishes and waits for the end of the exchange; the reason code of PUBACK, 0 without one."""
        info = self.client.publish(topic, payload, qos=qos, retain=retain)
        wait_for("PUBACK", lambda: info.mid in self.pubacks, 15)
        return self.pubacks[info.mid].value if qos else 0

    def send(self, topic, payload="", qos=1, retain=False):
        """Publishes and waits for nothing."""
        return self.client.publish(topic, payload, qos=qos, retain=retain)

    def receive(self, timeout=15):
        return self.messages.get(timeout=timeout)

    def nothing_before(self, marker_topic, timeout=15):
        """Asserts that the next message is the marker, so nothing came before it."""
        message = self.receive(timeout)
        assert message.topic == marker_topic, f"{message.topic}: {message.payload[:80]}"

    def wait_disconnected(self, timeout=15):
        """The reason with which the connection ended."""
        return wait_for("the connection ends", lambda: self.disconnected, timeout)

    def close(self):
        self.client.disconnect()
        self.client.loop_stop()

    def drop(self):
        """Ends the connection without DISCONNECT, as a device that loses power does."""
        self.client.loop_stop()
        sock = self.client.socket()
        if sock is not None:
            sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    # Callbacks, on paho's thread

    def _on_connect(self, client, data, flags, reason, properties):
        self.session_present = flags.session_present
        self.connack = reason

    def _on_disconnect(self, client, data, flags, reason, properties):
        if self.disconnected is None:
            self.disconnected = reason or "closed"
        # These tests look at one connection; paho would come back by itself.
        self.client.disconnect()

    def _on_subscribe(self, client, data, mid, reasons, properties):
        self.subacks[mid] = reasons

    def _on_publish(self, client, data, mid, reason, properties):
        self.pubacks[mid] = reason
