"""`picket policy explain`: from files without a server, and for a device that a server knows."""

import json

import pytest

from policy_documents import allow, arn, deny, document
from server import CommandFailed, picket

THING = "${iot:Connection.Thing.ThingName}"
SITE = "${iot:Connection.Thing.Attributes[site]}"
OWN = json.dumps(
    json.loads(
        document(
            allow("iot:Publish", arn("topic", f"things/{THING}/*"), arn("topic", f"sites/{SITE}")) | {"Sid": "own"},
            deny("iot:Publish", arn("topic", "*/secret")),
        )
    ),
    indent=1,
)


@pytest.fixture
def policy(tmp_path):
    file = tmp_path / "own.json"
    file.write_text(OWN)
    return file


def explained(file, resource, *args, action="iot:Publish"):
    command = ["policy", "explain", "--policy", file, "--action", action, "--resource", resource]
    return json.loads(picket(*command, "--json", *args))


@pytest.mark.parametrize(
    "resource,args,outcome",
    [
        ("topic/things/pump-17/a", ["--thing", "pump-17"], "ALLOWED"),
        ("topic/things/pump-18/a", ["--thing", "pump-17"], "IMPLICIT_DENY"),
        ("topic/things/pump-17/secret", ["--thing", "pump-17"], "EXPLICIT_DENY"),
        ("topic/sites/north", ["--thing", "a", "--attribute", "site=north"], "ALLOWED"),
        ("topic/sites/north", ["--thing", "a", "--attribute", "site=south"], "IMPLICIT_DENY"),
        ("topic/sites/north", ["--client-id", "a"], "IMPLICIT_DENY"),
        (arn("topic", "sites/north"), ["--thing", "a", "--attribute", "site=north"], "ALLOWED"),
    ],
)
def test_files_are_explained_without_a_server(policy, resource, args, outcome):
    assert explained(policy, resource, *args)["outcome"] == outcome


def test_the_deciding_statement_is_shown_with_its_lines_marked(policy):
    asked = ["--thing", "pump-17", "--action", "publish", "--resource", "topic/things/pump-17/secret"]
    text = picket("policy", "explain", "--policy", policy, *asked)
    lines = OWN.splitlines()
    first = next(number for number, line in enumerate(lines, 1) if '"Deny"' in line) - 1
    assert text.startswith("EXPLICIT_DENY: iot:Publish on " + arn("topic", "things/pump-17/secret"))
    assert f"denied by statement 2 of policy {policy}, lines {first}-" in text
    marked = [line for line in text.splitlines() if line.startswith(">>")]
    assert any("*/secret" in line for line in marked), text
    assert "overruled: statement 1 (own)" in text


def test_a_near_miss_names_what_has_no_value(policy):
    text = picket("policy", "explain", "--policy", policy, "--action", "Publish", "--resource", "topic/things/a/b")
    assert "${iot:Connection.Thing.ThingName} has no value here" in text


def test_exit_codes_are_for_scripts(policy, tmp_path):
    asked = ["--action", "iot:Publish", "--resource", "topic/a"]
    command = ["policy", "explain", "--policy", policy]
    picket(*command, *asked)
    for args, code, text in [
        ([*command, *asked, "--check"], 5, "IMPLICIT_DENY"),
        ([*command, "--action", "iot:Publsh", "--resource", "topic/a"], 2, "did you mean `iot:Publish`?"),
        ([*command, "--action", "iot:Connect", "--resource", "topic/a"], 2, "client/CLIENT_ID"),
        ([*command, "--action", "iot:Connect", "--resource", arn("topic", "a")], 2, "client/CLIENT_ID"),
        ([*command, *asked, "--certificate", policy], 1, "own.json"),
        (["policy", "explain", *asked], 2, "--policy"),
        (["policy", "explain", "--policy", tmp_path / "none", *asked], 1, "could not be read"),
    ]:
        with pytest.raises(CommandFailed, match=text) as failed:
            picket(*args)
        assert failed.value.code == code
    policy.write_text(OWN.replace("Effect", "Efect", 1))
    with pytest.raises(CommandFailed, match="did you mean `Effect`") as failed:
        picket(*command, *asked)
    assert failed.value.code == 1


def test_a_request_that_is_not_allowed_is_explained_before_the_command_fails(policy):
    asked = ["policy", "explain", "--policy", policy, "--action", "iot:Publish", "--resource", "topic/a"]
    with pytest.raises(CommandFailed) as failed:
        picket(*asked, "--check", "--json")
    assert (failed.value.code, json.loads(failed.value.stdout)["outcome"]) == (5, "IMPLICIT_DENY")


def test_an_action_that_does_not_exist_is_told(tmp_path):
    file = tmp_path / "typing.json"
    file.write_text(document(allow(["iot:Publsh", "greengrass:Discover"], "*")))
    text = picket("policy", "explain", "--policy", file, "--action", "Publish", "--resource", "topic/a")
    assert f"statement 1 of policy {file}, line 1 names an unknown action `iot:Publsh`; did you mean `iot:Publish`?" in text
    (statement,) = explained(file, "topic/a")["statements"]
    assert ["problem" in pattern for pattern in statement["action"]["patterns"]] == [True, False]


def test_a_server_explains_what_a_device_may_do_there(server, aws, tmp_path):
    iot = aws("iot")
    bundle = server.create_thing("pump-17")
    iot.create_policy(policyName="own", policyDocument=OWN)
    iot.attach_policy(policyName="own", target=arn("thinggroup", "picket-fleet"))
    asked = ["policy", "explain", "--thing", "pump-17", "--action", "iot:Publish", "--resource"]
    text = server.picket(*asked, "topic/things/pump-17/secret")
    assert "(ACTIVE), thing pump-17, client id pump-17" in text
    assert "policy own by group picket-fleet" in text
    assert "denied by statement 2 of policy own" in text

    answer = json.loads(server.picket(*asked, "topic/things/pump-17/a", "--json"))
    assert answer["explanation"]["outcome"] == "ALLOWED"
    named = {policy["name"]: policy["document"] for policy in answer["policies"]}
    assert named["own"] == OWN
    principal = ["policy", "explain", "--principal", answer["certificate"], "--client-id", "x"]
    text = server.picket(*principal, "--action", "iot:Publish", "--resource", "topic/things/pump-17/a")
    assert text.splitlines()[0].endswith("client id x"), text

    iot.update_certificate(certificateId=answer["certificate"], newStatus="INACTIVE")
    assert "may not connect" in server.picket(*asked, "topic/things/pump-17/a")
    missing = ["--thing", "nobody"], ["--principal", "a" * 64]
    for who in missing:
        with pytest.raises(CommandFailed, match="not found") as failed:
            server.picket("policy", "explain", *who, "--action", "iot:Publish", "--resource", "topic/a")
        assert failed.value.code == 3
    # A policy comes by what makes it apply to the client that is asked about.
    iot.create_thing_group(thingGroupName="others")
    for target in (arn("thinggroup", "others"), arn("cert", answer["certificate"])):
        iot.attach_policy(policyName="own", target=target)
    iot.create_thing(thingName="other")
    iot.add_thing_to_thing_group(thingName="other", thingGroupName="others")
    text = server.picket(*asked, "topic/a", "--client-id", "other")
    assert "policy own by certificate\n" in text, text
    # A policy of the server is the same from its file.
    file = tmp_path / "own.json"
    file.write_text(named["own"])
    offline = explained(file, "topic/things/pump-17/a", "--thing", "pump-17", "--certificate", bundle.certificate)
    assert offline["outcome"] == "ALLOWED"
