"""`picket profile`: checking, trying and suggesting security profiles."""

import json
import subprocess

import pytest

from device_reports import body, topic
from policy_documents import arn
from server import BINARY, clean_environment
from waiting import wait_for

BEHAVIORS = [
    {
        "name": "ports",
        "metric": "aws:listening-tcp-ports",
        "criteria": {"comparisonOperator": "in-port-set", "value": {"ports": [22, 8883]}},
    },
    {
        "name": "bytes",
        "metric": "aws:all-bytes-out",
        "criteria": {
            "comparisonOperator": "less-than-equals",
            "value": {"count": 5000},
            "durationSeconds": 300,
            "consecutiveDatapointsToAlarm": 2,
        },
    },
]
THINGS = ["cam-1", "cam-2", "cam-3"]


def ran(*args):
    """Exit code, standard output and standard error of a `picket` command."""
    ended = subprocess.run(
        [BINARY, *map(str, args)],
        capture_output=True,
        text=True,
        timeout=120,
        env=clean_environment(),
        check=False,
    )
    return ended.returncode, ended.stdout, ended.stderr


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("profiles")


def written(folder, name, document):
    path = folder / f"{name}.json"
    path.write_text(json.dumps(document, default=str))
    return path


@pytest.fixture(scope="module")
def watched(server, aws):
    """Three devices under a profile: one opens a port for a while, one sends too much."""
    iot, data = aws("iot"), aws("iot-data")
    iot.create_security_profile(securityProfileName="cams", behaviors=BEHAVIORS)
    iot.attach_security_profile(
        securityProfileName="cams", securityProfileTargetArn=arn("all", "unregistered-things")
    )

    def report(thing, **fields):
        data.publish(topic=topic(thing), qos=1, payload=body(**fields))

    def alarm_of_the_first():
        report("cam-1", tcp_ports=[22, 21])
        return server.alarms(profile="cams")

    wait_for("the profile is in force", alarm_of_the_first)
    report("cam-1", tcp_ports=[22])
    wait_for("it is over", lambda: not server.alarms(profile="cams"))
    for _ in range(15):
        for thing in THINGS:
            report(thing, tcp_ports=[22, 8883], bytes_out=10)
    report("cam-3", bytes_out=6000)
    report("cam-3", bytes_out=6000)
    wait_for("the second alarm", lambda: len(server.alarms(profile="cams")) == 1)
    return server


def backtest(server, path, *args):
    return ran("profile", "backtest", path, "--data", server.data, *args)


def test_a_file_is_checked_without_a_server(folder):
    good = written(folder, "good", {"behaviors": BEHAVIORS})
    code, out, _ = ran("profile", "validate", good)
    assert (code, out) == (0, "profile good is in order, with 2 behaviors\n")
    broken = {"behaviors": [BEHAVIORS[0] | {"metric": "aws:listening-tcp-port"}]}
    path = written(folder, "broken", broken)
    code, out, talk = ran("profile", "validate", path, "--json")
    assert code == 1
    problems = json.loads(out)
    assert not problems["valid"]
    assert problems["problems"][0]["path"] == "behaviors[0].metric"
    assert "aws:listening-tcp-ports" in talk
    assert ran("profile", "validate", folder / "absent.json")[0] == 1
    assert ran("profile", "validate")[0] == 2


def test_a_backtest_finds_the_alarms_that_there_were(watched, aws, folder):
    described = aws("iot").describe_security_profile(securityProfileName="cams")
    described.pop("ResponseMetadata")
    path = written(folder, "described", described)
    code, out, talk = backtest(watched, path, "--last", "30d", "--json")
    assert code == 0, talk
    report = json.loads(out)
    live = watched.alarms(profile="cams", state="all")
    place = lambda alarm: (alarm["started_ms"], alarm["thing"], alarm["behavior"])  # noqa: E731
    members = ("thing", "behavior", "started_ms", "ended_ms", "explanation", "last_value")
    picked = lambda alarms: [  # noqa: E731
        {name: alarm[name] for name in members} for alarm in sorted(alarms, key=place)
    ]
    assert picked(report["alarms"]) == picked(live)
    assert [outcome["alarms"] for outcome in report["behaviors"]] == [1, 1]
    assert report["devices"] == 3
    assert sum(hour["alarms"] for hour in report["by_hour"]) == 2
    # Less is stored than was asked for, and that is said.
    assert "30d were asked for" in talk


def test_a_backtest_is_shown_as_tables_and_a_chart(watched, folder):
    other = {"behaviors": [
        BEHAVIORS[0] | {"criteria": {"comparisonOperator": "in-port-set", "value": {"ports": [22]}}},
        {"name": "udp", "metric": "aws:listening-udp-ports", "criteria": {
            "comparisonOperator": "in-port-set", "value": {"ports": []}}},
    ]}  # fmt: skip
    code, out, talk = backtest(watched, written(folder, "other", other), "--last", "1h")
    assert code == 0, talk
    lines = out.splitlines()
    assert lines[0].split() == ["behavior", "datapoints", "violating", "alarms", "devices", "note"]
    assert lines[2].split()[0] == "ports" and int(lines[2].split()[2]) >= 45
    assert "nothing is stored that it could look at" in lines[3]
    assert "alarms by hour" in out and "█" in out
    assert "8883" in out
    assert "shown; datapoints: " in talk


def test_wrong_use_is_told(watched, folder):
    good = written(folder, "fine", {"behaviors": BEHAVIORS})
    code, out, talk = backtest(watched, good, "--last", "soon")
    assert (code, out) == (1, "")
    assert "24h" in talk
    wrong = written(folder, "wrong", {"behaviors": [{"name": "x"}]})
    code, _, talk = backtest(watched, wrong)
    assert code == 1 and "behaviors[0]" in talk
    text = folder / "text.json"
    text.write_text("no json")
    assert backtest(watched, text)[0] == 1


def test_what_is_suggested_would_not_have_alarmed(watched, aws, folder):
    code, out, talk = ran("profile", "suggest", "--data", watched.data, "--last", "1d", "--json")
    assert code == 0, talk
    behaviors = json.loads(out)
    ports = next(it for it in behaviors if it["metric"] == "aws:listening-tcp-ports")
    assert ports["criteria"]["value"] == {"ports": [21, 22, 8883]}
    # AWS's operation takes them as they are.
    aws("iot").create_security_profile(securityProfileName="learnt", behaviors=behaviors)
    path = written(folder, "learnt", {"behaviors": behaviors})
    code, out, talk = backtest(watched, path, "--last", "1d", "--json")
    assert code == 0, talk
    report = json.loads(out)
    assert [outcome["alarms"] for outcome in report["behaviors"]] == [0] * len(behaviors)
    assert report["datapoints"] > 40
    code, out, _ = ran("profile", "suggest", "--data", watched.data)
    assert code == 0 and "in-port-set [21,22,8883]" in out
    missing = ran("profile", "suggest", "--data", watched.data, "--group", "no-such-group")
    assert missing[0] == 3
    few = ran("profile", "suggest", "--data", watched.data, "--metric", "aws:nothing")
    assert few[0] == 3


def test_profiles_are_listed_and_shown(watched):
    listed = json.loads(watched.picket("profile", "list", "--json"))
    assert "cams" in [profile["name"] for profile in listed]
    shown = json.loads(watched.picket("profile", "show", "cams"))
    assert [behavior["name"] for behavior in shown["behaviors"]] == ["ports", "bytes"]


def test_the_console_draws_series_and_bands(watched):
    session, api = watched.console()
    series = session.get(f"{api}/things/cam-1/series", timeout=10).json()["series"]
    assert {"metric": "aws:all-bytes-out", "dimension": None} in series
    now = 4_000_000_000_000
    found = session.get(
        f"{api}/metric-values",
        params={"thing": "cam-1", "metric": "aws:all-bytes-out", "from_ms": 0, "to_ms": now},
        timeout=10,
    ).json()
    times = [point["time_ms"] for point in found["points"]]
    assert len(times) >= 17 and times == sorted(times) and found["unit"] == "bytes"
    bands = session.get(
        f"{api}/metric-bands",
        params={
            "metric": "aws:all-bytes-out",
            "from_ms": times[0] - 60_000,
            "to_ms": times[-1] + 60_000,
            "step_ms": 3_600_000,
        },
        timeout=60,
    ).json()
    assert max(band["devices"] for band in bands["bands"]) == 3
    assert max(band["max"] for band in bands["bands"]) == 6000
