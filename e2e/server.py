"""The real binary: starting, stopping, killing, and asking it things."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import boto3
import requests
from botocore.config import Config

from waiting import Never, wait_for

BINARY = os.environ.get("PICKET_BIN", "")

# Everything on free ports; windows and buffers short, so that a test need not wait for minutes.
CONFIG = {
    "gateway": {
        "mqtt": "127.0.0.1:0",
        "alpn": "127.0.0.1:0",
        "plaintext": "127.0.0.1:0",
        "plaintext_auth": "anonymous",
    },
    "aws": {"listen": "127.0.0.1:0"},
    "hec": {"listen": "127.0.0.1:0"},
    "console": {"listen": "127.0.0.1:0"},
    "admin": {"listen": "127.0.0.1:0"},
    "detect": {"window": "2s"},
    "delivery": {"interval_max_ms": 100},
}

START_DEADLINE = 60
STOP_DEADLINE = 30


def clean_environment():
    """The environment without `PICKET_…`, which would overlay the configuration."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PICKET_")}


def toml_of(config):
    """Two levels of tables with plain values and lists, as TOML."""
    lines = []
    for table, keys in config.items():
        plain = {key: value for key, value in keys.items() if not isinstance(value, dict)}
        lines.append(f"[{table}]")
        lines += [f"{key} = {json.dumps(value)}" for key, value in plain.items()]
        for key, value in keys.items():
            if isinstance(value, dict):
                lines.append(f"[{table}.{key}]")
                lines += [f"{inner} = {json.dumps(it)}" for inner, it in value.items()]
    return "\n".join(lines) + "\n"


def merged(base, changes):
    """`base` with the tables of `changes` laid over it."""
    result = {table: dict(keys) for table, keys in base.items()}
    for table, keys in changes.items():
        result.setdefault(table, {}).update(keys)
    return result


class CommandFailed(AssertionError):
    """A `picket` command ended with another exit code than 0."""

    def __init__(self, ended):
        super().__init__(f"{ended.args} ended with {ended.returncode}: {ended.stderr.strip()}")
        self.code = ended.returncode
        self.stdout, self.stderr = ended.stdout, ended.stderr


def picket(*args, timeout=60, **options):
    """Runs a `picket` command to its end and returns its standard output."""
    ended = subprocess.run(
        [BINARY, *map(str, args)],
        capture_output=True,
        text=True,
        timeout=timeout,
        env=clean_environment(),
        check=False,
        **options,
    )
    if ended.returncode != 0:
        raise CommandFailed(ended)
    return ended.stdout


class Bundle:
    """What `picket thing create` wrote."""

    def __init__(self, thing, folder):
        self.thing = thing
        self.ca = folder / "ca.pem"
        self.certificate = folder / "certificate.pem.crt"
        self.key = folder / "private.pem.key"


class Server:
    """`picket up` over one data directory."""

    def __init__(self, root, changes=None, args=()):
        self.root = Path(root)
        self.data = self.root / "data"
        self.config = merged(CONFIG, changes or {})
        self.args = args
        self.log_path = self.root / "picket.log"
        self.process = None
        self.starts = 0

    # Its life

    def start(self):
        self.root.mkdir(parents=True, exist_ok=True)
        toml = self.root / "picket.toml"
        toml.write_text(toml_of(self.config))
        command = [BINARY, "up", "--data", str(self.data), "--config", str(toml), *self.args]
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=clean_environment()
            )
        self.starts += 1
        try:
            wait_for("the server is ready", self.is_ready, START_DEADLINE)
        except BaseException:
            self.kill()
            raise
        return self

    def stop(self):
        """Asks it to end, and checks that it does so in order."""
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=STOP_DEADLINE)
        self.process = None
        assert code == 0, f"picket up ended with {code} after SIGTERM\n{self.log_tail()}"

    def kill(self):
        """`kill -9`."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(timeout=STOP_DEADLINE)
            self.process = None

    def end(self):
        """Ends it however it stands; for clearing up."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(timeout=STOP_DEADLINE)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(timeout=STOP_DEADLINE)
        self.process = None

    def keep_ports(self):
        """From the next start on, listens where it listens now, as a real server would."""
        now = self.credentials
        port = lambda url: int(url.rsplit(":", 1)[1])  # noqa: E731
        self.config["gateway"]["mqtt"] = f"127.0.0.1:{now['mqtt']['port']}"
        self.config["aws"]["listen"] = f"127.0.0.1:{port(now['aws']['endpoint_url'])}"
        self.config["hec"]["listen"] = f"127.0.0.1:{port(now['hec']['url'])}"
        self.config["console"]["listen"] = f"127.0.0.1:{port(now['console']['url'])}"
        self.config["admin"]["listen"] = f"127.0.0.1:{port(now['admin']['url'])}"

    def is_ready(self):
        """Whether every part serves."""
        if self.process.poll() is not None:
            raise Never(f"picket up ended with {self.process.returncode}\n{self.log_tail()}")
        url = self.credentials["admin"]["url"]
        return requests.get(f"{url}/readyz", timeout=2).status_code == 200

    def log_tail(self, lines=40):
        text = self.log_path.read_text(errors="replace")
        return "\n".join(text.splitlines()[-lines:])

    # What it says about itself

    @property
    def credentials(self):
        return json.loads((self.data / "credentials.json").read_text())

    @property
    def ca(self):
        return str(self.data / "pki" / "ca.pem")

    # Its commands

    def picket(self, *args, **options):
        return picket(*args, "--data", self.data, **options)

    def create_thing(self, name):
        folder = self.root / "things" / name
        self.picket("thing", "create", name, "--out", folder)
        return Bundle(name, folder)

    def search(self, spl, **times):
        """Rows of a search, as a user of the command line gets them."""
        args = [part for name, value in times.items() for part in (f"--{name}", value)]
        return json.loads(self.picket("search", spl, "--output", "json", *args))

    def wait_for_rows(self, spl, condition=bool, deadline=60):
        """Searches until the rows satisfy `condition`, and returns them."""
        seen = []

        def look():
            seen[:] = self.search(spl)
            return condition(seen)

        wait_for(f"search `{spl}`", look, deadline)
        return list(seen)

    # AWS's clients

    def aws(self, service, **options):
        """A boto3 client of the AWS endpoint, which does not try again by itself."""
        access = self.credentials["aws"]
        session = boto3.session.Session(
            aws_access_key_id=access["access_key_id"],
            aws_secret_access_key=access["secret_access_key"],
            region_name=access["region"],
        )
        config = Config(retries={"total_max_attempts": 1}, parameter_validation=False)
        return session.client(
            service, endpoint_url=access["endpoint_url"], config=config, **options
        )

    def awscli(self, *args):
        """Runs an `aws` command against the endpoint; returns the JSON it prints."""
        access = self.credentials["aws"]
        environment = clean_environment() | {
            "AWS_ACCESS_KEY_ID": access["access_key_id"],
            "AWS_SECRET_ACCESS_KEY": access["secret_access_key"],
            "AWS_DEFAULT_REGION": access["region"],
            "AWS_ENDPOINT_URL": access["endpoint_url"],
            "AWS_MAX_ATTEMPTS": "1",
            "AWS_PAGER": "",
        }
        command = [sys.executable, "-m", "awscli", *map(str, args), "--output", "json"]
        ended = subprocess.run(
            command, capture_output=True, text=True, timeout=60, env=environment, check=False
        )
        if ended.returncode != 0:
            raise CommandFailed(ended)
        return json.loads(ended.stdout) if ended.stdout.strip() else None

    # The console's API

    def console(self):
        """A session, logged in, and the address of the API."""
        access = self.credentials["console"]
        session = requests.Session()
        answer = session.post(
            f"{access['url']}/api/v1/session",
            json={"username": access["username"], "password": access["password"]},
            timeout=10,
        )
        assert answer.status_code == 200, answer.text
        return session, f"{access['url']}/api/v1"

    def alarms(self, **params):
        session, api = self.console()
        answer = session.get(f"{api}/alarms", params=params, timeout=10)
        assert answer.status_code == 200, answer.text
        return answer.json()["alarms"]
