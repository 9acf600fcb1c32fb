"""Many paho clients on one thread, all publishing, with the time of everything they see."""

import selectors
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass


from fleet import Client, reason_string
from paho_client import V5
from waiting import wait_for

# From an acknowledgement to the next publish.
PAUSE = 0.2
CONNECT_DEADLINE = 60


@dataclass
class Publish:
    """A publish that was answered. `code` is that of the PUBACK, 0 in MQTT 3.1.1."""

    topic: str
    sent: float
    answered: float
    code: int
    text: str | None

    @property
    def is_taken(self):
        return self.code < 0x80


@dataclass
class End:
    """How a connection ended: DISCONNECT's code and reason string, if there was one."""

    at: float
    code: int | None
    text: str | None


class Member:
    """One client: publishes on its topics in turn, each time after the last was acknowledged."""

    def __init__(self, device, topics, version=V5):
        self.device = device
        self.name = device.thing
        self.topics = topics
        self.version = version
        self.wrapper = Client(self.name, version).with_bundle(device)
        self.client = self.wrapper.client
        self.is_connected = False
        self.end = None
        self.publishes = []
        self.due = 0.0
        self.waiting = None
        self.turn = 0
        self.client.on_connect = self._on_connect
        self.client.on_disconnect = self._on_disconnect
        self.client.on_publish = self._on_publish

    def taken_since(self, moment):
        """Publishes that were sent after `moment` and taken."""
        return [it for it in list(self.publishes) if it.sent > moment and it.is_taken]

    def refused(self):
        return [it for it in list(self.publishes) if not it.is_taken]

    def wait_cut(self, deadline=10):
        """How the connection ended, once it has."""
        return wait_for(f"{self.name} is cut off", lambda: self.end, deadline)

    # On the crowd's thread

    def act(self, now):
        if self.is_connected and self.end is None and self.waiting is None and now >= self.due:
            topic = self.topics[self.turn % len(self.topics)]
            self.turn += 1
            self.waiting = (topic, now)
            self.client.publish(topic, "x", qos=1)

    def _on_connect(self, client, data, flags, reason, properties):
        assert not reason.is_failure, f"{self.name}: {reason}"
        self.is_connected = True

    def _on_disconnect(self, client, data, flags, reason, properties):
        if self.end is None:
            code = reason.value if flags.is_disconnect_packet_from_server else None
            self.end = End(time.monotonic(), code, reason_string(properties))

    def _on_publish(self, client, data, mid, reason, properties):
        topic, sent = self.waiting
        now = time.monotonic()
        self.waiting, self.due = None, now + PAUSE
        text = reason_string(properties)
        self.publishes.append(Publish(topic, sent, now, reason.value, text))


class Crowd:
    """Members, served by one thread."""

    def __init__(self, server, members):
        self.members = {member.name: member for member in members}
        self._selector = selectors.DefaultSelector()
        self._stop = threading.Event()
        port = server.credentials["mqtt"]["port"]
        for member in members:
            self._adopt(member)
            options = {"clean_start": True} if member.version == V5 else {}
            member.client.connect("localhost", port, keepalive=60, **options)
        self._thread = threading.Thread(target=self._run, name="crowd", daemon=True)
        self._thread.start()
        away = lambda: [it.name for it in members if not it.is_connected]  # noqa: E731
        wait_for(lambda: f"CONNACK for {away()}", lambda: not away(), CONNECT_DEADLINE)

    def named(self, prefix):
        """The members whose names begin so, which must be some."""
        found = [member for name, member in self.members.items() if name.startswith(prefix)]
        assert found, prefix
        return found

    @contextmanager
    def undisturbed(self, but):
        """Asserts that whatever happens inside concerns only the members `but`."""
        concerned = {member.name for member in but}
        others = [
            member
            for member in self.members.values()
            if member.name not in concerned and member.end is None and not member.refused()
        ]
        assert others
        yield
        moment = time.monotonic()
        idle = lambda: [it.name for it in others if not it.taken_since(moment)]  # noqa: E731
        wait_for(lambda: f"{idle()} go on", lambda: not idle(), 15)
        for member in others:
            assert member.end is None, (member.name, member.end)
            assert member.refused() == [], member.name

    def close(self):
        self._stop.set()
        self._thread.join(timeout=10)
        for member in self.members.values():
            member.client.disconnect()
        self._selector.close()

    def _adopt(self, member):
        selector = self._selector
        both = selectors.EVENT_READ | selectors.EVENT_WRITE

        def watch(sock, events):
            # paho tells of sockets that are closed by now.
            if sock in (selector.get_map() or ()):
                selector.modify(sock, events, member)

        def closed(client, data, sock):
            if sock in (selector.get_map() or ()):
                selector.unregister(sock)

        member.client.on_socket_open = lambda client, data, sock: selector.register(
            sock, selectors.EVENT_READ, member
        )
        member.client.on_socket_close = closed
        member.client.on_socket_register_write = lambda client, data, sock: watch(sock, both)
        member.client.on_socket_unregister_write = lambda client, data, sock: watch(
            sock, selectors.EVENT_READ
        )

    def _run(self):
        tidied = time.monotonic()
        while not self._stop.is_set():
            for key, events in self._selector.select(timeout=0.01):
                self._serve(key.data, events)
            now = time.monotonic()
            for member in self.members.values():
                member.act(now)
            if now - tidied > 1:
                tidied = now
                for member in self.members.values():
                    member.client.loop_misc()

    def _serve(self, member, events):
        client = member.client
        if events & selectors.EVENT_READ:
            client.loop_read()
            # What TLS has taken from the socket already, the selector does not see.
            while (sock := client.socket()) is not None and sock.pending():
                client.loop_read()
        if events & selectors.EVENT_WRITE and client.socket() is not None:
            client.loop_write()


