"""What a security profile says is what happens: every scenario against the real binary, through AWS's API."""

from pathlib import Path

import pytest
import yaml

from scenario import WINDOW, Scenario

CONFIG = {"detect": {"window": f"{WINDOW:.0f}s", "grace": "300ms", "flush_interval": "200ms"}}
FOLDER = Path(__file__).parent / "scenarios"
FILES = sorted(FOLDER.glob("*.yaml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
@pytest.mark.timeout(300)
def test_a_scenario_comes_out_as_it_says(path, server, own_server):
    data = yaml.safe_load(path.read_text())
    if changes := data.get("server"):
        detect = CONFIG["detect"] | changes.get("detect", {})
        server = own_server(changes | {"detect": detect}).start()
    Scenario(server, data).run()


def test_every_family_of_metrics_has_a_scenario():
    used = set()
    for path in FILES:
        data = yaml.safe_load(path.read_text())
        used |= {behavior["metric"] for behavior in data["profile"].get("behaviors", [])}
        used |= set((data.get("custom_metrics") or {}).values())
    assert used >= {
        "aws:listening-tcp-ports",
        "aws:num-listening-udp-ports",
        "aws:num-established-tcp-connections",
        "aws:destination-ip-addresses",
        "aws:all-bytes-out",
        "aws:num-messages-sent",
        "aws:num-messages-received",
        "aws:message-byte-size",
        "aws:num-authorization-failures",
        "aws:num-connection-attempts",
        "aws:num-disconnects",
        "aws:source-ip-address",
        "aws:disconnect-duration",
        "number",
        "number-list",
        "string-list",
        "ip-address-list",
    }
