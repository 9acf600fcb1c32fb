"""Garbage on every door: clear answers, and the server goes on for everyone else."""

import contextlib
import json
import os
import random
import socket
import ssl

import pytest
import requests

from device_reports import body, report, topic
from paho_client import V5, PahoClient
from waiting import wait_for

SAMPLES = {
    "nothing": b"",
    "zeros": bytes(4096),
    "text": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "half a TLS hello": bytes.fromhex("1603010200010001fc0303"),
    "MQTT with a length that never ends": b"\x10\xff\xff\xff\xff\xff",
    "an unknown packet type": b"\xf0\x00",
    "a publish before connect": b"\x30\x05\x00\x01ax",
    "a connect of another protocol": b"\x10\x0c\x00\x04XXXX\x04\x02\x00\x3c\x00\x00",
    "noise": random.Random(7).randbytes(65536),
}


def doors(server):
    """Every listening port with its name."""
    now = server.credentials
    port = lambda url: int(url.rsplit(":", 1)[1])  # noqa: E731
    return {
        "mqtt": now["mqtt"]["port"],
        "alpn": now["mqtt"]["alpn_port"],
        "plaintext mqtt": now["mqtt"]["plaintext_port"],
        "hec": port(now["hec"]["url"]),
        "console": port(now["console"]["url"]),
        "admin": port(now["admin"]["url"]),
    }


def pour(port, data):
    """Sends bytes and reads until the server ends the connection or falls silent."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as plug:
        with contextlib.suppress(OSError):
            plug.sendall(data)
            plug.shutdown(socket.SHUT_WR)
            while plug.recv(65536):
                pass


@pytest.fixture(scope="module")
def bystander(server):
    """A device that is connected all the time and must never notice."""
    bundle = server.create_thing("bystander")
    with PahoClient("bystander").with_bundle(bundle) as client:
        client.connect("localhost", server.credentials["mqtt"]["port"])
        assert client.subscribe(topic("bystander") + "/accepted") == 1
        yield client


def assert_all_is_well(server, bystander):
    assert bystander.disconnected is None
    assert bystander.publish(topic("bystander"), body()) == 0
    assert json.loads(bystander.receive().payload)["status"] == "ACCEPTED"
    assert server.is_ready()


@pytest.mark.parametrize("sample", SAMPLES)
def test_garbage_on_every_port_disturbs_nobody(server, bystander, sample):
    for port in doors(server).values():
        pour(port, SAMPLES[sample])
    assert_all_is_well(server, bystander)


def test_garbage_after_a_good_handshake_ends_only_that_connection(server, bystander):
    bundle = server.create_thing("rude")
    context = ssl.create_default_context(cafile=str(bundle.ca))
    context.load_cert_chain(str(bundle.certificate), str(bundle.key))
    with socket.create_connection(("127.0.0.1", server.credentials["mqtt"]["port"]), 10) as plug:
        with context.wrap_socket(plug, server_hostname="localhost") as tls:
            tls.settimeout(20)
            with contextlib.suppress(OSError, ssl.SSLError):
                tls.sendall(SAMPLES["noise"])
                while tls.recv(4096):
                    pass
    assert_all_is_well(server, bystander)


def deep():
    return b'{"header":' + b"[" * 50_000


def without(path):
    """A report with one member taken out."""
    document = report()
    *parents, last = path.split(".")
    place = document
    for parent in parents:
        place = place[parent]
    del place[last]
    return json.dumps(document)


BAD_REPORTS = {
    "not JSON": "no report",
    "an empty object": "{}",
    "an array": "[]",
    "no header": without("header"),
    "no report id": without("header.report_id"),
    "no version": without("header.version"),
    "no metrics": without("metrics"),
    "a port that is no number": json.dumps(report()).replace('"port": 22', '"port": "ssh"'),
    "a port too high": json.dumps(report()).replace('"port": 22', '"port": 70000'),
    "a negative count": json.dumps(report(bytes_out=-5)),
    "nested too deep": deep(),
    "bytes": os.urandom(512),
    "broken UTF-8": b'{"header":{"report_id":1,"version":"\xff"}}',
}


@pytest.fixture(scope="module")
def sender(server):
    bundle = server.create_thing("sender")
    with PahoClient("sender", V5).with_bundle(bundle) as client:
        client.connect("localhost", server.credentials["mqtt"]["port"])
        for form in ("json", "cbor"):
            assert client.subscribe(topic("sender", form) + "/rejected") == 1
        yield client


@pytest.mark.parametrize("kind", BAD_REPORTS)
def test_a_bad_report_is_rejected_with_a_reason(server, bystander, sender, kind):
    assert sender.publish(topic("sender"), BAD_REPORTS[kind]) in (0, 0x10)
    answer = sender.receive()
    assert answer.topic == topic("sender") + "/rejected"
    document = json.loads(answer.payload)
    assert (document["thingName"], document["status"]) == ("sender", "REJECTED")
    details = document["statusDetails"]
    assert details["ErrorCode"] == "InvalidPayload"
    assert details["ErrorMessage"]
    assert_all_is_well(server, bystander)


def test_the_reason_names_the_field(sender):
    sender.publish(topic("sender"), BAD_REPORTS["a port that is no number"])
    message = json.loads(sender.receive().payload)["statusDetails"]["ErrorMessage"]
    assert "port" in message, message


def test_bad_cbor_is_rejected_in_cbor(sender):
    import cbor

    sender.publish(topic("sender", "cbor"), b"\xff\xff\xff")
    answer = sender.receive()
    assert answer.topic == topic("sender", "cbor") + "/rejected"
    assert cbor.loads(answer.payload)["status"] == "REJECTED"


def test_a_report_over_the_payload_limit_ends_the_connection_and_nothing_else(server, bystander):
    bundle = server.create_thing("bulky")
    client = PahoClient("bulky").with_bundle(bundle)
    client.connect("localhost", server.credentials["mqtt"]["port"])
    client.send(topic("bulky"), b"x" * 200_000)
    client.wait_disconnected()
    assert_all_is_well(server, bystander)


def test_bad_reports_are_not_found_by_a_search(server, sender):
    assert sender.publish(topic("sender"), body(tcp_ports=[4242])) in (0, 0x10)
    server.wait_for_rows('index=iot thing="sender" name="aws:listening-tcp-ports"')
    rows = server.search('index=iot thing="sender" name="aws:num-listening-tcp-ports"')
    assert len(rows) == 1, "only the good one"


def test_spl_nonsense_is_an_error_with_a_place(server):
    session, api = server.console()
    csrf = session.get(f"{api}/session", timeout=10).json()["csrf_token"]
    answer = session.post(
        f"{api}/search",
        json={"spl": "index=iot | stts count"},
        headers={"x-picket-csrf": csrf},
        timeout=10,
    )
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert "stats" in error["message"] and (error["line"], error["column"]) == (1, 13)


@pytest.mark.parametrize("path", ["/api/v1/things", "/api/v1/alarms", "/api/v1/overview"])
def test_the_console_api_answers_nobody_without_a_session(server, path):
    url = server.credentials["console"]["url"]
    assert requests.get(url + path, timeout=10).status_code == 401


def test_http_garbage_gets_a_client_error(server):
    now = server.credentials
    for url, verify in ((now["console"]["url"], True), (now["hec"]["url"], server.ca)):
        answer = requests.post(f"{url}/%00/../../etc/passwd", data=b"\x00" * 100, verify=verify, timeout=10)
        assert 400 <= answer.status_code < 500
    wait_for("still ready", server.is_ready)
