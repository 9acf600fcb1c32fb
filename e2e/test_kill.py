"""`kill -9` under load: no acknowledged report is missing from a search afterwards, none is there twice.

`PICKET_KILLS=20` makes the large run.
"""

import os
import random
import ssl
import threading
from collections import Counter

import paho.mqtt.client as mqtt
import pytest

from device_reports import body, topic
from paho_client import PahoClient
from waiting import wait_for

KILLS = int(os.environ.get("PICKET_KILLS", "3"))
PUBLISHERS = 3
# Reports between two kills, of all publishers together; the moment is drawn.
ACKNOWLEDGED_MIN, ACKNOWLEDGED_MAX = 20, 150


class Publisher:
    """A device that reports as fast as it is acknowledged, reconnects, and repeats what was not
    acknowledged with the same report id. Each report carries its number as `bytes_out`."""

    def __init__(self, server, bundle, first_id):
        self.thing = bundle.thing
        self.first_id = first_id
        self.acknowledged = set()
        self.sent = 0
        self.running = True
        self.failure = None
        context = ssl.create_default_context(cafile=str(bundle.ca))
        context.load_cert_chain(str(bundle.certificate), str(bundle.key))
        self.client = mqtt.Client(
            mqtt.CallbackAPIVersion.VERSION2, client_id=self.thing, clean_session=False
        )
        self.client.tls_set_context(context)
        self.client.reconnect_delay_set(1, 1)
        self.client.max_inflight_messages_set(10)
        self.client.on_publish = self._on_publish
        self._numbers = {}
        self._early = set()
        self._room = threading.Semaphore(10)
        self._lock = threading.Lock()
        self.client.connect("localhost", server.credentials["mqtt"]["port"], keepalive=60)
        self.client.loop_start()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        try:
            while self.running:
                if not self._room.acquire(timeout=0.5):
                    continue
                number = self.sent
                self.sent += 1
                payload = body(bytes_out=number, report_id=self.first_id + number)
                # paho keeps what is not acknowledged and sends it again after it has reconnected. It
                # calls back under a lock that publishing takes too, so ours is not held meanwhile.
                info = self.client.publish(topic(self.thing), payload, qos=1)
                with self._lock:
                    if info.mid in self._early:
                        self._early.remove(info.mid)
                        self.acknowledged.add(number)
                    else:
                        self._numbers[info.mid] = number
        except Exception as error:  # noqa: BLE001 - told by the test
            self.failure = error

    def _on_publish(self, client, data, mid, reason, properties):
        with self._lock:
            number = self._numbers.pop(mid, None)
            if number is None:
                self._early.add(mid)
            else:
                self.acknowledged.add(number)
        self._room.release()

    def __repr__(self):
        open_ = sorted(self._numbers.values())[:20]
        network = self.client._thread
        return (
            f"{self.thing}: {self.sent} sent, {len(self.acknowledged)} acknowledged, open {open_}, "
            f"connected {self.client.is_connected()}, network thread alive {network and network.is_alive()}"
        )

    def finish(self):
        """Stops sending and waits until everything sent is acknowledged."""
        self.running = False
        self.thread.join(10)
        wait_for(lambda: f"everything is acknowledged: {self}", lambda: len(self.acknowledged) == self.sent, 60)
        self.client.disconnect()
        self.client.loop_stop()


@pytest.mark.timeout(120 + 40 * KILLS)
def test_nothing_acknowledged_is_lost_and_nothing_doubled(own_server):
    server = own_server({"gateway": {"tls_rules": {"publishes_per_second": 0}}})
    server.start()
    server.keep_ports()
    seed = int(os.environ.get("PICKET_SEED", "1"))
    draw = random.Random(seed)
    bundles = [server.create_thing(f"killed-{number}") for number in range(PUBLISHERS)]
    publishers = [Publisher(server, bundle, 1_718_000_000) for bundle in bundles]
    acknowledged = lambda: sum(len(one.acknowledged) for one in publishers)  # noqa: E731
    for _ in range(KILLS):
        enough = acknowledged() + draw.randint(ACKNOWLEDGED_MIN, ACKNOWLEDGED_MAX)
        wait_for("reports are acknowledged", lambda: acknowledged() >= enough, 60)
        server.kill()
        server.start()
    for publisher in publishers:
        publisher.finish()
        assert publisher.failure is None

    for publisher in publishers:
        spl = f'index=iot thing="{publisher.thing}" name="aws:all-bytes-out" | table value.count'
        sent = publisher.sent

        def numbers(spl=spl):
            return [int(row["value.count"]) for row in server.search(spl)]

        wait_for(f"{sent} reports of {publisher.thing}", lambda: len(set(numbers())) >= sent, 90)
        found = Counter(numbers())
        missing = sorted(publisher.acknowledged - set(found))
        twice = sorted(number for number, times in found.items() if times > 1)
        assert (missing, twice) == ([], []), f"seed {seed}"


def test_an_alarm_survives_a_kill_and_is_not_raised_again(own_server):
    server = own_server()
    server.start()
    server.keep_ports()
    bundle = server.create_thing("alarmed")
    with PahoClient("alarmed").with_bundle(bundle) as client:
        client.connect("localhost", server.credentials["mqtt"]["port"])
        assert client.publish(topic("alarmed"), body(tcp_ports=[22, 21])) == 0
        (before,) = wait_for("the alarm", lambda: server.alarms(thing="alarmed"), 60)
        server.kill()
    server.start()
    (after,) = wait_for("the alarm is still there", lambda: server.alarms(thing="alarmed"), 30)
    assert after["id"] == before["id"]
    assert len(server.alarms(thing="alarmed", state="all")) == 1
