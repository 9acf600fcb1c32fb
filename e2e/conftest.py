"""Fixtures: a server for all tests of a file, or one of its own for a test that hurts it."""

import os
import shutil

import pytest

import server as picket_server
from server import Server


def pytest_configure(config):
    binary = picket_server.BINARY
    if not binary or not os.access(binary, os.X_OK):
        raise pytest.UsageError(
            "PICKET_BIN must name the picket binary; `cargo xtask test --only e2e` builds it and sets it"
        )


@pytest.fixture(scope="module")
def server(request, tmp_path_factory):
    """One server for the file; a module's `CONFIG` is laid over the usual settings."""
    changes = getattr(request.module, "CONFIG", {})
    running = Server(tmp_path_factory.mktemp("picket"), changes)
    yield running.start()
    running.end()


@pytest.fixture(scope="module")
def aws(server):
    """Makes boto3 clients of the file's server: `aws("iot")`."""
    made = {}

    def client(service):
        if service not in made:
            made[service] = server.aws(service)
        return made[service]

    return client


@pytest.fixture
def own_server(tmp_path):
    """Makes servers for one test, not started; ended with it."""
    made = []

    def make(changes=None):
        made.append(Server(tmp_path / f"server-{len(made)}", changes))
        return made[-1]

    yield make
    for running in made:
        running.end()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Shows the server's last words beside a failure."""
    outcome = yield
    report = outcome.get_result()
    if report.when == "call" and report.failed:
        running = item.funcargs.get("server")
        if running is not None:
            report.sections.append(("end of picket's log", running.log_tail()))


def program(name):
    """A program of the machine; daemons are not always on the path."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin:/usr/local/sbin")
    assert found, f"{name} is missing; `cargo xtask setup` installs it"
    return found
