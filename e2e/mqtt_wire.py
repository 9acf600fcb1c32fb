"""MQTT packets over a bare socket, so that a test can do what a client library would not."""

import socket
import struct

CONNECT, CONNACK, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP = range(1, 8)
SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK, PINGREQ, PINGRESP, DISCONNECT, AUTH = range(8, 16)
NAMES = dict(
    enumerate(
        "CONNECT CONNACK PUBLISH PUBACK PUBREC PUBREL PUBCOMP SUBSCRIBE SUBACK UNSUBSCRIBE UNSUBACK "
        "PINGREQ PINGRESP DISCONNECT AUTH".split(),
        start=1,
    )
)

# Properties: identifier and how the value is written.
PROPERTIES = {
    "payload_format": (0x01, "byte"),
    "message_expiry": (0x02, "four"),
    "content_type": (0x03, "text"),
    "response_topic": (0x08, "text"),
    "correlation_data": (0x09, "bytes"),
    "subscription_id": (0x0B, "varint"),
    "session_expiry": (0x11, "four"),
    "assigned_client_id": (0x12, "text"),
    "server_keep_alive": (0x13, "two"),
    "authentication_method": (0x15, "text"),
    "request_problem_information": (0x17, "byte"),
    "will_delay": (0x18, "four"),
    "request_response_information": (0x19, "byte"),
    "response_information": (0x1A, "text"),
    "server_reference": (0x1C, "text"),
    "reason_string": (0x1F, "text"),
    "receive_maximum": (0x21, "two"),
    "topic_alias_maximum": (0x22, "two"),
    "topic_alias": (0x23, "two"),
    "maximum_qos": (0x24, "byte"),
    "retain_available": (0x25, "byte"),
    "user": (0x26, "pair"),
    "maximum_packet_size": (0x27, "four"),
    "wildcard_available": (0x28, "byte"),
    "subscription_id_available": (0x29, "byte"),
    "shared_available": (0x2A, "byte"),
}
BY_ID = {identifier: (name, kind) for name, (identifier, kind) in PROPERTIES.items()}
# May stand more than once; given and read as lists.
REPEATED = {"user", "subscription_id"}


def varint(number):
    out = bytearray()
    while True:
        number, byte = number >> 7, number & 0x7F
        out.append(byte | (0x80 if number else 0))
        if not number:
            return bytes(out)


def data(value):
    value = value.encode() if isinstance(value, str) else value
    return struct.pack(">H", len(value)) + value


def one_property(kind, value):
    if kind == "pair":
        return data(value[0]) + data(value[1])
    write = {
        "byte": lambda v: bytes([v]),
        "two": lambda v: struct.pack(">H", v),
        "four": lambda v: struct.pack(">I", v),
        "varint": varint,
        "text": data,
        "bytes": data,
    }
    return write[kind](value)


def properties(values):
    out = b""
    for name, value in (values or {}).items():
        identifier, kind = PROPERTIES[name]
        for item in value if name in REPEATED else [value]:
            out += bytes([identifier]) + one_property(kind, item)
    return varint(len(out)) + out


def packet(kind, flags, body):
    return bytes([kind << 4 | flags]) + varint(len(body)) + body


class Reader:
    """Takes fields off the front of a packet's body."""

    def __init__(self, rest):
        self.rest = rest

    def take(self, count):
        assert len(self.rest) >= count, "the packet is too short"
        taken, self.rest = self.rest[:count], self.rest[count:]
        return taken

    def byte(self):
        return self.take(1)[0]

    def two(self):
        return struct.unpack(">H", self.take(2))[0]

    def four(self):
        return struct.unpack(">I", self.take(4))[0]

    def varint(self):
        number = shift = 0
        while True:
            byte = self.byte()
            number |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                return number

    def bytes(self):
        return self.take(self.two())

    def text(self):
        return self.bytes().decode()

    def pair(self):
        return self.text(), self.text()

    def properties(self):
        inner = Reader(self.take(self.varint()))
        found = {}
        while inner.rest:
            name, kind = BY_ID[inner.varint()]
            value = getattr(inner, kind)()
            if name in REPEATED:
                found.setdefault(name, []).append(value)
            else:
                assert name not in found, f"{name} stands twice"
                found[name] = value
        return found


class Packet:
    """A packet from the server. Fields that it does not have are absent."""

    def __init__(self, kind, flags, body, version):
        self.kind, self.flags = kind, flags
        self.properties = {}
        reader = Reader(body)
        read = getattr(self, f"_{NAMES[kind].lower()}", None)
        if read:
            read(reader, version)
        assert not reader.rest, f"{self} has {len(reader.rest)} bytes too many"

    def __repr__(self):
        return f"{NAMES[self.kind]} {vars(self)}"

    def _connack(self, reader, version):
        self.session_present = reader.byte() == 1
        self.code = reader.byte()
        if version == 5:
            self.properties = reader.properties()

    def _publish(self, reader, version):
        self.dup, self.qos, self.retain = self.flags >> 3 & 1, self.flags >> 1 & 3, self.flags & 1
        self.topic = reader.text()
        self.id = reader.two() if self.qos else None
        if version == 5:
            self.properties = reader.properties()
        self.payload = reader.take(len(reader.rest))

    def _answer(self, reader, version):
        self.id = reader.two()
        self.code = reader.byte() if reader.rest else 0
        if reader.rest:
            self.properties = reader.properties()

    _puback = _pubrec = _pubrel = _pubcomp = _answer

    def _suback(self, reader, version):
        self.id = reader.two()
        if version == 5:
            self.properties = reader.properties()
        self.codes = list(reader.take(len(reader.rest)))

    _unsuback = _suback

    def _disconnect(self, reader, version):
        self.code = reader.byte() if reader.rest else 0
        if reader.rest:
            self.properties = reader.properties()


class Closed(Exception):
    """The server has ended the connection."""


class Wire:
    """One connection, with TLS if there is a `context` for it. `version` is 4 for MQTT 3.1.1, 5 for 5."""

    def __init__(self, address, version=4, timeout=10, context=None):
        self.version = version
        self.socket = socket.create_connection(address, timeout)
        if context:
            self.socket = context.wrap_socket(self.socket, server_hostname=address[0])
        self.buffer = b""
        self.last_id = 0
        # Messages that came while something else was waited for.
        self.held = []

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    # Sending

    def raw(self, data_):
        self.socket.sendall(data_)

    def send_connect(self, client_id, clean=True, keepalive=60, will=None, user=None, password=None, **props):
        flags = 2 if clean else 0
        payload = data(client_id)
        if will:
            flags |= 4 | will.get("qos", 0) << 3 | (32 if will.get("retain") else 0)
            if self.version == 5:
                payload += properties(will.get("properties"))
            payload += data(will["topic"]) + data(will["payload"])
        if user is not None:
            flags |= 128
            payload += data(user)
        if password is not None:
            flags |= 64
            payload += data(password)
        head = data("MQTT") + bytes([self.version, flags]) + struct.pack(">H", keepalive)
        if self.version == 5:
            head += properties(props)
        self.raw(packet(CONNECT, 0, head + payload))

    def connect(self, client_id, **options):
        self.send_connect(client_id, **options)
        return self.expect(CONNACK)

    def send_publish(self, topic, payload=b"", qos=0, retain=False, dup=False, id_=None, **props):
        payload = payload.encode() if isinstance(payload, str) else payload
        body = data(topic)
        if qos:
            id_ = id_ or self.next_id()
            body += struct.pack(">H", id_)
        if self.version == 5:
            body += properties(props)
        self.raw(packet(PUBLISH, dup << 3 | qos << 1 | retain, body + payload))
        return id_

    def publish(self, topic, payload=b"", qos=0, **options):
        """Publishes and goes through the whole exchange; the last answer."""
        id_ = self.send_publish(topic, payload, qos, **options)
        if qos == 0:
            return None
        answer = self.expect(PUBACK if qos == 1 else PUBREC)
        assert answer.id == id_
        if qos == 1 or answer.code >= 0x80:
            return answer
        self.answer(PUBREL, id_)
        answer = self.expect(PUBCOMP)
        assert answer.id == id_
        return answer

    def answer(self, kind, id_, code=None):
        body = struct.pack(">H", id_)
        if code is not None:
            body += bytes([code])
        self.raw(packet(kind, 2 if kind == PUBREL else 0, body))

    def send_subscribe(self, *entries, **props):
        """Entries are filters, or filters with their options byte."""
        id_ = self.next_id()
        body = struct.pack(">H", id_)
        if self.version == 5:
            body += properties(props)
        for entry in entries:
            filter_, options = entry if isinstance(entry, tuple) else (entry, 2)
            body += data(filter_) + bytes([options])
        self.raw(packet(SUBSCRIBE, 2, body))
        return id_

    def subscribe(self, *entries, **props):
        id_ = self.send_subscribe(*entries, **props)
        suback = self.expect(SUBACK)
        assert suback.id == id_
        return suback.codes

    def unsubscribe(self, *filters):
        id_ = self.next_id()
        body = struct.pack(">H", id_)
        if self.version == 5:
            body += properties({})
        self.raw(packet(UNSUBSCRIBE, 2, body + b"".join(data(filter_) for filter_ in filters)))
        unsuback = self.expect(UNSUBACK)
        assert unsuback.id == id_
        return unsuback.codes

    def disconnect(self, code=0, **props):
        body = b""
        if self.version == 5 and (code or props):
            body = bytes([code]) + properties(props)
        self.raw(packet(DISCONNECT, 0, body))
        # Once the server has closed it has seen the goodbye.
        self.closed()
        self.close()

    def ping(self):
        self.raw(packet(PINGREQ, 0, b""))
        return self.expect(PINGRESP)

    def next_id(self):
        self.last_id = self.last_id % 65535 + 1
        return self.last_id

    # Receiving

    def receive(self, timeout=10):
        """The next packet; raises `Closed` at the end and `TimeoutError` when nothing comes."""
        self.socket.settimeout(timeout)
        head = self._read(1)[0]
        length = shift = 0
        while True:
            byte = self._read(1)[0]
            length |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                break
        return Packet(head >> 4, head & 15, self._read(length), self.version)

    def _read(self, count):
        while len(self.buffer) < count:
            try:
                more = self.socket.recv(65536)
            except ConnectionResetError:
                more = b""
            if not more:
                raise Closed
            self.buffer += more
        taken, self.buffer = self.buffer[:count], self.buffer[count:]
        return taken

    def expect(self, kind, timeout=10):
        received = self.receive(timeout)
        assert received.kind == kind, f"{NAMES[kind]} was expected; {received} came"
        return received

    def message(self, acknowledge=True, timeout=10):
        """The next PUBLISH, taken through its whole exchange unless told otherwise."""
        received = self.held.pop(0) if self.held else self.expect(PUBLISH, timeout)
        if not acknowledge or not received.qos:
            return received
        if received.qos == 1:
            self.answer(PUBACK, received.id)
            return received
        self.answer(PUBREC, received.id)
        while (release := self.receive(timeout)).kind == PUBLISH:
            self.held.append(release)
        assert (release.kind, release.id) == (PUBREL, received.id), release
        self.answer(PUBCOMP, received.id)
        return received

    def quiet(self):
        """Nothing but the answer to a ping comes."""
        assert not self.held
        self.ping()

    def closed(self, timeout=10):
        """Waits for the end; the packets that came before it."""
        came = []
        try:
            while True:
                came.append(self.receive(timeout))
        except Closed:
            return came
