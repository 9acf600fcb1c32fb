"""A back door opens on a device: an alarm rises, and the article's three searches show it."""

import json

import pytest

from device_reports import body, topic
from paho_client import PahoClient
from server import Bundle
from waiting import wait_for

EVERYTHING = 'index="iot" sourcetype="aws-iot-device-defender"'
OPEN_PORTS = (
    'index="iot" sourcetype="aws-iot-device-defender" | spath name '
    '| search name="aws:num-listening-tcp-ports" '
    "| chart max(value.count) as tcp_count over _time by thing"
)
WHICH_PORTS = (
    'index="iot" sourcetype="aws-iot-device-defender" | where thing="pump-1" '
    '| spath name | search name="aws:listening-tcp-ports" '
    "| spath value.ports{} output=open-ports | mvexpand open-ports "
    "| chart count(open-ports) over _time by open-ports"
)


@pytest.fixture(scope="module")
def story(server):
    """Two devices report; then one of them listens on port 21 too."""
    mqtt = server.credentials["mqtt"]
    with (
        PahoClient("pump-1").with_bundle(server.create_thing("pump-1")) as pump,
        PahoClient("valve-1").with_bundle(server.create_thing("valve-1")) as valve,
    ):
        for client in (pump, valve):
            client.connect("localhost", mqtt["port"])
        pump.publish(topic("pump-1"), body(tcp_ports=[22, 443, 1883]))
        valve.publish(topic("valve-1"), body(tcp_ports=[22]))
        two = f"{EVERYTHING} name=\"aws:num-listening-tcp-ports\" | stats count"
        server.wait_for_rows(two, lambda rows: int(rows[0]["count"]) == 2)
        assert server.alarms(thing="pump-1") == []
        pump.publish(topic("pump-1"), body(tcp_ports=[22, 443, 1883, 21]))
        alarm = wait_for("the alarm", lambda: server.alarms(thing="pump-1"), 60)[0]
        server.wait_for_rows(two, lambda rows: int(rows[0]["count"]) == 3)
        yield alarm


def test_the_alarm_names_the_device_the_metric_and_the_port(story):
    assert story["thing"] == "pump-1"
    assert story["state"] == "active"
    assert story["metric"] in ("aws:listening-tcp-ports", "aws:num-listening-tcp-ports")
    assert "21" in json.dumps(story["last_value"]) or "21" in story["explanation"], story


def test_only_the_device_that_changed_is_in_alarm(server, story):
    assert {alarm["thing"] for alarm in server.alarms()} == {"pump-1"}


def test_the_first_search_returns_every_metric_of_every_device(server, story):
    rows = server.search(EVERYTHING)
    names = {row["name"] for row in rows if row["thing"] == "pump-1"}
    assert {"aws:listening-tcp-ports", "aws:num-listening-tcp-ports", "aws:all-bytes-out"} <= names
    assert all(row["sourcetype"] == "aws-iot-device-defender" for row in rows)


def test_the_second_search_charts_the_number_of_ports_by_device(server, story):
    rows = server.search(OPEN_PORTS)
    counts = [[row.get("pump-1"), row.get("valve-1")] for row in rows]
    pump = [int(pump) for pump, _ in counts if pump not in (None, "")]
    valve = [int(valve) for _, valve in counts if valve not in (None, "")]
    assert (pump, valve) == ([3, 4], [1])
    assert all(set(row) <= {"_time", "pump-1", "valve-1"} for row in rows)


def test_the_third_search_shows_port_21_appear(server, story):
    rows = server.search(WHICH_PORTS)
    assert [list(row) for row in rows] == [["_time", "1883", "21", "22", "443"]] * 2
    values = [[int(row[port]) for port in ("1883", "21", "22", "443")] for row in rows]
    assert values == [[1, 0, 1, 1], [1, 1, 1, 1]]


def test_a_chart_leads_back_to_the_alarm_when_the_port_closes(server, story):
    """Closing the port clears the alarm and keeps it in the list of past ones."""
    mqtt = server.credentials["mqtt"]
    folder = server.root / "things" / "pump-1"
    with PahoClient("pump-1").with_bundle(Bundle("pump-1", folder)) as pump:
        # The story's own connection has the same client id and gives way.
        pump.connect("localhost", mqtt["port"])
        pump.publish(topic("pump-1"), body(tcp_ports=[22, 443, 1883]))
        wait_for("the alarm clears", lambda: server.alarms(thing="pump-1") == [], 60)
    cleared = server.alarms(thing="pump-1", state="cleared")
    assert [alarm["id"] for alarm in cleared] == [story["id"]]
