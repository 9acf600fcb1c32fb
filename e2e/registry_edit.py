"""What an operator would do through the control plane's API, written into the registry of a stopped
server. To be replaced by calls of that API once it is served."""

import json
import sqlite3
import time
from contextlib import closing


def _change(server, act):
    assert server.process is None, "the registry is edited while the server is stopped"
    with closing(sqlite3.connect(server.data / "registry.db")) as database, database:
        act(database)


def grant_to_fleet(server, name, *statements):
    """Gives every thing of the fleet further rights."""
    document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})

    def act(database):
        now = int(time.time() * 1000)
        database.execute("INSERT INTO policies VALUES (?, ?, ?)", (name, document, now))
        database.execute(
            "INSERT INTO policy_attachments (policy, target_kind, target) "
            "SELECT ?, 'group', name FROM thing_groups WHERE name = 'picket-fleet'",
            (name,),
        )

    _change(server, act)


def point_stream_at(server, url, token):
    """Lets the delivery stream send to another collector."""

    def act(database):
        select = "SELECT name, body FROM documents WHERE kind = 'delivery-stream'"
        ((name, body),) = database.execute(select).fetchall()
        document = json.loads(body)
        destination = document["SplunkDestinationConfiguration"]
        destination.update({"HECEndpoint": url, "HECToken": token})
        database.execute(
            "UPDATE documents SET body = ?, version = version + 1 "
            "WHERE kind = 'delivery-stream' AND name = ?",
            (json.dumps(document), name),
        )

    _change(server, act)


def allow(action, *resources):
    return {"Effect": "Allow", "Action": action, "Resource": list(resources)}


def deny(action, *resources):
    return {"Effect": "Deny", "Action": action, "Resource": list(resources)}


def arn(kind, path):
    return f"arn:aws:iot:us-east-1:000000000000:{kind}/{path}"
