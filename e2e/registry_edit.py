"""What an operator would do through the delivery streams' API, written into the registry of a stopped
server. To be replaced by calls of that API once it is served."""

import json
import sqlite3
from contextlib import closing


def _change(server, act):
    assert server.process is None, "the registry is edited while the server is stopped"
    with closing(sqlite3.connect(server.data / "registry.db")) as database, database:
        act(database)


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
