"""The unmodified AWS agent reports over mutual TLS and its host's ports come back from a search."""

import contextlib
import json
import socket
import subprocess
import sys

import pytest
from AWSIoTDeviceDefenderAgentSDK.collector import Collector

from device_reports import topic
from paho_client import PahoClient
from server import clean_environment
from waiting import wait_for

# The agent cannot be told a port: it connects to 443 with ALPN.
CONFIG = {"gateway": {"alpn": "127.0.0.1:443"}}

PORT_CHART = (
    'index="iot" sourcetype="aws-iot-device-defender" | where thing="{thing}" | spath name '
    '| search name="aws:listening-tcp-ports" | spath value.ports{{}} output=open-ports '
    "| mvexpand open-ports | chart limit=0 count(open-ports) over _time by open-ports"
)
COUNT_CHART = (
    'index="iot" sourcetype="aws-iot-device-defender" | spath name '
    '| search name="aws:num-listening-tcp-ports" '
    "| chart limit=0 max(value.count) as tcp_count over _time by thing"
)


@pytest.fixture(scope="module", autouse=True)
def port_443():
    """Says what is wrong before the server does."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", 443))
        except PermissionError:
            pytest.skip("port 443 needs root or `sysctl net.ipv4.ip_unprivileged_port_start=443`")


@contextlib.contextmanager
def running_agent(server, bundle, form, *options):
    """`agent.py` as its README starts it, with a report each second."""
    log = server.root / f"agent-{bundle.thing}.log"
    command = [sys.executable, "-u", "-m", "AWSIoTDeviceDefenderAgentSDK.agent"]
    command += ["--endpoint", "localhost", "--rootCA", str(bundle.ca)]
    command += ["--cert", str(bundle.certificate), "--key", str(bundle.key)]
    command += ["--client_id", bundle.thing, "--format", form, "--interval", "1", *options]
    with open(log, "wb") as out:
        agent = subprocess.Popen(command, stdout=out, stderr=out, env=clean_environment())
    try:
        yield lambda: log.read_text(errors="replace")
    finally:
        agent.terminate()
        try:
            agent.wait(timeout=10)
        except subprocess.TimeoutExpired:
            agent.kill()
            agent.wait(timeout=10)


@contextlib.contextmanager
def listener():
    """A listening TCP socket on this host; gives its port."""
    with socket.create_server(("127.0.0.1", 0)) as opened:
        yield opened.getsockname()[1]


def wait_for_accepted(said, thing, form):
    """The agent printed an answer of `accepted`."""
    line = f"Received message from topic '{topic(thing, form)}/accepted'"
    wait_for("the agent is told `accepted`", lambda: line in said(), 60)
    assert "/rejected'" not in said().replace(f"Subscribed to {topic(thing, form)}/rejected", "")


@pytest.mark.parametrize("form", ["json", "cbor"])
def test_the_agent_is_accepted_and_its_hosts_ports_come_back(server, form):
    bundle = server.create_thing(f"host-{form}")
    with listener() as port, running_agent(server, bundle, form) as said:
        wait_for_accepted(said, bundle.thing, form)
        chart = PORT_CHART.format(thing=bundle.thing)
        rows = server.wait_for_rows(chart, lambda rows: any(str(port) in row for row in rows))
        assert all("_time" in row for row in rows)


def test_opening_a_listener_changes_the_chart(server):
    bundle = server.create_thing("host-changes")
    count = lambda rows: [int(row[bundle.thing]) for row in rows if row.get(bundle.thing)]  # noqa: E731
    with running_agent(server, bundle, "json") as said:
        wait_for_accepted(said, bundle.thing, "json")
        before = max(count(server.wait_for_rows(COUNT_CHART, count)))
        # Several, since the host's own number may move by one or two meanwhile.
        with contextlib.ExitStack() as opened:
            ports = [opened.enter_context(listener()) for _ in range(5)]
            server.wait_for_rows(COUNT_CHART, lambda rows: max(count(rows)) >= before + 5)
            chart = PORT_CHART.format(thing=bundle.thing)
            rows = server.wait_for_rows(
                chart, lambda rows: any(row.get(str(ports[0])) in ("1", 1) for row in rows)
            )
    first = rows[0]
    assert str(first.get(str(ports[0]), "0")) == "0", "the port was not open at first"


def test_custom_metrics_of_the_agent_are_accepted(server):
    bundle = server.create_thing("host-custom")
    with running_agent(server, bundle, "json", "--include-custom-metrics") as said:
        wait_for_accepted(said, bundle.thing, "json")


@pytest.mark.parametrize("form", ["json", "cbor"])
def test_short_names_from_the_sdks_collector_are_accepted(server, form):
    """The agent itself fails at its second short-named sample (it looks its own totals up under the
    short name), so a first sample of its collector is sent by another client."""
    bundle = server.create_thing(f"host-short-{form}")
    sample = Collector(short_metrics_names=True, use_custom_metrics=False).collect_metrics()
    payload = sample.to_json_string() if form == "json" else bytes(sample.to_cbor())
    mqtt = server.credentials["mqtt"]
    with listener(), PahoClient(bundle.thing).with_bundle(bundle, alpn="x-amzn-mqtt-ca") as client:
        client.connect("localhost", mqtt["alpn_port"])
        assert client.subscribe(topic(bundle.thing, form) + "/accepted") == 1
        assert client.subscribe(topic(bundle.thing, form) + "/rejected") == 1
        client.publish(topic(bundle.thing, form), payload)
        answer = client.receive()
        assert answer.topic.endswith("/accepted"), answer.payload
        if form == "json":
            document = json.loads(answer.payload)
            assert document["thingName"] == bundle.thing
            assert document["status"] == "ACCEPTED"
            assert document["reportId"] == json.loads(payload)["hed"]["rid"]
    spl = f'index=iot thing="{bundle.thing}" name="aws:num-listening-tcp-ports"'
    server.wait_for_rows(spl)
