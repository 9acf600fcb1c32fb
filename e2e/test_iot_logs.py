"""Logging options in force: what devices do is in the index, as far as the levels want it (source AWSIotLogsV2)."""

import pytest

from fleet import TURNED_AWAY, Client, Fleet, own_rights
from paho_client import V5

ROLE = "arn:aws:iam::000000000000:role/logger"
MEMBERS = {"timestamp", "logLevel", "traceId", "accountId", "status", "eventType", "protocol", "clientId", "sourceIp", "sourcePort"}


@pytest.fixture(scope="module")
def iot(aws):
    return aws("iot")


@pytest.fixture(scope="module")
def fleet(server, tmp_path_factory):
    made = Fleet(server, tmp_path_factory.mktemp("fleet"))
    made.policy("own", *own_rights("plant"))
    return made


def lines(server, client_id, wanted):
    """The lines about a client, oldest first, once there are as many as wanted."""
    spl = f'search index=iot source="AWSIotLogsV2" clientId="{client_id}" | sort _time | table *'
    rows = server.wait_for_rows(spl, lambda rows: len(rows) >= wanted, 30)
    assert len(rows) == wanted, rows
    return rows


def kinds(rows):
    return sorted((row["eventType"], row["status"]) for row in rows)


def visit(server, device):
    """Connects, subscribes and publishes, to what is its own and to what is not."""
    client = Client(device.thing, V5).to(server, device)
    own = f"plant/{device.thing}/t"
    client.subscribed(own)
    client.subscribed("plant/#")
    client.published(own, "x")
    client.receive()
    client.published("other/topic", "x")
    client.close()


EVERYTHING = sorted(
    [
        ("Connect", "Success"),
        ("Subscribe", "Success"),
        ("Subscribe", "Failure"),
        ("Publish-In", "Success"),
        ("Publish-Out", "Success"),
        ("Publish-In", "Failure"),
        ("Disconnect", "Success"),
    ]
)


def test_nothing_is_written_until_logging_is_set_up_and_then_what_the_levels_want(server, iot, fleet):
    quiet, loud, wrong = (fleet.device(name, policies=["own"]) for name in ("quiet", "loud", "wrong"))
    visit(server, quiet)
    iot.set_v2_logging_options(roleArn=ROLE, defaultLogLevel="INFO")
    visit(server, loud)
    rows = lines(server, "loud", 7)
    assert kinds(rows) == EVERYTHING
    assert all(MEMBERS <= {name for name, value in row.items() if value not in (None, "")} for row in rows), rows
    by_kind = {(row["eventType"], row["status"]): row for row in rows}
    denied = by_kind["Publish-In", "Failure"]
    assert (denied["logLevel"], denied["reason"], denied["topicName"]) == ("ERROR", "AUTHORIZATION_FAILURE", "other/topic")
    assert "iot:Publish" in denied["details"]
    assert by_kind["Subscribe", "Failure"]["topicName"] == "plant/#"
    assert by_kind["Connect", "Success"]["principalId"] == loud.id
    assert by_kind["Disconnect", "Success"]["disconnectReason"] == "CLIENT_INITIATED_DISCONNECT"
    with pytest.raises(TURNED_AWAY):
        Client("another", V5).to(server, wrong)
    (row,) = lines(server, "another", 1)
    assert (row["eventType"], row["reason"]) == ("Connect", "AUTHORIZATION_FAILURE")
    # What was written for one was written in order: nothing had been for the first.
    lines(server, "quiet", 0)


def test_levels_of_targets_and_of_events_decide(server, iot, fleet):
    iot.set_v2_logging_options(
        roleArn=ROLE, defaultLogLevel="ERROR", eventConfigurations=[{"eventType": "Connect", "logLevel": "DISABLED"}]
    )
    iot.create_thing_group(thingGroupName="watched")
    target = {"targetType": "THING_GROUP", "targetName": "watched"}
    iot.set_v2_logging_level(logTarget=target, logLevel="DEBUG")
    plain = fleet.device("plain", policies=["own"])
    watched = fleet.device("in-group", policies=["own"], groups=["watched"])
    visit(server, plain)
    visit(server, watched)
    assert kinds(lines(server, "in-group", 7)) == EVERYTHING
    assert kinds(lines(server, "plain", 2)) == [("Publish-In", "Failure"), ("Subscribe", "Failure")]
    iot.set_v2_logging_options(disableAllLogs=True)
    visit(server, watched)
    iot.set_v2_logging_options(disableAllLogs=False)
    iot.delete_v2_logging_level(targetType="THING_GROUP", targetName="watched")
    last = fleet.device("last", policies=["own"])
    visit(server, last)
    lines(server, "last", 2)
    lines(server, "in-group", 7)


def test_logging_is_on_after_a_restart(own_server, tmp_path):
    server = own_server().start()
    server.aws("iot").set_v2_logging_options(roleArn=ROLE, defaultLogLevel="INFO")
    server.kill()
    server.start()
    fleet = Fleet(server, tmp_path)
    fleet.policy("own", *own_rights("plant"))
    visit(server, fleet.device("again", policies=["own"]))
    assert kinds(lines(server, "again", 7)) == EVERYTHING
