"""Event senders nobody here wrote reach our collector, and our streams reach another one."""

import json
import subprocess
import uuid
from collections import Counter

import pytest

import hec_receiver
from conftest import program
from device_reports import body, topic
from paho_client import PahoClient
from registry_edit import point_stream_at
from waiting import wait_for


class Curl:
    """curl against the collector."""

    def __init__(self, server):
        access = server.credentials["hec"]
        self.url, self.token, self.ca = access["url"], access["token"], server.ca
        self.channel = str(uuid.uuid4())

    def post(self, path, data, token=None, channel=True, headers=()):
        """Status and answer."""
        token = self.token if token is None else token
        all_headers = [*headers]
        if token:
            all_headers.append(f"Authorization: Splunk {token}")
        if channel:
            all_headers.append(f"X-Splunk-Request-Channel: {self.channel}")
        command = [program("curl"), "--silent", "--show-error", "--cacert", self.ca]
        command += ["--write-out", "\n%{http_code}", "--data-binary", "@-"]
        for header in all_headers:
            command += ["--header", header]
        data = data.encode() if isinstance(data, str) else data
        ended = subprocess.run(
            [*command, f"{self.url}/services/collector{path}"],
            input=data,
            capture_output=True,
            timeout=30,
            check=True,
        )
        text, status = ended.stdout.decode().rsplit("\n", 1)
        return int(status), json.loads(text)

    def get(self, path):
        command = [program("curl"), "--silent", "--cacert", self.ca, "--write-out", "\n%{http_code}"]
        ended = subprocess.run(
            [*command, f"{self.url}/services/collector{path}"], capture_output=True, timeout=30, check=True
        )
        text, status = ended.stdout.decode().rsplit("\n", 1)
        return int(status), json.loads(text)


@pytest.fixture(scope="module")
def curl(server):
    return Curl(server)


def count(server, mark):
    return int(server.search(f'index=iot "{mark}" | stats count')[0]["count"])


def test_an_event_sent_by_curl_is_found_with_its_metadata(server, curl):
    mark = uuid.uuid4().hex
    event = {
        "time": 1718000000.25,
        "host": "gate-1",
        "source": "curl",
        "sourcetype": "door",
        "index": "iot",
        "event": {"mark": mark, "open": True},
    }
    status, answer = curl.post("/event", json.dumps(event))
    assert (status, answer["text"], answer["code"]) == (200, "Success", 0)
    (row,) = server.wait_for_rows(f"index=iot mark={mark}", lambda rows: len(rows) == 1)
    assert (row["host"], row["source"], row["sourcetype"]) == ("gate-1", "curl", "door")
    assert json.loads(row["_raw"]) == event["event"]


def test_raw_lines_become_an_event_each(server, curl):
    mark = uuid.uuid4().hex
    status, answer = curl.post("/raw?sourcetype=lines&index=iot", f"{mark} one\n{mark} two\n\n{mark} three\n")
    assert (status, answer["code"]) == (200, 0)
    wait_for("three events", lambda: count(server, mark) == 3, 30)


def test_an_acknowledgement_turns_true_once_the_event_can_be_found(server, curl):
    mark = uuid.uuid4().hex
    status, answer = curl.post("/event", json.dumps({"event": {"mark": mark}, "index": "iot"}))
    assert status == 200
    assert "ackId" in answer, "the token of credentials.json acknowledges"
    ack = answer["ackId"]

    def acknowledged():
        status, answer = curl.post("/ack", json.dumps({"acks": [ack]}))
        assert status == 200
        return answer["acks"][str(ack)]

    wait_for("the acknowledgement", acknowledged, 30)
    assert count(server, mark) == 1, "acknowledged means searchable"


def test_health_answers_without_a_token(curl):
    assert curl.get("/health") == (200, {"text": "HEC is healthy", "code": 17})


def test_a_body_broken_in_the_middle_keeps_what_came_before(server, curl):
    mark = uuid.uuid4().hex
    good = json.dumps({"event": {"mark": mark}, "index": "iot"})
    status, answer = curl.post("/event", f"{good}{good}" + '{"event": {"mark": ')
    assert (status, answer["code"], answer["invalid-event-number"]) == (400, 6, 2)
    wait_for("the two before it", lambda: count(server, mark) == 2, 30)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ("", 400, 5),
        ("  \n", 400, 5),
        ("garbage", 400, 6),
        ('{"index": "iot"}', 400, 12),
        ('{"event": ""}', 400, 13),
        ('{"event": "x", "fields": {"a": {"b": 1}}}', 400, 15),
        ('{"event": "x", "index": "no-such-index"}', 400, 7),
        (b"\x00\xff\xfe" * 100, 400, 6),
        ("[" * 100_000, 400, 6),
    ],
)
def test_every_bad_body_has_its_code(curl, body, status, code):
    got, answer = curl.post("/event", body)
    assert (got, answer["code"]) == (status, code), answer


def test_broken_gzip_is_refused(curl):
    status, answer = curl.post("/event", b"\x1f\x8b\x08\x00broken", headers=["Content-Encoding: gzip"])
    assert (status, answer["code"]) == (400, 6)


def test_a_wrong_token_is_denied_and_a_missing_one_asked_for(curl):
    status, answer = curl.post("/event", '{"event": "x"}', token=str(uuid.uuid4()))
    assert (status, answer) == (403, {"text": "Invalid token", "code": 4})
    status, answer = curl.post("/event", '{"event": "x"}', token="")
    assert (status, answer) == (401, {"text": "Token is required", "code": 2})


SYSLOG_NG = """\
@version: 3.38
source s_lines {{ file("{lines}" follow-freq(0.1) flags(no-parse)); }};
destination d_hec {{
  http(
    url("{url}/services/collector/event")
    method("POST")
    headers("Authorization: Splunk {token}", "X-Splunk-Request-Channel: {channel}")
    tls(ca-file("{ca}") peer-verify(yes))
    body('$(format-json time=$S_UNIXTIME host=gate-7 source=syslog-ng sourcetype=syslog index=iot event=$MSG)')
    delimiter("\\n") batch-lines(25) batch-timeout(200) workers(2)
  );
}};
log {{ source(s_lines); destination(d_hec); flags(flow-control); }};
"""


def test_syslog_ng_delivers_every_line_once(server, tmp_path):
    access = server.credentials["hec"]
    lines, mark, total = tmp_path / "lines.log", uuid.uuid4().hex, 200
    lines.write_text("")
    config = tmp_path / "syslog-ng.conf"
    config.write_text(
        SYSLOG_NG.format(
            lines=lines, url=access["url"], token=access["token"], channel=uuid.uuid4(), ca=server.ca
        )
    )
    command = [program("syslog-ng"), "--foreground", "--no-caps", "--cfgfile", str(config)]
    command += ["--persist-file", str(tmp_path / "persist"), "--pidfile", str(tmp_path / "pid")]
    command += ["--control", str(tmp_path / "control")]
    with open(tmp_path / "syslog-ng.log", "wb") as log:
        sender = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        wait_for("syslog-ng runs", lambda: (tmp_path / "control").exists(), 30)
        with open(lines, "a") as out:
            out.writelines(f'{mark} line {number} with "quotes"\n' for number in range(total))
        wait_for("every line", lambda: count(server, mark) >= total, 60)
    finally:
        sender.terminate()
        sender.wait(timeout=20)
    rows = server.search(f'index=iot "{mark}" sourcetype=syslog | table _raw host')
    assert Counter(row["_raw"] for row in rows).most_common(1)[0][1] == 1
    assert len(rows) == total
    assert {row["host"] for row in rows} == {"gate-7"}


def test_a_stream_pointed_at_another_collector_delivers_each_event_once(own_server):
    token, reports = str(uuid.uuid4()), 20
    with hec_receiver.running(token) as receiver:
        server = own_server({"delivery": {"allow_hosts": [f"127.0.0.1:{receiver.port}"]}})
        server.start()
        bundle = server.create_thing("pump-9")
        server.stop()
        point_stream_at(server, receiver.url, token)
        # The first two requests find the collector busy; retries must not double anything.
        receiver.refuse_next = 2
        server.start()
        with PahoClient("pump-9").with_bundle(bundle) as client:
            client.connect("localhost", server.credentials["mqtt"]["port"])
            for number in range(reports):
                assert client.publish(topic("pump-9"), body(bytes_out=number)) == 0

        def bytes_out():
            with receiver.lock:
                events = [event["event"] for event in receiver.events]
            ours = [event for event in events if event.get("thing") == "pump-9"]
            return [event["value"]["count"] for event in ours if event["name"] == "aws:all-bytes-out"]

        wait_for("every report", lambda: len(bytes_out()) >= reports, 60)
        wait_for("every acknowledgement", receiver.everything_acknowledged, 60)
        server.stop()
        assert sorted(bytes_out()) == list(range(reports))
        assert all("sourcetype" in event and set(event) <= {"sourcetype", "event"} for event in receiver.events)
