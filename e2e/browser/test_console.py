"""The stories of analysts and administrators in a real browser, on the demonstration fleet with its back door."""

import os
import subprocess
from pathlib import Path

import pytest

from conftest import program
from server import Server, clean_environment
from waiting import wait_for

CONSOLE = Path(__file__).parents[2] / "console"


@pytest.fixture
def demo(tmp_path):
    running = Server(tmp_path / "demo", args=("--demo", "--things", "12"))
    running.start()
    yield running
    running.end()


@pytest.mark.timeout(600)
def test_the_consoles_stories_hold_in_every_look(demo, tmp_path):
    alarm = wait_for("the back door is an alarm", demo.alarms, 90)[0]
    port_21 = f'index=iot thing="{alarm["thing"]}" name="aws:listening-tcp-ports" value.ports{{}}=21'
    demo.wait_for_rows(port_21)
    access = demo.credentials["console"]
    environment = clean_environment() | {
        "PICKET_CONSOLE_URL": access["url"],
        "PICKET_CONSOLE_USERNAME": access["username"],
        "PICKET_CONSOLE_PASSWORD": access["password"],
        "PICKET_CHROMIUM": os.environ.get("PICKET_CHROMIUM") or program("chromium"),
        "PICKET_E2E_SCREENSHOTS": os.environ.get("PICKET_E2E_SCREENSHOTS") or str(tmp_path / "pictures"),
        "PICKET_E2E_EXPECT_ALARM": "1",
        "PICKET_E2E_EXPECT_EVENTS": "1",
    }
    ended = subprocess.run(
        [program("npm"), "run", "--silent", "e2e"],
        cwd=CONSOLE,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=400,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout
    assert ended.stdout.count("ok ") > 0
