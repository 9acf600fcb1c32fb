"""The stories of analysts and administrators in a real browser, on the demonstration fleet with its back door."""

import os
import subprocess
from pathlib import Path

import pytest

from conftest import program
from server import Server, clean_environment
from waiting import Never, wait_for

CONSOLE = Path(__file__).parents[2] / "console"

# The runner has its own limits for a step and for a story, so a run that hangs ends by itself and says
# where. This one is for a runner that is dead: no story ends in this time.
SILENCE_MAX = 300


@pytest.fixture
def demo(tmp_path):
    running = Server(tmp_path / "demo", args=("--demo", "--things", "12"))
    running.start()
    yield running
    running.end()


class Stories:
    """The runner at work, its words in a file that outlives it."""

    def __init__(self, environment, told):
        self.told = told
        with told.open("w") as output:
            self.process = subprocess.Popen(
                [program("node"), "e2e/run.mjs"],
                cwd=CONSOLE,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def text(self):
        return self.told.read_text(errors="replace")

    def wait(self):
        """Waits for its end as long as one story after the other ends."""
        while self.process.poll() is None:
            before = self.text()
            try:
                wait_for("the next story ends", lambda: self.has_moved(before), SILENCE_MAX)
            except AssertionError as stuck:
                raise Never(f"{stuck}\n{self.text()}") from stuck
        return self.process.returncode

    def has_moved(self, before):
        return self.process.poll() is not None or self.text() != before

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(timeout=30)


# On a quiet machine the run takes three minutes, on one that compiles with all cores fifteen.
@pytest.mark.timeout(2400)
def test_the_consoles_stories_hold_in_every_look(demo, tmp_path):
    alarm = wait_for("the back door is an alarm", demo.alarms, 180)[0]
    port_21 = f'index=iot thing="{alarm["thing"]}" name="aws:listening-tcp-ports" value.ports{{}}=21'
    demo.wait_for_rows(port_21)
    access = demo.credentials["console"]
    environment = clean_environment() | {
        "PICKET_CONSOLE_URL": access["url"],
        "PICKET_CONSOLE_USERNAME": access["username"],
        "PICKET_CONSOLE_PASSWORD": access["password"],
        "PICKET_CHROMIUM": os.environ.get("PICKET_CHROMIUM") or program("chromium"),
        "PICKET_E2E_SCREENSHOTS": os.environ.get("PICKET_E2E_SCREENSHOTS") or str(tmp_path / "pictures"),
        "PICKET_E2E_LOOKS": os.environ.get("PICKET_E2E_LOOKS", ""),
        "PICKET_E2E_EXPECT_ALARM": "1",
        "PICKET_E2E_EXPECT_EVENTS": "1",
    }
    stories = Stories(environment, tmp_path / "stories.txt")
    try:
        code = stories.wait()
    finally:
        stories.end()
    assert code == 0, f"the whole account is in {stories.told}\n{stories.text()}"
    assert stories.text().count("ok ") > 0
